//! Incidents, one or many.

use super::{QueryError, ReadView};
use crate::domain::incident::History;
use crate::domain::time::Instant;
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
            let is_meant = has_begun && is_under(history, contract, as_of);
            !is_meant || visit(&id, history)
        })?;
        if goes_on == Some(false) {
            break;
        }
    }
    Ok(())
}

/// Whether an incident falls or fell under a contract, or ("") any, by the facts in effect: it is
/// listed under those of retracted facts too.
fn is_under(history: &History<'_>, contract: &str, as_of: Instant) -> bool {
    contract.is_empty() || history.stints(contract).iter().any(|stint| stint.from.time <= as_of)
}
