//! Lints the calendars of objectives, and objectives that promise nothing or in no unit.

use super::calendar::lint_calendar;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{AgreedService, DownWhen, Finding, Objective, Promise};
use crate::domain::decimal::Decimal;
use crate::domain::share::Share;

/// Notes the objectives whose calendar can't measure anything, that can't be missed, or whose
/// figure is in a unit that nobody names.
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
        let path = format!("terms.objectives[{index}].{}", promise_field(&objective.promise));
        if let Some(agreed) = objective.promise.agreed() {
            lint_services(agreed, &path, findings);
        }
        if objective.promise.share() == Some(Share::NONE) {
            let text = "every period reaches 0%, so that it can't be missed: promise more";
            findings.push(Finding::warning(format!("{path}.percent"), text));
        }
        if let Promise::Performance(promise) = &objective.promise
            && promise.unit.is_empty()
        {
            let most = Decimal::new(promise.threshold, 3);
            let text = format!("at most {most} of what? Name the unit that it is measured in");
            findings.push(Finding::warning(format!("{path}.unit"), text));
        }
    }
}

/// Notes a choice among services where there is only one, and an error rate that nothing exceeds.
fn lint_services(agreed: &AgreedService, path: &str, findings: &mut Vec<Finding>) {
    if agreed.services.len() == 1 && agreed.down_when == DownWhen::All {
        let text = "one service is down when it is down: name the others in services, or leave out \
                    down_when";
        findings.push(Finding::warning(format!("{path}.down_when"), text));
    }
    if agreed.error_rate == Some(Share::ALL) {
        let text = "no more than all requests can fail: write a share below 100";
        findings.push(Finding::warning(format!("{path}.down_above_error_percent"), text));
    }
}

/// The field of an objective that holds what it promises.
pub(super) fn promise_field(promise: &Promise) -> &'static str {
    match promise {
        Promise::Attainment(_) => "attainment",
        Promise::MeanTime(_) => "mean_time",
        Promise::Backlog(_) => "backlog",
        Promise::Availability(_) => "availability",
        Promise::Outages(_) => "outages",
        Promise::MeanTimeToRestore(_) => "mean_time_to_restore",
        Promise::Requests(_) => "requests",
        Promise::Performance(_) => "performance",
        Promise::Experience(_) => "experience",
    }
}
