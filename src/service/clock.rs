//! `ClockService`.

use std::collections::BTreeMap;

use tonic::{Request, Response, Status};

use super::aside::{Messages, answer, stream};
use super::page::Paging;
use super::read::{check, read, stamp};
use super::{Services, status};
use crate::domain::time::Instant;
use crate::engine::catalog::{Catalog, TermsName};
use crate::engine::compare::{Change, ClockName, Comparison, Step};
use crate::engine::experience::{avoidable_of, chain, experiences};
use crate::engine::ledger::Ledger;
use crate::engine::outlook::urgency;
use crate::engine::query::{Times, history, judge_incident};
use crate::engine::refusal::Refusal;
use crate::runtime::{ClockFilter, ClockMark};
use crate::wire::choices::{outcome, outcome_number, phase};
use crate::wire::experience::{encode_experience, encode_link, encode_party_time};
use crate::wire::faults::Faults;
use crate::wire::forecast::encode_work;
use crate::wire::scalar::{id, instant, optional_id, optional_instant, timestamp};
use crate::wire::v1::change_step::Record;
use crate::wire::v1::clock_service_server::ClockService;
use crate::wire::{self, v1};

#[tonic::async_trait]
impl ClockService for Services {
    type CompareClocksStream = Messages<v1::CompareClocksResponse>;

    async fn compare_clocks(
        &self,
        request: Request<v1::CompareClocksRequest>,
    ) -> Result<Response<Self::CompareClocksStream>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let earlier =
            faults.or("earlier_known_time", instant(request.earlier_known_time), Instant::MIN);
        let contract = faults.or("contract_id", optional_id(request.contract_id), String::new());
        check(faults)?;
        let sight = asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        let Times { as_of, known: later } = sight.times;
        let comparison = Comparison { as_of, earlier, later };
        Ok(stream(move |send| {
            let zones = engine.zones().version();
            let visit =
                |incident: &str, ledger: &Ledger, catalog: &Catalog, changes: Vec<Change>| {
                    let told = compared(incident, ledger, catalog, comparison, zones);
                    changes.iter().all(|change| {
                        let steps =
                            change.steps.iter().map(|step| step_told(step, ledger, catalog));
                        let answer = v1::CompareClocksResponse {
                            before: told.0.get(&change.clock).cloned(),
                            after: told.1.get(&change.clock).cloned(),
                            steps: steps.collect(),
                            stamp: stamp(&sight),
                        };
                        send(answer)
                    })
                };
            let done = engine.compare(settled, &tenant, &contract, comparison, visit);
            done.map_err(status::unreadable)
        }))
    }

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
        let answer = wire::clock::encode_judgement(&id, &judgement, zones, request.with_segments);
        let experiences = experiences(&history, &judgement, &known, sight.times.as_of);
        let told = |experience| encode_experience(experience, &judgement.clocks);
        let work = judgement.clocks.iter().filter_map(|clock| {
            let urgency = urgency(clock, &history, &known, sight.times.as_of);
            let avoidable = avoidable_of(&history, clock, &known);
            encode_work(clock, urgency.as_ref(), avoidable.as_ref())
        });
        Ok(Response::new(v1::EvaluateIncidentResponse {
            work: work.collect(),
            experience: experiences.iter().map(told).collect(),
            party_time: encode_party_time(&experiences),
            chain: chain(&judgement, &known).into_iter().map(encode_link).collect(),
            stamp: stamp(&sight),
            ..answer
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
        let settled = engine.settle().await.map_err(status::unreadable)?;
        answer(move || {
            let zones = engine.zones().version();
            let mut page = v1::ListClocksResponse::default();
            let mut last: Option<ClockMark> = after.clone();
            let mut is_full = false;
            let listed = engine.list_clocks(
                settled,
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
            let (sight, cut) = listed.map_err(status::unreadable)?;
            let next = if is_full { last } else { cut };
            page.next_page_token = next.map(|mark| paging.seal_clock(&mark)).unwrap_or_default();
            page.stamp = stamp(&sight);
            Ok(page)
        })
        .await
    }
}

type ClocksTold = BTreeMap<ClockName, v1::Clock>;

/// The clocks of an incident by what was known earlier and later.
fn compared(
    incident: &str,
    ledger: &Ledger,
    catalog: &Catalog,
    comparison: Comparison,
    zones: &str,
) -> (ClocksTold, ClocksTold) {
    let by = |known| {
        let times = Times { as_of: comparison.as_of, known };
        let Some(history) = history(ledger, times) else { return ClocksTold::new() };
        let known = catalog.known(known);
        let judgement = judge_incident(&history, &known, times.as_of);
        let clocks = judgement.clocks.iter();
        let told =
            |clock| (ClockName::of(clock), wire::clock::encode(incident, clock, zones, false));
        clocks.map(told).collect()
    };
    (by(comparison.earlier), by(comparison.later))
}

fn step_told(step: &Step, ledger: &Ledger, catalog: &Catalog) -> v1::ChangeStep {
    let at = step.record_time;
    let event = ledger.events.iter().find(|event| event.record_time == at);
    let record = event.map(|event| Record::Event(wire::incident::encode(&event.event)));
    let terms = || {
        let (_, name) = catalog.recorded_between(Instant::MIN, at).pop()?;
        Some(match name {
            TermsName::Contract(id) => Record::ContractId(id.to_owned()),
            TermsName::Calendar(id) => Record::CalendarId(id.to_owned()),
        })
    };
    v1::ChangeStep {
        record_time: Some(timestamp(at)),
        before_outcome: step.before.map(outcome_number).unwrap_or_default(),
        after_outcome: step.after.map(outcome_number).unwrap_or_default(),
        record: record.or_else(terms),
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
