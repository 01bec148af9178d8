//! Rows that are the whole incident once, with instants in columns of their own.

use super::super::language::{Mapping, StateValue, Waiting};
use super::super::notes::{Note, Suspicion};
use super::super::rejects::Reject;
use super::super::stamped::Stamped;
use super::super::update::{TimedFact, Update, Updates};
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact;
use crate::domain::time::Instant;

pub(super) fn updates(rows: &[Stamped], mapping: &Mapping) -> Updates {
    let mut found = Updates::default();
    let Some((row, earlier)) = rows.split_last() else { return found };
    let reason = format!("rows of instants are one an incident: line {} replaces it", row.number);
    let reject = |row: &Stamped| Reject { line: row.number, reason: reason.clone() };
    found.rejects.extend(earlier.iter().map(reject));
    match update(row, mapping, &mut found.notes) {
        Ok(update) => found.updates.push(update),
        Err(reason) => found.rejects.push(Reject { line: row.number, reason }),
    }
    found
}

fn update(row: &Stamped, mapping: &Mapping, notes: &mut Vec<Note>) -> Result<Update, String> {
    let (columns, variables) = (|name: &str| row.cells.get(name), row.variables(mapping));
    let line = row.number;
    let Some(opened) = row.opened else { return Err("it says no instant of opening".to_owned()) };
    let note = |suspicion| Note { line, suspicion };
    if opened.again.is_some() {
        notes.push(note(Suspicion::RepeatedHour));
    }
    if opened.is_skipped {
        notes.push(note(Suspicion::SkippedTime));
    }
    let mut values = mapping.values(&columns, &variables)?;
    let reported = mapping.reported(&columns, &variables)?.into_iter();
    let mut facts: Vec<TimedFact> =
        reported.map(|fact| TimedFact::of(fact, opened.first, line, notes)).collect();
    if is_closed_first(&facts) {
        notes.push(note(Suspicion::ClosedFirst));
    }
    // What state the incident is in is known of the end, not of the opening.
    if let Some(state) = values.state.take() {
        let since = mapping.state_since(&columns)?.map(|since| since.first);
        match (wait(&state, since, mapping), has_ended(&facts)) {
            (Wait::Since(fact), false) => facts.push(*fact),
            (Wait::Unknown, false) => notes.push(note(Suspicion::WaitsSinceUnknown)),
            _ => {}
        }
    }
    Ok(Update {
        lines: vec![line],
        time: opened.first,
        order: None,
        opened_time: None,
        values,
        facts,
    })
}

/// Whether and since when an incident waits.
enum Wait {
    No,
    Since(Box<TimedFact>),
    Unknown,
}

fn wait(state: &StateValue, since: Option<Instant>, mapping: &Mapping) -> Wait {
    let Some(meaning) = mapping.meaning(state).filter(|meaning| meaning.fact.is_none()) else {
        return Wait::No;
    };
    match since {
        _ if meaning.waiting_on == Waiting::Provider => Wait::No,
        None => Wait::Unknown,
        Some(since) => Wait::Since(Box::new(TimedFact {
            name: "status".to_owned(),
            at: Some(since),
            fact: Fact::StatusChanged(v1::StatusChanged {
                status: Some(state.name.clone()),
                waiting_on: meaning.waiting_on.message() as i32,
                third_party: meaning.third_party.clone(),
                reason: Some(meaning.reason(state).to_owned()),
            }),
            why: format!("the state is {}", state.name),
        })),
    }
}

fn has_ended(facts: &[TimedFact]) -> bool {
    let is_end = |fact: &TimedFact| {
        matches!(
            fact.fact,
            Fact::Resolved(_) | Fact::Closed(_) | Fact::Cancelled(_) | Fact::Merged(_)
        )
    };
    facts.iter().any(is_end)
}

fn is_closed_first(facts: &[TimedFact]) -> bool {
    let at = |is_meant: fn(&Fact) -> bool| {
        facts.iter().find(|fact| is_meant(&fact.fact)).and_then(|fact| fact.at)
    };
    let resolved = at(|fact| matches!(fact, Fact::Resolved(_)));
    let closed = at(|fact| matches!(fact, Fact::Closed(_)));
    resolved.zip(closed).is_some_and(|(resolved, closed)| closed < resolved)
}
