//! Everything recorded about one incident or one service.

use super::refusal::Refusal;
use crate::domain::incident::RecordedEvent;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;

/// Everything recorded about one incident, in the order it was recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// The events.
    pub events: Vec<RecordedEvent>,
}

/// Everything recorded about one service, in the order it was recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceLedger {
    /// The events.
    pub events: Vec<Recorded<ServiceEvent>>,
}

/// What to do with something that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is new: record it.
    New,
    /// It is recorded already, with the same content, under this sequence.
    Duplicate(u64),
}

/// Whether content sent under `event_id` is new, against what is recorded under it.
pub(super) fn standing<E: PartialEq>(
    recorded: Option<(u64, &E)>,
    event: &E,
    event_id: &str,
) -> Result<Standing, Refusal> {
    match recorded {
        None => Ok(Standing::New),
        Some((sequence, same)) if same == event => Ok(Standing::Duplicate(sequence)),
        Some((sequence, _)) => {
            Err(Refusal::EventConflict { event_id: event_id.to_owned(), sequence })
        }
    }
}

impl Ledger {
    /// The event with this id, whoever sent it first.
    pub fn find(&self, event_id: &str) -> Option<&RecordedEvent> {
        self.events.iter().find(|recorded| recorded.value.event_id == event_id)
    }

    /// The sequence of the event recorded last; 0 when there is none.
    pub fn last_sequence(&self) -> u64 {
        self.events.last().map_or(0, |recorded| recorded.sequence)
    }
}

impl ServiceLedger {
    /// The events recorded up to an instant.
    pub fn known(&self, known_time: Instant) -> impl Iterator<Item = &ServiceEvent> + Clone {
        let known = self.events.iter().filter(move |event| event.record_time <= known_time);
        known.map(|recorded| &recorded.value)
    }

    /// The event with this id.
    pub fn find(&self, event_id: &str) -> Option<&Recorded<ServiceEvent>> {
        self.events.iter().find(|recorded| recorded.value.event_id == event_id)
    }

    /// The sequence of the event recorded last; 0 when there is none.
    pub fn last_sequence(&self) -> u64 {
        self.events.last().map_or(0, |recorded| recorded.sequence)
    }
}
