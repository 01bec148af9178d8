//! Service credits: the terms of a contract.

use chrono::NaiveDate;

use super::credit_rule::{calendar_kind, decode_rule, encode_rule, kind_number, optional_share};
use super::figures::ToField;
use super::money::{Currency, amount, optional_amount};
use crate::codec::checks::Checks;
use crate::codec::choices::{
    combination, combination_number, pro_rata, pro_rata_number, unless_default,
};
use crate::codec::scalar::{count_to, optional_date, share_or};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::calendar::read_date;
use crate::domain::contract::{Combination, Credits, Fee, PeriodCap, PeriodKind, ProRata, Terms};
use crate::domain::share::Share;
use crate::domain::violation::Violation;

const CLAIM_DAYS_MAX: u32 = 3660;

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
        let own = match given.fee {
            None => Err("is missing: give what the month costs".into()),
            fee => amount(fee, money),
        };
        let own = within.or("fee", own, 0);
        within.check().map(|()| (first_day, own))
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
    let month = |(month, own): &(NaiveDate, i64)| v1::MonthFee {
        month: month.format("%Y-%m").to_string(),
        fee: Some(money(*own)),
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
