//! How incidents are keyed by what is still to come: from when, or until when, their index entries
//! hold, and when time alone changes their clocks.

use super::keys::{INSTANT_BYTES, key, split_id, split_instant};
use super::kind::Kind;
use crate::domain::ids::IncidentId;
use crate::domain::time::Instant;

const FUTURE_DATED: u8 = Kind::FutureDated as u8;
const EXPIRING: u8 = Kind::Expiring as u8;
const SCHEDULED: u8 = Kind::Scheduled as u8;

/// Where the incidents of a tenant begin whose index entries show facts still to come.
pub(super) fn future_dated(tenant: &str) -> Vec<u8> {
    key(FUTURE_DATED, &[tenant])
}

pub(super) fn future_dated_at(tenant: &str, settles: Instant, incident: &str) -> Vec<u8> {
    at_instant(future_dated(tenant), settles, incident)
}

pub(super) fn future_dated_after(tenant: &str, as_of: Instant) -> Vec<u8> {
    after_instant(future_dated(tenant), as_of)
}

/// Where the incidents of a tenant begin whose index entries leave facts out.
pub(super) fn expiring(tenant: &str) -> Vec<u8> {
    key(EXPIRING, &[tenant])
}

/// The key of one whose index entry holds until an instant.
pub(super) fn expiring_at(tenant: &str, expires: Instant, incident: &str) -> Vec<u8> {
    at_instant(expiring(tenant), expires, incident)
}

/// Where those end whose index entries hold no longer at an instant.
pub(super) fn expiring_after(tenant: &str, as_of: Instant) -> Vec<u8> {
    after_instant(expiring(tenant), as_of)
}

/// Until when such a key says that an index entry holds; `None` for other keys.
pub(super) fn expires(tenant: &str, key: &[u8]) -> Option<Instant> {
    split_instant(key.strip_prefix(expiring(tenant).as_slice())?).map(|(expires, _)| expires)
}

/// Where the incidents of a tenant begin whose clocks time alone changes.
pub(super) fn scheduled(tenant: &str) -> Vec<u8> {
    key(SCHEDULED, &[tenant])
}

/// The key of one with an instant at which something happens to them.
pub(super) fn scheduled_at(tenant: &str, time: Instant, incident: &str) -> Vec<u8> {
    at_instant(scheduled(tenant), time, incident)
}

/// Where those end of whom something happens up to an instant.
pub(super) fn scheduled_after(tenant: &str, time: Instant) -> Vec<u8> {
    after_instant(scheduled(tenant), time)
}

/// The instant and the incident of such a key.
pub(super) fn scheduled_entry(tenant: &str, key: &[u8]) -> Option<(Instant, IncidentId)> {
    let (time, rest) = split_instant(key.strip_prefix(scheduled(tenant).as_slice())?)?;
    Some((time, split_id(rest).0.into()))
}

fn at_instant(mut prefix: Vec<u8>, time: Instant, incident: &str) -> Vec<u8> {
    prefix.extend(time.nanos().to_be_bytes());
    prefix.extend(incident.as_bytes());
    prefix.push(0);
    prefix
}

fn after_instant(mut prefix: Vec<u8>, time: Instant) -> Vec<u8> {
    prefix.extend((time.nanos() + 1).to_be_bytes());
    prefix
}

/// The incident of a key that has an instant after its prefix.
pub(super) fn id_after_instant(prefix: &[u8], key: &[u8]) -> IncidentId {
    split_id(key.get(prefix.len() + INSTANT_BYTES..).unwrap_or_default()).0.into()
}
