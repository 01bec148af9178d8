//! Which revision of a calendar measures what.

use super::hours::ServiceHours;
use crate::domain::time::Instant;

/// A calendar revision.
#[derive(Clone, Copy, Debug)]
pub struct CalendarInForce<'a> {
    /// Its number.
    pub revision: u32,
    /// Its hours.
    pub hours: &'a ServiceHours,
}

/// The calendars as far as they are known.
pub trait Calendars {
    /// The revision of a calendar that measures what begins at `start`; the first one for what
    /// begins before any took effect.
    fn in_force(&self, calendar_id: &str, start: Instant) -> Option<CalendarInForce<'_>>;
}
