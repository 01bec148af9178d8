//! Lints priorities that not all targets know, and changes of priority without effect.

use std::collections::BTreeSet;

use crate::domain::contract::{Finding, OnPriorityChange, Target};

/// Notes priorities that one target has a limit for and another has not, and policies on changes of
/// priority that change nothing.
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
        if target.on_priority_change == OnPriorityChange::Frozen && target.limits.len() == 1 {
            let field = format!("terms.targets[{index}].on_priority_change");
            let text = "with a single limit a change of priority changes nothing";
            findings.push(Finding::warning(field, text));
        }
    }
}

/// The priorities that any of the targets names.
fn known_priorities(targets: &[Target]) -> BTreeSet<&str> {
    let limits = targets.iter().flat_map(|target| &target.limits);
    limits.map(|limit| limit.priority.as_str()).filter(|priority| !priority.is_empty()).collect()
}
