//! How far the journal is folded, and what of it is lost.

use crate::domain::time::Instant;
use crate::journal::{ChainHash, Damage, LogPosition, LogSource, ReadError};

/// How far the journal is folded.
pub use crate::journal::LogPosition as Progress;

/// A part of the journal is lost. What was known before it is still answered, nothing later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{damage}; only what was known by {} is still answered", before.record_time)]
pub struct Loss {
    /// The first record that is lost.
    pub damage: Damage,
    /// How far what is left reaches.
    pub before: LogPosition,
}

impl Loss {
    /// What the damage leaves.
    pub(super) fn of(log: &dyn LogSource, damage: Damage) -> Result<Loss, ReadError> {
        let before = position_at(log, damage.sequence - 1)?;
        Ok(Loss { damage, before })
    }
}

/// Where a log stands with the record of this sequence.
pub(super) fn position_at(log: &dyn LogSource, sequence: u64) -> Result<LogPosition, ReadError> {
    let mut position = LogPosition { sequence, record_time: Instant::MIN, head: ChainHash::ZERO };
    if sequence > 0 {
        let mut reader = log.read(sequence..=sequence)?;
        if let Some(record) = reader.next() {
            position.record_time = record?.record_time;
            position.head = reader.head();
        }
    }
    Ok(position)
}
