//! What it takes to evaluate an incident, before it is evaluated.

use super::catalog::Known;
use crate::domain::contract::{Condition, Target};
use crate::domain::incident::History;
use crate::domain::time::Instant;

/// Steps of evaluating a condition in one moment; a step takes about a microsecond.
const STEPS_PER_CONDITION: u64 = 4;
/// The same of one that walks a list, for each two of its elements: two walks may be nested.
const STEPS_PER_PAIR: u64 = 1;

/// What it takes to evaluate an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Its events.
    pub events: u64,
    /// The targets of its contracts.
    pub targets: u64,
    /// The steps that evaluating them all takes, roughly.
    pub steps: u64,
}

impl Cost {
    /// What it takes to fold a history of so many events, without evaluating anything.
    pub fn of_fold(events: usize) -> Cost {
        Cost { events: events as u64, targets: 0, steps: events as u64 }
    }

    /// What it takes to evaluate a history under one contract, or ("") under all it falls under.
    pub fn of_evaluation(
        history: &History<'_>,
        contract: &str,
        known: &Known<'_>,
        as_of: Instant,
    ) -> Cost {
        let events = (history.effective().len() + history.voided().len()) as u64;
        let attributes = history.state(as_of).attributes().len();
        let contracts = history.contract_ids(as_of).into_iter();
        let meant = contracts.filter(|id| contract.is_empty() || *id == contract);
        let latest = meant.filter_map(|id| known.contract(id).all().last());
        let targets: Vec<_> = latest.flat_map(|latest| &latest.content.terms.targets).collect();
        let each: u64 = targets.iter().map(|target| steps(target, attributes as u64)).sum();
        Cost { events, targets: targets.len() as u64, steps: events.saturating_mul(each) }
    }
}

/// The steps that a target takes for each event.
fn steps(target: &Target, attributes: u64) -> u64 {
    let of_condition = |(_, condition): (_, &Condition)| match condition.walks_lists() {
        true => STEPS_PER_CONDITION + STEPS_PER_PAIR * attributes.saturating_mul(attributes),
        false => STEPS_PER_CONDITION,
    };
    1 + target.conditions().map(of_condition).sum::<u64>()
}
