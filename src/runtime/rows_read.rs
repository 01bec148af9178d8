//! How much a question has read: what it costs, counted and not timed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows that a question has read so far: incidents and services, whether they were in memory or
/// not, tally buckets, and the entries of the index. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct RowsRead(Arc<AtomicU64>);

impl RowsRead {
    /// So many more were read.
    pub(super) fn add(&self, rows: usize) {
        self.0.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// Counts what is read as it is read.
    pub(super) fn counting<T>(&self, rows: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        let read = self.clone();
        rows.inspect(move |_| read.add(1))
    }

    /// How many there were so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
