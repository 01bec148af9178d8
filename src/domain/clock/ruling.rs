//! What a clock is held against: a limit, and the hours it is measured in.

use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::Target;
use crate::domain::time::{Instant, Span};

/// A limit in percent of itself.
pub(super) const WHOLE_LIMIT: u8 = 100;

/// A limit with the hours it is measured in.
#[derive(Clone, Copy)]
pub(super) struct Ruling<'a> {
    pub limit: Span,
    pub calendar_id: &'a str,
    pub hours: &'a ServiceHours,
    pub calendar_revision: u32,
}

/// What rules a clock of a target, by priority.
pub(super) struct Rulings<'a> {
    pub target: &'a Target,
    pub calendars: &'a dyn Calendars,
    /// When it started; calendars are those in force then.
    pub start: Option<Instant>,
}

impl<'a> Rulings<'a> {
    /// What rules it while the incident has a priority; `None`: no limit does.
    pub fn of(&self, priority: &str) -> Option<Ruling<'a>> {
        let limit = self.target.limit(priority)?;
        let start = self.start.unwrap_or(Instant::MAX);
        let calendar = self.calendars.in_force(&limit.calendar_id, start)?;
        Some(Ruling {
            limit: limit.limit,
            calendar_id: &limit.calendar_id,
            hours: calendar.hours,
            calendar_revision: calendar.revision,
        })
    }
}

impl Ruling<'_> {
    /// The same hours with a limit that is never reached: a priority without one breaches nothing.
    pub fn unlimited(self) -> Self {
        Ruling { limit: Span::MAX, ..self }
    }

    /// When a clock that starts then and runs on is due.
    pub fn due(&self, start: Instant) -> Option<Instant> {
        self.hours.add(start, self.limit)
    }

    /// The service time at which a mark is reached, rounded down to the nanosecond.
    pub fn amount(&self, percent: u8) -> Span {
        let percent = Span::from_nanos(i64::from(percent));
        self.limit.scaled(percent, Span::from_nanos(i64::from(WHOLE_LIMIT)))
    }
}
