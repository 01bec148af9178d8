//! `ContractService`.

use tonic::{Request, Response, Status};

use super::page::Paging;
use super::read::{check, read, stamp, tenant, write_stamp};
use super::{Services, status};
use crate::domain::contract::{Contract, Revision};
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::command::{Change, ChangeTerms};
use crate::engine::refusal::Refusal;
use crate::wire::faults::Faults;
use crate::wire::scalar::{count, id, optional_instant, timestamp};
use crate::wire::v1::contract_service_server::ContractService;
use crate::wire::{self, v1};

#[tonic::async_trait]
impl ContractService for Services {
    async fn put_contract(
        &self,
        request: Request<v1::PutContractRequest>,
    ) -> Result<Response<v1::PutContractResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(request.tenant, &mut faults);
        let contract = request.contract.unwrap_or_default();
        let contract = faults.keep("contract", wire::contract::decode(contract, engine.zones()));
        let effective_time =
            faults.or("effective_time", optional_instant(request.effective_time), None);
        let expected_revision =
            request.expected_revision.map(|n| faults.or("expected_revision", count(n), 0));
        check(faults)?;
        let contract = contract.ok_or_else(|| status::invalid(Vec::new()))?;
        let change = Change::Contract(contract.clone());
        let change = ChangeTerms { change, effective_time, expected_revision };
        let answer = engine.change_terms(tenant.clone(), change, request.validate_only).await;
        let (answer, progress) = answer.map_err(|error| status::not_written(&error))?;
        let answer = answer.map_err(status::refused)?;
        let catalog = engine.catalog(&tenant);
        let known = catalog.known(progress.record_time);
        let latest = known.contract(&contract.id).all().last();
        let message = match latest.filter(|latest| latest.content == contract) {
            Some(latest) => message(known, latest),
            None => wire::contract::encode(&contract),
        };
        let findings = &answer.decision.findings;
        Ok(Response::new(v1::PutContractResponse {
            contract: Some(message),
            duplicate: answer.decision.entry.is_none(),
            findings: findings.iter().map(wire::contract::encode_finding).collect(),
            stamp: write_stamp(&progress),
        }))
    }

    async fn get_contract(
        &self,
        request: Request<v1::GetContractRequest>,
    ) -> Result<Response<v1::GetContractResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let id = faults.or("contract_id", id(request.contract_id), String::new());
        let number = faults.or("revision", count(request.revision), 0);
        check(faults)?;
        let sight = asked.sight(&engine)?;
        let catalog = engine.catalog(&tenant);
        let known = catalog.known(sight.times.known);
        let revision = match number {
            0 => in_force(known, &id, sight.times.as_of),
            number => known.contract(&id).numbered(number),
        };
        let revision = revision.ok_or_else(|| not_found(&id))?;
        let contract = Some(message(known, revision));
        Ok(Response::new(v1::GetContractResponse { contract, stamp: stamp(&sight) }))
    }

    async fn list_contracts(
        &self,
        request: Request<v1::ListContractsRequest>,
    ) -> Result<Response<v1::ListContractsResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let mut paging = Paging::asked(engine.store_id(), &request, &mut faults);
        check(faults)?;
        let after = paging.after_id()?;
        let sight = asked.sight(&engine)?;
        let catalog = engine.catalog(&tenant);
        let known = catalog.known(sight.times.known);
        let mut page = v1::ListContractsResponse { stamp: stamp(&sight), ..Default::default() };
        for id in known.contract_ids().filter(|id| **id > *after) {
            let Some(revision) = in_force(known, id, sight.times.as_of) else { continue };
            let contract = message(known, revision);
            if !paging.takes(&contract) {
                let last = page.contracts.last().map(|last| last.id.clone());
                page.next_page_token = paging.seal_id(last.unwrap_or_default());
                break;
            }
            page.contracts.push(contract);
        }
        Ok(Response::new(page))
    }

    async fn list_contract_revisions(
        &self,
        request: Request<v1::ListContractRevisionsRequest>,
    ) -> Result<Response<v1::ListContractRevisionsResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let mut paging = Paging::asked(engine.store_id(), &request, &mut faults);
        let id = faults.or("contract_id", id(request.contract_id), String::new());
        check(faults)?;
        let after = paging.after_id()?.parse().unwrap_or(0);
        let sight = asked.sight(&engine)?;
        let catalog = engine.catalog(&tenant);
        let known = catalog.known(sight.times.known);
        let revisions = known.contract(&id).all();
        if revisions.is_empty() {
            return Err(not_found(&id));
        }
        let stamp = stamp(&sight);
        let mut page = v1::ListContractRevisionsResponse { stamp, ..Default::default() };
        for revision in revisions.iter().filter(|revision| revision.number > after) {
            let contract = message(known, revision);
            if !paging.takes(&contract) {
                page.next_page_token = paging.seal_id((revision.number - 1).to_string());
                break;
            }
            page.revisions.push(contract);
        }
        Ok(Response::new(page))
    }

    async fn end_contract(
        &self,
        request: Request<v1::EndContractRequest>,
    ) -> Result<Response<v1::EndContractResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(request.tenant, &mut faults);
        let id = faults.or("contract_id", id(request.contract_id), String::new());
        let effective_time = faults.or("end_time", optional_instant(request.end_time), None);
        check(faults)?;
        let change = Change::EndContract(id.clone());
        let change = ChangeTerms { change, effective_time, expected_revision: None };
        let answer = engine.change_terms(tenant.clone(), change, false).await;
        let (answer, progress) = answer.map_err(|error| status::not_written(&error))?;
        let answer = answer.map_err(status::refused)?;
        let catalog = engine.catalog(&tenant);
        let known = catalog.known(progress.record_time);
        let latest = known.contract(&id).all().last().ok_or_else(|| not_found(&id))?;
        Ok(Response::new(v1::EndContractResponse {
            contract: Some(message(known, latest)),
            duplicate: answer.decision.entry.is_none(),
            stamp: write_stamp(&progress),
        }))
    }
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
        ..wire::contract::encode(&revision.content)
    }
}

fn not_found(id: &str) -> Status {
    status::refused(Refusal::ContractNotFound(id.to_owned()))
}
