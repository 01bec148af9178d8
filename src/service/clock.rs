//! `ClockService`.

use tonic::{Request, Response, Status};

use super::page::{Room, Tokens};
use super::read::{Asked, check, stamp, tenant};
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
        let tenant = tenant(request.tenant, &mut faults);
        let id = faults.or("incident_id", id(request.incident_id), String::new());
        let asked = Asked::decode(
            request.as_of_time,
            request.known_time,
            request.min_sequence,
            &mut faults,
        );
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
        let arguments =
            v1::ListClocksRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let tokens = Tokens::new(engine.store_id(), "ListClocks", &arguments);
        let mut faults = Faults::default();
        let tenant = tenant(request.tenant.clone(), &mut faults);
        let mut room = Room::asked(request.page_size, &mut faults);
        let asked = Asked::decode(
            request.as_of_time,
            request.known_time,
            request.min_sequence,
            &mut faults,
        );
        let token = request.page_token.clone();
        let filter = decode_filter(request, &mut faults);
        check(faults)?;
        let after = tokens.after_clock(&token)?;
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
                is_full = !room.takes(&found.made);
                if !is_full {
                    page.clocks.push(found.made);
                    last = Some(found.mark);
                }
                !is_full
            },
        );
        let (sight, cut) = listed.await.map_err(status::unreadable)?;
        let next = if is_full { last } else { cut };
        page.next_page_token = next.map(|mark| tokens.seal_clock(&mark)).unwrap_or_default();
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
