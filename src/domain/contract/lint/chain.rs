//! Lints chains of contracts: an SLA that promises less time than what underpins it.

use crate::domain::contract::{Contract, ContractKind, Finding, Metric};
use crate::domain::time::Span;

/// Notes where an OLA or UC promises longer than the SLA that rests on it.
pub(super) fn lint(contract: &Contract, others: &[&Contract], findings: &mut Vec<Finding>) {
    match contract.kind {
        ContractKind::Sla => lint_below(contract, others, findings),
        ContractKind::Ola | ContractKind::Uc => lint_above(contract, others, findings),
    }
}

/// Notes the longer promises of the contracts that an SLA rests on.
fn lint_below(sla: &Contract, others: &[&Contract], findings: &mut Vec<Finding>) {
    for support in others.iter().filter(|other| other.underpins == sla.id) {
        for (_, _, text) in longer_promises(support, sla) {
            findings.push(Finding::warning("terms.targets", text));
        }
    }
}

/// Notes the promises of an OLA or UC that are longer than those of the SLA that rests on it.
fn lint_above(contract: &Contract, others: &[&Contract], findings: &mut Vec<Finding>) {
    if contract.underpins.is_empty() {
        return;
    }
    let Some(sla) = others.iter().find(|other| other.id == contract.underpins) else {
        let text = format!("there is no contract {:?} for it to underpin", contract.underpins);
        findings.push(Finding::warning("underpins", text));
        return;
    };
    for (target, limit, text) in longer_promises(contract, sla) {
        let field = format!("terms.targets[{target}].limits[{limit}].limit");
        findings.push(Finding::warning(field, text));
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
