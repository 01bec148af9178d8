//! A calendar as a client writes it: text, unchecked.

use chrono::Weekday;

use super::{Calendar, Holiday, SpecialOpening, Weekly, Window};

/// A calendar as a client wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// An IANA time zone: `Europe/Amsterdam`.
    pub time_zone: String,
    /// The windows of an ordinary week.
    pub weekly: Vec<DraftWeekly>,
    /// Dates that are closed.
    pub holidays: Vec<DraftHoliday>,
    /// Dates with windows of their own.
    pub special_openings: Vec<DraftSpecial>,
    /// Open round the clock; then there are no weekly windows. Holidays still close their date.
    pub always_open: bool,
}

/// One window on some days of the week, as a client wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftWeekly {
    /// The days on which the window begins; at least one.
    pub days: Vec<Weekday>,
    /// `HH:MM`, from 00:00 to 23:59.
    pub opens: String,
    /// `HH:MM`, from 00:00 to 24:00; at or before `opens` it is that time of the next date.
    pub closes: String,
}

/// A closed date, as a client wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftHoliday {
    /// `YYYY-MM-DD`, from 1970-01-01 to 2199-12-31.
    pub date: String,
    /// What people call it; may be empty.
    pub name: String,
}

/// A date with windows of its own, as a client wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftSpecial {
    /// `YYYY-MM-DD`, from 1970-01-01 to 2199-12-31.
    pub date: String,
    /// All the windows that begin on the date; none closes it.
    pub windows: Vec<DraftWindow>,
    /// What people call it; may be empty.
    pub name: String,
}

/// One window, as a client wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftWindow {
    /// `HH:MM`, from 00:00 to 23:59.
    pub opens: String,
    /// `HH:MM`, from 00:00 to 24:00; at or before `opens` it is that time of the next date.
    pub closes: String,
}

impl Calendar {
    /// The draft of this calendar, in the order it was written; parsing it gives the calendar back.
    pub fn draft(&self) -> Draft {
        Draft {
            time_zone: self.time_zone.clone(),
            weekly: self.weekly.iter().map(draft_weekly).collect(),
            holidays: self.holidays.iter().map(draft_holiday).collect(),
            special_openings: self.special_openings.iter().map(draft_special).collect(),
            always_open: self.always_open,
        }
    }
}

fn draft_weekly(weekly: &Weekly) -> DraftWeekly {
    let DraftWindow { opens, closes } = draft_window(&weekly.window);
    DraftWeekly { days: weekly.days.clone(), opens, closes }
}

fn draft_holiday(holiday: &Holiday) -> DraftHoliday {
    DraftHoliday { date: holiday.date.to_string(), name: holiday.name.clone() }
}

fn draft_special(special: &SpecialOpening) -> DraftSpecial {
    DraftSpecial {
        date: special.date.to_string(),
        windows: special.windows.iter().map(draft_window).collect(),
        name: special.name.clone(),
    }
}

fn draft_window(window: &Window) -> DraftWindow {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    DraftWindow { opens: clock(window.opens_minute), closes: clock(window.closes_minute) }
}
