//! `IncidentService`.

use std::pin::Pin;

use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::aside::answer;
use super::page::Paging;
use super::read::{check, read, stamp, tenant, write_stamp};
use super::{Services, status};
use crate::domain::incident::IncidentEvent;
use crate::engine::query::history;
use crate::engine::refusal::Refusal;
use crate::limits::EVENTS_A_CALL_MAX;
use crate::runtime::{Answer, Receipt, Results};
use crate::wire::faults::Faults;
use crate::wire::scalar::{id, optional_id};
use crate::wire::v1::incident_service_server::IncidentService;
use crate::wire::{self, v1};

/// Messages of one stream that wait for their sync.
const MESSAGES_IN_FLIGHT_MAX: usize = 64;

type Acknowledgements =
    Pin<Box<dyn Stream<Item = Result<v1::StreamEventsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl IncidentService for Services {
    async fn record_events(
        &self,
        request: Request<v1::RecordEventsRequest>,
    ) -> Result<Response<v1::RecordEventsResponse>, Status> {
        let engine = self.engine()?;
        let v1::RecordEventsRequest { tenant: asked, events } = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(asked, &mut faults);
        check_count(events.len(), &mut faults);
        check(faults)?;
        let is_single = events.len() == 1;
        let (ids, decoded) = self.decode_events(events);
        let (events, refused) = sort_out(decoded);
        let answer = engine.record_events(tenant, events).await;
        let (results, progress) = answer.map_err(|error| status::not_written(&error))?;
        let results = as_one(is_single, merge(refused, results))?;
        Ok(Response::new(v1::RecordEventsResponse {
            results: encode_results(ids, results),
            stamp: write_stamp(&progress),
        }))
    }

    type StreamEventsStream = Acknowledgements;

    async fn stream_events(
        &self,
        request: Request<Streaming<v1::StreamEventsRequest>>,
    ) -> Result<Response<Acknowledgements>, Status> {
        self.engine()?;
        let (handed_in, waiting) = mpsc::channel(MESSAGES_IN_FLIGHT_MAX);
        tokio::spawn(hand_in(self.clone(), request.into_inner(), handed_in));
        let answers = ReceiverStream::new(waiting)
            .then(|message: Result<HandedIn, Status>| async { message?.acknowledgement().await });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn record_service_events(
        &self,
        request: Request<v1::RecordServiceEventsRequest>,
    ) -> Result<Response<v1::RecordServiceEventsResponse>, Status> {
        let engine = self.engine()?;
        let v1::RecordServiceEventsRequest { tenant: asked, events } = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(asked, &mut faults);
        check_count(events.len(), &mut faults);
        check(faults)?;
        let is_single = events.len() == 1;
        let ids = events.iter().map(|event| event.event_id.clone()).collect();
        let most = self.limits.event_bytes_max;
        let decoded = events.into_iter().map(|event| {
            status::check_bytes(&event, most)?;
            wire::service_event::decode(event).map_err(Refusal::Invalid)
        });
        let (events, refused) = sort_out(decoded.collect());
        let answer = engine.record_service_events(tenant, events).await;
        let (results, progress) = answer.map_err(|error| status::not_written(&error))?;
        let results = as_one(is_single, merge(refused, results))?;
        Ok(Response::new(v1::RecordServiceEventsResponse {
            results: encode_results(ids, results),
            stamp: write_stamp(&progress),
        }))
    }

    async fn get_incident(
        &self,
        request: Request<v1::GetIncidentRequest>,
    ) -> Result<Response<v1::GetIncidentResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let id = faults.or("incident_id", id(request.incident_id), String::new());
        check(faults)?;
        let sight = asked.sight(&engine)?;
        let ledger = engine.ledger(&tenant, &id).map_err(status::unreadable)?;
        let history = history(&ledger, sight.times).ok_or_else(|| not_found(&id))?;
        let incident = Some(wire::incident::encode_state(&id, &history, sight.times.as_of));
        Ok(Response::new(v1::GetIncidentResponse { incident, stamp: stamp(&sight) }))
    }

    async fn list_incidents(
        &self,
        request: Request<v1::ListIncidentsRequest>,
    ) -> Result<Response<v1::ListIncidentsResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let mut paging = Paging::asked(engine.store_id(), &request, &mut faults);
        let contract = faults.or("contract_id", optional_id(request.contract_id), String::new());
        check(faults)?;
        let after = paging.after_id()?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        answer(move || {
            let mut page = v1::ListIncidentsResponse::default();
            let mut last = after.clone();
            let listed = engine.list_incidents(
                settled,
                &tenant,
                &contract,
                asked.times(),
                &after,
                |id, ledger, times| {
                    let Some(history) = history(ledger, times) else { return true };
                    if history.moments(times.as_of).next().is_none() {
                        return true;
                    }
                    let incident = wire::incident::encode_state(&id, &history, times.as_of);
                    // Under a contract means by the opening in effect, not by a retracted one.
                    if !contract.is_empty() && !incident.contract_ids.contains(&contract) {
                        return true;
                    }
                    if !paging.takes(&incident) {
                        page.next_page_token = paging.seal_id(last.clone());
                        return false;
                    }
                    page.incidents.push(incident);
                    last = id;
                    true
                },
            );
            let sight = listed.map_err(status::unreadable)?;
            page.stamp = stamp(&sight);
            Ok(page)
        })
        .await
    }

    async fn list_events(
        &self,
        request: Request<v1::ListEventsRequest>,
    ) -> Result<Response<v1::ListEventsResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let mut paging = Paging::asked(engine.store_id(), &request, &mut faults);
        let id = faults.or("incident_id", id(request.incident_id), String::new());
        check(faults)?;
        let after = paging.after_id()?;
        let sight = asked.sight(&engine)?;
        let ledger = engine.ledger(&tenant, &id).map_err(status::unreadable)?;
        let history = history(&ledger, sight.times).ok_or_else(|| not_found(&id))?;
        let mut page = v1::ListEventsResponse { stamp: stamp(&sight), ..Default::default() };
        let events = history.all();
        let from = events.iter().position(|(recorded, _)| recorded.value.event_id == after);
        let occurred = events
            .iter()
            .skip(from.map_or(0, |from| from + 1))
            .filter(|(recorded, _)| recorded.value.occur_time <= sight.times.as_of);
        let mut last = after;
        for (recorded, voided_by) in occurred {
            let event = wire::incident::encode_recorded(recorded, *voided_by);
            if !paging.takes(&event) {
                page.next_page_token = paging.seal_id(last);
                break;
            }
            page.events.push(event);
            last = recorded.value.event_id.clone();
        }
        Ok(Response::new(page))
    }
}

