//! The period a query is about, cut in its contract's time zone.

use std::ops::Range;

use super::catalog::Known;
use super::rejection::Rejection;
use super::tally::{Day, day};
use crate::domain::compliance::{Period, PeriodError};
use crate::domain::contract::Contract;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::{Zone, ZoneDatabase};

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

/// The local days of a period.
pub(super) fn days(period: &Period, zone: &Zone) -> Range<Day> {
    let day_of = |instant| day(zone.local(instant).date());
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(period.start);
    day_of(period.start)..day_of(last) + 1
}
