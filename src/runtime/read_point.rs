//! The read point of an answer: a place in the journal, and two times.

use super::wall_clock;
use crate::domain::time::Instant;
use crate::engine::evaluate::Times;

/// The times and the sequence that a read requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadRequest {
    /// Evaluate as of this instant; `None`: now.
    pub as_of: Option<Instant>,
    /// Use only what was recorded by then; `None`: everything recorded so far.
    pub known: Option<Instant>,
    /// The sequence that the answer must rest on at least; 0: any.
    pub min_sequence: i64,
}

/// The sequence and the two times of an answer, which is a pure function of them and the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPoint {
    /// The last sequence read.
    pub sequence: u64,
    /// The instant to evaluate at, and the one up to which things are known.
    pub times: Times,
}

impl ReadPoint {
    /// The times requested, or now, where the last record has this sequence and record time. Now
    /// is never before the last record, even if the clock was set back.
    pub(super) fn new(sequence: u64, record_time: Instant, request: ReadRequest) -> ReadPoint {
        let as_of = request.as_of.unwrap_or_else(|| wall_clock::now().max(record_time));
        let known = request.known.map_or(record_time, |known| known.min(record_time));
        ReadPoint { sequence, times: Times { as_of, known } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_known_after_the_last_record_and_now_is_not_before_it() {
        let last = Instant::MAX;
        let point = ReadPoint::new(7, last, ReadRequest::default());
        assert_eq!(point.times, Times { as_of: last, known: last });
        let known = Some(Instant::MAX);
        let request = ReadRequest { as_of: Some(Instant::MIN), known, min_sequence: 0 };
        let point = ReadPoint::new(7, Instant::MIN, request);
        assert_eq!(point.times, Times { as_of: Instant::MIN, known: Instant::MIN });
    }
}
