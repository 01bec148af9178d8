//! Incidents, one or many.

use super::{QueryError, ReadView};
use crate::domain::incident::{History, State};
use crate::engine::evaluate::history;
use crate::engine::rejection::Rejection;

/// Makes something of an incident's history.
pub fn one<T>(
    view: &ReadView<'_>,
    id: &str,
    make: impl FnOnce(&History<'_>) -> T,
) -> Result<T, QueryError> {
    let ledger = view.ledger(id)?;
    let history = history(&ledger, view.times());
    let history = history.ok_or_else(|| Rejection::IncidentNotFound(id.to_owned()))?;
    Ok(make(&history))
}

/// Visits the incidents of a contract, or ("") of all, after one, in the order of their ids, until
/// `visit` says stop.
pub fn each(
    view: &ReadView<'_>,
    contract: &str,
    after: &str,
    mut visit: impl FnMut(&str, &History<'_>) -> bool,
) -> Result<(), QueryError> {
    let as_of = view.times().as_of;
    for id in view.incident_ids(contract, after) {
        let id = id?;
        let goes_on = view.with_history(&id, |history| {
            let has_begun = history.moments(as_of).next().is_some();
            let is_meant = has_begun && is_under(&history.state(as_of), contract);
            !is_meant || visit(&id, history)
        })?;
        if goes_on == Some(false) {
            break;
        }
    }
    Ok(())
}

/// Whether an incident is under a contract, or ("") any, by the opening in effect: it is listed
/// under those of retracted openings too.
fn is_under(state: &State<'_>, contract: &str) -> bool {
    let opened = state.opened.iter().flat_map(|(_, opened)| &opened.contract_ids);
    contract.is_empty() || opened.into_iter().any(|id| id == contract)
}
