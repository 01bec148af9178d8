//! Service credits: the rules of a contract.

use super::figures::ToField;
use super::money::{Currency, amount};
use crate::codec::checks::Checks;
use crate::codec::choices::{
    ObjectivePeriod, objective_period, objective_period_number, step_count, step_count_number,
    unless_default,
};
use crate::codec::scalar::{count_to, duration, positive_span, share, share_or};
use crate::codec::v1;
use crate::codec::violations::{FieldViolations, Wrong};
use crate::domain::contract::{Bonus, Credit, CreditRule, CreditTier, Per, PeriodKind, Steps};
use crate::domain::share::Share;
use crate::domain::time::Span;
use crate::domain::violation::Violation;

const REPEATS_DEFAULT: u32 = 3;
const STEP_TIME_DEFAULT: Span = Span::from_nanos(3_600_000_000_000);
/// One percentage point.
const STEP_DEFAULT: &str = "1";

/// A month, quarter or year.
pub(super) fn calendar_kind(number: i32) -> Result<PeriodKind, String> {
    match objective_period(number)? {
        ObjectivePeriod::Month => Ok(PeriodKind::Month),
        ObjectivePeriod::Quarter => Ok(PeriodKind::Quarter),
        ObjectivePeriod::Year => Ok(PeriodKind::Year),
        ObjectivePeriod::RollingDays => {
            Err("is ROLLING_DAYS: choose a month, quarter or year".to_owned())
        }
    }
}

/// A percentage that may be left out.
pub(super) fn optional_share(text: &str) -> Result<Option<Share>, String> {
    if text.is_empty() { Ok(None) } else { share(text).map(Some) }
}

/// What is credited for one objective.
pub(super) fn decode_rule(
    rule: v1::CreditRule,
    money: Currency<'_>,
    checks: Checks<'_>,
) -> Result<CreditRule, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    check_tiers(&rule, checks, &mut violations);
    check_bonuses(&rule.bonuses, checks, &mut violations);
    let per = decode_per(&rule, checks, &mut violations);
    let credited_in = match rule.credited_in {
        0 => None,
        given => violations.keep("credited_in", calendar_kind(given)),
    };
    let decoded = CreditRule {
        objective_id: violations.or(
            "objective_id",
            checks.terms_id(rule.objective_id),
            String::new(),
        ),
        tiers: violations.each("tiers", rule.tiers, |tier| decode_tier(tier, money)),
        weight: violations.or(
            "weight_percent",
            share_or(&rule.weight_percent, Share::ALL),
            Share::ALL,
        ),
        repeat: violations.or(
            "repeat_percent",
            share_or(&rule.repeat_percent, Share::NONE),
            Share::NONE,
        ),
        repeats_most: match rule.repeats_most {
            0 => REPEATS_DEFAULT,
            given => {
                violations.or("repeats_most", count_to(given, checks.limits.credit_repeats), 0)
            }
        },
        earn_back: violations.or(
            "earn_back_percent",
            optional_share(&rule.earn_back_percent),
            None,
        ),
        per,
        counts_all: rule.counts_all,
        steps: violations.choice("steps", rule.steps, step_count),
        cap: violations.or("cap_percent", optional_share(&rule.cap_percent), None),
        bonuses: violations.each("bonuses", rule.bonuses, |bonus| decode_bonus(bonus, money)),
        credited_in,
    };
    violations.check()?;
    Ok(decoded)
}

/// What a credit is given for, with the step that belongs to it.
fn decode_per(rule: &v1::CreditRule, checks: Checks<'_>, violations: &mut FieldViolations) -> Per {
    use v1::CreditPer as Wire;
    let Ok(per) = Wire::try_from(rule.per) else {
        violations.add("per", format!("{} is unknown: choose a CreditPer", rule.per));
        return Per::Period;
    };
    let is_stray = |is_given: bool, owners: &[Wire]| {
        checks.are_rules_held && is_given && !owners.contains(&per)
    };
    if is_stray(rule.step_time.is_some(), &[Wire::Downtime, Wire::Lateness]) {
        violations.add("step_time", "goes with CREDIT_PER_DOWNTIME and CREDIT_PER_LATENESS only");
    }
    if is_stray(!rule.step_percent.is_empty(), &[Wire::Point]) {
        violations.add("step_percent", "goes with CREDIT_PER_POINT only");
    }
    match per {
        Wire::Unspecified | Wire::Period => Per::Period,
        Wire::Outage => Per::Outage,
        Wire::LateIncident => Per::LateIncident,
        Wire::Lateness => Per::Lateness(step_time(rule, violations)),
        Wire::Downtime => Per::Downtime(step_time(rule, violations)),
        Wire::Point => {
            let given =
                if rule.step_percent.is_empty() { STEP_DEFAULT } else { &rule.step_percent };
            let step = match share(given) {
                Ok(Share::NONE) => Err("is 0: write more than 0".to_owned()),
                other => other,
            };
            Per::Point(violations.or("step_percent", step, Share::ALL))
        }
    }
}

