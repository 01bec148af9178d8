//! When a call's time is over.

use tokio::time::Instant;
use tonic::Extensions;

/// When a call's time is over, as whoever lets calls in has read it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// When that is.
    pub at: Instant,
    /// Whether the caller said so: then it holds for all of a stream, and otherwise until that
    /// begins.
    pub is_the_callers: bool,
}

impl Deadline {
    /// When an answer that is streamed must be complete; `None`: as long as it is read.
    pub(super) fn of_stream(extensions: &Extensions) -> Option<Instant> {
        let deadline = extensions.get::<Deadline>()?;
        deadline.is_the_callers.then_some(deadline.at)
    }

    /// Until when an answer is waited for.
    pub(super) fn of_call(extensions: &Extensions) -> Option<Instant> {
        extensions.get::<Deadline>().map(|deadline| deadline.at)
    }
}
