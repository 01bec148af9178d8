//! Service credits: what a period's missed objectives cost the provider.
//!
//! An objective that was missed credits
//!
//! ```text
//! tier x times x weight x (100 % + repeat x missed periods right before)
//! ```
//!
//! where a tier is a share of the period's fee or an amount, and `times` is how often the credit is
//! given: once, or for each outage, late incident or step of downtime or points. It is computed
//! exactly and rounded once, at the end: half a minor unit is rounded up. Months' fees and caps are
//! rounded in the same way. The rest is sums of whole amounts, each on a line of its own:
//!
//! - Where only the highest credit is given, the others are taken off.
//! - What is credited is raised to the least that is agreed.
//! - The amount by which all credits of a period exceed a cap is taken off. The cap of a quarter or
//!   year also holds for what earlier statements within it have credited.
//! - Credits that come to too little to be paid are taken off.
//! - Earning back a credit undoes it: the period before is computed as though it had not been
//!   given. What was not given of it does not go back, and over any sequence of periods no more
//!   goes back than was credited.
//!
//! Bonuses are lines of their own with a sum of their own.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::attainment::Verdict;
use crate::domain::contract::{Combination, Credit, CreditRule, Credits, PeriodCap, PeriodKind};
use crate::domain::share::Share;
use excess::count;
use rounding::rounded;

pub use excess::{Count, Countable, Measured};
pub use fee::{MonthFee, month_fee, period_fee};
pub use line::{CapUsed, Ground, Line, Missed, ObjectiveVerdict};

mod excess;
mod fee;
mod line;
mod rounding;

const MILLIONTHS: i128 = 1_000_000;

/// No line comes to more, so that sums of lines are numbers that can be reported.
const LINE_MAX: i64 = 200_000_000_000_000_000;

/// A period's evaluated objectives, with the credit terms that governed it.
#[derive(Clone, Debug)]
pub struct EvaluatedPeriod<'c> {
    /// The kind of period.
    pub kind: PeriodKind,
    /// The local date on which the period begins.
    pub first_day: NaiveDate,
    /// Its fee in minor units; `None`: it is not known yet.
    pub fee: Option<i64>,
    /// The ISO 4217 code of its fee.
    pub currency: &'c str,
    /// The credit terms of the governing revision.
    pub credits: &'c Credits,
    /// The results of the objectives over periods of this kind, by objective id. Rules for other
    /// objectives do not apply.
    pub results: BTreeMap<&'c str, ObjectiveVerdict>,
    /// What credits may be counted by, by objective id.
    pub measured: BTreeMap<&'c str, Measured>,
    /// The periods that have a cap and that it ends in: itself, or longer ones.
    pub within: Vec<CappedPeriod>,
}

/// A period that has a cap, and that another one ends in, or that is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CappedPeriod {
    /// Its kind.
    pub kind: PeriodKind,
    /// Its fee in minor units; `None`: it is not known yet.
    pub fee: Option<i64>,
    /// What earlier statements within it have credited, less what was returned of that.
    pub spent: i64,
}

/// What a period's missed objectives cost the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<'c> {
    /// The lines, in the order of the contract's rules; then what is made of all of them, then what
    /// is earned back.
    pub lines: Vec<Line<'c>>,
    /// The most that all credits of the period may come to, in minor units; `None`: no cap applies.
    pub cap: Option<i64>,
    /// The sum of the lines.
    pub total: i64,
    /// The sum of the lines about this period: what it credits before anything is returned.
    pub credited: i64,
    /// What the client pays for objectives that were exceeded.
    pub bonuses: Vec<Line<'c>>,
    /// The sum of those.
    pub bonus: i64,
}

