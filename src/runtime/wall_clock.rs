//! The wall clock: the only place that reads the system's time.

use chrono::Utc;

use crate::domain::time::Instant;

/// The system's time now, kept within the supported range, 1970 to 2199.
pub fn now() -> Instant {
    Instant::try_from(Utc::now()).unwrap_or(Instant::MIN)
}
