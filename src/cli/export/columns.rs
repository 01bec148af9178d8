//! The columns of an export. `docs/export.md` documents them; a test holds it to this list.

use prost_types::{Duration, Timestamp};

use super::super::show::choice;
use crate::codec::v1::ClockRow;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    name: &'static str,
    pub value: Value,
}

/// What it holds, and how it is read off a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Text(fn(&ClockRow) -> &str),
    /// A choice of the API, in lower case; empty: none.
    Word(fn(&ClockRow) -> String),
    Number(fn(&ClockRow) -> i32),
    Span(fn(&ClockRow) -> Option<Duration>),
    Time(fn(&ClockRow) -> Option<Timestamp>),
}

use Value::{Number, Span, Text, Time, Word};

const fn column(name: &'static str, value: Value) -> Column {
    Column { name, value }
}

pub(super) const COLUMNS: [Column; 37] = [
    column("incident_id", Text(|row| &row.incident_id)),
    column("contract_id", Text(|row| &row.contract_id)),
    column("contract_revision", Number(|row| row.contract_revision)),
    column("target_id", Text(|row| &row.target_id)),
    column("metric", Word(|row| word(row.metric().as_str_name(), "METRIC_"))),
    column("cycle", Number(|row| row.cycle)),
    column("priority", Text(|row| &row.priority)),
    column("phase", Word(|row| word(row.phase().as_str_name(), "PHASE_"))),
    column("outcome", Word(|row| word(row.outcome().as_str_name(), "OUTCOME_"))),
    column("excluded_outcome", Word(|row| word(row.excluded_outcome().as_str_name(), "OUTCOME_"))),
    column("exclusion", Text(|row| &row.exclusion)),
    column("limit", Span(|row| row.limit)),
    column("elapsed", Span(|row| row.elapsed)),
    column("experienced_elapsed", Span(|row| row.experienced_elapsed)),
    column("paused", Span(|row| row.paused)),
    column("waited_on_client", Span(|row| row.waited_on_client)),
    column("waited_on_third_party", Span(|row| row.waited_on_third_party)),
    column("start_time", Time(|row| row.start_time)),
    column("stop_time", Time(|row| row.stop_time)),
    column("due_time", Time(|row| row.due_time)),
    column("original_due_time", Time(|row| row.original_due_time)),
    column("breach_time", Time(|row| row.breach_time)),
    column("decide_time", Time(|row| row.decide_time)),
    column("calendar_id", Text(|row| &row.calendar_id)),
    column("calendar_revision", Number(|row| row.calendar_revision)),
    column("service", Text(|row| &row.service)),
    column("category", Text(|row| &row.category)),
    column("group", Text(|row| &row.group)),
    column("assignee", Text(|row| &row.assignee)),
    column("party", Word(|row| word(row.party().as_str_name(), "PARTY_"))),
    column("third_party", Text(|row| &row.third_party)),
    column("opened_time", Time(|row| row.opened_time)),
    column("resolved_time", Time(|row| row.resolved_time)),
    column("affected_users", Number(|row| row.affected_users)),
    column("counted_as", Word(|row| word(row.counted_as().as_str_name(), "COUNTED_AS_"))),
    column("place_time", Time(|row| row.place_time)),
    column("lateness", Span(|row| row.lateness)),
];

fn word(name: &str, prefix: &str) -> String {
    let word = choice(name, prefix);
    if word == "unspecified" { String::new() } else { word }
}

impl Column {
    /// Its name, with the unit of a span: files of different formats hold spans in different ones.
    pub fn name(&self, unit: &str) -> String {
        match self.value {
            Span(_) => format!("{}_{unit}", self.name),
            _ => self.name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: &str = include_str!("../../../docs/export.md");

    /// The first three cells of each column's line.
    fn documented() -> Vec<String> {
        let lines = DOCUMENTED.lines().filter(|line| line.starts_with("| `"));
        let cells = lines.map(|line| line.split(" | ").take(3).collect::<Vec<_>>().join(" | "));
        cells.collect()
    }

    #[test]
    fn every_column_is_documented_with_its_types() {
        let line = |column: &Column| {
            let name = column.name("seconds");
            let types = match column.value {
                Text(_) => "text | `BYTE_ARRAY (STRING)`".to_owned(),
                Word(_) => "word | `BYTE_ARRAY (STRING)`".to_owned(),
                Number(_) => "whole number | `INT32`".to_owned(),
                Time(_) => "instant | `INT64 (TIMESTAMP(MICROS, true))`".to_owned(),
                Span(_) => format!("seconds | `INT64`, as `{}`", column.name("nanos")),
            };
            format!("| `{name}` | {types}")
        };
        assert_eq!(documented(), COLUMNS.iter().map(line).collect::<Vec<_>>());
    }
}
