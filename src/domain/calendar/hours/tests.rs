use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Weekday};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::domain::calendar::reference_model::Reference;
use crate::domain::calendar::stretch::END_SECOND;
use crate::domain::calendar::{
    Draft, DraftHoliday, DraftSpecial, DraftWeekly, DraftWindow, WINDOWS_PER_DATE_MAX,
};
use crate::domain::zone::ZoneFiles;

mod agrees_with_whole;

const MONDAY_TO_FRIDAY: [Weekday; 5] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
const EVERY_DAY: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];
const HOUR: Span = Span::from_hours(1);

fn zones() -> ZoneDatabase {
    static ZONES: std::sync::OnceLock<ZoneDatabase> = std::sync::OnceLock::new();
    let bundled = ZoneDatabase::bundled;
    ZONES.get_or_init(bundled).clone()
}

fn compile(draft: &Draft) -> ServiceHours {
    ServiceHours::compile(&Calendar::parse(draft, &zones()).unwrap(), &zones()).unwrap()
}

fn window_count(hours: &ServiceHours) -> usize {
    hours.windows(Instant::MIN, Instant::MAX).count()
}

fn draft(time_zone: &str) -> Draft {
    Draft { time_zone: time_zone.into(), ..Draft::default() }
}

fn weekly(days: &[Weekday], opens: &str, closes: &str) -> DraftWeekly {
    DraftWeekly { days: days.to_vec(), opens: opens.into(), closes: closes.into() }
}

/// A calendar with one window on some days: `"09:00-17:00"`.
fn windows(time_zone: &str, days: &[Weekday], window: &str) -> Draft {
    let (opens, closes) = window.split_once('-').unwrap();
    Draft { weekly: vec![weekly(days, opens, closes)], ..draft(time_zone) }
}

fn office() -> Draft {
    windows("Europe/Amsterdam", &MONDAY_TO_FRIDAY, "09:00-17:00")
}

fn round_the_clock(time_zone: &str) -> Draft {
    Draft { always_open: true, ..draft(time_zone) }
}

fn with_holidays(draft: Draft, dates: &[&str]) -> Draft {
    let holiday = |date: &&str| DraftHoliday { date: (*date).into(), name: String::new() };
    Draft { holidays: dates.iter().map(holiday).collect(), ..draft }
}

fn with_special(mut draft: Draft, date: &str, windows: &[&str]) -> Draft {
    let window = |text: &&str| {
        let (opens, closes) = text.split_once('-').unwrap();
        DraftWindow { opens: opens.into(), closes: closes.into() }
    };
    let windows = windows.iter().map(window).collect();
    draft.special_openings.push(DraftSpecial { date: date.into(), windows, name: String::new() });
    draft
}

/// The instant of `2026-11-23T20:05` on a clock in Amsterdam, or of an RFC 3339 time.
fn at(text: &str) -> Instant {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.to_utc().try_into().unwrap(),
        Err(_) => local("Europe/Amsterdam", text),
    }
}

fn local(zone: &str, text: &str) -> Instant {
    let seconds = if text.len() == "2026-11-23T20:05".len() { ":00" } else { "" };
    zones().zone(zone).unwrap().instant(format!("{text}{seconds}").parse().unwrap()).unwrap()
}

fn seconds(seconds: i64) -> Instant {
    Instant::from_seconds(seconds).unwrap()
}

/// The windows between two local dates, as local times: `"03-29T09:00/17:00"`.
#[track_caller]
fn check_windows(draft: &Draft, from: &str, to: &str, expected: &[&str]) {
    let zone = zones().zone(&draft.time_zone).unwrap();
    let midnight = |date: &str| local(&draft.time_zone, &format!("{date}T00:00"));
    let text = |(opens, closes): (Instant, Instant)| {
        let (opens, closes) = (zone.local(opens), zone.local(closes));
        let is_same_date = opens.date() == closes.date();
        let closes = closes.format(if is_same_date { "%H:%M" } else { "%m-%dT%H:%M" });
        format!("{}/{closes}", opens.format("%m-%dT%H:%M"))
    };
    let windows =
        compile(draft).windows(midnight(from), midnight(to)).map(text).collect::<Vec<_>>();
    assert_eq!(windows, expected);
}

#[track_caller]
fn check_elapsed(draft: &Draft, from: &str, to: &str, hours: i64) {
    let from = local(&draft.time_zone, from);
    let to = local(&draft.time_zone, to);
    assert_eq!(compile(draft).elapsed(from, to), Span::from_hours(hours));
}

#[test]
fn one_hour_opened_late_on_friday_is_due_on_monday() {
    let due = compile(&office()).add(at("2026-11-20T16:30"), HOUR);
    assert_eq!(due, Some(at("2026-11-23T09:30")));
}

