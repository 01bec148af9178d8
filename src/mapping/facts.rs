//! Facts from updates: what changed between one update of an incident and the next.

use std::collections::BTreeMap;

use super::language::{End, Mapping};
use super::notes::{Note, Suspicion};
use super::update::{TimedFact, Update};
use crate::codec::scalar::timestamp;
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact;
use crate::domain::time::Instant;

/// An event, the rows it comes from, and why they give it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FactOfRow {
    /// The first of the rows.
    pub line: u64,
    pub lines: Vec<u64>,
    pub event: v1::IncidentEvent,
    pub why: String,
}

/// A change between two updates, and what it is called in event ids.
pub(super) struct NamedChange {
    pub name: &'static str,
    pub fact: Fact,
    pub why: String,
}

impl NamedChange {
    pub fn new(name: &'static str, fact: Fact, why: impl Into<String>) -> NamedChange {
        NamedChange { name, fact, why: why.into() }
    }
}

/// The facts of one incident's updates. They depend on the rows alone, ids included, so the same
/// rows always give the same facts.
pub(super) fn facts(
    incident: &str,
    updates: &[Update],
    mapping: &Mapping,
    notes: &mut Vec<Note>,
) -> Vec<FactOfRow> {
    let mut found = FactCollector::new(incident, mapping);
    let mut before: Option<&Update> = None;
    let mut place = 0;
    for update in updates {
        place = match before {
            Some(before) if before.time == update.time => place + 1,
            _ => 0,
        };
        let order = update.order.unwrap_or(place);
        for change in changes(before, update, mapping) {
            let occurred = match (&change.fact, update.opened_time) {
                // An opening reported as later than the first update can't be right.
                (Fact::Opened(_), Some(opened)) => opened.min(update.time),
                _ => update.time,
            };
            let NamedChange { name, fact, why } = change;
            found.add(update, (occurred, order), event_id(update, order, name), fact, why);
        }
        if before.is_none() && update.opened_time.is_some_and(|opened| update.time < opened) {
            let line = update.lines.first().copied().unwrap_or_default();
            notes.push(Note { line, suspicion: Suspicion::OpenedLate });
        }
        for reported in update.facts.iter().cloned() {
            let TimedFact { name, at, fact, why } = reported;
            let id = match at {
                Some(at) => format!("{at}:{name}"),
                None => event_id(update, order, &name),
            };
            let occurred = at.map_or((update.time, order), |at| (at, 0));
            found.add(update, occurred, id, fact, why);
        }
        before = Some(update);
    }
    found.facts
}

/// The row's own number where it has one, else its instant and its place in it.
fn event_id(update: &Update, order: i64, name: &str) -> String {
    match update.order {
        Some(number) => format!("{number}:{name}"),
        None => format!("{}:{order}:{name}", update.time),
    }
}

/// The facts of an incident while they are found.
pub(super) struct FactCollector<'m> {
    incident: &'m str,
    mapping: &'m Mapping,
    pub facts: Vec<FactOfRow>,
    /// What each id stands for.
    known: BTreeMap<String, (Instant, Fact)>,
}

impl<'m> FactCollector<'m> {
    /// A collector of the facts of one incident.
    pub fn new(incident: &'m str, mapping: &'m Mapping) -> FactCollector<'m> {
        FactCollector { incident, mapping, facts: Vec::new(), known: BTreeMap::new() }
    }

    /// Adds a fact, unless it is known: several rows may say the same.
    pub fn add(
        &mut self,
        update: &Update,
        (occurred, order): (Instant, i64),
        id: String,
        fact: Fact,
        why: String,
    ) {
        let content = (occurred, fact);
        // Two facts of one kind in one update, such as work of two people.
        let mut ids = std::iter::once(id.clone()).chain((2..).map(|more| format!("{id}:{more}")));
        let free = ids.find(|id| self.known.get(id).is_none_or(|known| *known == content));
        let event_id = free.unwrap_or(id);
        if self.known.insert(event_id.clone(), content.clone()).is_some() {
            return;
        }
        let event = v1::IncidentEvent {
            recorded_by: String::new(),
            event_id,
            incident_id: self.incident.to_owned(),
            occur_time: Some(timestamp(occurred)),
            source: self.mapping.source.clone(),
            occur_order: order,
            corrects_event_id: String::new(),
            fact: Some(content.1),
        };
        let lines = update.lines.clone();
        let line = lines.first().copied().unwrap_or_default();
        self.facts.push(FactOfRow { line, lines, event, why });
    }
}

