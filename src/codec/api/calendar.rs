//! Calendars.

use crate::codec::checks::Checks;
use crate::codec::choices::{weekday, weekday_number};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::calendar::{
    Calendar, Draft, DraftHoliday, DraftSpecial, DraftWeekly, DraftWindow, Holiday,
};
use crate::domain::violation::Violation;
use crate::domain::zone::ZoneDatabase;

/// A calendar with its id, of a request.
pub fn decode(
    calendar: v1::Calendar,
    zones: &ZoneDatabase,
) -> Result<(String, Calendar), Vec<Violation>> {
    decode_with(calendar, zones, Checks::REQUEST)
}

/// A calendar with its id.
pub(in crate::codec) fn decode_with(
    calendar: v1::Calendar,
    zones: &ZoneDatabase,
    checks: Checks<'_>,
) -> Result<(String, Calendar), Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let id = violations.or("id", checks.terms_id(calendar.id.clone()), String::new());
    let content = violations.keep("", content(calendar, zones, checks));
    violations.check()?;
    content.map(|content| (id, content)).ok_or_else(Vec::new)
}

/// A calendar that needs no id, for one question only.
pub fn decode_hours(
    calendar: v1::Calendar,
    zones: &ZoneDatabase,
) -> Result<Calendar, Vec<Violation>> {
    content(calendar, zones, Checks::REQUEST)
}

fn content(
    calendar: v1::Calendar,
    zones: &ZoneDatabase,
    checks: Checks<'_>,
) -> Result<Calendar, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let weekly = calendar.weekly.into_iter().enumerate().map(|(index, weekly)| DraftWeekly {
        days: violations.each(&format!("weekly[{index}].days"), weekly.days, weekday),
        opens: weekly.opens,
        closes: weekly.closes,
    });
    let draft = Draft {
        weekly: weekly.collect(),
        time_zone: calendar.time_zone,
        holidays: calendar
            .holidays
            .into_iter()
            .map(|holiday| DraftHoliday { date: holiday.date, name: holiday.name })
            .collect(),
        special_openings: calendar.special_openings.into_iter().map(special).collect(),
        always_open: calendar.always_open,
    };
    // A record may name a zone that only a database adopted earlier has.
    let zones = checks.are_rules_held.then_some(zones);
    let calendar =
        violations.keep("", Calendar::parse_within(&draft, zones, &checks.limits.calendars));
    violations.check()?;
    calendar.ok_or_else(Vec::new)
}

fn special(special: v1::SpecialOpening) -> DraftSpecial {
    let window = |w: v1::OpeningWindow| DraftWindow { opens: w.opens, closes: w.closes };
    DraftSpecial {
        date: special.date,
        windows: special.windows.into_iter().map(window).collect(),
        name: special.name,
    }
}

/// The message of a calendar; its revision is left for the caller to fill in.
pub fn encode(id: &str, calendar: &Calendar) -> v1::Calendar {
    let draft = calendar.draft();
    v1::Calendar {
        id: id.to_owned(),
        time_zone: draft.time_zone,
        weekly: draft.weekly.into_iter().map(encode_weekly).collect(),
        holidays: draft
            .holidays
            .into_iter()
            .map(|holiday| v1::Holiday { date: holiday.date, name: holiday.name })
            .collect(),
        special_openings: draft.special_openings.into_iter().map(encode_special).collect(),
        always_open: draft.always_open,
        revision: 0,
        effective_time: None,
    }
}

fn encode_weekly(weekly: DraftWeekly) -> v1::WeeklyWindow {
    v1::WeeklyWindow {
        days: weekly.days.into_iter().map(weekday_number).collect(),
        opens: weekly.opens,
        closes: weekly.closes,
    }
}

fn encode_special(special: DraftSpecial) -> v1::SpecialOpening {
    let window = |w: DraftWindow| v1::OpeningWindow { opens: w.opens, closes: w.closes };
    v1::SpecialOpening {
        date: special.date,
        windows: special.windows.into_iter().map(window).collect(),
        name: special.name,
    }
}

/// The message of a holiday.
pub fn encode_holiday(holiday: &Holiday) -> v1::Holiday {
    v1::Holiday { date: holiday.date.to_string(), name: holiday.name.clone() }
}
