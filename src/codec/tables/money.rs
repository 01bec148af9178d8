//! The table `credits`: the credit statements of a contract's periods, line by line.

use super::cell::Cell::{Count, Flag, Number, Percent, Text, Time, Word};
use super::periods::OfPeriod;
use super::table::{Column, ExportTable, column, key};
use crate::codec::v1::{CreditLine, CreditStatement};

/// A line of a credit statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Credited {
    /// The statement, without its lines.
    pub statement: CreditStatement,
    /// The number of the line in the statement, from 1.
    pub number: i32,
    /// The line.
    pub line: CreditLine,
}

impl Credited {
    /// The lines of a statement, those of its bonuses last.
    pub fn all(mut statement: CreditStatement) -> Vec<Credited> {
        let mut lines = std::mem::take(&mut statement.lines);
        lines.append(&mut statement.bonus_lines);
        statement.fees.clear();
        let line = |(line, number)| Credited { statement: statement.clone(), number, line };
        lines.into_iter().zip(1..).map(line).collect()
    }
}

/// A row for every line of the credit statements of a period and of the periods within it.
pub const CREDITS: ExportTable<OfPeriod<Credited>> = ExportTable {
    name: "credits",
    meaning: "A row for every line of the credit statements of a contract's period, and of the \
              whole periods within it.",
    columns: &COLUMNS,
};

const COLUMNS: [Column<OfPeriod<Credited>>; 18] = [
    key("contract_id", Text(|row| &row.contract_id), "The contract."),
    key("period", Text(|row| &row.period.name), "The period that was requested."),
    key(
        "statement_period",
        Text(|row| row.value.statement.period.as_ref().map_or("", |period| &period.name)),
        "The period of the statement.",
    ),
    key("line", Number(|row| row.value.number), "The number of the line, from 1."),
    column(
        "kind",
        Word("CREDIT_LINE_KIND_", |row| row.value.line.kind().as_str_name()),
        "What it is about: `objective`, `cap`, `earn back`, `withheld`, `highest only`, `minimum`, \
         `not paid`, `bonus`.",
    ),
    column("objective_id", Text(|row| &row.value.line.objective_id), "The objective; empty: all."),
    column(
        "credit_start",
        Time(|row| row.value.line.period.as_ref().and_then(|period| period.start_time)),
        "When the period that it credits begins.",
    ),
    column("reason", Text(|row| &row.value.line.reason), "How the amount comes about."),
    column("currency", Text(|row| &row.value.statement.currency), "The currency."),
    column(
        "base_amount",
        Count(|row| row.value.line.base_amount),
        "The fee of the period, in minor units.",
    ),
    column(
        "amount",
        Count(|row| row.value.line.amount),
        "The amount in minor units, credited to the client; of a bonus, to the provider.",
    ),
    column(
        "credit_percent",
        Percent(|row| &row.value.line.credit_percent),
        "The credit by the tier that applies, of the fee.",
    ),
    column(
        "weight_percent",
        Percent(|row| &row.value.line.weight_percent),
        "The weight of the objective.",
    ),
    column(
        "repeats",
        Number(|row| row.value.line.repeats),
        "How many periods directly before were missed too, and count.",
    ),
    column(
        "count",
        Count(|row| row.value.line.count),
        "How many outages, late incidents or steps are credited.",
    ),
    column(
        "statement_amount",
        Count(|row| row.value.statement.total_amount),
        "The sum of the statement, without bonuses, in minor units.",
    ),
    column(
        "claim_by_date",
        Text(|row| &row.value.statement.claim_by_date),
        "The last local date on which it may be claimed.",
    ),
    column(
        "provisional",
        Flag(|row| row.value.statement.provisional),
        "Whether the period goes on, so that it can still change.",
    ),
];
