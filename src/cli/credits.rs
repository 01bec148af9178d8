//! Statements of credits, as they are printed.

use super::show::table;
use crate::codec::v1;
use crate::domain::decimal::Decimal;
use crate::domain::money::decimals;

/// The statements of a period and of those within it that say something, or else the period's own.
pub(super) fn statements<'s>(
    own: Option<&'s v1::CreditStatement>,
    contained: &'s [v1::CreditStatement],
) -> Vec<&'s v1::CreditStatement> {
    let says = |one: &&v1::CreditStatement| !one.lines.is_empty() || !one.bonus_lines.is_empty();
    let all: Vec<_> = own.into_iter().chain(contained).filter(says).collect();
    if all.is_empty() { own.into_iter().collect() } else { all }
}

/// Those statements, and what they come to together.
pub(super) fn show_all(answer: &v1::GetComplianceResponse) -> Vec<String> {
    let statements = statements(answer.credits.as_ref(), &answer.contained_credits);
    let shown = statements.into_iter().map(|statement| show(statement, &answer.objectives));
    let mut shown: Vec<_> = shown.collect();
    if shown.len() > 1 {
        shown.extend(answer.credit_totals.iter().map(together));
    }
    shown
}

/// What several statements come to.
fn together(total: &v1::CreditTotal) -> String {
    let money = Money::of(&total.currency);
    let so_far = if total.provisional { ", so far" } else { "" };
    format!("Credits together, in {}{so_far}: {}", money.unit, money.show(total.total_amount))
}

/// A statement of credits as a table, with its sum; then its bonuses, which are never set off
/// against them.
fn show(statement: &v1::CreditStatement, objectives: &[v1::ObjectiveResult]) -> String {
    let money = Money::of(&statement.currency);
    let so_far = if statement.provisional { ", so far" } else { "" };
    let cap = match statement.no_cap {
        true => String::new(),
        false => format!(", at most {}", money.show(statement.cap_amount)),
    };
    let period = statement.period.clone().unwrap_or_default().name;
    let heading = format!("Credits of {period} in {}{so_far}{cap}:", money.unit);
    if statement.lines.is_empty() && statement.bonus_lines.is_empty() {
        return format!("{heading} no credited objective is evaluated over such a period.");
    }
    let mut shown = match statement.lines.as_slice() {
        [] => format!("{heading} no objective is credited."),
        lines => {
            let rows = rows(&as_they_stand(lines, objectives), statement.total_amount, &money);
            format!("{heading}\n\n{}", table(&HEADINGS, &[3, 4], rows))
        }
    };
    if !statement.bonus_lines.is_empty() {
        let rows = rows(&statement.bonus_lines, statement.bonus_amount, &money);
        let headings = [HEADINGS[0], HEADINGS[1], HEADINGS[2], HEADINGS[3], "bonus"];
        let rows = table(&headings, &[3, 4], rows);
        let heading = format!("Bonuses of {period} in {}{so_far}", money.unit);
        shown += &format!("\n\n{heading}, owed to the provider and not set off:\n\n{rows}");
    }
    for note in notes(statement, &money) {
        shown += &format!("\n\n{note}");
    }
    shown
}

/// The lines, those of objectives that are only not met so far in words that say so.
fn as_they_stand(
    lines: &[v1::CreditLine],
    objectives: &[v1::ObjectiveResult],
) -> Vec<v1::CreditLine> {
    let is_open = |line: &v1::CreditLine| {
        objectives.iter().any(|result| {
            result.verdict() == v1::ObjectiveVerdict::AtRisk
                && result.period == line.period
                && result.objective.as_ref().is_some_and(|o| o.id == line.objective_id)
        })
    };
    let line = |line: &v1::CreditLine| match is_open(line) {
        false => line.clone(),
        true => {
            let reason = match line.reason.strip_prefix("missed") {
                Some(rest) => format!("not met so far{rest}"),
                None => format!("so far {}", line.reason),
            };
            v1::CreditLine { reason, ..line.clone() }
        }
    };
    lines.iter().map(line).collect()
}

/// The lines with their sum.
fn rows(lines: &[v1::CreditLine], sum: i64, money: &Money) -> Vec<Vec<String>> {
    let mut rows: Vec<_> = lines.iter().map(|line| row(line, money)).collect();
    let [mut objective, period, why, fee, mut amount] = HEADINGS.map(|_| String::new());
    objective += "total";
    amount += &money.show(sum);
    rows.push(vec![objective, period, why, fee, amount]);
    rows
}

