//! Facts about services.

use super::fact::check_decided;
use super::figures::ToField;
use crate::codec::checks::Checks;
use crate::codec::choices::{party, party_number};
use crate::codec::scalar::{duration, instant, thousandths, timestamp, unsigned_span_or_zero};
use crate::codec::v1;
use crate::codec::v1::service_event::Fact as Wire;
use crate::codec::violations::FieldViolations;
use crate::domain::service::{OutageCause, OutageDecision, Requests, ServiceEvent, ServiceFact};
use crate::domain::time::{Instant, Span};
use crate::domain::violation::Violation;

/// One fact about a service, of a request.
pub fn decode(event: v1::ServiceEvent) -> Result<ServiceEvent, Vec<Violation>> {
    decode_with(event, Checks::REQUEST)
}

/// One fact about a service.
pub(in crate::codec) fn decode_with(
    event: v1::ServiceEvent,
    checks: Checks<'_>,
) -> Result<ServiceEvent, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = ServiceEvent {
        event_id: violations.or("event_id", checks.id(event.event_id), String::new()),
        service: violations.or("service", checks.id(event.service), String::new()),
        occur_time: violations.or("occur_time", instant(event.occur_time), Instant::MIN),
        occur_order: event.occur_order,
        source: event.source,
        recorded_by: checks.recorded_by(event.recorded_by),
        fact: match event.fact {
            Some(fact) => decode_fact(fact, checks, &mut violations),
            None => {
                violations.add("fact", "is missing: say what happened");
                ServiceFact::OutageEnded(String::new())
            }
        },
    };
    if decoded.retracts() == Some(&decoded.event_id) {
        violations.add("event_id", "a fact can't retract itself");
    }
    violations.check()?;
    Ok(decoded)
}

fn decode_fact(fact: Wire, checks: Checks<'_>, violations: &mut FieldViolations) -> ServiceFact {
    let mut name = |fact: &str, outage_id| {
        violations.or(&format!("{fact}.outage_id"), checks.optional_id(outage_id), String::new())
    };
    match fact {
        Wire::OutageStarted(outage) => {
            ServiceFact::OutageStarted(name("outage_started", outage.outage_id))
        }
        Wire::OutageEnded(outage) => {
            ServiceFact::OutageEnded(name("outage_ended", outage.outage_id))
        }
        Wire::DegradationStarted(degradation) => {
            ServiceFact::DegradationStarted(name("degradation_started", degradation.outage_id))
        }
        Wire::DegradationEnded(degradation) => {
            ServiceFact::DegradationEnded(name("degradation_ended", degradation.outage_id))
        }
        Wire::MaintenanceScheduled(planned) => {
            let path = |field| format!("maintenance_scheduled.{field}");
            let start =
                violations.or(&path("start_time"), instant(planned.start_time), Instant::MIN);
            let end = violations.or(&path("end_time"), instant(planned.end_time), Instant::MAX);
            if end <= start {
                violations.add(&path("end_time"), "must be after start_time");
            }
            let announced =
                violations.or(&path("announce_time"), instant(planned.announce_time), Instant::MIN);
            ServiceFact::MaintenanceScheduled { start, end, announced }
        }
        Wire::Measured(v1::Measured { indicator, value, count, reading }) => {
            let is_sent = value.is_some() || !reading.is_empty();
            let value = thousandths("value", value.unwrap_or_default(), &reading);
            let value = violations.or("measured.reading", value, 0);
            let indicator =
                violations.or("measured.indicator", checks.id(indicator), String::new());
            if count < 0 {
                violations.add("measured.count", format!("is {count}: it must not be negative"));
            }
            if !is_sent && checks.are_rules_held {
                violations.add("measured.reading", "is missing: say what was measured, also if 0");
            }
            ServiceFact::Measured { indicator, value, count: count.max(1) }
        }
        Wire::RequestsCounted(counted) => {
            let decoded = violations.keep("requests_counted", decode_requests(counted));
            ServiceFact::RequestsCounted(decoded.unwrap_or_default())
        }
        Wire::OutageAttributed(cause) => {
            let decoded = violations.keep("outage_attributed", decode_cause(cause, checks));
            ServiceFact::OutageAttributed(decoded.unwrap_or_default())
        }
        Wire::OutageExclusionDecided(decision) => {
            let decoded = decode_decision(decision, checks);
            let decoded = violations.keep("outage_exclusion_decided", decoded);
            ServiceFact::OutageExclusionDecided(decoded.unwrap_or_default())
        }
        Wire::Retracted(v1::Retracted { event_id }) => ServiceFact::Retracted(violations.or(
            "retracted.event_id",
            checks.id(event_id),
            String::new(),
        )),
    }
}

