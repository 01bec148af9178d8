//! Service hours as a library: how much of a provider's working time lies between two instants,
//! and when an amount of it will have passed; over a night, a weekend, a holiday and summer time.
//!
//! `cargo run --example service_hours`

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use chrono::Weekday;
use slx::domain::calendar::hours::ServiceHours;
use slx::domain::calendar::{Calendar, Draft, DraftHoliday, DraftWeekly};
use slx::domain::time::{Instant, Span};
use slx::domain::zone::ZoneDatabase;

const HOUR: i64 = 3_600_000_000_000;

fn main() -> anyhow::Result<()> {
    // The database that is built in; a server may take the system's instead.
    let zones = ZoneDatabase::bundled();
    let office = Draft {
        time_zone: "Europe/Amsterdam".into(),
        weekly: vec![DraftWeekly {
            days: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri],
            opens: "09:00".into(),
            closes: "17:00".into(),
        }],
        holidays: vec![DraftHoliday { date: "2026-12-25".into(), name: "Eerste Kerstdag".into() }],
        ..Draft::default()
    };
    // Every violation of a calendar is found at once.
    let office = Calendar::parse(&office, &zones).map_err(|violations| {
        let violations: Vec<_> = violations.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("not a calendar: {}", violations.join("; "))
    })?;
    let hours = ServiceHours::compile(&office, &zones)?;
    let zone = zones.zone("Europe/Amsterdam").ok_or_else(|| anyhow::anyhow!("no such zone"))?;

    println!("{:<27}{:<27}service time", "from", "to");
    for (from, to) in [
        ("2026-11-20T15:30:00Z", "2026-11-23T09:00:00Z"),
        ("2026-12-24T15:00:00Z", "2026-12-28T09:00:00Z"),
        ("2026-03-27T15:00:00Z", "2026-03-30T08:00:00Z"),
    ] {
        let (from, to) = (instant(from)?, instant(to)?);
        let (shown_from, shown_to) = (zone.format(from), zone.format(to));
        println!("{shown_from:<27}{shown_to:<27}{}", hours.elapsed(from, to));
    }

    println!();
    println!("{:<27}{:<13}passes at", "from", "service time");
    for (from, count) in
        [("2026-11-20T15:30:00Z", 4), ("2026-12-24T15:00:00Z", 1), ("2026-12-24T15:00:00Z", 40)]
    {
        let (from, amount) = (instant(from)?, Span::from_nanos(count * HOUR));
        // None: it would be after 2199.
        let end = hours.add(from, amount).map_or("never".into(), |end| zone.format(end));
        println!("{:<27}{:<13}{end}", zone.format(from), amount.to_string());
    }
    Ok(())
}

fn instant(text: &str) -> anyhow::Result<Instant> {
    let time = chrono::DateTime::parse_from_rfc3339(text)?;
    Ok(Instant::try_from(time.to_utc())?)
}
