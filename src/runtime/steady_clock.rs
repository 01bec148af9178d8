//! A clock that follows the system's, but not where it runs ahead of the time that has passed.

use std::time::Duration;

use crate::domain::time::{Instant, Span};

/// How far the system's clock may run ahead of the time that has passed since the start.
pub(super) const JUMP_MAX: Duration = Duration::from_secs(5 * 60);

/// What the system said when the process first read it.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    system: Instant,
    uptime: Duration,
}

/// The clock; see the module's page.
#[derive(Debug)]
pub(super) struct SteadyClock {
    anchor: Option<Anchor>,
    is_held: bool,
}

/// What the clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// What counts as now.
    pub now: Instant,
    /// Whether that is not what the system says, since it jumped ahead.
    pub is_held: bool,
    /// Whether it was otherwise at the last reading.
    pub is_news: bool,
}

impl SteadyClock {
    /// Not read yet.
    pub const fn new() -> SteadyClock {
        SteadyClock { anchor: None, is_held: false }
    }

    /// What counts as now, when the system's clock says `system` and the machine has been up for
    /// `uptime`, the time it slept included.
    ///
    /// A system's clock that is set back is followed: what was ahead is right then. One that is
    /// more than [`JUMP_MAX`] ahead of the time that has passed is not; it goes on by the latter.
    pub fn read(&mut self, system: Instant, uptime: Duration) -> Tick {
        let anchor = *self.anchor.get_or_insert(Anchor { system, uptime });
        let expected = later(anchor.system, uptime.saturating_sub(anchor.uptime));
        let is_held = system > later(expected, JUMP_MAX);
        let is_news = is_held != self.is_held;
        self.is_held = is_held;
        Tick { now: if is_held { expected } else { system }, is_held, is_news }
    }
}

fn later(time: Instant, by: Duration) -> Instant {
    let nanos = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
    time.checked_add(Span::from_nanos(nanos)).unwrap_or(Instant::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;
    const MONTH: u64 = 30 * 24 * 3600;

    /// Each step: seconds since the start, what the system's clock says, what counts.
    fn check(steps: &[(u64, i64, i64)]) {
        let begin = Instant::from_seconds(1_800_000_000).unwrap();
        let at = |seconds: i64| Instant::from_seconds(1_800_000_000 + seconds).unwrap();
        let mut clock = SteadyClock::new();
        let boot = Duration::from_secs(12_345);
        assert_eq!(clock.read(begin, boot).now, begin);
        for (passed, system, now) in steps {
            let tick = clock.read(at(*system), boot + Duration::from_secs(*passed));
            assert_eq!(tick.now, at(*now), "after {passed} s the system says {system}");
            assert_eq!(tick.is_held, system != now);
        }
    }

    /// Attack A7: the clock ahead by 30 days for one write, then right.
    #[test]
    fn a_jump_ahead_is_not_followed_and_the_right_time_is_at_once() {
        let ahead = MONTH as i64;
        check(&[(10, 10, 10), (20, ahead + 20, 20), (30, ahead + 30, 30), (40, 40, 40)]);
    }

    #[test]
    fn a_clock_that_is_set_back_is_followed_and_may_be_set_right_again() {
        check(&[(10, -3600, -3600), (20, -3590, -3590), (30, 30, 30)]);
    }

    #[test]
    fn small_steps_and_the_time_a_machine_sleeps_are_followed() {
        let bound = (5 * MINUTE) as i64;
        check(&[
            (10, 10 + bound, 10 + bound),
            (10, 11 + bound, 10),
            (MONTH, MONTH as i64, MONTH as i64),
        ]);
        check(&[(0, i64::from(i32::MAX), 0)]);
    }
}
