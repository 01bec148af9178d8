//! Why a shared log can't be used.

use crate::journal::{CommitError, GroupError, OpenError};

/// Why a shared log can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Nobody answers.
    #[error("the log's servers can't be reached: {0}")]
    Unreachable(String),
    /// They refuse what is requested.
    #[error("stream {stream}: {reason}")]
    Refused {
        /// The stream.
        stream: String,
        /// What they say.
        reason: String,
    },
    /// The credentials can't be read.
    #[error("log_credentials: {0}")]
    Credentials(std::io::Error),
    /// What begins the stream is no header of a log.
    #[error(
        "stream {stream} does not begin as a log of slx does, or as that of a newer version: name \
         another in log_stream"
    )]
    NoLog {
        /// The stream.
        stream: String,
    },
    /// The data directory holds the journal of another store.
    #[error(
        "stream {stream} is the log of another store than the data directory holds: nothing was \
         changed; name its own data directory, or an empty one"
    )]
    OtherStore {
        /// The stream.
        stream: String,
    },
    /// The stream ends before what this node holds.
    #[error(
        "stream {stream} ends with record {last}, but this node has folded record {folded}: the \
         stream was lost or set back, and nothing was changed. docs/scale.md says what to do"
    )]
    Lacks {
        /// The stream.
        stream: String,
        /// Its last record.
        last: u64,
        /// The last record here.
        folded: u64,
    },
    /// The stream holds another history than this node.
    #[error(
        "stream {stream} holds another record {sequence} than this node has folded: nothing was \
         changed. docs/scale.md says what to do"
    )]
    Diverged {
        /// The stream.
        stream: String,
        /// The record.
        sequence: u64,
    },
    /// A group of the stream can't be appended here.
    #[error("message {message} of the log: {error}")]
    Group {
        /// The place of the message in the stream.
        message: u64,
        /// Why not.
        error: GroupError,
    },
    /// The copy of the log can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The copy of the log can't be written.
    #[error("the copy of the log can't be written: {0}")]
    Copy(#[from] CommitError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// The system gives no thread.
    #[error("can't start a thread: {0}")]
    Thread(std::io::Error),
}

impl ClusterError {
    /// Says of which stream something is that its servers refuse.
    pub(super) fn refused(
        stream: &str,
    ) -> impl Fn(&dyn std::error::Error) -> ClusterError + use<'_> {
        move |error| ClusterError::Refused { stream: stream.to_owned(), reason: error.to_string() }
    }
}
