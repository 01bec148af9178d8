use std::time::{Duration, Instant as Clock};

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::fuzz::spoilt::spoilt_text;

const SOON: Duration = Duration::from_secs(20);

/// As a Dutch publisher would write it: folded lines, a time zone nobody needs, a holiday of two
/// days, Koningsdag (27 April, or the day before when that is a Sunday) as a rule, a cancelled
/// event and an escaped name.
const DUTCH: &str = "BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Voorbeeld//Nederlandse feestdagen//NL\r
CALSCALE:GREGORIAN\r
X-WR-CALNAME:Feestdagen Nederland\r
BEGIN:VTIMEZONE\r
TZID:Europe/Amsterdam\r
BEGIN:STANDARD\r
DTSTART:19701025T030000\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
UID:nieuwjaar@voorbeeld.nl\r
DTSTAMP:20250101T000000Z\r
DTSTART;VALUE=DATE:20200101\r
DTEND;VALUE=DATE:20200102\r
RRULE:FREQ=YEARLY\r
SUMMARY;LANGUAGE=nl:Nieuwjaarsdag\r
TRANSP:TRANSPARENT\r
BEGIN:VALARM\r
ACTION:DISPLAY\r
TRIGGER:-PT12H\r
DESCRIPTION:morgen vrij\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:pasen-2026@voorbeeld.nl\r
DTSTAMP:20250101T000000Z\r
DTSTART;VALUE=DATE:20260405\r
DTEND;VALUE=DATE:20260407\r
SUMMARY:Eerste en Tweede P\r
 aasdag\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:koningsdag@voorbeeld.nl\r
DTSTAMP:20250101T000000Z\r
DTSTART;VALUE=DATE:20140426\r
RRULE:FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=26,27;BYDAY=MO,TU,WE,TH,FR,SA;BYS\r
 ETPOS=-1\r
SUMMARY:Koningsdag\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:bevrijdingsdag@voorbeeld.nl\r
DTSTAMP:20250101T000000Z\r
DTSTART;VALUE=DATE:20200505\r
RRULE:FREQ=YEARLY;INTERVAL=5\r
SUMMARY:Bevrijdingsdag\\, eens in de vijf jaar\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:brugdag@voorbeeld.nl\r
DTSTAMP:20250101T000000Z\r
DTSTART;VALUE=DATE:20260515\r
SUMMARY:Brugdag\r
STATUS:CANCELLED\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:kerst@voorbeeld.nl\r
DTSTAMP:20250101T000000Z\r
DTSTART;VALUE=DATE:20251225\r
DURATION:P2D\r
RRULE:FREQ=YEARLY;UNTIL=20301231T235959Z\r
SUMMARY:Kerstmis\r
END:VEVENT\r
END:VCALENDAR\r
";

fn calendar(events: &[&str]) -> String {
    let event = |lines: &&str| format!("BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\n");
    let events: String = events.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n")
}

fn dates(text: &str, from_year: i32, to_year: i32) -> Vec<String> {
    let holidays = holidays_from_icalendar(text, from_year, to_year).unwrap();
    holidays.iter().map(|holiday| holiday.date.to_string()).collect()
}

#[track_caller]
fn check_dates(lines: &str, expected: &[&str]) {
    assert_eq!(dates(&calendar(&[lines]), 2026, 2028), expected);
}

#[track_caller]
fn check_violation(text: &str, expected: &str) {
    let violations = holidays_from_icalendar(text, 2026, 2028).unwrap_err();
    assert_eq!(violations.iter().map(Violation::to_string).collect::<Vec<_>>(), [expected]);
}

#[track_caller]
fn check_event_violation(lines: &str, expected: &str) {
    check_violation(&calendar(&[lines]), expected);
}

#[test]
fn dutch_public_holidays() {
    let holidays = holidays_from_icalendar(DUTCH, 2025, 2026).unwrap();
    let lines: Vec<_> = holidays.iter().map(|h| format!("{} {}", h.date, h.name)).collect();
    assert_eq!(
        lines,
        [
            "2025-01-01 Nieuwjaarsdag",
            "2025-04-26 Koningsdag",
            "2025-05-05 Bevrijdingsdag, eens in de vijf jaar",
            "2025-12-25 Kerstmis",
            "2025-12-26 Kerstmis",
            "2026-01-01 Nieuwjaarsdag",
            "2026-04-05 Eerste en Tweede Paasdag",
            "2026-04-06 Eerste en Tweede Paasdag",
            "2026-04-27 Koningsdag",
            "2026-12-25 Kerstmis",
            "2026-12-26 Kerstmis",
        ]
    );
}

