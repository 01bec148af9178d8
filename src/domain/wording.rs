//! How sentences say instants and spans: as precisely as a reader needs, and no more.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike, Weekday};

use super::time::{Instant, Span};
use super::zone::Zone;

/// Instants this many local days away or nearer are called by their weekday.
const WEEKDAYS_AWAY_MAX: i64 = 6;
/// From so many days on hours are left out, and from so many on days are.
const DAYS_ALONE_FROM: i64 = 14;
const WEEKS_FROM: i64 = 56;

/// Says instants in the local time of a contract, to somebody who reads them at `now`.
#[derive(Clone, Debug)]
pub struct LocalTime {
    zone: Option<Zone>,
    today: NaiveDate,
}

impl LocalTime {
    /// In a zone, or without one in UTC.
    pub fn new(zone: Option<Zone>, now: Instant) -> LocalTime {
        let today = local(zone.as_ref(), now).date();
        LocalTime { zone, today }
    }

    /// To the minute: `Tuesday 14:05 CET`, or of another week `2026-11-03 14:05 CET`; in a zone
    /// whose time has no name `Tuesday 14:05 UTC-03`.
    pub fn moment(&self, instant: Instant) -> String {
        let local = local(self.zone.as_ref(), instant);
        let zone = self.zone.as_ref().map_or_else(String::new, |zone| zone.abbreviation(instant));
        let utc = if zone.is_empty() || zone.starts_with(['+', '-']) { "UTC" } else { "" };
        let (date, hour, minute) = (local.date(), local.hour(), local.minute());
        // Sentences are made by the thousand: no format is read for each.
        let mut said = String::with_capacity(32);
        let is_near = (date - self.today).num_days().abs() <= WEEKDAYS_AWAY_MAX;
        let _ = match is_near {
            true => write!(said, "{}", weekday(date.weekday())),
            false => write!(said, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
        };
        let _ = write!(said, " {hour:02}:{minute:02} {utc}{zone}");
        said
    }
}

fn local(zone: Option<&Zone>, instant: Instant) -> NaiveDateTime {
    zone.map_or_else(|| instant.to_chrono().naive_utc(), |zone| zone.local(instant))
}

fn weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

/// A span by the wall, to what matters: `12 min`, `5 h 10 min`, `2 days 5 h`, `16 days`, `9 weeks`.
pub fn roughly(span: Span) -> String {
    let minutes = minutes(span);
    let (days, hours) = (minutes / 1440, minutes / 60 % 24);
    match days {
        0 => service_time(span),
        WEEKS_FROM.. => format!("{} weeks", days / 7),
        DAYS_ALONE_FROM.. => format!("{days} days"),
        _ => [counted(days, "day"), part(hours, "h")].concat(),
    }
}

/// A span of service time, which has no days of 24 hours: `12 min`, `5 h 10 min`, `40 h`.
pub fn service_time(span: Span) -> String {
    let minutes = minutes(span);
    match (minutes / 60, minutes % 60) {
        (0, 0) if span > Span::ZERO => "less than a minute".to_owned(),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h{}", part(minutes, "min")),
    }
}

/// `1 clock`, `2 clocks`: of a noun whose plural ends in s.
pub fn counted(count: i64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn part(count: i64, unit: &str) -> String {
    if count == 0 { String::new() } else { format!(" {count} {unit}") }
}

fn minutes(span: Span) -> i64 {
    span.nanos().max(0) / 60_000_000_000
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::zone::ZoneDatabase;

    #[test]
    fn spans_are_said_to_what_matters() {
        let of = |minutes: i64| roughly(Span::from_minutes(minutes));
        for (minutes, said) in [
            (0, "0 min"),
            (59, "59 min"),
            (60, "1 h"),
            (310, "5 h 10 min"),
            (1440, "1 day"),
            (1501, "1 day 1 h"),
            (2 * 1440 + 350, "2 days 5 h"),
            (14 * 1440 + 700, "14 days"),
            (57 * 1440, "8 weeks"),
        ] {
            assert_eq!(of(minutes), said);
        }
        assert_eq!(roughly(Span::from_seconds(59)), "less than a minute");
        assert_eq!(roughly(Span::from_seconds(-59)), "0 min");
        assert_eq!(service_time(Span::from_hours(40)), "40 h");
        assert_eq!(service_time(Span::from_nanos(46_440_709_107_651)), "12 h 54 min");
    }

    #[test]
    fn an_instant_of_this_week_has_its_weekday_and_another_its_date() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap().try_into().unwrap();
        let zones = ZoneDatabase::bundled();
        let zone = zones.zone("Europe/Amsterdam");
        let local = LocalTime::new(zone, at("2026-10-23T09:00:00Z"));
        assert_eq!(local.moment(at("2026-10-20T12:05:59.7Z")), "Tuesday 14:05 CEST");
        assert_eq!(local.moment(at("2026-10-29T12:05:00Z")), "Thursday 13:05 CET");
        assert_eq!(local.moment(at("2026-10-16T12:05:00Z")), "2026-10-16 14:05 CEST");
        let unnamed = LocalTime::new(zones.zone("America/Sao_Paulo"), at("2026-10-23T09:00:00Z"));
        assert_eq!(unnamed.moment(at("2026-10-20T12:05:00Z")), "Tuesday 09:05 UTC-03");
        let utc = LocalTime::new(None, at("2026-10-23T09:00:00Z"));
        assert_eq!(utc.moment(at("2026-10-20T12:05:00Z")), "Tuesday 12:05 UTC");
    }
}
