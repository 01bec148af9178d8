//! Evaluates incidents at an instant, by what was known at an instant.

use super::catalog::Known;
use super::ledger::Ledger;
pub use super::times::Times;
use crate::domain::clock::{Evaluation, evaluate};
use crate::domain::incident::History;
use crate::domain::time::Instant;

/// Evaluates an incident's history under each contract it falls or fell under, in their order.
pub fn evaluate_incident<'a>(
    history: &History<'a>,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Evaluation<'a> {
    evaluate_among(history, |_| true, catalog, as_of)
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
    let mut all = Evaluation::default();
    for contract_id in history.contract_ids(as_of).into_iter().filter(|id| is_meant(id)) {
        let (agreement, stints) = (catalog.agreement(contract_id), history.stints(contract_id));
        let evaluation = evaluate(history, &stints, agreement, catalog, as_of);
        all.clocks.extend(evaluation.clocks);
        all.verdicts.extend(evaluation.verdicts);
    }
    all
}

/// The history by what was known at `times.known`; `None` when nothing was known of the incident.
pub fn history(ledger: &Ledger, times: Times) -> Option<History<'_>> {
    let history = History::fold(&ledger.events, times.known);
    (!history.is_empty()).then_some(history)
}