#[test]
fn a_rule_without_end_goes_on_to_the_last_year_requested() {
    let koningsdag = |year| {
        let holidays = holidays_from_icalendar(DUTCH, year, year).unwrap();
        holidays.iter().find(|h| h.name == "Koningsdag").unwrap().date.to_string()
    };
    assert_eq!(koningsdag(2014), "2014-04-26");
    assert_eq!(koningsdag(2031), "2031-04-26");
    assert_eq!(koningsdag(2199), "2199-04-27");
    assert_eq!(dates(DUTCH, 2031, 2031).len(), 2, "Kerstmis ended with 2030");
}

#[test]
fn rules_of_every_kind() {
    check_dates(
        "DTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
        &["2026-11-26", "2027-11-25", "2028-11-23"],
    );
    check_dates(
        "DTSTART;VALUE=DATE:20200525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
        &["2026-05-25", "2027-05-31", "2028-05-29"],
    );
    check_dates("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY", &["2028-02-29"]);
    check_dates(
        "DTSTART;VALUE=DATE:20261230\nRRULE:FREQ=DAILY;COUNT=3",
        &["2026-12-30", "2026-12-31", "2027-01-01"],
    );
    check_dates(
        "DTSTART;VALUE=DATE:20251231\nRRULE:FREQ=MONTHLY;UNTIL=20260401",
        &["2026-01-31", "2026-03-31"],
    );
    check_dates(
        "DTSTART;VALUE=DATE:20281204\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU",
        &["2028-12-04", "2028-12-05", "2028-12-18", "2028-12-19"],
    );
}

#[test]
fn dates_are_added_and_taken_away() {
    check_dates(
        "DTSTART;VALUE=DATE:20250501\nRRULE:FREQ=YEARLY\nRDATE;VALUE=DATE:20260101,20290101\n\
         EXDATE;VALUE=DATE:20270501\nEXDATE:20280501T000000Z",
        &["2026-01-01", "2026-05-01"],
    );
    check_dates("DTSTART;VALUE=DATE:20260501\nEXDATE;VALUE=DATE:20260501", &[]);
}

#[test]
fn an_instance_is_rescheduled_or_cancelled() {
    let text = calendar(&[
        "DTSTART;VALUE=DATE:20250501\nRRULE:FREQ=YEARLY",
        "RECURRENCE-ID;VALUE=DATE:20260501\nDTSTART;VALUE=DATE:20260504",
        "RECURRENCE-ID;VALUE=DATE:20270501\nDTSTART;VALUE=DATE:20270501\nSTATUS:CANCELLED",
    ]);
    assert_eq!(dates(&text, 2026, 2028), ["2026-05-04", "2028-05-01"]);
}

#[test]
fn events_of_several_days() {
    check_dates(
        "DTSTART;VALUE=DATE:20251230\nDTEND;VALUE=DATE:20260103",
        &["2026-01-01", "2026-01-02"],
    );
    check_dates("DTSTART;VALUE=DATE:20281231\nDURATION:P1W", &["2028-12-31"]);
    check_dates("DTSTART;VALUE=DATE:20260501\nDTEND;VALUE=DATE:20260501", &["2026-05-01"]);
    check_dates("DTSTART:20260501", &["2026-05-01"]);
    check_dates("DTSTART;VALUE=DATE:20100101\nDTEND;VALUE=DATE:20100105", &[]);
}

#[test]
fn a_timed_event_is_no_holiday() {
    check_event_violation(
        "DTSTART:20260501T090000Z\nSUMMARY:Borrel",
        "events[0].dtstart: of \"Borrel\" is at a time of day: \
         only all-day events can be holidays",
    );
    check_event_violation(
        "DTSTART;VALUE=DATE:20260501\nDTEND;TZID=Europe/Amsterdam:20260501T170000",
        "events[0].dtend: of \"\" is at a time of day: only all-day events can be holidays",
    );
}

#[test]
fn every_event_describes_its_violation() {
    let text = calendar(&["SUMMARY:A", "DTSTART;VALUE=DATE:20260501", "DTSTART:20260230"]);
    let violations = holidays_from_icalendar(&text, 2026, 2028).unwrap_err();
    let violations: Vec<_> = violations.iter().map(Violation::to_string).collect();
    assert_eq!(
        violations,
        [
            "events[0].dtstart: of \"A\" is missing: write YYYYMMDD",
            "events[2].dtstart: of \"\" is not a date: write YYYYMMDD",
        ]
    );
}

