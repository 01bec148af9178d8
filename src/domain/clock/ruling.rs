//! What a clock is measured by: a limit, and the service hours in which it counts.

use super::WarnAt;
use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::Target;
use crate::domain::time::{Instant, Span};

/// Where the limit itself is reached.
pub(super) const WHOLE_LIMIT: WarnAt = WarnAt::Percent(100);

/// A limit with the service hours it is measured in.
#[derive(Clone, Copy)]
pub(super) struct Ruling<'a> {
    pub limit: Span,
    pub calendar_id: &'a str,
    pub hours: &'a ServiceHours,
    pub calendar_revision: u32,
}

/// The rulings of one target's clock, by priority.
pub(super) struct Rulings<'a> {
    pub target: &'a Target,
    pub calendars: &'a dyn Calendars,
    /// When it started; calendars are those in force then.
    pub start: Option<Instant>,
}

impl<'a> Rulings<'a> {
    /// The ruling for a priority; `None` when the target has no limit for it, or the calendar is
    /// unknown.
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

    /// When a clock is due that starts at `start` and runs without a pause.
    pub fn due(&self, start: Instant) -> Option<Instant> {
        self.hours.add(start, self.limit)
    }

    /// The service time after which a warning is reached: of a share of the limit, rounded down to
    /// the nanosecond.
    pub fn amount(&self, at: WarnAt) -> Span {
        match at {
            WarnAt::Percent(percent) => {
                let percent = Span::from_nanos(i64::from(percent));
                self.limit.scaled(percent, Span::from_nanos(100))
            }
            WarnAt::BeforeDue(before) => (self.limit - before).max(Span::ZERO),
            WarnAt::AfterDue(after) => self.limit + after,
        }
    }
}
