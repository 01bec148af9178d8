//! The rows of each table: what a pull gives, all of them or what changed.

use crate::codec::tables::{ExportTable, RowChange, changes};
use crate::domain::incident::History;
use crate::engine::evaluate::Times;
use crate::engine::ledger::Ledger;
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
pub(super) trait RowsOfIncidents<R>: Sync {
    /// The contract whose incidents they are of; empty: of all.
    fn contract(&self) -> &str;

    /// Gives those of an incident, by its id and what a view knows of it.
    fn of_incidents<'v>(
        &'v self,
        view: &'v ReadView<'v>,
    ) -> Result<impl Fn(&str, &History<'_>) -> Vec<R> + Sync + 'v, QueryError>;
}

/// Visits what changed of incidents' rows, incident by incident.
pub(super) fn changes_of_incidents<R: Send, S: RowsOfIncidents<R>>(
    source: &S,
    table: &'static ExportTable<R>,
    Reading { view, index }: Reading<'_>,
    since: Times,
    visit: &mut dyn FnMut(RowChange, R) -> bool,
) -> Result<(), QueryError> {
    let then = view.at(since)?;
    let changed = incidents_since(&view, index, source.contract(), since)?;
    let (rows_then, rows_now) = (source.of_incidents(&then)?, source.of_incidents(&view)?);
    let add = |rows: &mut Vec<(RowChange, R)>, id: &str, ledger: &Ledger| {
        if changed.as_ref().is_none_or(|changed| changed.may_have_changed(id, ledger)) {
            let before = then.history(ledger).map(|history| rows_then(id, &history));
            let now = view.history(ledger).map(|history| rows_now(id, &history));
            rows.extend(changes(table, before.unwrap_or_default(), now.unwrap_or_default()));
        }
    };
    let every = changed.is_none().then(|| view.incident_ids(source.contract(), ""));
    let some = changed.iter().flat_map(|changed| changed.ids.iter().cloned().map(Ok));
    view.walk_ledgers(some.chain(every.into_iter().flatten()), Vec::new, add, |rows| {
        Ok(rows.into_iter().all(|(change, row)| visit(change, row)))
    })
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
