//! The table `segments`: the timelines of clocks.

use super::cell::Cell::{Number, Span, Text, Time, Word};
use super::table::{Column, ExportTable, column, key};
use crate::codec::v1::{ClockRow, Segment};

/// A stretch of a clock's timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentRow {
    /// The incident.
    pub incident_id: String,
    /// The contract.
    pub contract_id: String,
    /// The target.
    pub target_id: String,
    /// The clock's cycle.
    pub cycle: i32,
    /// The stretch's number in the timeline, from 1.
    pub number: i32,
    /// The stretch.
    pub segment: Segment,
}

impl SegmentRow {
    /// The timeline of a clock.
    pub fn all(clock: &ClockRow, segments: Vec<Segment>) -> impl Iterator<Item = SegmentRow> {
        segments.into_iter().zip(1..).map(|(segment, number)| SegmentRow {
            incident_id: clock.incident_id.clone(),
            contract_id: clock.contract_id.clone(),
            target_id: clock.target_id.clone(),
            cycle: clock.cycle,
            number,
            segment,
        })
    }
}

/// A row for every stretch of every clock's timeline in which nothing about it changes.
pub const SEGMENTS: ExportTable<SegmentRow> = ExportTable {
    name: "segments",
    meaning: "A row for every stretch of a clock's timeline in which nothing about it changes.",
    columns: &COLUMNS,
};

const COLUMNS: [Column<SegmentRow>; 16] = [
    key("incident_id", Text(|row| &row.incident_id), "The incident."),
    key("contract_id", Text(|row| &row.contract_id), "The contract."),
    key("target_id", Text(|row| &row.target_id), "The target."),
    key("cycle", Number(|row| row.cycle), "The clock's cycle, from 1."),
    key("number", Number(|row| row.number), "Counts the clock's stretches from 1."),
    column(
        "kind",
        Word("SEGMENT_KIND_", |row| row.segment.kind().as_str_name()),
        "What the clock did: `pending`, `running`, `paused`, `pause exhausted`, `resolved gap`, \
         `adjustment`, `cancelled gap`.",
    ),
    column("start_time", Time(|row| row.segment.start_time), "When it begins."),
    column(
        "end_time",
        Time(|row| row.segment.end_time),
        "When it ends; of a stretch that goes on, the instant of the pull.",
    ),
    column(
        "waiting_on",
        Word("WAITING_ON_", |row| row.segment.waiting_on().as_str_name()),
        "Who had to act meanwhile: `provider`, `client`, `third party`, `nobody`.",
    ),
    column("third_party", Text(|row| &row.segment.third_party), "The third party that had to."),
    column("reason", Text(|row| &row.segment.reason), "Why it waited."),
    column("service_time", Span(|row| row.segment.service_time), "The service time within it."),
    column(
        "counted",
        Span(|row| row.segment.counted),
        "How much of it counts; negative for an adjustment downwards. All of a clock add up to its \
         `elapsed`.",
    ),
    column("event_id", Text(|row| &row.segment.event_id), "The event that began it."),
    column("priority", Text(|row| &row.segment.priority), "The incident's priority during it."),
    column(
        "moved_due_time",
        Time(|row| row.segment.moved_due_time),
        "When the clock is due since, if this stretch moved that.",
    ),
];
