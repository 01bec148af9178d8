//! What a clock is measured by: a limit, and the service hours in which it counts.

use std::cell::Cell;
use std::ptr;

use super::WarnAt;
use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{Allowed, Limit, Target};
use crate::domain::time::{Instant, Span};

/// Where the limit itself is reached.
pub(super) const WHOLE_LIMIT: WarnAt = WarnAt::Percent(100);

/// A limit with the service hours it is measured in.
#[derive(Clone, Copy)]
pub(super) struct Ruling<'a> {
    /// What its target allows...
    allowed: Allowed,
    /// ... and the service time that comes to.
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
    /// From when on working days count: from the start or, of a clock that is pending, from the
    /// instant evaluated at.
    pub from: Instant,
    /// That of the limit which was looked up last: most cycles have one.
    last: Cell<Option<(&'a Limit, Option<Ruling<'a>>)>>,
}

impl<'a> Rulings<'a> {
    /// The rulings of a cycle that started at an instant, or has not.
    pub fn new(
        target: &'a Target,
        calendars: &'a dyn Calendars,
        start: Option<Instant>,
        from: Instant,
    ) -> Rulings<'a> {
        Rulings { target, calendars, start, from, last: Cell::new(None) }
    }

    /// The ruling for a priority; `None` when the target has no limit for it, or the calendar is
    /// unknown.
    pub fn of(&self, priority: &str) -> Option<Ruling<'a>> {
        let limit = self.target.limit(priority)?;
        if let Some((_, ruling)) = self.last.get().filter(|(last, _)| ptr::eq(*last, limit)) {
            return ruling;
        }
        let ruling = self.of_limit(limit);
        self.last.set(Some((limit, ruling)));
        ruling
    }

    fn of_limit(&self, limit: &'a Limit) -> Option<Ruling<'a>> {
        let start = self.start.unwrap_or(Instant::MAX);
        let calendar = self.calendars.in_force(&limit.calendar_id, start)?;
        let ruling = Ruling {
            allowed: limit.limit,
            limit: Span::MAX,
            calendar_id: &limit.calendar_id,
            hours: calendar.hours,
            calendar_revision: calendar.revision,
        };
        Some(ruling.counted_from(self.from))
    }
}

impl Ruling<'_> {
    /// The same with a limit that counts from an instant on: working days end with a day's close.
    pub fn counted_from(self, from: Instant) -> Self {
        let limit = self.allowed.service_time(self.hours, from).unwrap_or(Span::MAX);
        Ruling { limit, ..self }
    }

    /// How working days became the limit of a clock that counts from an instant on, in words.
    pub fn in_words(&self, from: Instant) -> Option<String> {
        let close = self.allowed.is_in_working_days().then(|| self.due(from)).flatten()?;
        let (days, span) = (self.allowed, self.limit);
        Some(format!("{days} from {from} are {span} of service time, until the close at {close}"))
    }

    /// The same hours with a limit that is never reached: a priority without one breaches nothing.
    pub fn unlimited(self) -> Self {
        Ruling { allowed: Allowed::ServiceTime(Span::MAX), limit: Span::MAX, ..self }
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
