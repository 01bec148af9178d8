//! The states of an engine that whoever watches it wants to know.

use super::engine::Engine;
use super::learning::LearningState;
use super::progress::{Loss, Progress};
use super::read_point::{ReadPoint, ReadRequest, present};
use super::wall_clock;
use crate::engine::evaluate::Times;

/// Whether the journal takes records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalState {
    /// It does.
    Writable,
    /// It does not, since the server was started to answer questions alone.
    ReadOnly,
    /// This node lags far behind the log that it shares with others, or does not hear of it; why.
    Behind(String),
    /// It does not until the next start, since a sync failed.
    Failed,
    /// It does not, since some of it is lost.
    Damaged(Loss),
}

/// How the clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// It follows the system's clock.
    Steady,
    /// The system's clock has jumped ahead, and is not followed.
    Held,
    /// It is before the last record, which was made while it was ahead.
    Behind,
}

impl Engine {
    /// Whether the journal takes records.
    pub fn journal_state(&self) -> JournalState {
        match self.loss() {
            Some(loss) => JournalState::Damaged(loss.clone()),
            None if *self.poisoned().borrow() => JournalState::Failed,
            None if self.is_read_only() => JournalState::ReadOnly,
            None => match self.node().and_then(|node| node.status().why_not_serving()) {
                Some(why) => JournalState::Behind(why),
                None => JournalState::Writable,
            },
        }
    }

    /// Where the journal stands now, whatever of it is lost. It waits for nothing.
    pub fn read_point(&self) -> ReadPoint {
        let Progress { sequence, record_time, .. } = self.progress();
        ReadPoint::new(sequence, record_time, ReadRequest::default())
    }

    /// How far everything is recorded, at an instant up to now: whatever is recorded after this
    /// sequence is recorded after that instant. It waits for nothing.
    pub fn settled(&self) -> ReadPoint {
        let as_of = self.settled.settle(wall_clock::now());
        let Progress { sequence, record_time, .. } = self.progress();
        let times = Times { as_of: as_of.max(record_time), known: record_time };
        ReadPoint { sequence, times }
    }

    /// Up to which sequence the views are complete.
    pub fn views_sequence(&self) -> u64 {
        self.sources.projector.sequence()
    }

    /// How far learning has come. It waits for nothing.
    pub fn learning(&self) -> LearningState {
        self.learnings.state()
    }

    /// How the clock stands, and what it reads.
    pub fn clock(&self) -> (ClockState, wall_clock::Reading) {
        let (reading, record_time) = (wall_clock::reading(), self.progress().record_time);
        let state = match (reading.is_held, present(record_time) < record_time) {
            (true, _) => ClockState::Held,
            (false, true) => ClockState::Behind,
            (false, false) => ClockState::Steady,
        };
        (state, reading)
    }
}
