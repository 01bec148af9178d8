//! The lint: what a contract promises that can't be kept, reached or meant.

use std::collections::BTreeSet;

use super::credit::lint_credits;
use super::experience::lint_experience;
use super::{Contract, ContractKind, Metric, Objective, OnPriorityChange, Promise, Target};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::time::{Instant, Span};

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// Can't be judged so.
    Error,
}

/// Something the lint found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How serious.
    pub severity: Severity,
    /// The field's path from the contract.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
}

/// Lints a contract about to be put. `hours` finds a calendar's service hours by id; `others` are
/// the tenant's other contracts, for what rests on what.
pub fn lint<'c>(
    contract: &Contract,
    hours: impl Fn(&str) -> Option<&'c ServiceHours>,
    others: &[&Contract],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if contract.terms.targets.is_empty() {
        findings.push(warning("terms.targets", "the contract promises nothing: give it a target"));
    }
    for (index, target) in contract.terms.targets.iter().enumerate() {
        let path = format!("terms.targets[{index}]");
        lint_limits(target, &path, &hours, &mut findings);
        lint_conditions(target, &path, &mut findings);
        lint_pauses(target, &path, &mut findings);
    }
    for (index, objective) in contract.terms.objectives.iter().enumerate() {
        lint_objective(objective, index, &hours, &mut findings);
    }
    lint_priorities(contract, &mut findings);
    lint_chain(contract, others, &mut findings);
    lint_credits(contract, &mut findings);
    lint_experience(contract, &hours, &mut findings);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn lint_limits<'c>(
    target: &Target,
    path: &str,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    if target.limits.is_empty() {
        findings.push(error(format!("{path}.limits"), "the target has no limit: give it one"));
    }
    for (index, limit) in target.limits.iter().enumerate() {
        let field = format!("{path}.limits[{index}].calendar_id");
        let id = &limit.calendar_id;
        if let Some(hours) = lint_calendar(id, field, hours, findings)
            && hours.add(Instant::MIN, limit.limit).is_none()
        {
            let text = format!("calendar {id:?} never reaches {}", limit.limit);
            findings.push(error(format!("{path}.limits[{index}].limit"), text));
        }
    }
}

/// The hours of a calendar that can be measured by.
pub(super) fn lint_calendar<'c>(
    id: &str,
    field: String,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) -> Option<&'c ServiceHours> {
    let Some(hours) = hours(id) else {
        findings.push(error(field, format!("there is no calendar {id:?}: put it first")));
        return None;
    };
    if hours.never_opens() {
        findings.push(error(field, format!("calendar {id:?} never opens: give it hours")));
        return None;
    }
    Some(hours)
}

fn lint_objective<'c>(
    objective: &Objective,
    index: usize,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    findings: &mut Vec<Finding>,
) {
    let promise = match &objective.promise {
        Promise::Attainment(_) => "attainment",
        Promise::Availability(_) => "availability",
        Promise::Outages(_) => "outages",
        Promise::Performance(_) => "performance",
        Promise::Experience(_) => "experience",
    };
    if let Some(id) = objective.calendar_id() {
        let field = format!("terms.objectives[{index}].{promise}.calendar_id");
        lint_calendar(id, field, hours, findings);
    }
}

fn lint_conditions(target: &Target, path: &str, findings: &mut Vec<Finding>) {
    let stops = target.stop_when.is_some();
    if target.metric == Metric::Custom
        && target.start_when.is_none()
        && target.starts_after.is_empty()
    {
        let text = "a custom target needs to be told what starts it";
        findings.push(error(format!("{path}.start_when"), text));
    }
    if target.metric == Metric::Custom && !stops {
        let text = "a custom target that nothing stops can't be met: tell what stops it";
        findings.push(error(format!("{path}.stop_when"), text));
    }
    let source = |condition: &Option<super::Condition>| {
        condition.as_ref().map(|c| c.source().trim().to_owned())
    };
    if stops && source(&target.start_when) == source(&target.stop_when) {
        let text = "what starts the clock also stops it: it would stop the moment it starts";
        findings.push(error(format!("{path}.stop_when"), text));
    }
    for (name, condition) in target.conditions() {
        match (name, condition.source().trim()) {
            ("stop_when" | "start_when" | "applies_when", "false") => findings.push(error(
                format!("{path}.{name}"),
                "it never holds, so the target can't be met",
            )),
            ("stop_when" | "pause_when" | "cancel_when", "true") => findings
                .push(error(format!("{path}.{name}"), "it always holds, so the clock can't run")),
            _ => {}
        }
    }
}