#[test]
fn four_hours_at_the_end_of_monday_are_due_on_tuesday() {
    let hours = compile(&windows("Europe/Amsterdam", &MONDAY_TO_FRIDAY, "08:00-18:00"));
    let due = hours.add(at("2026-11-23T17:00"), Span::from_hours(4));
    assert_eq!(due, Some(at("2026-11-24T11:00")));
    assert_eq!(hours.subtract(at("2026-11-24T11:00"), HOUR), Some(at("2026-11-24T10:00")));
}

#[test]
fn after_closing_the_next_opening_is_the_next_day() {
    let hours = compile(&windows("Europe/Amsterdam", &MONDAY_TO_FRIDAY, "08:00-16:00"));
    assert_eq!(hours.next_opening(at("2026-11-23T20:30")), Some(at("2026-11-24T08:00")));
    assert_eq!(hours.next_opening(at("2026-11-24T08:00")), Some(at("2026-11-24T08:00")));
    assert_eq!(hours.next_opening(at("2026-11-24T16:00")), Some(at("2026-11-25T08:00")));
}

#[test]
fn an_amount_used_up_at_closing_ends_there() {
    let hours = compile(&office());
    let (opened, closing) = (at("2026-11-20T16:00"), at("2026-11-20T17:00"));
    let next_opening = at("2026-11-23T09:00");
    assert_eq!(hours.add(opened, HOUR), Some(closing));
    assert_eq!(hours.exceeds_at(opened, HOUR), Some(next_opening));
    assert_eq!(hours.subtract(at("2026-11-23T10:00"), HOUR), Some(next_opening));
    assert_eq!(hours.add(opened, HOUR + Span::from_nanos(1)), next_opening_plus(next_opening));
    assert_eq!(hours.subtract(closing, HOUR), Some(opened));
}

fn next_opening_plus(opening: Instant) -> Option<Instant> {
    opening.checked_add(Span::from_nanos(1)).ok()
}

#[test]
fn nothing_added_moves_nothing() {
    let hours = compile(&office());
    let night = at("2026-11-21T03:00");
    assert_eq!(hours.add(night, Span::ZERO), Some(night));
    assert_eq!(hours.subtract(night, Span::ZERO), Some(night));
    assert_eq!(hours.exceeds_at(night, Span::ZERO), Some(at("2026-11-23T09:00")));
    assert_eq!(hours.exceeds_at(night, Span::from_nanos(-1)), Some(night));
    assert_eq!(hours.elapsed(at("2026-11-24T12:00"), night), Span::ZERO);
}

#[test]
fn nanoseconds_are_exact() {
    let hours = compile(&office());
    let nano = Span::from_nanos(1);
    let opening = at("2026-11-23T09:00");
    let before = opening.checked_add(-nano).unwrap();
    let after = opening.checked_add(nano).unwrap();
    assert_eq!(hours.elapsed(before, after), nano);
    assert_eq!(hours.add(before, nano), Some(after));
    assert!(!hours.is_open(before));
    assert!(hours.is_open(opening));
}

#[test]
fn a_year_of_weekdays() {
    let hours = compile(&office());
    let year = hours.windows(at("2026-01-01T00:00"), at("2027-01-01T00:00"));
    assert_eq!(year.count(), 261);
    assert_eq!(
        hours.elapsed(at("2026-01-01T00:00"), at("2027-01-01T00:00")),
        Span::from_hours(261 * 8)
    );
}

/// Attack A6: a calendar in use took 1.4 MB.
#[test]
fn memory_is_taken_only_for_what_questions_need() {
    let hours = compile(&office());
    hours.elapsed(at("2026-11-20T16:00"), at("2026-11-24T16:00"));
    hours.add(at("2026-11-20T16:00"), Span::from_hours(100 * 365 * 8));
    assert!(hours.heap_bytes() < 15_000, "{}", hours.heap_bytes());
}

#[test]
fn office_hours_are_eight_also_when_the_clock_changes() {
    let every_day = windows("Europe/Amsterdam", &EVERY_DAY, "09:00-17:00");
    check_elapsed(&every_day, "2026-03-29T00:00", "2026-03-30T00:00", 8);
    check_elapsed(&every_day, "2026-10-25T00:00", "2026-10-26T00:00", 8);
}

#[test]
fn round_the_clock_a_date_is_as_long_as_it_is() {
    let always = round_the_clock("Europe/Amsterdam");
    check_elapsed(&always, "2026-03-29T00:00", "2026-03-30T00:00", 23);
    check_elapsed(&always, "2026-10-25T00:00", "2026-10-26T00:00", 25);
    check_elapsed(&always, "2026-11-23T00:00", "2026-11-24T00:00", 24);
}

