//! `ForecastService`.

use tonic::{Request, Response, Status};

use super::aside::{Messages, answer, stream};
use super::pieces::Pieces;
use super::read::{check, read, stamp};
use super::{Services, status};
use crate::engine::objective_outlook::objective_outlooks;
use crate::engine::outlook::WhatIf;
use crate::limits::PRIORITY_BYTES_MAX;
use crate::runtime::ForecastAsked;
use crate::wire::faults::Faults;
use crate::wire::forecast::{encode, encode_objective_outlooks, encode_turnout};
use crate::wire::scalar::{id, optional_id, optional_instant, optional_span, text};
use crate::wire::v1;
use crate::wire::v1::forecast_service_server::ForecastService;

#[tonic::async_trait]
impl ForecastService for Services {
    type ForecastClocksStream = Messages<v1::ForecastClocksResponse>;

    async fn forecast_clocks(
        &self,
        request: Request<v1::ForecastClocksRequest>,
    ) -> Result<Response<Self::ForecastClocksStream>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let wanted = wanted(request, &mut faults);
        check(faults)?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        Ok(stream(move |send| {
            let zones = engine.zones().version();
            let told = engine.forecast_clocks(
                settled,
                &tenant,
                &wanted,
                asked.times(),
                |learned, incident, clock, outlook| {
                    encode(learned, incident, clock, outlook, zones)
                },
            );
            let (sight, forecasts) = told.map_err(status::unreadable)?.map_err(status::refused)?;
            send_all(forecasts, stamp(&sight), send);
            Ok(())
        }))
    }

    async fn forecast_objectives(
        &self,
        request: Request<v1::ForecastObjectivesRequest>,
    ) -> Result<Response<v1::ForecastObjectivesResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let contract = faults.or("contract_id", id(request.contract_id), String::new());
        if request.period.is_empty() {
            faults.add("period", "is missing: give a month \"2026-10\", a quarter or a year");
        }
        check(faults)?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        answer(move || {
            let of = (contract.as_str(), request.period.as_str());
            let times = asked.times();
            let told = engine.forecast_objectives(settled, &tenant, of, times, |sight, outlook| {
                let outlooks = objective_outlooks(&outlook, sight.times.as_of);
                let told = encode_objective_outlooks(&outlook.compliance.period, &outlooks);
                v1::ForecastObjectivesResponse { stamp: stamp(&sight), ..told }
            });
            told.map_err(status::unreadable)?.map_err(status::refused)
        })
        .await
    }

    async fn get_forecast_quality(
        &self,
        request: Request<v1::GetForecastQualityRequest>,
    ) -> Result<Response<v1::GetForecastQualityResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let contract = faults.or("contract_id", id(request.contract_id), String::new());
        let target = faults.or("target_id", optional_id(request.target_id), String::new());
        check(faults)?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        answer(move || {
            let of = (contract.as_str(), target.as_str(), request.period.as_str());
            let told = engine.forecast_quality(settled, &tenant, of, asked.times());
            let (sight, turnout) = told.map_err(status::unreadable)?.map_err(status::refused)?;
            let quality = turnout.as_ref().map(encode_turnout);
            Ok(v1::GetForecastQualityResponse { quality, stamp: stamp(&sight) })
        })
        .await
    }
}

/// Sends forecasts, some hundreds in a message; one message at least.
fn send_all(
    forecasts: Vec<v1::ClockForecast>,
    stamp: Option<v1::Stamp>,
    send: &dyn Fn(v1::ForecastClocksResponse) -> bool,
) {
    let send = |forecasts| send(v1::ForecastClocksResponse { forecasts, stamp });
    let mut pieces = Pieces::default();
    if forecasts.into_iter().all(|forecast| pieces.add(forecast, send)) {
        send(pieces.take());
    }
}

fn wanted(request: v1::ForecastClocksRequest, faults: &mut Faults) -> ForecastAsked {
    if !(0.0..=1.0).contains(&request.minimum_probability) {
        let is = request.minimum_probability;
        faults.add("minimum_probability", format!("is {is}: write 0 to 1"));
    }
    ForecastAsked {
        contract_id: faults.or("contract_id", id(request.contract_id), String::new()),
        due_before: faults.or("due_before", optional_instant(request.due_before), None),
        minimum_probability: request.minimum_probability,
        what_if: request.what_if.map(|what_if| decode_what_if(what_if, faults)),
    }
}

fn decode_what_if(what_if: v1::WhatIf, faults: &mut Faults) -> WhatIf {
    let effort = optional_span(what_if.effort_remaining);
    let priority = text(what_if.priority, PRIORITY_BYTES_MAX);
    let priority = faults.or("what_if.priority", priority, String::new());
    let decoded = WhatIf {
        incident_id: faults.or("what_if.incident_id", id(what_if.incident_id), String::new()),
        effort_remaining: faults.or("what_if.effort_remaining", effort, None),
        wait_end: faults.or("what_if.wait_end_time", optional_instant(what_if.wait_end_time), None),
        priority: Some(priority).filter(|priority| !priority.is_empty()),
    };
    let nothing = decoded.effort_remaining.is_none()
        && decoded.wait_end.is_none()
        && decoded.priority.is_none();
    if nothing {
        faults.add("what_if", "changes nothing: give an effort, a wait's end or a priority");
    }
    decoded
}
