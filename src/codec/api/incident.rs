//! Incident events, and an incident's fields.

use super::fact::{self, encode_cause, whole};
use crate::codec::checks::Checks;
use crate::codec::choices::{stage_number, waiting_on_number};
use crate::codec::scalar::{duration, instant, timestamp};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::incident::{Fact, History, IncidentEvent, Opened, RecordedEvent};
use crate::domain::time::Instant;
use crate::domain::violation::Violation;

/// One fact about an incident, of a request.
pub fn decode(event: v1::IncidentEvent) -> Result<IncidentEvent, Vec<Violation>> {
    decode_with(event, Checks::REQUEST)
}

/// One fact about an incident.
pub(in crate::codec) fn decode_with(
    event: v1::IncidentEvent,
    checks: Checks<'_>,
) -> Result<IncidentEvent, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = IncidentEvent {
        event_id: violations.or("event_id", checks.id(event.event_id), String::new()),
        incident_id: violations.or("incident_id", checks.id(event.incident_id), String::new()),
        occur_time: violations.or("occur_time", instant(event.occur_time), Instant::MIN),
        occur_order: event.occur_order,
        source: event.source,
        corrects_event_id: violations.or(
            "corrects_event_id",
            checks.optional_id(event.corrects_event_id),
            String::new(),
        ),
        recorded_by: checks.recorded_by(event.recorded_by),
        fact: match event.fact {
            Some(fact) => fact::decode(fact, checks, &mut violations),
            None => {
                violations.add("fact", "is missing: say what happened");
                Fact::Responded
            }
        },
    };
    if let Fact::Opened(Opened { trouble_time: Some(began), .. }) = &decoded.fact
        && *began > decoded.occur_time
    {
        violations.add("opened.trouble_time", "is after the opening: give an earlier one, or none");
    }
    if decoded.voids() == Some(&decoded.event_id) {
        violations.add("event_id", "a fact can't retract or correct itself");
    }
    violations.check()?;
    Ok(decoded)
}

/// The message of a fact about an incident.
pub fn encode(event: &IncidentEvent) -> v1::IncidentEvent {
    v1::IncidentEvent {
        event_id: event.event_id.clone(),
        incident_id: event.incident_id.clone(),
        occur_time: Some(timestamp(event.occur_time)),
        source: event.source.clone(),
        occur_order: event.occur_order,
        corrects_event_id: event.corrects_event_id.clone(),
        recorded_by: event.recorded_by.as_deref().unwrap_or_default().to_owned(),
        fact: Some(fact::encode(&event.fact)),
    }
}

/// The message of an event and how it was recorded.
pub fn encode_recorded(recorded: &RecordedEvent, retracted_by: Option<&str>) -> v1::RecordedEvent {
    v1::RecordedEvent {
        event: Some(encode(&recorded.value)),
        sequence: recorded.sequence as i64,
        record_time: Some(timestamp(recorded.record_time)),
        retracted_by: retracted_by.unwrap_or_default().to_owned(),
    }
}

/// The message of an incident's fields as of an instant.
pub fn encode_state(incident_id: &str, history: &History<'_>, as_of: Instant) -> v1::Incident {
    let state = history.state(as_of);
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    v1::Incident {
        id: incident_id.to_owned(),
        state: stage_number(state.stage()),
        contract_ids: state.contract_ids.to_vec(),
        service: state.service.to_owned(),
        category: state.category.to_owned(),
        priority: state.priority.to_owned(),
        status: state.status.to_owned(),
        waiting_on: waiting_on_number(state.waiting_on),
        third_party: state.third_party.to_owned(),
        reason: state.reason.to_owned(),
        group: state.group.to_owned(),
        assignee: state.assignee.to_owned(),
        affected_users: whole(state.affected_users.unwrap_or(0)),
        productivity_loss: whole(state.productivity_loss),
        attributes: state.attributes().into_iter().map(owned).collect(),
        open_time: state.opened.map(|(time, _)| timestamp(time)),
        respond_time: state.responded.map(timestamp),
        restore_time: state.restored.map(timestamp),
        resolve_time: state.resolved.map(timestamp),
        close_time: state.closed.map(timestamp),
        reopen_count: whole(state.reopen_count),
        merged_into: state.merged_into.unwrap_or_default().to_owned(),
        effort_remaining: state.effort_remaining.map(duration),
        touch_time: Some(duration(state.touch_time)),
        cause: state.cause.map(encode_cause),
        event_count: (history.effective().len() + history.voided().len()) as i32,
        missing_clocks: Vec::new(),
    }
}