#[test]
fn round_the_clock_is_one_window() {
    for name in ["UTC", "Europe/Amsterdam", "America/St_Johns", "Pacific/Apia", "Asia/Pyongyang"] {
        let hours = compile(&round_the_clock(name));
        assert_eq!(window_count(&hours), 1, "{name}");
        let all = hours.windows(Instant::MIN, Instant::MAX).collect::<Vec<_>>();
        assert_eq!(all, [(Instant::MIN, Instant::MAX)]);
        assert_eq!(hours.elapsed(Instant::MIN, Instant::MAX), Instant::MAX.since(Instant::MIN));
        assert!(hours.is_open(Instant::MAX));
        assert_eq!(hours.add(Instant::MAX, Span::from_nanos(1)), None);
        assert_eq!(hours.subtract(Instant::MIN, Span::from_nanos(1)), None);
        assert_eq!(hours.exceeds_at(Instant::MAX, Span::ZERO), Some(Instant::MAX));
    }
}

#[test]
fn whole_days_written_out_are_round_the_clock() {
    for window in ["00:00-24:00", "00:00-00:00", "09:00-09:00"] {
        let hours = compile(&windows("America/Sao_Paulo", &EVERY_DAY, window));
        assert_eq!(window_count(&hours), 1, "{window}");
    }
}

#[test]
fn a_calendar_of_one_weekday() {
    let hours = compile(&windows("Europe/Amsterdam", &[Weekday::Wed], "09:00-12:00"));
    let due = hours.add(at("2026-11-19T10:00"), Span::from_hours(7));
    assert_eq!(due, Some(at("2026-12-09T10:00")));
}

#[test]
fn a_calendar_of_one_hour() {
    let hours = compile(&with_special(draft("UTC"), "2026-12-31", &["23:00-24:00"]));
    assert_eq!(window_count(&hours), 1);
    assert_eq!(hours.add(Instant::MIN, HOUR), Some(at("2027-01-01T00:00:00Z")));
    assert_eq!(hours.exceeds_at(Instant::MIN, HOUR), None);
    assert_eq!(hours.add(Instant::MIN, HOUR + Span::from_nanos(1)), None);
    assert_eq!(hours.subtract(Instant::MAX, HOUR), Some(at("2026-12-31T23:00:00Z")));
    assert_eq!(hours.next_opening(at("2027-01-01T00:00:00Z")), None);
}

#[test]
fn a_calendar_of_nothing() {
    let hours = compile(&draft("UTC"));
    assert!(hours.never_opens());
    assert_eq!(hours.elapsed(Instant::MIN, Instant::MAX), Span::ZERO);
    assert_eq!(hours.add(Instant::MIN, Span::from_nanos(1)), None);
    assert_eq!(hours.subtract(Instant::MAX, Span::from_nanos(1)), None);
    assert_eq!(hours.exceeds_at(Instant::MIN, Span::ZERO), None);
    assert_eq!(hours.next_opening(Instant::MIN), None);
    assert!(!hours.is_open(Instant::MIN));
    assert_eq!(hours.windows(Instant::MIN, Instant::MAX).count(), 0);
}

#[test]
fn a_window_in_a_gap() {
    let check = |window: &str, expected: &[&str]| {
        let draft = windows("Europe/Amsterdam", &[Weekday::Sun], window);
        check_windows(&draft, "2026-03-29", "2026-03-30", expected);
    };
    // The clock goes from 02:00 to 03:00.
    check("02:00-03:00", &[]);
    check("02:30-03:00", &[]);
    check("02:00-02:30", &["03-29T03:00/03:30"]);
    check("01:00-02:30", &["03-29T01:00/03:30"]);
    check("02:30-04:00", &["03-29T03:30/04:00"]);
}

#[test]
fn a_window_in_an_overlap() {
    let check = |window: &str, hours: i64| {
        let draft = windows("Europe/Amsterdam", &[Weekday::Sun], window);
        check_elapsed(&draft, "2026-10-25T00:00", "2026-10-26T00:00", hours);
    };
    // The clock shows 02:00 to 03:00 twice; the first is meant.
    check("01:00-02:00", 1);
    check("02:00-03:00", 2);
    check("01:00-03:00", 3);
    check("03:00-04:00", 1);
}

/// C1: nights that end on the date are cut at its midnight, and of the night that would begin on
/// it the hours after the next midnight stay.
#[test]
fn a_holiday_closes_its_date_from_midnight_to_midnight_and_no_more() {
    let nights = windows("Europe/Amsterdam", &EVERY_DAY, "22:00-06:00");
    let draft = with_holidays(nights, &["2026-12-25"]);
    let expected = [
        "12-24T00:00/06:00",
        "12-24T22:00/12-25T00:00",
        "12-26T00:00/06:00",
        "12-26T22:00/12-27T00:00",
    ];
    check_windows(&draft, "2026-12-24", "2026-12-27", &expected);
}

