//! Lints the calendars of objectives.

use super::calendar::lint_calendar;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{Finding, Objective, Promise};

/// Notes the objectives whose calendar can't measure anything.
pub(super) fn lint<'c>(
    objectives: &[Objective],
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    for (index, objective) in objectives.iter().enumerate() {
        if let Some(id) = objective.calendar_id() {
            let promise = promise_field(&objective.promise);
            let field = format!("terms.objectives[{index}].{promise}.calendar_id");
            lint_calendar(id, field, hours, findings);
        }
    }
}

/// The field of an objective that holds what it promises.
fn promise_field(promise: &Promise) -> &'static str {
    match promise {
        Promise::Attainment(_) => "attainment",
        Promise::Availability(_) => "availability",
        Promise::Outages(_) => "outages",
        Promise::Performance(_) => "performance",
        Promise::Experience(_) => "experience",
    }
}
