//! Facts about services.

use super::faults::Faults;
use super::scalar::{id, instant, timestamp};
use super::v1;
use super::v1::service_event::Fact as Wire;
use crate::domain::fault::Fault;
use crate::domain::service::{ServiceEvent, ServiceFact};
use crate::domain::time::Instant;

/// One fact about a service.
pub fn decode(event: v1::ServiceEvent) -> Result<ServiceEvent, Vec<Fault>> {
    let mut faults = Faults::default();
    let decoded = ServiceEvent {
        event_id: faults.or("event_id", id(event.event_id), String::new()),
        service: faults.or("service", id(event.service), String::new()),
        occur_time: faults.or("occur_time", instant(event.occur_time), Instant::MIN),
        fact: match event.fact {
            Some(fact) => decode_fact(fact, &mut faults),
            None => {
                faults.add("fact", "is missing: tell what happened");
                ServiceFact::OutageEnded
            }
        },
    };
    faults.check()?;
    Ok(decoded)
}

fn decode_fact(fact: Wire, faults: &mut Faults) -> ServiceFact {
    match fact {
        Wire::OutageStarted(_) => ServiceFact::OutageStarted,
        Wire::OutageEnded(_) => ServiceFact::OutageEnded,
        Wire::MaintenanceScheduled(planned) => {
            let path = |field| format!("maintenance_scheduled.{field}");
            let start = faults.or(&path("start_time"), instant(planned.start_time), Instant::MIN);
            let end = faults.or(&path("end_time"), instant(planned.end_time), Instant::MAX);
            if end <= start {
                faults.add(&path("end_time"), "must be after start_time");
            }
            let announced =
                faults.or(&path("announce_time"), instant(planned.announce_time), Instant::MIN);
            ServiceFact::MaintenanceScheduled { start, end, announced }
        }
        Wire::Measured(v1::Measured { indicator, value, count }) => {
            let indicator = faults.or("measured.indicator", id(indicator), String::new());
            if count < 0 {
                faults.add("measured.count", format!("is {count}: it must not be negative"));
            }
            ServiceFact::Measured { indicator, value, count: count.max(1) }
        }
    }
}

/// The message of a fact about a service.
pub fn encode(event: &ServiceEvent) -> v1::ServiceEvent {
    v1::ServiceEvent {
        event_id: event.event_id.clone(),
        service: event.service.clone(),
        occur_time: Some(timestamp(event.occur_time)),
        fact: Some(match &event.fact {
            ServiceFact::OutageStarted => Wire::OutageStarted(v1::OutageStarted {}),
            ServiceFact::OutageEnded => Wire::OutageEnded(v1::OutageEnded {}),
            ServiceFact::MaintenanceScheduled { start, end, announced } => {
                Wire::MaintenanceScheduled(v1::MaintenanceScheduled {
                    start_time: Some(timestamp(*start)),
                    end_time: Some(timestamp(*end)),
                    announce_time: Some(timestamp(*announced)),
                })
            }
            ServiceFact::Measured { indicator, value, count } => Wire::Measured(v1::Measured {
                indicator: indicator.clone(),
                value: *value,
                count: *count,
            }),
        }),
    }
}
