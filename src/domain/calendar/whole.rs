//! Service hours compiled whole, from 1970 to 2199 at once, as they were before there were
//! stretches: what stretches answer is held against it, to the nanosecond.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};

use super::hours::FirstWorkingDay;
use super::stretch::END_SECOND;
use super::{Calendar, Window};
use crate::domain::time::{Instant, Span};
use crate::domain::zone::Zone;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// All service time of a calendar.
pub(super) struct WholeHours {
    /// The UTC second at which each window opens, in order.
    opens: Vec<i64>,
    /// The seconds of service time before each window, then those of all windows.
    served: Vec<i64>,
    zone: Zone,
    day_closes: OnceCell<Box<[i64]>>,
}

impl WholeHours {
    pub fn new(calendar: &Calendar, zone: Zone) -> WholeHours {
        let intervals = open_seconds(calendar, &zone);
        let opens = intervals.iter().map(|(opens, _)| *opens).collect();
        let mut total = 0;
        let mut served = vec![0];
        for (opens, closes) in intervals {
            total += closes - opens;
            served.push(total);
        }
        WholeHours { opens, served, zone, day_closes: OnceCell::new() }
    }

    pub fn elapsed(&self, from: Instant, to: Instant) -> Span {
        if to <= from {
            return Span::ZERO;
        }
        Span::from_nanos(self.nanos_until(to) - self.nanos_until(from))
    }

    pub fn add(&self, start: Instant, amount: Span) -> Option<Instant> {
        if amount <= Span::ZERO {
            return Some(start);
        }
        let target = self.nanos_until(start).checked_add(amount.nanos())?;
        // The window in which the last of the nanoseconds up to the target passes.
        self.instant_at(self.window_of_nano(target - 1)?, target)
    }

    pub fn subtract(&self, end: Instant, amount: Span) -> Option<Instant> {
        if amount <= Span::ZERO {
            return Some(end);
        }
        let target = self.nanos_until(end).checked_sub(amount.nanos())?;
        if target < 0 { None } else { self.instant_at(self.window_of_nano(target)?, target) }
    }

    pub fn exceeds_at(&self, start: Instant, amount: Span) -> Option<Instant> {
        if amount < Span::ZERO {
            return Some(start);
        }
        let target = self.nanos_until(start).checked_add(amount.nanos())?;
        self.instant_at(self.window_of_nano(target)?, target)
    }

    pub fn close_of_working_day(
        &self,
        start: Instant,
        count: u16,
        first: FirstWorkingDay,
    ) -> Option<Instant> {
        let from = match first {
            FirstWorkingDay::DayOfStart => start,
            FirstWorkingDay::DayAfterStart => self.next_midnight(start)?,
        };
        let closes = self.day_closes.get_or_init(|| self.closes_of_days());
        // The first day of which there is service time left.
        let next = closes.partition_point(|close| *close <= from.seconds());
        let close = closes.get(next + usize::from(count.saturating_sub(1)))?;
        Instant::from_seconds(*close).ok()
    }

    /// The second at which the last service time of each local date passes that has any.
    pub fn closes_of_days(&self) -> Box<[i64]> {
        let mut closes = Vec::new();
        let mut day_end = i64::MIN;
        for window in 0..self.opens.len() {
            let mut from = self.opens[window];
            while from < self.closes(window) {
                if day_end <= from {
                    let midnight =
                        Instant::from_seconds(from).ok().and_then(|at| self.next_midnight(at));
                    day_end = midnight.map_or(i64::MAX, Instant::seconds);
                    closes.push(from);
                }
                from = day_end.min(self.closes(window));
                if let Some(last) = closes.last_mut() {
                    *last = from;
                }
            }
        }
        closes.into()
    }

    /// The first local midnight after `at`.
    fn next_midnight(&self, at: Instant) -> Option<Instant> {
        let dates = self.zone.local(at).date().iter_days().skip(1);
        let mut midnights = dates.map(|date| self.zone.instant(date.and_time(NaiveTime::MIN)));
        // Where a midnight is shown twice, the second lies in the date that the first began.
        midnights.find_map(|midnight| match midnight {
            Ok(midnight) => (midnight > at).then_some(Some(midnight)),
            Err(_) => Some(None),
        })?
    }

    pub fn next_opening(&self, at: Instant) -> Option<Instant> {
        if self.is_open(at) {
            return Some(at);
        }
        let next = *self.opens.get(self.opened_by(at))?;
        Instant::from_seconds(next).ok()
    }

    pub fn is_open(&self, at: Instant) -> bool {
        let latest = self.opened_by(at).checked_sub(1);
        latest.is_some_and(|window| at.seconds() < self.closes(window))
    }

    pub fn windows(
        &self,
        from: Instant,
        to: Instant,
    ) -> impl Iterator<Item = (Instant, Instant)> + use<'_> {
        let first = self.opened_by(from).saturating_sub(1);
        (first..self.opens.len())
            .map_while(move |window| {
                let opens = Instant::from_seconds(self.opens[window]).ok()?;
                // The last window may close at the end of time, which is no instant.
                let closes = Instant::from_seconds(self.closes(window)).unwrap_or(to);
                (opens < to).then(|| (opens.max(from), closes.min(to)))
            })
            .filter(|(opens, closes)| opens < closes)
    }

    pub fn never_opens(&self) -> bool {
        self.opens.is_empty()
    }

    /// Nanoseconds of service time before `at`: at most those of the supported range, which fit.
    fn nanos_until(&self, at: Instant) -> i64 {
        let Some(window) = self.opened_by(at).checked_sub(1) else {
            return 0;
        };
        let since_opening = at.nanos() - self.opens[window] * NANOS_PER_SECOND;
        let before_opening = self.served[window] * NANOS_PER_SECOND;
        (before_opening + since_opening).min(self.served[window + 1] * NANOS_PER_SECOND)
    }

    /// The window in which a nanosecond of service time passes; they are numbered from zero.
    fn window_of_nano(&self, nano: i64) -> Option<usize> {
        let second = nano / NANOS_PER_SECOND;
        let total = self.served[self.opens.len()];
        let begun = self.served[..self.opens.len()].partition_point(|served| *served <= second);
        if second < total { begun.checked_sub(1) } else { None }
    }

    /// The instant in `window` before which `nanos` nanoseconds of service time have passed.
    fn instant_at(&self, window: usize, nanos: i64) -> Option<Instant> {
        let since_opening = nanos - self.served[window] * NANOS_PER_SECOND;
        Instant::from_nanos(self.opens[window] * NANOS_PER_SECOND + since_opening).ok()
    }

    /// How many windows have opened by `at`.
    fn opened_by(&self, at: Instant) -> usize {
        self.opens.partition_point(|opens| *opens <= at.seconds())
    }

    /// The UTC second at which a window closes.
    fn closes(&self, window: usize) -> i64 {
        self.opens[window] + self.served[window + 1] - self.served[window]
    }
}

/// Dates are numbered from 1970-01-01, which is 0. At either end of time the local date may be
/// one further than that in UTC, and what is open may have begun on the date before.
const FIRST_DAY: i64 = -2;
const LAST_DAY: i64 = END_SECOND / SECONDS_PER_DAY + 1;

/// An interval of service time: its first second, and the first second after it, both UTC.
type OpenSeconds = (i64, i64);

/// The intervals during which `calendar` is open in `zone`: in order, apart from one another, and
/// within `0..END_SECOND`.
fn open_seconds(calendar: &Calendar, zone: &Zone) -> Vec<OpenSeconds> {
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