/// C1: the figures of the case.
#[test]
fn the_hours_after_a_holidays_midnight_count() {
    let evenings = with_holidays(windows("UTC", &EVERY_DAY, "18:00-02:00"), &["2026-05-16"]);
    check_elapsed(&evenings, "2026-05-17T00:00", "2026-05-17T02:00", 2);
    check_elapsed(&evenings, "2026-05-16T00:00", "2026-05-17T00:00", 0);
    check_elapsed(&evenings, "2026-05-15T18:00", "2026-05-16T12:00", 6);
    let always = with_holidays(windows("UTC", &EVERY_DAY, "08:00-08:00"), &["2026-05-16"]);
    check_elapsed(&always, "2026-05-15T00:00", "2026-05-18T00:00", 48);
}

/// C1: of a window that no day before or after has, only the holiday's own hours are lost.
#[test]
fn a_window_of_one_weekday_is_cut_by_the_holiday_it_begins_on() {
    let saturdays = windows("UTC", &[Weekday::Sat], "18:00-18:00");
    let draft = with_holidays(saturdays.clone(), &["2026-05-16"]);
    check_windows(&draft, "2026-05-15", "2026-05-19", &["05-17T00:00/18:00"]);
    let draft = with_holidays(saturdays, &["2026-05-17"]);
    check_windows(&draft, "2026-05-15", "2026-05-19", &["05-16T18:00/05-17T00:00"]);
}

/// C1: two holidays in a row close both dates whole.
#[test]
fn two_holidays_in_a_row_leave_only_the_night_after_the_second() {
    let nights = windows("UTC", &EVERY_DAY, "18:00-02:00");
    let draft = with_holidays(nights, &["2026-12-25", "2026-12-26"]);
    let expected = ["12-24T00:00/02:00", "12-24T18:00/12-25T00:00", "12-27T00:00/02:00"];
    check_windows(&draft, "2026-12-24", "2026-12-27", &expected[..2]);
    check_elapsed(&draft, "2026-12-25T00:00", "2026-12-27T00:00", 0);
    check_elapsed(&draft, "2026-12-27T00:00", "2026-12-27T18:00", 2);
}

/// C1: a special opening takes the place of the windows that begin on its date as wholes, and of a
/// holiday on the same date.
#[test]
fn a_special_opening_leaves_nothing_of_the_windows_it_replaces() {
    let nights = windows("UTC", &EVERY_DAY, "18:00-02:00");
    let special = with_special(nights, "2026-12-24", &["10:00-14:00"]);
    let expected = ["12-23T18:00/12-24T00:00", "12-24T10:00/14:00", "12-25T18:00/12-26T00:00"];
    check_windows(
        &special,
        "2026-12-23",
        "2026-12-26",
        &[&["12-23T00:00/02:00"], &expected[..]].concat(),
    );
    let both = with_holidays(special.clone(), &["2026-12-24"]);
    check_windows(
        &both,
        "2026-12-23",
        "2026-12-26",
        &[&["12-23T00:00/02:00"], &expected[..]].concat(),
    );
    let closed_next = with_special(special, "2026-12-25", &[]);
    check_elapsed(&closed_next, "2026-12-24T14:00", "2026-12-26T18:00", 0);
}

/// C1: a holiday also closes the hours of a special opening of the evening before.
#[test]
fn a_special_opening_ends_at_the_midnight_of_a_holiday() {
    let special = with_special(draft("UTC"), "2026-12-31", &["20:00-04:00"]);
    check_windows(&special, "2026-12-31", "2027-01-02", &["12-31T20:00/01-01T04:00"]);
    let closed = with_holidays(special, &["2027-01-01"]);
    check_windows(&closed, "2026-12-31", "2027-01-02", &["12-31T20:00/01-01T00:00"]);
}

/// C1: a holiday begins and ends with its own midnights where the clock changes at midnight.
#[test]
fn a_holiday_where_midnight_is_skipped_or_shown_twice() {
    let nights = windows("America/Sao_Paulo", &EVERY_DAY, "18:00-02:00");
    // The clock went from 00:00 to 01:00 on 2018-11-04...
    let gap = with_holidays(nights.clone(), &["2018-11-03"]);
    check_windows(
        &gap,
        "2018-11-03",
        "2018-11-05",
        &["11-04T01:00/02:00", "11-04T18:00/11-05T00:00"],
    );
    let gap = with_holidays(nights.clone(), &["2018-11-04"]);
    check_windows(
        &gap,
        "2018-11-03",
        "2018-11-06",
        &[
            "11-03T00:00/02:00",
            "11-03T18:00/11-04T01:00",
            "11-05T00:00/02:00",
            "11-05T18:00/11-06T00:00",
        ],
    );
    // ... and from 24:00 back to 23:00 on 2019-02-16, a date of 25 hours.
    let overlap = with_holidays(round_the_clock("America/Sao_Paulo"), &["2019-02-16"]);
    check_elapsed(&overlap, "2019-02-15T00:00", "2019-02-18T00:00", 48);
    let evening = with_holidays(nights, &["2019-02-17"]);
    check_elapsed(&evening, "2019-02-16T18:00", "2019-02-17T18:00", 7);
}

