//! The two times of every question.

use clap::Args;
use prost_types::Timestamp;

use crate::codec::scalar::timestamp;
use crate::domain::time::Instant;

/// The two times of a read.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct ReadTimes {
    /// The instant to evaluate at (RFC 3339); default: now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of_time: Option<Timestamp>,

    /// Uses only what was recorded by this instant (RFC 3339); default: everything.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub known_time: Option<Timestamp>,
}

/// An instant on the command line.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let time = chrono::DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| "write RFC 3339: 2026-11-23T14:00:00+01:00".to_owned())?;
    let instant = Instant::try_from(time.to_utc());
    instant.map(timestamp).map_err(|error| error.to_string())
}
