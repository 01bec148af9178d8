//! The table `forecasts`: the outlook of open clocks.

use super::cell::Cell::{Count, Flag, Fraction, Number, OptionalSpan, Text, Time, Word};
use super::table::{Column, ExportTable, column, key};
use crate::codec::v1::{Clock, ClockForecast, Phase};

/// A row for every open clock, as `ForecastClocks` has it.
pub const FORECASTS: ExportTable<ClockForecast> = ExportTable {
    name: "forecasts",
    meaning: "A row for every open clock: how probable its breach is, and when it stops.",
    columns: &COLUMNS,
};

const COLUMNS: [Column<ClockForecast>; 20] = [
    key("incident_id", Text(|row| of(row).map_or("", |clock| &clock.incident_id)), "The incident."),
    key("contract_id", Text(|row| of(row).map_or("", |clock| &clock.contract_id)), "The contract."),
    key("target_id", Text(|row| of(row).map_or("", |clock| &clock.target_id)), "The target."),
    key("cycle", Number(|row| of(row).map_or(0, |clock| clock.cycle)), "The cycle, from 1."),
    column("priority", Text(|row| of(row).map_or("", |clock| &clock.priority)), "The priority."),
    column(
        "phase",
        Word("PHASE_", |row| of(row).map_or(Phase::Unspecified, Clock::phase).as_str_name()),
        "Its phase: `pending`, `running`, `paused`.",
    ),
    column("due_time", Time(|row| of(row).and_then(|clock| clock.due_time)), "When it is due."),
    column("remaining", OptionalSpan(|row| of(row).and_then(|c| c.remaining)), "The time left."),
    column(
        "breach_probability",
        Fraction(|row| row.breach_probability),
        "The probability that it breaches, 0 to 1; 1 once it is over its limit.",
    ),
    column("stop_time_p10", Time(|row| row.stop_time_p10), "By when it stops in 1 of 10 cases."),
    column("stop_time_p50", Time(|row| row.stop_time_p50), "By when it stops in half of them."),
    column("stop_time_p90", Time(|row| row.stop_time_p90), "By when it stops in 9 of 10 cases."),
    column(
        "latest_start_time",
        Time(|row| row.latest_start_time),
        "If work begins later, it no longer fits before the due time.",
    ),
    column("slack", OptionalSpan(|row| row.slack), "The service time left beyond the work."),
    column(
        "idle_time",
        OptionalSpan(|row| row.idle_time),
        "How long it has been the provider's turn with nothing happening.",
    ),
    column("idle_work", Flag(|row| row.idle_work), "Whether work is left idle that still fits."),
    column("learnt_clocks", Count(|row| row.learnt_clocks), "How many clocks were learnt from."),
    column("alike_clocks", Count(|row| row.alike_clocks), "How many of them were like it."),
    column("alike_breached", Count(|row| row.alike_breached), "How many of those breached."),
    column("summary", Text(|row| &row.summary), "How it stands, in words."),
];

fn of(row: &ClockForecast) -> Option<&Clock> {
    row.clock.as_ref()
}
