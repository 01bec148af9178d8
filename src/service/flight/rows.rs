//! The rows of each table: what a pull gives, all of them or what changed.

use crate::codec::tables::{ExportTable, RowChange, changes};
use crate::engine::evaluate::Times;
use crate::queries::row_changes::incidents_since;
use crate::queries::{QueryError, ReadView, Reading};

/// Takes a row; false: no more are wanted.
pub(super) type Visit<'v, R> = &'v mut dyn FnMut(R) -> bool;

/// The rows of a table.
/// They are read off values of type `R`.
pub(super) trait Rows<R: 'static>: Send + 'static {
    /// The table.
    fn table(&self) -> &'static ExportTable<R>;

    /// Visits all.
    fn each(&self, reading: Reading<'_>, visit: Visit<'_, R>) -> Result<(), QueryError>;

    /// Visits those that are another than at earlier times, each with what became of it.
    fn each_change(
        &self,
        reading: Reading<'_>,
        since: Times,
        visit: &mut dyn FnMut(RowChange, R) -> bool,
    ) -> Result<(), QueryError>;
}

/// The rows of single incidents.
pub(super) trait RowsOfIncidents<R> {
    /// The contract whose incidents they are of; empty: of all.
    fn contract(&self) -> &str;

    /// Those of one incident.
    fn of_incident(&self, view: &ReadView<'_>, id: &str) -> Result<Vec<R>, QueryError>;
}

/// Visits what changed of incidents' rows, incident by incident.
pub(super) fn changes_of_incidents<R, S: RowsOfIncidents<R>>(
    source: &S,
    table: &ExportTable<R>,
    Reading { view, index }: Reading<'_>,
    since: Times,
    visit: &mut dyn FnMut(RowChange, R) -> bool,
) -> Result<(), QueryError> {
    let then = view.at(since)?;
    let changed = incidents_since(&view, index, source.contract(), since)?;
    let every = changed.is_none().then(|| view.incident_ids(source.contract(), ""));
    let changed = changed.into_iter().flatten().map(Ok);
    for id in changed.chain(every.into_iter().flatten()) {
        let id = id?;
        let (before, now) = (source.of_incident(&then, &id)?, source.of_incident(&view, &id)?);
        if !changes(table, before, now).into_iter().all(|(change, row)| visit(change, row)) {
            break;
        }
    }
    Ok(())
}

/// Visits what changed of rows that are few enough to be compared as a whole.
pub(super) fn changes_of_all<R>(
    table: &ExportTable<R>,
    reading: Reading<'_>,
    since: Times,
    each: impl Fn(Reading<'_>, Visit<'_, R>) -> Result<(), QueryError>,
    visit: &mut dyn FnMut(RowChange, R) -> bool,
) -> Result<(), QueryError> {
    let view = reading.into_view();
    let all = |reading: Reading<'_>| {
        let mut rows = Vec::new();
        each(reading, &mut |row| {
            rows.push(row);
            true
        })?;
        Ok::<_, QueryError>(rows)
    };
    let now = all(view.reading_at(view.times())?)?;
    let before = all(view.reading_at(since)?)?;
    changes(table, before, now).into_iter().all(|(change, row)| visit(change, row));
    Ok(())
}
