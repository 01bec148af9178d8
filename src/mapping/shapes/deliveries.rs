//! Rows that are the whole incident as a webhook delivers it, each by itself.

use super::super::language::{Mapping, Readings};
use super::super::notes::{Note, Suspicion};
use super::super::rejects::Reject;
use super::super::stamped::Stamped;
use super::super::update::{TimedFact, UnknownOfRow, Update, Updates};
use crate::domain::time::Instant;

pub(super) fn updates(rows: &[Stamped], mapping: &Mapping) -> Updates {
    let mut found = Updates::default();
    let mut rows: Vec<&Stamped> = rows.iter().collect();
    rows.sort_by_key(|row| (row.time.map(|time| time.first), row.order, row.number));
    for row in rows {
        match update(row, mapping, &mut found) {
            Ok(update) => found.updates.push(update),
            Err(reason) => found.rejects.push(Reject { line: row.number, reason }),
        }
    }
    found
}

fn update(row: &Stamped, mapping: &Mapping, found: &mut Updates) -> Result<Update, String> {
    let (columns, variables) = (|name: &str| row.cells.get(name), row.variables(mapping));
    let line = row.number;
    let Some(time) = row.time else { return Err("it says no instant of the update".to_owned()) };
    let Some(opened) = row.opened else { return Err("it says no instant of opening".to_owned()) };
    let is_skipped = time.is_skipped || opened.is_skipped;
    let mut values = mapping.values(&columns, &variables)?;
    if values.unnamed_priority.is_some() {
        // It is left out as an unknown state is: once the mapping names it, the delivery sent again
        // says it, and nothing of the same instant says otherwise.
        values.priority.clear();
    }
    let reported = mapping.reported(&columns, &variables)?.into_iter();
    let (time, is_unclear) = update_time(time, opened);
    let suspicions = [(is_unclear, Suspicion::RepeatedHour), (is_skipped, Suspicion::SkippedTime)];
    let odd = suspicions.into_iter().filter(|(holds, _)| *holds);
    found.notes.extend(odd.map(|(_, suspicion)| Note { line, suspicion }));
    let of_row = |value, is_state| UnknownOfRow { line, is_state, value };
    let state = mapping.unknown_state(&columns).map(|value| of_row(value, true));
    let priority = mapping.unknown_priority(&columns).map(|value| of_row(value, false));
    found.unknown.extend(state.into_iter().chain(priority));
    let facts =
        reported.map(|fact| TimedFact::of(fact, opened.first, line, &mut found.notes)).collect();
    Ok(Update {
        lines: vec![line],
        time,
        order: row.order,
        opened_time: Some(opened.first),
        values,
        facts,
    })
}

/// When an update occurred, and whether it or the opening may as well be the later of two instants.
/// No update is before the opening, so of two instants the one is meant that is not.
fn update_time(update: Readings, opened: Readings) -> (Instant, bool) {
    let (time, is_unclear) = match update.again {
        Some(again) if update.first < opened.first && opened.first <= again => (again, false),
        again => (update.first, again.is_some()),
    };
    (time, is_unclear || opened.again.is_some_and(|again| again <= time))
}
