//! Reading the log again: what the views hold, and the records beyond.

use std::ops::RangeInclusive;

use crate::codec::store::names::Names;
use crate::codec::store::record;
use crate::codec::store::unreadable::Unreadable;
use crate::domain::recorded::Recorded;
use crate::domain::zone::ZoneDatabase;
use crate::engine::record::Record;
use crate::journal::{self, ChainHash, LogSource, ReadError};

/// Records folded under one hold of the lock.
const RECORDS_PER_FOLD: usize = 1_000;
/// Records that are read one after another rather than searched.
const RECORDS_READ_THROUGH: u64 = 20_000;

/// Records that follow each other, and the journal's head after them.
#[derive(Debug)]
pub(super) struct Chunk {
    pub records: Vec<Recorded<Record>>,
    pub head: ChainHash,
}

/// Why the journal can't be folded on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record means nothing to this version.
    #[error("record {sequence} can't be read: {source}")]
    Record {
        /// Which record.
        sequence: u64,
        /// Why.
        source: Unreadable,
    },
}

/// What records mean that were taken in.
pub(super) fn decoded(
    records: Vec<journal::Record>,
    zones: &ZoneDatabase,
    names: &Names,
) -> Result<Vec<Recorded<Record>>, ReplayError> {
    records.into_iter().map(|kept| decode(kept, zones, names)).collect()
}

fn decode(
    kept: journal::Record,
    zones: &ZoneDatabase,
    names: &Names,
) -> Result<Recorded<Record>, ReplayError> {
    let journal::Record { sequence, record_time, body, .. } = kept;
    match record::decode(&body, zones, names) {
        Ok(value) => Ok(Recorded { sequence, record_time, value }),
        Err(source) => Err(ReplayError::Record { sequence, source }),
    }
}

/// Reads the records from `first` up to `last` in pieces. What comes before damage is still given.
pub(super) fn chunks(
    log: &dyn LogSource,
    first: u64,
    last: u64,
    zones: &ZoneDatabase,
    names: &Names,
) -> Result<impl Iterator<Item = Result<Chunk, ReplayError>>, ReplayError> {
    let mut reader = log.read(first..=last)?;
    let mut failed = None;
    Ok(std::iter::from_fn(move || {
        let mut records = Vec::with_capacity(RECORDS_PER_FOLD);
        while failed.is_none() && records.len() < RECORDS_PER_FOLD {
            match reader.next() {
                None => break,
                Some(Err(error)) => failed = Some(error.into()),
                Some(Ok(kept)) => match decode(kept, zones, names) {
                    Ok(recorded) => records.push(recorded),
                    Err(error) => failed = Some(error),
                },
            }
        }
        match records.is_empty() {
            true => failed.take().map(Err),
            false => Some(Ok(Chunk { records, head: reader.head() })),
        }
    }))
}

/// The first record that may have tokens, of those up to `last` or the next: versions before 0.2.0
/// wrote none. What can't be read counts as one that may.
pub(super) fn first_with_tokens(log: &dyn LogSource, last: u64) -> u64 {
    let (mut first, mut after) = (1, last + 1);
    if first == after || finds_tokens(log, first..=first).is_some() {
        return first;
    }
    if finds_tokens(log, last..=last).is_none() {
        return after;
    }
    while after - first > RECORDS_READ_THROUGH {
        let middle = first + (after - first) / 2;
        match finds_tokens(log, middle..=middle) {
            Some(_) => after = middle,
            None => first = middle + 1,
        }
    }
    finds_tokens(log, first..=after.min(last)).unwrap_or(after)
}

/// The first of some records that may have tokens.
fn finds_tokens(log: &dyn LogSource, sequences: RangeInclusive<u64>) -> Option<u64> {
    let first = *sequences.start();
    let Ok(records) = log.read_trusting_chain(sequences) else { return Some(first) };
    let mut next = first;
    for kept in records {
        match kept {
            Ok(kept) if !record::may_have_tokens(&kept.body) => next = kept.sequence + 1,
            _ => return Some(next),
        }
    }
    None
}
