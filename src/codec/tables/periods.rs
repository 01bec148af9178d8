//! The tables of a contract's periods: `compliance`, `objectives`, `experience`, `coverage`.

use super::cell::Cell::{Count, Flag, Number, OptionalSpan, Percent, Span, Text, Time, Word};
use super::table::{Column, ExportTable, column, key};
use crate::codec::v1::{
    ComplianceGroup, CoverageGap, ExperienceTotals, ObjectiveResult, Period, SurveyFigures, Tally,
    Uptime,
};

/// Something of a contract's period.
#[derive(Clone, Debug, PartialEq)]
pub struct OfPeriod<T> {
    /// The contract.
    pub contract_id: String,
    /// The period that was requested.
    pub period: Period,
    /// What.
    pub value: T,
}

/// The experience of a contract's people over a period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experienced {
    /// What the incidents cost them.
    pub totals: ExperienceTotals,
    /// The SLX figure in percent; empty: there is none.
    pub slx: String,
}

const fn of_contract<T>() -> Column<OfPeriod<T>> {
    key("contract_id", Text(|row| &row.contract_id), "The contract.")
}

const fn of_period<T>() -> Column<OfPeriod<T>> {
    key("period", Text(|row| &row.period.name), "The period: a month, a quarter or a year.")
}

const fn begin<T>() -> Column<OfPeriod<T>> {
    column("period_start", Time(|row| row.period.start_time), "When the period begins.")
}

const fn end<T>() -> Column<OfPeriod<T>> {
    column("period_end", Time(|row| row.period.end_time), "When it ends.")
}

/// A row for every target and priority of a period.
pub const COMPLIANCE: ExportTable<OfPeriod<ComplianceGroup>> = ExportTable {
    name: "compliance",
    meaning: "A row for every target and priority of which a contract's period counts a clock.",
    columns: &COMPLIANCE_COLUMNS,
};

const COMPLIANCE_COLUMNS: [Column<OfPeriod<ComplianceGroup>>; 25] = [
    of_contract(),
    of_period(),
    begin(),
    end(),
    key("target_id", Text(|row| &row.value.target_id), "The target."),
    key("priority", Text(|row| &row.value.priority), "The priority."),
    column("met", Count(|row| contractual(row, |it| it.met)), "How many were met."),
    column(
        "breached",
        Count(|row| contractual(row, |it| it.breached)),
        "How many were breached, open ones included.",
    ),
    column("excluded", Count(|row| contractual(row, |it| it.excluded)), "How many were excluded."),
    column(
        "cancelled",
        Count(|row| contractual(row, |it| it.cancelled)),
        "How many were cancelled within their limits.",
    ),
    column(
        "undecided",
        Count(|row| contractual(row, |it| it.undecided)),
        "How many were open and within their limits at the period's end, or are now.",
    ),
    column(
        "attainment",
        Percent(|row| row.value.contractual.as_ref().map_or("", |it| &it.attainment)),
        "met / (met + breached), rounded down.",
    ),
    column(
        "experienced_met",
        Count(|row| experienced(row, |it| it.met)),
        "How many were met as experienced: without pauses and exclusions.",
    ),
    column(
        "experienced_breached",
        Count(|row| experienced(row, |it| it.breached)),
        "How many were breached as experienced.",
    ),
    column(
        "experienced_attainment",
        Percent(|row| row.value.experienced.as_ref().map_or("", |it| &it.attainment)),
        "The experienced attainment.",
    ),
    column(
        "watermelons",
        Count(|row| row.value.watermelons),
        "How many were met or excluded by the contract, and breached as experienced.",
    ),
    column(
        "reverse_watermelons",
        Count(|row| row.value.reverse_watermelons),
        "How many were breached by the contract, and met as experienced.",
    ),
    column(
        "met_by_pauses",
        Count(|row| row.value.met_by_pauses),
        "How many were met only thanks to pauses or exclusions.",
    ),
    column("elapsed_mean", OptionalSpan(|row| row.value.elapsed_mean), "The mean elapsed time."),
    column("elapsed_p50", OptionalSpan(|row| row.value.elapsed_p50), "Its median."),
    column("elapsed_p90", OptionalSpan(|row| row.value.elapsed_p90), "Its 90th percentile."),
    column("elapsed_p99", OptionalSpan(|row| row.value.elapsed_p99), "Its 99th percentile."),
    column(
        "lateness",
        Span(|row| row.value.lateness),
        "How much longer than their limits the breached clocks took, added up.",
    ),
    column(
        "backlog",
        Count(|row| row.value.backlog),
        "Of how many incidents a clock was open at the period's end, or is now.",
    ),
    column("idle_work", Count(|row| row.value.idle_work), "How many had their work left idle."),
];

