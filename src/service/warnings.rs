//! Warnings in the results of events: the event is recorded, but its incident has no clock.

use std::sync::Arc;

use super::call::Call;
use crate::codec::api::coverage::encode_missing;
use crate::codec::v1;
use crate::domain::ids::TenantId;
use crate::domain::incident::IncidentEvent;
use crate::domain::time::Instant;
use crate::engine::rejection::Rejection;
use crate::engine::warnings::{change_warnings, is_change, warnings};
use crate::queries::{ReadRequest, incidents};
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
    /// A change of its incident, whose other facts may be of the same call.
    Change(Box<IncidentEvent>),
}

impl Warnings {
    /// Before the events are handed in.
    pub fn of(call: &Call, decoded: &[Result<IncidentEvent, Rejection>]) -> Warnings {
        let catalog = call.engine.catalog(&call.tenant);
        let known = catalog.known(Instant::MAX);
        let of_event = |decoded: &Result<IncidentEvent, Rejection>| match decoded {
            Ok(event) if is_change(&event.fact) => OfEvent::Change(Box::new(event.clone())),
            Ok(event) => {
                OfEvent::Found(warnings(event, known).iter().map(encode_missing).collect())
            }
            Err(_) => OfEvent::Found(Vec::new()),
        };
        let events = decoded.iter().map(of_event).collect();
        Warnings { engine: Arc::clone(&call.engine), tenant: call.tenant.clone(), events }
    }

    /// Puts them into the results of what is recorded, new or not.
    pub fn put_into(self, mut results: Vec<v1::RecordResult>) -> Vec<v1::RecordResult> {
        for (result, of_event) in results.iter_mut().zip(self.events) {
            if result.rejection.is_some() {
                continue;
            }
            result.warnings = match of_event {
                OfEvent::Found(found) => found,
                OfEvent::Change(event) => of_change(&self.engine, &self.tenant, &event),
            };
        }
        results
    }
}

/// What there is to warn of a change. The event is recorded: if its incident can't be read now,
/// there is no warning.
fn of_change(engine: &Engine, tenant: &TenantId, event: &IncidentEvent) -> Vec<v1::MissingClock> {
    let Ok(view) = engine.view(tenant, ReadRequest::default()) else { return Vec::new() };
    let known = view.known();
    let found = incidents::one(&view, &event.incident_id, |history| {
        change_warnings(event, history, known).iter().map(encode_missing).collect()
    });
    found.unwrap_or_default()
}
