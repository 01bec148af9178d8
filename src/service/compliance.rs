//! `ComplianceService`.

use prost_types::Timestamp;
use tonic::{Request, Response, Status};

use super::call::{Call, kept};
use super::chunk::Chunk;
use super::lanes::Weight;
use super::messages::Messages;
use super::services::Services;
use super::stamp::{learnt, stamp};
use crate::codec::api::compliance::{encode, encode_simulation};
use crate::codec::api::export::encode as encode_row;
use crate::codec::api::review::{encode as encode_review, encode_signature};
use crate::codec::api::{calendar, contract, signature};
use crate::codec::choices::group_key;
use crate::codec::scalar::{id, instant, optional_instant, optional_terms_id, terms_id, text};
use crate::codec::v1;
use crate::codec::v1::compliance_service_server::ComplianceService;
use crate::codec::violations::FieldViolations;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::action::{Action, SignReview, TakeAction};
use crate::engine::answers::compliance::{GroupKey, PeriodQuery, Question};
use crate::engine::answers::period_result::PeriodResult;
use crate::engine::answers::review_result::ReviewResult;
use crate::engine::answers::simulation::Proposal;
use crate::limits::NOTE_BYTES_MAX;
use crate::queries::export::{self, Export};
use crate::queries::review::{self, ReviewQuery};
use crate::queries::{Reading, compliance, simulation};
use crate::runtime::Engine;

/// Keys to group by, beyond which no tallies are kept.
const GROUP_KEYS_TALLIED: usize = 3;

#[tonic::async_trait]
impl ComplianceService for Services {
    type ExportClocksStream = Messages<v1::ExportClocksResponse>;

    async fn export_clocks(
        &self,
        request: Request<v1::ExportClocksRequest>,
    ) -> Result<Response<Self::ExportClocksStream>, Status> {
        let (call, export) =
            self.read(request, |request, _, violations| export(request, violations))?;
        call.stream(move |Reading { view, index }, send| {
            let stamp = stamp(view.point());
            let send = |rows| send(v1::ExportClocksResponse { rows, stamp });
            let mut chunk = Chunk::default();
            export::each(
                &view,
                index,
                &export,
                |rows, incident, exported, state| {
                    rows.push(encode_row(incident, exported, state));
                },
                |row| chunk.add(row, send),
            )?;
            // One message at least.
            send(chunk.take());
            Ok(())
        })
        .await
    }

    async fn get_compliance(
        &self,
        request: Request<v1::GetComplianceRequest>,
    ) -> Result<Response<v1::GetComplianceResponse>, Status> {
        let (call, question) =
            self.read(request, |request, _, violations| question(request, violations))?;
        let weight = weight(&call, &question);
        call.answer(weight, move |Reading { view, index }| {
            let period = compliance::evaluate(&view, index, &question)?;
            let answer = encode(&PeriodResult::of(period, view.times().as_of), &question.group_by);
            Ok(v1::GetComplianceResponse { stamp: stamp(view.point()), ..answer })
        })
        .await
    }

    async fn get_service_review(
        &self,
        request: Request<v1::GetServiceReviewRequest>,
    ) -> Result<Response<v1::GetServiceReviewResponse>, Status> {
        let (call, wanted) =
            self.read(request, |request, _, violations| wanted(request, violations))?;
        call.answer(Weight::Heavy, move |Reading { view, index }| {
            let (point, reviewed) = review::evaluate(&view, index, &wanted)?;
            let answer = encode_review(&ReviewResult::of(reviewed));
            let stamp = stamp(point);
            let learnt = learnt(view.learnt_up_to(), stamp.as_ref());
            Ok(v1::GetServiceReviewResponse { stamp, learnt, ..answer })
        })
        .await
    }

    async fn sign_service_review(
        &self,
        request: Request<v1::SignServiceReviewRequest>,
    ) -> Result<Response<v1::SignServiceReviewResponse>, Status> {
        let (call, sign) =
            self.write(request, |request, _, violations| signing(request, violations))?;
        let sign = SignReview { recorded_by: call.caller.name().to_owned(), ..sign };
        let (recorded, duplicate, stamp) = call.act(TakeAction::SignReview(sign)).await?;
        let signature = match &recorded.value {
            Action::ReviewSigned(signed) => Some(encode_signature(recorded.record_time, signed)),
            _ => None,
        };
        Ok(Response::new(v1::SignServiceReviewResponse { signature, duplicate, stamp }))
    }

    async fn simulate_contract(
        &self,
        request: Request<v1::SimulateContractRequest>,
    ) -> Result<Response<v1::SimulateContractResponse>, Status> {
        let decode = |request, engine: &Engine, violations: &mut FieldViolations| {
            simulated(request, &engine.zones(), violations)
        };
        let read = self.apart(request, move |services, request| services.read(request, decode));
        let (call, decoded) = read.await?;
        let (question, proposal) = kept(decoded)?;
        call.answer(Weight::Heavy, move |reading| {
            let view = reading.into_view();
            let proposed = proposal.catalog(view.catalog());
            let simulation = simulation::evaluate(&view, &question, &proposal, &proposed)?;
            let answer = encode_simulation(simulation.result(), &question.group_by);
            Ok(v1::SimulateContractResponse { stamp: stamp(view.point()), ..answer })
        })
        .await
    }
}

