//! The seam: what the engine needs of a log, whatever keeps it.
//!
//! The engine decides, appends and folds through these traits and names no file. Two logs exist:
//! the journal in files, which [`Writer`](super::Writer) appends to and
//! [`JournalFiles`](super::JournalFiles) reads; and `cluster::StreamLog`, which several nodes
//! share, each with a copy of it in such files.
//!
//! A *group* is what is staged between two commits. It is decided against the fold of the log up to
//! [`Log::end`], and it counts once [`Log::commit`] has returned.
//!
//! # A log that several nodes share
//!
//! - Another node may append first. [`Log::commit`] then fails with [`CommitError::Conflict`]:
//!   nothing of the group counts, or its first records. Whoever decided it folds what came
//!   ([`Log::take_in`]) and decides the same jobs anew.
//! - The outcome of a commit may stay unknown (the connection broke before the answer). It fails as
//!   one that was not written. If it was, it comes with what is taken in, before anything else
//!   can be appended.
//! - [`Log::group_bytes`] and the limit that [`StageError::TooLarge`] names follow what the log's
//!   servers accept.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use super::chain::Chain;
use super::error::{CommitError, ReadError, StageError};
use super::hash::ChainHash;
use super::store_id::StoreId;
use crate::domain::time::Instant;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the log, from 1.
    pub sequence: u64,
    /// When it was recorded; not before the record before it.
    pub record_time: Instant,
    /// Its chain hash.
    pub hash: ChainHash,
    /// What the log keeps without knowing what it means.
    pub body: Vec<u8>,
}

/// A place in a log: behind a record, or at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPosition {
    /// The sequence of the last record; 0 at the beginning.
    pub sequence: u64,
    /// When it was recorded; [`Instant::MIN`] at the beginning.
    pub record_time: Instant,
    /// The log's head after it.
    pub head: ChainHash,
}

impl From<&Chain> for LogPosition {
    fn from(chain: &Chain) -> LogPosition {
        let Chain { head, tree } = chain;
        LogPosition { sequence: head.sequence, record_time: head.record_time, head: tree.root() }
    }
}

/// Appends to a log. At any time one holder in this process appends.
pub trait Log: Debug + Send {
    /// Bytes of bodies after which a group is better committed than added to.
    fn group_bytes(&self) -> usize;

    /// Behind the last record that counts. The next group must be decided against all up to here.
    fn end(&self) -> LogPosition;

    /// Adds a record to the group and returns its sequence, which counts once the group is
    /// committed. `record_time` must not be before that of the record before.
    fn stage(&mut self, record_time: Instant, body: &[u8]) -> Result<u64, StageError>;

    /// Makes the group durable and returns the end behind it; an empty group changes nothing.
    ///
    /// On failure the group is discarded and its sequences are given again. A crash meanwhile may
    /// leave the first records of it: whoever opens the log then finds them, and they count.
    fn commit(&mut self) -> Result<LogPosition, CommitError>;

    /// Drops what is staged.
    fn discard_staged(&mut self);

    /// Whether others append to it too.
    fn is_shared(&self) -> bool {
        false
    }

    /// Takes in some of what others have appended since, and returns those records, which count
    /// from now on; none: nothing has come by now. What is staged is dropped.
    fn take_in(&mut self) -> Result<Vec<Record>, CommitError> {
        Ok(Vec::new())
    }

    /// Has `wake` called whenever there is something to take in.
    fn wake_with(&mut self, wake: Wake) {
        let _nobody_else_appends = wake;
    }
}

/// Wakes whoever takes in what others append.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Opens readers of a log. It may be shared, and a writer may append meanwhile.
pub trait LogSource: Debug + Send + Sync {
    /// The id of the store whose log this is: it keys checksums and seals, so it is a secret.
    fn store_id(&self) -> Result<StoreId, ReadError>;

    /// A reader of the records of these sequences, which checks all there is to check of each. The
    /// first may be one that is yet to be written.
    ///
    /// Only up to [`Log::end`] a record is certain to count; a reader that is let go further may
    /// read one a moment before its group counts, also of a group that then fails.
    fn read(&self, sequences: RangeInclusive<u64>) -> Result<Box<dyn LogReader>, ReadError>;

    /// Like [`LogSource::read`], but takes the chain hashes on trust, which is about three times as
    /// fast: for a log that was verified.
    fn read_trusting_chain(
        &self,
        sequences: RangeInclusive<u64>,
    ) -> Result<Box<dyn LogReader>, ReadError>;

    /// The sequence of the last record up to `last` that was recorded by an instant; 0: none was.
    /// It takes the chain hashes on trust, and reads what is kept together with that record.
    fn sequence_at(&self, time: Instant, last: u64) -> Result<u64, ReadError>;
}

/// Reads records in order and checks each before it hands it out.
///
/// `None` means the end of its range, or of what is written by now: asking again later goes on from
/// there. After an error there is only `None`.
pub trait LogReader: Iterator<Item = Result<Record, ReadError>> + Debug + Send {
    /// The log's head after the last record that was read or passed over.
    fn head(&self) -> ChainHash;

    /// Moves the end of its range, so that it goes on up to the record of this sequence.
    fn read_on_to(&mut self, last_sequence: u64);
}

#[cfg(test)]
mod tests;
