//! Snapshots of clocks for forecasts, and the instants at which they are taken.

use chrono::{Days, NaiveDate, NaiveTime};

use super::catalog::Known;
use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Clock, Outcome};
use crate::domain::forecast::{IncidentFeatures, Snapshot};
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::domain::zone::Zone;

/// Whether a clock has something to forecast: it has started, and is open within its limit.
pub(super) fn is_undecided(clock: &Clock<'_>) -> bool {
    clock.is_open() && clock.start_time.is_some() && clock.outcome == Outcome::Undecided
}

/// The service hours of a clock; `None` when it has not started, or its calendar is unknown.
pub(super) fn hours<'k>(clock: &Clock<'_>, known: &'k Known<'_>) -> Option<&'k ServiceHours> {
    Some(known.in_force(clock.calendar_id, clock.start_time?)?.hours)
}

/// The snapshot of a clock evaluated as of an instant; `None` as for [`hours`], or before any fact.
pub(super) fn snapshot<'h>(
    history: &History<'h>,
    clock: &Clock<'h>,
    known: &Known<'_>,
    time: Instant,
) -> Option<Snapshot<'h>> {
    let incident = IncidentFeatures::up_to(history, time)?;
    Some(Snapshot::new(incident, clock, hours(clock, known)?, time))
}

/// The noons in `[from, until)` of the business days between a clock's start and its decision.
pub(super) fn noons(
    clock: &Clock<'_>,
    known: &Known<'_>,
    from: Instant,
    until: Instant,
) -> Vec<Instant> {
    let (Some(hours), Some(start)) = (hours(clock, known), clock.start_time) else {
        return Vec::new();
    };
    let Some(zone) = known.zone(clock.contract_id, start) else { return Vec::new() };
    let begin = start.max(from);
    let end = clock.decide_time().map_or(until, |decided| decided.min(until));
    if end <= begin {
        return Vec::new();
    }
    let last = zone.local(end).date();
    let days = zone.local(begin).date().iter_days().take_while(|day| *day <= last);
    let noons = days.filter_map(|day| noon_of_business(day, &zone, hours));
    noons.filter(|noon| begin <= *noon && *noon < end).collect()
}

/// Noon of a date; `None` when the date has no service hours.
pub(super) fn noon_of_business(
    date: NaiveDate,
    zone: &Zone,
    hours: &ServiceHours,
) -> Option<Instant> {
    let midnight = |date: NaiveDate| zone.instant(date.and_time(NaiveTime::MIN)).ok();
    let (begins, ends) = (midnight(date)?, midnight(date.checked_add_days(Days::new(1))?)?);
    hours.windows(begins, ends).next()?;
    zone.instant(date.and_time(NaiveTime::from_hms_opt(12, 0, 0)?)).ok()
}
