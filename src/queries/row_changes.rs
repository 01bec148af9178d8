//! The incidents of which an export may say something else than at an earlier read point.
//!
//! Whatever is said of an incident follows from what is recorded about it, from terms, and from the
//! two times. So it is another only where something was recorded about the incident or its terms
//! since, where facts or terms took effect between the two instants, or where time alone moves it:
//! then a clock of it is open. Others are not evaluated.

use std::collections::BTreeSet;

use super::changed_terms::changed_contracts;
use super::{IndexReader, QueryError, ReadView};
use crate::domain::ids::{ContractId, IncidentId};
use crate::domain::time::Instant;
use crate::engine::evaluate::Times;
use crate::engine::index::IndexBucket;

/// The incidents of a contract, or ("") of all, that may have changed since, and some more; `None`:
/// any may have. What was known then is known to the view.
pub fn incidents_since(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    contract: &str,
    since: Times,
) -> Result<Option<BTreeSet<IncidentId>>, QueryError> {
    let Some(index) = index.and_then(|index| index.of(contract)) else { return Ok(None) };
    let Times { as_of, known } = view.times();
    let occurred = (since.as_of.min(as_of), since.as_of.max(as_of));
    // Those of which the index leaves out what had been recorded ahead and has occurred.
    let mut found = index.apart(as_of)?;
    found.extend(index.recorded_in((since.known, known))?);
    found.extend(index.occurring_in(occurred)?);
    let all: Vec<ContractId> = match contract {
        "" => view.known().contract_ids().map(ContractId::from).collect(),
        one => vec![one.into()],
    };
    for contract in &all {
        let ever = (Instant::MIN, Instant::MAX);
        found.extend(index.incidents_on(contract, IndexBucket::Open, ever)?);
    }
    drop(index);
    for changed in changed_contracts(view, since.known) {
        if all.contains(&changed) {
            for id in view.incident_ids(&changed, "") {
                found.insert(id?);
            }
        }
    }
    Ok(Some(found))
}
