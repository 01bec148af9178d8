//! Calendar weeks in a contract's time zone.

use chrono::{Datelike, Days, NaiveDate, NaiveTime};

use super::tested::Test;
use crate::domain::time::Instant;
use crate::domain::zone::Zone;

/// A calendar week, Monday to Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Week {
    pub first: NaiveDate,
    pub start: Instant,
    pub end: Instant,
}

impl Week {
    fn of(first: NaiveDate, zone: &Zone) -> Option<Week> {
        let midnight = |date: NaiveDate| zone.instant(date.and_time(NaiveTime::MIN)).ok();
        let next = first.checked_add_days(Days::new(7))?;
        Some(Week { first, start: midnight(first)?, end: midnight(next)? })
    }

    /// Its days.
    pub fn dates(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take(7)
    }

    /// The noon of each of its days.
    pub fn noons(self, zone: &Zone) -> Vec<Instant> {
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
        self.dates().filter_map(|date| zone.instant(date.and_time(noon)).ok()).collect()
    }
}

/// The whole weeks in which forecasts are scored.
pub(super) fn weeks(test: Test<'_>, zone: &Zone) -> Vec<Week> {
    let begin = zone.local(test.learn_until).date();
    let mondays = begin.iter_days().filter(|date| date.weekday() == chrono::Weekday::Mon);
    let weeks = mondays.map_while(|monday| Week::of(monday, zone));
    let weeks = weeks.skip_while(|week| week.start < test.learn_until);
    weeks.take_while(|week| week.end <= test.until).collect()
}
