//! The times in which an incident falls under a contract.

use super::fact::{DetailsChange, Fact, IncidentEvent};
use super::history::History;
use super::place::Place;
use crate::domain::time::Instant;

/// A time in which an incident falls under one contract: from its opening, or from a change of its
/// contracts on, until a change takes it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stint<'e> {
    /// The facts from here on are its own.
    pub from: Place,
    /// The event that began it: the opening, or a change.
    pub began_by: &'e str,
    /// Whether it began with the opening.
    pub is_first: bool,
    /// Where it ends, and the event that ended it; `None`: it goes on. What happens in that very
    /// moment still belongs to it.
    pub until: Option<(Place, &'e str)>,
}

impl<'e> History<'e> {
    /// The times in which the incident falls under a contract, in order. A change in the instant of
    /// the opening stands for what it was opened under.
    pub fn stints(&self, contract_id: &str) -> Vec<Stint<'e>> {
        let is_named = |ids: &[String]| ids.iter().any(|id| id == contract_id);
        let mut stints: Vec<Stint<'e>> = Vec::new();
        let mut opened = None;
        for event in self.effective().iter().map(|recorded| &recorded.value) {
            let (place, event_id) = (place(event), event.event_id.as_str());
            let is_under = match (&event.fact, opened) {
                (Fact::Opened(opening), None) => {
                    opened = Some(place.time);
                    is_named(&opening.contract_ids)
                }
                (Fact::DetailsChanged(DetailsChange { contract_ids: Some(ids), .. }), Some(_)) => {
                    is_named(ids)
                }
                _ => continue,
            };
            let was_under = stints.last().is_some_and(|last| last.until.is_none());
            let is_first = opened == Some(place.time);
            match (was_under, is_under) {
                (false, true) => {
                    stints.push(Stint { from: place, began_by: event_id, is_first, until: None });
                }
                (true, false) if is_first => {
                    stints.pop();
                }
                (true, false) => {
                    if let Some(last) = stints.last_mut() {
                        last.until = Some((place, event_id));
                    }
                }
                _ => {}
            }
        }
        stints
    }

    /// The ids of the contracts that it falls or fell under by an instant, each once, sorted.
    pub fn contract_ids(&self, as_of: Instant) -> Vec<&'e str> {
        let known = self.effective().iter().map(|recorded| &recorded.value);
        let named = known.take_while(|event| event.occur_time <= as_of).flat_map(contracts_of);
        let mut ids: Vec<_> = named.map(String::as_str).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// The ids of the contracts that a fact names as those the incident falls under.
fn contracts_of(event: &IncidentEvent) -> &[String] {
    event.fact.contract_ids()
}

impl Fact {
    /// The ids of the contracts that the fact puts the incident under; none for most facts.
    pub fn contract_ids(&self) -> &[String] {
        match self {
            Fact::Opened(opened) => &opened.contract_ids,
            Fact::DetailsChanged(change) => change.contract_ids.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }
}

fn place(event: &IncidentEvent) -> Place {
    Place { time: event.occur_time, order: event.occur_order }
}
