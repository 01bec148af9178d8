//! `ComplianceService`.

use prost_types::Timestamp;
use tonic::{Request, Response, Status};

use super::aside::{Messages, answer, stream};
use super::pieces::Pieces;
use super::read::{check, read, stamp, tenant, write_stamp};

use super::{Services, status};
use crate::domain::clock::Clock;
use crate::domain::incident::State;
use crate::domain::time::Instant;
use crate::engine::compliance::{GroupKey, PeriodAsked, Question};
use crate::engine::deed::{Deed, DoDeed, SignReview};
use crate::engine::period_result::PeriodResult;
use crate::engine::review_result::ReviewResult;
use crate::engine::simulation::Proposal;
use crate::limits::NOTE_BYTES_MAX;
use crate::runtime::{DeedAnswer, Export, ReviewAsked, Rows, Sight};
use crate::wire::compliance::{encode, encode_simulation, group_key};
use crate::wire::export::encode as encode_row;
use crate::wire::faults::Faults;
use crate::wire::review::encode_signature;
use crate::wire::scalar::{id, instant, optional_id, optional_instant, text};
use crate::wire::v1::compliance_service_server::ComplianceService;
use crate::wire::{calendar, contract, deed, review, v1};

#[tonic::async_trait]
impl ComplianceService for Services {
    type ExportClocksStream = Messages<v1::ExportClocksResponse>;

    async fn export_clocks(
        &self,
        request: Request<v1::ExportClocksRequest>,
    ) -> Result<Response<Self::ExportClocksStream>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let export = export(request, &mut faults);
        check(faults)?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        Ok(stream(move |send| {
            let mut rows = Sending { send, stamp: None, pieces: Pieces::default() };
            let done = engine.export(settled, &tenant, &export, asked.times(), &mut rows);
            done.map_err(status::unreadable)?.map_err(status::refused)?;
            rows.end();
            Ok(())
        }))
    }

    async fn get_compliance(
        &self,
        request: Request<v1::GetComplianceRequest>,
    ) -> Result<Response<v1::GetComplianceResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let ends = (request.start_time, request.end_time);
        let question = Question {
            period: period(request.period, ends, &mut faults),
            contract_id: faults.or("contract_id", id(request.contract_id), String::new()),
            group_by: group_by(request.group_by, &mut faults),
        };
        check(faults)?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        answer(move || {
            let times = asked.times();
            let reckoned =
                engine.compliance(settled, &tenant, &question, times, |sight, compliance| {
                    let result = PeriodResult::of(compliance, sight.times.as_of);
                    let told = encode(&result, &question.group_by);
                    v1::GetComplianceResponse { stamp: stamp(&sight), ..told }
                });
            reckoned.map_err(status::unreadable)?.map_err(status::refused)
        })
        .await
    }

    async fn get_service_review(
        &self,
        request: Request<v1::GetServiceReviewRequest>,
    ) -> Result<Response<v1::GetServiceReviewResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        if request.as_signed && (asked.as_of.is_some() || asked.known.is_some()) {
            faults.add("as_signed", "is given beside a time: a signature has its own times");
        }
        let wanted = ReviewAsked {
            contract_id: faults.or("contract_id", id(request.contract_id), String::new()),
            period: named(request.period, &mut faults),
            as_signed: request.as_signed,
        };
        check(faults)?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        answer(move || {
            let times = asked.times();
            let told = engine.review(settled, &tenant, &wanted, times, |sight, reviewed| {
                let told = review::encode(&ReviewResult::of(reviewed));
                v1::GetServiceReviewResponse { stamp: stamp(&sight), ..told }
            });
            told.map_err(status::unreadable)?.map_err(status::refused)
        })
        .await
    }

    async fn sign_service_review(
        &self,
        request: Request<v1::SignServiceReviewRequest>,
    ) -> Result<Response<v1::SignServiceReviewResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(request.tenant, &mut faults);
        let sign = SignReview {
            id: faults.or("signature_id", id(request.signature_id), String::new()),
            contract_id: faults.or("contract_id", id(request.contract_id), String::new()),
            period: named(request.period, &mut faults),
            signed_by: faults.or("signed_by", deed::who(request.signed_by), String::new()),
            note: faults.or("note", text(request.note, NOTE_BYTES_MAX), String::new()),
            as_of: faults.or("as_of_time", optional_instant(request.as_of_time), None),
            known: faults.or("known_time", optional_instant(request.known_time), None),
        };
        check(faults)?;
        let answer = engine.do_deed(tenant, DoDeed::SignReview(sign)).await;
        let (answer, progress) = answer.map_err(|error| status::not_written(&error))?;
        let DeedAnswer { recorded, is_duplicate } = answer.map_err(status::refused)?;
        let signature = match &recorded.deed {
            Deed::ReviewSigned(signed) => Some(encode_signature(recorded.record_time, signed)),
            _ => None,
        };
        let (duplicate, stamp) = (is_duplicate, write_stamp(&progress));
        Ok(Response::new(v1::SignServiceReviewResponse { signature, duplicate, stamp }))
    }

    async fn simulate_contract(
        &self,
        request: Request<v1::SimulateContractRequest>,
    ) -> Result<Response<v1::SimulateContractResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let ends = (request.start_time, request.end_time);
        let period = period(request.period, ends, &mut faults);
        let group_by = group_by(request.group_by, &mut faults);
        let contract = request.contract.unwrap_or_default();
        let contract = faults.keep("contract", contract::decode(contract, engine.zones()));
        let calendars = faults.each("calendars", request.calendars, |calendar| {
            calendar::decode(calendar, engine.zones())
        });
        check(faults)?;
        let contract = contract.ok_or_else(|| status::invalid(Vec::new()))?;
        let question = Question { contract_id: contract.id.clone(), period, group_by };
        let proposal = Proposal { contract, calendars };
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        answer(move || {
            let times = asked.times();
            let simulated = engine.simulate(
                settled,
                &tenant,
                &question,
                &proposal,
                times,
                |sight, simulation| {
                    let told = encode_simulation(simulation.result(), &question.group_by);
                    v1::SimulateContractResponse { stamp: stamp(&sight), ..told }
                },
            );
            simulated.map_err(status::unreadable)?.map_err(status::refused)
        })
        .await
    }
}

