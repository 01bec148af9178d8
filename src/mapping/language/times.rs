//! Instants as exports write them, and what they may mean.

use chrono::NaiveDateTime;

use crate::domain::time::Instant;
use crate::domain::zone::Zone;

/// How instants are written.
#[derive(Clone, Debug)]
pub(crate) struct TimeFormat {
    /// The letters of strftime, or `rfc3339`.
    format: String,
    /// The zone of instants without an offset.
    zone: Zone,
}

/// The instants that a written one may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Readings {
    /// The one it means, or the earlier of two.
    pub first: Instant,
    /// The later one, where the zone's clocks were set back and showed it twice.
    pub again: Option<Instant>,
    /// Whether the zone's clocks skipped it: it is read as so much later.
    pub is_skipped: bool,
}

impl TimeFormat {
    pub(super) fn new(format: String, zone: Zone) -> TimeFormat {
        TimeFormat { format, zone }
    }

    /// What an instant may mean.
    ///
    /// # Errors
    /// It is written in another way, or lies outside 1970 to 2199.
    pub fn read(&self, text: &str) -> Result<Readings, String> {
        let format = &self.format;
        let wrong = || format!("{text:?} is not an instant written as {format:?}");
        if format == "rfc3339" {
            return certain(chrono::DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?);
        }
        if let Ok(time) = chrono::DateTime::parse_from_str(text, format) {
            return certain(time);
        }
        let local = NaiveDateTime::parse_from_str(text, format).map_err(|_| wrong())?;
        let first = self.zone.instant(local).map_err(|error| error.to_string())?;
        Ok(Readings {
            first,
            again: self.zone.second_instant(local),
            is_skipped: self.zone.local(first) > local,
        })
    }
}

fn certain(time: chrono::DateTime<chrono::FixedOffset>) -> Result<Readings, String> {
    let first = Instant::try_from(time.to_utc()).map_err(|error| error.to_string())?;
    Ok(Readings { first, again: None, is_skipped: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::ZoneDatabase;

    fn read(text: &str) -> Result<(String, Option<String>, bool), String> {
        let zone = ZoneDatabase::bundled().zone("Europe/Amsterdam").unwrap();
        let times = TimeFormat::new("%Y-%m-%d %H:%M".to_owned(), zone);
        let Readings { first, again, is_skipped } = times.read(text)?;
        Ok((first.to_string(), again.map(|again| again.to_string()), is_skipped))
    }

    #[test]
    fn an_instant_means_one_but_for_the_repeated_hour() {
        let once = |time: &str, is_skipped| Ok((time.to_owned(), None, is_skipped));
        assert_eq!(read("2026-07-01 12:00"), once("2026-07-01T10:00:00Z", false));
        assert_eq!(read("2026-03-29 02:30"), once("2026-03-29T01:30:00Z", true));
        let twice =
            ("2026-10-25T00:40:00Z".to_owned(), Some("2026-10-25T01:40:00Z".to_owned()), false);
        assert_eq!(read("2026-10-25 02:40"), Ok(twice));
        assert!(read("1 July").is_err());
    }
}
