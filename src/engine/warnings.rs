//! What is probably wrong with an event that is taken all the same: facts are facts, but an
//! incident that no clock measures must be seen.

use super::catalog::Known;
use crate::domain::clock::{Agreement, MissingClock, MissingReason, meant, meant_priority};
use crate::domain::contract::{Contract, OpenIncidents, Revision, Target};
use crate::domain::incident::{ExclusionDecision, Fact, History, IncidentEvent};
use crate::domain::time::Instant;

/// What is probably wrong with an event, by the terms known. Of changes of an incident,
/// [`change_warnings`] has it.
pub fn warnings<'a>(event: &'a IncidentEvent, known: Known<'a>) -> Vec<MissingClock<'a>> {
    match &event.fact {
        Fact::Opened(opened) if opened.contract_ids.is_empty() => {
            vec![missing("", "", MissingReason::NoContract)]
        }
        Fact::Opened(opened) => {
            let ids = opened.contract_ids.iter().map(String::as_str);
            ids.flat_map(|id| of_contract(id, &opened.priority, event.occur_time, known)).collect()
        }
        Fact::ExclusionDecided(decision) => of_decision(decision, known).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether what is probably wrong with an event depends on the other facts of its incident.
pub fn is_change(fact: &Fact) -> bool {
    match fact {
        Fact::PriorityChanged(_) => true,
        Fact::DetailsChanged(change) => change.contract_ids.is_some(),
        _ => false,
    }
}

/// What is probably wrong with a change of an incident's priority or contracts, by the contracts
/// and the priority that it leaves it with. Of a change of priority, only limits are looked for:
/// what named the contracts has its own warnings.
pub fn change_warnings<'a>(
    event: &'a IncidentEvent,
    history: &History<'a>,
    known: Known<'a>,
) -> Vec<MissingClock<'a>> {
    let Some(opening) = history.opening() else { return Vec::new() };
    let time = event.occur_time.max(opening.value.occur_time);
    let state = history.state(time);
    let priority = match &event.fact {
        Fact::PriorityChanged(priority) => priority,
        _ => state.priority,
    };
    let ids = state.contract_ids.iter();
    let warnings = ids.flat_map(|id| of_contract(id, priority, time, known));
    let is_move = matches!(event.fact, Fact::DetailsChanged(_));
    warnings.filter(|one| is_move || one.reason == MissingReason::NoLimit).collect()
}

fn missing<'a>(
    contract_id: &'a str,
    target_id: &'a str,
    reason: MissingReason,
) -> MissingClock<'a> {
    MissingClock { contract_id, target_id, reason, value: contract_id, meant: "" }
}

fn of_contract<'a>(
    id: &'a str,
    priority: &'a str,
    time: Instant,
    known: Known<'a>,
) -> Vec<MissingClock<'a>> {
    let agreement = known.agreement(id);
    if agreement.revisions.all().is_empty() {
        return vec![not_found(id, known)];
    }
    let Some(revision) = agreement.in_force(time).or_else(|| taking_over(agreement, time)) else {
        return vec![missing(id, "", MissingReason::ContractNotInForce)];
    };
    let targets = &revision.content.terms.targets;
    let without: Vec<_> = targets.iter().filter(|t| t.limit(priority).is_none()).collect();
    let no_limit = |target: &Target, target_id: &'a str| {
        let near = targets.iter().find(|one| one.id == target.id);
        let meant = near.map_or("", |target| meant_priority(priority, target));
        let reason = MissingReason::NoLimit;
        MissingClock { contract_id: id, target_id, reason, value: priority, meant }
    };
    match without.first() {
        Some(first) if without.len() == targets.len() => vec![no_limit(first, "")],
        // What else the target needs is not known yet: a target that does not apply has no gap.
        _ => {
            let always = without.into_iter().filter(|target| target.applies_when.is_none());
            always.map(|target| no_limit(target, &target.id)).collect()
        }
    }
}

/// The first revision after an instant that takes over what is open as it takes effect: by its
/// words an incident of before is measured, so that nothing is wrong with it.
fn taking_over<'a>(agreement: Agreement<'a>, time: Instant) -> Option<&'a Revision<Contract>> {
    let takes_over = |revision: &&Revision<Contract>| {
        revision.content.open_incidents != OpenIncidents::NotTakenOver
            && revision.effective_time > time
            && agreement.in_force(revision.effective_time).is_some()
    };
    let later = agreement.revisions.all().iter().filter(takes_over);
    later.min_by_key(|revision| revision.effective_time)
}

fn not_found<'a>(id: &'a str, known: Known<'a>) -> MissingClock<'a> {
    let meant = meant(id, known.contract_ids());
    MissingClock { meant, ..missing(id, "", MissingReason::ContractNotFound) }
}

/// A decision on clocks of a contract or target that does not exist has no effect.
fn of_decision<'a>(decision: &'a ExclusionDecision, known: Known<'a>) -> Option<MissingClock<'a>> {
    let (id, target_id) = (decision.contract_id.as_str(), decision.target_id.as_str());
    let revisions = known.contract(id).all();
    if revisions.is_empty() {
        return Some(not_found(id, known));
    }
    let has_target =
        |target_id| revisions.iter().any(|r| r.content.terms.target(target_id).is_some());
    let is_known = target_id.is_empty() || has_target(target_id);
    (!is_known).then(|| missing(id, target_id, MissingReason::TargetNotFound))
}
