//! Ledgers: everything recorded about one incident or service, and a tenant's actions.

use super::rejection::Rejection;
use crate::domain::incident::IncidentEvent;
use crate::domain::personal::Personal;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;

/// Everything recorded about one thing, in the order it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger<E = IncidentEvent> {
    /// The events with their places in the journal, in order.
    pub events: Vec<Recorded<E>>,
}

/// An event that a ledger can hold.
pub trait Event: PartialEq + Personal {
    /// The id its sender gave it, unique within its ledger for ever.
    fn id(&self) -> &str;

    /// Whether another event with this one's id is this one sent again.
    fn is_same(&self, other: &Self) -> bool {
        self == other
    }

    /// What that id names, in words.
    fn kind(&self) -> &'static str {
        "event"
    }
}

impl Event for IncidentEvent {
    fn id(&self) -> &str {
        &self.event_id
    }

    fn is_same(&self, other: &IncidentEvent) -> bool {
        IncidentEvent::is_same(self, other)
    }
}

impl Event for ServiceEvent {
    fn id(&self) -> &str {
        &self.event_id
    }

    fn is_same(&self, other: &ServiceEvent) -> bool {
        ServiceEvent::is_same(self, other)
    }
}

/// Whether something that was sent is new or a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedup {
    /// It is new: record it.
    New,
    /// It is recorded already, with the same content, under this sequence.
    Duplicate(u64),
}

/// Whether an event is new, against what is recorded under its id.
pub(super) fn dedup<E: Event>(recorded: Option<(u64, &E)>, event: &E) -> Result<Dedup, Rejection> {
    match recorded {
        None => Ok(Dedup::New),
        Some((sequence, recorded)) if is_sent_again(recorded, event) => {
            Ok(Dedup::Duplicate(sequence))
        }
        Some((sequence, _)) => {
            let (kind, id) = (event.kind(), event.id().to_owned());
            Err(Rejection::EventConflict { kind, id, sequence })
        }
    }
}

/// Whether an event is a recorded one again, as far as that can still be known.
fn is_sent_again<E: Event>(recorded: &E, event: &E) -> bool {
    recorded.is_same(event) || recorded.is_same(&event.erased_as(recorded))
}

impl<E> Default for Ledger<E> {
    fn default() -> Self {
        Ledger { events: Vec::new() }
    }
}

impl<E> Ledger<E> {
    /// Adds what was recorded next; false when it is in the ledger already, so the journal may be
    /// replayed from before the ledger's end.
    pub fn push_new(&mut self, recorded: Recorded<E>) -> bool {
        let is_new = self.last_sequence() < recorded.sequence;
        if is_new {
            // Many of them are in memory at once, and most stay small.
            if self.events.len() == self.events.capacity() {
                self.events.reserve_exact(1 + self.events.len() / 4);
            }
            self.events.push(recorded);
        }
        is_new
    }

    /// The sequence of the event recorded last; 0 when there is none.
    pub fn last_sequence(&self) -> u64 {
        self.events.last().map_or(0, |recorded| recorded.sequence)
    }

    /// What was recorded up to an instant, with its place in the journal.
    pub fn recorded_by(
        &self,
        known_time: Instant,
    ) -> impl DoubleEndedIterator<Item = &Recorded<E>> + Clone {
        self.events.iter().filter(move |recorded| recorded.record_time <= known_time)
    }

    /// What was recorded up to an instant.
    pub fn known(&self, known_time: Instant) -> impl DoubleEndedIterator<Item = &E> + Clone {
        self.recorded_by(known_time).map(|recorded| &recorded.value)
    }
}

impl<E: Event> Ledger<E> {
    /// The event with this id, whoever sent it first.
    pub fn find(&self, id: &str) -> Option<&Recorded<E>> {
        self.events.iter().find(|recorded| recorded.value.id() == id)
    }
}

impl Ledger {
    /// Whether the incident ever fell under a contract, or ("") any, retracted facts included.
    pub fn was_under(&self, contract: &str) -> bool {
        let mut named = self.events.iter().flat_map(|recorded| recorded.value.fact.contract_ids());
        contract.is_empty() || named.any(|id| id == contract)
    }

    /// Bytes that it takes in memory, about.
    pub fn memory_bytes(&self) -> usize {
        let texts = self.events.iter().map(|event| event.value.heap_bytes());
        self.events.capacity() * size_of::<Recorded<IncidentEvent>>() + texts.sum::<usize>()
    }
}

impl<E> FromIterator<Recorded<E>> for Ledger<E> {
    /// A ledger of events in the order they were recorded.
    fn from_iter<I: IntoIterator<Item = Recorded<E>>>(recorded: I) -> Self {
        Ledger { events: recorded.into_iter().collect() }
    }
}
