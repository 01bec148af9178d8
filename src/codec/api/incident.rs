//! Incident events, and an incident's fields.

use crate::codec::checks::Checks;
use crate::codec::choices::{party, party_number, stage_number, waiting_on, waiting_on_number};
use crate::codec::scalar::{
    count, count_to, duration, instant, optional_instant, timestamp, unsigned_span,
};
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact as Wire;
use crate::codec::violations::FieldViolations;
use crate::domain::incident::{
    Cause, ExclusionDecision, Fact, History, IncidentEvent, Opened, Party, RecordedEvent, Waiting,
    WaitingOn,
};
use crate::domain::time::{Instant, Span};
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
        fact: match event.fact {
            Some(fact) => decode_fact(fact, checks, &mut violations),
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

fn decode_fact(fact: Wire, checks: Checks<'_>, violations: &mut FieldViolations) -> Fact {
    match fact {
        Wire::Opened(opened) => Fact::Opened(
            violations.keep("opened", decode_opened(opened, checks)).unwrap_or_default(),
        ),
        Wire::Responded(_) => Fact::Responded,
        Wire::StatusChanged(change) => Fact::StatusChanged(
            violations.keep("status_changed", decode_waiting(change, checks)).unwrap_or_default(),
        ),
        Wire::PriorityChanged(change) => Fact::PriorityChanged(violations.or(
            "priority_changed.priority",
            checks.priority(change.priority),
            String::new(),
        )),
        Wire::Assigned(v1::Assigned { group, assignee }) => Fact::Assigned { group, assignee },
        Wire::ClientUpdated(update) => Fact::ClientUpdated {
            reported_time: violations.or(
                "client_updated.reported_time",
                optional_instant(update.reported_time),
                None,
            ),
        },
        Wire::ClientReplied(_) => Fact::ClientReplied,
        Wire::WorkLogged(work) => Fact::WorkLogged {
            start_time: violations.or(
                "work_logged.start_time",
                optional_instant(work.start_time),
                None,
            ),
            duration: violations.or(
                "work_logged.duration",
                unsigned_span(work.duration),
                Span::ZERO,
            ),
        },
        Wire::EffortEstimated(estimate) => Fact::EffortEstimated(violations.or(
            "effort_estimated.remaining",
            unsigned_span(estimate.remaining),
            Span::ZERO,
        )),
        Wire::ImpactChanged(impact) => decode_impact(impact, violations),
        Wire::Restored(_) => Fact::Restored,
        Wire::Resolved(_) => Fact::Resolved,
        Wire::Reopened(_) => Fact::Reopened,
        Wire::Closed(_) => Fact::Closed,
        Wire::Cancelled(_) => Fact::Cancelled,
        Wire::Merged(merged) => {
            Fact::Merged(violations.or("merged.into", checks.id(merged.into), String::new()))
        }
        Wire::CauseAttributed(cause) => Fact::CauseAttributed(decode_cause(cause, violations)),
        Wire::ScopeJudged(v1::ScopeJudged { in_scope, note }) => {
            Fact::ScopeJudged { in_scope, note }
        }
        Wire::ExclusionDecided(decision) => Fact::ExclusionDecided(
            violations
                .keep("exclusion_decided", decode_decision(decision, checks))
                .unwrap_or_default(),
        ),
        Wire::Surveyed(survey) => Fact::Surveyed {
            score: violations.or("surveyed.score", count_to(survey.score, 10), 0),
            lost_time: match survey.lost_time {
                None => Span::ZERO,
                given => violations.or("surveyed.lost_time", unsigned_span(given), Span::ZERO),
            },
        },
        Wire::Retracted(v1::Retracted { event_id }) => {
            Fact::Retracted(violations.or("retracted.event_id", checks.id(event_id), String::new()))
        }
    }
}

fn decode_impact(impact: v1::ImpactChanged, violations: &mut FieldViolations) -> Fact {
    let users = count(impact.affected_users);
    let loss = count_to(impact.productivity_loss, 100);
    Fact::ImpactChanged {
        affected_users: violations.or("impact_changed.affected_users", users, 0),
        productivity_loss: violations.or("impact_changed.productivity_loss", loss, 0),
    }
}

fn decode_cause(cause: v1::CauseAttributed, violations: &mut FieldViolations) -> Cause {
    let confidence = count_to(cause.confidence_percent, 100);
    let confidence = violations.or("cause_attributed.confidence_percent", confidence, 0);
    Cause {
        party: violations.or("cause_attributed.party", party(cause.party), Party::Provider),
        third_party: cause.third_party,
        note: cause.note,
        confidence_percent: Some(confidence).filter(|said| *said > 0),
    }
}

fn decode_opened(opened: v1::Opened, checks: Checks<'_>) -> Result<Opened, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let limits = checks.limits;
    violations.at_most("contract_ids", opened.contract_ids.len(), limits.contracts_per_incident);
    violations.at_most("attributes", opened.attributes.len(), limits.attributes_per_incident);
    let decoded = Opened {
        contract_ids: violations.each("contract_ids", opened.contract_ids, |id| checks.id(id)),
        service: violations.or("service", checks.optional_id(opened.service), String::new()),
        category: opened.category,
        priority: violations.or("priority", checks.priority(opened.priority), String::new()),
        affected_users: violations.or("affected_users", count(opened.affected_users), 0),
        are_users_estimated: opened.affected_users_estimated,
        trouble_time: violations.or("trouble_time", optional_instant(opened.trouble_time), None),
        attributes: opened.attributes,
    };
    violations.check()?;
    Ok(decoded)
}

fn decode_waiting(
    change: v1::StatusChanged,
    checks: Checks<'_>,
) -> Result<Waiting, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = Waiting {
        status: change.status,
        waiting_on: violations.or("waiting_on", waiting_on(change.waiting_on), WaitingOn::Provider),
        third_party: change.third_party,
        reason: change.reason,
    };
    let is_nameless = decoded.waiting_on == WaitingOn::ThirdParty && decoded.third_party.is_empty();
    if checks.are_rules_held && is_nameless {
        violations.add("third_party", "is missing: name the third party it waits on");
    }
    violations.check()?;
    Ok(decoded)
}

