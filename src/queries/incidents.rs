//! Incidents, one or many.
//!
//! A page costs by the incidents that are visited for it: those it lists, and those between them
//! that were not opened yet as of the time in question, or had left the contract.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Included, Unbounded};

use super::{IndexReader, QueryError, ReadView};
use crate::domain::clock::{MissingClock, counted_missing};
use crate::domain::ids::{ContractId, IncidentId};
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::cost::Cost;
use crate::engine::evaluate::evaluate_incident;
use crate::engine::rejection::Rejection;

/// Events of an incident that are folded without a place in a lane.
const EVENTS_AT_HAND_MAX: usize = 256;
/// How many more are looked at than twice as many as are wanted, since some may have changed.
const LOOKED_AT_BESIDE: usize = 64;

/// What is made of an incident.
#[derive(Clone, Debug)]
pub enum Use {
    /// It is shown.
    Shown,
    /// It is evaluated under this contract, or ("") under all; with forecasts, for which what was
    /// learnt may have to be brought up to date.
    Evaluated {
        /// The contract.
        contract: ContractId,
        /// Whether its clocks are forecast.
        with_forecast: bool,
    },
}

impl Use {
    fn cost(&self, history: &History<'_>, view: &ReadView<'_>) -> Cost {
        match self {
            Use::Shown => Cost::of_fold(history.effective().len() + history.voided().len()),
            Use::Evaluated { contract, .. } => {
                Cost::of_evaluation(history, contract, &view.known(), view.times().as_of)
            }
        }
    }
}

/// What it takes to use an incident, if that is known without more than a lookup.
pub fn cost_at_hand(view: &ReadView<'_>, id: &str, usage: &Use) -> Option<Cost> {
    if matches!(usage, Use::Evaluated { with_forecast: true, .. }) {
        return None;
    }
    let ledger = view.ledger_at_hand(id)?;
    let is_short = ledger.events.len() <= EVENTS_AT_HAND_MAX;
    let history = is_short.then(|| view.history(&ledger)).flatten()?;
    Some(usage.cost(&history, view))
}

/// The same, however long it takes to find out.
pub fn cost(view: &ReadView<'_>, id: &str, usage: &Use) -> Result<Cost, QueryError> {
    one(view, id, |history| usage.cost(history, view))
}

/// Makes something of an incident's history.
pub fn one<T>(
    view: &ReadView<'_>,
    id: &str,
    make: impl FnOnce(&History<'_>) -> T,
) -> Result<T, QueryError> {
    let ledger = view.ledger(id)?;
    let history = view.history(&ledger);
    let history = history.ok_or_else(|| Rejection::IncidentNotFound(id.to_owned()))?;
    let made = make(&history);
    view.check_wanted()?;
    Ok(made)
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
            !is_listed(history, contract, as_of) || visit(&id, history)
        })?;
        if goes_on == Some(false) {
            break;
        }
    }
    Ok(())
}

/// Makes a row of each incident of a contract, or ("") of all, and visits them in the order of the
/// ids, until `visit` says stop. The contract may be one that does not exist, as for [`each`].
pub fn each_row<R: Send>(
    view: &ReadView<'_>,
    contract: &str,
    make: impl Fn(&str, &History<'_>) -> R + Sync,
    mut visit: impl FnMut(R) -> bool,
) -> Result<(), QueryError> {
    check_named(view, contract)?;
    let as_of = view.times().as_of;
    let add = |rows: &mut Vec<R>, id: &str, history: &History<'_>| {
        rows.extend(is_listed(history, contract, as_of).then(|| make(id, history)));
    };
    let ids = view.incident_ids(contract, "");
    view.walk(ids, Vec::new, add, |rows| Ok(rows.into_iter().all(&mut visit)))
}

/// Whether an incident is listed of a contract, or ("") of all: something has occurred.
pub fn is_listed(history: &History<'_>, contract: &str, as_of: Instant) -> bool {
    history.moments(as_of).next().is_some() && is_under(history, contract, as_of)
}

/// Whether an incident falls or fell under a contract, or ("") any, by the facts in effect: it is
/// listed under those of retracted facts too.
fn is_under(history: &History<'_>, contract: &str, as_of: Instant) -> bool {
    contract.is_empty() || history.stints(contract).iter().any(|stint| stint.from.time <= as_of)
}

/// Visits those that lack a clock, as far as that is counted, in the same way, each with what it
/// lacks, but not many more than `most`: it costs by these, and in the past by the incidents that
/// there was activity about. Only by what was known before terms changed, every incident after
/// `after` is evaluated until there are enough. Returns the incident to go on after, if there were
/// so many that had changed that it ended early.
pub fn each_missing(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    contract: &str,
    (after, most): (&str, usize),
    mut visit: impl FnMut(&str, &History<'_>, &[MissingClock<'_>]) -> bool,
) -> Result<Option<IncidentId>, QueryError> {
    let index = index.and_then(|index| index.of(contract));
    let found = index.map(|index| MayLack::gather(view, &index, contract, (after, most)));
    let found = found.transpose()?;
    check_named(view, contract)?;
    let (known, as_of) = (view.known(), view.times().as_of);
    let mut goes_on = |id: &str| -> Result<bool, QueryError> {
        let visited = view.with_history(id, |history| {
            let has_begun = history.moments(as_of).next().is_some();
            let evaluation = evaluate_incident(history, &known, as_of);
            let mut lacks = counted_missing(&evaluation);
            lacks.retain(|one| contract.is_empty() || one.contract_id == contract);
            !has_begun || lacks.is_empty() || visit(id, history, &lacks)
        })?;
        Ok(visited != Some(false))
    };
    let (ids, cut) = found.map_or((None, None), |found| (Some(found.ids), found.cut));
    let every = ids.is_none().then(|| view.incident_ids(contract, after));
    for id in ids.into_iter().flatten().map(Ok).chain(every.into_iter().flatten()) {
        if !goes_on(&id?)? {
            return Ok(None);
        }
    }
    Ok(cut)
}

/// Incidents that may lack a clock, by the index.
struct MayLack {
    ids: BTreeSet<IncidentId>,
    /// The last of them, if there are more.
    cut: Option<IncidentId>,
}

impl MayLack {
    fn gather(
        view: &ReadView<'_>,
        index: &IndexReader<'_>,
        contract: &str,
        (after, most): (&str, usize),
    ) -> Result<MayLack, QueryError> {
        let bound = most.saturating_mul(2).saturating_add(LOOKED_AT_BESIDE);
        let mut all = index.missing_after(contract, after);
        let mut ids: BTreeSet<_> = all.by_ref().take(bound).collect::<Result<_, _>>()?;
        let has_more = all.next().transpose()?.is_some();
        let cut = ids.last().filter(|_| has_more).cloned();
        let end = cut.as_deref().map_or(Unbounded, Included);
        let apart = index.apart(view.times().as_of)?;
        ids.extend(apart.range::<str, _>((Excluded(after), end)).cloned());
        Ok(MayLack { ids, cut })
    }
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