/// What there is to say of the fee and of the credits' claim.
pub(super) fn notes(statement: &v1::CreditStatement, money: &Money) -> Vec<String> {
    let mut notes: Vec<String> = statement.fees.iter().filter_map(|f| fee(f, money)).collect();
    if !statement.claim_by_date.is_empty() {
        notes.push(format!("To be claimed by {}.", statement.claim_by_date));
    }
    notes
}

/// What a month costs, where it is not known or not the fee of the whole month.
fn fee(month: &v1::FeeOfMonth, money: &Money) -> Option<String> {
    let v1::FeeOfMonth { month, amount, days_in_force, days } = month;
    match amount {
        None => Some(format!("The fee of {month} is not known yet.")),
        Some(amount) if days_in_force < days => Some(format!(
            "The fee of {month}, with {days_in_force} of {days} days in force: {}.",
            money.show(*amount)
        )),
        Some(_) => None,
    }
}

const HEADINGS: [&str; 5] = ["objective", "period", "why", "fee", "credit"];

/// What the amounts of a statement are in.
pub(super) fn unit(statement: &v1::CreditStatement) -> String {
    Money::of(&statement.currency).unit
}

/// The objective and the period of each line with its amount, then the sum; then the bonuses.
pub(super) fn amounts(statement: &v1::CreditStatement) -> Vec<([String; 2], String)> {
    let money = Money::of(&statement.currency);
    let total = (["total".to_owned(), String::new()], money.show(statement.total_amount));
    let lines = statement.lines.iter().map(|line| (names(line), money.show(line.amount)));
    let bonus = |line: &v1::CreditLine| {
        let [objective, period] = names(line);
        ([format!("bonus for {objective}"), period], money.show(line.amount))
    };
    lines.chain([total]).chain(statement.bonus_lines.iter().map(bonus)).collect()
}

fn names(line: &v1::CreditLine) -> [String; 2] {
    let objective = if line.objective_id.is_empty() { "all" } else { &line.objective_id };
    [objective.to_owned(), line.period.clone().unwrap_or_default().name]
}

fn row(line: &v1::CreditLine, money: &Money) -> Vec<String> {
    let [objective, period] = names(line);
    vec![
        objective,
        period,
        line.reason.clone(),
        money.show(line.base_amount),
        money.show(line.amount),
    ]
}

/// How amounts of a currency are written.
pub(super) struct Money {
    pub unit: String,
    decimals: u8,
}

impl Money {
    /// By ISO 4217; of a currency it does not know, or that has no minor unit, whole numbers of
    /// minor units.
    pub fn of(code: &str) -> Money {
        match decimals(code) {
            Some(decimals) => Money { unit: code.to_owned(), decimals },
            None => Money { unit: format!("minor units of {code}"), decimals: 0 },
        }
    }

    /// `-1250.05`.
    pub fn show(&self, amount: i64) -> String {
        Decimal::new(amount, self.decimals).all_places()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "missed: 5.00 EUR" was said of a month that went on.
    #[test]
    fn what_is_not_met_so_far_is_not_said_to_be_missed() {
        let period = v1::Period { name: "2026-10".into(), ..Default::default() };
        let line = |objective_id: &str, reason: &str| v1::CreditLine {
            objective_id: objective_id.into(),
            period: Some(period.clone()),
            reason: reason.into(),
            ..Default::default()
        };
        let lines = [line("a", "missed: 5.00 EUR"), line("b", "80% is below 90%: 5% of the fee")];
        let result = |id: &str, verdict: v1::ObjectiveVerdict| v1::ObjectiveResult {
            objective: Some(v1::Objective { id: id.into(), ..Default::default() }),
            period: Some(period.clone()),
            verdict: verdict as i32,
            ..Default::default()
        };
        let said = |verdict| {
            let lines = as_they_stand(&lines, &[result("a", verdict), result("b", verdict)]);
            lines.into_iter().map(|line| line.reason).collect::<Vec<_>>()
        };
        let at_risk = ["not met so far: 5.00 EUR", "so far 80% is below 90%: 5% of the fee"];
        assert_eq!(said(v1::ObjectiveVerdict::AtRisk), at_risk);
        assert_eq!(said(v1::ObjectiveVerdict::Missed), lines.each_ref().map(|l| l.reason.clone()));
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (code, amount, shown) in [
            ("EUR", 125_005, "1250.05"),
            ("EUR", -5, "-0.05"),
            ("EUR", 0, "0.00"),
            ("JPY", 1250, "1250"),
            ("BHD", 1, "0.001"),
            ("ZZZ", -1250, "-1250"),
            ("EUR", i64::MIN, "-92233720368547758.08"),
        ] {
            assert_eq!(Money::of(code).show(amount), shown, "{code} {amount}");
        }
        assert_eq!(Money::of("ZZZ").unit, "minor units of ZZZ");
    }
}