/// The statement of the first of these consecutive periods, which are listed newest first; `None`
/// when there are none.
pub fn statement<'c>(periods: &[EvaluatedPeriod<'c>]) -> Option<Statement<'c>> {
    let (now, earlier) = periods.split_first()?;
    let mut lines = now.lines(earlier);
    lines.extend(now.adjustments(&amounts(&lines)));
    let credited = sum(&lines);
    lines.extend(earned_back(now, earlier));
    let bonuses = now.bonuses();
    let cap = now.caps().into_iter().map(|(_, most)| most).min();
    let (total, bonus) = (sum(&lines), sum(&bonuses));
    Some(Statement { lines, cap, total, credited, bonuses, bonus })
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
    let goes_back = |line: &Line<'c>| lines.iter().any(|l| l.objective_id == line.objective_id);
    let left: Vec<_> = credited.iter().map(|l| if goes_back(l) { 0 } else { l.amount }).collect();
    let given = before.given(&amounts(&credited)).saturating_sub(before.given(&left));
    let withheld = -sum(&lines).saturating_add(given);
    if withheld != 0 {
        let is_by_cap = before.credits.is_only_capped();
        let line = before.line("", Ground::Withheld { is_by_cap }, withheld);
        lines.push(Line { ago: 1, ..line });
    }
    lines
}

