//! Periods: months, quarters, years and rolling days, cut at local midnight in the contract's time
//! zone in force then.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::{Entry, LocalDays, Membership};
use crate::domain::contract::PeriodKind;
use crate::domain::time::{Instant, OutOfRange};

/// A half-open interval of time: a month, quarter, year, rolling days, or any two instants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// `2026-10`, `2026-Q3` or `2026`; empty for rolling days and for two instants.
    pub name: String,
    /// Its first instant.
    pub start: Instant,
    /// The first instant after it.
    pub end: Instant,
}

/// Why a name does not give a period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It is not spelled as one.
    #[error(
        "{0:?} is not a period: write a month \"2026-10\", a quarter \"2026-Q3\" or a year \"2026\""
    )]
    NotAPeriod(String),
    /// It lies outside 1970 to 2199.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

impl Period {
    /// The month, quarter or year of this name, of a contract's local days.
    ///
    /// # Errors
    /// [`PeriodError::NotAPeriod`] for any other name, [`PeriodError::OutOfRange`] outside 1970 to
    /// 2199.
    pub fn named(name: &str, days: &LocalDays) -> Result<Period, PeriodError> {
        let (kind, first) = parse(name).ok_or_else(|| PeriodError::NotAPeriod(name.to_owned()))?;
        Ok(between(kind, first, days)?)
    }

    /// The period of a kind that contains an instant; rolling days end with the day of the instant.
    pub fn around(
        kind: PeriodKind,
        instant: Instant,
        days: &LocalDays,
    ) -> Result<Period, OutOfRange> {
        between(kind, first_date(kind, days.date(instant)).ok_or(OutOfRange)?, days)
    }

    /// The period of the same kind before this one.
    pub fn before(&self, kind: PeriodKind, days: &LocalDays) -> Result<Period, OutOfRange> {
        let first = self.first_date(kind, days)?;
        let before = match kind.months() {
            Some(months) => first.checked_sub_months(Months::new(months)),
            None => first.checked_sub_days(Days::new(length(kind))),
        };
        between(kind, before.ok_or(OutOfRange)?, days)
    }

    /// The period of the same kind after this one.
    pub fn after(&self, kind: PeriodKind, days: &LocalDays) -> Result<Period, OutOfRange> {
        let next = next_date(kind, self.first_date(kind, days)?);
        between(kind, next.ok_or(OutOfRange)?, days)
    }

    /// Its first date, as a period of a kind.
    fn first_date(&self, kind: PeriodKind, days: &LocalDays) -> Result<NaiveDate, OutOfRange> {
        let date = days.date(self.start);
        match kind {
            PeriodKind::RollingDays(_) => Ok(date),
            _ => first_date(kind, date).ok_or(OutOfRange),
        }
    }

    /// Whether an instant lies in it.
    pub fn contains(&self, instant: Instant) -> bool {
        self.start <= instant && instant < self.end
    }

    /// How an entry, evaluated as of an instant, belongs to it; `None`: it is not counted in it.
    pub fn membership(&self, entry: &Entry<'_>, as_of: Instant) -> Option<Membership> {
        self.membership_of(entry.begin_time, entry.place_time(), as_of)
    }

    /// The same of what began and is placed at these instants: an entry's
    /// [`begin_time`](Entry::begin_time) and [`place_time`](Entry::place_time).
    pub fn membership_of(
        &self,
        begin_time: Option<Instant>,
        place_time: Option<Instant>,
        as_of: Instant,
    ) -> Option<Membership> {
        let has_begun = begin_time.is_some_and(|begun| begun < self.end);
        match place_time {
            Some(placed) if self.contains(placed) => Some(Membership::Placed),
            Some(placed) if placed < self.end => None,
            _ => (has_begun && self.start <= as_of).then_some(Membership::OpenAtEnd),
        }
    }

    /// Up to when time is counted in it as of an instant: its end, or that instant while it goes
    /// on.
    pub fn counted_until(&self, as_of: Instant) -> Instant {
        self.end.min(as_of)
    }
}

/// The kind of period a name spells, and its first date.
fn parse(name: &str) -> Option<(PeriodKind, NaiveDate)> {
    let year = |text: &str| match text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        true => text.parse::<i32>().ok(),
        false => None,
    };
    let Some((first, rest)) = name.split_once('-') else {
        return Some((PeriodKind::Year, NaiveDate::from_ymd_opt(year(name)?, 1, 1)?));
    };
    let year = year(first)?;
    match rest.as_bytes() {
        [b'Q', quarter @ b'1'..=b'4'] => {
            Some((PeriodKind::Quarter, quarter_of(year, u32::from(quarter - b'0'))?))
        }
        [tens @ b'0'..=b'1', ones @ b'0'..=b'9'] => {
            let month = u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
            Some((PeriodKind::Month, NaiveDate::from_ymd_opt(year, month, 1)?))
        }
        _ => None,
    }
}

fn quarter_of(year: i32, quarter: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, quarter * 3 - 2, 1)
}