#[test]
fn what_else_can_be_wrong_with_an_event() {
    let check = |lines: &str, expected: &str| {
        let lines = format!("DTSTART;VALUE=DATE:20260501\n{lines}");
        check_event_violation(&lines, &format!("events[0].{expected}"));
    };
    check(
        "DTEND;VALUE=DATE:20260430",
        "dtend: of \"\" is before dtstart: write the day after the last",
    );
    check("DURATION:PT12H", "duration: of \"\" is not whole days: write P1D or longer");
    check("DURATION:-P1D", "duration: of \"\" is not whole days: write P1D or longer");
    check(
        "RRULE:EVERY=YEAR",
        "rrule: of \"\" is not a recurrence rule: write FREQ=YEARLY or the like",
    );
    check(
        "RRULE:FREQ=SECONDLY",
        "rrule: of \"\" is by the hour or less: \
         an all-day event recurs by days, weeks, months or years",
    );
    check(
        "RRULE:FREQ=YEARLY;BYMONTHDAY=77",
        "rrule: has a part that is out of range: see RFC 5545, 3.3.10",
    );
    check("RDATE:soon", "rdate: of \"\" is not a list of dates: write YYYYMMDD,YYYYMMDD");
    check(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260501",
        "recurrence_id: of \"\" has a RANGE: \
         write the instances out, or end one event and begin another",
    );
    let long = format!("SUMMARY:{}", "x".repeat(NAME_BYTES_MAX + 1));
    let shown = "x".repeat(40);
    check(&long, &format!("summary: of \"{shown}\" takes 257 bytes: write 256 at most"));
}

#[test]
fn a_text_that_is_no_calendar() {
    let not_icalendar = ": is not iCalendar (RFC 5545): \
                         send a text that begins with BEGIN:VCALENDAR and ends with END:VCALENDAR";
    for text in [
        "",
        "date,name\n2026-12-25,Kerst\n",
        "END:VCALENDAR",
        "<html>\nEND:VCALENDAR",
        "BEGIN:VCARD\nFN:Jan\nEND:VCARD\nEND:VCALENDAR",
        DUTCH.split_at(DUTCH.len() / 2).0,
    ] {
        check_violation(text, not_icalendar);
    }
    let empty = "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR";
    assert_eq!(holidays_from_icalendar(empty, 2026, 2028), Ok(vec![]));
    let twice = format!("{DUTCH}\r\n{DUTCH}");
    assert_eq!(dates(&twice, 2026, 2026), dates(DUTCH, 2026, 2026));
}

#[test]
fn limits() {
    let large = " ".repeat(TEXT_BYTES_MAX + 1);
    check_violation(&large, ": takes 1048577 bytes: send 1048576 at most");

    let daily = calendar(&["DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY"]);
    assert_eq!(dates(&daily, 2026, 2028).len(), 1096);
    let violations = holidays_from_icalendar(&daily, 2026, 2040).unwrap_err();
    let expected = "events[0]: the text gives more than 2000 dates: request fewer years";
    assert_eq!(violations[0].to_string(), expected);

    let rules = "\nRRULE:FREQ=YEARLY".repeat(RECURRENCE_RULES_MAX + 1);
    let yearly = calendar(&[&format!("DTSTART;VALUE=DATE:20260101{rules}")]);
    check_violation(&yearly, ": has 101 recurrence rules: send 100 at most");

    check_event_violation(
        "DTSTART;VALUE=DATE:18991231\nRRULE:FREQ=DAILY\nSUMMARY:Old",
        "events[0].rrule: of \"Old\" begins before 1900: let it begin later",
    );
}

#[test]
fn years_are_checked() {
    let violation = |from_year, to_year| {
        holidays_from_icalendar(DUTCH, from_year, to_year).unwrap_err()[0].to_string()
    };
    let expected = "from_year: 1969 is out of range: write a year from 1970 to 2199";
    assert_eq!(violation(1969, 2026), expected);
    assert_eq!(violation(i32::MIN, i32::MAX), expected.replace("1969", "-2147483648"));
    assert_eq!(
        violation(2027, 2026),
        "to_year: 2026 is before from_year, 2027: write the later year here"
    );
}

