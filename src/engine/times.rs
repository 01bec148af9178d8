//! The two times of every query.

use crate::domain::time::Instant;

/// The two times of a query, as in bitemporal databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The instant to evaluate at (`as_of_time`).
    pub as_of: Instant,
    /// Only what was recorded by this instant is used (`known_time`).
    pub known: Instant,
}
