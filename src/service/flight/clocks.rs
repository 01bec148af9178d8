//! The rows of `clocks` and `segments`.

use super::rows::{Rows, RowsOfIncidents, Visit, changes_of_incidents};
use crate::codec::api::clock::encode_segment;
use crate::codec::api::export::encode;
use crate::codec::tables::{CLOCKS, ExportTable, RowChange, SEGMENTS, SegmentRow};
use crate::codec::v1::ClockRow;
use crate::domain::incident::State;
use crate::domain::time::Instant;
use crate::engine::answers::compliance::PeriodQuery;
use crate::engine::answers::exported::ExportedClock;
use crate::engine::evaluate::Times;
use crate::queries::export::{self, Export, IncidentClocks};
use crate::queries::{QueryError, ReadView, Reading};

/// A row for each clock.
#[derive(Clone, Debug)]
pub(super) struct Clocks(pub Export);

/// A row for each stretch of a clock's timeline.
#[derive(Clone, Debug)]
pub(super) struct Segments(pub Export);

/// All clocks of a contract, or ("") of all; of a period, unless its name is empty.
pub(super) fn all(contract_id: String, period: String) -> Export {
    let period = match period.as_str() {
        "" => PeriodQuery::Between(Instant::MIN, Instant::MAX),
        _ => PeriodQuery::Named(period),
    };
    Export { contract_id: contract_id.into(), period, include_open: true }
}

fn segments(incident: &str, exported: &ExportedClock<'_>, state: &State<'_>) -> Vec<SegmentRow> {
    let segments = exported.clock.segments.iter().map(encode_segment).collect();
    SegmentRow::all(&encode(incident, exported, state), segments).collect()
}

impl Rows<ClockRow> for Clocks {
    fn table(&self) -> &'static ExportTable<ClockRow> {
        &CLOCKS
    }

    fn each(&self, reading: Reading<'_>, visit: Visit<'_, ClockRow>) -> Result<(), QueryError> {
        let Reading { view, index } = reading;
        export::each(&view, index, &self.0, |incident, exported, state| {
            visit(encode(incident, exported, state))
        })
    }

    fn each_change(
        &self,
        reading: Reading<'_>,
        since: Times,
        visit: &mut dyn FnMut(RowChange, ClockRow) -> bool,
    ) -> Result<(), QueryError> {
        changes_of_incidents(self, &CLOCKS, reading, since, visit)
    }
}

impl RowsOfIncidents<ClockRow> for Clocks {
    fn contract(&self) -> &str {
        &self.0.contract_id
    }

    fn of_incident(&self, view: &ReadView<'_>, id: &str) -> Result<Vec<ClockRow>, QueryError> {
        let mut rows = Vec::new();
        IncidentClocks::new(view, &self.0)?.each(id, &mut |incident, exported, state| {
            rows.push(encode(incident, exported, state));
            true
        })?;
        Ok(rows)
    }
}

impl Rows<SegmentRow> for Segments {
    fn table(&self) -> &'static ExportTable<SegmentRow> {
        &SEGMENTS
    }

    fn each(&self, reading: Reading<'_>, visit: Visit<'_, SegmentRow>) -> Result<(), QueryError> {
        let Reading { view, index } = reading;
        export::each(&view, index, &self.0, |incident, exported, state| {
            segments(incident, exported, state).into_iter().all(&mut *visit)
        })
    }

    fn each_change(
        &self,
        reading: Reading<'_>,
        since: Times,
        visit: &mut dyn FnMut(RowChange, SegmentRow) -> bool,
    ) -> Result<(), QueryError> {
        changes_of_incidents(self, &SEGMENTS, reading, since, visit)
    }
}

impl RowsOfIncidents<SegmentRow> for Segments {
    fn contract(&self) -> &str {
        &self.0.contract_id
    }

    fn of_incident(&self, view: &ReadView<'_>, id: &str) -> Result<Vec<SegmentRow>, QueryError> {
        let mut rows = Vec::new();
        IncidentClocks::new(view, &self.0)?.each(id, &mut |incident, exported, state| {
            rows.extend(segments(incident, exported, state));
            true
        })?;
        Ok(rows)
    }
}
