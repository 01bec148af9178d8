//! The two times of every question.

use clap::Args;
use prost_types::Timestamp;

use super::given_time::{GivenTime, time};
use super::show::Shown;

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
        assert_eq!(seconds("2026-10-25T02:30:00+02:00", "Europe/Amsterdam"), Ok(1_792_888_200));
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_would_be() {
        for text in ["", "tomorrow", "2026-13-01", "2026-11-31", "2026-11-01T25:00", "20261101"] {
            assert!(time(text).unwrap_err().contains("2026-11-23T14:00"), "{text}");
        }
    }
}
