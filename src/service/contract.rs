//! `ContractService`.

use tonic::{Request, Response, Status};

use super::call::{Call, kept};
use super::putting::Putting;
use super::services::Services;
use super::stamp::{stamp, write_stamp};
use super::status;
use crate::codec::scalar::{count, optional_instant, terms_id, timestamp};
use crate::codec::v1::contract_service_server::ContractService;
use crate::codec::violations::FieldViolations;
use crate::codec::{self, v1};
use crate::domain::contract::{Contract, Revision};
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::decide::{Change, ChangeTerms};
use crate::engine::rejection::Rejection;
use crate::runtime::Engine;

#[tonic::async_trait]
impl ContractService for Services {
    async fn put_contract(
        &self,
        request: Request<v1::PutContractRequest>,
    ) -> Result<Response<v1::PutContractResponse>, Status> {
        let (call, (contract, putting)) =
            self.apart(request, |services, request| services.write(request, decode_put)).await?;
        let contract = kept(contract)?;
        let change = putting.change(Change::Contract(contract.clone()));
        let (Call { engine, tenant, .. }, only_check) = (&call, putting.validate_only);
        let answer = engine.change_terms(tenant.clone(), change, only_check, call.until()).await;
        let (answer, progress) = answer.map_err(status::not_written)?;
        let catalog = engine.catalog(tenant);
        let known = catalog.known(progress.record_time);
        let latest = known.contract(&contract.id).all().last();
        let message = match latest.filter(|latest| latest.content == contract) {
            Some(latest) => message(known, latest),
            None => codec::api::contract::encode(&contract),
        };
        let findings = &answer.decision.findings;
        Ok(Response::new(v1::PutContractResponse {
            contract: Some(message),
            duplicate: answer.decision.entry.is_none(),
            findings: findings.iter().map(codec::api::contract::encode_finding).collect(),
            stamp: write_stamp(&progress),
        }))
    }

    async fn get_contract(
        &self,
        request: Request<v1::GetContractRequest>,
    ) -> Result<Response<v1::GetContractResponse>, Status> {
        let (call, (id, number)) = self.read(request, |request, _, violations| {
            let id = violations.or("contract_id", terms_id(request.contract_id), String::new());
            (id, violations.or("revision", count(request.revision), 0))
        })?;
        let view = call.view().await?;
        let revision = match number {
            0 => in_force(view.known(), &id, view.times().as_of),
            number => view.known().contract(&id).numbered(number),
        };
        let revision = revision.ok_or_else(|| not_found(&id))?;
        let contract = Some(message(view.known(), revision));
        Ok(Response::new(v1::GetContractResponse { contract, stamp: stamp(view.point()) }))
    }

    async fn list_contracts(
        &self,
        request: Request<v1::ListContractsRequest>,
    ) -> Result<Response<v1::ListContractsResponse>, Status> {
        let (call, mut paging, ()) = self.read_page(request, |_, _, _| ())?;
        let after = paging.after_id()?;
        let view = call.view().await?;
        paging.pin(view.times());
        let (known, as_of) = (view.known(), view.times().as_of);
        let ids = known.contract_ids().filter(|id| **id > *after);
        let revisions = ids.filter_map(|id| in_force(known, id, as_of));
        let contracts = revisions.map(|revision| message(known, revision));
        let (contracts, next_page_token) = paging.fill(contracts, |last| last.id.clone());
        let stamp = stamp(view.point());
        Ok(Response::new(v1::ListContractsResponse { contracts, next_page_token, stamp }))
    }

    async fn list_contract_revisions(
        &self,
        request: Request<v1::ListContractRevisionsRequest>,
    ) -> Result<Response<v1::ListContractRevisionsResponse>, Status> {
        let (call, mut paging, id) = self.read_page(request, |request, _, violations| {
            violations.or("contract_id", terms_id(request.contract_id), String::new())
        })?;
        let after = paging.after_id()?.parse().unwrap_or(0);
        let view = call.view().await?;
        paging.pin(view.times());
        let known = view.known();
        let all = known.contract(&id).all();
        if all.is_empty() {
            return Err(not_found(&id));
        }
        let rest = all.iter().filter(|revision| revision.number > after);
        let rest = rest.map(|revision| message(known, revision));
        let (revisions, next_page_token) = paging.fill(rest, |last| last.revision.to_string());
        let stamp = stamp(view.point());
        Ok(Response::new(v1::ListContractRevisionsResponse { revisions, next_page_token, stamp }))
    }

    async fn end_contract(
        &self,
        request: Request<v1::EndContractRequest>,
    ) -> Result<Response<v1::EndContractResponse>, Status> {
        let (call, (id, effective_time)) = self.write(request, |request, _, violations| {
            let id = violations.or("contract_id", terms_id(request.contract_id), String::new());
            (id, violations.or("end_time", optional_instant(request.end_time), None))
        })?;
        let change = Change::EndContract(id.clone());
        let change = ChangeTerms { change, effective_time, expected_revision: None };
        let Call { engine, tenant, .. } = &call;
        let answer = engine.change_terms(tenant.clone(), change, false, call.until()).await;
        let (answer, progress) = answer.map_err(status::not_written)?;
        let catalog = engine.catalog(tenant);
        let known = catalog.known(progress.record_time);
        let latest = known.contract(&id).all().last().ok_or_else(|| not_found(&id))?;
        Ok(Response::new(v1::EndContractResponse {
            contract: Some(message(known, latest)),
            duplicate: answer.decision.entry.is_none(),
            stamp: write_stamp(&progress),
        }))
    }
}

/// A contract, and how it is put.
fn decode_put(
    request: v1::PutContractRequest,
    engine: &Engine,
    violations: &mut FieldViolations,
) -> (Option<Contract>, Putting) {
    let contract = request.contract.unwrap_or_default();
    let contract = codec::api::contract::decode(contract, &engine.zones());
    let contract = violations.keep("contract", contract);
    let (time, revision) = (request.effective_time, request.expected_revision);
    (contract, Putting::decode(time, revision, request.validate_only, violations))
}

/// The revision that rules at an instant; before any does, the first.
fn in_force<'c>(known: Known<'c>, id: &str, as_of: Instant) -> Option<&'c Revision<Contract>> {
    let revisions = known.contract(id);
    revisions.at(as_of).or_else(|| revisions.all().first())
}

fn message(known: Known<'_>, revision: &Revision<Contract>) -> v1::Contract {
    v1::Contract {
        revision: revision.number as i32,
        effective_time: Some(timestamp(revision.effective_time)),
        end_time: known.contract_end(&revision.content.id).map(timestamp),
        ..codec::api::contract::encode(&revision.content)
    }
}

fn not_found(id: &str) -> Status {
    status::refused(Rejection::ContractNotFound(id.to_owned()))
}
