//! Rows that are the whole incident after one update.

use super::super::language::Mapping;
use super::super::rejects::Reject;
use super::super::sequence::{TimedRow, in_order};
use super::super::stamped::Stamped;
use super::super::update::{TimedFact, Update, Updates};

pub(super) fn updates(rows: &[Stamped], mapping: &Mapping) -> Updates {
    let mut found = Updates::default();
    let timed = in_order(rows, &mut found.notes);
    for row in timed {
        match update(row, mapping, &mut found) {
            Ok(update) => found.updates.push(update),
            Err(reason) => found.rejects.push(Reject { line: row.row.number, reason }),
        }
    }
    carry_priorities(&mut found.updates);
    found
}

fn update(timed: TimedRow<'_>, mapping: &Mapping, found: &mut Updates) -> Result<Update, String> {
    let TimedRow { row, time } = timed;
    let (columns, variables) = (|name: &str| row.cells.get(name), row.variables(mapping));
    let values = mapping.values(&columns, &variables)?;
    let opened_time = row.opened.map(|opened| opened.first);
    let first_time = found.updates.first().map(|first| first.opened_time.unwrap_or(first.time));
    let opening = first_time.or(opened_time).unwrap_or(time).min(time);
    let line = row.number;
    let facts = mapping.reported(&columns, &variables)?.into_iter();
    let facts = facts.map(|fact| TimedFact::of(fact, opening, line, &mut found.notes)).collect();
    Ok(Update { lines: vec![line], time, order: row.order, opened_time, values, facts })
}

/// A row that states no priority leaves it as it was: without one, no limit would hold.
fn carry_priorities(updates: &mut [Update]) {
    let mut last = String::new();
    for Update { values, .. } in updates {
        match values.priority.as_str() {
            "" => values.priority.clone_from(&last),
            shown => last = shown.to_owned(),
        }
    }
}
