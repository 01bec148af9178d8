//! Compliance, as answers show it.

use std::collections::BTreeMap;

use super::contract::encode_finding;
use super::experience::encode_slx;
use super::figures::ToField;
use super::{coverage, credit_statement, objective};
use crate::codec::choices::{
    counted_as_number, counted_outcome_number, no_data_reason_number, verdict_number,
};
use crate::codec::scalar::{duration, encode_period, timestamp};
use crate::codec::v1;
use crate::domain::compliance::backlog::BacklogFigures;
use crate::domain::compliance::{ExcludedOutage, Tally};
use crate::engine::answers::compliance::{ExcludedUptime, GroupKey};
use crate::engine::answers::period_result::{
    Evidence, ExperienceEvidence, NoDataReason, ObjectiveResult, PeriodResult, UptimeEvidence,
};
use crate::engine::answers::simulation::{SimulationResult, VerdictChange};

/// The message of what a period came to, grouped by `keys`, without its stamp.
pub fn encode(result: &PeriodResult<'_>, keys: &[GroupKey]) -> v1::GetComplianceResponse {
    v1::GetComplianceResponse {
        time_zone_database: result.time_zone_database.to_owned(),
        objectives: encode_objectives(&result.objectives),
        slx: result.slx.as_ref().map(encode_slx),
        period: Some(encode_period(&result.period)),
        groups: encode_groups(keys, &result.groups),
        stamp: None,
        credits: result.credits.as_ref().map(credit_statement::encode),
        contained_credits: result.contained_credits.iter().map(credit_statement::encode).collect(),
        credit_totals: result.credit_totals.iter().map(credit_statement::encode_total).collect(),
        coverage: Some(coverage::encode(&result.coverage)),
    }
}

/// The message of a simulation, grouped by `keys`, without its stamp.
pub fn encode_simulation(
    result: SimulationResult<'_>,
    keys: &[GroupKey],
) -> v1::SimulateContractResponse {
    v1::SimulateContractResponse {
        present: Some(encode(&result.present, keys)),
        proposed: Some(encode(&result.proposed, keys)),
        verdict_changes: result.verdict_changes.into_iter().map(encode_flip).collect(),
        verdict_change_count: result.verdict_change_count.to_field(),
        findings: result.findings.iter().map(encode_finding).collect(),
        caveat: result.caveat.to_owned(),
        stamp: None,
    }
}

fn encode_flip(verdict_change: VerdictChange) -> v1::VerdictChange {
    v1::VerdictChange {
        incident_id: verdict_change.incident_id,
        target_id: verdict_change.target_id,
        present_outcome: verdict_change.present.map_or(0, counted_outcome_number),
        proposed_outcome: verdict_change.proposed.map_or(0, counted_outcome_number),
        present_counted_as: verdict_change.present.map_or(0, counted_as_number),
        proposed_counted_as: verdict_change.proposed.map_or(0, counted_as_number),
    }
}

/// The messages of groups.
pub(super) fn encode_groups(
    keys: &[GroupKey],
    groups: &BTreeMap<Vec<String>, Tally>,
) -> Vec<v1::ComplianceGroup> {
    let group = |(values, tally): (&Vec<String>, &Tally)| {
        let mut group: v1::ComplianceGroup = tally.to_field();
        for (key, value) in keys.iter().zip(values) {
            field(*key, &mut group).clone_from(value);
        }
        group
    };
    groups.iter().map(group).collect()
}

fn field(key: GroupKey, group: &mut v1::ComplianceGroup) -> &mut String {
    match key {
        GroupKey::Target => &mut group.target_id,
        GroupKey::Priority => &mut group.priority,
        GroupKey::Service => &mut group.service,
        GroupKey::Category => &mut group.category,
        GroupKey::Group => &mut group.group,
        GroupKey::Party => &mut group.party,
    }
}

