//! Lints priorities that not all targets know, and changes of priority without effect.

use std::collections::BTreeSet;

use itertools::Itertools;

use crate::domain::contract::{Finding, OnPriorityChange, Target, is_catch_all};

/// Notes priorities that one target has a limit for and another has not, a contract that covers
/// only some, and policies on changes of priority that change nothing.
pub(super) fn lint(targets: &[Target], findings: &mut Vec<Finding>) {
    let known = known_priorities(targets);
    for (index, target) in targets.iter().enumerate() {
        let missing: Vec<_> =
            known.iter().filter(|p| target.limit(p).is_none()).map(|p| format!("{p:?}")).collect();
        if !missing.is_empty() && !target.limits.is_empty() {
            let text = format!(
                "no limit for priority {}, which other targets know: incidents of it get no clock",
                missing.join(", ")
            );
            findings.push(Finding::warning(format!("terms.targets[{index}].limits"), text));
        }
        lint_catch_alls(target, index, findings);
        if target.on_priority_change == OnPriorityChange::Frozen && target.limits.len() == 1 {
            let field = format!("terms.targets[{index}].on_priority_change");
            let text = "with a single limit a change of priority changes nothing";
            findings.push(Finding::warning(field, text));
        }
    }
    lint_others(targets, findings);
}

/// Notes a target with two limits for every priority not named.
fn lint_catch_alls(target: &Target, index: usize, findings: &mut Vec<Finding>) {
    let mut catch_alls = target.limits.iter().positions(|limit| is_catch_all(&limit.priority));
    if let Some(second) = catch_alls.nth(1) {
        let field = format!("terms.targets[{index}].limits[{second}].priority");
        let text = "every priority that is not named has a limit already: keep one of the two";
        findings.push(Finding::error(field, text));
    }
}

/// Notes, once, that incidents of other priorities are not measured.
fn lint_others(targets: &[Target], findings: &mut Vec<Finding>) {
    let covers_all = |target: &Target| target.limits.iter().any(|l| is_catch_all(&l.priority));
    let without = targets.iter().filter(|t| !t.limits.is_empty() && !covers_all(t));
    let without = without.map(|target| target.id.as_str()).join(", ");
    if !without.is_empty() {
        let text = format!(
            "incidents of a priority without a limit have no clock (targets: {without}): a limit \
             for priority \"*\" covers every priority that is not named"
        );
        findings.push(Finding::warning("terms.targets", text));
    }
}

/// The priorities that any of the targets names.
fn known_priorities(targets: &[Target]) -> BTreeSet<&str> {
    let limits = targets.iter().flat_map(|target| &target.limits);
    limits.map(|limit| limit.priority.as_str()).filter(|p| !is_catch_all(p)).collect()
}
