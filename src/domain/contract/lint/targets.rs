//! Lints targets that can't be met, and pauses that never apply.

use super::calendar::lint_calendar;
use crate::domain::calendar::hours::{FirstWorkingDay, ServiceHours};
use crate::domain::contract::{
    Allowed, Condition, Finding, Metric, OnPriorityChange, PauseRule, Target,
};
use crate::domain::time::Instant;

/// Notes missing limits, unreachable limits, constant conditions and hidden pauses of each target.
pub(super) fn lint<'c>(
    targets: &[Target],
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    for (index, target) in targets.iter().enumerate() {
        let path = format!("terms.targets[{index}]");
        lint_limits(target, &path, hours, findings);
        lint_custom(target, &path, findings);
        lint_conditions(target, &path, findings);
        lint_answers(target, &path, findings);
        lint_pauses(target, &path, findings);
        lint_direction(target, &path, findings);
        lint_warnings(target, &path, findings);
    }
}

fn lint_limits<'c>(
    target: &Target,
    path: &str,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    if target.limits.is_empty() {
        findings
            .push(Finding::error(format!("{path}.limits"), "the target has no limit: give it one"));
    }
    for (index, limit) in target.limits.iter().enumerate() {
        let field = format!("{path}.limits[{index}].calendar_id");
        let id = &limit.calendar_id;
        let Some(hours) = lint_calendar(id, field, hours, findings) else { continue };
        let reached = limit.limit.service_time(hours, Instant::MIN);
        if reached.and_then(|span| hours.add(Instant::MIN, span)).is_none() {
            let text = format!("calendar {id:?} never reaches {}", limit.limit);
            findings.push(Finding::error(format!("{path}.limits[{index}].limit"), text));
        } else if limit.limit.is_in_working_days() && has_no_days_off(hours) {
            let text = format!(
                "by calendar {id:?} every date is a working day, Sundays too: name a calendar with \
                 days off, or give the limit in hours"
            );
            findings.push(Finding::warning(format!("{path}.limits[{index}].working_days"), text));
        }
    }
}

/// Whether so many dates of a year are working days that no weekday is off.
fn has_no_days_off(hours: &ServiceHours) -> bool {
    let at = |second| Instant::from_seconds(second).unwrap_or_default();
    let day = FirstWorkingDay::DayOfStart;
    let reached = hours.close_of_working_day(at(YEAR_BEGINS), MOST_WITH_DAYS_OFF + 1, day);
    reached.is_some_and(|close| close <= at(YEAR_ENDS))
}

/// 2030-01-01.
const YEAR_BEGINS: i64 = 1_893_456_000;
/// 2031-01-01.
const YEAR_ENDS: i64 = 1_924_992_000;
/// The most working days that a year has with one day off a week.
const MOST_WITH_DAYS_OFF: u16 = 314;

/// Notes a custom target without a condition that starts or stops it: it has no other trigger.
fn lint_custom(target: &Target, path: &str, findings: &mut Vec<Finding>) {
    if target.metric != Metric::Custom {
        return;
    }
    if target.start_when.is_none() && target.starts_after.is_empty() {
        let text = "a custom target needs a `start_when`";
        findings.push(Finding::error(format!("{path}.start_when"), text));
    }
    if target.stop_when.is_none() {
        let text = "a custom target that nothing stops can't be met: say what stops it";
        findings.push(Finding::error(format!("{path}.stop_when"), text));
    }
}

fn lint_conditions(target: &Target, path: &str, findings: &mut Vec<Finding>) {
    let source =
        |condition: &Option<Condition>| condition.as_ref().map(|c| c.source().trim().to_owned());
    if target.stop_when.is_some() && source(&target.start_when) == source(&target.stop_when) {
        let text = "what starts the clock also stops it: it would stop the moment it starts";
        findings.push(Finding::error(format!("{path}.stop_when"), text));
    }
    for (name, condition) in target.conditions() {
        if let Some(text) = constant_condition(name, condition) {
            findings.push(Finding::error(format!("{path}.{name}"), text));
        }
    }
}

