//! Lints service credits that can't be paid, and money that can't be reckoned.

use super::credit_rules::lint_rule;
use crate::domain::contract::{Contract, Credit, Credits, Finding};
use crate::domain::money::{Amount, is_currency};
use crate::domain::share::Share;

const PATH: &str = "terms.credits";

/// Notes credits without a currency, fee or rule, caps that leave nothing, and rules and tiers that
/// never apply.
pub(super) fn lint(contract: &Contract, findings: &mut Vec<Finding>) {
    if !contract.currency.is_empty() && !is_currency(&contract.currency) {
        let text = format!(
            "ISO 4217 has no currency {:?}: its amounts are shown as minor units",
            contract.currency
        );
        findings.push(Finding::warning("currency", text));
    }
    let Some(credits) = &contract.terms.credits else { return };
    if contract.currency.is_empty() {
        let text = "credits are money: give its ISO 4217 code such as \"EUR\"";
        findings.push(Finding::error("currency", text));
    }
    lint_fee(credits, findings);
    lint_caps(credits, &contract.currency, findings);
    if credits.rules.is_empty() {
        let text = "nothing is credited: give a rule for an objective";
        findings.push(Finding::warning(format!("{PATH}.rules"), text));
    }
    for (index, rule) in credits.rules.iter().enumerate() {
        let path = format!("{PATH}.rules[{index}]");
        let mut objectives = contract.terms.objectives.iter();
        if let Some(objective) = objectives.find(|o| o.id == rule.objective_id) {
            lint_rule(rule, objective, &path, findings);
        }
    }
}

fn lint_fee(credits: &Credits, findings: &mut Vec<Finding>) {
    let tiers = credits.rules.iter().flat_map(|rule| &rule.tiers).map(|tier| tier.credit);
    let bonuses = credits.rules.iter().flat_map(|rule| &rule.bonuses).map(|bonus| bonus.bonus);
    let takes_share = |credit| matches!(credit, Credit::Share(_));
    if credits.fee.is_nothing() && tiers.chain(bonuses).any(takes_share) {
        let text = "credits are shares of the fee, which is nothing: give what a month costs";
        findings.push(Finding::warning(format!("{PATH}.fee"), text));
    }
}

/// Notes caps that leave nothing, and amounts that no credit within the caps can reach.
fn lint_caps(credits: &Credits, currency: &str, findings: &mut Vec<Finding>) {
    let nothing = "nothing is ever credited: raise it, or leave the credits out";
    if credits.cap == Share::NONE {
        findings.push(Finding::warning(format!("{PATH}.cap_percent"), nothing));
    }
    for (index, cap) in credits.caps.iter().enumerate() {
        let path = format!("{PATH}.caps[{index}]");
        if cap.share == Some(Share::NONE) || cap.amount == Some(0) {
            findings.push(Finding::warning(&path, nothing));
        }
        if credits.fee.is_nothing() && cap.amount.is_none() {
            let text = "it is a share of the fee, which is nothing: give an amount";
            findings.push(Finding::warning(format!("{path}.percent"), text));
        }
    }
    let Some(most) = monthly_cap(credits) else { return };
    let money = |minor_units| Amount { minor_units, currency };
    if credits.minimum > most {
        let text = format!("the cap is stronger: a month credits {} at most", money(most));
        findings.push(Finding::warning(format!("{PATH}.minimum_credit"), text));
    }
    if credits.not_paid_below > most {
        let text = format!("no month is ever paid: it credits {} at most", money(most));
        findings.push(Finding::warning(format!("{PATH}.not_paid_below"), text));
    }
}

/// The most that a month credits by `cap_percent`, where there is a fee that is always the same.
fn monthly_cap(credits: &Credits) -> Option<i64> {
    let is_fixed = credits.fee.monthly > 0 && credits.fee.months.is_empty();
    let of_fee = i128::from(credits.fee.monthly) * i128::from(credits.cap.millionths());
    let most = of_fee / i128::from(Share::ALL.millionths());
    i64::try_from(most).ok().filter(|_| is_fixed)
}