fn changes(before: Option<&Update>, update: &Update, mapping: &Mapping) -> Vec<NamedChange> {
    let (before, now) = (before.map(|before| &before.values), &update.values);
    let mut changes = Vec::new();
    if before.is_none() {
        let opened = Fact::Opened(now.opened());
        changes.push(NamedChange::new("opened", opened, "it is the incident's first row"));
    }
    if let Some(before) = before.filter(|before| before.priority != now.priority) {
        let fact = Fact::PriorityChanged(v1::PriorityChanged { priority: now.priority.clone() });
        let why = was("the priority", &before.priority);
        changes.push(NamedChange::new("priority", fact, why));
    }
    let assigned = || {
        let (group, assignee) = (Some(now.group.clone()), Some(now.assignee.clone()));
        Fact::Assigned(v1::Assigned { group, assignee })
    };
    let (group, assignee) =
        before.map(|before| (before.group.as_str(), before.assignee.as_str())).unwrap_or_default();
    if (group, assignee) != (now.group.as_str(), now.assignee.as_str()) {
        let why = match now.group == group {
            true => was("the assignee", assignee),
            false => was("the group", group),
        };
        changes.push(NamedChange::new("assigned", assigned(), why));
    }
    if before.is_none_or(|before| before.state != now.state) {
        changes.extend(change_of_state(before.and_then(|b| b.state.as_ref()), update, mapping));
    }
    let follows = before.filter(|_| mapping.follows_details);
    if let Some(change) = follows.and_then(|before| now.details.changed_from(&before.details)) {
        let why = "contracts, service, category or attributes are others than before";
        changes.push(NamedChange::new("details", Fact::DetailsChanged(change), why));
    }
    // An update that changes nothing known here shows that somebody was at work on it: the
    // assignment is reported again, which moves no clock.
    if changes.is_empty() && mapping.describes_every_update {
        changes.push(NamedChange::new("again", assigned(), "every update is reported"));
    }
    changes
}

/// What something was before it changed.
fn was(what: &str, before: &str) -> String {
    match before {
        "" => format!("{what} was empty"),
        before => format!("{what} was {before}"),
    }
}

