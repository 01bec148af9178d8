//! How far the journal is folded, and what of it is lost.

use std::path::Path;

use crate::domain::time::Instant;
use crate::journal::{Damage, Hash, ReadError, Reader};

/// How far the journal is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last sequence.
    pub sequence: u64,
    /// When it was recorded.
    pub record_time: Instant,
    /// The journal's head after it.
    pub head: Hash,
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
