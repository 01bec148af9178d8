//! Reading the log again: what the views hold, and the records beyond.

use crate::codec::store::names::Names;
use crate::codec::store::record;
use crate::codec::store::unreadable::Unreadable;
use crate::domain::recorded::Recorded;
use crate::domain::zone::ZoneDatabase;
use crate::engine::record::Record;
use crate::journal::{ChainHash, LogSource, ReadError};

/// Records folded under one hold of the lock.
const RECORDS_PER_FOLD: usize = 1_000;

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
                Some(Ok(kept)) => match record::decode(&kept.body, zones, names) {
                    Ok(value) => {
                        let (sequence, record_time) = (kept.sequence, kept.record_time);
                        records.push(Recorded { sequence, record_time, value });
                    }
                    Err(source) => {
                        failed = Some(ReplayError::Record { sequence: kept.sequence, source });
                    }
                },
            }
        }
        match records.is_empty() {
            true => failed.take().map(Err),
            false => Some(Ok(Chunk { records, head: reader.head() })),
        }
    }))
}
