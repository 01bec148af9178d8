//! The lint of a contract: what in it can't be evaluated, kept or reached.

mod bounds;
mod calendar;
mod chain;
mod credit_rules;
mod credits;
mod exclusions;
mod experience;
mod longer;
mod objectives;
mod presentation;
mod priorities;
mod support;
mod support_objectives;
mod targets;

use super::{Contract, Finding};
use crate::domain::calendar::hours::ServiceHours;

/// Lints a contract before it is put; the findings are sorted, errors first. `hours` finds a
/// calendar's service hours by id; `others` are the tenant's other contracts, for the chain.
pub fn lint<'c>(
    contract: &Contract,
    hours: impl Fn(&str) -> Option<&'c ServiceHours>,
    others: &[&Contract],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if contract.terms.targets.is_empty() && contract.terms.objectives.is_empty() {
        let text = "the contract promises nothing: give it a target or an objective";
        findings.push(Finding::warning("terms.targets", text));
    }
    targets::lint(&contract.terms.targets, &hours, &mut findings);
    objectives::lint(&contract.terms.objectives, &hours, &mut findings);
    priorities::lint(&contract.terms.targets, &mut findings);
    chain::lint(contract, others, &hours, &mut findings);
    credits::lint(contract, &mut findings);
    exclusions::lint(&contract.terms.exclusions, &mut findings);
    experience::lint(contract, &hours, &mut findings);
    presentation::lint(contract, &mut findings);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}