#[test]
fn a_special_opening_replaces_its_date() {
    let nights = windows("Europe/Amsterdam", &EVERY_DAY, "22:00-06:00");
    let draft = with_special(nights, "2026-12-31", &["08:00-12:00", "20:00-02:00"]);
    let expected = [
        "12-30T00:00/06:00",
        "12-30T22:00/12-31T00:00",
        "12-31T08:00/12:00",
        "12-31T20:00/01-01T02:00",
        "01-01T22:00/01-02T00:00",
    ];
    check_windows(&draft, "2026-12-30", "2027-01-02", &expected);
}

#[test]
fn a_special_opening_wins_over_a_holiday_and_may_close() {
    let draft = with_holidays(office(), &["2026-12-24", "2026-12-25"]);
    let draft = with_special(draft, "2026-12-24", &["09:00-12:00"]);
    let draft = with_special(draft, "2026-12-28", &[]);
    check_windows(&draft, "2026-12-24", "2026-12-30", &["12-24T09:00/12:00", "12-29T09:00/17:00"]);
}

#[test]
fn a_holiday_where_midnight_is_skipped() {
    // In Brazil the clock went from 00:00 to 01:00 on 2018-11-04.
    let always = round_the_clock("America/Sao_Paulo");
    let on_the_day = with_holidays(always.clone(), &["2018-11-04"]);
    check_windows(
        &on_the_day,
        "2018-11-03",
        "2018-11-06",
        &["11-03T00:00/11-04T01:00", "11-05T00:00/11-06T00:00"],
    );
    let on_the_eve = with_holidays(always, &["2018-11-03"]);
    check_windows(
        &on_the_eve,
        "2018-11-02",
        "2018-11-05",
        &["11-02T00:00/11-03T00:00", "11-04T01:00/11-05T00:00"],
    );
}

#[test]
fn a_date_that_never_was() {
    // Samoa went from 2011-12-29 24:00, a Thursday, to 2011-12-31 00:00.
    let office = windows("Pacific/Apia", &MONDAY_TO_FRIDAY, "09:00-17:00");
    let expected = ["12-29T09:00/17:00", "01-02T09:00/17:00"];
    check_windows(&office, "2011-12-29", "2012-01-03", &expected);

    let nights = windows("Pacific/Apia", &[Weekday::Thu], "22:00-06:00");
    check_windows(&nights, "2011-12-29", "2012-01-03", &["12-29T22:00/12-31T06:00"]);
    check_elapsed(&nights, "2011-12-29T12:00", "2012-01-03T00:00", 8);

    let always = with_holidays(round_the_clock("Pacific/Apia"), &["2011-12-30"]);
    assert_eq!(window_count(&compile(&always)), 1);
    let always = with_holidays(round_the_clock("Pacific/Apia"), &["2011-12-29", "2011-12-31"]);
    check_windows(
        &always,
        "2011-12-28",
        "2012-01-02",
        &["12-28T00:00/12-29T00:00", "01-01T00:00/01-02T00:00"],
    );
}

#[test]
fn windows_that_touch_are_one() {
    let mut draft = windows("UTC", &EVERY_DAY, "09:00-12:00");
    draft.weekly.push(weekly(&EVERY_DAY, "12:00", "17:00"));
    draft.weekly.push(weekly(&EVERY_DAY, "10:00", "11:00"));
    check_windows(&draft, "2026-01-05", "2026-01-06", &["01-05T09:00/17:00"]);
}

#[test]
fn the_ends_of_time_are_local_dates_too() {
    // The first instant is in the evening of 1969-12-31 in New York, in a window half over.
    let hours = compile(&windows("America/New_York", &EVERY_DAY, "18:00-20:00"));
    assert!(hours.is_open(Instant::MIN));
    assert_eq!(hours.elapsed(Instant::MIN, seconds(12 * 3600)), HOUR);
    // The last is in the afternoon of 2200-01-01 in Kiritimati, likewise.
    let hours = compile(&windows("Pacific/Kiritimati", &EVERY_DAY, "13:00-15:00"));
    let last_opening = Instant::MAX.checked_add(Span::from_nanos(1) - HOUR);
    assert_eq!(hours.subtract(Instant::MAX, HOUR - Span::from_nanos(1)), last_opening.ok());
    assert_eq!(hours.next_opening(Instant::MAX), Some(Instant::MAX));
}

