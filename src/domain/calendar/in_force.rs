//! Finds the revision of a calendar that a clock or period is measured by.

use super::hours::ServiceHours;
use crate::domain::time::Instant;

/// The calendar revision in force at an instant.
#[derive(Clone, Copy, Debug)]
pub struct CalendarInForce<'a> {
    /// The number of the revision, from 1.
    pub revision: u32,
    /// The revision's service hours.
    pub hours: &'a ServiceHours,
}

/// The calendars of a tenant, as known at some instant.
pub trait Calendars {
    /// The revision that measures what begins at `start`: the one in effect then, or the first one
    /// when `start` lies before them all. `None` when the calendar is unknown or its time zone is.
    fn in_force(&self, calendar_id: &str, start: Instant) -> Option<CalendarInForce<'_>>;
}
