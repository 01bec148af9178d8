//! Events on their way to the journal: each is decoded or refused, and its result is reported in
//! order.

use prost::Message;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt;
use tonic::{Request, Status, Streaming};

use super::call::Call;
use super::caller::Caller;
use super::services::Services;
use super::stamp::write_stamp;
use super::status;
use super::warnings::Warnings;
use crate::codec::violations::FieldViolations;
use crate::codec::{self, v1};
use crate::domain::incident::IncidentEvent;
use crate::domain::service::ServiceEvent;
use crate::engine::rejection::Rejection;
use crate::limits::EVENTS_PER_CALL_MAX;
use crate::runtime::{Answer, Progress, Receipt, Results, WriteError};

/// The events of a call, each decoded or refused.
pub(super) struct CalledEvents {
    pub call: Call,
    ids: Vec<String>,
    pub decoded: Vec<Result<IncidentEvent, Rejection>>,
}

impl CalledEvents {
    /// Records them. Returns their ids as they were sent, and what became of each once all that are
    /// recorded are durable.
    pub async fn record(self) -> Result<(Vec<String>, Results, Progress), Status> {
        let CalledEvents { call, ids, decoded } = self;
        let (events, refused) = sort_out(decoded);
        let answer = call.engine.record_events(call.tenant.clone(), events, call.until()).await;
        let (results, progress) = answer.map_err(status::not_written)?;
        Ok((ids, merge(refused, results), progress))
    }
}

impl Services {
    /// Decodes the events of a call, if there is room to record them.
    pub(super) fn events_of(
        &self,
        request: Request<v1::RecordEventsRequest>,
    ) -> Result<CalledEvents, Status> {
        let (call, events) = self.write(request, |request, _, violations| {
            check_count(request.events.len(), violations);
            request.events
        })?;
        call.engine.check_room(&call.tenant, events.len()).map_err(status::not_written)?;
        let (ids, decoded) = self.decode_events(&call.caller, events);
        Ok(CalledEvents { call, ids, decoded })
    }

    /// The ids as they were sent, and each event decoded or refused.
    fn decode_events(
        &self,
        caller: &Caller,
        events: Vec<v1::IncidentEvent>,
    ) -> (Vec<String>, Vec<Result<IncidentEvent, Rejection>>) {
        let ids = events.iter().map(|event| event.event_id.clone()).collect();
        let most = self.limits.event_bytes_max;
        let decoded = events.into_iter().map(|event| {
            check_bytes(&event, most)?;
            let mut event = codec::api::incident::decode(event).map_err(Rejection::Invalid)?;
            if event.is_decision() {
                event.recorded_by = caller.decides();
            }
            Ok(event)
        });
        (ids, decoded.collect())
    }

    /// The same for facts about services.
    pub(super) fn decode_service_events(
        &self,
        caller: &Caller,
        events: Vec<v1::ServiceEvent>,
    ) -> (Vec<String>, Vec<Result<ServiceEvent, Rejection>>) {
        let ids = events.iter().map(|event| event.event_id.clone()).collect();
        let most = self.limits.event_bytes_max;
        let decoded = events.into_iter().map(|event| {
            check_bytes(&event, most)?;
            let mut event = codec::api::service_event::decode(event).map_err(Rejection::Invalid)?;
            if event.is_decision() {
                event.recorded_by = caller.decides();
            }
            Ok(event)
        });
        (ids, decoded.collect())
    }
}

pub(super) fn check_count(count: usize, violations: &mut FieldViolations) {
    if count == 0 {
        violations.add("events", "is empty: send at least one event");
    }
    violations.at_most("events", count, EVENTS_PER_CALL_MAX);
}

/// What is to be recorded, and what is refused already: `None` where something is to be recorded.
pub(super) fn sort_out<E>(decoded: Vec<Result<E, Rejection>>) -> (Vec<E>, Vec<Option<Rejection>>) {
    let mut events = Vec::with_capacity(decoded.len());
    let refused = decoded.into_iter().map(|decoded| match decoded {
        Ok(event) => {
            events.push(event);
            None
        }
        Err(rejection) => Some(rejection),
    });
    let refused = refused.collect();
    (events, refused)
}

