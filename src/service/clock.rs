//! `ClockService`.

use tonic::{Request, Response, Status};

use super::messages::Messages;
use super::page::Paging;
use super::services::Services;
use super::stamp::stamp;
use crate::codec::api::coverage::encode_missing;
use crate::codec::api::experience::{encode_experience, encode_link, encode_party_time};
use crate::codec::api::forecast::{encode_breach_forecast, encode_work};
use crate::codec::choices::{outcome, outcome_number, phase};
use crate::codec::scalar::{id, instant, optional_instant, optional_terms_id, timestamp};
use crate::codec::v1::change_step::Record;
use crate::codec::v1::clock_service_server::ClockService;
use crate::codec::violations::FieldViolations;
use crate::codec::{self, v1};
use crate::domain::clock::Clock;
use crate::domain::ids::ContractId;
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::answers::compare::Step;
use crate::engine::answers::experience::{avoidable_of, chain, experiences};
use crate::engine::answers::outlook::{estimated, urgency};
use crate::engine::catalog::TermsName;
use crate::engine::evaluate::{evaluate_incident, evaluate_under};
use crate::queries::changes::{self, ChangedBy, ChangedClock};
use crate::queries::clocks::{self, ClockFilter};
use crate::queries::incidents::{self, Use};
use crate::queries::outlooks::Outlooks;
use crate::queries::{QueryError, ReadView, Reading};

#[tonic::async_trait]
impl ClockService for Services {
    type CompareClocksStream = Messages<v1::CompareClocksResponse>;
    type WatchClocksStream = Messages<v1::WatchClocksResponse>;

    async fn compare_clocks(
        &self,
        request: Request<v1::CompareClocksRequest>,
    ) -> Result<Response<Self::CompareClocksStream>, Status> {
        let (call, (earlier, contract)) = self.read(request, |request, _, violations| {
            let earlier = instant(request.earlier_known_time);
            let earlier = violations.or("earlier_known_time", earlier, Instant::MIN);
            let contract = optional_terms_id(request.contract_id);
            (earlier, violations.or("contract_id", contract, String::new()))
        })?;
        call.stream(move |Reading { view, index }, send| {
            let zones = view.zones().version();
            changes::each(&view, index, (&contract, earlier), |changed| {
                let stamp = stamp(view.point());
                send(v1::CompareClocksResponse { stamp, ..encode_change(changed, zones) })
            })
        })
        .await
    }

    async fn watch_clocks(
        &self,
        request: Request<v1::WatchClocksRequest>,
    ) -> Result<Response<Self::WatchClocksStream>, Status> {
        super::watch_clocks::watch(self, request).await
    }

    async fn evaluate_incident(
        &self,
        request: Request<v1::EvaluateIncidentRequest>,
    ) -> Result<Response<v1::EvaluateIncidentResponse>, Status> {
        let (call, wanted) = self.read(request, |request, _, violations| {
            let id = violations.or("incident_id", id(request.incident_id), String::new());
            let contract = optional_terms_id(request.contract_id);
            let contract = violations.or("contract_id", contract, String::new()).into();
            let (with_segments, with_forecast) = (request.with_segments, request.with_forecast);
            EvaluationQuery { id, contract, with_segments, with_forecast }
        })?;
        let EvaluationQuery { id, contract, with_forecast, .. } = wanted.clone();
        let usage = Use::Evaluated { contract, with_forecast };
        call.answer_of_incident(&id, &usage, move |view| evaluate(view, &wanted)).await
    }

    async fn list_clocks(
        &self,
        request: Request<v1::ListClocksRequest>,
    ) -> Result<Response<v1::ListClocksResponse>, Status> {
        let (call, mut paging, (filter, with_forecast)) =
            self.read_page(request, |request, _, violations| {
                let with_forecast = request.with_forecast;
                (decode_filter(request, violations), with_forecast)
            })?;
        let after = paging.after_clock()?;
        let weight = call.weight_of_list();
        call.answer(weight, move |reading| {
            let zones = reading.view.zones().clone();
            let zones = zones.version();
            let most = paging.items() + 1;
            let make = |outlooks: &Outlooks<'_>,
                        incident: &str,
                        clock: &Clock<'_>,
                        history: &History<'_>| {
                let encoded = codec::api::clock::encode(incident, clock, zones, false);
                match with_forecast {
                    true => with_its_forecast(encoded, outlooks, clock, history),
                    false => Ok(encoded),
                }
            };
            let found = clocks::page(reading, &filter, after.as_ref(), most, make)?;
            paging.pin(found.point.times);
            Ok(fill(paging, found))
        })
        .await
    }
}

/// Which incident to evaluate, and what to include.
#[derive(Clone)]
struct EvaluationQuery {
    id: String,
    /// Only under this contract; empty: under all.
    contract: ContractId,
    with_segments: bool,
    with_forecast: bool,
}