/// Notes answers where none is awaited, and where a condition stops the clock instead.
fn lint_answers(target: &Target, path: &str, findings: &mut Vec<Finding>) {
    if target.answered_by.is_empty() {
        return;
    }
    let field = format!("{path}.answered_by");
    if !target.metric.awaits_an_answer() {
        let text = "only targets on response or next reply wait for an answer: leave it out";
        findings.push(Finding::error(field, text));
    } else if target.metric == Metric::Response && target.stop_when.is_some() {
        let text = "`stop_when` alone stops the clock, so this has no effect: keep one of them";
        findings.push(Finding::warning(field, text));
    }
}

/// What is wrong with a condition that is always or never true.
fn constant_condition(name: &str, condition: &Condition) -> Option<&'static str> {
    match (name, condition.source().trim()) {
        ("stop_when" | "start_when" | "applies_when", "false") => {
            Some("it never holds, so the target can't be met")
        }
        ("stop_when" | "pause_when" | "cancel_when", "true") => {
            Some("it always holds, so the clock can't run")
        }
        ("restart_when", "true" | "false") => {
            Some("it never becomes true, so no cycle follows: leave it out")
        }
        _ => None,
    }
}

fn lint_pauses(target: &Target, path: &str, findings: &mut Vec<Finding>) {
    for (index, rule) in target.pauses.iter().enumerate() {
        if target.pauses.iter().take(index).any(|earlier| hides(earlier, rule)) {
            let text = "an earlier pause fits whenever this one would: put the narrower one first";
            findings.push(Finding::warning(format!("{path}.pauses[{index}]"), text));
        }
    }
}

/// Notes a lowering that counts from the start: it may undo a breach.
fn lint_direction(target: &Target, path: &str, findings: &mut Vec<Finding>) {
    if target.on_priority_lowered == Some(OnPriorityChange::FromStart) {
        let text = "whoever lowers the priority of a late incident undoes its breach: another \
                    policy lets it stand";
        findings.push(Finding::warning(format!("{path}.on_priority_lowered"), text));
    }
}

/// Notes a warning that comes before every clock starts, and a cap on pauses that there are none
/// of.
fn lint_warnings(target: &Target, path: &str, findings: &mut Vec<Finding>) {
    let spans = target.limits.iter().map(|limit| match limit.limit {
        Allowed::ServiceTime(span) => Some(span),
        Allowed::WorkingDays { .. } => None,
    });
    let longest = spans.collect::<Option<Vec<_>>>().and_then(|spans| spans.into_iter().max());
    for (index, before) in target.warn_before.iter().enumerate() {
        if longest.is_some_and(|longest| longest <= *before) {
            let text = "it is at least as long as every limit: it would warn at the start";
            findings.push(Finding::warning(format!("{path}.warn_before[{index}]"), text));
        }
    }
    let pauses = !target.pauses.is_empty() || target.pause_when.is_some();
    if target.pauses_maximum.is_some() && !pauses {
        let text = "nothing pauses the clock: say what does, or leave it out";
        findings.push(Finding::warning(format!("{path}.pauses_maximum"), text));
    }
}

/// Whether an earlier pause rule fits whenever a later one would.
fn hides(earlier: &PauseRule, later: &PauseRule) -> bool {
    let narrows = || later.reasons.iter().all(|reason| earlier.reasons.contains(reason));
    let has_its_reasons = earlier.reasons.is_empty() || (!later.reasons.is_empty() && narrows());
    earlier.waiting_on == later.waiting_on && has_its_reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Calendars;
    use crate::domain::clock::testing::{TestCalendars, target};
    use crate::domain::contract::Severity;

    fn found(words: &str) -> Vec<(Severity, String)> {
        let hours = |id: &str| TestCalendars.in_force(id, Instant::MIN).map(|found| found.hours);
        let mut findings = Vec::new();
        lint_limits(&target(words), "target", &hours, &mut findings);
        findings.into_iter().map(|finding| (finding.severity, finding.field)).collect()
    }

    /// C8: working days of a calendar that has no days off are probably not meant.
    #[test]
    fn working_days_without_days_off_are_noted_and_those_that_never_come_refused() {
        assert_eq!(found("resolution *=3days/office"), []);
        assert_eq!(
            found("resolution *=3days/always"),
            [(Severity::Warning, "target.limits[0].working_days".to_owned())]
        );
        assert!(found("resolution *=72:00/always").is_empty());
        assert!(matches!(&found("resolution *=3days/never")[..], [(Severity::Error, _), ..]));
    }
}
