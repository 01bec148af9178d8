//! `IncidentService`.

use std::pin::Pin;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};
use tracing::Instrument;

use super::caller::Caller;
use super::erasing;
use super::recording::{HandedIn, as_one, check_count, encode_results, hand_in, merge, sort_out};
use super::services::Services;
use super::stamp::{stamp, write_stamp};
use super::status;
use super::warnings::Warnings;
use crate::codec::api::coverage::encode_missing;
use crate::codec::api::incident::{encode_recorded, encode_state};
use crate::codec::scalar::{id, optional_terms_id};
use crate::codec::v1;
use crate::codec::v1::incident_service_server::IncidentService;
use crate::domain::clock::MissingClock;
use crate::domain::incident::{History, RecordedEvent};
use crate::domain::time::Instant;
use crate::queries::Reading;
use crate::queries::incidents::{self, Use};

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
        let events = self.events_of(request)?;
        let warnings = Warnings::of(&events.call, &events.decoded);
        let (ids, results, progress) = events.record().await?;
        let results = as_one(ids.len() == 1, results)?;
        Ok(Response::new(v1::RecordEventsResponse {
            results: warnings.put_into(encode_results(ids, results)),
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
        let caller = Caller::of(&request)?;
        let handing_in = hand_in(self.clone(), caller, request.into_inner(), handed_in);
        tokio::spawn(handing_in.in_current_span());
        let answers = ReceiverStream::new(waiting)
            .then(|message: Result<HandedIn, Status>| async { message?.acknowledgement().await });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn record_service_events(
        &self,
        request: Request<v1::RecordServiceEventsRequest>,
    ) -> Result<Response<v1::RecordServiceEventsResponse>, Status> {
        let (call, events) = self.write(request, |request, _, violations| {
            check_count(request.events.len(), violations);
            request.events
        })?;
        call.engine.check_room(&call.tenant, events.len()).map_err(status::not_written)?;
        let is_single = events.len() == 1;
        let (ids, decoded) = self.decode_service_events(&call.caller, events);
        let (events, refused) = sort_out(decoded);
        let answer =
            call.engine.record_service_events(call.tenant.clone(), events, call.until()).await;
        let (results, progress) = answer.map_err(status::not_written)?;
        let results = as_one(is_single, merge(refused, results))?;
        Ok(Response::new(v1::RecordServiceEventsResponse {
            results: encode_results(ids, results),
            stamp: write_stamp(&progress),
        }))
    }

    async fn erase_personal_data(
        &self,
        request: Request<v1::ErasePersonalDataRequest>,
    ) -> Result<Response<v1::ErasePersonalDataResponse>, Status> {
        let (call, (subject, validate_only)) = self.write(request, |request, _, violations| {
            let v1::ErasePersonalDataRequest { subject, validate_only, .. } = request;
            if subject.is_empty() {
                violations.add("subject", "is missing: write the text to erase".to_owned());
            }
            (subject, validate_only)
        })?;
        erasing::erase(&call, subject, validate_only).await.map(Response::new)
    }

    async fn get_incident(
        &self,
        request: Request<v1::GetIncidentRequest>,
    ) -> Result<Response<v1::GetIncidentResponse>, Status> {
        let (call, id) = self.read(request, |request, _, violations| {
            violations.or("incident_id", id(request.incident_id), String::new())
        })?;
        let shown = id.clone();
        call.answer_of_incident(&id, &Use::Shown, move |view| {
            let (id, as_of) = (shown, view.times().as_of);
            let incident = incidents::one(view, &id, |history| encode_state(&id, history, as_of));
            let incident = Some(incident?);
            Ok(v1::GetIncidentResponse { incident, stamp: stamp(view.point()) })
        })
        .await
    }

    async fn list_incidents(
        &self,
        request: Request<v1::ListIncidentsRequest>,
    ) -> Result<Response<v1::ListIncidentsResponse>, Status> {
        let (call, mut paging, (contract, only_missing)) =
            self.read_page(request, |request, _, violations| {
                let contract = optional_terms_id(request.contract_id);
                let contract = violations.or("contract_id", contract, String::new());
                (contract, request.only_missing_clocks)
            })?;
        let after = paging.after_id()?;
        let weight = call.weight_of_list();
        call.answer(weight, move |Reading { view, index }| {
            paging.pin(view.times());
            let mut page =
                v1::ListIncidentsResponse { stamp: stamp(view.point()), ..Default::default() };
            let (as_of, most) = (view.times().as_of, paging.items() + 1);
            let mut put = |incident: v1::Incident| {
                let fits = paging.takes(&incident);
                match fits {
                    true => page.incidents.push(incident),
                    false => page.next_page_token = paging.seal_id(last_id(&page.incidents)),
                }
                fits
            };
            if only_missing {
                let cut = incidents::each_missing(
                    &view,
                    index,
                    &contract,
                    (&after, most),
                    |id, history, missing| put(encode_missing_of(id, history, as_of, missing)),
                )?;
                if let Some(cut) = cut {
                    page.next_page_token = paging.seal_id(cut.to_string());
                }
            } else {
                drop(index);
                incidents::each(&view, &contract, &after, |id, history| {
                    put(encode_state(id, history, as_of))
                })?;
            }
            Ok(page)
        })
        .await
    }

    async fn list_events(
        &self,
        request: Request<v1::ListEventsRequest>,
    ) -> Result<Response<v1::ListEventsResponse>, Status> {
        let (call, mut paging, id) = self.read_page(request, |request, _, violations| {
            violations.or("incident_id", id(request.incident_id), String::new())
        })?;
        let after = paging.after_id()?;
        let listed = id.clone();
        call.answer_of_incident(&id, &Use::Shown, move |view| {
            paging.pin(view.times());
            let filled = incidents::one(view, &listed, |history| {
                let events = events_after(history, &after, view.times().as_of);
                let events = events.map(|(recorded, by)| encode_recorded(recorded, by));
                paging.fill(events, event_id)
            });
            let (events, next_page_token) = filled?;
            let stamp = stamp(view.point());
            Ok(v1::ListEventsResponse { events, next_page_token, stamp })
        })
        .await
    }
}

/// An incident with the clocks that it lacks.
fn encode_missing_of(
    id: &str,
    history: &History<'_>,
    as_of: Instant,
    missing: &[MissingClock<'_>],
) -> v1::Incident {
    let missing_clocks = missing.iter().map(encode_missing).collect();
    v1::Incident { missing_clocks, ..encode_state(id, history, as_of) }
}

fn last_id(incidents: &[v1::Incident]) -> String {
    incidents.last().map(|last| last.id.clone()).unwrap_or_default()
}

/// The events of an incident after one, as far as they occurred, each with what voided it.
fn events_after<'h>(
    history: &'h History<'_>,
    after: &str,
    as_of: Instant,
) -> impl Iterator<Item = (&'h RecordedEvent, Option<&'h str>)> {
    let events = history.all();
    let from = events.iter().position(|(recorded, _)| recorded.value.event_id == after);
    let rest = events.into_iter().skip(from.map_or(0, |from| from + 1));
    rest.filter(move |(recorded, _)| recorded.value.occur_time <= as_of)
}

fn event_id(recorded: &v1::RecordedEvent) -> String {
    recorded.event.as_ref().map(|event| event.event_id.clone()).unwrap_or_default()
}
