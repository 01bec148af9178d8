//! How incidents without clocks are keyed by their ids, in which order they are listed.

use std::ops::Range;

use super::keys::{after, end_of, id_after, key};
use super::kind::Kind;
use crate::domain::ids::IncidentId;

const MISSING_OF_CONTRACT: u8 = Kind::MissingOfContract as u8;
const MISSING_OF_ANY: u8 = Kind::MissingOfAny as u8;

/// The keys of one that some contracts do not measure, or not by every target.
pub(super) fn missing_by_id<'c>(
    tenant: &str,
    contracts: impl Iterator<Item = &'c str>,
    incident: &str,
) -> Vec<Vec<u8>> {
    let of_contracts = contracts.map(|id| key(MISSING_OF_CONTRACT, &[tenant, id, incident]));
    let mut keys: Vec<_> = of_contracts.collect();
    if !keys.is_empty() {
        keys.push(key(MISSING_OF_ANY, &[tenant, incident]));
    }
    keys
}

/// What the keys of those of a contract begin with; `None`: of any, whether it exists or not.
fn prefix(tenant: &str, contract: Option<&str>) -> Vec<u8> {
    match contract {
        Some(id) => key(MISSING_OF_CONTRACT, &[tenant, id]),
        None => key(MISSING_OF_ANY, &[tenant]),
    }
}

/// Where those are whose ids follow one, or ("") all.
pub(super) fn missing_after(
    tenant: &str,
    contract: Option<&str>,
    incident: &str,
) -> Range<Vec<u8>> {
    let prefix = prefix(tenant, contract);
    after(&prefix, incident)..end_of(&prefix)
}

/// The incident of such a key.
pub(super) fn missing_after_id(tenant: &str, contract: Option<&str>, entry: &[u8]) -> IncidentId {
    id_after(&prefix(tenant, contract), entry)
}
