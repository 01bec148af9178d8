//! The export of clocks: every incident of a contract, or of all, is evaluated one by one.

use super::{QueryError, ReadView};
use crate::domain::compliance::Period;
use crate::domain::ids::ContractId;
use crate::domain::incident::State;
use crate::engine::answers::compliance::{PeriodQuery, period_of};
use crate::engine::answers::counted::CountedIncident;
use crate::engine::answers::exported::{ExportedClock, exported};
use crate::engine::rejection::Rejection;

/// Which clocks to export.
#[derive(Clone, Debug)]
pub struct Export {
    /// Only clocks of this contract; empty: of all.
    pub contract_id: ContractId,
    /// Only those placed or decided in it; by its name only for one contract.
    pub period: PeriodQuery,
    /// Also those that were open and undecided at its end.
    pub include_open: bool,
}

/// Visits the clocks that are wanted, each with its incident, in the order of the incidents' ids,
/// until `visit` says stop.
pub fn each(
    view: &ReadView<'_>,
    export: &Export,
    mut visit: impl FnMut(&str, &ExportedClock<'_>, &State<'_>) -> bool,
) -> Result<(), QueryError> {
    view.check_contract(&export.contract_id)?;
    let period = export.period(view)?;
    let (known, as_of) = (view.known(), view.times().as_of);
    for id in view.incident_ids(&export.contract_id, "") {
        let id = id?;
        let goes_on = view.with_history(&id, |history| {
            let is_meant = |id: &str| export.contract_id.is_empty() || *export.contract_id == *id;
            let counted = CountedIncident::of(history, is_meant, &known, as_of, []);
            let state = history.state(as_of);
            let rows = exported(&counted, &period, export.include_open, &known, as_of);
            view.check_wanted().is_ok() && rows.iter().all(|row| visit(&id, row, &state))
        })?;
        if goes_on == Some(false) {
            break;
        }
    }
    Ok(())
}

impl Export {
    /// The period; what is unbounded ends with time.
    fn period(&self, view: &ReadView<'_>) -> Result<Period, Rejection> {
        if let (PeriodQuery::Between(start, end), "") = (&self.period, &*self.contract_id) {
            return Ok(Period { name: String::new(), start: *start, end: *end });
        }
        period_of(&self.period, &self.contract_id, view.known())
    }
}
