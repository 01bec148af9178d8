//! How the counts of incidents that lack clocks are keyed.

use super::keys::{COVERAGE, DAY_BYTES, key, push_texts, split_id, texts_of};
use crate::codec::store::unreadable::Unreadable;
use crate::domain::ids::{ContractId, TenantId};
use crate::engine::tally::{CoverageBucket, Day};

const REASON_BYTES: usize = 4;

/// A coverage count's key: its contract and day, the number of the reason, then the target and the
/// value, each with its length before it.
pub(super) fn coverage_bucket(tenant: &str, bucket: &CoverageBucket, reason: i32) -> Vec<u8> {
    let mut bytes = coverage_buckets(tenant, &bucket.contract_id, bucket.day);
    bytes.extend(reason.to_be_bytes());
    push_texts(&mut bytes, [bucket.key.target_id.as_str(), &bucket.key.value]);
    bytes
}

/// Where the coverage counts of a day begin.
pub(super) fn coverage_buckets(tenant: &str, contract: &str, day: Day) -> Vec<u8> {
    let mut bytes = key(COVERAGE, &[tenant, contract]);
    bytes.extend(day.to_be_bytes());
    bytes
}

/// Where the coverage counts of everybody begin.
pub(super) fn all_coverage_buckets() -> Vec<u8> {
    key(COVERAGE, &[])
}

/// A coverage count, as its row holds it.
pub(super) fn coverage_count(row: &[u8]) -> Result<u64, Unreadable> {
    let bytes = row.try_into().map_err(|_| format!("a count has {} bytes, not 8", row.len()))?;
    Ok(u64::from_be_bytes(bytes))
}

/// The parts of a coverage count's key: tenant, contract, day, the number of the reason, target and
/// value.
pub(super) fn coverage_place(key: &[u8]) -> Option<(TenantId, ContractId, Day, i32, [String; 2])> {
    let (tenant, rest) = split_id(key.get(1..)?);
    let (contract, rest) = split_id(rest);
    let (day, rest) = rest.split_at_checked(DAY_BYTES)?;
    let (reason, rest) = rest.split_at_checked(REASON_BYTES)?;
    let (day, reason) = (day.try_into().ok()?, reason.try_into().ok()?);
    let (day, reason) = (Day::from_be_bytes(day), i32::from_be_bytes(reason));
    Some((tenant.into(), contract.into(), day, reason, texts_of(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_is_cut_short_is_unreadable_and_not_none() {
        assert_eq!(coverage_count(&7u64.to_be_bytes()).ok(), Some(7));
        for damaged in [&[][..], &[0; 7], &[0; 9]] {
            assert!(coverage_count(damaged).is_err(), "{damaged:?}");
        }
    }
}
