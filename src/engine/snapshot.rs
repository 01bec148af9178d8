//! Snapshots of clocks for forecasts, and the instants at which they are taken.

use chrono::{Days, NaiveDate, NaiveTime};

use super::catalog::Known;
use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Clock, Outcome, Phase};
use crate::domain::time::{Instant, Span};
use crate::domain::zone::Zone;

/// What an undecided clock has used of its limit by an instant, evaluated as of the instant before
/// it, with nothing happening in between; `None`: that takes evaluating it anew.
pub(super) type GoesOn = fn(&Clock<'_>, &Known<'_>, Instant, Instant) -> Option<Span>;

/// Whether a clock has something to forecast: it has started, and is open within its limit.
pub(super) fn is_undecided(clock: &Clock<'_>) -> bool {
    clock.is_open() && clock.start_time.is_some() && clock.outcome == Outcome::Undecided
}

/// The service hours of a clock; `None` when it has not started, or its calendar is unknown.
pub(super) fn hours<'k>(clock: &Clock<'_>, known: &'k Known<'_>) -> Option<&'k ServiceHours> {
    Some(known.in_force(clock.calendar_id, clock.start_time?)?.hours)
}

/// How much of its limit a clock has used by `time` that was undecided at `since`, if nothing
/// happens to its incident in between. `None`: only evaluating it anew tells, since its terms
/// change in between, a pause may reach its maximum, or it goes over its limit.
pub(super) fn elapsed_by(
    clock: &Clock<'_>,
    known: &Known<'_>,
    since: Instant,
    time: Instant,
) -> Option<Span> {
    let elapsed = match clock.phase {
        Phase::Running => clock.elapsed + hours(clock, known)?.elapsed(since, time),
        Phase::Paused if waits_without_end(clock, known) => clock.elapsed,
        _ => return None,
    };
    let is_same = elapsed <= clock.limit && !terms_change(clock.contract_id, known, since, time);
    is_same.then_some(elapsed)
}

/// Whether no pause of a clock has a maximum.
fn waits_without_end(clock: &Clock<'_>, known: &Known<'_>) -> bool {
    let revision = known.contract(clock.contract_id).numbered(clock.contract_revision);
    let target = revision.and_then(|revision| revision.content.terms.target(clock.target_id));
    target.is_some_and(|target| {
        let has_maximum = target.pauses.iter().any(|pause| pause.maximum.is_some());
        target.pauses_maximum.is_none() && !has_maximum
    })
}

/// Whether a revision of a contract takes effect, or it ends, after an instant and by another.
fn terms_change(contract_id: &str, known: &Known<'_>, since: Instant, time: Instant) -> bool {
    let ends = known.contract_end(contract_id).is_some_and(|end| since < end && end <= time);
    ends || !known.contract(contract_id).taking_effect(since, time).is_empty()
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
