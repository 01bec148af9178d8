//! Service hours: a calendar that answers questions about its time, however long the span they are
//! about.

use std::sync::{Arc, OnceLock};

use chrono::NaiveTime;
use itertools::Itertools;

use super::Calendar;
use super::compile::compile;
use super::place::{Places, StretchPlace, Unbounded};
use super::plan::Plan;
use super::stretch::{Position, STRETCHES, Stretch};
use crate::domain::time::{Instant, Span};
use crate::domain::zone::{Zone, ZoneDatabase};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// All service time of a calendar from 1970 to 2199, under one release of the time zone database.
/// It is compiled in stretches, each when a question first needs it, and kept where others may
/// share it.
///
/// Service time is real (UTC) time: an 09:00 to 17:00 window is eight hours also on the days on
/// which the clock changes, and a day open round the clock has then 23 or 25.
#[derive(Clone, Debug)]
pub struct ServiceHours {
    calendar: Arc<Calendar>,
    /// The zone whose midnights divide local dates.
    zone: Zone,
    places: Arc<dyn Places>,
    slots: Arc<[OnceLock<Box<[Slot]>>]>,
}

/// Slots that are made together: questions are seldom about other years than those around now.
const SLOTS_TOGETHER: usize = 16;

/// What is known of one stretch.
#[derive(Debug, Default)]
struct Slot {
    place: OnceLock<Arc<StretchPlace>>,
    /// Seconds of service time in it, which stay known when the place is emptied: a span of many
    /// years compiles none of those between its ends anew.
    total: OnceLock<u32>,
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

impl ServiceHours {
    /// The hours of `calendar`, compiled for itself alone.
    ///
    /// # Errors
    /// [`UnknownZone`] when the database does not have the calendar's time zone.
    pub fn compile(calendar: &Calendar, zones: &ZoneDatabase) -> Result<ServiceHours, UnknownZone> {
        ServiceHours::kept_in(Arc::new(Unbounded), Arc::new(calendar.clone()), zones)
    }

    /// The hours of `calendar`, of which `places` keeps what is compiled.
    ///
    /// # Errors
    /// [`UnknownZone`] when the database does not have the calendar's time zone.
    pub fn kept_in(
        places: Arc<dyn Places>,
        calendar: Arc<Calendar>,
        zones: &ZoneDatabase,
    ) -> Result<ServiceHours, UnknownZone> {
        let name = calendar.time_zone();
        let unknown = || UnknownZone { name: name.into(), version: zones.version().into() };
        let zone = zones.zone(name).ok_or_else(unknown)?;
        let groups = STRETCHES.div_ceil(SLOTS_TOGETHER);
        let slots = std::iter::repeat_with(OnceLock::new).take(groups).collect();
        Ok(ServiceHours { calendar, zone, places, slots })
    }

    /// The service time in `[from, to)`; zero when `to` is not after `from`.
    pub fn elapsed(&self, from: Instant, to: Instant) -> Span {
        if to <= from {
            return Span::ZERO;
        }
        let (from, to) = (Position::of(from), Position::of(to));
        Span::from_nanos(if from.number == to.number {
            self.with(to.number, |stretch| stretch.served(to.nanos) - stretch.served(from.nanos))
        } else {
            let between: i64 = (from.number..to.number).map(|number| self.total(number)).sum();
            between + self.served(to) - self.served(from)
        })
    }

    /// The earliest instant by which `amount` of service time has passed since `start`. When the
    /// amount is used up exactly at a closing time it is that closing time, not the next opening.
    /// `start` itself when `amount` is zero or less; `None` when it isn't reached by
    /// [`Instant::MAX`].
    pub fn add(&self, start: Instant, amount: Span) -> Option<Instant> {
        if amount <= Span::ZERO {
            return Some(start);
        }
        self.find_after(start, amount, Stretch::passed)
    }

    /// The latest instant from which `amount` of service time passes until `end`. When the amount
    /// is used up exactly at an opening time it is that opening time, not the closing time before
    /// it. `end` itself when `amount` is zero or less; `None` when it isn't reached by
    /// [`Instant::MIN`].
    pub fn subtract(&self, end: Instant, amount: Span) -> Option<Instant> {
        if amount <= Span::ZERO {
            return Some(end);
        }
        let end = Position::of(end);
        let mut number = end.number;
        // The service time from the beginning of the stretch to the instant wanted.
        let mut before = self.served(end) - amount.nanos();
        while before < 0 {
            number = number.checked_sub(1)?;
            before += self.total(number);
        }
        let nanos = self.with(number, |stretch| stretch.exceeded(before)).ok()?;
        Position { number, nanos }.instant()
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
        self.find_after(start, amount, Stretch::exceeded)
    }

