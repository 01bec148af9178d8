//! Service credits: the terms of a contract.

use chrono::NaiveDate;

use super::figures::ToField;
use super::money::{Currency, amount, optional_amount};
use crate::codec::checks::Checks;
use crate::codec::choices::{
    ObjectivePeriod, combination, combination_number, objective_period, objective_period_number,
    pro_rata, pro_rata_number, step_count, step_count_number,
};
use crate::codec::scalar::{count_to, duration, positive_span, share, share_or};
use crate::codec::v1;
use crate::codec::violations::{FieldViolations, Wrong};
use crate::domain::calendar::read_date;
use crate::domain::contract::{
    Bonus, Combination, Credit, CreditRule, CreditTier, Credits, Fee, Per, PeriodCap, PeriodKind,
    ProRata, Steps, Terms,
};
use crate::domain::share::Share;
use crate::domain::time::Span;
use crate::domain::violation::Violation;

const REPEATS_DEFAULT: u32 = 3;
const CLAIM_DAYS_MAX: u32 = 3660;
const STEP_TIME_DEFAULT: Span = Span::from_nanos(3_600_000_000_000);
/// One percentage point.
const STEP_DEFAULT: &str = "1";

/// What missed objectives cost the provider, in the contract's currency.
pub(super) fn decode(
    credits: v1::Credits,
    currency: &str,
    checks: Checks<'_>,
) -> Result<Credits, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let money = Currency { code: currency, most: checks.limits.monthly_fee_minor_units };
    violations.at_most("rules", credits.rules.len(), checks.limits.credit_rules_per_contract);
    let fee = decode_fee(&credits, money, checks, &mut violations);
    let claim_days = match checks.are_rules_held {
        true => CLAIM_DAYS_MAX,
        false => u32::MAX,
    };
    let decoded = Credits {
        fee,
        rules: violations.each("rules", credits.rules, |rule| decode_rule(rule, money, checks)),
        cap: violations.or("cap_percent", share_or(&credits.cap_percent, Share::ALL), Share::ALL),
        from_date: violations.or("from_date", optional_date(&credits.from_date), None),
        combination: violations.choice("combination", credits.combination, combination),
        minimum: violations.or("minimum_credit", amount(credits.minimum_credit, money), 0),
        not_paid_below: violations.or("not_paid_below", amount(credits.not_paid_below, money), 0),
        caps: violations.each("caps", credits.caps, |cap| decode_cap(cap, money)),
        claim_within_days: violations.or(
            "claim_within_days",
            count_to(credits.claim_within_days, claim_days),
            0,
        ),
    };
    for (index, cap) in decoded.caps.iter().enumerate() {
        if decoded.caps.iter().take(index).any(|earlier| earlier.kind == cap.kind) {
            violations.add(&format!("caps[{index}].period"), "has a cap already: give one a kind");
        }
    }
    violations.check()?;
    Ok(decoded)
}

fn decode_fee(
    credits: &v1::Credits,
    money: Currency<'_>,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> Fee {
    let older = violations.or("monthly_fee", money.within(credits.monthly_fee), 0);
    let fee = violations.or("fee", optional_amount(credits.fee.clone(), money), None);
    let monthly = match (fee, older) {
        (Some(fee), older) if older != 0 && older != fee => {
            violations.add("fee", format!("is {fee} minor units, and monthly_fee {older}"));
            fee
        }
        (fee, older) => fee.unwrap_or(older),
    };
    if credits.fee_by_use && monthly != 0 {
        violations.add("fee_by_use", "goes with no `fee`: list the months in `month_fees`");
    }
    let limit = checks.limits.month_fees_per_contract;
    violations.at_most("month_fees", credits.month_fees.len(), limit);
    let month_fee = |given: v1::MonthFee| {
        let mut within = FieldViolations::default();
        let first_day = within.or("month", month(&given.month), NaiveDate::MIN);
        let told = match given.fee {
            None => Err("is missing: give what the month costs".into()),
            fee => amount(fee, money),
        };
        let told = within.or("fee", told, 0);
        within.check().map(|()| (first_day, told))
    };
    let months = violations.each("month_fees", credits.month_fees.clone(), month_fee);
    for (index, (month, _)) in months.iter().enumerate() {
        if months.iter().take(index).any(|(earlier, _)| earlier == month) {
            violations.add(&format!("month_fees[{index}].month"), "is given twice");
        }
    }
    let pro_rata = violations.choice("fee_pro_rata", credits.fee_pro_rata, pro_rata);
    Fee { monthly, is_by_use: credits.fee_by_use, months, pro_rata }
}

/// The first day of a month that is written `2026-07`.
fn month(text: &str) -> Result<NaiveDate, String> {
    let first = read_date(&format!("{text}-01")).ok();
    first.ok_or_else(|| format!("{text:?} is not a month: write \"2026-07\""))
}

