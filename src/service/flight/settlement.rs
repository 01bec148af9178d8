//! The rows of `settlement`.

use super::rows::{Rows, Visit, changes_of_all};
use crate::codec::api::settlement::encode_result;
use crate::codec::tables::{ExportTable, RowChange, SETTLEMENT};
use crate::codec::v1::SettlementItemStatus;
use crate::engine::evaluate::Times;
use crate::queries::{QueryError, Reading, settlement};

/// A row for each settlement item of a contract, or ("") of all.
#[derive(Clone, Debug)]
pub(super) struct Settlement(pub String);

impl Rows<SettlementItemStatus> for Settlement {
    fn table(&self) -> &'static ExportTable<SettlementItemStatus> {
        &SETTLEMENT
    }

    fn each(
        &self,
        Reading { view, index }: Reading<'_>,
        visit: Visit<'_, SettlementItemStatus>,
    ) -> Result<(), QueryError> {
        let items = settlement::items(&view, index, &self.0)?;
        let as_of = view.times().as_of;
        // The age moves by time alone, and is in no column.
        let row = |item| SettlementItemStatus { age: None, ..encode_result(item, as_of) };
        items.values().all(|item| visit(row(item)));
        Ok(())
    }

    fn each_change(
        &self,
        reading: Reading<'_>,
        since: Times,
        visit: &mut dyn FnMut(RowChange, SettlementItemStatus) -> bool,
    ) -> Result<(), QueryError> {
        let each = |reading: Reading<'_>, visit: Visit<'_, _>| self.each(reading, visit);
        changes_of_all(&SETTLEMENT, reading, since, each, visit)
    }
}