/// Rows on their way.
struct Sending<'s> {
    send: &'s dyn Fn(v1::ExportClocksResponse) -> bool,
    stamp: Option<v1::Stamp>,
    pieces: Pieces<v1::ClockRow>,
}

impl Sending<'_> {
    /// Sends what is left; one message at least.
    fn end(mut self) {
        let (rows, stamp) = (self.pieces.take(), self.stamp);
        (self.send)(v1::ExportClocksResponse { rows, stamp });
    }
}

impl Rows for Sending<'_> {
    fn begin(&mut self, sight: Sight) -> bool {
        self.stamp = stamp(&sight);
        true
    }

    fn add(&mut self, incident: &str, clock: &Clock<'_>, state: &State<'_>) -> bool {
        let (send, stamp) = (self.send, self.stamp);
        let send = |rows| send(v1::ExportClocksResponse { rows, stamp });
        self.pieces.add(encode_row(incident, clock, state), send)
    }
}

fn export(request: v1::ExportClocksRequest, faults: &mut Faults) -> Export {
    if request.contract_id.is_empty() && !request.period.is_empty() {
        faults.add("contract_id", "is missing: a period is cut in a contract's time zone");
    }
    let (has_start, has_end) = (request.start_time.is_some(), request.end_time.is_some());
    let start = faults.or("start_time", optional_instant(request.start_time), None);
    let end = faults.or("end_time", optional_instant(request.end_time), None);
    let (start, end) = (start.unwrap_or(Instant::MIN), end.unwrap_or(Instant::MAX));
    if !request.period.is_empty() && (has_start || has_end) {
        faults.add("period", "is given beside its ends: give one or the other");
    }
    if end <= start {
        faults.add("end_time", "is not after start_time");
    }
    Export {
        contract_id: faults.or("contract_id", optional_id(request.contract_id), String::new()),
        period: match request.period.as_str() {
            "" => PeriodAsked::Between(start, end),
            name => PeriodAsked::Named(name.to_owned()),
        },
        include_open: request.include_open,
    }
}

/// The name of a period, which must be given.
fn named(period: String, faults: &mut Faults) -> String {
    if period.is_empty() {
        faults.add("period", "is missing: give a month \"2026-10\", a quarter or a year");
    }
    period
}

/// The period that is asked for: by its name, or by its two ends.
fn period(
    name: String,
    ends: (Option<Timestamp>, Option<Timestamp>),
    faults: &mut Faults,
) -> PeriodAsked {
    if let (None, None) = ends {
        if name.is_empty() {
            faults.add("period", "is missing: give a period such as \"2026-10\", or both its ends");
        }
        return PeriodAsked::Named(name);
    }
    if !name.is_empty() {
        faults.add("period", "is given beside its ends: give one or the other");
    }
    let start = faults.or("start_time", instant(ends.0), Instant::MIN);
    let end = faults.or("end_time", instant(ends.1), Instant::MAX);
    if end <= start {
        faults.add("end_time", "is not after start_time");
    }
    PeriodAsked::Between(start, end)
}

fn group_by(keys: Vec<i32>, faults: &mut Faults) -> Vec<GroupKey> {
    let mut decoded = faults.each("group_by", keys, group_key);
    let mut seen = Vec::new();
    decoded.retain(|key| {
        let is_new = !seen.contains(key);
        seen.push(*key);
        is_new
    });
    decoded
}
