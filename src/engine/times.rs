//! The two times of every query.

use crate::domain::time::Instant;

/// The two times of every query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Evaluate as of this instant.
    pub as_of: Instant,
    /// Use only what was recorded by then.
    pub known: Instant,
}
