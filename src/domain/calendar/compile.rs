//! Compiles a calendar to the intervals in which it is open, in UTC seconds, from 1970 to 2199.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Calendar, Window};
use crate::domain::time::Instant;
use crate::domain::zone::Zone;

/// The end of the supported range, in UTC seconds: the first second after [`Instant::MAX`].
pub(super) const END_SECOND: i64 = 7_258_118_400;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// Dates are numbered from 1970-01-01, which is 0. At either end of time the local date may be
/// one further than that in UTC, and what is open may have begun on the date before.
const FIRST_DAY: i64 = -2;
const LAST_DAY: i64 = END_SECOND / SECONDS_PER_DAY + 1;

/// An interval of service time: its first second, and the first second after it, both UTC.
pub(super) type OpenSeconds = (i64, i64);

/// The intervals during which `calendar` is open in `zone`: in order, apart from one another, and
/// within `0..END_SECOND`.
pub(super) fn open_seconds(calendar: &Calendar, zone: &Zone) -> Vec<OpenSeconds> {
    let plan = Plan::new(calendar);
    let mut clock = WallClock::new(zone);
    let mut intervals = Vec::new();
    for day in FIRST_DAY..=LAST_DAY {
        let windows = plan.begins(day);
        if windows.is_empty() || !clock.has_date(day) {
            continue;
        }
        for window in windows {
            let opens = clock.second(day, window.opens_minute());
            let closes = clock.second(day, window.closes_minute());
            open_parts(&plan, &mut clock, day, (opens, closes), &mut intervals);
        }
    }
    for (opens, closes) in &mut intervals {
        (*opens, *closes) = ((*opens).max(0), (*closes).min(END_SECOND));
    }
    intervals.retain(|(opens, closes)| opens < closes);
    intervals.sort_unstable();
    merge(&mut intervals);
    intervals
}

/// Adds what exceptional dates leave of a window that begins on `day`. No window reaches further
/// than into the second date after its own, and into that only when a gap moves its end there.
fn open_parts(
    plan: &Plan<'_>,
    clock: &mut WallClock,
    day: i64,
    window: OpenSeconds,
    intervals: &mut Vec<OpenSeconds>,
) {
    let (mut opens, closes) = window;
    for date in day..=(day + 2) {
        let exception = plan.exception(date);
        if exception == Exception::None || !clock.has_date(date) {
            continue;
        }
        let (begins, ends) = (clock.second(date, 0), clock.second(date + 1, 0));
        match exception {
            Exception::Holiday => {
                intervals.push((opens, closes.min(begins)));
                opens = opens.max(ends);
            }
            Exception::Special if date > day => {
                intervals.push((opens, closes.min(begins)));
                return;
            }
            Exception::Special | Exception::None => {}
        }
    }
    intervals.push((opens, closes));
}

/// Merges intervals that overlap or touch.
fn merge(intervals: &mut Vec<OpenSeconds>) {
    intervals.dedup_by(|next, kept| {
        let is_one = next.0 <= kept.1;
        if is_one {
            kept.1 = kept.1.max(next.1);
        }
        is_one
    });
    intervals.shrink_to_fit();
}

/// Which windows begin on each local date.
struct Plan<'a> {
    /// The windows of an ordinary week, from Monday.
    weekly: [Vec<Window>; 7],
    special: BTreeMap<i64, &'a [Window]>,
    /// What each date from [`FIRST_DAY`] is.
    exceptions: Vec<Exception>,
}

/// How a date differs from an ordinary one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Exception {
    /// Not at all.
    #[default]
    None,
    /// It is closed from midnight to midnight.
    Holiday,
    /// It has windows of its own, whether it is a holiday or not.
    Special,
}

impl<'a> Plan<'a> {
    fn new(calendar: &'a Calendar) -> Plan<'a> {
        let special_openings = calendar.special_openings();
        let special: BTreeMap<i64, &[Window]> = special_openings
            .iter()
            .map(|opening| (day_number(opening.date), &opening.windows[..]))
            .collect();
        let holidays = calendar.holidays().iter().map(|holiday| day_number(holiday.date));
        let holidays = holidays.map(|day| (day, Exception::Holiday));
        let replaced = special.keys().map(|day| (*day, Exception::Special));
        let mut exceptions = vec![Exception::None; position(LAST_DAY) + 1];
        for (day, exception) in holidays.chain(replaced) {
            if let Some(date) = exceptions.get_mut(position(day)) {
                *date = exception;
            }
        }
        Plan { weekly: ordinary_week(calendar), special, exceptions }
    }

    /// The windows that begin on a date, which is numbered as [`FIRST_DAY`] is. On a holiday those
    /// of the week begin, for what of them lies after its end.
    fn begins(&self, day: i64) -> &[Window] {
        if self.exception(day) == Exception::Special {
            return self.special.get(&day).copied().unwrap_or_default();
        }
        // Day 0 was a Thursday.
        let days_after_monday = (day + 3).rem_euclid(7);
        self.weekly.get(days_after_monday as usize).map_or(&[], Vec::as_slice)
    }

    fn exception(&self, day: i64) -> Exception {
        self.exceptions.get(position(day)).copied().unwrap_or_default()
    }
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

fn position(day: i64) -> usize {
    (day - FIRST_DAY) as usize
}

/// Turns local times into UTC seconds by the "compatible" rule of RFC 5545. It keeps its place at
/// the offset used last, so calls in roughly ascending order are cheap.
struct WallClock {
    offsets: Vec<LocalOffset>,
    current: usize,
}

/// An offset in seconds east of UTC, and the local second from which it applies.
struct LocalOffset {
    from_local_second: i64,
    seconds: i64,
}

impl WallClock {
    fn new(zone: &Zone) -> WallClock {
        let mut seconds = i64::from(zone.offset_seconds(Instant::MIN));
        let mut offsets = vec![LocalOffset { from_local_second: i64::MIN, seconds }];
        for transition in zone.transitions(Instant::MIN, Instant::MAX) {
            let next = i64::from(transition.offset_seconds);
            // The old offset rules to the end of the gap or the overlap, whichever it is: taken
            // with it, a time in the gap comes out later by its length, and a time in the
            // overlap is the first of the two. Both are what the rule demands.
            let from_local_second = transition.at.seconds() + seconds.max(next);
            offsets.push(LocalOffset { from_local_second, seconds: next });
            seconds = next;
        }
        WallClock { offsets, current: 0 }
    }

    /// The UTC second at which the wall clock shows `minute` minutes past the midnight of `day`.
    fn second(&mut self, day: i64, minute: u16) -> i64 {
        let local_second = day * SECONDS_PER_DAY + i64::from(minute) * 60;
        while self.rules_from(self.current + 1).is_some_and(|from| from <= local_second) {
            self.current += 1;
        }
        while self.rules_from(self.current).is_some_and(|from| from > local_second) {
            self.current -= 1;
        }
        #[expect(clippy::indexing_slicing, reason = "the first rules from the beginning of time")]
        let seconds = self.offsets[self.current].seconds;
        local_second - seconds
    }

    fn rules_from(&self, offset: usize) -> Option<i64> {
        self.offsets.get(offset).map(|offset| offset.from_local_second)
    }

    /// Whether the wall clock ever shows the date: a zone may skip one.
    fn has_date(&mut self, day: i64) -> bool {
        self.second(day, 0) < self.second(day + 1, 0)
    }
}
