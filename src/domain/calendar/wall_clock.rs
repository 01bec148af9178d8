//! Turns the times of a clock on the wall into UTC seconds.

use crate::domain::time::Instant;
use crate::domain::zone::Zone;

pub(super) const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// An offset in seconds east of UTC, and the local second from which it applies.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct LocalOffset {
    from_local_second: i64,
    seconds: i64,
}

/// The offsets of a zone in the order in which they rule, from one instant to another. What rules
/// first is taken to have ruled ever before.
pub(super) fn local_offsets(zone: &Zone, from: Instant, to: Instant) -> Vec<LocalOffset> {
    let mut seconds = i64::from(zone.offset_seconds(from));
    let mut offsets = vec![LocalOffset { from_local_second: i64::MIN, seconds }];
    for transition in zone.transitions(from, to) {
        let next = i64::from(transition.offset_seconds);
        // The old offset rules to the end of the gap or the overlap, whichever it is: taken
        // with it, a time in the gap comes out later by its length, and a time in the
        // overlap is the first of the two. Both are what the rule demands.
        let from_local_second = transition.at.seconds() + seconds.max(next);
        offsets.push(LocalOffset { from_local_second, seconds: next });
        seconds = next;
    }
    offsets
}

/// Turns local times into UTC seconds by the "compatible" rule of RFC 5545. It keeps its place at
/// the offset used last, so calls in roughly ascending order are cheap.
pub(super) struct WallClock<'o> {
    offsets: &'o [LocalOffset],
    current: usize,
}

impl<'o> WallClock<'o> {
    pub fn new(offsets: &'o [LocalOffset]) -> WallClock<'o> {
        WallClock { offsets, current: 0 }
    }

    /// The UTC second at which the wall clock shows `minute` minutes past the midnight of `day`,
    /// a number of days from 1970-01-01.
    pub fn second(&mut self, day: i64, minute: u16) -> i64 {
        let local_second = day * SECONDS_PER_DAY + i64::from(minute) * 60;
        while self.rules_from(self.current + 1).is_some_and(|from| from <= local_second) {
            self.current += 1;
        }
        while self.rules_from(self.current).is_some_and(|from| from > local_second) {
            self.current -= 1;
        }
        let offset = self.offsets.get(self.current).map_or(0, |offset| offset.seconds);
        local_second - offset
    }

    fn rules_from(&self, offset: usize) -> Option<i64> {
        self.offsets.get(offset).map(|offset| offset.from_local_second)
    }

    /// Whether the wall clock ever shows the date: a zone may skip one.
    pub fn has_date(&mut self, day: i64) -> bool {
        self.second(day, 0) < self.second(day + 1, 0)
    }
}
