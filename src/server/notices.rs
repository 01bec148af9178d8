//! Notices in the log of what may happen often.

use std::time::{Duration, Instant};

/// How often a notice is given at most.
const NOTICED_EVERY: Duration = Duration::from_secs(10);

/// Gives a notice at most every so often, with how many there would have been.
#[derive(Debug, Default)]
pub(super) struct Notices {
    last: Option<Instant>,
    times: u64,
}

impl Notices {
    /// Gives a notice, unless one was given lately.
    pub fn give(&mut self, give: impl FnOnce(u64)) {
        self.give_at(Instant::now(), give);
    }

    fn give_at(&mut self, now: Instant, give: impl FnOnce(u64)) {
        self.times += 1;
        let is_late = |last: Instant| now.saturating_duration_since(last) >= NOTICED_EVERY;
        if self.last.is_none_or(is_late) {
            give(self.times);
            *self = Notices { last: Some(now), times: 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_often_is_noticed_now_and_then_and_counted() {
        let (mut notices, mut given, begun) = (Notices::default(), Vec::new(), Instant::now());
        for second in 0..25 {
            notices.give_at(begun + Duration::from_secs(second), |times| given.push(times));
        }
        assert_eq!(given, [1, 10, 10]);
    }
}
