//! What an event takes of memory.

use std::collections::BTreeMap;

use super::fact::{Cause, DetailsChange, ExclusionDecision, Fact, IncidentEvent, Opened, Waiting};

/// What an allocation takes beside what is in it, about.
const ALLOCATION_BYTES: usize = 16;

impl IncidentEvent {
    /// Bytes of its texts and lists, about; itself it takes its size.
    pub fn heap_bytes(&self) -> usize {
        let texts = [&self.event_id, &self.incident_id, &self.source, &self.corrects_event_id];
        texts.into_iter().map(|text| of(text)).sum::<usize>()
            + self.recorded_by.as_deref().map_or(0, of)
            + self.fact.heap_bytes()
    }
}

impl Fact {
    fn heap_bytes(&self) -> usize {
        match self {
            Fact::Opened(opened) => of_opened(opened),
            Fact::StatusChanged(Waiting { status, waiting_on: _, third_party, reason }) => {
                of_sent(status) + of(third_party) + of_sent(reason)
            }
            Fact::PriorityChanged(text) | Fact::Merged(text) | Fact::Retracted(text) => of(text),
            Fact::Assigned { group, assignee } => of_sent(group) + of_sent(assignee),
            Fact::DetailsChanged(change) => of_change(change),
            Fact::CauseAttributed(Cause { third_party, note, .. }) => of(third_party) + of(note),
            Fact::ScopeJudged { note, .. } => of(note),
            Fact::ExclusionDecided(decision) => {
                let ExclusionDecision {
                    contract_id,
                    target_id,
                    is_excluded: _,
                    decided_by,
                    reason,
                } = decision;
                [contract_id, target_id, decided_by, reason].into_iter().map(|text| of(text)).sum()
            }
            Fact::Responded
            | Fact::ClientUpdated { .. }
            | Fact::ClientReplied
            | Fact::WorkLogged { .. }
            | Fact::EffortEstimated(_)
            | Fact::ImpactChanged { .. }
            | Fact::Restored
            | Fact::Resolved
            | Fact::Reopened
            | Fact::Closed
            | Fact::Cancelled
            | Fact::Surveyed { .. } => 0,
        }
    }
}

fn of_opened(opened: &Opened) -> usize {
    let Opened { contract_ids, service, category, priority, attributes, .. } = opened;
    of_list(contract_ids) + of(service) + of(category) + of(priority) + of_map(attributes)
}

fn of_change(change: &DetailsChange) -> usize {
    let DetailsChange { contract_ids, service, category, attributes, removed_attributes } = change;
    contract_ids.as_deref().map_or(0, of_list)
        + of_sent(service)
        + of_sent(category)
        + of_map(attributes)
        + of_list(removed_attributes)
}

fn of(text: &str) -> usize {
    match text.len() {
        0 => 0,
        bytes => bytes + ALLOCATION_BYTES,
    }
}

fn of_sent(text: &Option<String>) -> usize {
    text.as_deref().map_or(0, of)
}

fn of_list(texts: &[String]) -> usize {
    texts.iter().map(|text| size_of::<String>() + of(text)).sum()
}

fn of_map(texts: &BTreeMap<String, String>) -> usize {
    texts.iter().map(|(key, value)| 2 * size_of::<String>() + of(key) + of(value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::testing::event;
    use crate::domain::incident::Party;
    use crate::domain::time::Instant;

    #[test]
    fn an_event_takes_at_least_the_bytes_of_its_texts() {
        let bare = event(1, Instant::MIN, Fact::Responded).value;
        let long = Cause {
            party: Party::Client,
            third_party: String::new(),
            note: "x".repeat(4_096),
            confidence_percent: None,
        };
        let noted = IncidentEvent { fact: Fact::CauseAttributed(long), ..bare.clone() };
        assert_eq!(noted.heap_bytes(), bare.heap_bytes() + 4_096 + ALLOCATION_BYTES);
    }
}