fn lint_pauses(target: &Target, path: &str, findings: &mut Vec<Finding>) {
    for (index, rule) in target.pauses.iter().enumerate() {
        let hidden = target.pauses.iter().take(index).any(|earlier| {
            earlier.waiting_on == rule.waiting_on
                && (earlier.reasons.is_empty()
                    || (!rule.reasons.is_empty()
                        && rule.reasons.iter().all(|r| earlier.reasons.contains(r))))
        });
        if hidden {
            let text = "an earlier pause fits whenever this one would: put the narrower one first";
            findings.push(warning(format!("{path}.pauses[{index}]"), text));
        }
    }
}

/// Priorities one target knows and another does not.
fn lint_priorities(contract: &Contract, findings: &mut Vec<Finding>) {
    let targets = &contract.terms.targets;
    let named: BTreeSet<&str> = targets
        .iter()
        .flat_map(|target| target.limits.iter().map(|limit| limit.priority.as_str()))
        .filter(|priority| !priority.is_empty())
        .collect();
    for (index, target) in targets.iter().enumerate() {
        let missing: Vec<_> =
            named.iter().filter(|p| target.limit(p).is_none()).map(|p| format!("{p:?}")).collect();
        if !missing.is_empty() && !target.limits.is_empty() {
            let text = format!(
                "no limit for priority {}, which other targets know: incidents of it get no clock",
                missing.join(", ")
            );
            findings.push(warning(format!("terms.targets[{index}].limits"), text));
        }
        if target.on_priority_change == OnPriorityChange::Frozen && target.limits.len() == 1 {
            let text = "with a single limit a change of priority changes nothing";
            findings.push(warning(format!("terms.targets[{index}].on_priority_change"), text));
        }
    }
}

/// An OLA or UC must not promise longer than the SLA that rests on it.
fn lint_chain(contract: &Contract, others: &[&Contract], findings: &mut Vec<Finding>) {
    if contract.kind == ContractKind::Sla {
        for support in others.iter().filter(|other| other.underpins == contract.id) {
            for (_, _, text) in longer_promises(support, contract) {
                findings.push(warning("terms.targets", text));
            }
        }
        return;
    }
    match others.iter().find(|other| other.id == contract.underpins) {
        Some(sla) => {
            for (target, limit, text) in longer_promises(contract, sla) {
                let field = format!("terms.targets[{target}].limits[{limit}].limit");
                findings.push(warning(field, text));
            }
        }
        None if !contract.underpins.is_empty() => {
            let text = format!("there is no contract {:?} for it to underpin", contract.underpins);
            findings.push(warning("underpins", text));
        }
        None => {}
    }
}

/// The limits of `support` that are longer than those of the same metric and priority in `sla`:
/// places of target and limit in `support`, and a sentence.
fn longer_promises(support: &Contract, sla: &Contract) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    for (target_index, target) in support.terms.targets.iter().enumerate() {
        for (limit_index, limit) in target.limits.iter().enumerate() {
            let promised = promised(sla, target.metric, &limit.priority);
            if let Some(promised) = promised.filter(|promised| limit.limit > *promised) {
                let text = format!(
                    "{:?} promises {} for {:?}, longer than the {} of {:?}, which rests on it",
                    support.id, limit.limit, limit.priority, promised, sla.id
                );
                found.push((target_index, limit_index, text));
            }
        }
    }
    found
}

fn promised(sla: &Contract, metric: Metric, priority: &str) -> Option<Span> {
    let same_metric = sla.terms.targets.iter().filter(|target| target.metric == metric);
    same_metric.filter_map(|target| target.limit(priority)).map(|limit| limit.limit).min()
}

pub(super) fn error(field: impl Into<String>, description: impl Into<String>) -> Finding {
    Finding { severity: Severity::Error, field: field.into(), description: description.into() }
}

pub(super) fn warning(field: impl Into<String>, description: impl Into<String>) -> Finding {
    Finding { severity: Severity::Warning, ..error(field, description) }
}
