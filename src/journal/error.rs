//! What can go wrong: one small enum an operation.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::time::Instant;

/// A record that was durable once and is not readable now: data loss.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("DATA_LOSS: record {sequence}, byte {offset} of {}: {flaw}", segment.display())]
pub struct Damage {
    /// The segment's file.
    pub segment: PathBuf,
    /// Where in the file the record should begin; 0 when the segment as a whole is at fault.
    pub offset: u64,
    /// The first record that is lost.
    pub sequence: u64,
    /// What was found.
    pub flaw: Flaw,
}

/// How damage shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// No frame with the right checksums is here, though later ones were written after it.
    #[error("the record is unreadable, though records after it exist")]
    Unreadable,
    /// The frame is whole, but not the next one of this chain.
    #[error("this is not the record that follows the one before it")]
    OutOfPlace,
    /// The frame is whole, but its chain hash is not the one of its content.
    #[error("the chain hash does not match")]
    Chain,
    /// The journal ends here, though a later record is known to have been durable.
    #[error("the journal ends before it, though it held up to record {sequence}")]
    EndsBefore {
        /// The later record.
        sequence: u64,
    },
    /// The segment's header is unreadable.
    #[error("the segment's header is unreadable")]
    Header,
    /// The segment does not begin where the one before it ends, or is of another journal.
    #[error("the segment does not continue the one before it")]
    Unlinked,
    /// The segment does not exist, though later ones do.
    #[error("the segment is missing")]
    Missing,
}

/// An operation on a file or directory that failed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    /// The file or directory.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: io::Error,
}

impl FileError {
    /// Says of which `path` an error is; made for `map_err`.
    pub(super) fn of(path: &Path) -> impl FnOnce(io::Error) -> FileError {
        move |source| FileError { path: path.to_owned(), source }
    }
}

/// A newer slx wrote a segment.
#[derive(Debug, thiserror::Error)]
#[error("{} has format version {version}: it needs a newer slx", segment.display())]
pub struct NewerFormat {
    /// The segment's file.
    pub segment: PathBuf,
    /// The version found.
    pub version: u16,
}

/// Why a journal was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A durable record is lost.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A newer slx wrote this journal.
    #[error(transparent)]
    NewerFormat(#[from] NewerFormat),
    /// There is no journal, and none is to be begun.
    #[error("{} holds no journal: there is nothing to read", .0.display())]
    Missing(PathBuf),
    /// Another process, or another writer in this one, has the journal open.
    #[error("{} is locked: another process writes to this journal", .0.display())]
    Locked(PathBuf),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] FileError),
}

/// Why a record was not staged. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageError {
    /// The body is longer than the log takes.
    #[error("a record of {bytes} bytes is too large, {bytes_max} is the most")]
    TooLarge {
        /// The body's length.
        bytes: usize,
        /// The length it may have.
        bytes_max: usize,
    },
    /// The record time is before that of the record before.
    #[error("record time {record_time} is before {last_record_time}, that of the record before")]
    TimeDecreases {
        /// The record time that was given.
        record_time: Instant,
        /// The one it must not be before.
        last_record_time: Instant,
    },
}

/// Why a commit failed. What was staged is dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// There is no room. The journal is as before; a commit may succeed once there is.
    #[error("no room for the journal: {reason}")]
    Full {
        /// What found no room.
        reason: String,
    },
    /// A write failed and was undone. The journal is as before; a later commit may succeed.
    #[error("the journal was not written: {reason}")]
    NotWritten {
        /// The failure.
        reason: String,
    },
    /// Somebody else has appended to the log first. What came is to be taken in, and the same jobs
    /// are to be decided anew.
    #[error("another node has appended to the log first")]
    Conflict,
    /// A sync failed, now or earlier, so what the disk holds is unknown until the journal is opened
    /// again. A sync is never tried twice: the system may report success for pages it has dropped.
    #[error("the journal takes no more records until it is opened again: {reason}")]
    Poisoned {
        /// The failure that it began with.
        reason: String,
    },
}

impl CommitError {
    /// Whether every later commit fails too, until the log is opened again.
    pub fn is_lasting(&self) -> bool {
        matches!(self, CommitError::Poisoned { .. })
    }
}

/// Why a journal could not be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A durable record is lost.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A newer slx wrote this.
    #[error(transparent)]
    NewerFormat(#[from] NewerFormat),
    /// The directory holds no segment.
    #[error("{} holds no journal: name a server's data directory, or a backup", .0.display())]
    NoJournal(PathBuf),
    /// A file could not be read.
    #[error(transparent)]
    Io(#[from] FileError),
}

/// Why nothing could be salvaged.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    /// The old journal could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new journal could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new journal holds records.
    #[error("{} holds a journal already: name a new directory", .0.display())]
    NotEmpty(PathBuf),
    /// A record was not taken.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The new journal could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<FileError> for SalvageError {
    fn from(error: FileError) -> SalvageError {
        SalvageError::Read(error.into())
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> OpenError {
        match error {
            ReadError::Damaged(damage) => OpenError::Damaged(damage),
            ReadError::NewerFormat(newer) => OpenError::NewerFormat(newer),
            ReadError::NoJournal(path) => {
                let source = io::Error::from(io::ErrorKind::NotFound);
                OpenError::Io(FileError { path, source })
            }
            ReadError::Io(error) => OpenError::Io(error),
        }
    }
}