fn decode_requests(counted: v1::RequestsCounted) -> Result<Requests, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let mut count = |field: &str, given: i64| {
        let negative = |_| format!("is {given}: it must not be negative");
        violations.or(field, u64::try_from(given).map_err(negative), 0)
    };
    let (requests, failed) = (count("requests", counted.requests), count("failed", counted.failed));
    if failed > requests {
        violations.add("failed", format!("is {failed}: no more than {requests} requests can fail"));
    }
    let duration = unsigned_span_or_zero(counted.duration);
    let duration = violations.or("duration", duration, Span::ZERO);
    violations.check()?;
    Ok(Requests { requests, failed, duration })
}

fn decode_cause(
    cause: v1::OutageAttributed,
    checks: Checks<'_>,
) -> Result<OutageCause, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let named = match cause.party {
        0 => None,
        given => violations.keep("party", party(given)),
    };
    if checks.are_rules_held && cause.party == 0 && cause.reason.is_empty() {
        violations.add("party", "is missing: give a party, a reason or both");
    }
    let decoded = OutageCause {
        outage_event_id: outage_event(cause.outage_event_id, checks, &mut violations),
        party: named,
        third_party: cause.third_party,
        reason: violations.or("reason", checks.note(cause.reason), String::new()),
        note: violations.or("note", checks.note(cause.note), String::new()),
    };
    violations.check()?;
    Ok(decoded)
}

fn decode_decision(
    decision: v1::OutageExclusionDecided,
    checks: Checks<'_>,
) -> Result<OutageDecision, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let objective_id = checks.optional_terms_id(decision.objective_id);
    let decoded = OutageDecision {
        outage_event_id: outage_event(decision.outage_event_id, checks, &mut violations),
        contract_id: violations.or(
            "contract_id",
            checks.terms_id(decision.contract_id),
            String::new(),
        ),
        objective_id: violations.or("objective_id", objective_id, String::new()),
        is_excluded: decision.excluded,
        decided_by: decision.decided_by,
        reason: violations.or("reason", checks.note(decision.reason), String::new()),
    };
    check_decided(&decoded.decided_by, &decoded.reason, checks, &mut violations);
    violations.check()?;
    Ok(decoded)
}

fn outage_event(id: String, checks: Checks<'_>, violations: &mut FieldViolations) -> String {
    violations.or("outage_event_id", checks.id(id), String::new())
}

/// The message of a fact about a service.
pub fn encode(event: &ServiceEvent) -> v1::ServiceEvent {
    v1::ServiceEvent {
        event_id: event.event_id.clone(),
        service: event.service.clone(),
        occur_time: Some(timestamp(event.occur_time)),
        occur_order: event.occur_order,
        source: event.source.clone(),
        recorded_by: event.recorded_by.as_deref().unwrap_or_default().to_owned(),
        fact: Some(encode_fact(&event.fact)),
    }
}

fn encode_fact(fact: &ServiceFact) -> Wire {
    match fact.clone() {
        ServiceFact::OutageStarted(outage_id) => {
            Wire::OutageStarted(v1::OutageStarted { outage_id })
        }
        ServiceFact::OutageEnded(outage_id) => Wire::OutageEnded(v1::OutageEnded { outage_id }),
        ServiceFact::DegradationStarted(outage_id) => {
            Wire::DegradationStarted(v1::DegradationStarted { outage_id })
        }
        ServiceFact::DegradationEnded(outage_id) => {
            Wire::DegradationEnded(v1::DegradationEnded { outage_id })
        }
        ServiceFact::MaintenanceScheduled { start, end, announced } => {
            Wire::MaintenanceScheduled(v1::MaintenanceScheduled {
                start_time: Some(timestamp(start)),
                end_time: Some(timestamp(end)),
                announce_time: Some(timestamp(announced)),
            })
        }
        ServiceFact::Measured { indicator, value, count } => {
            let (reading, value) = (String::new(), Some(value));
            Wire::Measured(v1::Measured { indicator, value, count, reading })
        }
        ServiceFact::RequestsCounted(Requests { requests, failed, duration: lasted }) => {
            Wire::RequestsCounted(v1::RequestsCounted {
                requests: requests.to_field(),
                failed: failed.to_field(),
                duration: (lasted > Span::ZERO).then(|| duration(lasted)),
            })
        }
        ServiceFact::OutageAttributed(cause) => Wire::OutageAttributed(v1::OutageAttributed {
            outage_event_id: cause.outage_event_id,
            party: cause.party.map_or(0, party_number),
            third_party: cause.third_party,
            reason: cause.reason,
            note: cause.note,
        }),
        ServiceFact::OutageExclusionDecided(decision) => {
            Wire::OutageExclusionDecided(v1::OutageExclusionDecided {
                outage_event_id: decision.outage_event_id,
                contract_id: decision.contract_id,
                objective_id: decision.objective_id,
                excluded: decision.is_excluded,
                decided_by: decision.decided_by,
                reason: decision.reason,
            })
        }
        ServiceFact::Retracted(event_id) => Wire::Retracted(v1::Retracted { event_id }),
    }
}
