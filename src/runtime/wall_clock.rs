//! The one wall clock.

use chrono::Utc;

use crate::domain::time::Instant;

/// What the system's clock shows, kept within the supported range.
pub fn now() -> Instant {
    Instant::try_from(Utc::now()).unwrap_or(Instant::MIN)
}
