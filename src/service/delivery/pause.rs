//! How long an event waits before it is sent again: exponential backoff with full jitter, so that
//! events that failed together don't come back together.

use std::time::Duration;

use chrono::{DateTime, Utc};

const FIRST_AT_MOST: Duration = Duration::from_secs(1);
const AT_MOST: Duration = Duration::from_secs(15 * 60);
/// A receiver that wants to be left alone for longer is called again after this.
const RETRY_AFTER_MOST: Duration = Duration::from_secs(3600);

/// The pause after so many attempts, from 1; `random` is from 0 to 1, and `retry_after` is what the
/// receiver said.
pub(super) fn pause(attempts: u32, retry_after: Option<Duration>, random: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(30);
    let most = FIRST_AT_MOST.saturating_mul(1 << doublings).min(AT_MOST);
    let jittered = most.mul_f64(random.clamp(0.0, 1.0));
    retry_after.unwrap_or_default().min(RETRY_AFTER_MOST) + jittered
}

/// What a header `retry-after` says: seconds, or an instant in the format of HTTP.
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(header.trim()).ok()?;
    Some((until.to_utc() - now).to_std().unwrap_or_default())
}

/// A number from 0 to 1, another each time.
pub(super) fn random() -> f64 {
    let mut bytes = [0; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_its_bound(
            attempts in 1_u32..,
            random in 0.0..=1.0,
            seconds in proptest::option::of(0_u64..),
        ) {
            let retry_after = seconds.map(Duration::from_secs);
            let found = pause(attempts, retry_after, random);
            let least = retry_after.unwrap_or_default().min(RETRY_AFTER_MOST);
            prop_assert!(least <= found && found <= least + AT_MOST, "{found:?}");
        }

        #[test]
        fn the_bound_doubles(attempts in 1_u32..9) {
            let (this, next) = (pause(attempts, None, 1.0), pause(attempts + 1, None, 1.0));
            prop_assert_eq!(this * 2, next);
            prop_assert_eq!(pause(attempts, None, 0.0), Duration::ZERO);
        }

        #[test]
        fn any_header_is_read_or_not(text in ".*") {
            let _ = retry_after(&text, DateTime::UNIX_EPOCH);
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now: DateTime<Utc> = "1994-11-06T08:49:30Z".parse().unwrap();
        let read = |header| retry_after(header, now);
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("soon"), None);
    }
}