impl Services {
    /// The ids as they were sent, and each event decoded or refused.
    fn decode_events(
        &self,
        events: Vec<v1::IncidentEvent>,
    ) -> (Vec<String>, Vec<Result<IncidentEvent, Refusal>>) {
        let ids = events.iter().map(|event| event.event_id.clone()).collect();
        let most = self.limits.event_bytes_max;
        let decoded = events.into_iter().map(|event| {
            status::check_bytes(&event, most)?;
            wire::incident::decode(event).map_err(Refusal::Invalid)
        });
        (ids, decoded.collect())
    }
}

fn check_count(count: usize, faults: &mut Faults) {
    if count == 0 {
        faults.add("events", "is empty: send at least one event");
    }
    faults.at_most("events", count, EVENTS_A_CALL_MAX);
}

/// What is to be recorded, and what is refused already: `None` where something is to be recorded.
fn sort_out<E>(decoded: Vec<Result<E, Refusal>>) -> (Vec<E>, Vec<Option<Refusal>>) {
    let mut events = Vec::with_capacity(decoded.len());
    let refused = decoded.into_iter().map(|decoded| match decoded {
        Ok(event) => {
            events.push(event);
            None
        }
        Err(refusal) => Some(refusal),
    });
    let refused = refused.collect();
    (events, refused)
}

/// The results of all events, in the order they were sent.
fn merge(refused: Vec<Option<Refusal>>, results: Results) -> Results {
    let mut results = results.into_iter();
    let merged = refused.into_iter().filter_map(|refused| match refused {
        Some(refusal) => Some(Err(refusal)),
        None => results.next(),
    });
    merged.collect()
}

/// A call about one thing succeeds or fails as that thing does.
fn as_one(is_single: bool, mut results: Results) -> Result<Results, Status> {
    match results.pop() {
        Some(Err(refusal)) if is_single => Err(status::refused(refusal)),
        last => {
            results.extend(last);
            Ok(results)
        }
    }
}

fn encode_results(ids: Vec<String>, results: Results) -> Vec<v1::RecordResult> {
    let encode = |(event_id, result): (String, Result<Receipt, Refusal>)| match result {
        Ok(Receipt { sequence, is_duplicate }) => {
            let outcome = match is_duplicate {
                true => v1::RecordOutcome::Duplicate,
                false => v1::RecordOutcome::Accepted,
            };
            let outcome = outcome as i32;
            v1::RecordResult { event_id, outcome, sequence: sequence as i64, refusal: None }
        }
        Err(refusal) => v1::RecordResult {
            event_id,
            outcome: v1::RecordOutcome::Refused as i32,
            sequence: 0,
            refusal: Some(status::refusal_message(&refusal)),
        },
    };
    ids.into_iter().zip(results).map(encode).collect()
}

/// A message of a stream whose events wait for their sync.
struct HandedIn {
    ids: Vec<String>,
    refused: Vec<Option<Refusal>>,
    answer: oneshot::Receiver<Answer<Results>>,
}

impl HandedIn {
    async fn acknowledgement(self) -> Result<v1::StreamEventsResponse, Status> {
        let answer = self.answer.await.unwrap_or(Err(crate::runtime::WriteError::Stopping));
        let (results, progress) = answer.map_err(|error| status::not_written(&error))?;
        Ok(v1::StreamEventsResponse {
            results: encode_results(self.ids, merge(self.refused, results)),
            stamp: write_stamp(&progress),
        })
    }
}

/// Reads a stream's messages and hands their events in, as far ahead as may wait for their sync.
async fn hand_in(
    services: Services,
    mut messages: Streaming<v1::StreamEventsRequest>,
    handed_in: mpsc::Sender<Result<HandedIn, Status>>,
) {
    while let Some(message) = messages.next().await {
        let message = message.and_then(|message| services.hand_in_message(message));
        let is_last = message.is_err();
        if handed_in.send(message).await.is_err() || is_last {
            return;
        }
    }
}

impl Services {
    fn hand_in_message(&self, message: v1::StreamEventsRequest) -> Result<HandedIn, Status> {
        let engine = self.engine()?;
        let v1::StreamEventsRequest { tenant: asked, events } = message;
        let mut faults = Faults::default();
        let tenant = tenant(asked, &mut faults);
        check_count(events.len(), &mut faults);
        check(faults)?;
        let (ids, decoded) = self.decode_events(events);
        let (events, refused) = sort_out(decoded);
        let answer = engine.hand_in_events(tenant, events);
        let answer = answer.map_err(|error| status::not_written(&error))?;
        Ok(HandedIn { ids, refused, answer })
    }
}

fn not_found(id: &str) -> Status {
    status::refused(Refusal::IncidentNotFound(id.to_owned()))
}
