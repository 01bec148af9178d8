//! Service credits: the terms by which missed objectives cost the provider.

use chrono::NaiveDate;

use crate::domain::share::Share;

/// The credit terms of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credits {
    /// What a month costs the client, in minor units of the contract's currency.
    pub monthly_fee: i64,
    /// The rules, at most one for each objective.
    pub rules: Vec<CreditRule>,
    /// All credits of a period together are at most this share of its fee.
    pub cap: Share,
    /// Periods that begin before this local date credit nothing; they are the bedding-in time.
    pub from_date: Option<NaiveDate>,
}

/// What is credited when an objective is missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditRule {
    /// The id of the objective, unique within its contract.
    pub objective_id: String,
    /// The tiers, the highest `below` first; none credits less than the one before it.
    pub tiers: Vec<CreditTier>,
    /// The share of a tier's credit that this objective weighs.
    pub weight: Share,
    /// How much more is credited for each missed period right before, as a share of the credit.
    pub repeat: Share,
    /// The most such periods that count.
    pub repeats_most: u32,
    /// The share that the next period must reach, and be met, for the credit to go back; `None`: it
    /// never does.
    pub earn_back: Option<Share>,
}

/// How much is credited below a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditTier {
    /// The tier applies below this share; `None`: whenever the objective is missed.
    pub below: Option<Share>,
    /// The share of the period's fee that is credited.
    pub credit: Share,
}

impl Credits {
    /// The rule for an objective, if it is credited.
    pub fn rule(&self, objective_id: &str) -> Option<&CreditRule> {
        self.rules.iter().find(|rule| rule.objective_id == objective_id)
    }

    /// How many consecutive periods before one its credit may depend on, at most.
    pub fn repeats(&self) -> u32 {
        let counts = self.rules.iter().filter(|rule| rule.repeat > Share::NONE);
        counts.map(|rule| rule.repeats_most).max().unwrap_or(0)
    }
}

impl CreditRule {
    /// The tier for what was reached: the last one that was not reached. `reached` is `None` for an
    /// objective without a share, to which only a tier without `below` applies.
    pub fn tier(&self, reached: Option<Share>) -> Option<&CreditTier> {
        self.tiers.iter().rev().find(|tier| match (tier.below, reached) {
            (None, _) => true,
            (Some(below), Some(reached)) => reached < below,
            (Some(_), None) => false,
        })
    }
}
