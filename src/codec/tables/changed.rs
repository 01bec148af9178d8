//! What became of the rows of a table from one pull to the next.

use std::collections::BTreeMap;

use super::change::RowChange;
use super::table::ExportTable;

/// What became of some rows, in the order of their keys. Rows that say the same are left out.
pub fn changes<R>(table: &ExportTable<R>, before: Vec<R>, now: Vec<R>) -> Vec<(RowChange, R)> {
    let mut both = before.iter().zip(&now);
    if before.len() == now.len() && both.all(|(was, is)| table.is_same(was, is)) {
        return Vec::new();
    }
    let keyed = |rows: Vec<R>| rows.into_iter().map(|row| (table.key(&row), row));
    let mut before: BTreeMap<_, _> = keyed(before).collect();
    let mut found = BTreeMap::new();
    for (key, row) in keyed(now) {
        match before.remove(&key) {
            None => drop(found.insert(key, (RowChange::Added, row))),
            Some(was) if !table.is_same(&was, &row) => {
                drop(found.insert(key, (RowChange::Changed, row)))
            }
            Some(_) => {}
        }
    }
    let gone = before.into_iter().map(|(key, row)| (key, (RowChange::Withdrawn, row)));
    found.extend(gone);
    found.into_values().collect()
}
