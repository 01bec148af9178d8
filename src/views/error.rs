//! Why the views can't be read or written.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::codec::store::unreadable::Unreadable;

/// The views can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// sled failed.
    #[error("the views failed: {0}")]
    Store(#[from] sled::Error),
    /// sled panicked.
    #[error("the views are damaged: sled panicked over them")]
    Panicked,
    /// sled did not come back from opening.
    #[error("the views did not open within {0:?}")]
    Hung(Duration),
    /// A row holds what no version of slx wrote.
    #[error("a row of the views is unreadable: {0}")]
    Row(#[from] Unreadable),
    /// The views could not be written any more, and lack what was recorded since.
    #[error("the views can't be written and lag behind")]
    Behind,
    /// There is too little room to write to the views.
    #[error("the views are not written to: {free} bytes are free, and it takes {needed}")]
    NoRoom {
        /// What is free.
        free: u64,
        /// What must be.
        needed: u64,
    },
    /// They are not those that a server left that was stopped.
    #[error(
        "the views are not as a stopped server leaves them: {0}; stop the server, or start it and \
         stop it"
    )]
    NotLeftSo(&'static str),
    /// The views could not be opened again.
    #[error("the views are closed")]
    Closed,
    /// Views that don't belong to the journal can't be put aside.
    #[error("can't remove {path}: {source}")]
    Remove {
        /// Where they are.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The operating system refused what sled needs.
    #[error("the views can't be opened: {0}")]
    System(#[from] io::Error),
}

impl ViewsError {
    /// Whether it may pass by itself: once the disk is well, the views are opened again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Behind | Self::Closed | Self::NoRoom { .. } | Self::System(_) => true,
            Self::Store(error) => matches!(error, sled::Error::Io(_)),
            Self::Panicked | Self::Hung(_) | Self::Row(_) | Self::Remove { .. } => false,
            Self::NotLeftSo(_) => false,
        }
    }
}
