//! How incidents are keyed from which settlement items may follow.

use std::ops::Range;

use super::keys::{end_of, key, split_id};
use super::kind::Kind;
use crate::domain::ids::IncidentId;

const SETTLEMENT: u8 = Kind::Settlement as u8;

/// The key of an incident from which items of a contract may follow.
pub(super) fn settlement_of(tenant: &str, contract: &str, incident: &str) -> Vec<u8> {
    key(SETTLEMENT, &[tenant, contract, incident])
}

/// Where those of a contract are.
pub(super) fn settlement(tenant: &str, contract: &str) -> Range<Vec<u8>> {
    let prefix = key(SETTLEMENT, &[tenant, contract]);
    let end = end_of(&prefix);
    prefix..end
}

/// The incident of such a key.
pub(super) fn settlement_id(key: &[u8]) -> IncidentId {
    let (_tenant, rest) = split_id(key.get(1..).unwrap_or_default());
    let (_contract, rest) = split_id(rest);
    split_id(rest).0.into()
}
