//! Facts about services.

use crate::codec::checks::Checks;
use crate::codec::scalar::{instant, timestamp};
use crate::codec::v1;
use crate::codec::v1::service_event::Fact as Wire;
use crate::codec::violations::FieldViolations;
use crate::domain::service::{ServiceEvent, ServiceFact};
use crate::domain::time::Instant;
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
        Wire::Measured(v1::Measured { indicator, value, count }) => {
            let indicator =
                violations.or("measured.indicator", checks.id(indicator), String::new());
            if count < 0 {
                violations.add("measured.count", format!("is {count}: it must not be negative"));
            }
            if value.is_none() && checks.are_rules_held {
                violations.add("measured.value", "is missing: say what was measured, also if 0");
            }
            let value = value.unwrap_or_default();
            ServiceFact::Measured { indicator, value, count: count.max(1) }
        }
        Wire::Retracted(v1::Retracted { event_id }) => ServiceFact::Retracted(violations.or(
            "retracted.event_id",
            checks.id(event_id),
            String::new(),
        )),
    }
}

/// The message of a fact about a service.
pub fn encode(event: &ServiceEvent) -> v1::ServiceEvent {
    v1::ServiceEvent {
        event_id: event.event_id.clone(),
        service: event.service.clone(),
        occur_time: Some(timestamp(event.occur_time)),
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
            Wire::Measured(v1::Measured { indicator, value: Some(value), count })
        }
        ServiceFact::Retracted(event_id) => Wire::Retracted(v1::Retracted { event_id }),
    }
}
