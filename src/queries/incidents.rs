//! Incidents, one or many.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use super::{IndexReader, QueryError, ReadView};
use crate::domain::clock::{MissingClock, counted};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{History, State};
use crate::domain::time::Instant;
use crate::engine::evaluate::{evaluate_incident, history};
use crate::engine::rejection::Rejection;
use crate::views::ViewsError;

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
/// `visit` says stop. The contract may be one that does not exist, if an incident names it.
pub fn each(
    view: &ReadView<'_>,
    contract: &str,
    after: &str,
    mut visit: impl FnMut(&str, &History<'_>) -> bool,
) -> Result<(), QueryError> {
    check_named(view, contract)?;
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

/// Visits those that lack a clock, as far as that is counted, in the same way, each with what it
/// lacks. With an index it costs by how many there are.
pub fn each_missing(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    contract: &str,
    after: &str,
    mut visit: impl FnMut(&str, &History<'_>, &[MissingClock<'_>]) -> bool,
) -> Result<(), QueryError> {
    let found = index.as_ref().map(|index| missing(view, index, contract)).transpose()?;
    drop(index);
    check_named(view, contract)?;
    let (known, as_of) = (view.known(), view.times().as_of);
    let mut goes_on = |id: &str| -> Result<bool, ViewsError> {
        let visited = view.with_history(id, |history| {
            let has_begun = history.moments(as_of).next().is_some();
            let evaluation = evaluate_incident(history, &known, as_of);
            let mut lacks = counted(&evaluation);
            lacks.retain(|one| contract.is_empty() || one.contract_id == contract);
            !has_begun || lacks.is_empty() || visit(id, history, &lacks)
        })?;
        Ok(visited != Some(false))
    };
    match found {
        Some(ids) => {
            let rest = ids.range::<str, _>((Excluded(after), Unbounded));
            rest.map(|id| goes_on(id)).find(|goes_on| !matches!(goes_on, Ok(true))).transpose()?;
        }
        None => {
            for id in view.incident_ids(contract, after) {
                if !goes_on(&id?)? {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// The incidents that may lack a clock, by the index.
fn missing(
    view: &ReadView<'_>,
    index: &IndexReader<'_>,
    contract: &str,
) -> Result<BTreeSet<IncidentId>, ViewsError> {
    let contract = Some(contract).filter(|contract| !contract.is_empty());
    let mut found = index.missing(contract, (Instant::MIN, Instant::MAX))?;
    found.extend(index.future_dated(view.times().as_of)?);
    Ok(found)
}

/// Refuses a contract that does not exist, unless incidents name it: those are listed.
fn check_named(view: &ReadView<'_>, contract: &str) -> Result<(), QueryError> {
    match view.check_contract(contract) {
        Err(_) if !contract.is_empty() && view.incident_ids(contract, "").next().is_some() => {
            Ok(())
        }
        checked => checked,
    }
}

/// Whether an incident is under a contract, or ("") any, by the opening in effect: it is listed
/// under those of retracted openings too.
fn is_under(state: &State<'_>, contract: &str) -> bool {
    let opened = state.opened.iter().flat_map(|(_, opened)| &opened.contract_ids);
    contract.is_empty() || opened.into_iter().any(|id| id == contract)
}
