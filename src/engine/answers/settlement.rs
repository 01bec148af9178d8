//! Gathers settlement items from evaluated incidents, service credits and the action log.

use std::collections::BTreeMap;

use super::compliance::Compliance;
use super::credit::credit_statement;
use super::experience::entries_of;
use crate::domain::compliance::Period;
use crate::domain::compliance::credit::Line;
use crate::domain::contract::PeriodKind;
use crate::domain::incident::History;
use crate::domain::settlement::{self, Item, ItemStatus, settle};
use crate::domain::zone::Zone;
use crate::engine::action::ActionLog;
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_incident;
use crate::engine::times::Times;

/// How many ended periods of each kind are searched for credits.
const PERIODS: [(PeriodKind, usize); 3] =
    [(PeriodKind::Month, 12), (PeriodKind::Quarter, 4), (PeriodKind::Year, 1)];

/// The items that follow from an incident, under one contract or (empty) under all.
pub fn items_of(
    incident: &str,
    history: &History<'_>,
    contract: &str,
    known: Known<'_>,
    times: Times,
) -> Vec<Item> {
    let evaluation = evaluate_incident(history, &known, times.as_of);
    let state = history.state(times.as_of);
    let entries = entries_of(history, &evaluation, &known, times.as_of);
    let mut contracts: Vec<_> = entries.iter().map(|entry| entry.contract_id).collect();
    contracts.dedup();
    contracts.retain(|id| contract.is_empty() || *id == contract);
    let items = contracts.into_iter().filter_map(|id| {
        let revisions = known.contract(id);
        let ruling = revisions.at(times.as_of).or_else(|| revisions.all().last())?;
        let evaluated = (entries.as_slice(), evaluation.clocks.as_slice());
        let contract = &ruling.content;
        Some(settlement::items(incident, contract, history, &state, evaluated, times.as_of))
    });
    items.flatten().collect()
}

/// The items for a period's credits and bonuses; none while the period goes on.
pub fn credits_of(compliance: &Compliance<'_>, times: Times) -> Vec<Item> {
    let statement = credit_statement(&compliance.credited, times.as_of);
    let Some(statement) = statement.filter(|statement| !statement.is_provisional) else {
        return Vec::new();
    };
    let (contract, period) = (&compliance.ruling.content, &compliance.period);
    let is_fee_untold = statement.fees.iter().any(|month| month.amount.is_none());
    let lines = |lines: &[(Line<'_>, Option<Period>)]| {
        lines.iter().any(|(line, _)| is_fee_untold && line.is_share_of_fee())
    };
    let credit = match lines(&statement.lines) {
        true => settlement::Owed::NotKnown,
        false => settlement::Owed::Amount(statement.total),
    };
    let bonus = match lines(&statement.bonuses) {
        true => settlement::Owed::NotKnown,
        false => settlement::Owed::Amount(statement.bonus),
    };
    let credit = settlement::credit(contract, period, credit, statement.claim_by);
    credit.into_iter().chain(settlement::bonus(contract, period, bonus)).collect()
}

/// The names of the last ended periods of a contract, whose credits are to be settled.
pub fn credit_periods(known: Known<'_>, contract: &str, times: Times) -> Vec<String> {
    let Some(zone) = known.zone(contract) else { return Vec::new() };
    PERIODS.iter().flat_map(|(kind, count)| ended(*kind, *count, &zone, times)).collect()
}

/// The names of all periods of a contract on whose credits there is a decision.
pub fn decided_periods(actions: &ActionLog, contract: &str, times: Times) -> Vec<String> {
    let decisions = actions.decisions(times.known).map(|(_, decided)| &decided.basis);
    let credits = decisions.filter(|item| item.kind.is_of_period() && item.contract_id == contract);
    credits.map(|item| item.period.clone()).collect()
}

fn ended(kind: PeriodKind, count: usize, zone: &Zone, times: Times) -> Vec<String> {
    let present = Period::around(kind, times.as_of, zone).ok();
    let before = |period: &Period| period.before(kind, zone).ok();
    let periods = std::iter::successors(present.as_ref().and_then(before), before);
    periods.take(count).map(|period| period.name).collect()
}

/// The status of items by their ids, including those that people opened; of one contract or (empty)
/// of all.
pub fn statuses(
    items: Vec<Item>,
    actions: &ActionLog,
    contract: &str,
    times: Times,
) -> BTreeMap<String, ItemStatus> {
    let is_meant = |id: &str| contract.is_empty() || id == contract;
    let opened = actions.opened(times.known).filter(|item| item.open_time <= times.as_of);
    let opened = opened.filter(|item| is_meant(&item.contract_id)).cloned();
    let decisions = actions.decisions(times.known);
    let decisions = decisions.filter(|(_, decided)| {
        decided.decision.decide_time <= times.as_of && is_meant(&decided.basis.contract_id)
    });
    let decisions = decisions.map(|(time, decided)| (time, decided.clone()));
    settle(items.into_iter().chain(opened), decisions)
}
