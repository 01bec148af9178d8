//! Gathers settlement items from evaluated incidents, service credits and the action log.

use std::collections::{BTreeMap, BTreeSet};

use super::compliance::Compliance;
use super::experience::entries_of;
use crate::domain::compliance::credit::Line;
use crate::domain::compliance::{LocalDays, Period};
use crate::domain::contract::{Contract, Objective, PeriodKind};
use crate::domain::incident::History;
use crate::domain::settlement::{self, Item, ItemStatus, settle};
use crate::domain::time::Instant;
use crate::engine::action::ActionLog;
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_incident;
use crate::engine::times::Times;

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
    let statement = compliance.credited.statement(times.as_of);
    let Some(statement) = statement.filter(|statement| !statement.is_provisional) else {
        return Vec::new();
    };
    let (contract, period) = (&compliance.ruling.content, &compliance.period);
    let is_fee_unknown = statement.fees.iter().any(|month| month.amount.is_none());
    let lines = |lines: &[(Line<'_>, Option<Period>)]| {
        lines.iter().any(|(line, _)| is_fee_unknown && line.is_share_of_fee())
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

/// The names of the ended periods of a contract whose credits are to be settled: every one from
/// that of an instant on before which nothing happened under it. What is owed does not lapse.
pub fn credit_periods(
    known: Known<'_>,
    contract: &str,
    since: Option<Instant>,
    times: Times,
) -> Vec<String> {
    let revisions = known.contract(contract).all();
    let Some((days, since)) = known.local_days(contract).zip(since) else { return Vec::new() };
    let in_force = revisions.iter().map(|revision| revision.effective_time).min();
    let since = in_force.map_or(since, |in_force| since.max(in_force));
    let credits = |kind: &PeriodKind| revisions.iter().any(|r| has_credits(&r.content, *kind));
    let kinds = PeriodKind::OF_CALENDAR.into_iter().filter(credits);
    kinds.flat_map(|kind| ended(kind, since, &days, times)).collect()
}

/// The services that a contract's credits may rest on.
pub fn credited_services<'c>(known: Known<'c>, contract: &str) -> BTreeSet<&'c str> {
    let revisions = known.contract(contract).all().iter();
    let credited = revisions.filter(|revision| revision.content.terms.credits.is_some());
    let objectives = credited.flat_map(|revision| &revision.content.terms.objectives);
    objectives.flat_map(Objective::services).map(String::as_str).collect()
}

/// Whether any period of a contract may be credited.
pub fn may_credit(known: Known<'_>, contract: &str) -> bool {
    let revisions = known.contract(contract).all();
    revisions.iter().any(|revision| revision.content.terms.credits.is_some())
}

/// Whether missed objectives on such periods are credited.
fn has_credits(contract: &Contract, kind: PeriodKind) -> bool {
    let Some(credits) = &contract.terms.credits else { return false };
    let mut objectives = contract.terms.objectives.iter();
    objectives.any(|objective| {
        credits.rule(&objective.id).is_some_and(|rule| rule.credited_in(objective) == kind)
    })
}

/// The names of all periods of a contract on whose credits there is a decision.
pub fn decided_periods(actions: &ActionLog, contract: &str, times: Times) -> Vec<String> {
    let decisions = actions.decisions(times.known).map(|(_, decided)| &decided.basis);
    let credits = decisions.filter(|item| item.kind.is_of_period() && item.contract_id == contract);
    credits.map(|item| item.period.clone()).collect()
}

fn ended(kind: PeriodKind, since: Instant, days: &LocalDays, times: Times) -> Vec<String> {
    let present = Period::around(kind, times.as_of, days).ok();
    let before = |period: &Period| period.before(kind, days).ok();
    let periods = std::iter::successors(present.as_ref().and_then(before), before);
    periods.take_while(|period| since < period.end).map(|period| period.name).collect()
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
