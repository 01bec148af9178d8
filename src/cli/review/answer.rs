//! Gathers a review, and the terms and service hours that its objectives are worded from.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::Timestamp;

use super::super::connection::Channel;
use crate::cli::connection::refused;
use crate::codec::v1;
use crate::codec::v1::calendar_service_client::CalendarServiceClient;
use crate::codec::v1::compliance_service_client::ComplianceServiceClient;
use crate::codec::v1::contract_service_client::ContractServiceClient;
use crate::codec::v1::objective::Promise;

/// A review with what its words rest on.
#[derive(Debug, Default)]
pub(in crate::cli) struct ReviewAnswer {
    /// The review.
    pub review: v1::GetServiceReviewResponse,
    /// The terms of the contracts in it, by contract and revision.
    pub terms: BTreeMap<(String, i32), v1::Terms>,
    /// The service hours that they name, by the id of the calendar.
    pub calendars: BTreeMap<String, v1::Calendar>,
}

impl ReviewAnswer {
    /// Requests a review, however long, and the terms of every revision that it names.
    pub async fn gather(
        request: v1::GetServiceReviewRequest,
        channel: Channel,
    ) -> anyhow::Result<ReviewAnswer> {
        let tenant = request.tenant.clone();
        let client = ComplianceServiceClient::new(channel.clone());
        let mut client = client.max_decoding_message_size(usize::MAX);
        let review = client.get_service_review(request).await.map_err(refused)?.into_inner();
        let mut answer = ReviewAnswer { review, ..ReviewAnswer::default() };
        let revisions = answer.revisions();
        answer.add_terms(&tenant, revisions, channel.clone()).await?;
        answer.add_calendars(&tenant, channel).await?;
        Ok(answer)
    }

    /// The contract of the review.
    pub fn contract(&self) -> v1::Contract {
        self.review.contract.clone().unwrap_or_default()
    }

    /// The terms of a contract's revision.
    pub fn terms(&self, contract: &str, revision: i32) -> Option<&v1::Terms> {
        self.terms.get(&(contract.to_owned(), revision))
    }

    /// What the review was computed with: as of when, and by what was known.
    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let stamp = self.review.stamp.unwrap_or_default();
        (stamp.as_of_time, stamp.known_time)
    }

    fn revisions(&self) -> BTreeSet<(String, i32)> {
        let contract = self.contract();
        let results = self.review.objectives.iter().filter_map(|o| o.result.as_ref());
        let statements = self.review.credits.iter().chain(&self.review.contained_credits);
        let own = results.flat_map(of_result).chain(statements.map(|s| s.contract_revision));
        let own = own.chain([contract.revision]).map(|revision| (contract.id.clone(), revision));
        let mut revisions: BTreeSet<_> = own.collect();
        for link in &self.review.chain {
            let id = link.contract.clone().unwrap_or_default().id;
            let of_link = link.objectives.iter().flat_map(of_result);
            revisions.extend(of_link.map(|revision| (id.clone(), revision)));
        }
        revisions
    }

    async fn add_terms(
        &mut self,
        tenant: &str,
        revisions: BTreeSet<(String, i32)>,
        channel: Channel,
    ) -> anyhow::Result<()> {
        let mut client = ContractServiceClient::new(channel);
        let (as_of_time, known_time) = self.times();
        for (contract_id, revision) in revisions {
            let request = v1::GetContractRequest {
                tenant: tenant.to_owned(),
                contract_id: contract_id.clone(),
                revision,
                as_of_time,
                known_time,
                ..Default::default()
            };
            let answer = client.get_contract(request).await.map_err(refused)?.into_inner();
            let terms = answer.contract.unwrap_or_default().terms.unwrap_or_default();
            self.terms.insert((contract_id, revision), terms);
        }
        Ok(())
    }

    async fn add_calendars(&mut self, tenant: &str, channel: Channel) -> anyhow::Result<()> {
        let mut client = CalendarServiceClient::new(channel);
        let targets = self.terms.values().flat_map(|terms| &terms.targets);
        let limits = targets.flat_map(|target| &target.limits);
        let limits = limits.map(|limit| limit.calendar_id.clone());
        let objectives = self.terms.values().flat_map(|terms| &terms.objectives);
        let ids: BTreeSet<_> = limits.chain(objectives.filter_map(calendar_of)).collect();
        let (_, known_time) = self.times();
        for calendar_id in ids {
            let request = v1::GetCalendarRequest {
                tenant: tenant.to_owned(),
                calendar_id: calendar_id.clone(),
                as_of_time: self.review.period.as_ref().and_then(|period| period.start_time),
                known_time,
                ..Default::default()
            };
            let answer = client.get_calendar(request).await.map_err(refused)?.into_inner();
            self.calendars.extend(answer.calendar.map(|calendar| (calendar_id, calendar)));
        }
        Ok(())
    }
}

/// The revisions that rule an objective's period and its parts.
fn of_result(result: &v1::ObjectiveResult) -> impl Iterator<Item = i32> {
    let parts = result.parts.iter().map(|part| part.contract_revision);
    [result.contract_revision].into_iter().chain(parts)
}

/// The service hours that an objective itself names.
fn calendar_of(objective: &v1::Objective) -> Option<String> {
    let calendar = match objective.promise.as_ref()? {
        Promise::Availability(promise) => &promise.calendar_id,
        Promise::MeanTimeToRestore(promise) => &promise.calendar_id,
        _ => return None,
    };
    (!calendar.is_empty()).then(|| calendar.clone())
}
