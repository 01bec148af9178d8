//! The export of clocks: every incident of a contract, or of all, is evaluated one by one.

use super::{QueryError, ReadView};
use crate::domain::clock::Clock;
use crate::domain::ids::ContractId;
use crate::domain::incident::State;
use crate::domain::time::Instant;
use crate::engine::answers::compliance::{PeriodQuery, period_of};
use crate::engine::evaluate::{evaluate_incident, evaluate_under};
use crate::engine::rejection::Rejection;

/// Which clocks to export.
#[derive(Clone, Debug)]
pub struct Export {
    /// Only clocks of this contract; empty: of all.
    pub contract_id: ContractId,
    /// Only those decided in it; by its name only for one contract.
    pub period: PeriodQuery,
    /// Also those that are open and within their limits.
    pub include_open: bool,
}

/// Visits the clocks that are wanted, each with its incident, in the order of the incidents' ids,
/// until `visit` says stop.
pub fn each(
    view: &ReadView<'_>,
    export: &Export,
    mut visit: impl FnMut(&str, &Clock<'_>, &State<'_>) -> bool,
) -> Result<(), QueryError> {
    view.check_contract(&export.contract_id)?;
    let span = export.decided_in(view)?;
    let (known, as_of) = (view.known(), view.times().as_of);
    for id in view.incident_ids(&export.contract_id, "") {
        let id = id?;
        let goes_on = view.with_history(&id, |history| {
            let evaluation = match &*export.contract_id {
                "" => evaluate_incident(history, &known, as_of),
                contract => evaluate_under(history, contract, &known, as_of),
            };
            let state = history.state(as_of);
            let mut wanted = evaluation.clocks.iter().filter(|clock| export.wants(clock, span));
            wanted.all(|clock| visit(&id, clock, &state))
        })?;
        if goes_on == Some(false) {
            break;
        }
    }
    Ok(())
}

impl Export {
    /// The span of time in which wanted clocks were decided; what is unbounded ends with time.
    fn decided_in(&self, view: &ReadView<'_>) -> Result<(Instant, Instant), Rejection> {
        if let (PeriodQuery::Between(start, end), "") = (&self.period, &*self.contract_id) {
            return Ok((*start, *end));
        }
        let period = period_of(&self.period, &self.contract_id, view.known(), view.zones())?;
        Ok((period.start, period.end))
    }

    fn wants(&self, clock: &Clock<'_>, (start, end): (Instant, Instant)) -> bool {
        match clock.decide_time() {
            Some(time) => start <= time && (time < end || end == Instant::MAX),
            None => self.include_open,
        }
    }
}
