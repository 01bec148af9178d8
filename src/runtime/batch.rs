//! A batch: what the jobs of one group commit have decided, before it is recorded.

use std::collections::HashMap;
use std::sync::Arc;

use super::progress::Progress;
use super::settled_time::SettledTime;
use super::wall_clock;
use crate::domain::incident::IncidentEvent;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::{Instant, Span};
use crate::engine::ledger::Ledger;
use crate::engine::record::{Entry, Record};
use crate::views::IncidentKey;

/// The records that the jobs of one group commit add, and the ledgers they were decided against.
pub(super) struct Batch {
    settled: Arc<SettledTime>,
    pub records: Vec<Recorded<Record>>,
    pub incidents: HashMap<IncidentKey, Staged<Ledger>>,
    pub services: HashMap<String, Staged<Ledger<ServiceEvent>>>,
    pub last_time: Instant,
    pub bytes: usize,
    pub is_closed: bool,
}

/// A ledger as it is recorded, and the places of the records that this batch adds to it.
pub(super) struct Staged<L> {
    pub recorded: Arc<L>,
    pub added: Vec<usize>,
}

impl Batch {
    pub fn after(progress: Progress, settled: Arc<SettledTime>) -> Batch {
        Batch {
            settled,
            records: Vec::new(),
            incidents: HashMap::new(),
            services: HashMap::new(),
            last_time: progress.record_time,
            bytes: 0,
            is_closed: false,
        }
    }

    /// Whether more may be added to a batch that should hold `group_bytes`. Terms and actions close
    /// it: what follows is decided against them.
    pub fn has_room(&self, group_bytes: usize) -> bool {
        self.bytes < group_bytes && !self.is_closed
    }

    /// The next record time: the wall clock's, but later than the last, so that a known time names
    /// one place in the journal even when the clock stands still or is set back; and later than
    /// what is settled.
    pub fn tick(&mut self) -> Instant {
        let settled = Instant::from_nanos(self.settled.nanos()).unwrap_or(Instant::MIN);
        let last = self.last_time.max(settled);
        let next = last.checked_add(Span::from_nanos(1)).unwrap_or(Instant::MAX);
        self.last_time = wall_clock::now().max(next);
        self.last_time
    }

    pub fn added_event(&self, places: &[usize], event_id: &str) -> Option<(u64, &IncidentEvent)> {
        let added = places.iter().filter_map(|place| self.records.get(*place));
        let events = added.filter_map(|recorded| match &recorded.value.entry {
            Entry::IncidentEvent(event) => Some((recorded.sequence, event)),
            _ => None,
        });
        events.into_iter().find(|(_, event)| event.event_id == event_id)
    }

    pub fn added_service_event(
        &self,
        places: &[usize],
        event_id: &str,
    ) -> Option<(u64, &ServiceEvent)> {
        let added = places.iter().filter_map(|place| self.records.get(*place));
        let events = added.filter_map(|recorded| match &recorded.value.entry {
            Entry::ServiceEvent(event) => Some((recorded.sequence, event)),
            _ => None,
        });
        events.into_iter().find(|(_, event)| event.event_id == event_id)
    }
}
