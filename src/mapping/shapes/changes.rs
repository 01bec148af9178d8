//! Rows that are one field each that changed: the incident is put together from them.
//!
//! It was opened with what each field was before its first change, or with what the first change
//! says that occurred in the instant of the opening; a field that never changed has the value it
//! has when the rows are exported. Rows of one update, with the same instant and order, act
//! together.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cel::Value as CelValue;

use super::super::language::{ChangeColumns, Mapping, Values, Variables, variables};
use super::super::notes::{Note, Suspicion};
use super::super::rejects::Reject;
use super::super::sequence::{TimedRow, in_order};
use super::super::stamped::Stamped;
use super::super::update::{TimedFact, Update, Updates};
use crate::domain::time::Instant;

/// The incident's fields, as its backend has them.
type Fields = BTreeMap<String, String>;

pub(super) fn updates(rows: &[Stamped], mapping: &Mapping) -> Updates {
    let mut found = Updates::default();
    let (Some(columns), Some(any)) = (&mapping.change, rows.first()) else { return found };
    let timed = in_order(rows, &mut found.notes);
    let Some(opening) = opening(rows, &timed, &mut found.notes) else { return found };
    let mut replay = Replay { mapping, columns, opening, fields: Fields::new(), found };
    let first = timed.first().map_or(any, |first| first.row);
    replay.open(first, &timed);
    for update in parts(&timed, columns) {
        replay.apply(update);
    }
    replay.found
}

/// When the incident was opened: as a row says, and no later than its first update.
fn opening(rows: &[Stamped], timed: &[TimedRow<'_>], notes: &mut Vec<Note>) -> Option<Instant> {
    let first = timed.first();
    let opened = rows.iter().find_map(|row| Some((row.number, row.opened?)));
    let Some((line, opened)) = opened else { return first.map(|first| first.time) };
    match first {
        Some(first) if first.time < opened.first => {
            notes.push(Note { line, suspicion: Suspicion::OpenedLate });
            Some(first.time)
        }
        _ => {
            let is_unclear =
                opened.again.is_some_and(|again| first.is_none_or(|first| again <= first.time));
            if is_unclear {
                notes.push(Note { line, suspicion: Suspicion::RepeatedHour });
            }
            Some(opened.first)
        }
    }
}

/// The rows of each update: those of the same instant and order, as long as no field changes twice.
fn parts<'t, 'r>(timed: &'t [TimedRow<'r>], columns: &ChangeColumns) -> Vec<&'t [TimedRow<'r>]> {
    let (mut parts, mut rest) = (Vec::new(), timed);
    while let Some(first) = rest.first() {
        let mut changed = BTreeSet::new();
        let mut belongs = |timed: &&TimedRow<'_>| {
            let field = timed.row.cells.get(&columns.field).unwrap_or_default().into_owned();
            let is_same = (timed.time, timed.row.order) == (first.time, first.row.order);
            is_same && (field.is_empty() || changed.insert(field))
        };
        let length = rest.iter().take_while(|timed| belongs(timed)).count();
        let (part, others) = rest.split_at(length.max(1));
        parts.push(part);
        rest = others;
    }
    parts
}

/// One incident while its rows are applied.
struct Replay<'m> {
    mapping: &'m Mapping,
    columns: &'m ChangeColumns,
    opening: Instant,
    fields: Fields,
    found: Updates,
}

