//! The read point of an answer: a place in the journal, and two times.

use super::wall_clock;
use crate::domain::time::{Instant, Span};
use crate::engine::evaluate::Times;

/// A step back of the clock that does not take now back behind the last record.
const STEP_MAX: Span = Span::from_nanos(1_000_000_000);

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
    /// The times requested, or now, where the last record has this sequence and record time.
    pub(super) fn new(sequence: u64, record_time: Instant, request: ReadRequest) -> ReadPoint {
        let as_of = request.as_of.unwrap_or_else(|| present(record_time));
        let known = request.known.map_or(record_time, |known| known.min(record_time));
        ReadPoint { sequence, times: Times { as_of, known } }
    }
}

/// What now is for a question, where the last record is of `record_time`: what the wall clock says,
/// also when records were made while it was ahead. It is not set back behind them by a step that
/// nobody would notice.
pub fn present(record_time: Instant) -> Instant {
    latest_within_a_step(wall_clock::now(), record_time)
}

fn latest_within_a_step(now: Instant, record_time: Instant) -> Instant {
    let is_step = now.checked_add(STEP_MAX).is_ok_and(|limit| record_time <= limit);
    if is_step { now.max(record_time) } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attack A7: one write while the clock was 30 days ahead moved "now" there for good.
    #[test]
    fn nothing_is_known_after_the_last_record_and_now_is_what_the_clock_says() {
        let last = Instant::MAX;
        let point = ReadPoint::new(7, last, ReadRequest::default());
        assert_eq!(point.times.known, last);
        assert!(point.times.as_of <= wall_clock::now());
        let now = Instant::from_seconds(1_800_000_000).unwrap();
        let by = |nanos| now.checked_add(Span::from_nanos(nanos)).unwrap();
        assert_eq!(latest_within_a_step(now, by(1_000_000_000)), by(1_000_000_000));
        assert_eq!(latest_within_a_step(now, by(1_000_000_001)), now);
        assert_eq!(latest_within_a_step(now, by(-5)), now);
        let known = Some(Instant::MAX);
        let request = ReadRequest { as_of: Some(Instant::MIN), known, min_sequence: 0 };
        let point = ReadPoint::new(7, Instant::MIN, request);
        assert_eq!(point.times, Times { as_of: Instant::MIN, known: Instant::MIN });
    }
}
