//! How a store is kept, and why one can't be opened.

use std::path::PathBuf;
use std::time::Duration;

use super::memory_budget::MemoryBudget;
use super::names_file::NamesError;
use super::replay::ReplayError;
use super::wall_clock::ClockError;
use crate::cluster::{ClusterError, ClusterOptions};
use crate::journal::{OpenError, ReadError};
use crate::views::ViewsError;

/// How the store is kept.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Where: the journal lies in `journal` beneath it, the views in `views`.
    pub directory: PathBuf,
    /// The size set aside for each segment of the journal.
    pub segment_bytes: u64,
    /// How long the views may take to open before they are given up and folded anew.
    pub views_patience: Duration,
    /// Events an incident may hold.
    pub events_an_incident_max: usize,
    /// Bytes of the journal that are read again a second, for damage; 0: none.
    pub scrub_bytes_a_second: u64,
    /// Whether the system's clock is right though it is long after the last record.
    pub accept_clock: bool,
    /// How the memory it may use is divided.
    pub memory: MemoryBudget,
    /// Whether the journal is left as it is, and nothing is recorded.
    pub read_only: bool,
    /// The log that this node shares with others, of which the journal is then a copy; `None`: the
    /// journal is the log.
    pub cluster: Option<ClusterOptions>,
}

/// Why the engine can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The log that nodes share can't be joined.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The journal can't be read or folded.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The views can't be opened or written.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// The system's clock can't be right.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The file of names can't be read or written.
    #[error(transparent)]
    Names(#[from] NamesError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// The system gives no thread.
    #[error("can't start a thread: {0}")]
    Thread(std::io::Error),
}

impl From<ReadError> for StartError {
    fn from(error: ReadError) -> StartError {
        StartError::Replay(error.into())
    }
}