fn decode_decision(
    decision: v1::ExclusionDecided,
    checks: Checks<'_>,
) -> Result<ExclusionDecision, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = ExclusionDecision {
        contract_id: violations.or("contract_id", checks.id(decision.contract_id), String::new()),
        target_id: violations.or(
            "target_id",
            checks.optional_id(decision.target_id),
            String::new(),
        ),
        is_excluded: decision.excluded,
        decided_by: decision.decided_by,
        reason: decision.reason,
    };
    if checks.are_rules_held && decoded.decided_by.trim().is_empty() {
        violations.add("decided_by", "is missing: say who decided");
    }
    if checks.are_rules_held && decoded.reason.trim().is_empty() {
        violations.add("reason", "is missing: say why");
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
        fact: Some(encode_fact(&event.fact)),
    }
}

fn encode_fact(fact: &Fact) -> Wire {
    match fact {
        Fact::Opened(opened) => Wire::Opened(encode_opened(opened)),
        Fact::Responded => Wire::Responded(v1::Responded {}),
        Fact::StatusChanged(waiting) => Wire::StatusChanged(v1::StatusChanged {
            status: waiting.status.clone(),
            waiting_on: waiting_on_number(waiting.waiting_on),
            third_party: waiting.third_party.clone(),
            reason: waiting.reason.clone(),
        }),
        Fact::PriorityChanged(priority) => {
            Wire::PriorityChanged(v1::PriorityChanged { priority: priority.clone() })
        }
        Fact::Assigned { group, assignee } => {
            Wire::Assigned(v1::Assigned { group: group.clone(), assignee: assignee.clone() })
        }
        Fact::ClientUpdated { reported_time } => {
            Wire::ClientUpdated(v1::ClientUpdated { reported_time: reported_time.map(timestamp) })
        }
        Fact::ClientReplied => Wire::ClientReplied(v1::ClientReplied {}),
        Fact::WorkLogged { start_time, duration: worked } => Wire::WorkLogged(v1::WorkLogged {
            start_time: start_time.map(timestamp),
            duration: Some(duration(*worked)),
        }),
        Fact::EffortEstimated(remaining) => {
            Wire::EffortEstimated(v1::EffortEstimated { remaining: Some(duration(*remaining)) })
        }
        Fact::ImpactChanged { affected_users, productivity_loss } => {
            Wire::ImpactChanged(v1::ImpactChanged {
                affected_users: whole(*affected_users),
                productivity_loss: whole(*productivity_loss),
            })
        }
        Fact::Restored => Wire::Restored(v1::Restored {}),
        Fact::Resolved => Wire::Resolved(v1::Resolved {}),
        Fact::Reopened => Wire::Reopened(v1::Reopened {}),
        Fact::Closed => Wire::Closed(v1::Closed {}),
        Fact::Cancelled => Wire::Cancelled(v1::Cancelled {}),
        Fact::Merged(into) => Wire::Merged(v1::Merged { into: into.clone() }),
        Fact::CauseAttributed(cause) => Wire::CauseAttributed(encode_cause(cause)),
        Fact::ScopeJudged { in_scope, note } => {
            Wire::ScopeJudged(v1::ScopeJudged { in_scope: *in_scope, note: note.clone() })
        }
        Fact::ExclusionDecided(decision) => Wire::ExclusionDecided(v1::ExclusionDecided {
            contract_id: decision.contract_id.clone(),
            target_id: decision.target_id.clone(),
            excluded: decision.is_excluded,
            decided_by: decision.decided_by.clone(),
            reason: decision.reason.clone(),
        }),
        Fact::Surveyed { score, lost_time } => Wire::Surveyed(v1::Surveyed {
            score: whole(*score),
            lost_time: Some(duration(*lost_time)),
        }),
        Fact::Retracted(event_id) => Wire::Retracted(v1::Retracted { event_id: event_id.clone() }),
    }
}

