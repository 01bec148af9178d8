//! Why a query is not answered.

use super::patience::Stopped;
use super::progress::Loss;
use crate::engine::rejection::Rejection;
use crate::views::ViewsError;

/// Why a query is not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The query itself is refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The views can't be read, or lag behind.
    #[error(transparent)]
    Unavailable(#[from] ViewsError),
    /// The part of the journal that it needs is lost.
    #[error(transparent)]
    Lost(#[from] Loss),
    /// Nobody waits for the answer any more.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

impl QueryError {
    /// Whether the same query may be answered a moment later.
    pub fn may_pass(&self) -> bool {
        matches!(self, QueryError::Unavailable(error) if error.may_pass())
    }
}
