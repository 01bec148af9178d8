//! Lints experience terms whose calendar, priorities or number of people are missing.

use super::calendar::lint_calendar;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{Contract, ExperienceMeasure, Finding, Promise, is_catch_all};

/// Notes experience terms that can't be measured.
pub(super) fn lint<'c>(
    contract: &Contract,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    lint_people(contract, findings);
    let Some(terms) = &contract.terms.experience else { return };
    if !terms.calendar_id.is_empty() {
        let field = "terms.experience.calendar_id".to_owned();
        lint_calendar(&terms.calendar_id, field, hours, findings);
    }
    let knows = |priority: &str| contract.terms.targets.iter().any(|t| t.limit(priority).is_some());
    for (index, limit) in terms.limits.iter().enumerate() {
        if !is_catch_all(&limit.priority) && !knows(&limit.priority) {
            let field = format!("terms.experience.limits[{index}].priority");
            let text = format!("no target has a limit for priority {:?}", limit.priority);
            findings.push(Finding::warning(field, text));
        }
    }
}

/// Notes promises for each hundred people in a contract that does not state how many it serves.
fn lint_people(contract: &Contract, findings: &mut Vec<Finding>) {
    let terms = contract.terms.experience.as_deref();
    let is_stated = terms.is_some_and(|terms| terms.people > 0);
    let weights = terms.and_then(|terms| terms.slx_weights);
    if !is_stated && weights.is_some_and(|weights| weights.lost_time > 0) {
        let text = "lost time is weighed for each hundred people: say how many there are";
        findings.push(Finding::error("terms.experience.people", text));
    }
    let mut objectives = contract.terms.objectives.iter();
    if let Some(objective) = objectives.find(|o| promises_lost_time(&o.promise) && !is_stated) {
        let text = format!(
            "{:?} is computed for each hundred people: say how many the contract serves",
            objective.id
        );
        findings.push(Finding::error("terms.experience.people", text));
    }
}

fn promises_lost_time(promise: &Promise) -> bool {
    match promise {
        Promise::Experience(promise) => matches!(promise.measure, ExperienceMeasure::LostTime(_)),
        _ => false,
    }
}
