//! Clocks as rows of an export.

use super::clock::encode_exclusion;
use crate::codec::choices::{
    counted_as_number, metric_number, outcome_number, party_number, phase_number,
};
use crate::codec::scalar::{duration, timestamp};
use crate::codec::v1;
use crate::domain::clock::{Clock, Segment, SegmentKind};
use crate::domain::compliance::paused;
use crate::domain::incident::{State, WaitingOn};
use crate::domain::time::Span;
use crate::engine::answers::exported::ExportedClock;

/// The row of a clock and its incident.
pub fn encode(incident_id: &str, exported: &ExportedClock<'_>, state: &State<'_>) -> v1::ClockRow {
    let ExportedClock { clock, counted_as, place_time, lateness } = exported;
    let paused = paused(clock);
    let row = v1::ClockRow {
        incident_id: incident_id.to_owned(),
        contract_id: clock.contract_id.to_owned(),
        contract_revision: clock.contract_revision as i32,
        target_id: clock.target_id.to_owned(),
        metric: metric_number(clock.metric),
        cycle: clock.cycle as i32,
        priority: clock.priority.to_owned(),
        phase: phase_number(clock.phase),
        outcome: outcome_number(clock.verdict()),
        excluded_outcome: clock.exclusion.map_or(0, |_| outcome_number(clock.outcome)),
        exclusion: clock.exclusion.as_ref().map(encode_exclusion).unwrap_or_default(),
        limit: Some(duration(clock.limit)),
        elapsed: Some(duration(clock.elapsed)),
        experienced_elapsed: Some(duration(clock.elapsed + paused)),
        paused: Some(duration(paused)),
        waited_on_client: Some(duration(waited_on(clock, WaitingOn::Client))),
        waited_on_third_party: Some(duration(waited_on(clock, WaitingOn::ThirdParty))),
        start_time: clock.start_time.map(timestamp),
        stop_time: clock.stop_time.map(timestamp),
        due_time: clock.due_time.map(timestamp),
        original_due_time: clock.original_due_time.map(timestamp),
        breach_time: clock.breach_time.map(timestamp),
        decide_time: clock.decide_time().map(timestamp),
        calendar_id: clock.calendar_id.to_owned(),
        calendar_revision: clock.calendar_revision as i32,
        counted_as: counted_as.map_or(0, counted_as_number),
        place_time: place_time.map(timestamp),
        lateness: lateness.map(duration),
        ..Default::default()
    };
    with_incident(row, state)
}

fn with_incident(row: v1::ClockRow, state: &State<'_>) -> v1::ClockRow {
    v1::ClockRow {
        service: state.service.to_owned(),
        category: state.category.to_owned(),
        group: state.group.to_owned(),
        assignee: state.assignee.to_owned(),
        party: state.cause.map_or(0, |cause| party_number(cause.party)),
        third_party: state.cause.map(|cause| cause.third_party.clone()).unwrap_or_default(),
        opened_time: state.opened.map(|(time, _)| timestamp(time)),
        resolved_time: state.resolved.map(timestamp),
        affected_users: state.affected_users.unwrap_or(0) as i32,
        ..row
    }
}

/// The service time since a clock started in which someone had to act.
fn waited_on(clock: &Clock<'_>, who: WaitingOn) -> Span {
    let is_alive =
        |segment: &&Segment<'_>| segment.kind != SegmentKind::Pending && !segment.kind.is_gap();
    let segments = clock.segments.iter().filter(is_alive);
    let waits = segments.filter(|segment| segment.waiting_on == who);
    waits.map(|segment| segment.service_time).sum()
}
