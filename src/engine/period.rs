//! The period a query is about, cut in its contract's time zone.

use std::ops::Range;

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::catalog::Known;
use super::rejection::Rejection;
use crate::domain::compliance::{Period, PeriodError};
use crate::domain::contract::Contract;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::{Zone, ZoneDatabase};

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
    zones: &ZoneDatabase,
) -> Result<Period, Rejection> {
    let revisions = known.contract(contract_id).all();
    let first = revisions.first();
    let first = first.ok_or_else(|| Rejection::ContractNotFound(contract_id.to_owned()))?;
    let zone = known.zone(contract_id).ok_or_else(|| unknown_zone(&first.content, zones))?;
    period(requested, &zone)
}

/// The rejection of a contract whose time zone the database does not have.
pub(super) fn unknown_zone(contract: &Contract, zones: &ZoneDatabase) -> Rejection {
    let (name, version) = (&contract.time_zone, zones.version());
    let text = format!("is in {name:?}, which time zone database {version} does not know");
    Rejection::field("contract_id", text)
}

/// The requested period in a zone.
pub(super) fn period(requested: &PeriodQuery, zone: &Zone) -> Result<Period, Rejection> {
    match requested {
        PeriodQuery::Named(name) => Period::named(name, zone).map_err(|error| match error {
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
pub(super) fn midnight(day: Day, zone: &Zone) -> Option<Instant> {
    let date = NaiveDate::from_num_days_from_ce_opt(day)?;
    zone.instant(date.and_time(NaiveTime::MIN)).ok()
}

/// The local day of an instant: the last that has begun. Where clocks are put back over midnight,
/// the repeated hour belongs to the day that has begun.
pub(super) fn day_of(instant: Instant, zone: &Zone) -> Day {
    let shown = day(zone.local(instant).date());
    let has_begun = |day: Day| midnight(day, zone).is_none_or(|begins| begins <= instant);
    if midnight(shown + 1, zone).is_some_and(|begins| begins <= instant) {
        shown + 1
    } else if has_begun(shown) {
        shown
    } else {
        shown - 1
    }
}

/// The local days of a period.
pub(super) fn days(period: &Period, zone: &Zone) -> Range<Day> {
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(period.start);
    day_of(period.start, zone)..day_of(last, zone) + 1
}