fn contractual(row: &OfPeriod<ComplianceGroup>, count: fn(&Tally) -> i64) -> i64 {
    row.value.contractual.as_ref().map_or(0, count)
}

fn experienced(row: &OfPeriod<ComplianceGroup>, count: fn(&Tally) -> i64) -> i64 {
    row.value.experienced.as_ref().map_or(0, count)
}

/// A row for every objective and each of its own periods within the period.
pub const OBJECTIVES: ExportTable<OfPeriod<ObjectiveResult>> = ExportTable {
    name: "objectives",
    meaning: "A row for every objective of a contract, over each period of its own that overlaps \
              the period.",
    columns: &OBJECTIVE_COLUMNS,
};

const OBJECTIVE_COLUMNS: [Column<OfPeriod<ObjectiveResult>>; 19] = [
    of_contract(),
    of_period(),
    key(
        "objective_id",
        Text(|row| row.value.objective.as_ref().map_or("", |objective| &objective.id)),
        "The objective.",
    ),
    key(
        "objective_start",
        Time(|row| own(row).and_then(|period| period.start_time)),
        "When its own period begins.",
    ),
    column(
        "objective_end",
        Time(|row| own(row).and_then(|period| period.end_time)),
        "When its own period ends.",
    ),
    column(
        "objective_period",
        Text(|row| own(row).map_or("", |period| &period.name)),
        "The name of its own period; empty: rolling days.",
    ),
    column(
        "contract_revision",
        Number(|row| row.value.contract_revision),
        "The contract's revision that rules it.",
    ),
    column(
        "verdict",
        Word("OBJECTIVE_VERDICT_", |row| row.value.verdict().as_str_name()),
        "`met`, `missed`, `at risk`, `no data`.",
    ),
    column(
        "provisional",
        Flag(|row| row.value.provisional),
        "Whether its own period goes on: the verdict is one so far.",
    ),
    column(
        "no_data_reason",
        Word("NO_DATA_REASON_", |row| row.value.no_data_reason().as_str_name()),
        "Without data, why: `not in force`, `too little`, `calendar unknown`.",
    ),
    column("percent", Percent(|row| &row.value.percent), "What was reached, rounded down."),
    column("met", Count(|row| tally(row, |it| it.met)), "How many clocks were met."),
    column("breached", Count(|row| tally(row, |it| it.breached)), "How many were breached."),
    column(
        "breach_allowance",
        Count(|row| row.value.breach_allowance),
        "How many more breaches, or long outages, the period can take; negative once it is missed.",
    ),
    column(
        "mean_time",
        OptionalSpan(|row| row.value.mean_time),
        "For a mean time: what was reached.",
    ),
    column(
        "agreed",
        OptionalSpan(|row| uptime(row).and_then(|it| it.agreed)),
        "For services: the agreed service time so far.",
    ),
    column(
        "downtime",
        OptionalSpan(|row| uptime(row).and_then(|it| it.downtime)),
        "For services: the downtime.",
    ),
    column(
        "downtime_allowance",
        OptionalSpan(|row| uptime(row).and_then(|it| it.downtime_allowance)),
        "For an availability: the downtime that may still come; negative once it is missed.",
    ),
    column(
        "outages",
        Count(|row| uptime(row).map_or(0, |it| it.outages)),
        "For services: how many outages began in the period.",
    ),
];

fn own(row: &OfPeriod<ObjectiveResult>) -> Option<&Period> {
    row.value.period.as_ref()
}

fn uptime(row: &OfPeriod<ObjectiveResult>) -> Option<&Uptime> {
    row.value.uptime.as_ref()
}

