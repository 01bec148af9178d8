//! How the activity about incidents is keyed, so that those are found about which there was some at
//! an instant.

use std::ops::{Range, RangeInclusive};

use super::keys::{key, split_id};
use super::kind::Kind;
use crate::domain::ids::IncidentId;
use crate::domain::time::Instant;
use crate::engine::activity::Activity;

const ACTIVITY: u8 = Kind::Activity as u8;
/// The lowest blocks of time are of so many nanoseconds, as a power of two: 73 minutes.
const LOWEST: u32 = 42;
/// The levels of blocks: the last is longer than all the time there is.
const LEVELS: u32 = 22;
/// Bytes of a block's number.
const BLOCK_BYTES: usize = 3;

/// Which activity: that which occurred at an instant, or was recorded then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Both at once, in the same blocks.
    Both = 0,
    /// It occurred.
    Occurred = 1,
    /// It was recorded.
    Recorded = 2,
}

/// Some blocks of time of one level.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Blocks {
    level: u32,
    numbers: RangeInclusive<u32>,
}

/// The keys under which an incident is found by its activity: those of at most two blocks that it
/// lies in. Where it occurred in the same blocks in which it was recorded, these are for both.
pub(super) fn activity(tenant: &str, incident: &str, activity: &Activity) -> Vec<Vec<u8>> {
    let [occurred, recorded] = [activity.occurred, activity.recorded].map(|time| time.map(cover));
    let found = match occurred == recorded {
        true => [(Axis::Both, recorded), (Axis::Both, None)],
        false => [(Axis::Occurred, occurred), (Axis::Recorded, recorded)],
    };
    let found = found.into_iter().filter_map(|(axis, blocks)| Some((axis, blocks?)));
    let keys = found.flat_map(|(axis, Blocks { level, numbers })| {
        numbers.map(move |number| {
            let mut bytes = block_of(tenant, axis, level, number);
            bytes.extend(incident.as_bytes());
            bytes.push(0);
            bytes
        })
    });
    keys.collect()
}

/// The lowest blocks of which at most two hold all from one instant to another.
fn cover((first, last): (Instant, Instant)) -> Blocks {
    let blocks = |level| Blocks { level, numbers: number(first, level)..=number(last, level) };
    let few = |blocks: &Blocks| blocks.numbers.end() - blocks.numbers.start() <= 1;
    (0..LEVELS).map(blocks).find(few).unwrap_or_else(|| blocks(LEVELS - 1))
}

/// The number of the block that holds an instant.
fn number(time: Instant, level: u32) -> u32 {
    u32::try_from(time.nanos() >> (LOWEST + level)).unwrap_or_default()
}

fn block_of(tenant: &str, axis: Axis, level: u32, number: u32) -> Vec<u8> {
    let mut bytes = key(ACTIVITY, &[tenant]);
    bytes.extend([axis as u8, level as u8]);
    let [_, number @ ..] = number.to_be_bytes();
    bytes.extend(number);
    bytes
}

/// The ranges of keys of the incidents about which there was activity in a span of time, and some
/// more that come near.
pub(super) fn active(
    tenant: &str,
    axis: Axis,
    (from, until): (Instant, Instant),
) -> Vec<Range<Vec<u8>>> {
    let range = |axis, level| {
        let [from, end] = [number(from, level), number(until, level) + 1];
        block_of(tenant, axis, level, from)..block_of(tenant, axis, level, end)
    };
    let axes = [Axis::Both, axis].into_iter();
    axes.flat_map(|axis| (0..LEVELS).map(move |level| range(axis, level))).collect()
}

/// The incident of such a key.
pub(super) fn active_id(key: &[u8]) -> IncidentId {
    let (_tenant, rest) = split_id(key.get(1..).unwrap_or_default());
    split_id(rest.get(2 + BLOCK_BYTES..).unwrap_or_default()).0.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minutes: i64) -> Instant {
        Instant::from_seconds(minutes * 60).unwrap()
    }

    proptest! {
        #[test]
        fn activity_is_found_at_every_instant_of_it_and_not_far_from_it(
            occurred in (0..90_000_000i64, 0..200_000i64),
            delay in prop_oneof![Just(0i64), 0..300_000i64],
            lasts in 0..200_000i64,
            wanted in -300_000..500_000i64,
        ) {
            let (first, last) = (occurred.0, occurred.0 + occurred.1);
            let recorded = (first + delay, first + delay + lasts);
            let times = |(first, last)| Some((at(first), at(last)));
            let both = Activity { occurred: times((first, last)), recorded: times(recorded) };
            let keys = activity("acme", "I-1", &both);
            prop_assert!((1..=4).contains(&keys.len()));
            prop_assert!(keys.iter().all(|key| active_id(key) == *"I-1"));
            let axes = [(Axis::Occurred, (first, last)), (Axis::Recorded, recorded)];
            for (axis, (first, last)) in axes {
                let time = (first + wanted).max(0);
                let ranges = active("acme", axis, (at(time), at(time)));
                let is_within = |key: &Vec<u8>| ranges.iter().any(|range| range.contains(key));
                let is_found = keys.iter().any(is_within);
                let lasts = 2 * (last - first) + 150;
                prop_assert!(is_found || !(first..=last).contains(&time));
                prop_assert!(!is_found || (first - lasts..=last + lasts).contains(&time));
            }
        }
    }
}
