//! Service credits: what missed objectives cost the provider.

use chrono::NaiveDate;

use super::lint::{error, warning};
use super::{Contract, Finding, Objective};
use crate::domain::share::Share;

/// What missed objectives cost the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credits {
    /// What a month costs the client, in minor units of the contract's currency.
    pub monthly_fee: i64,
    /// What is credited for which objective, each objective once.
    pub rules: Vec<CreditRule>,
    /// All credits of a period together are at most this share of its fee.
    pub cap: Share,
    /// Periods that begin before this local date credit nothing; they are the bedding-in time.
    pub from_date: Option<NaiveDate>,
}

/// What is credited when an objective is missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditRule {
    /// The objective.
    pub objective_id: String,
    /// How much, the highest figure first, none crediting less than the one before it.
    pub tiers: Vec<CreditTier>,
    /// How much of its tier it credits.
    pub weight: Share,
    /// How much more for each period right before that was missed, of the credit.
    pub repeat: Share,
    /// So many such periods count at most.
    pub repeats_most: u32,
    /// When the next period is met and reaches this, the credit goes back.
    pub earn_back: Option<Share>,
}

/// How much is credited below a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditTier {
    /// Below this share; `None`: whenever the objective is missed.
    pub below: Option<Share>,
    /// This share of the period's fee.
    pub credit: Share,
}

impl Credits {
    /// The rule for an objective, if it is credited.
    pub fn rule(&self, objective_id: &str) -> Option<&CreditRule> {
        self.rules.iter().find(|rule| rule.objective_id == objective_id)
    }

    /// The most periods in a row before one that its credit may depend on.
    pub fn repeats(&self) -> u32 {
        let counts = self.rules.iter().filter(|rule| rule.repeat > Share::NONE);
        counts.map(|rule| rule.repeats_most).max().unwrap_or(0)
    }
}

impl CreditRule {
    /// The tier that rules what was missed: the last that was not reached.
    pub fn tier(&self, reached: Option<Share>) -> Option<&CreditTier> {
        self.tiers.iter().rev().find(|tier| match (tier.below, reached) {
            (None, _) => true,
            (Some(below), Some(reached)) => reached < below,
            (Some(_), None) => false,
        })
    }
}

/// What a contract's credits promise that can't be kept, reached or meant.
pub(super) fn lint_credits(contract: &Contract, findings: &mut Vec<Finding>) {
    let Some(credits) = &contract.terms.credits else { return };
    if contract.currency.is_empty() {
        let text = "credits are money: give its ISO 4217 code such as \"EUR\"";
        findings.push(error("currency", text));
    }
    if credits.monthly_fee == 0 {
        let text = "credits are shares of the fee, which is nothing: give what a month costs";
        findings.push(warning("terms.credits.monthly_fee", text));
    }
    if credits.rules.is_empty() {
        let text = "nothing is credited: give a rule for an objective";
        findings.push(warning("terms.credits.rules", text));
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
            "{:?} is judged over rolling days, which have no fee: choose months, quarters or years",
            objective.id
        );
        findings.push(error(format!("{path}.objective_id"), text));
    }
    let promised = objective.promise.share();
    for (index, tier) in rule.tiers.iter().enumerate() {
        let next = rule.tiers.get(index + 1).and_then(|next| next.below);
        if !can_rule(tier, next, promised) {
            let text = format!(
                "it never rules: no period that misses {:?} is below it and not below the next",
                objective.id
            );
            findings.push(warning(format!("{path}.tiers[{index}]"), text));
        }
    }
    if rule.earn_back.is_some() && promised.is_none() {
        let text = format!("{:?} has no percentage that could reach it", objective.id);
        findings.push(warning(format!("{path}.earn_back_percent"), text));
    }
}

/// Whether a period can be below what is promised and a tier, and not below the next.
fn can_rule(tier: &CreditTier, next: Option<Share>, promised: Option<Share>) -> bool {
    match promised {
        None => tier.below.is_none(),
        Some(promised) => {
            let below = tier.below.map_or(promised, |below| below.min(promised));
            next.unwrap_or(Share::NONE) < below
        }
    }
}