fn evaluate(
    view: &ReadView<'_>,
    wanted: &EvaluationQuery,
) -> Result<v1::EvaluateIncidentResponse, QueryError> {
    let evaluated =
        incidents::one(view, &wanted.id, |history| encode_evaluation(view, wanted, history))?;
    Ok(v1::EvaluateIncidentResponse { stamp: stamp(view.point()), ..evaluated? })
}

/// The message of a clock with what is to be expected of it.
fn with_its_forecast(
    encoded: v1::Clock,
    outlooks: &Outlooks<'_>,
    clock: &Clock<'_>,
    history: &History<'_>,
) -> Result<v1::Clock, QueryError> {
    let outlook = outlooks.of(clock, history)?;
    let forecast = outlook.map(|(learned, outlook)| encode_breach_forecast(&learned, &outlook));
    Ok(v1::Clock { forecast, ..encoded })
}

/// A page of the clocks that fit on it.
fn fill(mut paging: Paging, found: clocks::ClockPage<v1::Clock>) -> v1::ListClocksResponse {
    let mut page = v1::ListClocksResponse { stamp: stamp(found.point), ..Default::default() };
    let mut next = found.cut;
    let mut last = None;
    for clock in found.clocks {
        if !paging.takes(&clock.made) {
            next = last;
            break;
        }
        page.clocks.push(clock.made);
        last = Some(clock.mark);
    }
    page.next_page_token = next.map(|mark| paging.seal_clock(&mark)).unwrap_or_default();
    page
}

fn encode_evaluation(
    view: &ReadView<'_>,
    wanted: &EvaluationQuery,
    history: &History<'_>,
) -> Result<v1::EvaluateIncidentResponse, QueryError> {
    let (known, as_of) = (view.known(), view.times().as_of);
    let evaluation = match wanted.contract.as_str() {
        "" => evaluate_incident(history, &known, as_of),
        one => evaluate_under(history, one, &known, as_of),
    };
    let zones = view.zones().version();
    let experiences = experiences(history, &evaluation, &known, as_of);
    let encoded = experiences.iter().map(|one| encode_experience(one, &evaluation.clocks));
    let estimated = estimated(history, as_of);
    let work = evaluation.clocks.iter().filter_map(|clock| {
        let urgency = estimated.and_then(|incident| urgency(clock, incident, &known, as_of));
        let avoidable = avoidable_of(history, clock, &known);
        encode_work(clock, urgency.as_ref(), avoidable.as_ref())
    });
    let EvaluationQuery { id, with_segments, with_forecast, .. } = wanted;
    let mut encoded_clocks =
        codec::api::clock::encode_evaluation(id, &evaluation, zones, *with_segments);
    if *with_forecast {
        let outlooks = Outlooks::new(view);
        for (encoded, clock) in encoded_clocks.clocks.iter_mut().zip(&evaluation.clocks) {
            *encoded = with_its_forecast(std::mem::take(encoded), &outlooks, clock, history)?;
        }
    }
    Ok(v1::EvaluateIncidentResponse {
        work: work.collect(),
        experience: encoded.collect(),
        party_time: encode_party_time(&experiences),
        missing_clocks: evaluation.missing.iter().map(encode_missing).collect(),
        chain: chain(&evaluation, &known).into_iter().map(encode_link).collect(),
        ..encoded_clocks
    })
}

fn encode_change(changed: &ChangedClock<'_>, zones: &str) -> v1::CompareClocksResponse {
    let encode = |clock| codec::api::clock::encode(changed.incident, clock, zones, false);
    v1::CompareClocksResponse {
        before: changed.before.map(encode),
        after: changed.after.map(encode),
        steps: changed.steps.iter().map(|(step, cause)| encode_step(step, *cause)).collect(),
        stamp: None,
    }
}

fn encode_step(step: &Step, cause: Option<ChangedBy<'_>>) -> v1::ChangeStep {
    let record = cause.map(|cause| match cause {
        ChangedBy::Event(event) => Record::Event(codec::api::incident::encode(event)),
        ChangedBy::Terms(TermsName::Contract(id)) => Record::ContractId(id.to_owned()),
        ChangedBy::Terms(TermsName::Calendar(id)) => Record::CalendarId(id.to_owned()),
        ChangedBy::Terms(TermsName::TimeZones(release)) => {
            Record::TimeZoneDatabase(release.to_owned())
        }
    });
    v1::ChangeStep {
        record_time: Some(timestamp(step.record_time)),
        before_outcome: step.before.map(outcome_number).unwrap_or_default(),
        after_outcome: step.after.map(outcome_number).unwrap_or_default(),
        record,
    }
}

fn decode_filter(request: v1::ListClocksRequest, violations: &mut FieldViolations) -> ClockFilter {
    ClockFilter {
        contract_id: violations
            .or("contract_id", optional_terms_id(request.contract_id), String::new())
            .into(),
        target_id: violations
            .or("target_id", optional_terms_id(request.target_id), String::new())
            .into(),
        priority: request.priority,
        phases: violations.each("phases", request.phases, phase),
        outcomes: violations.each("outcomes", request.outcomes, outcome),
        due_before: violations.or("due_before", optional_instant(request.due_before), None),
    }
}
