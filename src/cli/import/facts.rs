//! Facts from rows: what changed between one row of an incident and the next.

use itertools::Itertools;

use super::mapping::{End, Mapping};
use super::rows::Row;
use crate::codec::scalar::timestamp;
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact;

/// An event, and the line of the row it comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FactOfRow {
    pub line: u64,
    pub event: v1::IncidentEvent,
}

/// The rows of each incident, in the order they occurred. Rows of one instant without an order of
/// their own follow the file.
pub(super) fn by_incident(mut rows: Vec<Row>) -> Vec<Vec<Row>> {
    rows.sort_by(|a, b| {
        let key = |row: &Row| (row.time, row.order, row.line);
        a.incident.cmp(&b.incident).then(key(a).cmp(&key(b)))
    });
    let incidents = rows.into_iter().chunk_by(|row| row.incident.clone());
    incidents.into_iter().map(|(_, rows)| with_priorities(rows.collect())).collect()
}

/// A row that states no priority leaves it as it was: without one, no limit would hold.
fn with_priorities(mut rows: Vec<Row>) -> Vec<Row> {
    let mut last = String::new();
    for row in &mut rows {
        match row.priority.as_str() {
            "" => row.priority.clone_from(&last),
            shown => last = shown.to_owned(),
        }
    }
    rows
}

/// The facts of one incident's rows. They depend on the rows alone, ids included, so the same rows
/// always give the same facts.
pub(super) fn facts(rows: &[Row], mapping: &Mapping) -> Vec<FactOfRow> {
    let mut found = Vec::new();
    let mut before: Option<&Row> = None;
    let mut place = 0;
    for row in rows {
        place = match before {
            Some(before) if before.time == row.time => place + 1,
            _ => 0,
        };
        let order = row.order.unwrap_or(place);
        for (name, fact) in changes(before, row, mapping) {
            let occur_time = match (&fact, row.opened_time) {
                // An opening reported as later than the first update can't be right.
                (Fact::Opened(_), Some(opened)) => opened.min(row.time),
                _ => row.time,
            };
            let event = v1::IncidentEvent {
                recorded_by: String::new(),
                event_id: event_id(row, order, name),
                incident_id: row.incident.clone(),
                occur_time: Some(timestamp(occur_time)),
                source: mapping.source().to_owned(),
                occur_order: order,
                corrects_event_id: String::new(),
                fact: Some(fact),
            };
            found.push(FactOfRow { line: row.line, event });
        }
        before = Some(row);
    }
    found
}

/// The row's own number where it has one, else its instant and its place in it.
fn event_id(row: &Row, order: i64, name: &str) -> String {
    match row.order {
        Some(number) => format!("{number}:{name}"),
        None => format!("{}:{order}:{name}", row.time),
    }
}

fn changes(before: Option<&Row>, row: &Row, mapping: &Mapping) -> Vec<(&'static str, Fact)> {
    let mut changes = Vec::new();
    if before.is_none() {
        changes.push(("opened", Fact::Opened(row.opened.clone())));
    }
    if before.is_some_and(|before| before.priority != row.priority) {
        let priority = row.priority.clone();
        changes.push(("priority", Fact::PriorityChanged(v1::PriorityChanged { priority })));
    }
    let assigned = |row: &Row| (row.group.clone(), row.assignee.clone());
    let (group, assignee) = assigned(row);
    if before.map(assigned).unwrap_or_default() != (group.clone(), assignee.clone()) {
        let (group, assignee) = (Some(group.clone()), Some(assignee.clone()));
        let assigned = v1::Assigned { group, assignee };
        changes.push(("assigned", Fact::Assigned(assigned)));
    }
    if before.is_none_or(|before| before.state != row.state) {
        changes.extend(change_of_state(before, row, mapping));
    }
    // An update that changes nothing known here shows that somebody was at work on it: the
    // assignment is reported again, which moves no clock.
    if changes.is_empty() && mapping.describes_every_update() {
        let (group, assignee) = (Some(group), Some(assignee));
        changes.push(("again", Fact::Assigned(v1::Assigned { group, assignee })));
    }
    changes
}

fn change_of_state(
    before: Option<&Row>,
    row: &Row,
    mapping: &Mapping,
) -> Vec<(&'static str, Fact)> {
    let Some(state) = mapping.meaning(&row.state) else { return Vec::new() };
    let ended = before.and_then(|before| mapping.meaning(&before.state)?.fact);
    let status = Fact::StatusChanged(v1::StatusChanged {
        status: Some(row.state.clone()),
        waiting_on: state.waiting_on.message() as i32,
        third_party: state.third_party.clone(),
        reason: Some(state.reason.clone()),
    });
    let mut changes = vec![("status", status)];
    match (ended, state.fact) {
        (_, Some(End::Resolved)) => changes.push(("resolved", Fact::Resolved(v1::Resolved {}))),
        (_, Some(End::Closed)) => changes.push(("closed", Fact::Closed(v1::Closed {}))),
        (_, Some(End::Cancelled)) => changes.push(("cancelled", Fact::Cancelled(v1::Cancelled {}))),
        (Some(_), None) => changes.push(("reopened", Fact::Reopened(v1::Reopened {}))),
        (None, None) => {}
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::mapping::tests::MAPPING;
    use super::super::rows::{RowFormat, read};
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        shown_by(text, MAPPING)
    }

    fn shown_by(text: &str, mapping: &str) -> Vec<String> {
        let mapping = Mapping::read(mapping).unwrap_or_else(|error| panic!("{error:#}"));
        let text = format!("id,updated,opened,seq,state,priority,group\n{text}");
        let (rows, rejects) = read(RowFormat::Csv, text.as_bytes(), &mapping).unwrap_or_default();
        assert_eq!(rejects, []);
        let facts = by_incident(rows).into_iter().flat_map(|rows| facts(&rows, &mapping));
        let describe = |fact: FactOfRow| {
            let time = fact.event.occur_time.map(|time| time.to_string()).unwrap_or_default();
            format!("{} {} {}", fact.event.incident_id, time, fact.event.event_id)
        };
        facts.map(describe).collect()
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