/// A recurrence rule of plausible parts with implausible numbers.
fn rule() -> impl Strategy<Value = String> {
    let number = prop_oneof![-60..60_i32, -400..400_i32, any::<i32>()];
    let part = prop_oneof![
        (1..100_u32).prop_map(|n| format!("INTERVAL={n}")),
        number.clone().prop_map(|n| format!("INTERVAL={n}")),
        number.clone().prop_map(|n| format!("COUNT={n}")),
        number.clone().prop_map(|n| format!("BYMONTH={n}")),
        number.clone().prop_map(|n| format!("BYMONTHDAY={n}")),
        number.clone().prop_map(|n| format!("BYYEARDAY={n}")),
        number.clone().prop_map(|n| format!("BYWEEKNO={n}")),
        (1..13_u32, 1..32_u32).prop_map(|(m, d)| format!("BYMONTH={m};BYMONTHDAY={d}")),
        (1..53_i32, -53..-1_i32).prop_map(|(a, b)| format!("BYWEEKNO={a},{b}")),
        number.clone().prop_map(|n| format!("BYSETPOS={n}")),
        (number, "MO|TU|SU").prop_map(|(n, day)| format!("BYDAY={n}{day}")),
        "BYDAY=(MO|TU|WE|TH|FR|SA|SU)(,(MO|SU))?",
        "WKST=(MO|SU|WE)",
        "UNTIL=20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])(T000000Z)?",
    ];
    let parts = prop::collection::vec(part, 0..4);
    ("YEARLY|MONTHLY|WEEKLY|DAILY", parts)
        .prop_map(|(frequency, parts)| format!("RRULE:FREQ={frequency};{}", parts.join(";")))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<Vec<u8>>()) {
        let text = String::from_utf8_lossy(&text);
        let _ = holidays_from_icalendar(&text, 2026, 2028);
        let framed = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{text}\nEND:VEVENT\nEND:VCALENDAR");
        let _ = holidays_from_icalendar(&framed, 2026, 2028);
    }

    #[test]
    fn a_damaged_text_is_read_or_refused(
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = DUTCH.as_bytes().to_vec();
        for (place, byte) in damages {
            *place.get_mut(&mut bytes) = byte;
        }
        let _ = holidays_from_icalendar(&String::from_utf8_lossy(&bytes), 2020, 2030);
    }

    #[test]
    fn a_text_cut_and_spliced_is_read_or_refused(text in spoilt_text(DUTCH)) {
        match holidays_from_icalendar(&text, 2020, 2030) {
            Ok(holidays) => prop_assert!(holidays.is_sorted()),
            Err(violations) => prop_assert!(violations.iter().all(|violation| !violation.to_string().is_empty())),
        }
    }

    #[test]
    fn lines_in_any_order_are_read_or_refused(
        lines in prop::collection::vec(select(DUTCH.lines().collect::<Vec<_>>()), 0..60),
    ) {
        let text = format!("BEGIN:VCALENDAR\n{}\nEND:VCALENDAR", lines.join("\n"));
        let _ = holidays_from_icalendar(&text, 2020, 2030);
    }

    #[test]
    fn any_rule_is_expanded_or_refused(rule in rule(), day in 1..29_u32, month in 1..13_u32) {
        let text = calendar(&[&format!("DTSTART;VALUE=DATE:2020{month:02}{day:02}\n{rule}")]);
        if let Ok(holidays) = holidays_from_icalendar(&text, 2021, 2025) {
            let in_range = |holiday: &Holiday| (2021..=2025).contains(&holiday.date.year());
            prop_assert!(holidays.iter().all(in_range));
        }
    }
}

#[test]
fn a_text_that_grows_when_it_is_read_is_refused_or_read_soon() {
    let repeated = |part: &str| part.repeat((TEXT_BYTES_MAX - 200) / part.len());
    let event = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19000101\n";
    let never = "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\n";
    let daily = "RRULE:FREQ=DAILY\n";
    for lines in [
        repeated("BEGIN:VEVENT\n"),
        repeated("BEGIN:VEVENT\nEND:VEVENT\n"),
        repeated(&format!("{event}END:VEVENT\n")),
        repeated(&format!("{event}{daily}END:VEVENT\n")),
        format!("{event}{}END:VEVENT", repeated(never)),
        // As many as may be take ten times as long.
        format!("{event}{}END:VEVENT", never.repeat(RECURRENCE_RULES_MAX / 10)),
        format!("{event}{}END:VEVENT", daily.repeat(RECURRENCE_RULES_MAX / 10)),
        format!("{event}DURATION:P999999W\n{daily}END:VEVENT"),
        format!("{event}EXDATE:{}\n{daily}END:VEVENT", repeated("19000101,")),
        format!("{event}RDATE;VALUE=DATE:{}\nEND:VEVENT", repeated("20260101,")),
        format!("{event}SUMMARY:{}\nEND:VEVENT", repeated("x\n ")),
    ] {
        let began = Clock::now();
        let text = format!("BEGIN:VCALENDAR\n{lines}\nEND:VCALENDAR");
        let read = holidays_from_icalendar(&text, 1970, 2199);
        assert!(read.is_err() || read.is_ok_and(|holidays| holidays.len() <= HOLIDAYS_MAX));
        assert!(began.elapsed() < SOON, "{:?} for {lines:.100}", began.elapsed());
    }
}
