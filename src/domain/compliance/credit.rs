//! Service credits: what a period's missed objectives cost the provider.
//!
//! An objective that was missed credits
//!
//! ```text
//! fee of the period x tier x weight x (100 % + repeat x missed periods right before)
//! ```
//!
//! computed exactly and rounded once, at the end: half a minor unit is rounded up. The cap is
//! rounded in the same way. The rest is sums of whole amounts:
//!
//! - The amount by which all credits of a period exceed its cap is taken off, on its own line.
//! - Earning back a credit undoes it: the period before is computed as though it had not been
//!   given. What that period's cap withheld of it does not go back, and over any sequence of
//!   periods no more goes back than was credited.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::attainment::Verdict;
use crate::domain::contract::{CreditRule, Credits};
use crate::domain::share::Share;

const MILLIONTHS: i128 = 1_000_000;

/// A period's evaluated objectives, with the credit terms that governed it.
#[derive(Clone, Debug)]
pub struct EvaluatedPeriod<'c> {
    /// The local date on which the period begins.
    pub first_day: NaiveDate,
    /// How many months it has.
    pub months: u32,
    /// The ISO 4217 code of its fee.
    pub currency: &'c str,
    /// The credit terms of the governing revision.
    pub credits: &'c Credits,
    /// The results of the objectives over periods of this kind, by objective id. Rules for other
    /// objectives do not apply.
    pub results: BTreeMap<&'c str, ObjectiveVerdict>,
}

/// The verdict on an objective over a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectiveVerdict {
    /// The verdict. An objective at risk is credited as missed, as far as the period has gone.
    pub verdict: Verdict,
    /// The share reached, for objectives on a share.
    pub reached: Option<Share>,
}

/// What a period's missed objectives cost the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'c> {
    /// The lines, in the order of the contract's rules; then the cap, then what is earned back.
    pub lines: Vec<Line<'c>>,
    /// The most that all credits of the period may come to, in minor units.
    pub cap: i64,
    /// The sum of the lines.
    pub total: i64,
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
    /// That period's fee.
    pub base: i64,
    /// The amount credited; negative: taken back.
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
    /// The period begins before this date, the end of the bedding-in time.
    BeddingIn(NaiveDate),
    /// All credits together are over this share of the fee.
    Cap(Share),
    /// The objective reached enough for the credit of the period before to go back.
    EarnBack {
        /// The share reached.
        reached: Share,
        /// The share needed.
        needed: Share,
    },
    /// The part of what goes back that the cap of the period before had withheld.
    Withheld,
}

/// The factors of a missed objective's credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The share reached, if the objective is on a share.
    pub reached: Option<Share>,
    /// The share below which the tier applies; `None`: whenever the objective is missed.
    pub below: Option<Share>,
    /// The share of the period's fee that the tier credits.
    pub credit: Share,
    /// The share of that which the objective weighs.
    pub weight: Share,
    /// How much more is credited for each repetition, as a share of the credit.
    pub repeat: Share,
    /// How many missed periods right before count as repetitions.
    pub repeats: u32,
}

/// The statement of the first of these consecutive periods, which are listed newest first; `None`
/// when there are none.
pub fn statement<'c>(periods: &[EvaluatedPeriod<'c>]) -> Option<Statement<'c>> {
    let (now, earlier) = periods.split_first()?;
    let mut lines = now.lines(earlier);
    let cap = now.cap();
    let over = over(sum(&lines), cap);
    if over > 0 {
        lines.push(now.line("", Ground::Cap(now.credits.cap), -over));
    }
    lines.extend(earned_back(now, earlier));
    Some(Statement { total: sum(&lines), cap, lines })
}

/// The credits of the period before that go back.
fn earned_back<'c>(now: &EvaluatedPeriod<'c>, earlier: &[EvaluatedPeriod<'c>]) -> Vec<Line<'c>> {
    let Some((before, long_before)) = earlier.split_first() else { return Vec::new() };
    if before.currency != now.currency {
        return Vec::new();
    }
    let credited = before.lines(long_before);
    let back = |line: &Line<'c>| {
        let ground = now.earns_back(line.objective_id).filter(|_| line.amount > 0)?;
        Some(Line { ago: 1, ..before.line(line.objective_id, ground, -line.amount) })
    };
    let mut lines: Vec<_> = credited.iter().filter_map(back).collect();
    let (all, cap) = (sum(&credited), before.cap());
    let left = all.saturating_add(sum(&lines));
    let withheld = over(all, cap) - over(left, cap);
    if withheld > 0 {
        lines.push(Line { ago: 1, ..before.line("", Ground::Withheld, withheld) });
    }
    lines
}

