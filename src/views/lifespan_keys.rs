//! How lifespans are keyed, so that who was open as a day began is found.

use std::ops::Range;

use super::keys::{DAY_BYTES, LIFESPAN, key, split_id};
use crate::domain::ids::IncidentId;
use crate::engine::lifespan::Lifespan;
use crate::engine::tally::Day;

/// The levels of blocks of days: the last is longer than all the days there are.
const LEVELS: u8 = 21;
/// In place of the level, of incidents that are not over.
const NOT_OVER: u8 = 255;

/// The keys under which an incident is found whose lifespan holds the beginnings of some days:
/// blocks of days, each twice as many as those of the level below, so that there are few. One that
/// is not over has a single key, with the first such day.
pub(super) fn lifespan(tenant: &str, incident: &str, lifespan: &Lifespan) -> Vec<Vec<u8>> {
    let first = lifespan.begin + 1;
    let blocks = match lifespan.end {
        Some(end) => blocks(first, end + 1),
        None => vec![(NOT_OVER, first)],
    };
    let key = |(level, block)| {
        let mut bytes = block_of(tenant, &lifespan.contract_id, level, block);
        bytes.extend(incident.as_bytes());
        bytes.push(0);
        bytes
    };
    blocks.into_iter().map(key).collect()
}

/// The blocks that days from one up to but not including another divide into, as few as can be.
fn blocks(mut day: Day, end: Day) -> Vec<(u8, Day)> {
    let mut found = Vec::new();
    while day < end {
        let fits = |level: &u8| day % (1 << level) == 0 && day + (1 << level) <= end;
        let level = (0..LEVELS).take_while(fits).last().unwrap_or_default();
        found.push((level, day >> level));
        day += 1 << level;
    }
    found
}

/// Where the incidents begin whose lifespans hold the beginnings of a block of days; of those that
/// are not over: of the days from one on.
fn block_of(tenant: &str, contract: &str, level: u8, block: Day) -> Vec<u8> {
    let mut bytes = key(LIFESPAN, &[tenant, contract]);
    bytes.push(level);
    bytes.extend(block.to_be_bytes());
    bytes
}

/// The ranges of keys of the incidents whose lifespans hold the beginning of a day: first those
/// that are not over.
pub(super) fn lifespans_over(tenant: &str, contract: &str, day: Day) -> Vec<Range<Vec<u8>>> {
    let range = |level: u8, from: Day, until: Day| {
        block_of(tenant, contract, level, from)..block_of(tenant, contract, level, until)
    };
    let over = (0..LEVELS).map(|level| range(level, day >> level, (day >> level) + 1));
    [range(NOT_OVER, 0, day.saturating_add(1))].into_iter().chain(over).collect()
}

/// The incident of such a key.
pub(super) fn lifespan_id(key: &[u8]) -> IncidentId {
    let (_tenant, rest) = split_id(key.get(1..).unwrap_or_default());
    let (_contract, rest) = split_id(rest);
    split_id(rest.get(1 + DAY_BYTES..).unwrap_or_default()).0.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_lifespan_is_found_over_each_day_that_began_in_it_and_over_no_other(
            begin in 1..3_000i32, length in 0..2_000i32, is_over: bool, day in 1..6_000i32,
        ) {
            let end = is_over.then_some(begin + length);
            let of = Lifespan { contract_id: "C".into(), begin, end, left_open: Vec::new() };
            let keys = lifespan("acme", "I-1", &of);
            let ranges = lifespans_over("acme", "C", day);
            let is_found = |key: &&Vec<u8>| ranges.iter().any(|range| range.contains(*key));
            let found = keys.iter().filter(is_found).count();
            let is_in_it = begin < day && end.is_none_or(|end| day <= end);
            prop_assert_eq!(found, usize::from(is_in_it));
            prop_assert!(keys.len() <= 2 * usize::from(LEVELS));
            prop_assert!(keys.iter().all(|key| lifespan_id(key) == *"I-1"));
        }
    }
}
