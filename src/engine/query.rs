//! Answers at an instant, from what was known by an instant.

use super::catalog::Known;
use super::ledger::Ledger;
pub use super::times::Times;
use crate::domain::clock::{Judgement, judge};
use crate::domain::incident::{Fact, History};
use crate::domain::time::Instant;

/// Judges an incident's history under each contract its opening names, in their order.
pub fn judge_incident<'a>(
    history: &History<'a>,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Judgement<'a> {
    judge_among(history, |_| true, catalog, as_of)
}

/// Judges an incident's history under one contract, if its opening names it.
pub fn judge_under<'a>(
    history: &History<'a>,
    contract_id: &str,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Judgement<'a> {
    judge_among(history, |id| id == contract_id, catalog, as_of)
}

/// Judges an incident's history under those contracts its opening names that are meant.
pub fn judge_among<'a>(
    history: &History<'a>,
    is_meant: impl Fn(&str) -> bool,
    catalog: &'a Known<'a>,
    as_of: Instant,
) -> Judgement<'a> {
    let mut all = Judgement::default();
    for contract_id in contract_ids(history).into_iter().filter(|id| is_meant(id)) {
        let judgement = judge(history, catalog.agreement(contract_id), catalog, as_of);
        all.clocks.extend(judgement.clocks);
        all.verdicts.extend(judgement.verdicts);
    }
    all
}

/// The contracts the incident's opening names, each once, sorted.
fn contract_ids<'a>(history: &History<'a>) -> Vec<&'a str> {
    let opening = history.opening().map(|recorded| &recorded.value.fact);
    let Some(Fact::Opened(opened)) = opening else { return Vec::new() };
    let mut ids: Vec<_> = opened.contract_ids.iter().map(String::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The history by what was known, or `None` when nothing was known of it by then.
pub fn history(ledger: &Ledger, times: Times) -> Option<History<'_>> {
    let history = History::fold(&ledger.events, times.known);
    (!history.is_empty()).then_some(history)
}