/// A named period as of now is read from tallies; otherwise its incidents are evaluated.
fn weight(call: &Call, question: &Question) -> Weight {
    let is_tallied = matches!(question.period, PeriodQuery::Named(_))
        && question.group_by.len() <= GROUP_KEYS_TALLIED;
    if is_tallied { call.weight_of_list() } else { Weight::Heavy }
}

fn question(request: v1::GetComplianceRequest, violations: &mut FieldViolations) -> Question {
    let ends = (request.start_time, request.end_time);
    Question {
        period: period(request.period, ends, violations),
        contract_id: violations.or("contract_id", terms_id(request.contract_id), String::new()),
        group_by: group_by(request.group_by, violations),
        contained_credits: true,
    }
}

fn wanted(request: v1::GetServiceReviewRequest, violations: &mut FieldViolations) -> ReviewQuery {
    if request.as_signed && (request.as_of_time.is_some() || request.known_time.is_some()) {
        violations.add("as_signed", "is given beside a time: a signature has its own times");
    }
    ReviewQuery {
        contract_id: violations.or("contract_id", terms_id(request.contract_id), String::new()),
        period: named(request.period, violations),
        as_signed: request.as_signed,
    }
}

fn signing(request: v1::SignServiceReviewRequest, violations: &mut FieldViolations) -> SignReview {
    SignReview {
        id: violations.or("signature_id", id(request.signature_id), String::new()),
        contract_id: violations.or("contract_id", terms_id(request.contract_id), String::new()),
        period: named(request.period, violations),
        signed_by: violations.or("signed_by", signature::who(request.signed_by), String::new()),
        note: violations.or("note", text(request.note, NOTE_BYTES_MAX), String::new()),
        as_of: violations.or("as_of_time", optional_instant(request.as_of_time), None),
        known: violations.or("known_time", optional_instant(request.known_time), None),
        recorded_by: String::new(),
    }
}

/// The question and the proposal; `None`: a violation is noted.
fn simulated(
    request: v1::SimulateContractRequest,
    zones: &ZoneDatabase,
    violations: &mut FieldViolations,
) -> Option<(Question, Proposal)> {
    let ends = (request.start_time, request.end_time);
    let period = period(request.period, ends, violations);
    let group_by = group_by(request.group_by, violations);
    let contract = contract::decode(request.contract.unwrap_or_default(), zones);
    let contract = violations.keep("contract", contract);
    let calendars = request.calendars;
    let calendars =
        violations.each("calendars", calendars, |calendar| calendar::decode(calendar, zones));
    let contract = contract?;
    let question =
        Question { contract_id: contract.id.clone(), period, group_by, contained_credits: true };
    Some((question, Proposal { contract, calendars }))
}

fn export(request: v1::ExportClocksRequest, violations: &mut FieldViolations) -> Export {
    if request.contract_id.is_empty() && !request.period.is_empty() {
        violations.add("contract_id", "is missing: a period is cut in a contract's time zone");
    }
    let (has_start, has_end) = (request.start_time.is_some(), request.end_time.is_some());
    let start = violations.or("start_time", optional_instant(request.start_time), None);
    let end = violations.or("end_time", optional_instant(request.end_time), None);
    let (start, end) = (start.unwrap_or(Instant::MIN), end.unwrap_or(Instant::MAX));
    if !request.period.is_empty() && (has_start || has_end) {
        violations.add("period", "is given beside its ends: give one or the other");
    }
    if end <= start {
        violations.add("end_time", "is not after start_time");
    }
    Export {
        contract_id: violations
            .or("contract_id", optional_terms_id(request.contract_id), String::new())
            .into(),
        period: match request.period.as_str() {
            "" => PeriodQuery::Between(start, end),
            name => PeriodQuery::Named(name.to_owned()),
        },
        include_open: request.include_open,
    }
}

/// The name of a period, which must be given.
fn named(period: String, violations: &mut FieldViolations) -> String {
    if period.is_empty() {
        violations.add("period", "is missing: give a month \"2026-10\", a quarter or a year");
    }
    period
}

/// The period that is requested: by its name, or by its two ends.
fn period(
    name: String,
    ends: (Option<Timestamp>, Option<Timestamp>),
    violations: &mut FieldViolations,
) -> PeriodQuery {
    if let (None, None) = ends {
        if name.is_empty() {
            violations
                .add("period", "is missing: give a period such as \"2026-10\", or both its ends");
        }
        return PeriodQuery::Named(name);
    }
    if !name.is_empty() {
        violations.add("period", "is given beside its ends: give one or the other");
    }
    let start = violations.or("start_time", instant(ends.0), Instant::MIN);
    let end = violations.or("end_time", instant(ends.1), Instant::MAX);
    if end <= start {
        violations.add("end_time", "is not after start_time");
    }
    PeriodQuery::Between(start, end)
}

fn group_by(keys: Vec<i32>, violations: &mut FieldViolations) -> Vec<GroupKey> {
    let mut decoded = violations.each("group_by", keys, group_key);
    let mut seen = Vec::new();
    decoded.retain(|key| {
        let is_new = !seen.contains(key);
        seen.push(*key);
        is_new
    });
    decoded
}