impl<'c> EvaluatedPeriod<'c> {
    /// A line for each of its rules; `earlier` are the periods before it, for repetitions.
    fn lines(&self, earlier: &[EvaluatedPeriod<'c>]) -> Vec<Line<'c>> {
        let rules = self.credits.rules.iter();
        let line = |rule: &'c CreditRule| {
            let stood = *self.results.get(rule.objective_id.as_str())?;
            let ground = self.ground(rule, stood, earlier);
            let amount = match &ground {
                Ground::Missed(missed) => missed.amount(self.base()),
                _ => 0,
            };
            Some(self.line(&rule.objective_id, ground, amount))
        };
        rules.filter_map(line).collect()
    }

    fn ground(
        &self,
        rule: &CreditRule,
        stood: ObjectiveVerdict,
        earlier: &[EvaluatedPeriod<'c>],
    ) -> Ground {
        let ObjectiveVerdict { verdict, reached } = stood;
        if let Some(from_date) = self.bedding_in() {
            return Ground::BeddingIn(from_date);
        }
        match (verdict, rule.tier(reached)) {
            (Verdict::NoData, _) => Ground::NoData,
            (Verdict::Met, _) => Ground::Met(stood),
            (Verdict::Missed | Verdict::AtRisk, None) => Ground::NoTier(stood),
            (Verdict::Missed | Verdict::AtRisk, Some(tier)) => Ground::Missed(Missed {
                reached,
                below: tier.below,
                credit: tier.credit,
                weight: rule.weight,
                repeat: rule.repeat,
                repeats: repeats(rule, earlier),
            }),
        }
    }

    /// The end of the bedding-in time, if the period belongs to it.
    fn bedding_in(&self) -> Option<NaiveDate> {
        self.credits.from_date.filter(|from_date| self.first_day < *from_date)
    }

    /// Whether it earns back the credit of the period before.
    fn earns_back(&self, objective_id: &str) -> Option<Ground> {
        let needed = self.credits.rule(objective_id)?.earn_back?;
        let ObjectiveVerdict { verdict, reached } = *self.results.get(objective_id)?;
        let reached = reached.filter(|reached| *reached >= needed)?;
        (verdict == Verdict::Met).then_some(Ground::EarnBack { reached, needed })
    }

    fn line(&self, objective_id: &'c str, ground: Ground, amount: i64) -> Line<'c> {
        Line { objective_id, ago: 0, ground, base: self.base(), amount }
    }

    /// The fee of the period, in minor units.
    fn base(&self) -> i64 {
        self.credits.monthly_fee.saturating_mul(self.months.into())
    }

    fn cap(&self) -> i64 {
        let exact = i128::from(self.base()) * i128::from(self.credits.cap.millionths());
        rounded(exact, MILLIONTHS)
    }
}

/// How many of the periods right before count as repetitions.
fn repeats(rule: &CreditRule, earlier: &[EvaluatedPeriod<'_>]) -> u32 {
    let is_missed = |period: &&EvaluatedPeriod<'_>| {
        let stood = period.results.get(rule.objective_id.as_str());
        period.bedding_in().is_none() && stood.is_some_and(|s| s.verdict == Verdict::Missed)
    };
    match rule.repeat {
        Share::NONE => 0,
        _ => (0..rule.repeats_most).zip(earlier.iter().take_while(is_missed)).count() as u32,
    }
}

impl Missed {
    fn amount(&self, base: i64) -> i64 {
        let share = |share: Share| i128::from(share.millionths());
        let uplift = MILLIONTHS + share(self.repeat) * i128::from(self.repeats);
        let factors = share(self.credit) * share(self.weight) * uplift;
        let exact = i128::from(base).saturating_mul(factors);
        rounded(exact, MILLIONTHS * MILLIONTHS * MILLIONTHS)
    }
}

/// `exact / unit`, rounded to a whole number, half of one upwards. The only rounding of a credit.
fn rounded(exact: i128, unit: i128) -> i64 {
    let whole = exact.saturating_add(unit / 2).div_euclid(unit);
    i64::try_from(whole).unwrap_or(i64::MAX)
}

fn over(amount: i64, cap: i64) -> i64 {
    amount.saturating_sub(cap).max(0)
}

fn sum(lines: &[Line<'_>]) -> i64 {
    lines.iter().fold(0, |sum, line| sum.saturating_add(line.amount))
}

impl Line<'_> {
    /// Why the amount is what it is, as a sentence with its figures.
    pub fn reason(&self) -> String {
        match &self.ground {
            Ground::Missed(missed) => missed.reason(),
            Ground::NoTier(ObjectiveVerdict { reached: Some(reached), .. }) => {
                format!("{reached}% misses it, and no tier credits that")
            }
            Ground::NoTier(_) => "missed, and no tier credits that".to_owned(),
            Ground::Met(ObjectiveVerdict { reached: Some(reached), .. }) => {
                format!("met with {reached}%")
            }
            Ground::Met(_) => "met".to_owned(),
            Ground::NoData => "too little is known for it to be evaluated".to_owned(),
            Ground::BeddingIn(date) => format!("nothing is credited for periods before {date}"),
            Ground::Cap(cap) => format!("all credits together are at most {cap}% of the fee"),
            Ground::EarnBack { reached, needed } => {
                format!("{reached}% reaches {needed}%, which earns back the credit before")
            }
            Ground::Withheld => "the cap had withheld that much of what is earned back".to_owned(),
        }
    }
}

impl Missed {
    fn reason(&self) -> String {
        let Missed { credit, weight, repeat, repeats, .. } = self;
        let mut text = match (self.reached, self.below) {
            (Some(reached), Some(below)) => format!("{reached}% is below {below}%"),
            (Some(reached), None) => format!("{reached}% misses it"),
            (None, _) => "missed".to_owned(),
        };
        text += &format!(": {credit}% of the fee");
        if *weight != Share::ALL {
            text += &format!(", weight {weight}%");
        }
        match repeats {
            0 => {}
            1 => text += &format!(", and {repeat}% more since it was missed before"),
            n => text += &format!(", and {repeat}% more for each of {n} misses before"),
        }
        text
    }
}

#[cfg(test)]
mod tests;
