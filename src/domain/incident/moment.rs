//! The facts of one instant.

use super::fact::RecordedEvent;
use crate::domain::time::Instant;

/// The facts of one instant (and `occur_order`), which take effect together.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'h, 'e> {
    /// When they occurred.
    pub time: Instant,
    /// The facts, in the order of [`Fact::rank`](super::Fact::rank), then of event ids. Never
    /// empty.
    pub events: &'h [&'e RecordedEvent],
}