fn step_time(rule: &v1::CreditRule, violations: &mut FieldViolations) -> Span {
    match rule.step_time {
        None => STEP_TIME_DEFAULT,
        given => violations.or("step_time", positive_span(given), STEP_TIME_DEFAULT),
    }
}

fn decode_tier(tier: v1::CreditTier, money: Currency<'_>) -> Result<CreditTier, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let below = optional_share(&tier.below_percent);
    let credit =
        decode_credit(("credit_percent", &tier.credit_percent), ("credit", tier.credit), money);
    let decoded = CreditTier {
        below: violations.or("below_percent", below, None),
        credit: violations.or("", credit, Credit::Share(Share::NONE)),
    };
    violations.check()?;
    Ok(decoded)
}

fn decode_bonus(bonus: v1::CreditBonus, money: Currency<'_>) -> Result<Bonus, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let from = optional_share(&bonus.from_percent);
    let paid =
        decode_credit(("bonus_percent", &bonus.bonus_percent), ("bonus", bonus.bonus), money);
    let decoded = Bonus {
        from: violations.or("from_percent", from, None),
        bonus: violations.or("", paid, Credit::Share(Share::NONE)),
    };
    violations.check()?;
    Ok(decoded)
}

/// A share or an amount, each with the name of its field: one of them.
fn decode_credit(
    (share_field, percent): (&str, &str),
    (amount_field, given): (&str, Option<v1::Money>),
    money: Currency<'_>,
) -> Result<Credit, Wrong> {
    let mut violations = FieldViolations::default();
    let credit = match (percent, given) {
        ("", Some(given)) => {
            Credit::Amount(violations.or(amount_field, amount(Some(given), money), 0))
        }
        (_, Some(_)) => {
            violations.add(amount_field, format!("is given beside {share_field}: choose one"));
            Credit::Amount(0)
        }
        (percent, None) => Credit::Share(violations.or(share_field, share(percent), Share::NONE)),
    };
    violations.check()?;
    Ok(credit)
}

/// The figures of the tiers fall, and what they credit does not. What is no percentage is reported
/// of elsewhere.
fn check_tiers(rule: &v1::CreditRule, checks: Checks<'_>, violations: &mut FieldViolations) {
    let tiers = &rule.tiers;
    if tiers.is_empty() && rule.bonuses.is_empty() {
        violations.add("tiers", "are missing: say how much is credited");
    }
    violations.at_most("tiers", tiers.len(), checks.limits.tiers_per_credit_rule);
    for (index, pair) in tiers.windows(2).enumerate() {
        let [above, tier] = pair else { continue };
        let percent = |text: &str| Share::from_percent(text).ok();
        let field = format!("tiers[{}]", index + 1);
        let wrong = match (percent(&above.below_percent), percent(&tier.below_percent)) {
            (_, None) if tier.below_percent.is_empty() => {
                "is missing: only the first tier rules whenever the objective is missed"
            }
            (Some(above), Some(below)) if above == below => "is given twice",
            (Some(above), Some(below)) if above < below => {
                "is higher than that of the tier before: list the highest first"
            }
            _ => "",
        };
        if !wrong.is_empty() {
            violations.add(&format!("{field}.below_percent"), wrong);
        }
        check_rising(above, tier, &field, violations);
    }
}