fn tally(row: &OfPeriod<ObjectiveResult>, count: fn(&Tally) -> i64) -> i64 {
    row.value.tally.as_ref().map_or(0, count)
}

/// A row for every contract's period.
pub const EXPERIENCE: ExportTable<OfPeriod<Experienced>> = ExportTable {
    name: "experience",
    meaning: "A row for every contract's period: what its incidents cost people.",
    columns: &EXPERIENCE_COLUMNS,
};

const EXPERIENCE_COLUMNS: [Column<OfPeriod<Experienced>>; 22] = [
    of_contract(),
    of_period(),
    begin(),
    end(),
    column("slx", Percent(|row| &row.value.slx), "The SLX figure."),
    column("incidents", Count(|row| row.value.totals.incidents), "How many incidents."),
    column("people_hit", Count(|row| row.value.totals.people_hit), "How many people they hit."),
    column(
        "people_reported",
        Count(|row| row.value.totals.people_reported),
        "Of how many incidents it was reported how many people they hit.",
    ),
    column(
        "lost_time",
        OptionalSpan(|row| row.value.totals.lost_time),
        "The people-time lost; null: not measured.",
    ),
    column(
        "experienced_time",
        Span(|row| row.value.totals.experienced_time),
        "How long people had trouble, in the hours in which they work.",
    ),
    column(
        "service_time",
        Span(|row| row.value.totals.service_time),
        "The service hours in which incidents were open.",
    ),
    column(
        "touch_time",
        OptionalSpan(|row| row.value.totals.touch_time),
        "The time somebody worked on them; null: not measured.",
    ),
    column(
        "idle_time",
        OptionalSpan(|row| row.value.totals.idle_time),
        "The service time in which it was only the provider's turn and nobody worked; null: not \
         measured.",
    ),
    column("handovers", Count(|row| row.value.totals.handovers), "How often one was handed over."),
    column("reopenings", Count(|row| row.value.totals.reopenings), "How often one was reopened."),
    column(
        "promises_kept",
        Count(|row| row.value.totals.promises_kept),
        "How many promises of a restoration time were kept.",
    ),
    column(
        "promises_broken",
        Count(|row| row.value.totals.promises_broken),
        "How many were broken.",
    ),
    column(
        "first_contact",
        Count(|row| row.value.totals.first_contact),
        "How many were resolved at first contact.",
    ),
    column(
        "first_contact_known",
        Count(|row| row.value.totals.first_contact_known),
        "Of how many that is known.",
    ),
    column(
        "survey_answers",
        Count(|row| survey(row).map_or(0, |it| it.answers)),
        "How many scores.",
    ),
    column(
        "survey_average",
        Percent(|row| survey(row).map_or("", |it| &it.average_score)),
        "The average score, not in percent: 0 to 10.",
    ),
    column(
        "survey_happiness",
        Percent(|row| survey(row).map_or("", |it| &it.happiness_percent)),
        "The share of scores of 9 and 10 less the share of 0 to 6.",
    ),
];

fn survey(row: &OfPeriod<Experienced>) -> Option<&SurveyFigures> {
    row.value.totals.survey.as_ref()
}

/// A row for every reason for which incidents of a period lack a clock.
pub const COVERAGE: ExportTable<OfPeriod<CoverageGap>> = ExportTable {
    name: "coverage",
    meaning: "A row for every reason for which incidents that were opened in a contract's period \
              lack a clock.",
    columns: &COVERAGE_COLUMNS,
};

const COVERAGE_COLUMNS: [Column<OfPeriod<CoverageGap>>; 10] = [
    of_contract(),
    of_period(),
    begin(),
    end(),
    key(
        "target_id",
        Text(|row| &row.value.target_id),
        "The target; empty: no target of the contract measures them.",
    ),
    key(
        "reason",
        Word("MISSING_CLOCK_REASON_", |row| row.value.reason().as_str_name()),
        "Why: such as `no limit`, `does not apply`, `not started`.",
    ),
    key("value", Text(|row| &row.value.value), "What the reason is about, such as a priority."),
    column("did_you_mean", Text(|row| &row.value.did_you_mean), "What was probably meant."),
    column("description", Text(|row| &row.value.description), "The reason in words."),
    column("incidents", Count(|row| row.value.incidents), "How many incidents."),
];
