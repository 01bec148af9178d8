//! Compiled service hours of all tenants, within a bound.
//!
//! Who reads is not held up: a question reads its place and leaves a mark. When there is too much,
//! what was compiled first is looked at first: what was read since the last time stays, what was
//! not is forgotten ("second chance").

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::domain::calendar::{Places, PlanDigest, StretchPlace};

/// Places at which those are first dropped that no calendar holds any more.
const PLACES_DROPPED_AT: usize = 1_024;

/// Keeps compiled service hours, of calendars that plan the same only once.
#[derive(Debug)]
pub struct CalendarCache {
    bytes_max: usize,
    kept: Mutex<Kept>,
}

/// What is kept of compiled service hours, and what was done for it since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CalendarCacheUse {
    /// The memory that compiled stretches take.
    pub bytes: usize,
    /// Stretches that were compiled to be kept.
    pub compiled: u64,
    /// Stretches that were forgotten for want of room.
    pub forgotten: u64,
}

#[derive(Debug)]
struct Kept {
    /// Every place that a calendar holds, and some that none does any more.
    places: HashMap<PlanDigest, Weak<StretchPlace>>,
    /// At how many places the others are dropped.
    dropped_at: usize,
    /// The places that are filled, with the bytes they take.
    filled: VecDeque<(Arc<StretchPlace>, usize)>,
    used: CalendarCacheUse,
}

impl CalendarCache {
    /// A cache of at most so many bytes.
    pub fn new(bytes_max: usize) -> CalendarCache {
        let kept = Kept {
            places: HashMap::new(),
            dropped_at: PLACES_DROPPED_AT,
            filled: VecDeque::new(),
            used: CalendarCacheUse::default(),
        };
        CalendarCache { bytes_max, kept: Mutex::new(kept) }
    }

    /// How it is used.
    pub fn used(&self) -> CalendarCacheUse {
        self.kept.lock().used
    }
}

impl Places for CalendarCache {
    fn place(&self, digest: PlanDigest) -> Arc<StretchPlace> {
        let mut kept = self.kept.lock();
        if let Some(place) = kept.places.get(&digest).and_then(Weak::upgrade) {
            return place;
        }
        kept.drop_unheld();
        let place = Arc::<StretchPlace>::default();
        kept.places.insert(digest, Arc::downgrade(&place));
        place
    }

    fn filled(&self, place: &Arc<StretchPlace>) {
        let mut kept = self.kept.lock();
        let bytes = place.bytes();
        kept.filled.push_back((Arc::clone(place), bytes));
        kept.used.bytes += bytes;
        kept.used.compiled += 1;
        kept.forget_down_to(self.bytes_max);
    }
}

impl Kept {
    /// Drops the places that nobody holds, when there are twice as many as the last time.
    fn drop_unheld(&mut self) {
        if self.places.len() >= self.dropped_at {
            self.places.retain(|_, place| place.strong_count() > 0);
            self.dropped_at = PLACES_DROPPED_AT.max(2 * self.places.len());
        }
    }

