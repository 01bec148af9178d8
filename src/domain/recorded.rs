//! A recorded value with its place in the journal.

use super::time::Instant;

/// A recorded value with its place in the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded<T> {
    /// Its sequence in the journal: consecutive from 1.
    pub sequence: u64,
    /// When it was recorded; strictly increasing with the sequence.
    pub record_time: Instant,
    /// What was recorded.
    pub value: T,
}

impl<T> Recorded<T> {
    /// The same place in the journal with a converted value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Recorded<U> {
        let Recorded { sequence, record_time, value } = self;
        Recorded { sequence, record_time, value: change(value) }
    }
}
