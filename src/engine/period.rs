//! The period a query is about, cut in its contract's time zone.

use std::ops::Range;

use chrono::{Datelike, NaiveDate};

use super::catalog::Known;
use super::rejection::Rejection;
use crate::domain::compliance::{LocalDays, Period, PeriodError};
use crate::domain::time::{Instant, Span};
use crate::domain::zone::ZoneDatabase;

/// A local day, counted from 0001-01-01, which is 1.
pub type Day = i32;

/// The number of a date, counted from 0001-01-01, which is 1.
pub fn day(date: NaiveDate) -> Day {
    date.num_days_from_ce()
}

/// A request for a period.
#[derive(Clone, Debug)]
pub enum PeriodQuery {
    /// By its name, in the contract's time zone.
    Named(String),
    /// From an instant up to but not including another.
    Between(Instant, Instant),
}

/// The requested period in a contract's time zone, by the terms `known`.
///
/// # Errors
/// A [`Rejection`] when the contract or its time zone is unknown, or the name is not a period's.
pub fn period_of(
    requested: &PeriodQuery,
    contract_id: &str,
    known: Known<'_>,
) -> Result<Period, Rejection> {
    let revisions = known.contract(contract_id).all();
    if revisions.is_empty() {
        return Err(Rejection::ContractNotFound(contract_id.to_owned()));
    }
    let days = local_days(contract_id, known)?;
    period(requested, &days)
}

/// The local days of a contract.
pub(super) fn local_days(contract_id: &str, known: Known<'_>) -> Result<LocalDays, Rejection> {
    known.local_days(contract_id).ok_or_else(|| {
        let zones = known.zones();
        let names = known.contract(contract_id).all().iter().map(|r| &r.content.time_zone);
        let unknown = names.into_iter().find(|name| zones.zone(name).is_none());
        unknown_zone(unknown.map(String::as_str).unwrap_or_default(), zones)
    })
}

/// The rejection of a contract whose time zone the database does not have.
fn unknown_zone(name: &str, zones: &ZoneDatabase) -> Rejection {
    let version = zones.version();
    let text = format!("is in {name:?}, which time zone database {version} does not know");
    Rejection::field("contract_id", text)
}

/// The requested period of a contract's local days.
pub(super) fn period(requested: &PeriodQuery, days: &LocalDays) -> Result<Period, Rejection> {
    match requested {
        PeriodQuery::Named(name) => Period::named(name, days).map_err(|error| match error {
            PeriodError::NotAPeriod(_) => Rejection::field("period", error.to_string()),
            PeriodError::OutOfRange(error) => Rejection::TimeOutOfRange(error.to_string()),
        }),
        PeriodQuery::Between(start, end) => {
            Ok(Period { name: String::new(), start: *start, end: *end })
        }
    }
}

/// The last instant of the period, or `as_of` while it goes on; never before its start.
pub(super) fn last_instant(period: &Period, as_of: Instant) -> Instant {
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(Instant::MIN);
    last.min(as_of).max(period.start)
}

/// The first instant of a local day; `None` outside 1970 to 2199.
pub(super) fn midnight(day: Day, days: &LocalDays) -> Option<Instant> {
    days.begin(NaiveDate::from_num_days_from_ce_opt(day)?).ok()
}

/// The local days of a period.
pub(super) fn days(period: &Period, days: &LocalDays) -> Range<Day> {
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(period.start);
    let day_of = |instant| day(days.date(instant));
    day_of(period.start)..day_of(last) + 1
}