/// A tier credits no less than the one before it, and in the same way.
fn check_rising(
    above: &v1::CreditTier,
    tier: &v1::CreditTier,
    field: &str,
    violations: &mut FieldViolations,
) {
    let percent = |tier: &v1::CreditTier| Share::from_percent(&tier.credit_percent).ok();
    match (&above.credit, &tier.credit) {
        (Some(above), Some(credit)) if credit.minor_units < above.minor_units => {
            let text = "is less than that of the tier before, which is missed first";
            violations.add(&format!("{field}.credit"), text);
        }
        (Some(_), None) | (None, Some(_)) => {
            let text = "is given as a share here and as an amount there: choose one for all tiers";
            violations.add(&format!("{field}.credit"), text);
        }
        _ => {}
    }
    if let (Some(above), Some(credit)) = (percent(above), percent(tier))
        && credit < above
    {
        let text = format!("is less than the {above} of the tier before, which is missed first");
        violations.add(&format!("{field}.credit_percent"), text);
    }
}

/// The figures of the bonuses rise.
fn check_bonuses(
    bonuses: &[v1::CreditBonus],
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) {
    violations.at_most("bonuses", bonuses.len(), checks.limits.tiers_per_credit_rule);
    for (index, pair) in bonuses.windows(2).enumerate() {
        let [below, bonus] = pair else { continue };
        let percent = |bonus: &v1::CreditBonus| Share::from_percent(&bonus.from_percent).ok();
        let wrong = match (percent(below), percent(bonus)) {
            (_, None) if bonus.from_percent.is_empty() => {
                "is missing: only the first bonus is paid whenever the objective is met"
            }
            (Some(below), Some(from)) if from <= below => {
                "is no higher than that of the bonus before: list the lowest first"
            }
            _ => continue,
        };
        violations.add(&format!("bonuses[{}].from_percent", index + 1), wrong);
    }
}

/// The number of a kind of period.
pub(super) fn kind_number(kind: PeriodKind) -> i32 {
    objective_period_number(match kind {
        PeriodKind::Month => ObjectivePeriod::Month,
        PeriodKind::Quarter => ObjectivePeriod::Quarter,
        PeriodKind::Year => ObjectivePeriod::Year,
        PeriodKind::RollingDays(_) => ObjectivePeriod::RollingDays,
    })
}

/// The message of a rule.
pub(super) fn encode_rule(rule: &CreditRule, money: &impl Fn(i64) -> v1::Money) -> v1::CreditRule {
    let (per, step_time, step_percent) = encode_per(rule.per);
    let tier = |tier: &CreditTier| {
        let (credit_percent, credit) = encode_credit(tier.credit, money);
        v1::CreditTier { below_percent: tier.below.to_field(), credit_percent, credit }
    };
    let bonus = |bonus: &Bonus| {
        let (bonus_percent, paid) = encode_credit(bonus.bonus, money);
        v1::CreditBonus { from_percent: bonus.from.to_field(), bonus_percent, bonus: paid }
    };
    v1::CreditRule {
        objective_id: rule.objective_id.clone(),
        tiers: rule.tiers.iter().map(tier).collect(),
        weight_percent: rule.weight.to_string(),
        repeat_percent: rule.repeat.to_string(),
        repeats_most: rule.repeats_most as i32,
        earn_back_percent: rule.earn_back.to_field(),
        per: per as i32,
        counts_all: rule.counts_all,
        step_time,
        step_percent,
        steps: unless_default(rule.steps, Steps::Started, step_count_number),
        cap_percent: rule.cap.to_field(),
        bonuses: rule.bonuses.iter().map(bonus).collect(),
        credited_in: rule.credited_in.map_or(0, kind_number),
    }
}

fn encode_per(per: Per) -> (v1::CreditPer, Option<prost_types::Duration>, String) {
    use v1::CreditPer as Wire;
    match per {
        Per::Period => (Wire::Unspecified, None, String::new()),
        Per::Outage => (Wire::Outage, None, String::new()),
        Per::LateIncident => (Wire::LateIncident, None, String::new()),
        Per::Lateness(step) => (Wire::Lateness, Some(duration(step)), String::new()),
        Per::Downtime(step) => (Wire::Downtime, Some(duration(step)), String::new()),
        Per::Point(step) => (Wire::Point, None, step.to_string()),
    }
}

fn encode_credit(credit: Credit, money: &impl Fn(i64) -> v1::Money) -> (String, Option<v1::Money>) {
    match credit {
        Credit::Share(share) => (share.to_string(), None),
        Credit::Amount(amount) => (String::new(), Some(money(amount))),
    }
}
