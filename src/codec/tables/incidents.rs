//! The table `incidents`: a row for every incident, with its fields.

use super::cell::Cell::{Made, Number, OptionalSpan, Span, Text, Texts, Time, Word};
use super::table::{Column, ExportTable, column, key};
use crate::codec::v1::{Incident, Party};

/// A row for every incident, as `GetIncident` has it.
pub const INCIDENTS: ExportTable<Incident> = ExportTable {
    name: "incidents",
    meaning: "A row for every incident of which something has occurred, with its fields.",
    columns: &COLUMNS,
};

const COLUMNS: [Column<Incident>; 28] = [
    key("incident_id", Text(|row| &row.id), "The incident."),
    column(
        "state",
        Word("INCIDENT_STATE_", |row| row.state().as_str_name()),
        "Its state: `awaiting opening`, `open`, `resolved`, `closed`, `cancelled`, `merged`.",
    ),
    column("contract_ids", Texts(|row| &row.contract_ids), "The contracts it falls under."),
    column("service", Text(|row| &row.service), "The service it hit."),
    column("category", Text(|row| &row.category), "Its category."),
    column("priority", Text(|row| &row.priority), "Its priority."),
    column("status", Text(|row| &row.status), "Its status, as the backend names it."),
    column(
        "waiting_on",
        Word("WAITING_ON_", |row| row.waiting_on().as_str_name()),
        "Who must act: `provider`, `client`, `third party`, `nobody`.",
    ),
    column("third_party", Text(|row| &row.third_party), "The third party that must act."),
    column("reason", Text(|row| &row.reason), "Why it waits."),
    column("group", Text(|row| &row.group), "The group it is assigned to."),
    column("assignee", Text(|row| &row.assignee), "The person it is assigned to."),
    column("affected_users", Number(|row| row.affected_users), "How many people it hits."),
    column(
        "productivity_loss",
        Number(|row| row.productivity_loss),
        "The share of their work that these people can't do, in percent.",
    ),
    column(
        "attributes",
        Made(|row| serde_json::to_string(&row.attributes).unwrap_or_default()),
        "Further fields, as a JSON object of texts.",
    ),
    column("opened_time", Time(|row| row.open_time), "When it was opened."),
    column("responded_time", Time(|row| row.respond_time), "When the client was first answered."),
    column("restored_time", Time(|row| row.restore_time), "When the service was restored."),
    column("resolved_time", Time(|row| row.resolve_time), "When it was last resolved."),
    column("closed_time", Time(|row| row.close_time), "When it was last closed."),
    column("reopen_count", Number(|row| row.reopen_count), "How often it was reopened."),
    column("merged_into", Text(|row| &row.merged_into), "The incident it was merged into."),
    column(
        "effort_remaining",
        OptionalSpan(|row| row.effort_remaining),
        "The work still to be done, as last estimated.",
    ),
    column("touch_time", Span(|row| row.touch_time), "The time worked on it, as logged."),
    column("event_count", Number(|row| row.event_count), "How many events are known of it."),
    column(
        "cause_party",
        Word("PARTY_", |row| {
            row.cause.as_ref().map_or(Party::Unspecified, |cause| cause.party()).as_str_name()
        }),
        "Who its cause is attributed to: `provider`, `client`, `third party`; empty: nobody.",
    ),
    column(
        "cause_third_party",
        Text(|row| row.cause.as_ref().map_or("", |cause| &cause.third_party)),
        "The name of the third party its cause is attributed to.",
    ),
    column(
        "cause_confidence",
        Number(|row| row.cause.as_ref().map_or(0, |cause| cause.confidence_percent)),
        "How certain that is, in percent; 0: not stated.",
    ),
];