impl Replay<'_> {
    /// The incident as it was opened.
    fn open(&mut self, first: &Stamped, timed: &[TimedRow<'_>]) {
        self.fields = self.first_fields(first, timed);
        let values = match self.values(first, self.opening) {
            Ok(values) => values,
            // Its state is unknown; it was opened all the same.
            Err(reason) => {
                self.found.rejects.push(Reject { line: first.number, reason });
                let fields = std::mem::take(&mut self.fields);
                let values = self.values(first, self.opening).unwrap_or_default();
                self.fields = fields;
                values
            }
        };
        let is_old = |timed: &&TimedRow<'_>| {
            let old = timed.row.cells.get(&self.columns.old);
            timed.time == self.opening && old.is_some_and(|old| !old.is_empty())
        };
        if first.opened.is_none() && timed.iter().find(is_old).is_some() {
            self.found.notes.push(Note { line: first.number, suspicion: Suspicion::OpenedBefore });
        }
        let at_opening = timed.first().filter(|first| first.time == self.opening);
        self.found.updates.push(Update {
            lines: vec![first.number],
            time: self.opening,
            order: at_opening.and_then(|first| first.row.order),
            opened_time: None,
            values,
            facts: Vec::new(),
        });
    }

    fn first_fields(&self, first: &Stamped, timed: &[TimedRow<'_>]) -> Fields {
        let mut fields = Fields::new();
        for (field, now) in self.mapping.changing() {
            let is_of = |timed: &&TimedRow<'_>| {
                timed.row.cells.get(&self.columns.field).as_deref() == Some(field)
            };
            let change = timed.iter().find(is_of);
            let value = match (change, now) {
                (Some(change), _) if change.time == self.opening => {
                    change.row.cells.get(&self.columns.new)
                }
                (Some(change), _) => change.row.cells.get(&self.columns.old),
                (None, Some(now)) => first.cells.get(now),
                (None, None) => None,
            };
            fields.insert(field.to_owned(), value.unwrap_or_default().into_owned());
        }
        fields
    }

    /// Applies the rows of one update.
    fn apply(&mut self, rows: &[TimedRow<'_>]) {
        let Some(TimedRow { row: first, time }) = rows.first().copied() else { return };
        let before = self.fields.clone();
        for TimedRow { row, .. } in rows {
            let field = row.cells.get(&self.columns.field).unwrap_or_default();
            if !field.is_empty() {
                let new = row.cells.get(&self.columns.new).unwrap_or_default();
                self.fields.insert(field.into_owned(), new.into_owned());
            }
        }
        let values = match self.values(first, time) {
            Ok(values) => values,
            Err(reason) => {
                // Which of its rows is to blame is not known.
                let rejects = rows.iter().map(|timed| timed.row.number);
                let reject = |line| Reject { line, reason: reason.clone() };
                self.found.rejects.extend(rejects.map(reject));
                self.fields = before;
                return;
            }
        };
        let mut facts = Vec::new();
        for TimedRow { row, time } in rows {
            match self.facts(row, *time) {
                Ok(of_row) => facts.extend(of_row),
                Err(reason) => self.found.rejects.push(Reject { line: row.number, reason }),
            }
        }
        let lines = rows.iter().map(|timed| timed.row.number).collect();
        let update = Update { lines, time, order: first.order, opened_time: None, values, facts };
        self.found.updates.push(update);
    }

    fn values(&self, row: &Stamped, time: Instant) -> Result<Values, String> {
        let fields = |name: &str| self.fields.get(name).map(|value| Cow::Borrowed(value.as_str()));
        self.mapping.values(&fields, &self.variables(row, time))
    }

    fn facts(&mut self, row: &Stamped, time: Instant) -> Result<Vec<TimedFact>, String> {
        let columns = |name: &str| row.cells.get(name);
        let reported = self.mapping.reported(&columns, &self.variables(row, time))?.into_iter();
        let (opening, notes) = (self.opening, &mut self.found.notes);
        Ok(reported.map(|fact| TimedFact::of(fact, opening, row.number, notes)).collect())
    }

    fn variables(&self, row: &Stamped, time: Instant) -> Box<Variables> {
        if !self.mapping.has_conditions() {
            return Box::new([]);
        }
        let fields: std::collections::HashMap<String, CelValue> =
            self.fields.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let row = row.cells.for_conditions();
        variables(row, fields.into(), time == self.opening)
    }
}
