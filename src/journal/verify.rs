//! Checking a whole journal, without the lock: a backup, or the live one.

use std::path::Path;

use super::chain::{Chain, Tree};
use super::error::ReadError;
use super::hash::ChainHash;
use super::log::Record;
use super::open::TornTail;
use super::reader::Reader;
use crate::domain::time::Instant;

/// What a sound journal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many records.
    pub records: u64,
    /// The record time of the first.
    pub first_time: Option<Instant>,
    /// The record time of the last.
    pub last_time: Option<Instant>,
    /// The journal's head.
    pub head: ChainHash,
    /// How many segments.
    pub segments: u64,
    /// What a crash left of a commit that was never acknowledged (or, on a live journal, what was
    /// there of the one under way). The next opening cuts it.
    pub torn_tail: Option<TornTail>,
}

/// Reads the whole journal in `directory` and checks all there is to check: that the segments
/// follow each other without a gap, every checksum, every chain hash, that sequences are
/// consecutive and record times do not decrease, and that nothing durable is missing at the end.
///
/// `progress` sees every record, in order, once it is checked, and the hash tree up to it.
pub fn verify(
    directory: &Path,
    mut progress: impl FnMut(&Record, &Tree),
) -> Result<Verified, ReadError> {
    let mut reader = Reader::open(directory, 1)?.evaluating_every_end();
    let mut first_time = None;
    while let Some(record) = reader.next() {
        let record = record?;
        first_time.get_or_insert(record.record_time);
        progress(&record, &reader.so_far().tree);
    }
    let Chain { head, tree } = reader.so_far();
    Ok(Verified {
        records: head.sequence,
        first_time,
        last_time: first_time.map(|_| head.record_time),
        head: tree.root(),
        segments: reader.segments(),
        torn_tail: reader.torn_tail()?,
    })
}
