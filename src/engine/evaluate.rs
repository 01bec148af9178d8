//! Evaluates incidents at an instant, by what was known at an instant.

use super::catalog::Known;
use super::ledger::Ledger;
pub use super::times::Times;
use crate::domain::clock::{Evaluation, evaluate};
use crate::domain::incident::{Fact, History};
use crate::domain::time::Instant;

/// Evaluates an incident's history under each contract its opening names, in their order.
pub fn evaluate_incident<'a>(
    history: &History<'a>,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Evaluation<'a> {
    evaluate_among(history, |_| true, catalog, as_of)
}

/// Evaluates an incident's history under one contract, if its opening names it.
pub fn evaluate_under<'a>(
    history: &History<'a>,
    contract_id: &str,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Evaluation<'a> {
    evaluate_among(history, |id| id == contract_id, catalog, as_of)
}

/// Evaluates an incident's history under those contracts its opening names that pass a test.
pub fn evaluate_among<'a>(
    history: &History<'a>,
    is_meant: impl Fn(&str) -> bool,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Evaluation<'a> {
    let mut all = Evaluation::default();
    for contract_id in contract_ids(history).into_iter().filter(|id| is_meant(id)) {
        let evaluation = evaluate(history, catalog.agreement(contract_id), catalog, as_of);
        all.clocks.extend(evaluation.clocks);
        all.verdicts.extend(evaluation.verdicts);
    }
    all
}

/// The ids of the contracts that the incident's opening names, each once, sorted.
fn contract_ids<'a>(history: &History<'a>) -> Vec<&'a str> {
    let opening = history.opening().map(|recorded| &recorded.value.fact);
    let Some(Fact::Opened(opened)) = opening else { return Vec::new() };
    let mut ids: Vec<_> = opened.contract_ids.iter().map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The history by what was known at `times.known`; `None` when nothing was known of the incident.
pub fn history(ledger: &Ledger, times: Times) -> Option<History<'_>> {
    let history = History::fold(&ledger.events, times.known);
    (!history.is_empty()).then_some(history)
}
