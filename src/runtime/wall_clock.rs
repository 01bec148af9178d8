//! The wall clock: the only place that reads the system's time.
//!
//! Questions as of now are as of what it says; what is recorded is recorded then, or a
//! nanosecond after the record before, whichever is later. See docs/adr/0011-wall-clock.md.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};

use super::steady_clock::{SteadyClock, Tick};
use crate::domain::time::{Instant, Span};

/// How long after the last record a server may start without a word that the clock is right.
const GAP_MAX: Span = Span::from_nanos(7 * 24 * 3_600_000_000_000);
/// Before that there was no slx: 2026-01-01.
const EARLIEST_SECONDS: i64 = 1_767_225_600;
/// Nobody's clock says 2100 and is right.
const LATEST_SECONDS: i64 = 4_102_444_800;

static CLOCK: Mutex<SteadyClock> = Mutex::new(SteadyClock::new());

/// Why the system's clock can't be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// It is outside all years in which slx can run.
    #[error("the system's clock says {0}, which can't be: set it, then start slx again")]
    Absurd(Instant),
    /// It is long after the last record.
    #[error(
        "the system's clock says {system}, and the last record is of {last}: if the clock is \
         right, start slx once with --accept-clock; what is recorded ahead of time stays so"
    )]
    Ahead {
        /// What the system's clock says.
        system: Instant,
        /// The record time of the last record.
        last: Instant,
    },
}

/// How the wall clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What counts as now.
    pub now: Instant,
    /// What the system's clock says.
    pub system: Instant,
    /// Whether the system's clock jumped ahead and is not followed.
    pub is_held: bool,
}

/// What counts as now, within the supported range, 1970 to 2199: the system's time, unless that
/// has jumped ahead of the time that has passed since the start.
pub fn now() -> Instant {
    reading().now
}

/// The same, and whether the system's clock is followed.
pub fn reading() -> Reading {
    let system = system();
    let Tick { now, is_held, is_news } = CLOCK.lock().read(system, uptime());
    match (is_news, is_held) {
        (true, true) => tracing::error!(
            %system, %now,
            "the system's clock has jumped ahead and is not followed: set it right, or start slx \
             again if it is"
        ),
        (true, false) => tracing::warn!(%now, "the system's clock is followed again"),
        (false, _) => {}
    }
    Reading { now, system, is_held }
}

/// Refuses a clock that can't be right.
///
/// # Errors
/// [`ClockError::Absurd`].
pub fn check_plausible() -> Result<(), ClockError> {
    plausible(system())
}

fn plausible(system: Instant) -> Result<(), ClockError> {
    let seconds = system.nanos() / 1_000_000_000;
    match (EARLIEST_SECONDS..LATEST_SECONDS).contains(&seconds) {
        true => Ok(()),
        false => Err(ClockError::Absurd(system)),
    }
}

/// Refuses to go on after a record of `last` when that is long ago, unless the clock is accepted.
pub(super) fn check_start(last: Option<Instant>, is_accepted: bool) -> Result<(), ClockError> {
    check_gap(system(), last.filter(|_| !is_accepted))
}

fn check_gap(system: Instant, last: Option<Instant>) -> Result<(), ClockError> {
    let Some(last) = last else { return Ok(()) };
    if last.checked_add(GAP_MAX).is_ok_and(|latest| system > latest) {
        return Err(ClockError::Ahead { system, last });
    }
    if system < last {
        tracing::warn!(
            %system, %last,
            "the system's clock is before the last record: records follow that one by a \
             nanosecond each until it has come there"
        );
    }
    Ok(())
}

fn system() -> Instant {
    let Ok(since) = SystemTime::now().duration_since(UNIX_EPOCH) else { return Instant::MIN };
    let nanos = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
    Instant::from_nanos(nanos).unwrap_or(Instant::MAX)
}

/// How long the machine has been up, the time it slept included where the system counts that.
fn uptime() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Attack A7: a clock before 1970 ended the start with a panic.
    #[test]
    fn a_clock_of_no_possible_year_is_refused() {
        for absurd in [Instant::MIN, at(EARLIEST_SECONDS - 1), at(LATEST_SECONDS), Instant::MAX] {
            assert_eq!(plausible(absurd), Err(ClockError::Absurd(absurd)));
        }
        assert_eq!(plausible(at(EARLIEST_SECONDS)), Ok(()));
        assert_eq!(check_plausible(), Ok(()));
    }

    #[test]
    fn a_start_long_after_the_last_record_wants_a_word() {
        let (last, week) = (at(EARLIEST_SECONDS), 7 * 24 * 3600);
        let system = at(EARLIEST_SECONDS + week + 1);
        assert_eq!(check_gap(system, Some(last)), Err(ClockError::Ahead { system, last }));
        assert_eq!(check_gap(at(EARLIEST_SECONDS + week), Some(last)), Ok(()));
        assert_eq!(check_gap(at(EARLIEST_SECONDS - week), Some(last)), Ok(()));
        assert_eq!(check_gap(Instant::MAX, None), Ok(()));
    }
}