fn decode_cap(cap: v1::CreditCap, money: Currency<'_>) -> Result<PeriodCap, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = PeriodCap {
        kind: violations.or("period", calendar_kind(cap.period), PeriodKind::Month),
        share: violations.or("percent", optional_share(&cap.percent), None),
        amount: violations.or("amount", optional_amount(cap.amount.clone(), money), None),
    };
    if cap.percent.is_empty() && cap.amount.is_none() {
        violations.add("percent", "is missing: give a percentage, an amount, or both");
    }
    violations.check()?;
    Ok(decoded)
}

fn calendar_kind(number: i32) -> Result<PeriodKind, String> {
    match objective_period(number)? {
        ObjectivePeriod::Month => Ok(PeriodKind::Month),
        ObjectivePeriod::Quarter => Ok(PeriodKind::Quarter),
        ObjectivePeriod::Year => Ok(PeriodKind::Year),
        ObjectivePeriod::RollingDays => {
            Err("is ROLLING_DAYS: choose a month, quarter or year".to_owned())
        }
    }
}

fn optional_date(text: &str) -> Result<Option<NaiveDate>, String> {
    if text.is_empty() { Ok(None) } else { read_date(text).map(Some) }
}

fn optional_share(text: &str) -> Result<Option<Share>, String> {
    if text.is_empty() { Ok(None) } else { share(text).map(Some) }
}

fn decode_rule(
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
        objective_id: violations.or("objective_id", checks.id(rule.objective_id), String::new()),
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
    let is_stray = |is_given: bool, owner: Wire| checks.are_rules_held && is_given && per != owner;
    if is_stray(rule.step_time.is_some(), Wire::Downtime) {
        violations.add("step_time", "goes with CREDIT_PER_DOWNTIME only");
    }
    if is_stray(!rule.step_percent.is_empty(), Wire::Point) {
        violations.add("step_percent", "goes with CREDIT_PER_POINT only");
    }
    match per {
        Wire::Unspecified | Wire::Period => Per::Period,
        Wire::Outage => Per::Outage,
        Wire::LateIncident => Per::LateIncident,
        Wire::Downtime => Per::Downtime(match rule.step_time {
            None => STEP_TIME_DEFAULT,
            given => violations.or("step_time", positive_span(given), STEP_TIME_DEFAULT),
        }),
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

/// The objectives that credits name are there, each once.
pub(super) fn check_objectives_named(terms: &Terms, violations: &mut FieldViolations) {
    let rules = terms.credits.iter().flat_map(|credits| &credits.rules).enumerate();
    for (index, rule) in rules {
        let id = &rule.objective_id;
        let field = format!("credits.rules[{index}].objective_id");
        if !terms.objectives.iter().any(|objective| objective.id == *id) {
            violations
                .add(&field, format!("{id:?} is not the id of an objective of this contract"));
        }
        let mut earlier = terms.credits.iter().flat_map(|credits| &credits.rules).take(index);
        if earlier.any(|earlier| earlier.objective_id == *id) {
            violations
                .add(&field, format!("{id:?} has a rule already: give one rule an objective"));
        }
    }
}

/// The message of what missed objectives cost, in a currency.
pub fn encode(credits: &Credits, currency: &str) -> v1::Credits {
    let fee = &credits.fee;
    let money = |minor_units| v1::Money { minor_units, currency: currency.to_owned() };
    let unless_none = |minor_units: i64| (minor_units != 0).then(|| money(minor_units));
    let month = |(month, told): &(NaiveDate, i64)| v1::MonthFee {
        month: month.format("%Y-%m").to_string(),
        fee: Some(money(*told)),
    };
    let cap = |cap: &PeriodCap| v1::CreditCap {
        period: kind_number(cap.kind),
        percent: cap.share.to_field(),
        amount: cap.amount.map(money),
    };
    v1::Credits {
        monthly_fee: fee.monthly,
        rules: credits.rules.iter().map(|rule| encode_rule(rule, &money)).collect(),
        cap_percent: credits.cap.to_string(),
        from_date: credits.from_date.map(|date| date.to_string()).unwrap_or_default(),
        fee: unless_none(fee.monthly),
        fee_by_use: fee.is_by_use,
        month_fees: fee.months.iter().map(month).collect(),
        fee_pro_rata: unless_default(fee.pro_rata, ProRata::Days, pro_rata_number),
        combination: unless_default(credits.combination, Combination::Sum, combination_number),
        minimum_credit: unless_none(credits.minimum),
        not_paid_below: unless_none(credits.not_paid_below),
        caps: credits.caps.iter().map(cap).collect(),
        claim_within_days: credits.claim_within_days as i32,
    }
}

fn kind_number(kind: PeriodKind) -> i32 {
    objective_period_number(match kind {
        PeriodKind::Month => ObjectivePeriod::Month,
        PeriodKind::Quarter => ObjectivePeriod::Quarter,
        PeriodKind::Year => ObjectivePeriod::Year,
        PeriodKind::RollingDays(_) => ObjectivePeriod::RollingDays,
    })
}

/// The number of a choice, or the unspecified zero for the default.
fn unless_default<T: PartialEq>(choice: T, default: T, number: fn(T) -> i32) -> i32 {
    if choice == default { 0 } else { number(choice) }
}

fn encode_rule(rule: &CreditRule, money: &impl Fn(i64) -> v1::Money) -> v1::CreditRule {
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
