//! What became of events since the server started, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of events.
#[derive(Debug, Default)]
pub struct DeliveryCounts {
    delivered: AtomicU64,
    retried: AtomicU64,
    given_up: AtomicU64,
    dropped: AtomicU64,
    expired: AtomicU64,
}

impl DeliveryCounts {
    /// How many outcomes there are.
    pub const OUTCOMES: usize = 5;

    /// Each outcome by its name, and how often it was so.
    pub fn by_outcome(&self) -> [(&'static str, u64); DeliveryCounts::OUTCOMES] {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [
            ("delivered", read(&self.delivered)),
            ("retried", read(&self.retried)),
            ("given_up", read(&self.given_up)),
            ("dropped", read(&self.dropped)),
            ("expired", read(&self.expired)),
        ]
    }

    /// An event was taken.
    pub(super) fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// An attempt failed that is followed by another.
    pub(super) fn retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    /// An event became a dead letter.
    pub(super) fn given_up(&self) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
    }

    /// So many dead letters were dropped for newer ones.
    pub(super) fn dropped(&self, count: usize) {
        self.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// A webhook was too far behind to go on where it was: it leaves out what is too old.
    pub(super) fn expired(&self) {
        self.expired.fetch_add(1, Ordering::Relaxed);
    }
}
