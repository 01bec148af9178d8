//! Up to which instant everything is recorded: no later record will have an earlier time.
//!
//! Whoever reports what time alone has brought about must not be overtaken by a record of before.
//! So the writer says when it begins a group and dates no record up to what was settled by then;
//! it waits for nobody, and nobody for it.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::time::Instant;

/// No group is being recorded.
const NONE: i64 = i64::MAX;

/// How long other nodes may take to append what they have dated.
const LAG_OF_OTHERS_NANOS: i64 = 2_000_000_000;

/// What the writer and those who report agree on.
#[derive(Debug)]
pub(super) struct SettledTime {
    /// How far behind now is not settled yet.
    lag: i64,
    /// No record that is dated from now on is dated up to here.
    settled: AtomicI64,
    /// The records of the group that is being recorded are dated from here on.
    group: AtomicI64,
}

/// A group is being recorded, until this is dropped.
#[derive(Debug)]
pub(super) struct GroupUnderWay<'s>(&'s SettledTime);

impl Default for SettledTime {
    fn default() -> SettledTime {
        SettledTime::new(false)
    }
}

impl SettledTime {
    /// Nothing is settled. Where other nodes append to the log as well, they agree on nothing, and
    /// what is reported stays a while behind now: what they append even later than that, and
    /// dated before, is reported as all that is recorded late.
    pub fn new(is_shared: bool) -> SettledTime {
        let lag = if is_shared { LAG_OF_OTHERS_NANOS } else { 0 };
        SettledTime { lag, settled: AtomicI64::new(-1), group: AtomicI64::new(NONE) }
    }

    /// A group begins, after a record of this time.
    pub fn begin(&self, last: Instant) -> GroupUnderWay<'_> {
        self.group.store(last.nanos() + 1, Ordering::SeqCst);
        GroupUnderWay(self)
    }

    /// The latest instant up to which nothing more may be recorded, in nanoseconds.
    pub fn nanos(&self) -> i64 {
        self.settled.load(Ordering::SeqCst)
    }

    /// Settles what lies before `now`. Everything that is recorded by the instant returned has been
    /// folded by then.
    pub fn settle(&self, now: Instant) -> Instant {
        let before = now.nanos() - 1 - self.lag;
        self.settled.fetch_max(before, Ordering::SeqCst);
        // A group that begins after this dates its records later.
        let group = self.group.load(Ordering::SeqCst);
        Instant::from_nanos(before.min(group - 1)).unwrap_or(Instant::MIN)
    }
}

impl Drop for GroupUnderWay<'_> {
    fn drop(&mut self) {
        self.0.group.store(NONE, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: i64) -> Instant {
        Instant::from_nanos(nanos).unwrap()
    }

    #[test]
    fn nothing_is_settled_beyond_a_group_that_is_being_recorded() {
        let time = SettledTime::default();
        assert_eq!((time.nanos(), time.settle(at(100))), (-1, at(99)));
        let group = time.begin(at(50));
        assert_eq!((time.settle(at(200)), time.nanos()), (at(50), 199));
        drop(group);
        assert_eq!(time.settle(at(150)), at(149));
        assert_eq!(time.nanos(), 199, "what was settled stays so");
    }
}
