//! Lints service credits that can't be paid or whose tiers never apply.

use crate::domain::contract::{Contract, CreditRule, CreditTier, Finding, Objective};
use crate::domain::share::Share;

/// Notes credits without a currency, fee or rule, and rules and tiers that never apply.
pub(super) fn lint(contract: &Contract, findings: &mut Vec<Finding>) {
    let Some(credits) = &contract.terms.credits else { return };
    if contract.currency.is_empty() {
        let text = "credits are money: give its ISO 4217 code such as \"EUR\"";
        findings.push(Finding::error("currency", text));
    }
    if credits.monthly_fee == 0 {
        let text = "credits are shares of the fee, which is nothing: give what a month costs";
        findings.push(Finding::warning("terms.credits.monthly_fee", text));
    }
    if credits.rules.is_empty() {
        let text = "nothing is credited: give a rule for an objective";
        findings.push(Finding::warning("terms.credits.rules", text));
    }
    for (index, rule) in credits.rules.iter().enumerate() {
        let path = format!("terms.credits.rules[{index}]");
        let mut objectives = contract.terms.objectives.iter();
        if let Some(objective) = objectives.find(|o| o.id == rule.objective_id) {
            lint_rule(rule, objective, &path, findings);
        }
    }
}

fn lint_rule(rule: &CreditRule, objective: &Objective, path: &str, findings: &mut Vec<Finding>) {
    if objective.period.months().is_none() {
        let text = format!(
            "{:?} is evaluated over rolling days, which have no fee: choose months, quarters or \
             years",
            objective.id
        );
        findings.push(Finding::error(format!("{path}.objective_id"), text));
    }
    let promised = objective.promise.share();
    for (index, tier) in rule.tiers.iter().enumerate() {
        let next = rule.tiers.get(index + 1).and_then(|next| next.below);
        if !can_rule(tier, next, promised) {
            let text = format!(
                "it never rules: no period that misses {:?} is below it and not below the next",
                objective.id
            );
            findings.push(Finding::warning(format!("{path}.tiers[{index}]"), text));
        }
    }
    if rule.earn_back.is_some() && promised.is_none() {
        let text = format!("{:?} has no percentage that could reach it", objective.id);
        findings.push(Finding::warning(format!("{path}.earn_back_percent"), text));
    }
}

/// Whether a period can be below both the promised share and the tier's, and not below the next
/// tier's.
fn can_rule(tier: &CreditTier, next: Option<Share>, promised: Option<Share>) -> bool {
    match promised {
        None => tier.below.is_none(),
        Some(promised) => {
            let below = tier.below.map_or(promised, |below| below.min(promised));
            next.unwrap_or(Share::NONE) < below
        }
    }
}
