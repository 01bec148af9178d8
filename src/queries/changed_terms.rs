//! The contracts of which terms changed.

use std::collections::BTreeSet;

use super::ReadView;
use crate::domain::ids::ContractId;
use crate::domain::time::Instant;
use crate::engine::catalog::TermsName;

/// The contracts whose clocks may have moved since an instant, since terms of theirs were recorded,
/// or a time zone database was adopted.
pub(super) fn changed_contracts(view: &ReadView<'_>, since: Instant) -> BTreeSet<ContractId> {
    let (catalog, known) = (view.catalog(), view.times().known);
    let mut changed = BTreeSet::new();
    for (_, name) in catalog.recorded_between(since, known) {
        match name {
            TermsName::Contract(id) => drop(changed.insert(id.into())),
            TermsName::Calendar(id) => {
                changed.extend(catalog.contracts_measured_by(id).map(ContractId::from));
            }
            TermsName::TimeZones(_) => {
                changed.extend(catalog.known(known).contract_ids().map(ContractId::from));
            }
        }
    }
    changed
}