#[test]
fn windows_are_cut_to_the_interval_given() {
    let hours = compile(&office());
    let (from, to) = (at("2026-11-23T10:00"), at("2026-11-24T10:00"));
    let expected = [(from, at("2026-11-23T17:00")), (at("2026-11-24T09:00"), to)];
    assert_eq!(hours.windows(from, to).collect::<Vec<_>>(), expected);
    assert_eq!(hours.windows(to, from).count(), 0);
    assert_eq!(hours.windows(from, from).count(), 0);
}

#[test]
fn a_zone_the_database_lost_is_named_in_the_error() {
    let calendar = Calendar::parse(&office(), &zones()).unwrap();
    let empty = ZoneDatabase::new(Arc::new(ZoneFiles::new("2199z", [])));
    let error = ServiceHours::compile(&calendar, &empty).unwrap_err();
    let expected = "time zone \"Europe/Amsterdam\" is not in time zone database 2199z";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn the_fullest_calendar_compiles() {
    let mut draft = draft("Europe/Amsterdam");
    for i in 0..WINDOWS_PER_DATE_MAX {
        let time = |minute: usize| format!("{:02}:{:02}", minute / 60, minute % 60);
        draft.weekly.push(weekly(&EVERY_DAY, &time(i * 30), &time(i * 30 + 15)));
    }
    let hours = compile(&draft);
    assert_eq!(hours.elapsed(at("2026-11-23T00:00"), at("2026-11-24T00:00")), Span::from_hours(3));
}

/// Zones with daylight saving time on either side of the world, at midnight, of half an hour, with
/// an offset of half an hour, in Ramadan, without, and some that changed sides of the date line.
const ZONES: [&str; 14] = [
    "Europe/Amsterdam",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "America/Vancouver",
    "America/St_Johns",
    "America/Nuuk",
    "Pacific/Kwajalein",
    "Asia/Pyongyang",
    "Europe/Dublin",
    "UTC",
];

const DAY_SECONDS: i64 = 86_400;

/// A zone, and a time in it: half of the times near a change of its clock.
fn zone_and_second() -> impl Strategy<Value = (&'static str, i64)> {
    (select(&ZONES[..]), any::<prop::sample::Index>(), 3..83_000_i64, any::<bool>()).prop_map(
        |(name, index, day, near_change)| {
            let zone = zones().zone(name).unwrap();
            let changes: Vec<_> =
                zone.transitions(seconds(DAY_SECONDS * 3), Instant::MAX).collect();
            if changes.is_empty() || !near_change {
                return (name, day * DAY_SECONDS);
            }
            (name, index.get(&changes).at.seconds() / DAY_SECONDS * DAY_SECONDS)
        },
    )
}

fn time_of_day() -> impl Strategy<Value = String> {
    let minute = prop_oneof![
        Just(0_u32),
        select(&[1, 30, 60, 90, 119, 120, 121, 150, 180, 1380, 1410, 1439][..]),
        0..1440_u32,
    ];
    minute.prop_map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60))
}

fn closing_time() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just("24:00".to_owned()), 9 => time_of_day()]
}

fn window() -> impl Strategy<Value = DraftWindow> {
    (time_of_day(), closing_time()).prop_map(|(opens, closes)| DraftWindow { opens, closes })
}

fn weekly_window() -> impl Strategy<Value = DraftWeekly> {
    (prop::sample::subsequence(&EVERY_DAY[..], 1..=7), window())
        .prop_map(|(days, DraftWindow { opens, closes })| DraftWeekly { days, opens, closes })
}

/// A date within three days of a UTC day.
fn date_near(day: i64) -> impl Strategy<Value = String> {
    (-3..=3_i64).prop_map(move |days| {
        let day = i32::try_from((day / DAY_SECONDS + days).max(0)).unwrap();
        NaiveDate::from_epoch_days(day).unwrap().to_string()
    })
}

prop_compose! {
    /// Holidays and special openings of some days around a time.
    fn exceptions(around: i64)(
        holidays in prop::collection::btree_set(date_near(around), 0..3),
        special in prop::collection::btree_map(
            date_near(around),
            prop::collection::vec(window(), 0..3),
            0..3,
        ),
    ) -> (Vec<DraftHoliday>, Vec<DraftSpecial>) {
        let holiday = |date| DraftHoliday { date, name: String::new() };
        let opening = |(date, windows)| DraftSpecial { date, windows, name: String::new() };
        (holidays.into_iter().map(holiday).collect(), special.into_iter().map(opening).collect())
    }
}

