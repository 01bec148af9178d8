//! Service credits: the terms by which missed objectives cost the provider.

use chrono::NaiveDate;

use super::{Objective, PeriodKind};
use crate::domain::share::Share;
use crate::domain::time::Span;

/// The credit terms of a contract. Amounts are minor units of the contract's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credits {
    /// What a month costs the client.
    pub fee: Fee,
    /// The rules, at most one for each objective.
    pub rules: Vec<CreditRule>,
    /// All credits of a period together are at most this share of its fee.
    pub cap: Share,
    /// Periods that begin before this local date credit nothing; they are the bedding-in time.
    pub from_date: Option<NaiveDate>,
    /// What becomes of several credits of one period.
    pub combination: Combination,
    /// What is credited at least if anything is; 0: nothing is set.
    pub minimum: i64,
    /// Credits of a period that come to less are not paid; 0: all are.
    pub not_paid_below: i64,
    /// The caps of kinds of periods, at most one for each kind.
    pub caps: Vec<PeriodCap>,
    /// A credit must be claimed within so many days after its period; 0: it need not be.
    pub claim_within_days: u32,
}

/// What a month costs the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fee {
    /// The fee of a month that is not listed; 0: none.
    pub monthly: i64,
    /// Whether it depends on use: a month that is not listed has no fee yet.
    pub is_by_use: bool,
    /// The fees of single months, by their first days.
    pub months: Vec<(NaiveDate, i64)>,
    /// What a month costs in which the contract begins or ends.
    pub pro_rata: ProRata,
}

/// What a month costs in which the contract begins or ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProRata {
    /// As large a share of the fee as the days in force are of those of the month.
    #[default]
    Days,
    /// The whole fee.
    WholeMonth,
}

/// What becomes of several credits of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combination {
    /// They are added up.
    #[default]
    Sum,
    /// Only the highest is given; of equal ones the first.
    HighestOnly,
}

/// The most that credits may come to within a kind of period: the lower of what is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodCap {
    /// The kind of period: month, quarter or year.
    pub kind: PeriodKind,
    /// A share of the period's fee.
    pub share: Option<Share>,
    /// An amount.
    pub amount: Option<i64>,
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
    /// What the credit is given for.
    pub per: Per,
    /// Whether everything counts once the objective is missed, not only what it does not allow.
    pub counts_all: bool,
    /// Whether a step that is not full counts.
    pub steps: Steps,
    /// The most that is credited for this objective, as a share of the period's fee.
    pub cap: Option<Share>,
    /// What the client pays when it is exceeded, the lowest figure first.
    pub bonuses: Vec<Bonus>,
    /// Of an objective over rolling days: the kind of period at whose end it is evaluated.
    pub credited_in: Option<PeriodKind>,
}

/// What a credit is given for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// Once for the period.
    #[default]
    Period,
    /// Each outage.
    Outage,
    /// Each late incident.
    LateIncident,
    /// Each step, of this length, by which a late incident is over its limit.
    Lateness(Span),
    /// Each step of downtime, of this length.
    Downtime(Span),
    /// Each step by which the share reached is below the promised one.
    Point(Share),
}

/// Whether a step that is not full counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Steps {
    /// Each step that was started.
    #[default]
    Started,
    /// Only full steps.
    Full,
}

/// How much is credited below a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditTier {
    /// The tier applies below this share; `None`: whenever the objective is missed.
    pub below: Option<Share>,
    /// What is credited.
    pub credit: Credit,
}

/// What the client pays from a share on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bonus {
    /// The share that must be reached; `None`: whenever the objective is met.
    pub from: Option<Share>,
    /// What is paid.
    pub bonus: Credit,
}

/// A credit or bonus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// A share of the period's fee.
    Share(Share),
    /// An amount.
    Amount(i64),
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

    /// Whether nothing but caps makes less of the sum of the credits, or more.
    pub fn is_only_capped(&self) -> bool {
        self.combination == Combination::Sum && self.minimum == 0 && self.not_paid_below == 0
    }

    /// Whether any credit is an amount, and no share of the fee.
    pub fn has_amounts(&self) -> bool {
        let mut credits = self.rules.iter().flat_map(|rule| &rule.tiers).map(|tier| tier.credit);
        credits.any(|credit| matches!(credit, Credit::Amount(_)))
    }

    /// Whether any credit may go back.
    pub fn earns_back(&self) -> bool {
        self.rules.iter().any(|rule| rule.earn_back.is_some())
    }
}

impl Fee {
    /// Whether it is agreed that nothing is paid: there is no fee to take a share of.
    pub fn is_nothing(&self) -> bool {
        self.monthly == 0 && !self.is_by_use && self.months.is_empty()
    }

    /// The fee listed for the month that begins on a date.
    pub fn own(&self, first_day: NaiveDate) -> Option<i64> {
        let mut listed = self.months.iter();
        listed.find(|(month, _)| *month == first_day).map(|(_, amount)| *amount)
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

    /// Whether its credit is given for each of something, and not once for the period.
    pub fn is_counted(&self) -> bool {
        self.per != Per::Period
    }

    /// The bonus for what was reached: the last one that was.
    pub fn bonus(&self, reached: Option<Share>) -> Option<&Bonus> {
        self.bonuses.iter().rev().find(|bonus| match (bonus.from, reached) {
            (None, _) => true,
            (Some(from), Some(reached)) => reached >= from,
            (Some(_), None) => false,
        })
    }

    /// The kind of period in which an objective is credited: its own, or for rolling days the one
    /// agreed, else the month.
    pub fn credited_in(&self, objective: &Objective) -> PeriodKind {
        match objective.period {
            PeriodKind::RollingDays(_) => self.credited_in.unwrap_or(PeriodKind::Month),
            kind => kind,
        }
    }
}
