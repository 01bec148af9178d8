//! Lints the calendars that targets and objectives are measured by.

use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::Finding;

/// The service hours of calendar `id`; notes under `field` when it is unknown or never opens.
pub(super) fn lint_calendar<'c>(
    id: &str,
    field: String,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) -> Option<&'c ServiceHours> {
    let Some(hours) = hours(id) else {
        findings.push(Finding::error(field, format!("there is no calendar {id:?}: put it first")));
        return None;
    };
    if hours.never_opens() {
        findings.push(Finding::error(field, format!("calendar {id:?} never opens: give it hours")));
        return None;
    }
    Some(hours)
}