/// A calendar, and a UTC midnight near which it has exceptions.
fn calendar_and_second() -> impl Strategy<Value = (Draft, i64)> {
    zone_and_second().prop_flat_map(|(name, second)| {
        let weekly = prop::collection::vec(weekly_window(), 0..4);
        (weekly, exceptions(second)).prop_map(move |(weekly, (holidays, special_openings))| {
            let always_open = weekly.is_empty();
            let time_zone = name.to_owned();
            (Draft { time_zone, weekly, holidays, special_openings, always_open }, second)
        })
    })
}

/// Minutes on either side of a time.
fn minutes_around(second: i64, days: i64) -> impl Iterator<Item = Instant> {
    let from = (second - days * DAY_SECONDS).max(0);
    (from..second + days * DAY_SECONDS).step_by(60).map(seconds)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn agrees_with_the_rules_minute_by_minute((draft, second) in calendar_and_second()) {
        let calendar = Calendar::parse(&draft, &zones()).unwrap();
        let hours = ServiceHours::compile(&calendar, &zones()).unwrap();
        let reference = Reference::new(&calendar);
        let mut open_minutes = 0;
        let mut first = None;
        for minute in minutes_around(second, 3) {
            let start = *first.get_or_insert(minute);
            let served = Span::from_minutes(open_minutes);
            prop_assert_eq!(hours.elapsed(start, minute), served, "{}", minute);
            let is_open = reference.is_open(minute);
            prop_assert_eq!(hours.is_open(minute), is_open, "{}", minute);
            if is_open {
                let soon = minute.checked_add(Span::from_minutes(1)).unwrap();
                open_minutes += 1;
                prop_assert_eq!(hours.add(start, Span::from_minutes(open_minutes)), Some(soon));
                prop_assert_eq!(hours.exceeds_at(start, served), Some(minute));
                prop_assert_eq!(hours.next_opening(minute), Some(minute));
                prop_assert_eq!(hours.subtract(soon, Span::from_minutes(1)), Some(minute));
            }
        }
    }

    /// C8: the close of a working day is found as by walking over local dates, minute by minute.
    #[test]
    fn agrees_with_a_walk_over_working_days(
        (draft, second) in calendar_and_second(),
        count in 1..5u16,
        is_after in any::<bool>(),
    ) {
        let calendar = Calendar::parse(&draft, &zones()).unwrap();
        let hours = ServiceHours::compile(&calendar, &zones()).unwrap();
        let reference = Reference::new(&calendar);
        let zone = zones().zone(&draft.time_zone).unwrap();
        let start = seconds(second / 60 * 60);
        if !(5 * DAY_SECONDS..END_SECOND - 60 * DAY_SECONDS).contains(&second) {
            return Ok(());
        }
        let midnight = |date: NaiveDate| zone.instant(date.and_time(NaiveTime::MIN)).unwrap();
        let mut days_left = count;
        let mut date = zone.local(start).date().pred_opt().unwrap();
        let mut found = None;
        for _ in 0..20 {
            let (begins, ends) = (midnight(date), midnight(date.succ_opt().unwrap()));
            date = date.succ_opt().unwrap();
            if ends <= start || (is_after && begins <= start) {
                continue;
            }
            let minutes = ends.since(begins.max(start)).nanos() / 60_000_000_000;
            let mut minutes = (0..minutes).map(|count| {
                begins.max(start).checked_add(Span::from_minutes(count)).unwrap()
            });
            let Some(last) = minutes.rfind(|minute| reference.is_open(*minute)) else {
                continue;
            };
            days_left -= 1;
            if days_left == 0 {
                found = Some(last.checked_add(Span::from_minutes(1)).unwrap());
                break;
            }
        }
        let first = match is_after {
            true => FirstWorkingDay::DayAfterStart,
            false => FirstWorkingDay::DayOfStart,
        };
        let close = hours.close_of_working_day(start, count, first);
        match found {
            Some(found) => prop_assert_eq!(close, Some(found)),
            None => prop_assert!(close.is_none_or(|close| close > midnight(date))),
        }
    }

    #[test]
    fn agrees_with_the_clock_where_it_does_not_change(
        (draft, second) in calendar_and_second(),
    ) {
        let zone = zones().zone(&draft.time_zone).unwrap();
        let near = |days: i64| Instant::from_seconds((second + days * DAY_SECONDS).max(0)).unwrap();
        if zone.transitions(near(-6), near(6)).next().is_some() {
            return Ok(());
        }
        let calendar = Calendar::parse(&draft, &zones()).unwrap();
        let hours = ServiceHours::compile(&calendar, &zones()).unwrap();
        let reference = Reference::new(&calendar);
        for minute in minutes_around(second, 3) {
            let expected = reference.is_open_by_the_wall_clock(minute);
            prop_assert_eq!(hours.is_open(minute), expected, "{}", minute);
        }
    }
}

