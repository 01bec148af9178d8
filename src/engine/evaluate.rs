//! Evaluates incidents at an instant, by what was known at an instant.

use super::catalog::Known;
use super::ledger::Ledger;
pub use super::times::Times;
use crate::domain::clock::{
    Clock, Evaluation, MissingClock, MissingReason, evaluate, meant, missing_clocks,
};
use crate::domain::incident::{History, Stint};
use crate::domain::time::Instant;

/// Evaluates an incident's history under each contract it falls or fell under, in their order.
pub fn evaluate_incident<'a>(
    history: &History<'a>,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Evaluation<'a> {
    let mut all = evaluate_among(history, |_| true, catalog, as_of);
    all.missing.extend(under_none(history, as_of));
    all
}

/// The clocks alone of an incident's history under each contract it falls or fell under.
pub fn clocks_of<'a>(
    history: &History<'a>,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Vec<Clock<'a>> {
    let mut clocks = Vec::new();
    for contract_id in history.contract_ids(as_of) {
        let (agreement, stints) = (catalog.agreement(contract_id), history.stints(contract_id));
        clocks.extend(evaluate(history, &stints, agreement, catalog, as_of).clocks);
    }
    clocks
}

/// The same under one contract.
pub fn clocks_under<'a>(
    history: &History<'a>,
    contract_id: &str,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Vec<Clock<'a>> {
    let mut contract_ids = history.contract_ids(as_of).into_iter();
    let Some(contract_id) = contract_ids.find(|id| *id == contract_id) else { return Vec::new() };
    let (agreement, stints) = (catalog.agreement(contract_id), history.stints(contract_id));
    evaluate(history, &stints, agreement, catalog, as_of).clocks
}

/// Why an incident has no clock under any contract: it is not opened, or names none.
fn under_none<'a>(history: &History<'a>, as_of: Instant) -> Option<MissingClock<'a>> {
    let opening = history.opening().filter(|opening| opening.value.occur_time <= as_of);
    let reason = match opening {
        None => MissingReason::NotOpened,
        Some(_) if history.contract_ids(as_of).is_empty() => MissingReason::NoContract,
        Some(_) => return None,
    };
    Some(MissingClock { contract_id: "", target_id: "", reason, value: "", meant: "" })
}

/// Adds what was probably meant by the id of a contract that does not exist.
fn meant_contract<'a>(missing: MissingClock<'a>, catalog: &'a Known<'a>) -> MissingClock<'a> {
    match missing.reason {
        MissingReason::ContractNotFound => {
            MissingClock { meant: meant(missing.value, catalog.contract_ids()), ..missing }
        }
        _ => missing,
    }
}

/// Evaluates an incident's history under one contract, if it falls or fell under it.
pub fn evaluate_under<'a>(
    history: &History<'a>,
    contract_id: &str,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Evaluation<'a> {
    evaluate_among(history, |id| id == contract_id, catalog, as_of)
}

/// Evaluates an incident's history under those of its contracts that pass a test.
pub fn evaluate_among<'a>(
    history: &History<'a>,
    is_meant: impl Fn(&str) -> bool,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Evaluation<'a> {
    each_among(history, is_meant, catalog, as_of, |under, clocks| {
        let agreement = catalog.agreement(under.0);
        let missing = missing_clocks(history, under, &agreement, catalog, clocks, as_of);
        missing.into_iter().map(|missing| meant_contract(missing, catalog)).collect()
    })
}

/// The same without the reasons for which clocks are missing.
pub fn clocks_among<'a>(
    history: &History<'a>,
    is_meant: impl Fn(&str) -> bool,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Evaluation<'a> {
    each_among(history, is_meant, catalog, as_of, |_, _| Vec::new())
}

fn each_among<'a>(
    history: &History<'a>,
    is_meant: impl Fn(&str) -> bool,
    catalog: &'a Known<'a>,
    as_of: Instant,
    missing: impl Fn((&'a str, &[Stint<'a>]), &[Clock<'a>]) -> Vec<MissingClock<'a>>,
) -> Evaluation<'a> {
    let mut all: Option<Evaluation<'a>> = None;
    for contract_id in history.contract_ids(as_of).into_iter().filter(|id| is_meant(id)) {
        let (agreement, stints) = (catalog.agreement(contract_id), history.stints(contract_id));
        let mut under = evaluate(history, &stints, agreement, catalog, as_of);
        under.missing = missing((contract_id, &stints), &under.clocks);
        match &mut all {
            None => all = Some(under),
            Some(all) => {
                all.missing.extend(under.missing);
                all.clocks.extend(under.clocks);
                all.verdicts.extend(under.verdicts);
                all.turns.extend(under.turns);
            }
        }
    }
    all.unwrap_or_default()
}

/// The history by what was known at `times.known`; `None` when nothing was known of the incident.
pub fn history(ledger: &Ledger, times: Times) -> Option<History<'_>> {
    let history = History::fold(&ledger.events, times.known);
    (!history.is_empty()).then_some(history)
}
