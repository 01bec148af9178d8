//! A table: its columns, and how they are read off a row.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use super::cell::Cell;
use super::change::RowChange;
use super::notes::{DESCRIPTION, KEY, UNIT};

/// A table of rows that are read off values of type `R`.
#[derive(Debug)]
pub struct ExportTable<R: 'static> {
    /// Its name.
    pub name: &'static str,
    /// What a row of it is.
    pub meaning: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column<R>],
}

/// One column.
#[derive(Debug)]
pub struct Column<R> {
    /// Its name, without the unit of a span.
    name: &'static str,
    /// What it holds, and how it is read off a row.
    pub cell: Cell<R>,
    /// What it means.
    pub meaning: &'static str,
    /// Whether it is one of those by which a row is distinguished from all others.
    pub is_key: bool,
}

pub(super) const fn column<R>(
    name: &'static str,
    cell: Cell<R>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, cell, meaning, is_key: false }
}

pub(super) const fn key<R>(name: &'static str, cell: Cell<R>, meaning: &'static str) -> Column<R> {
    Column { name, cell, meaning, is_key: true }
}

impl<R> ExportTable<R> {
    /// Its columns in Arrow's types, each with its meaning and unit.
    pub fn schema(&self) -> Schema {
        let fields: Vec<_> = self.columns.iter().map(Column::field).collect();
        let meaning = [(DESCRIPTION.to_owned(), self.meaning.to_owned())];
        Schema::new_with_metadata(fields, meaning)
    }

    /// The same where the first column says what became of each row.
    pub fn schema_of_changes(&self) -> Schema {
        let fields = self.columns.iter().map(Column::field);
        let meaning = [(DESCRIPTION.to_owned(), self.meaning.to_owned())];
        let fields: Vec<_> = [RowChange::field()].into_iter().chain(fields).collect();
        Schema::new_with_metadata(fields, meaning)
    }

    /// Rows in Arrow's types. `changes`: what became of each, for a schema of changes.
    ///
    /// # Errors
    /// The schema is not this table's.
    pub fn batch(
        &self,
        schema: &SchemaRef,
        rows: &[R],
        changes: Option<&[RowChange]>,
    ) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter().map(|column| column.cell.array(rows));
        let columns = changes.map(RowChange::array).into_iter().chain(columns).collect();
        RecordBatch::try_new(Arc::clone(schema), columns)
    }

    /// What distinguishes a row from all others.
    pub fn key(&self, row: &R) -> Vec<String> {
        let keys = self.columns.iter().filter(|column| column.is_key);
        keys.map(|column| column.cell.shown(row)).collect()
    }

    /// Whether two rows say the same in every column: what they are read off may hold more.
    pub fn is_same(&self, one: &R, other: &R) -> bool {
        self.columns.iter().all(|column| column.cell.is_same(one, other))
    }

    /// Bytes that a row takes in Arrow's types, about.
    pub fn bytes(&self, row: &R) -> usize {
        self.columns.iter().map(|column| column.cell.bytes(row)).sum()
    }
}

impl<R> Column<R> {
    /// Its name, with the unit of a span: files of different formats hold spans in different ones.
    pub fn name(&self, unit: &str) -> String {
        match self.cell.is_span() {
            true => format!("{}_{unit}", self.name),
            false => self.name.to_owned(),
        }
    }

    /// Its field in Arrow's types.
    pub fn field(&self) -> Field {
        let (kind, unit) = (self.cell.kind(), self.cell.unit());
        let mut notes = vec![(DESCRIPTION.to_owned(), self.meaning.to_owned())];
        notes.extend(unit.map(|unit| (UNIT.to_owned(), unit.to_owned())));
        notes.extend(self.is_key.then(|| (KEY.to_owned(), "true".to_owned())));
        let field = Field::new(self.name("nanos"), kind, self.cell.may_be_null());
        field.with_metadata(HashMap::from_iter(notes))
    }
}