impl<'c> EvaluatedPeriod<'c> {
    /// A line for each of its rules; `earlier` are the periods before it, for repetitions.
    fn lines(&self, earlier: &[EvaluatedPeriod<'c>]) -> Vec<Line<'c>> {
        let rules = self.credits.rules.iter().filter(|rule| !rule.tiers.is_empty());
        let line = |rule: &'c CreditRule| {
            let stood = *self.results.get(rule.objective_id.as_str())?;
            let ground = self.ground(rule, stood, earlier);
            Some(match ground {
                Ground::Missed(missed) => self.missed(rule, missed),
                other => self.line(&rule.objective_id, other, 0),
            })
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
        let measured = self.measured.get(rule.objective_id.as_str());
        let count = measured.and_then(|measured| count(rule, measured));
        match (verdict, rule.tier(reached)) {
            (Verdict::NoData, _) => Ground::NoData,
            (Verdict::Met, _) => Ground::Met(stood),
            (Verdict::Missed | Verdict::AtRisk, None) => Ground::NoTier(stood),
            (Verdict::Missed | Verdict::AtRisk, _) if count.is_none() && rule.is_counted() => {
                Ground::NotCounted
            }
            (Verdict::Missed | Verdict::AtRisk, Some(tier)) => Ground::Missed(Missed {
                reached,
                below: tier.below,
                credit: tier.credit,
                count,
                weight: rule.weight,
                repeat: rule.repeat,
                repeats: repeats(rule, earlier),
                cap: None,
            }),
        }
    }

    /// The line of a missed objective, within the cap of its rule.
    fn missed(&self, rule: &'c CreditRule, missed: Missed) -> Line<'c> {
        let amount = missed.amount(self.fee);
        let cap = rule.cap.zip(self.fee).map(|(cap, fee)| (cap, share_of(cap, fee)));
        match cap.filter(|(_, most)| amount > *most) {
            Some((cap, most)) => {
                let missed = Missed { cap: Some(cap), ..missed };
                self.line(&rule.objective_id, Ground::Missed(missed), most)
            }
            None => self.line(&rule.objective_id, Ground::Missed(missed), amount),
        }
    }

    /// What is made of all credits of the period together, in the order it is done.
    fn adjustments(&self, amounts: &[i64]) -> Vec<Line<'c>> {
        let mut lines = Vec::new();
        let mut left = amounts.iter().fold(0_i64, |sum, amount| sum.saturating_add(*amount));
        let mut adjust = |ground, by: i64, left: &mut i64| {
            if by != 0 {
                lines.push(self.line("", ground, by));
                *left = left.saturating_add(by);
            }
        };
        if self.credits.combination == Combination::HighestOnly {
            let highest = amounts.iter().copied().max().unwrap_or_default();
            adjust(Ground::HighestOnly, highest.saturating_sub(left), &mut left);
        }
        let least = self.credits.minimum;
        if left > 0 {
            adjust(Ground::Minimum(least), over(least, left), &mut left);
        }
        for (ground, most) in self.caps() {
            adjust(ground, -over(left, most), &mut left);
        }
        let least = self.credits.not_paid_below;
        if left < least {
            adjust(Ground::NotPaid(least), -left, &mut left);
        }
        lines
    }

    /// What is given of such credits of its objectives.
    fn given(&self, amounts: &[i64]) -> i64 {
        let all = amounts.iter().fold(0_i64, |sum, amount| sum.saturating_add(*amount));
        all.saturating_add(sum(&self.adjustments(amounts)))
    }

    /// The caps that apply to all credits of the period together, each with its amount.
    fn caps(&self) -> Vec<(Ground, i64)> {
        let cap = self.credits.cap;
        let of_fee = self.share(cap, self.fee).map(|most| (Ground::Cap(cap), most));
        let of_kinds = self.credits.caps.iter().filter_map(|cap| self.period_cap(cap));
        of_fee.into_iter().chain(of_kinds).collect()
    }

    fn period_cap(&self, cap: &PeriodCap) -> Option<(Ground, i64)> {
        let within = self.within.iter().find(|within| within.kind == cap.kind);
        let (fee, spent) = match within {
            Some(within) => (within.fee, within.spent.max(0)),
            None if cap.kind == self.kind => (self.fee, 0),
            None => return None,
        };
        let share = cap.share.and_then(|share| self.share(share, fee));
        let most = share.into_iter().chain(cap.amount).min()?;
        let used = CapUsed { kind: cap.kind, most, spent };
        Some((Ground::PeriodCap(used), over(most, spent)))
    }

    /// A share of a fee that is agreed and known.
    fn share(&self, share: Share, fee: Option<i64>) -> Option<i64> {
        fee.filter(|_| !self.credits.fee.is_nothing() || !self.credits.has_amounts())
            .map(|fee| share_of(share, fee))
    }

    /// A line for each objective that was exceeded enough for a bonus.
    fn bonuses(&self) -> Vec<Line<'c>> {
        let bonus = |rule: &'c CreditRule| {
            let ObjectiveVerdict { verdict, reached } =
                *self.results.get(rule.objective_id.as_str())?;
            let bonus = rule.bonus(reached).filter(|_| verdict == Verdict::Met)?;
            let amount = match bonus.bonus {
                Credit::Share(share) => self.fee.map_or(0, |fee| share_of(share, fee)),
                Credit::Amount(amount) => amount,
            };
            let ground = Ground::Bonus { reached, from: bonus.from, bonus: bonus.bonus };
            Some(self.line(&rule.objective_id, ground, amount))
        };
        match self.bedding_in() {
            Some(_) => Vec::new(),
            None => self.credits.rules.iter().filter_map(bonus).collect(),
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
        let (base, currency) = (self.fee, self.currency);
        Line { objective_id, ago: 0, ground, base, currency, amount }
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
    /// The amount it credits; of a share of a fee that is not known yet, nothing.
    fn amount(&self, fee: Option<i64>) -> i64 {
        let share = |share: Share| i128::from(share.millionths());
        let uplift = MILLIONTHS + share(self.repeat) * i128::from(self.repeats);
        let (whole, credit) = match self.credit {
            Credit::Share(credit) => (fee.unwrap_or_default(), share(credit)),
            Credit::Amount(amount) => (amount, MILLIONTHS),
        };
        let times = i128::from(self.count.map_or(1, |count| count.times));
        let exact = i128::from(whole).saturating_mul(credit * share(self.weight) * uplift);
        rounded(exact.saturating_mul(times), MILLIONTHS * MILLIONTHS * MILLIONTHS).min(LINE_MAX)
    }
}

fn share_of(share: Share, amount: i64) -> i64 {
    rounded(i128::from(amount) * i128::from(share.millionths()), MILLIONTHS)
}

fn over(amount: i64, most: i64) -> i64 {
    amount.saturating_sub(most).max(0)
}

fn amounts(lines: &[Line<'_>]) -> Vec<i64> {
    lines.iter().map(|line| line.amount).collect()
}

fn sum(lines: &[Line<'_>]) -> i64 {
    lines.iter().fold(0, |sum, line| sum.saturating_add(line.amount))
}

#[cfg(test)]
mod tests;