/// What a state means, and how it ends the incident or goes on with it.
pub(super) fn change_of_state(
    before: Option<&super::language::StateValue>,
    update: &Update,
    mapping: &Mapping,
) -> Vec<NamedChange> {
    let Some(now) = update.values.state.as_ref() else { return Vec::new() };
    let Some(state) = mapping.meaning(now) else { return Vec::new() };
    let ended = before.and_then(|before| mapping.meaning(before)?.fact);
    let status = Fact::StatusChanged(v1::StatusChanged {
        status: Some(now.name.clone()),
        waiting_on: state.waiting_on.message() as i32,
        third_party: state.third_party.clone(),
        reason: Some(state.reason(now).to_owned()),
    });
    let why = match before {
        None => format!("the state is {}", now.name),
        Some(before) if before.name == now.name => was("the state's second column", &before.part),
        Some(before) => was("the state", &before.name),
    };
    let end = match (ended, state.fact) {
        (_, Some(End::Resolved)) => Some(("resolved", Fact::Resolved(v1::Resolved {}))),
        (_, Some(End::Closed)) => Some(("closed", Fact::Closed(v1::Closed {}))),
        (_, Some(End::Cancelled)) => Some(("cancelled", Fact::Cancelled(v1::Cancelled {}))),
        (Some(_), None) => Some(("reopened", Fact::Reopened(v1::Reopened {}))),
        (None, None) => None,
    };
    let end = end.map(|(name, fact)| NamedChange::new(name, fact, why.clone()));
    std::iter::once(NamedChange::new("status", status, why.clone())).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::super::language::tests::{MAPPING, mapping};
    use super::super::reading::tests::facts_of;
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        shown_by(text, MAPPING)
    }

    fn shown_by(text: &str, by: &str) -> Vec<String> {
        let text = format!("id,updated,opened,seq,state,priority,group\n{text}");
        let (facts, rejects) = facts_of("rows.csv", &text, &mapping(by));
        assert_eq!(rejects, []);
        let describe = |fact: FactOfRow| {
            let time = fact.event.occur_time.map(|time| time.to_string()).unwrap_or_default();
            format!("{} {} {}", fact.event.incident_id, time, fact.event.event_id)
        };
        facts.into_iter().map(describe).collect()
    }

    #[test]
    fn facts_are_the_differences_between_rows_whatever_their_order_in_the_file() {
        let rows = [
            "A,2026-01-05 10:00,2026-01-05 09:00,1,New,1,G",
            "A,2026-01-05 11:00,2026-01-05 09:00,2,Waiting,1,G",
            "A,2026-01-05 11:00,2026-01-05 09:00,3,Waiting,2,G",
            "A,2026-01-05 12:00,2026-01-05 09:00,4,Solved,2,H",
            "A,2026-01-05 13:00,2026-01-05 09:00,5,New,2,H",
            "A,2026-01-06 13:00,2026-01-05 09:00,6,Closed,2,H",
        ];
        let expected = [
            "A 2026-01-05T08:00:00Z 1:opened",
            "A 2026-01-05T09:00:00Z 1:assigned",
            "A 2026-01-05T09:00:00Z 1:status",
            "A 2026-01-05T10:00:00Z 2:status",
            "A 2026-01-05T10:00:00Z 3:priority",
            "A 2026-01-05T11:00:00Z 4:assigned",
            "A 2026-01-05T11:00:00Z 4:status",
            "A 2026-01-05T11:00:00Z 4:resolved",
            "A 2026-01-05T12:00:00Z 5:status",
            "A 2026-01-05T12:00:00Z 5:reopened",
            "A 2026-01-06T12:00:00Z 6:status",
            "A 2026-01-06T12:00:00Z 6:closed",
        ];
        assert_eq!(shown(&rows.join("\n")), expected);
        let shuffled: Vec<_> = rows.iter().rev().copied().collect();
        assert_eq!(shown(&shuffled.join("\n")), expected);
    }

    #[test]
    fn an_update_that_changes_nothing_is_shown_only_where_every_update_is() {
        let rows = [
            "A,2026-01-05 10:00,2026-01-05 09:00,1,New,1,G",
            "A,2026-01-05 11:00,2026-01-05 09:00,2,New,1,G",
        ];
        let rows = rows.join("\n");
        assert!(!shown(&rows).contains(&"A 2026-01-05T10:00:00Z 2:again".to_owned()));
        let every = shown_by(&rows, &format!("{MAPPING}\n        every_update: true\n"));
        assert_eq!(every.last().map(String::as_str), Some("A 2026-01-05T10:00:00Z 2:again"));
    }

    #[test]
    fn a_row_without_a_priority_changes_none() {
        let rows = [
            "A,2026-01-05 10:00,2026-01-05 09:00,1,New,1,",
            "A,2026-01-05 11:00,2026-01-05 09:00,2,Waiting,,",
            "A,2026-01-05 12:00,2026-01-05 09:00,3,New,1,",
        ];
        assert!(!shown(&rows.join("\n")).iter().any(|fact| fact.contains("priority")));
    }

    #[test]
    fn an_opening_shown_as_later_than_the_first_update_is_put_to_that() {
        let shown = shown("A,2026-01-05 10:00,2026-01-05 12:00,1,New,1,");
        assert_eq!(shown.first().map(String::as_str), Some("A 2026-01-05T09:00:00Z 1:opened"));
    }
}
