//! The table `clocks`: a row for every clock, one cycle of a target applied to an incident.

use super::cell::Cell::{Number, Span, Text, Time, Word};
use super::table::{Column, ExportTable, column, key};
use crate::codec::v1::ClockRow;

/// A row for every clock, as `ExportClocks` has it.
pub const CLOCKS: ExportTable<ClockRow> = ExportTable {
    name: "clocks",
    meaning: "A row for every clock: one cycle of a target applied to an incident.",
    columns: &COLUMNS,
};

const COLUMNS: [Column<ClockRow>; 37] = [
    key("incident_id", Text(|row| &row.incident_id), "The incident."),
    key("contract_id", Text(|row| &row.contract_id), "The contract."),
    column(
        "contract_revision",
        Number(|row| row.contract_revision),
        "The contract's revision that governs the clock.",
    ),
    key("target_id", Text(|row| &row.target_id), "The target."),
    column(
        "metric",
        Word("METRIC_", |row| row.metric().as_str_name()),
        "What the target measures: `response`, `resolution`, `restoration`, `update`, `next \
         reply`, `custom`.",
    ),
    key("cycle", Number(|row| row.cycle), "Counts from 1."),
    column("priority", Text(|row| &row.priority), "The priority that governs the clock."),
    column(
        "phase",
        Word("PHASE_", |row| row.phase().as_str_name()),
        "Its phase: `pending`, `running`, `paused`, `stopped`, `cancelled`.",
    ),
    column(
        "outcome",
        Word("OUTCOME_", |row| row.outcome().as_str_name()),
        "Its contractual verdict: `undecided`, `met`, `breached`, `excluded`.",
    ),
    column(
        "excluded_outcome",
        Word("OUTCOME_", |row| row.excluded_outcome().as_str_name()),
        "If it is excluded: the outcome it would have had.",
    ),
    column(
        "exclusion",
        Text(|row| &row.exclusion),
        "If it is excluded: the rule or decision that excluded it.",
    ),
    column("limit", Span(|row| row.limit), "What was promised, in service time."),
    column("elapsed", Span(|row| row.elapsed), "What counts against it."),
    column(
        "experienced_elapsed",
        Span(|row| row.experienced_elapsed),
        "What would count if nothing had paused it.",
    ),
    column(
        "paused",
        Span(|row| row.paused),
        "The service time in which it was paused, and which does not count.",
    ),
    column(
        "waited_on_client",
        Span(|row| row.waited_on_client),
        "The service time, since it started, in which the client had to act, whether it counts \
         or not.",
    ),
    column(
        "waited_on_third_party",
        Span(|row| row.waited_on_third_party),
        "The service time, since it started, in which a third party had to act.",
    ),
    column("start_time", Time(|row| row.start_time), "When it started; empty while pending."),
    column("stop_time", Time(|row| row.stop_time), "When it stopped or was cancelled."),
    column(
        "due_time",
        Time(|row| row.due_time),
        "When it is due, or was when it stopped; empty while nothing decides that.",
    ),
    column(
        "original_due_time",
        Time(|row| row.original_due_time),
        "When it would have been due by what was known at its start.",
    ),
    column("breach_time", Time(|row| row.breach_time), "When it went over its limit."),
    column(
        "decide_time",
        Time(|row| row.decide_time),
        "When it was decided: it went over its limit or, within it, stopped or was cancelled.",
    ),
    column("calendar_id", Text(|row| &row.calendar_id), "The calendar it is measured by."),
    column("calendar_revision", Number(|row| row.calendar_revision), "That calendar's revision."),
    column("service", Text(|row| &row.service), "The incident's service."),
    column("category", Text(|row| &row.category), "The incident's category."),
    column("group", Text(|row| &row.group), "The group the incident is assigned to."),
    column("assignee", Text(|row| &row.assignee), "The person it is assigned to."),
    column(
        "party",
        Word("PARTY_", |row| row.party().as_str_name()),
        "Who its cause is attributed to: `provider`, `client`, `third party`; empty: nobody.",
    ),
    column(
        "third_party",
        Text(|row| &row.third_party),
        "The name of the third party its cause is attributed to.",
    ),
    column("opened_time", Time(|row| row.opened_time), "When the incident was opened."),
    column(
        "resolved_time",
        Time(|row| row.resolved_time),
        "When it was resolved, unless reopened since.",
    ),
    column("affected_users", Number(|row| row.affected_users), "How many people it hits."),
    column(
        "counted_as",
        Word("COUNTED_AS_", |row| row.counted_as().as_str_name()),
        "How the period counts the target, if this is the clock by which it does: `met`, \
         `breached`, `cancelled`, `excluded`, `undecided`.",
    ),
    column(
        "place_time",
        Time(|row| row.place_time),
        "Where it is placed: when it stopped, went over its limit or was cancelled.",
    ),
    column(
        "lateness",
        Span(|row| row.lateness),
        "How much longer than its limit the target took, up to the period's end, if it counts as \
         breached; otherwise 0.",
    ),
];
