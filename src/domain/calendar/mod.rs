//! Service calendars: when a provider works, as written and as compiled.
//!
//! - [`Draft`] is a calendar as a client wrote it: text, unchecked.
//! - [`Calendar`] is the same once checked; [`Calendar::parse`] finds every violation at once.
//! - [`hours::ServiceHours`] is a calendar held against a time zone database: it answers how much
//!   service time lies between two instants, and when an amount of it will have passed. What it
//!   compiles for that, a stretch of time at a time, [`Places`] keeps or forgets.
//! - [`Calendars`] finds the revision of a calendar that measures what begins at an instant.
//! - [`holidays`] reads holidays from an iCalendar text.
//!
//! # What a calendar means
//! Times are those of a clock on the wall in the calendar's time zone.
//! - A window *begins* on a date and ends that date or, when `closes` is not after `opens`, the
//!   next. `24:00` is the end of the date.
//! - The edge of a window is one instant. A time that the clock skips moves forward by the length
//!   of the gap; of a time shown twice the first is meant. A window that thus ends no later than
//!   it begins doesn't open.
//! - A date that a zone skips altogether (Pacific/Apia 2011-12-30) begins no window.
//! - A **holiday** closes its date from midnight to midnight, and nothing else: of a window that
//!   began the evening before, the hours after the midnight that begins the date; of one that
//!   would begin on it, all but the hours after the midnight that ends it.
//! - A **special opening** replaces the windows of its date: only its own begin on it. Those of the
//!   week don't, nor are their hours after the next midnight left, and one that began the evening
//!   before ends at midnight. Without windows it closes the date. Its own may run past midnight,
//!   unless the next date is a holiday or has a special opening.
//! - On a date that is both, the special opening counts as though there were no holiday.
//! - Midnight is a time like the edge of a window: where it is skipped the date begins as much
//!   later as the gap is long, and where it is shown twice with the first.
//! - Windows that overlap or touch are one.

mod compile;
mod draft;
pub mod holidays;
pub mod hours;
mod in_force;
mod index;
mod parse;
mod place;
mod plan;
#[cfg(test)]
mod reference_model;
mod stretch;
mod wall_clock;
#[cfg(test)]
mod whole;
mod written;

pub use draft::{Draft, DraftHoliday, DraftSpecial, DraftWeekly, DraftWindow};
pub use in_force::{CalendarInForce, Calendars};
pub use place::{Places, StretchPlace, Unbounded};
pub use plan::PlanDigest;
pub use written::read_date;

use chrono::{NaiveDate, Weekday};

/// Weekly windows a calendar may list.
pub const WEEKLY_WINDOWS_MAX: usize = 168;
/// Holidays a calendar may list.
pub const HOLIDAYS_MAX: usize = 2_000;
/// Special openings a calendar may list.
pub const SPECIAL_OPENINGS_MAX: usize = 2_000;
/// Windows that may begin on one date.
pub const WINDOWS_PER_DATE_MAX: usize = 12;
/// Bytes in the name of a holiday or a special opening.
pub const NAME_BYTES_MAX: usize = 256;

/// Upper bounds of what a calendar lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalendarLimits {
    /// Weekly windows.
    pub weekly_windows: usize,
    /// Holidays.
    pub holidays: usize,
    /// Special openings.
    pub special_openings: usize,
    /// Windows that begin on one date.
    pub windows_per_date: usize,
    /// Bytes in the name of a holiday or a special opening.
    pub name_bytes: usize,
}

impl CalendarLimits {
    /// The limits for calendars that are put now; stored ones may have been put under others.
    pub const DEFAULT: CalendarLimits = CalendarLimits {
        weekly_windows: WEEKLY_WINDOWS_MAX,
        holidays: HOLIDAYS_MAX,
        special_openings: SPECIAL_OPENINGS_MAX,
        windows_per_date: WINDOWS_PER_DATE_MAX,
        name_bytes: NAME_BYTES_MAX,
    };

    /// Whether every calendar that these limits accept, `other` accepts too.
    pub const fn are_within(&self, other: &CalendarLimits) -> bool {
        self.weekly_windows <= other.weekly_windows
            && self.holidays <= other.holidays
            && self.special_openings <= other.special_openings
            && self.windows_per_date <= other.windows_per_date
            && self.name_bytes <= other.name_bytes
    }
}

/// The first year of a holiday or special opening.
pub const YEAR_MIN: i32 = 1970;
/// The last year of a holiday or special opening.
pub const YEAR_MAX: i32 = 2199;

/// A checked calendar. Two are equal when they list the same entries in the same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    time_zone: String,
    weekly: Vec<Weekly>,
    holidays: Vec<Holiday>,
    special_openings: Vec<SpecialOpening>,
    always_open: bool,
}

/// One window on some days of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weekly {
    /// The days on which the window begins: at least one, none twice.
    pub days: Vec<Weekday>,
    /// The window.
    pub window: Window,
}

/// A closed date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holiday {
    /// The local date.
    pub date: NaiveDate,
    /// What people call it; may be empty.
    pub name: String,
}

/// A date with windows of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecialOpening {
    /// The local date.
    pub date: NaiveDate,
    /// All the windows that begin on the date.
    pub windows: Vec<Window>,
    /// What people call it; may be empty.
    pub name: String,
}

/// An interval of local time, in minutes after the midnight that begins its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    opens_minute: u16,
    closes_minute: u16,
}

impl Window {
    const MINUTES_PER_DAY: u16 = 24 * 60;

    /// From midnight to midnight.
    const WHOLE_DATE: Window = Window { opens_minute: 0, closes_minute: Window::MINUTES_PER_DAY };

    /// When the window opens: minutes after the midnight that begins its date, 0 to 1439.
    pub fn opens_minute(self) -> u16 {
        self.opens_minute
    }

    /// When the window closes: minutes after the midnight that begins its date; more than 1440
    /// when it runs past the next, and always more than [`Window::opens_minute`].
    pub fn closes_minute(self) -> u16 {
        let runs_past_midnight = self.closes_minute <= self.opens_minute;
        self.closes_minute + if runs_past_midnight { Window::MINUTES_PER_DAY } else { 0 }
    }
}

impl Calendar {
    /// The IANA name of the time zone: `Europe/Amsterdam`.
    pub fn time_zone(&self) -> &str {
        &self.time_zone
    }

    /// The windows of an ordinary week, in the order written.
    pub fn weekly(&self) -> &[Weekly] {
        &self.weekly
    }

    /// The closed dates, in the order written. A date may occur under several names.
    pub fn holidays(&self) -> &[Holiday] {
        &self.holidays
    }

    /// The dates with windows of their own, in the order written; no date occurs twice.
    pub fn special_openings(&self) -> &[SpecialOpening] {
        &self.special_openings
    }

    /// Whether it is open round the clock, but for holidays and special openings.
    pub fn always_open(&self) -> bool {
        self.always_open
    }
}
