//! `ClockService`.

use tonic::{Request, Response, Status};

use super::page::Paging;
use super::read::{check, read, stamp};
use super::{Services, status};
use crate::engine::query::{history, judge_incident};
use crate::engine::refusal::Refusal;
use crate::runtime::{ClockFilter, ClockMark};
use crate::wire::clock::{outcome, phase};
use crate::wire::faults::Faults;
use crate::wire::scalar::{id, optional_id, optional_instant};
use crate::wire::v1::clock_service_server::ClockService;
use crate::wire::{self, v1};

#[tonic::async_trait]
impl ClockService for Services {
    async fn evaluate_incident(
        &self,
        request: Request<v1::EvaluateIncidentRequest>,
    ) -> Result<Response<v1::EvaluateIncidentResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let id = faults.or("incident_id", id(request.incident_id), String::new());
        check(faults)?;
        let sight = asked.sight(&engine)?;
        let ledger = engine.ledger(&tenant, &id).map_err(status::unreadable)?;
        let history = history(&ledger, sight.times)
            .ok_or_else(|| status::refused(Refusal::IncidentNotFound(id.clone())))?;
        let catalog = engine.catalog(&tenant);
        let known = catalog.known(sight.times.known);
        let judgement = judge_incident(&history, &known, sight.times.as_of);
        let zones = engine.zones().version();
        let clocks = judgement.clocks.iter();
        let clocks =
            clocks.map(|clock| wire::clock::encode(&id, clock, zones, request.with_segments));
        Ok(Response::new(v1::EvaluateIncidentResponse {
            clocks: clocks.collect(),
            verdicts: judgement.verdicts.iter().map(wire::clock::encode_verdict).collect(),
            stamp: stamp(&sight),
        }))
    }

    async fn list_clocks(
        &self,
        request: Request<v1::ListClocksRequest>,
    ) -> Result<Response<v1::ListClocksResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let mut paging = Paging::asked(engine.store_id(), &request, &mut faults);
        let filter = decode_filter(request, &mut faults);
        check(faults)?;
        let after = paging.after_clock()?;
        asked.sight(&engine)?;
        let zones = engine.zones().version();
        let mut page = v1::ListClocksResponse::default();
        let mut last: Option<ClockMark> = after.clone();
        let mut is_full = false;
        let listed = engine.list_clocks(
            &tenant,
            &filter,
            asked.times(),
            after.as_ref(),
            |incident, clock| wire::clock::encode(incident, clock, zones, false),
            |found| {
                is_full = !paging.takes(&found.made);
                if !is_full {
                    page.clocks.push(found.made);
                    last = Some(found.mark);
                }
                !is_full
            },
        );
        let (sight, cut) = listed.await.map_err(status::unreadable)?;
        let next = if is_full { last } else { cut };
        page.next_page_token = next.map(|mark| paging.seal_clock(&mark)).unwrap_or_default();
        page.stamp = stamp(&sight);
        Ok(Response::new(page))
    }
}

fn decode_filter(request: v1::ListClocksRequest, faults: &mut Faults) -> ClockFilter {
    ClockFilter {
        contract_id: faults.or("contract_id", optional_id(request.contract_id), String::new()),
        target_id: faults.or("target_id", optional_id(request.target_id), String::new()),
        priority: request.priority,
        phases: faults.each("phases", request.phases, phase),
        outcomes: faults.each("outcomes", request.outcomes, outcome),
        due_before: faults.or("due_before", optional_instant(request.due_before), None),
    }
}
