//! Warnings in the results of events: the event is recorded, but its incident has no clock.

use std::sync::Arc;

use super::call::Call;
use crate::codec::api::coverage::encode_missing;
use crate::codec::v1;
use crate::domain::ids::TenantId;
use crate::domain::incident::{Fact, History, IncidentEvent};
use crate::domain::time::Instant;
use crate::engine::rejection::Rejection;
use crate::engine::warnings::{priority_warnings, warnings};
use crate::queries::ReadRequest;
use crate::runtime::Engine;

/// The warnings of a call's events, in the order they were sent.
pub(super) struct Warnings {
    engine: Arc<Engine>,
    tenant: TenantId,
    events: Vec<OfEvent>,
}

/// What there is to warn of an event.
enum OfEvent {
    Found(Vec<v1::MissingClock>),
    /// A change of priority: which contracts it is under stands in the incident's opening, which
    /// may be an event of the same call.
    Priority {
        incident_id: String,
        priority: String,
        time: Instant,
    },
}

impl Warnings {
    /// Before the events are handed in.
    pub fn of(call: &Call, decoded: &[Result<IncidentEvent, Rejection>]) -> Warnings {
        let catalog = call.engine.catalog(&call.tenant);
        let known = catalog.known(Instant::MAX);
        let of_event = |event: &IncidentEvent| match &event.fact {
            Fact::PriorityChanged(priority) => OfEvent::Priority {
                incident_id: event.incident_id.clone(),
                priority: priority.clone(),
                time: event.occur_time,
            },
            _ => OfEvent::Found(warnings(event, known).iter().map(encode_missing).collect()),
        };
        let nothing = || OfEvent::Found(Vec::new());
        let events =
            decoded.iter().map(|decoded| decoded.as_ref().map_or_else(|_| nothing(), of_event));
        let events = events.collect();
        Warnings { engine: Arc::clone(&call.engine), tenant: call.tenant.clone(), events }
    }

    /// Puts them into the results of what is recorded, new or not.
    pub fn put_into(self, mut results: Vec<v1::RecordResult>) -> Vec<v1::RecordResult> {
        let Warnings { engine, tenant, events } = self;
        for (result, of_event) in results.iter_mut().zip(events) {
            if result.rejection.is_some() {
                continue;
            }
            result.warnings = match of_event {
                OfEvent::Found(found) => found,
                OfEvent::Priority { incident_id, priority, time } => {
                    of_priority(&engine, &tenant, &incident_id, (&priority, time))
                }
            };
        }
        results
    }
}

/// What there is to warn of a change of priority. The event is recorded: if its incident can't be
/// read now, there is no warning.
fn of_priority(
    engine: &Engine,
    tenant: &TenantId,
    incident_id: &str,
    (priority, time): (&str, Instant),
) -> Vec<v1::MissingClock> {
    let view = engine.view(tenant, ReadRequest::default());
    let Some(ledger) = view.ok().and_then(|view| view.ledger(incident_id).ok()) else {
        return Vec::new();
    };
    let history = History::fold(&ledger.events, Instant::MAX);
    let Some(Fact::Opened(opened)) = history.opening().map(|opening| &opening.value.fact) else {
        return Vec::new();
    };
    let catalog = engine.catalog(tenant);
    let known = catalog.known(Instant::MAX);
    let found = priority_warnings(&opened.contract_ids, priority, time, known);
    found.iter().map(encode_missing).collect()
}
