//! Service hours: a compiled calendar, which answers every question in the same time, however long
//! the span it is about.

use std::sync::OnceLock;

use chrono::NaiveTime;

use super::Calendar;
use super::compile::{self, END_SECOND};
use super::index::Index;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::{Zone, ZoneDatabase};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// All service time of a calendar from 1970 to 2199, under one release of the time zone database.
///
/// Service time is real (UTC) time: an 09:00 to 17:00 window is eight hours also on the days on
/// which the clock changes, and a day open round the clock has then 23 or 25.
#[derive(Clone, Debug)]
pub struct ServiceHours {
    /// The UTC second at which each window opens, in order.
    opens: Box<[i64]>,
    /// The seconds of service time before each window, then those of all windows. The difference of
    /// two neighbours is the length of a window.
    served: Box<[i64]>,
    by_time: Index,
    by_service: Index,
    /// The zone whose midnights divide local dates.
    zone: Zone,
    /// The UTC second at which each working day closes, in order. Computed at its first use, since
    /// few contracts count in days.
    day_closes: OnceLock<Box<[i64]>>,
}

/// Where the counting of working days begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FirstWorkingDay {
    /// With the date of the start, if any of its service time is left then.
    DayOfStart,
    /// With the local date after that of the start, whatever is left of that.
    #[default]
    DayAfterStart,
}

/// The error for a calendar in a time zone that the database does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time zone {name:?} is not in time zone database {version}")]
pub struct UnknownZone {
    /// The zone the calendar names.
    pub name: String,
    /// The release of the database it was looked up in.
    pub version: String,
}

#[expect(
    clippy::indexing_slicing,
    reason = "`served` has one more than `opens`, and an index counts no more than there are"
)]
impl ServiceHours {
    /// Computes every window of `calendar`, which takes a few milliseconds.
    ///
    /// # Errors
    /// [`UnknownZone`] when the database does not have the calendar's time zone.
    pub fn compile(calendar: &Calendar, zones: &ZoneDatabase) -> Result<ServiceHours, UnknownZone> {
        let name = calendar.time_zone();
        let unknown = || UnknownZone { name: name.into(), version: zones.version().into() };
        let zone = zones.zone(name).ok_or_else(unknown)?;
        Ok(ServiceHours::new(&compile::open_seconds(calendar, &zone), zone))
    }

    fn new(intervals: &[compile::OpenSeconds], zone: Zone) -> ServiceHours {
        let opens: Box<[i64]> = intervals.iter().map(|(opens, _)| *opens).collect();
        let mut total = 0;
        let mut served = Vec::with_capacity(intervals.len() + 1);
        served.push(0);
        for (opens, closes) in intervals {
            total += closes - opens;
            served.push(total);
        }
        let by_time = Index::new(&opens, END_SECOND);
        let by_service = Index::new(&served[..intervals.len()], total);
        let (served, day_closes) = (served.into(), OnceLock::new());
        ServiceHours { opens, served, by_time, by_service, zone, day_closes }
    }

    /// The service time in `[from, to)`; zero when `to` is not after `from`.
    pub fn elapsed(&self, from: Instant, to: Instant) -> Span {
        if to <= from {
            return Span::ZERO;
        }
        Span::from_nanos(self.nanos_until(to) - self.nanos_until(from))
    }

    /// The earliest instant by which `amount` of service time has passed since `start`. When the
    /// amount is used up exactly at a closing time it is that closing time, not the next opening.
    /// `start` itself when `amount` is zero or less; `None` when it isn't reached by
    /// [`Instant::MAX`].
    pub fn add(&self, start: Instant, amount: Span) -> Option<Instant> {
        if amount <= Span::ZERO {
            return Some(start);
        }
        let target = self.nanos_until(start).checked_add(amount.nanos())?;
        // The window in which the last of the nanoseconds up to the target passes.
        self.instant_at(self.window_of_nano(target - 1)?, target)
    }

