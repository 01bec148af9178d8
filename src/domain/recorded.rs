//! What was recorded, with its place in the journal.

use super::time::Instant;

/// Something that was recorded, with its place in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded<T> {
    /// Its journal sequence.
    pub sequence: u64,
    /// When it was recorded.
    pub record_time: Instant,
    /// What was recorded.
    pub value: T,
}

impl<T> Recorded<T> {
    /// The same place in the journal, with something else in it.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Recorded<U> {
        let Recorded { sequence, record_time, value } = self;
        Recorded { sequence, record_time, value: change(value) }
    }
}
