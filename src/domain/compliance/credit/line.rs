//! The lines of a statement: why each is there, and its reason in words.

use chrono::NaiveDate;

use super::excess::Count;
use crate::domain::compliance::attainment::Verdict;
use crate::domain::contract::{Credit, PeriodKind};
use crate::domain::money::Amount;
use crate::domain::share::Share;

/// The verdict on an objective over a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectiveVerdict {
    /// The verdict. An objective at risk is credited as missed, as far as the period has gone.
    pub verdict: Verdict,
    /// The share reached, for objectives on a share.
    pub reached: Option<Share>,
}

/// A line of a statement, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'c> {
    /// The objective's id; empty: the line is about all of them.
    pub objective_id: &'c str,
    /// Which period's credit it is: 0 for this one, 1 for the one before.
    pub ago: usize,
    /// Why the line is there.
    pub ground: Ground,
    /// That period's fee; `None`: it is not told yet.
    pub base: Option<i64>,
    /// The ISO 4217 code of the amounts.
    pub currency: &'c str,
    /// The amount credited; negative: taken back. Of a bonus: what the client pays.
    pub amount: i64,
}

/// Why a line is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The objective was missed, and a tier applies.
    Missed(Missed),
    /// It was missed, but no tier covers what was reached.
    NoTier(ObjectiveVerdict),
    /// It was met.
    Met(ObjectiveVerdict),
    /// There was too little data to evaluate it.
    NoData,
    /// It was missed, but nothing of the kind that its credit is given for is measured.
    NotCounted,
    /// The period begins before this date, the end of the bedding-in time.
    BeddingIn(NaiveDate),
    /// Only the highest credit is given.
    HighestOnly,
    /// The credits are raised to the least that is agreed.
    Minimum(i64),
    /// All credits together are over this share of the fee.
    Cap(Share),
    /// All credits together are over what is agreed for a kind of period.
    PeriodCap(CapUsed),
    /// All credits together are too little to be paid.
    NotPaid(i64),
    /// The objective reached enough for the credit of the period before to go back.
    EarnBack {
        /// The share reached.
        reached: Share,
        /// The share needed.
        needed: Share,
    },
    /// The part of what goes back that was not given in the period before.
    Withheld {
        /// Whether only a cap can have withheld it.
        is_by_cap: bool,
    },
    /// The objective was exceeded, and a bonus applies.
    Bonus {
        /// The share reached, if the objective is on a share.
        reached: Option<Share>,
        /// The share from which the bonus applies.
        from: Option<Share>,
        /// The bonus.
        bonus: Credit,
    },
}

/// A cap of a kind of period, and how much of it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapUsed {
    /// The kind of period.
    pub kind: PeriodKind,
    /// The most for the whole of it.
    pub most: i64,
    /// What earlier statements within it have credited.
    pub spent: i64,
}

/// The factors of a missed objective's credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The share reached, if the objective is on a share.
    pub reached: Option<Share>,
    /// The share below which the tier applies; `None`: whenever the objective is missed.
    pub below: Option<Share>,
    /// What the tier credits.
    pub credit: Credit,
    /// How often, and for what; `None`: once for the period.
    pub count: Option<Count>,
    /// The share of that which the objective weighs.
    pub weight: Share,
    /// How much more is credited for each repetition, as a share of the credit.
    pub repeat: Share,
    /// How many missed periods right before count as repetitions.
    pub repeats: u32,
    /// The cap of the rule, if the line is at it.
    pub cap: Option<Share>,
}