    /// The latest instant from which `amount` of service time passes until `end`. When the amount
    /// is used up exactly at an opening time it is that opening time, not the closing time before
    /// it. `end` itself when `amount` is zero or less; `None` when it isn't reached by
    /// [`Instant::MIN`].
    pub fn subtract(&self, end: Instant, amount: Span) -> Option<Instant> {
        if amount <= Span::ZERO {
            return Some(end);
        }
        let target = self.nanos_until(end).checked_sub(amount.nanos())?;
        if target < 0 { None } else { self.instant_at(self.window_of_nano(target)?, target) }
    }

    /// The instant after which more than `amount` of service time has passed since `start`: the
    /// greatest lower bound of the instants `t` with `elapsed(start, t) > amount`. It is that of
    /// [`ServiceHours::add`], except that an amount used up exactly at a closing time is exceeded
    /// from the next opening on. For an amount of zero it is the next opening, for one below zero
    /// `start`; `None` when the amount isn't exceeded by [`Instant::MAX`].
    pub fn exceeds_at(&self, start: Instant, amount: Span) -> Option<Instant> {
        if amount < Span::ZERO {
            return Some(start);
        }
        let target = self.nanos_until(start).checked_add(amount.nanos())?;
        self.instant_at(self.window_of_nano(target)?, target)
    }

    /// When the last service time of the `count`th working day passes. A working day is a local
    /// date, from midnight to midnight, with any service time. `None` when it isn't reached by
    /// [`Instant::MAX`].
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
    fn closes_of_days(&self) -> Box<[i64]> {
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

    /// The local midnights after `from` and before `until`, in order.
    pub fn midnights(
        &self,
        from: Instant,
        until: Instant,
    ) -> impl Iterator<Item = Instant> + use<'_> {
        let next = |midnight: &Instant| self.next_midnight(*midnight);
        let midnights = std::iter::successors(self.next_midnight(from), next);
        midnights.take_while(move |midnight| *midnight < until)
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

    /// The first instant at or after `at` that is in service hours.
    pub fn next_opening(&self, at: Instant) -> Option<Instant> {
        if self.is_open(at) {
            return Some(at);
        }
        let next = *self.opens.get(self.opened_by(at))?;
        Instant::from_seconds(next).ok()
    }

    /// Whether `at` is in service hours: at or after an opening and before its closing.
    pub fn is_open(&self, at: Instant) -> bool {
        let latest = self.opened_by(at).checked_sub(1);
        latest.is_some_and(|window| at.seconds() < self.closes(window))
    }

    /// The parts of service hours within `[from, to)`, in order: when each begins and ends. No two
    /// touch and none is empty.
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

    /// Whether there is no service time at all.
    pub fn never_opens(&self) -> bool {
        self.opens.is_empty()
    }

    /// How many windows there are from 1970 to 2199; those that overlap or touch are one.
    pub fn window_count(&self) -> usize {
        self.opens.len()
    }

    /// The memory taken on the heap, in bytes.
    pub fn heap_bytes(&self) -> usize {
        let day_closes = self.day_closes.get().map_or(0, |closes| size_of_val(&**closes));
        let lists = size_of_val(&*self.opens) + size_of_val(&*self.served) + day_closes;
        lists + self.by_time.heap_bytes() + self.by_service.heap_bytes()
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
        let begun = self.by_service.count_up_to(&self.served[..self.opens.len()], second);
        if second < total { begun.checked_sub(1) } else { None }
    }

    /// The instant in `window` before which `nanos` nanoseconds of service time have passed.
    fn instant_at(&self, window: usize, nanos: i64) -> Option<Instant> {
        let since_opening = nanos - self.served[window] * NANOS_PER_SECOND;
        Instant::from_nanos(self.opens[window] * NANOS_PER_SECOND + since_opening).ok()
    }

    /// How many windows have opened by `at`.
    fn opened_by(&self, at: Instant) -> usize {
        self.by_time.count_up_to(&self.opens, at.seconds())
    }

    /// The UTC second at which a window closes.
    fn closes(&self, window: usize) -> i64 {
        self.opens[window] + self.served[window + 1] - self.served[window]
    }
}

#[cfg(test)]
mod tests;
