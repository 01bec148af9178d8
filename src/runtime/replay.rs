//! Reading the journal again: what the views hold, and the records beyond.

use std::path::Path;

use super::memory::Progress;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::record::Record;
use crate::journal::{Damage, Hash, ReadError, Reader};
use crate::wire::record;
use crate::wire::unreadable::Unreadable;

/// Records folded under one hold of the lock.
const RECORDS_A_FOLD: usize = 1_000;

/// Records that follow each other, and the journal's head after them.
#[derive(Debug)]
pub(super) struct Piece {
    pub records: Vec<(u64, Instant, Record)>,
    pub head: Hash,
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
pub(super) fn pieces(
    journal: &Path,
    first: u64,
    last: u64,
    zones: &ZoneDatabase,
) -> Result<impl Iterator<Item = Result<Piece, ReplayError>>, ReplayError> {
    let mut reader = Reader::open(journal, first)?.until(last);
    let mut failed = None;
    Ok(std::iter::from_fn(move || {
        let mut records = Vec::with_capacity(RECORDS_A_FOLD);
        while failed.is_none() && records.len() < RECORDS_A_FOLD {
            match reader.next() {
                None => break,
                Some(Err(error)) => failed = Some(error.into()),
                Some(Ok(kept)) => match record::decode(&kept.body, zones) {
                    Ok(record) => records.push((kept.sequence, kept.record_time, record)),
                    Err(source) => {
                        failed = Some(ReplayError::Record { sequence: kept.sequence, source });
                    }
                },
            }
        }
        match records.is_empty() {
            true => failed.take().map(Err),
            false => Some(Ok(Piece { records, head: reader.head() })),
        }
    }))
}

/// A part of the journal is lost. What was known before it is still answered, nothing later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{damage}; only what was known by {} is still answered", before.record_time)]
pub struct Loss {
    /// The first record that is lost.
    pub damage: Damage,
    /// How far what is left reaches.
    pub before: Progress,
}

impl Loss {
    /// What the damage leaves.
    pub(super) fn of(journal: &Path, damage: Damage) -> Result<Loss, ReadError> {
        let before = Progress::at(journal, damage.sequence - 1)?;
        Ok(Loss { damage, before })
    }
}

impl Progress {
    /// Where the journal stands with the record of this sequence.
    pub(super) fn at(journal: &Path, sequence: u64) -> Result<Progress, ReadError> {
        let mut progress = Progress { sequence, record_time: Instant::MIN, head: [0; 32] };
        if sequence > 0 {
            let mut reader = Reader::open(journal, sequence)?.until(sequence);
            if let Some(record) = reader.next() {
                progress.record_time = record?.record_time;
                progress.head = reader.head();
            }
        }
        Ok(progress)
    }
}
