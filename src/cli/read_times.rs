//! Times on the command line: instants, and local dates and times in the zone of `--zone`.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use clap::Args;
use prost_types::Timestamp;

use super::show::Shown;
use crate::codec::scalar::timestamp;
use crate::domain::time::Instant;

/// How a local time may be written, but for a date alone.
const LOCAL_FORMATS: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];

/// A time on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenTime {
    /// An instant, written with its offset.
    Instant(Timestamp),
    /// What clocks show in the zone of `--zone`; of a date alone its beginning.
    Local(NaiveDateTime),
}

/// The two times of a read.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct ReadTimes {
    /// The time to evaluate at: RFC 3339, or without an offset in --zone; default: now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of_time: Option<GivenTime>,

    /// Uses only what was recorded by this time; default: everything.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub known_time: Option<GivenTime>,
}

/// The two instants of a read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReadInstants {
    pub as_of_time: Option<Timestamp>,
    pub known_time: Option<Timestamp>,
}

impl ReadTimes {
    /// Whether one of them is given without an offset.
    pub fn want_a_zone(self) -> bool {
        let is_local = |time| matches!(time, Some(GivenTime::Local(_)));
        is_local(self.as_of_time) || is_local(self.known_time)
    }

    /// The instants that are meant in a zone.
    pub fn in_zone(self, zone: &Shown) -> anyhow::Result<ReadInstants> {
        Ok(ReadInstants {
            as_of_time: zone.instant(self.as_of_time)?,
            known_time: zone.instant(self.known_time)?,
        })
    }
}

/// Reads a time.
pub(super) fn time(text: &str) -> Result<GivenTime, String> {
    if let Ok(instant) = instant(text) {
        return Ok(GivenTime::Instant(instant));
    }
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|it| it.and_time(NaiveTime::MIN));
    let local = LOCAL_FORMATS.iter().find_map(|it| NaiveDateTime::parse_from_str(text, it).ok());
    local.or_else(|| date().ok()).map(GivenTime::Local).ok_or_else(|| {
        "write RFC 3339, 2026-11-23T14:00:00+01:00, or in --zone 2026-11-23T14:00 or 2026-11-23"
            .to_owned()
    })
}

/// Reads an instant.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let time = chrono::DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| "write RFC 3339: 2026-11-23T14:00:00+01:00".to_owned())?;
    let instant = Instant::try_from(time.to_utc());
    instant.map(timestamp).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str, zone: &str) -> Result<i64, String> {
        let shown = Shown { zone: zone.to_owned() };
        let given = time(text)?;
        let instant = shown.instant(Some(given)).map_err(|error| error.to_string())?;
        Ok(instant.map(|instant| instant.seconds).unwrap_or_default())
    }

    #[test]
    fn a_time_without_an_offset_is_what_clocks_show_in_the_zone() {
        let midnight = 1_793_487_600;
        assert_eq!(seconds("2026-11-01T00:00:00+01:00", "UTC"), Ok(midnight));
        for text in ["2026-11-01", "2026-11-01T00:00", "2026-11-01 00:00", "2026-11-01 00:00:00"] {
            assert_eq!(seconds(text, "Europe/Amsterdam"), Ok(midnight), "{text}");
            assert_eq!(seconds(text, "UTC"), Ok(midnight + 3_600), "{text}");
        }
    }

    #[test]
    fn a_time_that_clocks_skip_or_show_twice_wants_its_offset() {
        for text in ["2026-10-25T02:30", "2026-03-29T02:30"] {
            let refused = seconds(text, "Europe/Amsterdam").unwrap_err();
            assert!(refused.contains("write it with its offset"), "{refused}");
        }
        assert_eq!(seconds("2026-10-25T02:30+02:00", "Europe/Amsterdam"), Ok(1_792_888_200));
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_would_be() {
        for text in ["", "tomorrow", "2026-13-01", "2026-11-31", "2026-11-01T25:00", "20261101"] {
            assert!(time(text).unwrap_err().contains("2026-11-23T14:00"), "{text}");
        }
    }
}
