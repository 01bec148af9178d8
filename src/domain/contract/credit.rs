//! Service credits: what missed objectives cost the provider.

use chrono::NaiveDate;

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