/// The results of all events, in the order they were sent.
pub(super) fn merge(refused: Vec<Option<Rejection>>, results: Results) -> Results {
    let mut results = results.into_iter();
    let merged = refused.into_iter().filter_map(|refused| match refused {
        Some(rejection) => Some(Err(rejection)),
        None => results.next(),
    });
    merged.collect()
}

/// A call about one thing succeeds or fails as that thing does.
pub(super) fn as_one(is_single: bool, mut results: Results) -> Result<Results, Status> {
    match results.pop() {
        Some(Err(rejection)) if is_single => Err(status::refused(rejection)),
        last => {
            results.extend(last);
            Ok(results)
        }
    }
}

pub(super) fn encode_results(ids: Vec<String>, results: Results) -> Vec<v1::RecordResult> {
    let encode = |(event_id, result): (String, Result<Receipt, Rejection>)| match result {
        Ok(Receipt { sequence, is_duplicate }) => {
            let outcome = match is_duplicate {
                true => v1::RecordOutcome::Duplicate,
                false => v1::RecordOutcome::Accepted,
            };
            let outcome = outcome as i32;
            let sequence = sequence as i64;
            v1::RecordResult { event_id, outcome, sequence, ..Default::default() }
        }
        Err(rejection) => v1::RecordResult {
            event_id,
            outcome: v1::RecordOutcome::Refused as i32,
            rejection: Some(status::rejection_message(&rejection)),
            ..Default::default()
        },
    };
    ids.into_iter().zip(results).map(encode).collect()
}

/// A message of a stream whose events wait for their sync.
pub(super) struct HandedIn {
    ids: Vec<String>,
    refused: Vec<Option<Rejection>>,
    warnings: Warnings,
    answer: oneshot::Receiver<Answer<Results>>,
}

impl HandedIn {
    pub async fn acknowledgement(self) -> Result<v1::StreamEventsResponse, Status> {
        let answer = self.answer.await.unwrap_or(Err(WriteError::Stopping));
        let (results, progress) = answer.map_err(status::not_written)?;
        let results = encode_results(self.ids, merge(self.refused, results));
        Ok(v1::StreamEventsResponse {
            results: self.warnings.put_into(results),
            stamp: write_stamp(&progress),
        })
    }
}

/// Reads a stream's messages and hands their events in, as far ahead as may wait for their sync.
pub(super) async fn hand_in(
    services: Services,
    caller: Caller,
    mut messages: Streaming<v1::StreamEventsRequest>,
    handed_in: mpsc::Sender<Result<HandedIn, Status>>,
) {
    while let Some(message) = messages.next().await {
        let message = match message {
            Ok(message) => services.hand_in_message(&caller, message).await,
            Err(status) => Err(status::explained(status)),
        };
        let is_last = message.is_err();
        if handed_in.send(message).await.is_err() || is_last {
            return;
        }
    }
}

impl Services {
    async fn hand_in_message(
        &self,
        caller: &Caller,
        message: v1::StreamEventsRequest,
    ) -> Result<HandedIn, Status> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(caller.clone());
        let (call, events) = self.write(request, |message, _, violations| {
            check_count(message.events.len(), violations);
            message.events
        })?;
        let (ids, decoded) = self.decode_events(&call.caller, events);
        let warnings = Warnings::of(&call, &decoded);
        let (events, refused) = sort_out(decoded);
        let answer = call.engine.hand_in_events(call.tenant, events).await;
        let answer = answer.map_err(status::not_written)?;
        Ok(HandedIn { ids, refused, warnings, answer })
    }
}

/// Whether a message would leave room for others on a page or in an event.
fn check_bytes(event: &impl Message, most: usize) -> Result<(), Rejection> {
    if event.encoded_len() > most {
        return Err(Rejection::LimitExceeded { what: "an event", most, unit: "bytes" });
    }
    Ok(())
}
