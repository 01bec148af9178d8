//! What the terms of a contract name by its id is there.

use crate::codec::violations::FieldViolations;
use crate::domain::contract::{ClockPromise, Terms};

/// The targets that objectives and exclusions name are there.
pub(super) fn check_targets_named(terms: &Terms, violations: &mut FieldViolations) {
    let mut check = |field: String, id: &str| {
        if terms.target(id).is_none() {
            violations.add(&field, format!("{id:?} is not the id of a target of this contract"));
        }
    };
    for (index, objective) in terms.objectives.iter().enumerate() {
        if let Some(promise) = objective.promise.clocks() {
            let kind = match promise {
                ClockPromise::Attainment(_) => "attainment",
                ClockPromise::MeanTime(_) => "mean_time",
                ClockPromise::Backlog(_) => "backlog",
            };
            check(format!("objectives[{index}].{kind}.target_id"), promise.target_id());
        }
    }
    for (index, rule) in terms.exclusions.iter().enumerate() {
        for (at, id) in rule.target_ids.iter().enumerate() {
            check(format!("exclusions[{index}].target_ids[{at}]"), id);
        }
    }
    check_objectives_named(terms, violations);
}

/// The objectives that exclusions name are there.
fn check_objectives_named(terms: &Terms, violations: &mut FieldViolations) {
    for (index, rule) in terms.exclusions.iter().enumerate() {
        for (at, id) in rule.objective_ids.iter().enumerate() {
            if !terms.objectives.iter().any(|objective| objective.id == *id) {
                let field = format!("exclusions[{index}].objective_ids[{at}]");
                let text = format!("{id:?} is not the id of an objective of this contract");
                violations.add(&field, text);
            }
        }
    }
}
