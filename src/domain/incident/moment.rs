//! The facts of one instant.

use super::fact::RecordedEvent;
use super::place::Place;
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

impl Moment<'_, '_> {
    /// Its place among the moments of its incident.
    pub fn place(&self) -> Place {
        let order = self.events.first().map_or(0, |first| first.value.occur_order);
        Place { time: self.time, order }
    }
}
