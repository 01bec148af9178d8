//! The rules of a calendar implemented a second time, as plainly and as slowly as possible, to test
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

    /// Whether the service is open at `at`: whether some window has opened by then, has not yet
    /// closed, and was not cut short by a holiday or a special opening that has begun since.
    pub(super) fn is_open(&self, at: Instant) -> bool {
        let at = timestamp(at);
        let today = self.date_at(at);
        (-2..=1).map(|days| today + days.days()).any(|date| self.is_open_since(date, at))
    }

    fn is_open_since(&self, begun: Date, at: Timestamp) -> bool {
        let is_cut = || {
            let mut later = (1..=3).map(|days| begun + days.days());
            later.any(|date| self.is_cutting(date) && self.midnight(date) <= at)
        };
        let covers = |window: &Window| {
            let opens = self.instant(begun, window.opens_minute());
            let closes = self.instant(begun, window.closes_minute());
            opens <= at && at < closes
        };
        self.exists(begun) && self.beginning_on(begun).iter().any(covers) && !is_cut()
    }

    /// The windows that begin on a date.
    fn beginning_on(&self, date: Date) -> Vec<Window> {
        let mut special = self.calendar.special_openings().iter();
        if let Some(special) = special.find(|special| is_date(special.date, date)) {
            return special.windows.clone();
        }
        if self.is_holiday(date) {
            return Vec::new();
        }
        if self.calendar.always_open() {
            return vec![Window::WHOLE_DATE];
        }
        let weekday = date.weekday().to_monday_zero_offset() as u8;
        let is_that_day = |day: &chrono::Weekday| day.num_days_from_monday() as u8 == weekday;
        let weekly = self.calendar.weekly().iter();
        weekly.filter(|weekly| weekly.days.iter().any(is_that_day)).map(|w| w.window).collect()
    }

    fn is_cutting(&self, date: Date) -> bool {
        let mut special = self.calendar.special_openings().iter();
        let is_special = special.any(|special| is_date(special.date, date));
        self.exists(date) && (is_special || self.is_holiday(date))
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
        let is_open_since_yesterday = !self.is_cutting(local.date())
            && yesterday.iter().any(|window| within(window, minute + 1440));
        today.iter().any(|window| within(window, minute)) || is_open_since_yesterday
    }
}

fn is_date(date: chrono::NaiveDate, other: Date) -> bool {
    let month_and_day = (date.month() as i8, date.day() as i8);
    date.year() == i32::from(other.year()) && month_and_day == (other.month(), other.day())
}

fn timestamp(at: Instant) -> Timestamp {
    Timestamp::from_nanosecond(at.nanos().into()).unwrap()
}