    /// Where `find` places an amount of service time that begins at `start`: in the first stretch
    /// in which it does not leave some of it for the next.
    fn find_after(
        &self,
        start: Instant,
        amount: Span,
        find: fn(&Stretch, i64) -> Result<i64, i64>,
    ) -> Option<Instant> {
        let Position { mut number, nanos } = Position::of(start);
        let in_first = |stretch: &Stretch| {
            let target = stretch.served(nanos).checked_add(amount.nanos())?;
            Some(find(stretch, target))
        };
        let mut found = self.with(number, in_first)?;
        while let Err(left) = found {
            number += 1;
            let total = (number < STRETCHES).then(|| self.total(number))?;
            let is_beyond = left > total;
            found = if is_beyond {
                Err(left - total)
            } else {
                self.with(number, |stretch| find(stretch, left))
            };
        }
        Position { number, nanos: found.ok()? }.instant()
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
        let mut days_later = usize::from(count.saturating_sub(1));
        let mut from = Position::of(from);
        while from.number < STRETCHES {
            match self.with(from.number, |stretch| stretch.day_close(from.nanos, days_later)) {
                Ok(nanos) => return Position { nanos, ..from }.instant(),
                Err(left) => days_later = left,
            }
            from = Position { number: from.number + 1, nanos: 0 };
        }
        None
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
        let Position { number, nanos } = Position::of(at);
        let opening = |number, nanos| {
            let found = self.with(number, |stretch| stretch.next_open(nanos));
            found.and_then(|nanos| Position { number, nanos }.instant())
        };
        let later = || {
            let mut later = (number + 1)..STRETCHES;
            opening(later.find(|number| self.total(*number) > 0)?, 0)
        };
        opening(number, nanos).or_else(later)
    }

    /// Whether `at` is in service hours: at or after an opening and before its closing.
    pub fn is_open(&self, at: Instant) -> bool {
        let Position { number, nanos } = Position::of(at);
        self.with(number, |stretch| stretch.is_open(nanos))
    }

    /// The parts of service hours within `[from, to)`, in order: when each begins and ends. No two
    /// touch and none is empty.
    pub fn windows(
        &self,
        from: Instant,
        to: Instant,
    ) -> impl Iterator<Item = (Instant, Instant)> + use<'_> {
        let (first, last) = (Position::of(from), Position::of(to));
        (first.number..=last.number)
            .flat_map(move |number| {
                self.windows_in(number, if number == first.number { first.nanos } else { 0 })
            })
            // The last window may close at the end of time, which is no instant.
            .map(move |(opens, closes)| (opens, closes.unwrap_or(to)))
            .take_while(move |(opens, _)| *opens < to)
            .map(move |(opens, closes)| (opens.max(from), closes.min(to)))
            .filter(|(opens, closes)| opens < closes)
            // A window that is cut at the end of a stretch goes on in the next.
            .coalesce(
                |one, next| {
                    if one.1 == next.0 { Ok((one.0, next.1)) } else { Err((one, next)) }
                },
            )
    }

    /// The windows of a stretch from a nanosecond of it on.
    fn windows_in(
        &self,
        number: usize,
        from: i64,
    ) -> impl Iterator<Item = (Instant, Option<Instant>)> + use<> {
        let stretch = self.stretch(number);
        let at = move |nanos| Position { number, nanos }.instant();
        (stretch.window_at(from)..)
            .map_while(move |window| stretch.window(window))
            .filter_map(move |(opens, closes)| Some((at(opens)?, at(closes))))
    }

    /// Whether there is no service time at all.
    pub fn never_opens(&self) -> bool {
        (0..STRETCHES).all(|number| self.total(number) == 0)
    }

    /// The memory taken on the heap by what it has compiled, in bytes, shared or not.
    pub fn heap_bytes(&self) -> usize {
        let slots = || self.slots.iter().filter_map(OnceLock::get).flatten();
        let places = slots().filter_map(|slot| slot.place.get()).map(|place| place.bytes());
        size_of_val(&*self.slots) + slots().map(size_of_val).sum::<usize>() + places.sum::<usize>()
    }

    /// Nanoseconds of service time in a stretch up to a place in it.
    fn served(&self, until: Position) -> i64 {
        self.with(until.number, |stretch| stretch.served(until.nanos))
    }

    /// Nanoseconds of service time in a stretch.
    fn total(&self, number: usize) -> i64 {
        let slot = self.slot(number);
        let at_hand = || slot.place.get()?.read(Stretch::total);
        let count = || at_hand().unwrap_or_else(|| compile(&self.plan(number)).total());
        i64::from(*slot.total.get_or_init(count)) * NANOS_PER_SECOND
    }

    /// Asks a stretch.
    fn with<T>(&self, number: usize, question: impl Fn(&Stretch) -> T) -> T {
        let place = self.place(number);
        place.read(&question).unwrap_or_else(|| question(&self.compiled(number, place)))
    }

    /// A stretch, for longer than one question.
    fn stretch(&self, number: usize) -> Arc<Stretch> {
        let place = self.place(number);
        place.get().unwrap_or_else(|| self.compiled(number, place))
    }

    fn compiled(&self, number: usize, place: &Arc<StretchPlace>) -> Arc<Stretch> {
        let stretch = Arc::new(compile(&self.plan(number)));
        if place.fill(&stretch) {
            self.places.filled(place);
        }
        stretch
    }

    fn place(&self, number: usize) -> &Arc<StretchPlace> {
        let place = || self.places.place(self.plan(number).digest());
        self.slot(number).place.get_or_init(place)
    }

    fn plan(&self, number: usize) -> Plan {
        Plan::new(&self.calendar, &self.zone, number)
    }

    #[expect(clippy::indexing_slicing, reason = "every instant lies in one of the stretches")]
    fn slot(&self, number: usize) -> &Slot {
        let slots = || std::iter::repeat_with(Slot::default).take(SLOTS_TOGETHER).collect();
        &self.slots[number / SLOTS_TOGETHER].get_or_init(slots)[number % SLOTS_TOGETHER]
    }
}

#[cfg(test)]
mod tests;
