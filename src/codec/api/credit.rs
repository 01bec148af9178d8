//! Service credits: of a contract's terms, and as a statement shows them.

use chrono::NaiveDate;

use super::figures::ToField;
use crate::codec::checks::Checks;
use crate::codec::limits::Limits;
use crate::codec::scalar::{count_to, encode_period, share, share_or};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::calendar::read_date;
use crate::domain::compliance::Period;
use crate::domain::compliance::credit::{Ground, Line};
use crate::domain::contract::{CreditRule, CreditTier, Credits, Terms};
use crate::domain::share::Share;
use crate::domain::violation::Violation;
use crate::engine::answers::credit::CreditStatement;

const REPEATS_DEFAULT: u32 = 3;

/// What missed objectives cost the provider.
pub(super) fn decode(credits: v1::Credits, checks: Checks<'_>) -> Result<Credits, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    violations.at_most("rules", credits.rules.len(), checks.limits.credit_rules_per_contract);
    let decoded = Credits {
        monthly_fee: violations.or("monthly_fee", fee(credits.monthly_fee, checks.limits), 0),
        rules: violations.each("rules", credits.rules, |rule| decode_rule(rule, checks)),
        cap: violations.or("cap_percent", share_or(&credits.cap_percent, Share::ALL), Share::ALL),
        from_date: violations.or("from_date", optional_date(&credits.from_date), None),
    };
    violations.check()?;
    Ok(decoded)
}

fn fee(minor_units: i64, limits: &Limits) -> Result<i64, String> {
    let most = limits.monthly_fee_minor_units;
    match (0..=most).contains(&minor_units) {
        true => Ok(minor_units),
        false => Err(format!("is {minor_units}: write 0 to {most}")),
    }
}

fn optional_date(text: &str) -> Result<Option<NaiveDate>, String> {
    if text.is_empty() { Ok(None) } else { read_date(text).map(Some) }
}

fn decode_rule(rule: v1::CreditRule, checks: Checks<'_>) -> Result<CreditRule, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let earn_back = match rule.earn_back_percent.as_str() {
        "" => Ok(None),
        given => share(given).map(Some),
    };
    check_tiers(&rule.tiers, checks.limits, &mut violations);
    let decoded = CreditRule {
        objective_id: violations.or(
            "objective_id",
            checks.terms_id(rule.objective_id),
            String::new(),
        ),
        tiers: violations.each("tiers", rule.tiers, decode_tier),
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
        earn_back: violations.or("earn_back_percent", earn_back, None),
    };
    violations.check()?;
    Ok(decoded)
}

fn decode_tier(tier: v1::CreditTier) -> Result<CreditTier, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let below = match tier.below_percent.as_str() {
        "" => Ok(None),
        given => share(given).map(Some),
    };
    let decoded = CreditTier {
        below: violations.or("below_percent", below, None),
        credit: violations.or("credit_percent", share(&tier.credit_percent), Share::NONE),
    };
    violations.check()?;
    Ok(decoded)
}

/// The figures of the tiers fall, and what they credit does not. What is no percentage is reported
/// of elsewhere.
fn check_tiers(tiers: &[v1::CreditTier], limits: &Limits, violations: &mut FieldViolations) {
    if tiers.is_empty() {
        violations.add("tiers", "are missing: say how much is credited");
    }
    violations.at_most("tiers", tiers.len(), limits.tiers_per_credit_rule);
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
        let credits = (percent(&above.credit_percent), percent(&tier.credit_percent));
        if let (Some(above), Some(credit)) = credits
            && credit < above
        {
            let text =
                format!("is less than the {above} of the tier before, which is missed first");
            violations.add(&format!("{field}.credit_percent"), text);
        }
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

/// The message of what missed objectives cost.
pub fn encode(credits: &Credits) -> v1::Credits {
    v1::Credits {
        monthly_fee: credits.monthly_fee,
        rules: credits.rules.iter().map(encode_rule).collect(),
        cap_percent: credits.cap.to_string(),
        from_date: credits.from_date.map(|date| date.to_string()).unwrap_or_default(),
    }
}

fn encode_rule(rule: &CreditRule) -> v1::CreditRule {
    let tier = |tier: &CreditTier| v1::CreditTier {
        below_percent: tier.below.to_field(),
        credit_percent: tier.credit.to_string(),
    };
    v1::CreditRule {
        objective_id: rule.objective_id.clone(),
        tiers: rule.tiers.iter().map(tier).collect(),
        weight_percent: rule.weight.to_string(),
        repeat_percent: rule.repeat.to_string(),
        repeats_most: rule.repeats_most as i32,
        earn_back_percent: rule.earn_back.to_field(),
    }
}

/// The message of a statement.
pub fn encode_statement(statement: &CreditStatement<'_>) -> v1::CreditStatement {
    v1::CreditStatement {
        currency: statement.currency.to_owned(),
        lines: statement.lines.iter().map(encode_line).collect(),
        cap_amount: statement.cap,
        total_amount: statement.total,
        provisional: statement.is_provisional,
    }
}

fn encode_line((line, period): &(Line<'_>, Option<Period>)) -> v1::CreditLine {
    use v1::CreditLineKind as Kind;
    let (kind, credit, weight, repeats) = match line.ground {
        Ground::Missed(missed) => {
            (Kind::Objective, Some(missed.credit), Some(missed.weight), missed.repeats)
        }
        Ground::Cap(cap) => (Kind::Cap, Some(cap), None, 0),
        Ground::EarnBack { .. } => (Kind::EarnBack, None, None, 0),
        Ground::Withheld => (Kind::Withheld, None, None, 0),
        _ => (Kind::Objective, None, None, 0),
    };
    v1::CreditLine {
        kind: kind as i32,
        objective_id: line.objective_id.to_owned(),
        period: period.as_ref().map(encode_period),
        reason: line.reason(),
        base_amount: line.base,
        credit_percent: credit.to_field(),
        weight_percent: weight.to_field(),
        repeats: repeats as i32,
        amount: line.amount,
    }
}
