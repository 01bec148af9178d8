//! What an import found: counted while the facts are made.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;

use super::notes::Notes;
use crate::cli::fact::fact_name;
use crate::cli::show::counted;
use crate::codec::v1::incident_event::Fact;
use crate::mapping::{FactOfRow, IncidentFacts, Reject};

/// Incidents, priorities or reasons that are named.
const SHOWN: usize = 5;

/// What the rows of an import became.
#[derive(Clone, Debug, Default)]
pub(super) struct ImportReport {
    /// The incidents of which there are facts.
    pub incidents: BTreeSet<String>,
    /// How many facts there are of each kind.
    pub facts: BTreeMap<&'static str, usize>,
    /// The priorities that the mapping does not name, though it names others, and how many updates
    /// have them.
    pub unnamed_priorities: BTreeMap<String, usize>,
    /// The incidents that are open after the last row.
    pub open: BTreeSet<String>,
    /// The incidents that fall under no contract as they are opened.
    pub without_contract: BTreeSet<String>,
    pub notes: Notes,
    pub rejects: Vec<Reject>,
}

impl ImportReport {
    /// Counts what the rows of one incident became.
    pub fn add(&mut self, found: &IncidentFacts) {
        self.rejects.extend(found.rejects.iter().cloned());
        // What a delivery says besides is taken; a state that nobody knows must be seen.
        let unknown = found.unknown.iter().filter(|unknown| unknown.is_state);
        let reject = |line, reason| Reject { line, reason };
        self.rejects.extend(unknown.map(|one| reject(one.line, one.value.to_string())));
        found.notes.iter().for_each(|note| self.notes.add(*note));
        for update in &found.updates {
            if let Some(unnamed) = &update.values.unnamed_priority {
                *self.unnamed_priorities.entry(unnamed.clone()).or_default() += 1;
            }
        }
        let Some(first) = found.facts.first() else { return };
        let incident = &first.event.incident_id;
        self.incidents.insert(incident.clone());
        for fact in found.facts.iter().filter_map(|fact| fact.event.fact.as_ref()) {
            *self.facts.entry(fact_name(fact)).or_default() += 1;
            if matches!(fact, Fact::Opened(opened) if opened.contract_ids.is_empty()) {
                self.without_contract.insert(incident.clone());
            }
        }
        if !has_ended(&found.facts) {
            self.open.insert(incident.clone());
        }
    }

    /// How many facts there are.
    pub fn fact_count(&self) -> usize {
        self.facts.values().sum()
    }

    /// Sentences on what was found, but for what is rejected.
    pub fn sentences(&self) -> Vec<String> {
        let kinds = self.facts.iter().sorted_by_key(|(_, count)| std::cmp::Reverse(**count));
        let kinds = kinds.map(|(name, count)| format!("{count} {name}")).join(", ");
        let facts = (!kinds.is_empty()).then(|| format!("facts: {kinds}"));
        let unnamed = self.unnamed_priorities.iter().map(|(priority, updates)| {
            let updates = counted(*updates, "update");
            format!("priority {priority:?} of {updates} has no name in the mapping")
        });
        let without = self.of_incidents(
            &self.without_contract,
            ["falls under no contract", "fall under no contract"],
        );
        let open = self.of_incidents(
            &self.open,
            ["is open after the last row", "are open after the last row"],
        );
        facts
            .into_iter()
            .chain(unnamed)
            .chain(self.notes.sentences())
            .chain(without)
            .chain(open)
            .collect()
    }

    fn of_incidents(&self, ids: &BTreeSet<String>, [one, many]: [&str; 2]) -> Option<String> {
        let named = ids.iter().take(SHOWN).join(", ");
        let more = if ids.len() > SHOWN { ", ..." } else { "" };
        let are = if ids.len() == 1 { one } else { many };
        let count = counted(ids.len(), "incident");
        (!ids.is_empty()).then(|| format!("{count} {are}: {named}{more}"))
    }
}

/// The most frequent reasons why rows were rejected, in sentences.
pub(super) fn reasons<'r>(reasons: impl Iterator<Item = &'r str>) -> Vec<String> {
    let counts = reasons.counts().into_iter();
    let counts = counts.sorted_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    let shown =
        counts.take(SHOWN).map(|(reason, rows)| format!("{}: {reason}", counted(rows, "row")));
    shown.collect()
}

/// Whether the last of the facts that end or reopen an incident ends it.
fn has_ended(facts: &[FactOfRow]) -> bool {
    let ends = facts.iter().enumerate().filter_map(|(place, fact)| {
        let ends = match fact.event.fact.as_ref()? {
            Fact::Resolved(_) | Fact::Closed(_) | Fact::Cancelled(_) | Fact::Merged(_) => true,
            Fact::Reopened(_) => false,
            _ => return None,
        };
        let time = fact.event.occur_time.map(|time| (time.seconds, time.nanos));
        Some(((time, fact.event.occur_order, place), ends))
    });
    ends.max_by_key(|(when, _)| *when).is_some_and(|(_, ends)| ends)
}
