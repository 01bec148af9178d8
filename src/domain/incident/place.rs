//! Places in the order of an incident's facts.

use crate::domain::time::Instant;

/// A place in the order of an incident's facts: an instant, and the order among its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The instant.
    pub time: Instant,
    /// The place among the facts of that instant, ascending.
    pub order: i64,
}

impl Place {
    /// Before all facts of an instant.
    pub fn at(time: Instant) -> Place {
        Place { time, order: i64::MIN }
    }
}