fn encode_cause(cause: &Cause) -> v1::CauseAttributed {
    v1::CauseAttributed {
        party: party_number(cause.party),
        third_party: cause.third_party.clone(),
        note: cause.note.clone(),
        confidence_percent: whole(cause.confidence_percent.unwrap_or_default()),
    }
}

fn encode_opened(opened: &Opened) -> v1::Opened {
    v1::Opened {
        contract_ids: opened.contract_ids.clone(),
        service: opened.service.clone(),
        category: opened.category.clone(),
        priority: opened.priority.clone(),
        affected_users: whole(opened.affected_users),
        affected_users_estimated: opened.are_users_estimated,
        trouble_time: opened.trouble_time.map(timestamp),
        attributes: opened.attributes.clone(),
    }
}

/// Counts come from the wire as `i32`, so they go back as they came.
fn whole(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
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
    let opened = state.opened.map(|(_, opened)| opened.clone()).unwrap_or_default();
    v1::Incident {
        id: incident_id.to_owned(),
        state: stage_number(state.stage()),
        contract_ids: opened.contract_ids,
        service: opened.service,
        category: opened.category,
        priority: state.priority.to_owned(),
        status: state.status.to_owned(),
        waiting_on: waiting_on_number(state.waiting_on),
        third_party: state.third_party.to_owned(),
        reason: state.reason.to_owned(),
        group: state.group.to_owned(),
        assignee: state.assignee.to_owned(),
        affected_users: whole(state.affected_users),
        productivity_loss: whole(state.productivity_loss),
        attributes: opened.attributes,
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
