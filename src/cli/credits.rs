//! Statements of credits, as they are printed.

use iso_currency::Currency;

use super::show::table;
use crate::codec::v1;
use crate::domain::decimal::Decimal;

/// A statement of credits as a table, with its sum.
pub(super) fn show(statement: &v1::CreditStatement) -> String {
    let money = Money::of(&statement.currency);
    let so_far = if statement.provisional { ", so far" } else { "" };
    let cap = money.show(statement.cap_amount);
    let heading = format!("Credits in {}{so_far}, at most {cap}:", money.unit);
    if statement.lines.is_empty() {
        return format!("{heading} no credited objective is evaluated over such a period.");
    }
    let mut rows: Vec<_> = statement.lines.iter().map(|line| row(line, &money)).collect();
    let [mut objective, period, why, fee, mut credit] = HEADINGS.map(|_| String::new());
    objective += "total";
    credit += &money.show(statement.total_amount);
    rows.push(vec![objective, period, why, fee, credit]);
    format!("{heading}\n\n{}", table(&HEADINGS, &[3, 4], rows))
}

const HEADINGS: [&str; 5] = ["objective", "period", "why", "fee", "credit"];

/// What the amounts of a statement are in.
pub(super) fn unit(statement: &v1::CreditStatement) -> String {
    Money::of(&statement.currency).unit
}

/// The objective and the period of each line with its amount; the sum comes last.
pub(super) fn amounts(statement: &v1::CreditStatement) -> Vec<([String; 2], String)> {
    let money = Money::of(&statement.currency);
    let total = (["total".to_owned(), String::new()], money.show(statement.total_amount));
    let lines = statement.lines.iter().map(|line| (names(line), money.show(line.amount)));
    lines.chain([total]).collect()
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
        let exponent = Currency::from_code(code).and_then(Currency::exponent);
        match exponent.and_then(|decimals| u8::try_from(decimals).ok()) {
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
