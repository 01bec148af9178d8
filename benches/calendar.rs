//! What compiling a year of a calendar costs, and what each question to it does, as a table.
//!
//! `cargo bench --bench calendar`

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and ends where what it expects is not so"
)]

use std::hint::black_box;
use std::time;

use chrono::Weekday;
use slx::domain::calendar::hours::ServiceHours;
use slx::domain::calendar::{Calendar, Draft, DraftHoliday, DraftWeekly};
use slx::domain::time::{Instant, Span};
use slx::domain::zone::ZoneDatabase;
use slx::runtime::zones::{self, Choice};

const COMPILATIONS: u32 = 200;
/// From 1970 to 2199.
const YEARS: usize = 230;
const QUESTIONS: usize = 1_000_000;

fn main() {
    let opened = time::Instant::now();
    let zones = zones::open(&Choice::Automatic).expect("automatic never fails");
    println!("time zone database {} read in {:.1?}", zones.version(), opened.elapsed());
    println!();
    println!("{:<28}{:>12}{:>10}{:>12}", "calendar", "a year", "windows", "bytes");
    for (name, draft) in calendars() {
        compile(name, &draft, &zones);
    }
    println!();
    println!(
        "{:<28}{:>12}{:>12}{:>12}{:>12}",
        "nanoseconds a question", "elapsed", "add", "subtract", "is_open"
    );
    for (name, draft) in calendars() {
        let calendar = Calendar::parse(&draft, &zones).expect("a sound calendar");
        let hours = ServiceHours::compile(&calendar, &zones).expect("a known zone");
        for (span_name, days) in [("a day", 1), ("a year", 365), ("twenty years", 7_305)] {
            query(&format!("{name}, {span_name}"), &hours, days);
        }
    }
}

/// Calendars from the simplest to the fullest.
fn calendars() -> [(&'static str, Draft); 4] {
    let zone = || Draft { time_zone: "Europe/Amsterdam".into(), ..Draft::default() };
    let holiday = |year| DraftHoliday { date: format!("{year}-12-25"), name: "Kerst".into() };
    let office = Draft {
        weekly: vec![weekly(5, "09:00".into(), "17:00".into())],
        holidays: (2020..2060).map(holiday).collect(),
        ..zone()
    };
    let quarter = |i: usize| {
        (format!("{:02}:{:02}", i / 2, i % 2 * 30), format!("{:02}:{:02}", i / 2, i % 2 * 30 + 15))
    };
    let quarters = (0..12).map(quarter).map(|(opens, closes)| weekly(7, opens, closes));
    [
        ("round the clock", Draft { always_open: true, ..zone() }),
        ("Mon-Fri 9-17", office),
        (
            "every night 22-6",
            Draft { weekly: vec![weekly(7, "22:00".into(), "06:00".into())], ..zone() },
        ),
        ("12 windows a day", Draft { weekly: quarters.collect(), ..zone() }),
    ]
}

fn weekly(days: usize, opens: String, closes: String) -> DraftWeekly {
    let week = std::iter::successors(Some(Weekday::Mon), |day| Some(day.succ()));
    DraftWeekly { days: week.take(days).collect(), opens, closes }
}

fn compile(name: &str, draft: &Draft, zones: &ZoneDatabase) {
    let calendar = Calendar::parse(draft, zones).expect("a sound calendar");
    let hours = ServiceHours::compile(&calendar, zones).expect("a known zone");
    let all = hours.windows(Instant::MIN, Instant::MAX).count();
    let at = starts().next().expect("an instant");
    let started = time::Instant::now();
    let mut bytes = 0;
    for _ in 0..COMPILATIONS {
        let hours = ServiceHours::compile(black_box(&calendar), zones).expect("a known zone");
        black_box(hours.is_open(at));
        bytes = hours.heap_bytes();
    }
    let each = started.elapsed() / COMPILATIONS;
    let windows = all / YEARS;
    println!("{name:<28}{:>12}{windows:>10}{bytes:>12}", format!("{each:.2?}"));
}

/// Queries spans of `days` that begin all over the years 2000 to 2068.
fn query(name: &str, hours: &ServiceHours, days: i64) {
    let spans: Vec<(Instant, Instant)> =
        starts().map(|start| (start, later(start, days))).collect();
    let amounts: Vec<(Instant, Instant, Span)> =
        spans.iter().map(|&(start, end)| (start, end, hours.elapsed(start, end))).collect();
    let elapsed = nanos_each(&amounts, |&(start, end, _)| hours.elapsed(start, end));
    let add = nanos_each(&amounts, |&(start, _, amount)| hours.add(start, amount));
    let subtract = nanos_each(&amounts, |&(_, end, amount)| hours.subtract(end, amount));
    let is_open = nanos_each(&amounts, |&(start, _, _)| hours.is_open(start));
    println!("{name:<28}{elapsed:>12}{add:>12}{subtract:>12}{is_open:>12}");
}

/// Instants scattered by a multiplier, so that no two questions in a row are near each other.
fn starts() -> impl Iterator<Item = Instant> {
    let second = |i: u64| 946_684_800 + (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) as i64;
    (0..4_096).map(move |i| Instant::from_seconds(second(i)).expect("within 2000 to 2068"))
}

fn later(start: Instant, days: i64) -> Instant {
    start.checked_add(Span::from_hours(24 * days)).expect("within the range")
}

fn nanos_each<T, Answer>(questions: &[T], answer: impl Fn(&T) -> Answer) -> u128 {
    let started = time::Instant::now();
    for question in questions.iter().cycle().take(QUESTIONS) {
        black_box(answer(black_box(question)));
    }
    started.elapsed().as_nanos() / QUESTIONS as u128
}
