//! What a stretch of service hours is compiled from, and nothing else: two calendars that plan the
//! same for a stretch share what it is compiled to.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use super::stretch;
use super::wall_clock::{LocalOffset, SECONDS_PER_DAY, local_offsets};
use super::{Calendar, Window};
use crate::domain::time::Instant;
use crate::domain::zone::Zone;

/// Days on either side of a stretch that may matter to it. The local date may be two days off that
/// in UTC, what is open may have begun on the date before and, by a gap, end a date later.
const DAYS_AROUND: i64 = 4;
/// Days on either side of those in which an offset is looked up: further than clocks are put back.
const DAYS_OF_OFFSETS: i64 = 3;

/// The SHA-256 of a plan.
pub type PlanDigest = [u8; 32];

/// Which windows begin on each local date in and around a stretch. Dates are numbered from
/// 1970-01-01, which is 0.
#[derive(Debug, Hash)]
pub(super) struct Plan {
    number: usize,
    /// The windows of an ordinary week, from Monday.
    week: [Vec<Window>; 7],
    exceptions: BTreeMap<i64, Exception>,
    offsets: Vec<LocalOffset>,
}

/// How a date differs from an ordinary one.
#[derive(Debug, Hash)]
pub(super) enum Exception {
    /// It is closed from midnight to midnight.
    Holiday,
    /// It has windows of its own, whether it is a holiday or not.
    Special(Vec<Window>),
}

impl Plan {
    /// What `calendar` plans in `zone` for a stretch, by its number.
    pub fn new(calendar: &Calendar, zone: &Zone, number: usize) -> Plan {
        let days = days_around(number);
        let second = |day: i64| Instant::from_seconds(day * SECONDS_PER_DAY);
        let from = second(days.start() - DAYS_OF_OFFSETS).unwrap_or(Instant::MIN);
        let to = second(days.end() + DAYS_OF_OFFSETS).unwrap_or(Instant::MAX);
        let special = calendar.special_openings().iter();
        let special = special.map(|one| (one.date, Exception::Special(one.windows.clone())));
        let holidays = calendar.holidays().iter().map(|one| (one.date, Exception::Holiday));
        // Of two for the same date the later stays.
        let exceptions = holidays.chain(special).map(|(date, one)| (day_number(date), one));
        Plan {
            number,
            week: ordinary_week(calendar),
            exceptions: exceptions.filter(|(day, _)| days.contains(day)).collect(),
            offsets: local_offsets(zone, from, to),
        }
    }

    /// The number of the stretch.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The days that may matter to the stretch.
    pub fn days(&self) -> RangeInclusive<i64> {
        days_around(self.number)
    }

    /// The windows that begin on a date. On a holiday those of the week begin, for what of them
    /// lies after its end.
    pub fn begins(&self, day: i64) -> &[Window] {
        if let Some(Exception::Special(windows)) = self.exceptions.get(&day) {
            return windows;
        }
        // Day 0 was a Thursday.
        let days_after_monday = (day + 3).rem_euclid(7);
        self.week.get(days_after_monday as usize).map_or(&[], Vec::as_slice)
    }

    /// The exceptions on some days, in order.
    pub fn exceptions(&self, days: RangeInclusive<i64>) -> impl Iterator<Item = (i64, &Exception)> {
        self.exceptions.range(days).map(|(day, exception)| (*day, exception))
    }

    /// The zone's offsets around the stretch.
    pub fn offsets(&self) -> &[LocalOffset] {
        &self.offsets
    }

    /// The same for plans that compile to the same, and for no others.
    pub fn digest(&self) -> PlanDigest {
        let mut digesting = Digesting(Sha256::new());
        self.hash(&mut digesting);
        digesting.0.finalize().into()
    }
}

fn days_around(number: usize) -> RangeInclusive<i64> {
    let (begins, ends) = stretch::bounds(number);
    (begins / SECONDS_PER_DAY - DAYS_AROUND)..=(ends / SECONDS_PER_DAY + DAYS_AROUND)
}

fn ordinary_week(calendar: &Calendar) -> [Vec<Window>; 7] {
    let mut week: [Vec<Window>; 7] = Default::default();
    if calendar.always_open() {
        week.fill(vec![Window::WHOLE_DATE]);
    }
    for weekly in calendar.weekly() {
        for day in &weekly.days {
            if let Some(windows) = week.get_mut(day.num_days_from_monday() as usize) {
                windows.push(weekly.window);
            }
        }
    }
    for windows in &mut week {
        windows.sort_unstable();
        windows.dedup();
    }
    week
}

fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.to_epoch_days())
}

/// Feeds all that is hashed to a digest.
struct Digesting(Sha256);

impl Hasher for Digesting {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
