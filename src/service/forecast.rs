//! `ForecastService`.

use tonic::{Request, Response, Status};

use super::chunk::Chunk;
use super::lanes::Weight;
use super::messages::Messages;
use super::services::Services;
use super::stamp::{learnt, stamp};
use crate::codec::api::forecast::{encode, encode_objective_outlooks, encode_score};
use crate::codec::choices::forecast_group_key;
use crate::codec::scalar::{
    id, optional_instant, optional_span, optional_terms_id, terms_id, text,
};
use crate::codec::v1;
use crate::codec::v1::forecast_service_server::ForecastService;
use crate::codec::violations::FieldViolations;
use crate::domain::clock::Clock;
use crate::domain::forecast::MODEL_VERSION;
use crate::domain::ids::IncidentId;
use crate::engine::answers::objective_outlook::forecast_result;
use crate::engine::answers::outlook::WhatIf;
use crate::engine::learning::Learned;
use crate::limits::{INCIDENTS_PER_FORECAST_MAX, PRIORITY_BYTES_MAX};
use crate::queries::forecasts::{self, ForecastQuery, ForecastsHead};
use crate::queries::{Reading, period_forecasts};

#[tonic::async_trait]
impl ForecastService for Services {
    type ForecastClocksStream = Messages<v1::ForecastClocksResponse>;

    async fn forecast_clocks(
        &self,
        request: Request<v1::ForecastClocksRequest>,
    ) -> Result<Response<Self::ForecastClocksStream>, Status> {
        let (call, wanted) =
            self.read(request, |request, _, violations| wanted(request, violations))?;
        call.stream(move |Reading { view, index }, send| {
            let zones = view.zones().version();
            let make = |learned: &Learned, incident: &str, clock: &Clock<'_>, outlook| {
                encode(learned, incident, clock, outlook, zones)
            };
            let message = |head: &ForecastsHead, forecasts| {
                let stamp = stamp(head.point);
                v1::ForecastClocksResponse {
                    forecasts,
                    learnt: learnt(view.learnt_up_to(), stamp.as_ref()),
                    stamp,
                    long_breached_clocks: head.long_breached as i64,
                    model_version: MODEL_VERSION as i32,
                }
            };
            // Some hundreds in a message, each with what all have in common; one message at least.
            let mut chunk = Chunk::default();
            let mut is_heard = true;
            let head = forecasts::of_clocks(&view, index, &wanted, make, &mut |head, forecast| {
                is_heard = chunk.add(forecast, |forecasts| send(message(head, forecasts)));
                is_heard
            })?;
            if is_heard {
                send(message(&head, chunk.take()));
            }
            Ok(())
        })
        .await
    }

    async fn forecast_objectives(
        &self,
        request: Request<v1::ForecastObjectivesRequest>,
    ) -> Result<Response<v1::ForecastObjectivesResponse>, Status> {
        let (call, (contract, period, key)) = self.read(request, |request, _, violations| {
            let contract =
                violations.or("contract_id", terms_id(request.contract_id), String::new());
            let key = violations.or("group_by", forecast_group_key(request.group_by), None);
            if request.period.is_empty() {
                violations
                    .add("period", "is missing: give a month \"2026-10\", a quarter or a year");
            }
            (contract, request.period, key)
        })?;
        call.answer(Weight::Heavy, move |Reading { view, index }| {
            let of = (contract.as_str(), period.as_str());
            let outlook = period_forecasts::evaluate(&view, index, of, key)?;
            let answer = encode_objective_outlooks(&forecast_result(&outlook, view.times().as_of));
            let stamp = stamp(view.point());
            let learnt = learnt(view.learnt_up_to(), stamp.as_ref());
            Ok(v1::ForecastObjectivesResponse { stamp, learnt, ..answer })
        })
        .await
    }

    async fn get_forecast_quality(
        &self,
        request: Request<v1::GetForecastQualityRequest>,
    ) -> Result<Response<v1::GetForecastQualityResponse>, Status> {
        let (call, (contract, target, period)) = self.read(request, |request, _, violations| {
            let contract =
                violations.or("contract_id", terms_id(request.contract_id), String::new());
            let target =
                violations.or("target_id", optional_terms_id(request.target_id), String::new());
            (contract, target, request.period)
        })?;
        call.answer(Weight::Heavy, move |reading| {
            let view = reading.into_view();
            let score = forecasts::quality(&view, &contract, &target, &period)?;
            let quality = score.as_ref().map(encode_score);
            let stamp = stamp(view.point());
            let learnt = learnt(view.learnt_up_to(), stamp.as_ref());
            let model_version = MODEL_VERSION as i32;
            Ok(v1::GetForecastQualityResponse { quality, stamp, learnt, model_version })
        })
        .await
    }
}

fn wanted(request: v1::ForecastClocksRequest, violations: &mut FieldViolations) -> ForecastQuery {
    if !(0.0..=1.0).contains(&request.minimum_probability) {
        let is = request.minimum_probability;
        violations.add("minimum_probability", format!("is {is}: write 0 to 1"));
    }
    let priority = text(request.priority, PRIORITY_BYTES_MAX);
    let priority = violations.or("priority", priority, String::new());
    if request.what_if.is_some() {
        for (field, is_given) in
            [("incident_ids", !request.incident_ids.is_empty()), ("priority", !priority.is_empty())]
        {
            if is_given {
                violations.add(field, "is not for what_if, which names its own");
            }
        }
    }
    ForecastQuery {
        contract_id: violations
            .or("contract_id", terms_id(request.contract_id), String::new())
            .into(),
        target_id: violations
            .or("target_id", optional_terms_id(request.target_id), String::new())
            .into(),
        priority,
        incident_ids: incident_ids(request.incident_ids, violations),
        with_long_breached: request.with_long_breached,
        due_before: violations.or("due_before", optional_instant(request.due_before), None),
        minimum_probability: request.minimum_probability,
        what_if: request.what_if.map(|what_if| decode_what_if(what_if, violations)),
    }
}

fn incident_ids(ids: Vec<String>, violations: &mut FieldViolations) -> Vec<IncidentId> {
    let count = ids.len();
    if count > INCIDENTS_PER_FORECAST_MAX {
        let most = INCIDENTS_PER_FORECAST_MAX;
        violations.add("incident_ids", format!("has {count} items: write {most} at most"));
    }
    let ids = ids.into_iter().take(INCIDENTS_PER_FORECAST_MAX).enumerate();
    let decoded = ids.map(|(place, one)| {
        violations.or(&format!("incident_ids[{place}]"), id(one), String::new()).into()
    });
    decoded.collect()
}

fn decode_what_if(what_if: v1::WhatIf, violations: &mut FieldViolations) -> WhatIf {
    let effort = optional_span(what_if.effort_remaining);
    let priority = text(what_if.priority, PRIORITY_BYTES_MAX);
    let priority = violations.or("what_if.priority", priority, String::new());
    let decoded = WhatIf {
        incident_id: violations.or("what_if.incident_id", id(what_if.incident_id), String::new()),
        effort_remaining: violations.or("what_if.effort_remaining", effort, None),
        wait_end: violations.or(
            "what_if.wait_end_time",
            optional_instant(what_if.wait_end_time),
            None,
        ),
        priority: Some(priority).filter(|priority| !priority.is_empty()),
    };
    let nothing = decoded.effort_remaining.is_none()
        && decoded.wait_end.is_none()
        && decoded.priority.is_none();
    if nothing {
        violations.add("what_if", "changes nothing: give an effort, a wait's end or a priority");
    }
    decoded
}