    fn forget_down_to(&mut self, bytes_max: usize) {
        // Readers may mark faster than is looked at: nothing gets a third chance.
        let mut chances = self.filled.len();
        while self.used.bytes > bytes_max
            && let Some((place, bytes)) = self.filled.pop_front()
        {
            if chances > 0 && place.was_read() {
                chances -= 1;
                self.filled.push_back((place, bytes));
                continue;
            }
            place.empty();
            self.used.bytes -= bytes;
            self.used.forgotten += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;

    use super::*;
    use crate::domain::calendar::hours::ServiceHours;
    use crate::domain::calendar::{Calendar, Draft, DraftHoliday, DraftWeekly};
    use crate::domain::time::{Instant, Span};
    use crate::domain::zone::ZoneDatabase;

    /// What an office's hours of a year take at most.
    const YEAR_BYTES: usize = 5_000;

    /// An office's hours, with a holiday on each of some dates.
    fn office(cache: &Arc<CalendarCache>, zone: &str, holidays: &[&str]) -> ServiceHours {
        let zones = ZoneDatabase::bundled();
        let days = vec![Weekday::Mon, Weekday::Tue, Weekday::Wed];
        let weekly = vec![DraftWeekly { days, opens: "09:00".into(), closes: "17:00".into() }];
        let holiday = |date: &&str| DraftHoliday { date: (*date).into(), name: (*date).into() };
        let holidays = holidays.iter().map(holiday).collect();
        let draft = Draft { time_zone: zone.into(), weekly, holidays, ..Draft::default() };
        let calendar = Arc::new(Calendar::parse(&draft, &zones).unwrap());
        ServiceHours::kept_in(Arc::<CalendarCache>::clone(cache), calendar, &zones).unwrap()
    }

    fn day_of(year: i64) -> Instant {
        Instant::from_seconds((year - 1970) * 31_556_952 + 14 * 86_400).unwrap()
    }

    fn served_in(hours: &ServiceHours, year: i64) -> Span {
        let from = day_of(year);
        hours.elapsed(from, from.checked_add(Span::from_hours(7 * 24)).unwrap())
    }

    const WEEK: Span = Span::from_hours(3 * 8);

    /// Attack A6.
    #[test]
    fn calendars_that_plan_the_same_for_a_year_share_it() {
        let cache = Arc::new(CalendarCache::new(usize::MAX));
        let calendars = [
            office(&cache, "Europe/Amsterdam", &["2040-12-25"]),
            office(&cache, "Europe/Amsterdam", &["2040-12-25", "2041-12-25"]),
            office(&cache, "Europe/Berlin", &[]),
        ];
        for hours in &calendars {
            assert_eq!(served_in(hours, 2026), WEEK);
        }
        assert_eq!(cache.used().compiled, 1);
        served_in(&office(&cache, "Europe/London", &[]), 2026);
        served_in(&office(&cache, "Europe/Amsterdam", &["2026-01-01"]), 2026);
        assert_eq!(cache.used().compiled, 3);
    }

    /// Attack A6.
    #[test]
    fn no_more_is_kept_than_the_bound_and_what_is_forgotten_is_compiled_again() {
        let cache = Arc::new(CalendarCache::new(10 * YEAR_BYTES));
        let hours = office(&cache, "Europe/Amsterdam", &[]);
        for year in (1971..2199).chain(1971..2199) {
            assert_eq!(served_in(&hours, year), WEEK, "{year}");
            assert!(cache.used().bytes <= 10 * YEAR_BYTES);
        }
        assert!(cache.used().bytes > 5 * YEAR_BYTES);
        assert!(cache.used().forgotten > 300, "{:?}", cache.used());
    }

    #[test]
    fn what_is_read_again_and_again_stays() {
        let cache = Arc::new(CalendarCache::new(10 * YEAR_BYTES));
        let (often, seldom) =
            (office(&cache, "Europe/London", &[]), office(&cache, "Europe/Amsterdam", &[]));
        served_in(&often, 2026);
        for year in 1971..2199 {
            served_in(&seldom, year);
            served_in(&often, 2026);
        }
        let compiled = cache.used().compiled;
        served_in(&often, 2026);
        assert_eq!(cache.used().compiled, compiled);
    }

    #[test]
    fn a_bound_of_nothing_keeps_nothing_and_answers_all_the_same() {
        let cache = Arc::new(CalendarCache::new(0));
        let hours = office(&cache, "Europe/Amsterdam", &[]);
        assert_eq!((served_in(&hours, 2026), cache.used().bytes), (WEEK, 0));
    }

    #[test]
    fn places_of_calendars_that_are_gone_are_dropped() {
        let cache = Arc::new(CalendarCache::new(0));
        for number in 0..4 * PLACES_DROPPED_AT {
            let mut digest = PlanDigest::default();
            digest[..8].copy_from_slice(&number.to_le_bytes());
            cache.place(digest);
        }
        assert!(cache.kept.lock().places.len() <= PLACES_DROPPED_AT);
    }
}
