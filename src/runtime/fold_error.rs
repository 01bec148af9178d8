//! Why what the journal holds can't be folded.

use super::replay::ReplayError;
use crate::journal::ReadError;
use crate::views::ViewsError;

/// Why what the journal holds is not folded.
#[derive(Debug, thiserror::Error)]
pub(super) enum FoldError {
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("the views are too far behind: start the server again")]
    TooFarBehind,
}

impl From<ReadError> for FoldError {
    fn from(error: ReadError) -> FoldError {
        FoldError::Replay(error.into())
    }
}
