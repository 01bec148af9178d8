//! Times as they are given on the command line.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use prost_types::Timestamp;

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
