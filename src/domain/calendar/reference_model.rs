//! The words of a calendar's rules implemented a second time, as plainly and as slowly as possible, to test
//! the compiled service hours against. It shares nothing with them but the calendar itself: it
//! evaluates one minute at a time, and leaves the meaning of local times to jiff.

use chrono::Datelike;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

use super::{Calendar, Window};
use crate::domain::time::Instant;

pub(super) struct Reference<'a> {
    calendar: &'a Calendar,
    zone: TimeZone,
}

impl Reference<'_> {
    pub(super) fn new(calendar: &Calendar) -> Reference<'_> {
        let zone = TimeZoneDatabase::bundled().get(calendar.time_zone()).unwrap();
        Reference { calendar, zone }
    }

    /// Whether the service is open at `at`: not on a holiday, and otherwise within some window
    /// that no special opening has replaced or ended since it began.
    pub(super) fn is_open(&self, at: Instant) -> bool {
        let at = timestamp(at);
        let shown = self.date_at(at);
        let today = |date: &Date| self.midnight(*date) <= at && at < self.midnight(*date + 1.day());
        let mut near = (-1..=1).map(|days| shown + days.days());
        let date = near.find(today).unwrap();
        let begun = (-2..=0).map(|days| date + days.days());
        !self.is_closed(date) && begun.into_iter().any(|begun| self.is_open_since(begun, date, at))
    }

    /// Whether a window that began on the date `begun` is open at `at`, which is on `date`.
    fn is_open_since(&self, begun: Date, date: Date, at: Timestamp) -> bool {
        let covers = |window: &Window| {
            let opens = self.instant(begun, window.opens_minute());
            let closes = self.instant(begun, window.closes_minute());
            opens <= at && at < closes
        };
        let mut since = (1..=2).map(|days| begun + days.days()).filter(|later| *later <= date);
        self.exists(begun)
            && self.beginning_on(begun).iter().any(covers)
            && !since.any(|later| self.is_special(later) && self.exists(later))
    }

    /// The windows that begin on a date.
    fn beginning_on(&self, date: Date) -> Vec<Window> {
        let mut special = self.calendar.special_openings().iter();
        if let Some(special) = special.find(|special| is_date(special.date, date)) {
            return special.windows.clone();
        }
        if self.calendar.always_open() {
            return vec![Window::WHOLE_DATE];
        }
        let weekday = date.weekday().to_monday_zero_offset() as u8;
        let is_that_day = |day: &chrono::Weekday| day.num_days_from_monday() as u8 == weekday;
        let weekly = self.calendar.weekly().iter();
        weekly.filter(|weekly| weekly.days.iter().any(is_that_day)).map(|w| w.window).collect()
    }

    fn is_special(&self, date: Date) -> bool {
        self.calendar.special_openings().iter().any(|special| is_date(special.date, date))
    }

    /// Whether a date is closed from midnight to midnight.
    fn is_closed(&self, date: Date) -> bool {
        self.is_holiday(date) && !self.is_special(date)
    }

    fn is_holiday(&self, date: Date) -> bool {
        self.calendar.holidays().iter().any(|holiday| is_date(holiday.date, date))
    }

    /// Whether any clock in the zone ever showed the date.
    fn exists(&self, date: Date) -> bool {
        self.midnight(date) < self.midnight(date + 1.day())
    }

    fn midnight(&self, date: Date) -> Timestamp {
        self.instant(date, 0)
    }

    fn instant(&self, date: Date, minute: u16) -> Timestamp {
        let local: DateTime = date.to_datetime(jiff::civil::Time::midnight());
        let local = local + i64::from(minute).minutes();
        self.zone.to_timestamp(local).unwrap()
    }

    fn date_at(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// The same for days far from any change of the clock, where it is enough to look at the
    /// clock on the wall: is this minute of this date within a window?
    pub(super) fn is_open_by_the_wall_clock(&self, at: Instant) -> bool {
        let local = self.zone.to_datetime(timestamp(at));
        let minute = u16::from(local.hour() as u8) * 60 + u16::from(local.minute() as u8);
        let today = self.beginning_on(local.date());
        let yesterday = self.beginning_on(local.date() - 1.day());
        let within = |window: &Window, minute: u16| {
            window.opens_minute() <= minute && minute < window.closes_minute()
        };
        let is_open_since_yesterday = !self.is_special(local.date())
            && yesterday.iter().any(|window| within(window, minute + 1440));
        let is_in_a_window =
            today.iter().any(|window| within(window, minute)) || is_open_since_yesterday;
        is_in_a_window && !self.is_closed(local.date())
    }
}

fn is_date(date: chrono::NaiveDate, other: Date) -> bool {
    let month_and_day = (date.month() as i8, date.day() as i8);
    date.year() == i32::from(other.year()) && month_and_day == (other.month(), other.day())
}

fn timestamp(at: Instant) -> Timestamp {
    Timestamp::from_nanosecond(at.nanos().into()).unwrap()
}