/// The first date of the period of a kind that contains a date; rolling days end with the date.
fn first_date(kind: PeriodKind, date: NaiveDate) -> Option<NaiveDate> {
    match kind {
        PeriodKind::Month => date.with_day(1),
        PeriodKind::Quarter => quarter_of(date.year(), date.month0() / 3 + 1),
        PeriodKind::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
        PeriodKind::RollingDays(_) => {
            date.checked_sub_days(Days::new(length(kind).saturating_sub(1)))
        }
    }
}

/// The first date after the period of a kind that begins with a date.
fn next_date(kind: PeriodKind, first: NaiveDate) -> Option<NaiveDate> {
    match kind.months() {
        Some(months) => first.checked_add_months(Months::new(months)),
        None => first.checked_add_days(Days::new(length(kind))),
    }
}

/// How many days rolling days have; 0 for other periods.
fn length(kind: PeriodKind) -> u64 {
    match kind {
        PeriodKind::RollingDays(days) => days.into(),
        PeriodKind::Month | PeriodKind::Quarter | PeriodKind::Year => 0,
    }
}

/// The period of a kind that begins with a date.
fn between(kind: PeriodKind, first: NaiveDate, days: &LocalDays) -> Result<Period, OutOfRange> {
    let name = match kind {
        PeriodKind::Month => first.format("%Y-%m").to_string(),
        PeriodKind::Quarter => format!("{:04}-Q{}", first.year(), first.month0() / 3 + 1),
        PeriodKind::Year => first.format("%Y").to_string(),
        PeriodKind::RollingDays(_) => String::new(),
    };
    let next = next_date(kind, first).ok_or(OutOfRange)?;
    Ok(Period { name, start: days.begin(first)?, end: days.begin(next)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::{Zone, ZoneDatabase};

    fn zone(name: &str) -> Zone {
        let zones = ZoneDatabase::bundled();
        zones.zone(name).unwrap_or_else(|| panic!("no such zone"))
    }

    fn amsterdam() -> LocalDays {
        zone("Europe/Amsterdam").into()
    }

    fn fields(period: &Period) -> (String, String, String) {
        (period.name.clone(), period.start.to_string(), period.end.to_string())
    }

    #[test]
    fn a_month_is_cut_at_local_midnight_on_both_sides_of_a_change_of_clocks() {
        let march = Period::named("2026-03", &amsterdam());
        let found = march.map(|march| fields(&march));
        let expected = ("2026-03", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z");
        assert_eq!(found, Ok((expected.0.into(), expected.1.into(), expected.2.into())));
    }

    #[test]
    fn every_kind_is_found_around_an_instant_and_before_it() {
        let zone = amsterdam();
        let instant = Instant::from_seconds(1_793_487_600).unwrap_or_default(); // 2026-10-31T23:00Z
        let of = |kind| Period::around(kind, instant, &zone).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(of(PeriodKind::Month).name, "2026-11");
        assert_eq!(of(PeriodKind::Quarter).name, "2026-Q4");
        assert_eq!(of(PeriodKind::Year).name, "2026");
        let week = of(PeriodKind::RollingDays(7));
        assert_eq!(fields(&week).1, "2026-10-25T23:00:00Z");
        assert_eq!(fields(&week).2, "2026-11-01T23:00:00Z");
        for kind in PeriodKind::OF_CALENDAR {
            let before = of(kind).before(kind, &zone).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(before.end, of(kind).start);
            assert_eq!(before.after(kind, &zone), Ok(of(kind)));
        }
    }

    /// P11: UTC, and New York from 15 June on.
    #[test]
    fn each_end_of_a_period_is_cut_in_the_zone_in_force_then() {
        let change = Instant::from_seconds(1_781_481_600).unwrap_or_default(); // 2026-06-15T00:00Z
        let days = LocalDays::new(zone("UTC"), vec![(change, zone("America/New_York"))]);
        let of = |name: &str| {
            let period = Period::named(name, &days).unwrap_or_else(|e| panic!("{e}"));
            (period.start.to_string(), period.end.to_string())
        };
        let (march, june, july) = (of("2026-03"), of("2026-06"), of("2026-07"));
        assert_eq!(march, ("2026-03-01T00:00:00Z".into(), "2026-04-01T00:00:00Z".into()));
        assert_eq!(june, ("2026-06-01T00:00:00Z".into(), "2026-07-01T04:00:00Z".into()));
        assert_eq!(july.0, june.1);
        assert_eq!(of("2026").1, "2027-01-01T05:00:00Z");
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for name in [
            "",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-01",
            "2026-Q5",
            "2026-Q0",
            "+026",
            "2026-10-01",
        ] {
            let error = Period::named(name, &amsterdam());
            assert_eq!(error, Err(PeriodError::NotAPeriod(name.to_owned())), "{name}");
        }
        assert!(matches!(Period::named("1969", &amsterdam()), Err(PeriodError::OutOfRange(_))));
    }
}
