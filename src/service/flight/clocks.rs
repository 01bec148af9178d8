//! The rows of `clocks` and `segments`.

use super::rows::{Rows, RowsOfIncidents, Visit, changes_of_incidents};
use crate::codec::api::clock::encode_segment;
use crate::codec::api::export::encode;
use crate::codec::tables::{CLOCKS, ExportTable, RowChange, SEGMENTS, SegmentRow};
use crate::codec::v1::ClockRow;
use crate::domain::incident::{History, State};
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

fn add_clock(
    rows: &mut Vec<ClockRow>,
    incident: &str,
    exported: &ExportedClock<'_>,
    state: &State<'_>,
) {
    rows.push(encode(incident, exported, state));
}

fn add_segments(
    rows: &mut Vec<SegmentRow>,
    incident: &str,
    exported: &ExportedClock<'_>,
    state: &State<'_>,
) {
    let segments = exported.clock.segments.iter().map(encode_segment).collect();
    rows.extend(SegmentRow::all(&encode(incident, exported, state), segments));
}

impl Rows<ClockRow> for Clocks {
    fn table(&self) -> &'static ExportTable<ClockRow> {
        &CLOCKS
    }

    fn each(&self, reading: Reading<'_>, visit: Visit<'_, ClockRow>) -> Result<(), QueryError> {
        let Reading { view, index } = reading;
        export::each(&view, index, &self.0, add_clock, visit)
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

    fn of_incidents<'v>(
        &'v self,
        view: &'v ReadView<'v>,
    ) -> Result<impl Fn(&str, &History<'_>) -> Vec<ClockRow> + Sync + 'v, QueryError> {
        IncidentClocks::rows(view, &self.0, add_clock)
    }
}

impl Rows<SegmentRow> for Segments {
    fn table(&self) -> &'static ExportTable<SegmentRow> {
        &SEGMENTS
    }

    fn each(&self, reading: Reading<'_>, visit: Visit<'_, SegmentRow>) -> Result<(), QueryError> {
        let Reading { view, index } = reading;
        export::each(&view, index, &self.0, add_segments, visit)
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

    fn of_incidents<'v>(
        &'v self,
        view: &'v ReadView<'v>,
    ) -> Result<impl Fn(&str, &History<'_>) -> Vec<SegmentRow> + Sync + 'v, QueryError> {
        IncidentClocks::rows(view, &self.0, add_segments)
    }
}