/// Instants to the nanosecond: near a time, or anywhere.
fn instants_near(second: i64) -> impl Strategy<Value = Instant> {
    let around = |nanos: i64| Instant::from_nanos(nanos.clamp(0, Instant::MAX.nanos())).unwrap();
    let near = -5 * DAY_SECONDS..5 * DAY_SECONDS;
    prop_oneof![
        (near.clone(), any::<bool>()).prop_map(move |(offset, nano)| {
            around((second + offset / 60 * 60) * NANOS_PER_SECOND - i64::from(nano))
        }),
        (near, 0..NANOS_PER_SECOND)
            .prop_map(move |(offset, nano)| around((second + offset) * NANOS_PER_SECOND + nano)),
        (0..=Instant::MAX.nanos()).prop_map(around),
    ]
}

fn amounts() -> impl Strategy<Value = Span> {
    prop_oneof![
        (0..20_i64).prop_map(|quarters| Span::from_minutes(15 * quarters)),
        (0..90 * 3600 * NANOS_PER_SECOND).prop_map(Span::from_nanos),
        (0..i64::MAX).prop_map(Span::from_nanos),
    ]
}

/// A calendar's hours, three instants and an amount.
fn questions() -> impl Strategy<Value = (ServiceHours, [Instant; 3], Span)> {
    calendar_and_second().prop_flat_map(|(draft, second)| {
        let hours = compile(&draft);
        let instants = [instants_near(second), instants_near(second), instants_near(second)];
        (Just(hours), instants, amounts())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn elapsed_is_additive((hours, mut instants, _) in questions()) {
        instants.sort();
        let [a, b, c] = instants;
        prop_assert_eq!(hours.elapsed(a, b) + hours.elapsed(b, c), hours.elapsed(a, c));
        prop_assert!(hours.elapsed(a, b) <= b.since(a));
        let windows = hours.windows(a, c).collect::<Vec<_>>();
        prop_assert!(windows.windows(2).all(|pair| pair[0].1 < pair[1].0));
        let total: Span = windows.iter().map(|(opens, closes)| closes.since(*opens)).sum();
        prop_assert_eq!(total, hours.elapsed(a, c));
    }

    #[test]
    fn add_is_the_earliest_instant((hours, [start, ..], amount) in questions()) {
        let Some(end) = hours.add(start, amount) else {
            prop_assert!(hours.elapsed(start, Instant::MAX) <= amount);
            return Ok(());
        };
        prop_assert_eq!(hours.elapsed(start, end), amount);
        if amount > Span::ZERO {
            let before = end.checked_add(Span::from_nanos(-1)).unwrap();
            prop_assert!(hours.elapsed(start, before) < amount);
        }
    }

    #[test]
    fn subtract_is_the_latest_instant((hours, [end, ..], amount) in questions()) {
        let Some(start) = hours.subtract(end, amount) else {
            prop_assert!(hours.elapsed(Instant::MIN, end) < amount);
            return Ok(());
        };
        prop_assert_eq!(hours.elapsed(start, end), amount);
        if amount > Span::ZERO {
            let after = start.checked_add(Span::from_nanos(1)).unwrap();
            prop_assert!(hours.elapsed(after, end) < amount);
        }
    }

    #[test]
    fn exceeds_at_is_the_greatest_lower_bound((hours, [start, ..], amount) in questions()) {
        let Some(bound) = hours.exceeds_at(start, amount) else {
            prop_assert!(hours.elapsed(start, Instant::MAX) <= amount);
            return Ok(());
        };
        prop_assert_eq!(hours.elapsed(start, bound), amount);
        if let Ok(after) = bound.checked_add(Span::from_nanos(1)) {
            prop_assert!(hours.elapsed(start, after) > amount);
        }
        match hours.add(start, amount) {
            Some(end) if amount > Span::ZERO && !hours.is_open(end) => {
                prop_assert_eq!(Some(bound), hours.next_opening(end));
            }
            end if amount > Span::ZERO => prop_assert_eq!(Some(bound), end),
            _ => prop_assert_eq!(Some(bound), hours.next_opening(start)),
        }
    }

    #[test]
    fn next_opening_is_the_first_open_instant((hours, [at, ..], _) in questions()) {
        let Some(opening) = hours.next_opening(at) else {
            prop_assert_eq!(hours.elapsed(at, Instant::MAX), Span::ZERO);
            return Ok(());
        };
        prop_assert!(hours.is_open(opening));
        prop_assert_eq!(hours.elapsed(at, opening), Span::ZERO);
        prop_assert_eq!(hours.is_open(at), opening == at);
    }
}