impl Line<'_> {
    /// Whether its amount is a share of the period's fee.
    pub fn is_share_of_fee(&self) -> bool {
        let credit = match &self.ground {
            Ground::Missed(missed) => missed.credit,
            Ground::Bonus { bonus, .. } => *bonus,
            _ => return false,
        };
        matches!(credit, Credit::Share(_))
    }

    /// Why the amount is what it is, as a sentence with its figures.
    pub fn reason(&self) -> String {
        let money = |minor_units| Amount { minor_units, currency: self.currency };
        match &self.ground {
            Ground::Missed(missed) => self.missed(missed),
            Ground::NoTier(ObjectiveVerdict { reached: Some(reached), .. }) => {
                format!("{reached}% misses it, and no tier credits that")
            }
            Ground::NoTier(_) => "missed, and no tier credits that".to_owned(),
            Ground::Met(ObjectiveVerdict { reached: Some(reached), .. }) => {
                format!("met with {reached}%")
            }
            Ground::Met(_) => "met".to_owned(),
            Ground::NoData => "too little is known for it to be evaluated".to_owned(),
            Ground::NotCounted => "missed, but what it is credited for is not measured".to_owned(),
            Ground::BeddingIn(date) => format!("nothing is credited for periods before {date}"),
            Ground::HighestOnly => "only the highest credit is given".to_owned(),
            Ground::Minimum(least) => format!("a credit is at least {}", money(*least)),
            Ground::Cap(cap) => format!("all credits together are at most {cap}% of the fee"),
            Ground::PeriodCap(CapUsed { kind, most, spent }) => {
                let text = format!("all credits of a {} are at most {}", word(*kind), money(*most));
                match spent {
                    0 => text,
                    spent => format!("{text}, of which {} are used up", money(*spent)),
                }
            }
            Ground::NotPaid(least) => format!("less than {} is not paid", money(*least)),
            Ground::EarnBack { reached, needed } => {
                format!("{reached}% reaches {needed}%, which earns back the credit before")
            }
            Ground::Withheld { is_by_cap: true } => {
                "the cap had withheld that much of what is earned back".to_owned()
            }
            Ground::Withheld { .. } if self.amount > 0 => {
                "that much of what is earned back had not been given".to_owned()
            }
            Ground::Withheld { .. } => {
                "the minimum had added that much to what is earned back".to_owned()
            }
            Ground::Bonus { reached, from, bonus } => {
                let exceeded = match (reached, from) {
                    (Some(reached), Some(from)) => format!("{reached}% reaches {from}%"),
                    (Some(reached), None) => format!("met with {reached}%"),
                    (None, _) => "met".to_owned(),
                };
                format!("{exceeded}: a bonus of {}", self.credit(*bonus))
            }
        }
    }

    fn credit(&self, credit: Credit) -> String {
        match credit {
            Credit::Share(share) if self.base.is_none() => {
                format!("{share}% of a fee that is not told yet")
            }
            Credit::Share(share) => format!("{share}% of the fee"),
            Credit::Amount(minor_units) => {
                Amount { minor_units, currency: self.currency }.to_string()
            }
        }
    }

    fn missed(&self, missed: &Missed) -> String {
        let Missed { credit, count, weight, repeat, repeats, cap, .. } = missed;
        let mut text = match (missed.reached, missed.below) {
            _ if count.is_some() => count.map(|c| c.found.in_words()).unwrap_or_default(),
            (Some(reached), Some(below)) => format!("{reached}% is below {below}%"),
            (Some(reached), None) => format!("{reached}% misses it"),
            (None, _) => "missed".to_owned(),
        };
        text += &format!(": {}", self.credit(*credit));
        if let Some(count) = count {
            let s = if count.times == 1 { "" } else { "s" };
            text += &format!(" for {}, {} time{s}", count.found.each(), count.times);
        }
        if *weight != Share::ALL {
            text += &format!(", weight {weight}%");
        }
        match repeats {
            0 => {}
            1 => text += &format!(", and {repeat}% more since it was missed before"),
            n => text += &format!(", and {repeat}% more for each of {n} misses before"),
        }
        if let Some(cap) = cap {
            text += &format!(", but at most {cap}% of the fee");
        }
        text
    }
}

fn word(kind: PeriodKind) -> &'static str {
    match kind {
        PeriodKind::Month => "month",
        PeriodKind::Quarter => "quarter",
        PeriodKind::Year => "year",
        PeriodKind::RollingDays(_) => "period",
    }
}
