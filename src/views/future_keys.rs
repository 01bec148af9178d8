//! How incidents with facts still to come are keyed: from when, or until when, their index entries
//! hold.

use super::keys::{INSTANT_BYTES, key, split_id, split_instant};
use crate::domain::ids::IncidentId;
use crate::domain::time::Instant;

const FUTURE_DATED: u8 = b'u';
const EXPIRING: u8 = b'e';

/// Where the incidents of a tenant begin whose index entries show facts still to come.
pub(super) fn future_dated(tenant: &str) -> Vec<u8> {
    key(FUTURE_DATED, &[tenant])
}

pub(super) fn future_dated_at(tenant: &str, settles: Instant, incident: &str) -> Vec<u8> {
    let mut bytes = future_dated(tenant);
    bytes.extend(settles.nanos().to_be_bytes());
    bytes.extend(incident.as_bytes());
    bytes.push(0);
    bytes
}

pub(super) fn future_dated_after(tenant: &str, as_of: Instant) -> Vec<u8> {
    let mut bytes = future_dated(tenant);
    bytes.extend((as_of.nanos() + 1).to_be_bytes());
    bytes
}

/// Where the incidents of a tenant begin whose index entries leave facts out.
pub(super) fn expiring(tenant: &str) -> Vec<u8> {
    key(EXPIRING, &[tenant])
}

/// The key of one whose index entry holds until an instant.
pub(super) fn expiring_at(tenant: &str, expires: Instant, incident: &str) -> Vec<u8> {
    let mut bytes = expiring(tenant);
    bytes.extend(expires.nanos().to_be_bytes());
    bytes.extend(incident.as_bytes());
    bytes.push(0);
    bytes
}

/// Where those end whose index entries hold no longer at an instant.
pub(super) fn expiring_after(tenant: &str, as_of: Instant) -> Vec<u8> {
    let mut bytes = expiring(tenant);
    bytes.extend((as_of.nanos() + 1).to_be_bytes());
    bytes
}

/// Until when such a key says that an index entry holds; `None` for other keys.
pub(super) fn expires(tenant: &str, key: &[u8]) -> Option<Instant> {
    split_instant(key.strip_prefix(expiring(tenant).as_slice())?).map(|(expires, _)| expires)
}

/// The incident of a key that has an instant after its prefix.
pub(super) fn id_after_instant(prefix: &[u8], key: &[u8]) -> IncidentId {
    split_id(key.get(prefix.len() + INSTANT_BYTES..).unwrap_or_default()).0.into()
}
