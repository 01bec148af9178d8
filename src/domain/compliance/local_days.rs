//! The local days of a contract: each begins at midnight in the time zone in force then.
//!
//! A contract may change its time zone. A date begins at the first instant at which a clock in the
//! zone in force then shows it or a later date; the instant of the change itself, if the change
//! passes its midnight. So days follow each other without a gap or an overlap, and a later zone
//! moves no day that began before it.

use chrono::{NaiveDate, NaiveTime};

use crate::domain::time::{Instant, OutOfRange};
use crate::domain::zone::Zone;

/// The time zones of a contract, from when on each is in force, and with them its days.
#[derive(Clone, Debug)]
pub struct LocalDays {
    first: Zone,
    later: Vec<(Instant, Zone)>,
}

impl LocalDays {
    /// The days in `first` and, from each instant on, in another zone; the instants ascend.
    pub fn new(first: Zone, later: Vec<(Instant, Zone)>) -> LocalDays {
        LocalDays { first, later }
    }

    /// The zone in force at an instant.
    pub fn zone(&self, at: Instant) -> &Zone {
        let later = self.later.iter().rev().find(|(from, _)| *from <= at);
        later.map_or(&self.first, |(_, zone)| zone)
    }

    /// The first instant of a date.
    ///
    /// # Errors
    /// [`OutOfRange`] when it lies outside 1970 to 2199.
    pub fn begin(&self, date: NaiveDate) -> Result<Instant, OutOfRange> {
        let midnight = date.and_time(NaiveTime::MIN);
        let mut begin = self.first.instant(midnight)?;
        for (from, zone) in &self.later {
            if begin < *from {
                break;
            }
            begin = zone.instant(midnight)?.max(*from);
        }
        Ok(begin)
    }

    /// The date of an instant: the last that has begun by then.
    pub fn date(&self, instant: Instant) -> NaiveDate {
        let shown = self.zone(instant).local(instant).date();
        // A clock that goes back over midnight shows a date whose day is over.
        let has_begun = |date: &NaiveDate| self.begin(*date).is_ok_and(|begin| begin <= instant);
        let next = |date: &NaiveDate| date.succ_opt().filter(has_begun);
        std::iter::successors(Some(shown), next).last().unwrap_or(shown)
    }
}

impl From<Zone> for LocalDays {
    fn from(zone: Zone) -> LocalDays {
        LocalDays::new(zone, Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::Span;
    use crate::domain::zone::ZoneDatabase;

    fn zone(name: &str) -> Zone {
        let zones = ZoneDatabase::bundled();
        zones.zone(name).unwrap_or_else(|| panic!("no zone {name}"))
    }

    fn at(text: &str) -> Instant {
        let time: jiff::Timestamp = text.parse().unwrap();
        Instant::from_seconds(time.as_second()).unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_date_begins_in_the_zone_in_force_then_and_a_change_moves_no_day_before_it() {
        let change = (at("2026-06-15T00:00:00Z"), zone("America/New_York"));
        let days = LocalDays::new(zone("UTC"), vec![change]);
        let begin = |text: &str| days.begin(date(text)).unwrap();
        assert_eq!(begin("2026-03-01"), at("2026-03-01T00:00:00Z"));
        assert_eq!(begin("2026-06-15"), at("2026-06-15T04:00:00Z"));
        assert_eq!(begin("2026-07-01"), at("2026-07-01T04:00:00Z"));
        assert_eq!(days.date(at("2026-06-15T03:59:59Z")), date("2026-06-14"));
    }

    #[test]
    fn a_change_that_passes_midnight_begins_the_day_itself_and_one_that_goes_back_repeats_none() {
        let forth = (at("2026-06-01T02:00:00Z"), zone("UTC"));
        let days = LocalDays::new(zone("America/New_York"), vec![forth]);
        assert_eq!(days.begin(date("2026-06-01")), Ok(at("2026-06-01T02:00:00Z")));
        let back = (at("2026-06-01T02:00:00Z"), zone("America/New_York"));
        let days = LocalDays::new(zone("UTC"), vec![back]);
        assert_eq!(days.begin(date("2026-06-01")), Ok(at("2026-06-01T00:00:00Z")));
        assert_eq!(days.date(at("2026-06-01T03:00:00Z")), date("2026-06-01"));
    }

    #[test]
    fn a_clock_that_goes_back_over_midnight_stays_in_the_day_that_has_begun() {
        // Newfoundland went from 00:01 on 1 November 2009 back to 23:01 on 31 October.
        let days = LocalDays::from(zone("America/St_Johns"));
        let begin = days.begin(date("2009-11-01")).unwrap();
        assert_eq!(begin, at("2009-11-01T02:30:00Z"));
        assert_eq!(days.date(at("2009-11-01T03:00:00Z")), date("2009-11-01"));
    }

    proptest! {
        #[test]
        fn days_follow_each_other_and_an_instant_is_in_the_day_that_contains_it(
            names in proptest::collection::vec(0usize..8, 1..5),
            hours in proptest::collection::vec(0i64..24 * 60, 4),
            minute in 0i64..60 * 24 * 60,
        ) {
            const ZONES: [&str; 8] = [
                "UTC", "Pacific/Apia", "America/New_York", "Asia/Kolkata", "Europe/Amsterdam",
                "Pacific/Niue", "America/St_Johns", "Pacific/Kiritimati",
            ];
            // Two months around the day that Samoa left out, and the end of a year.
            let origin = at("2011-12-01T00:00:00Z");
            let after = |span| origin.checked_add(span).unwrap();
            let mut changes: Vec<_> = hours.iter().map(|h| after(Span::from_hours(*h))).collect();
            changes.sort_unstable();
            changes.dedup();
            let (first, later) = names.split_first().unwrap();
            let later = changes.into_iter().zip(later.iter().map(|name| zone(ZONES[*name])));
            let days = LocalDays::new(zone(ZONES[*first]), later.collect());
            let instant = after(Span::from_seconds(minute * 60));
            let found = days.date(instant);
            let next = found.checked_add_days(Days::new(1)).unwrap();
            prop_assert!(days.begin(found).unwrap() <= instant);
            prop_assert!(instant < days.begin(next).unwrap());
        }
    }
}
