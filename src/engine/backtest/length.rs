//! The calendar weeks, months and quarters that forecasts are scored over.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};

use super::tested::Test;
use crate::domain::compliance::{LocalDays, Period};
use crate::domain::contract::PeriodKind;
use crate::domain::time::Instant;
use crate::domain::zone::Zone;

/// How long a period is that is forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Length {
    /// A calendar week, Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
}

/// Every length.
pub const LENGTHS: [Length; 3] = [Length::Week, Length::Month, Length::Quarter];

impl Length {
    /// The period of this length that contains an instant; `None` outside 1970 to 2199.
    pub(super) fn around(self, instant: Instant, days: &LocalDays) -> Option<Period> {
        match self {
            Length::Week => week(days.date(instant), days),
            Length::Month => Period::around(PeriodKind::Month, instant, days).ok(),
            Length::Quarter => Period::around(PeriodKind::Quarter, instant, days).ok(),
        }
    }

    /// The period of this length before another one.
    pub(super) fn before(self, period: &Period, days: &LocalDays) -> Option<Period> {
        match self {
            Length::Week => week(days.date(period.start).checked_sub_days(Days::new(1))?, days),
            Length::Month => period.before(PeriodKind::Month, days).ok(),
            Length::Quarter => period.before(PeriodKind::Quarter, days).ok(),
        }
    }
}

/// The week of a date, by its ISO name: `2026-W41`.
fn week(date: NaiveDate, days: &LocalDays) -> Option<Period> {
    let since_monday = u64::from(date.weekday().days_since(Weekday::Mon));
    let first = date.checked_sub_days(Days::new(since_monday))?;
    let name = format!("{}-W{:02}", date.iso_week().year(), date.iso_week().week());
    let (start, end) = (days.begin(first), days.begin(first.checked_add_days(Days::new(7))?));
    Some(Period { name, start: start.ok()?, end: end.ok()? })
}

/// The noon of each day on which forecasts are given.
pub(super) fn noons(test: Test<'_>, zone: &Zone) -> Vec<Instant> {
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    let days = zone.local(test.learn_until).date().iter_days();
    let noons = days.map_while(|date| zone.instant(date.and_time(noon)).ok());
    let noons = noons.skip_while(|noon| *noon < test.learn_until);
    noons.take_while(|noon| *noon < test.until).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::ZoneDatabase;

    #[test]
    fn weeks_begin_on_monday_and_follow_each_other() {
        let zones = ZoneDatabase::bundled();
        let days = LocalDays::from(zones.zone("Europe/Amsterdam").unwrap());
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let instant = days.begin(first).unwrap();
        let of = |length: Length| length.around(instant, &days).unwrap();
        let week = of(Length::Week);
        assert_eq!((week.name.as_str(), week.contains(instant)), ("2026-W01", true));
        let before = Length::Week.before(&week, &days).unwrap();
        assert_eq!((before.name.as_str(), before.end), ("2025-W52", week.start));
        assert_eq!(
            (of(Length::Month).name, of(Length::Quarter).name),
            ("2026-01".into(), "2026-Q1".into())
        );
    }
}