/// The messages of how objectives stand.
pub(super) fn encode_objectives(results: &[ObjectiveResult<'_>]) -> Vec<v1::ObjectiveResult> {
    results.iter().map(encode_objective).collect()
}

/// The message of how an objective stands.
pub(super) fn encode_objective(result: &ObjectiveResult<'_>) -> v1::ObjectiveResult {
    let mut encoded = v1::ObjectiveResult {
        objective: Some(objective::encode(result.objective)),
        period: Some(encode_period(&result.period)),
        contract_revision: result.contract_revision as i32,
        verdict: verdict_number(result.verdict),
        percent: result.reached.to_field(),
        breach_allowance: result.allowance,
        provisional: result.is_provisional,
        counted: encode_counted(result),
        no_data_reason: result.no_data.map_or(0, no_data_reason_number),
        parts: encode_objectives(&result.parts),
        ..Default::default()
    };
    match &result.evidence {
        Evidence::Nothing => {}
        Evidence::Clocks(counts) => encoded.tally = counts.to_field(),
        Evidence::MeanTime(counts, mean) => {
            encoded.tally = counts.to_field();
            encoded.mean_time = mean.to_field();
        }
        Evidence::Backlog(found) => encoded.backlog = Some(encode_backlog(found)),
        Evidence::Experience(experience) => {
            encoded.experience = Some(encode_experience(experience))
        }
        Evidence::Uptime(uptime) => encoded.uptime = Some(encode_uptime(uptime)),
        Evidence::Requests { requests, failed } => {
            let count = |count: &u128| i64::try_from(*count).unwrap_or(i64::MAX);
            let (requests, failed) = (count(requests), count(failed));
            encoded.requests = Some(v1::RequestsTotal { requests, failed });
        }
        Evidence::Measurements { percentile, count } => {
            let (value, count) = (percentile.unwrap_or_default(), i64::try_from(*count));
            let count = count.unwrap_or(i64::MAX);
            encoded.measured = Some(v1::MeasuredPercentile { value, count });
        }
    }
    encoded
}

/// The stretch of its own period that an objective was evaluated over, where that is not all of it.
fn encode_counted(result: &ObjectiveResult<'_>) -> Option<v1::Period> {
    let (own, counted) = (&result.period, &result.counted);
    let is_all = (counted.start, counted.end) == (own.start, own.end);
    let is_nothing = result.no_data == Some(NoDataReason::NotInForce);
    (!is_all && !is_nothing).then(|| v1::Period { name: String::new(), ..encode_period(counted) })
}

fn encode_backlog(found: &BacklogFigures) -> v1::Backlog {
    v1::Backlog {
        open: found.open.to_field(),
        older: found.older.to_field(),
        percentile: found.percentile.to_field(),
        oldest: found.oldest.to_field(),
    }
}

fn encode_experience(experience: &ExperienceEvidence) -> v1::ExperienceResult {
    v1::ExperienceResult {
        experience_totals: experience.experience_totals.to_field(),
        lost_time_per_hundred_people: experience.lost_time_a_hundred.to_field(),
        lost_time_left: experience.lost_time_left.to_field(),
    }
}

fn encode_uptime(uptime: &UptimeEvidence) -> v1::Uptime {
    let figures = &uptime.figures;
    v1::Uptime {
        calendar_revision: uptime.calendar_revision as i32,
        agreed: Some(duration(figures.agreed)),
        agreed_in_period: Some(duration(figures.agreed_in_period)),
        uptime: Some(duration(figures.uptime())),
        downtime: Some(duration(figures.downtime())),
        degraded: Some(duration(figures.degraded)),
        maintenance: Some(duration(figures.maintenance)),
        outages: (figures.outages.len() as u64).to_field(),
        long_outages: uptime.long_outages.to_field(),
        longest_outage: figures.longest_outage().map(duration),
        mean_time_to_restore: figures.mean_time_to_restore().map(duration),
        mean_time_between_failures: figures.mean_time_between_failures().map(duration),
        downtime_allowance: uptime.downtime_allowance.map(duration),
        excluded_outages: uptime
            .exclusions
            .iter()
            .flat_map(|excluded| excluded.outages.iter().map(encode_excluded))
            .collect(),
        without_exclusions: uptime.exclusions.as_ref().map(encode_without_exclusions),
    }
}

fn encode_without_exclusions(excluded: &ExcludedUptime) -> v1::UptimeWithoutExclusions {
    let figures = &excluded.figures;
    v1::UptimeWithoutExclusions {
        verdict: verdict_number(excluded.verdict),
        percent: figures.share_up().to_field(),
        downtime: Some(duration(figures.downtime())),
        outages: (figures.outages.len() as u64).to_field(),
        long_outages: excluded.long_outages.to_field(),
        mean_time_to_restore: figures.mean_time_to_restore().map(duration),
    }
}

fn encode_excluded(outage: &ExcludedOutage) -> v1::ExcludedOutage {
    v1::ExcludedOutage {
        service: outage.service.clone(),
        outage_event_id: outage.event_id.clone(),
        outage_id: outage.outage_id.clone(),
        degradation: outage.is_degradation,
        start_time: Some(timestamp(outage.start)),
        end_time: outage.end.map(timestamp),
        agreed_time: Some(duration(outage.time)),
        rule_id: outage.rule_id.clone(),
        decision_event_id: outage.decision_event_id.clone(),
        decided_by: outage.decided_by.clone(),
        reason: outage.reason.clone(),
    }
}
