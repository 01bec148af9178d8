//! Compliance, as answers tell it.

use super::clock::outcome_number;
use super::contract::encode_finding;
use super::experience::encode_figure;
use super::figures::Reported;
use super::scalar::{choice, duration, timestamp};
use super::{credit, objective, v1};
use crate::domain::compliance::attainment::Verdict;
use crate::domain::compliance::{Period, Tally, lived};
use crate::domain::time::Instant;
use crate::engine::compliance::{
    Attainment, Compliance, GroupKey, Lived, OnService, ServiceStanding, Uptime,
};
use crate::engine::simulation::{Flip, Simulation};

const CAVEAT: &str = "These are the facts of the past, judged by other terms. Under other terms \
     people would have worked otherwise: take it for a bound, not for a forecast.";

choice!(group_key, group_key_number, v1::GroupKey, GroupKey, {
    Target = GroupKey::Target, Priority = GroupKey::Priority, Service = GroupKey::Service,
    Category = GroupKey::Category, Group = GroupKey::Group, Party = GroupKey::Party,
});

choice!(verdict, verdict_number, v1::ObjectiveVerdict, Verdict, {
    Met = Verdict::Met, Missed = Verdict::Missed, AtRisk = Verdict::AtRisk,
    NoData = Verdict::NoData,
});

/// The message of a period's compliance, grouped by `keys`, without its stamp.
pub fn encode(
    compliance: Compliance<'_>,
    keys: &[GroupKey],
    as_of: Instant,
) -> v1::GetComplianceResponse {
    v1::GetComplianceResponse {
        time_zone_database: compliance.time_zone_database().to_owned(),
        objectives: encode_objectives(&compliance, as_of),
        slx: compliance.slx_figure().map(|figure| encode_figure(&figure, &compliance.toll())),
        period: Some(encode_period(&compliance.period)),
        groups: compliance
            .groups
            .into_iter()
            .map(|(values, tally)| encode_group(keys, values, &tally))
            .collect(),
        stamp: None,
        credits: credit::encode_statement(&compliance.credited, as_of),
    }
}

/// The message of a simulation, grouped by `keys`, without its stamp.
pub fn encode_simulation(
    simulation: Simulation<'_>,
    keys: &[GroupKey],
) -> v1::SimulateContractResponse {
    let as_of = simulation.as_of();
    v1::SimulateContractResponse {
        present: Some(encode(simulation.present, keys, as_of)),
        proposed: Some(encode(simulation.proposed, keys, as_of)),
        flips: simulation.flips.into_iter().map(encode_flip).collect(),
        flip_count: simulation.flip_count.reported(),
        findings: simulation.findings.iter().map(encode_finding).collect(),
        caveat: CAVEAT.to_owned(),
        stamp: None,
    }
}

fn encode_flip(flip: Flip) -> v1::Flip {
    v1::Flip {
        incident_id: flip.incident_id,
        target_id: flip.target_id,
        present_outcome: flip.present.map_or(0, outcome_number),
        proposed_outcome: flip.proposed.map_or(0, outcome_number),
    }
}

/// The message of a period.
pub(super) fn encode_period(period: &Period) -> v1::Period {
    v1::Period {
        name: period.name.clone(),
        start_time: Some(timestamp(period.start)),
        end_time: Some(timestamp(period.end)),
    }
}

/// The message of a group.
pub(super) fn encode_group(
    keys: &[GroupKey],
    values: Vec<String>,
    tally: &Tally,
) -> v1::ComplianceGroup {
    let mut group: v1::ComplianceGroup = tally.reported();
    for (key, value) in keys.iter().zip(values) {
        *field(*key, &mut group) = value;
    }
    group
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

/// In the order of the contract.
pub(super) fn encode_objectives(
    compliance: &Compliance<'_>,
    as_of: Instant,
) -> Vec<v1::ObjectiveStanding> {
    let attainments = compliance.attainments.iter();
    let attainments = attainments.map(|on| (on.place, encode_attainment(on, as_of)));
    let on_services = compliance.on_services.iter().map(|on| (on.place, encode_on_service(on)));
    let lived = compliance.experiences.iter().map(|on| (on.place, encode_lived(on, as_of)));
    let mut standings: Vec<_> = attainments.chain(lived).chain(on_services).collect();
    standings.sort_by_key(|(place, _)| *place);
    standings.into_iter().map(|(_, standing)| standing).collect()
}

fn encode_attainment(attainment: &Attainment<'_>, as_of: Instant) -> v1::ObjectiveStanding {
    let standing = attainment.standing(as_of);
    v1::ObjectiveStanding {
        objective: Some(objective::encode(attainment.objective)),
        period: Some(encode_period(&attainment.period)),
        contract_revision: attainment.contract_revision as i32,
        verdict: verdict_number(standing.verdict),
        percent: standing.attainment.reported(),
        tally: attainment.tally.contractual.reported(),
        breach_allowance: standing.breach_allowance,
        ..Default::default()
    }
}

fn encode_lived(on: &Lived<'_>, as_of: Instant) -> v1::ObjectiveStanding {
    let per_hundred = lived::lost_time_a_hundred(&on.toll, on.people);
    let left = lived::lost_time_left(&on.promise, &on.toll, on.people);
    v1::ObjectiveStanding {
        objective: Some(objective::encode(on.objective)),
        period: Some(encode_period(&on.period)),
        contract_revision: on.contract_revision as i32,
        verdict: verdict_number(on.verdict(as_of)),
        lived: Some(v1::LivedStanding {
            toll: on.toll.reported(),
            lost_time_per_hundred_people: per_hundred.reported(),
            lost_time_left: left.reported(),
        }),
        ..Default::default()
    }
}

fn encode_on_service(on_service: &OnService<'_>) -> v1::ObjectiveStanding {
    let mut encoded = v1::ObjectiveStanding {
        objective: Some(objective::encode(on_service.objective)),
        period: Some(encode_period(&on_service.period)),
        contract_revision: on_service.contract_revision as i32,
        verdict: verdict_number(Verdict::NoData),
        ..Default::default()
    };
    match &on_service.standing {
        None => {}
        Some(ServiceStanding::Availability(standing, uptime)) => {
            encoded.verdict = verdict_number(standing.verdict);
            encoded.percent = standing.uptime.reported();
            let downtime_allowance = Some(duration(standing.downtime_allowance));
            encoded.uptime = Some(v1::Uptime { downtime_allowance, ..encode_uptime(uptime) });
        }
        Some(ServiceStanding::Outages(standing, uptime)) => {
            encoded.verdict = verdict_number(standing.verdict);
            encoded.breach_allowance = standing.allowance;
            let long_outages = standing.long_outages.reported();
            encoded.uptime = Some(v1::Uptime { long_outages, ..encode_uptime(uptime) });
        }
        Some(ServiceStanding::Performance(standing)) => {
            encoded.verdict = verdict_number(standing.verdict);
            encoded.measured = Some(v1::MeasuredPercentile {
                value: standing.value.unwrap_or_default(),
                count: i64::try_from(standing.count).unwrap_or(i64::MAX),
            });
        }
    }
    encoded
}

fn encode_uptime(uptime: &Uptime) -> v1::Uptime {
    let figures = &uptime.figures;
    let outages = (figures.outages.len() as u64).reported();
    v1::Uptime {
        calendar_revision: uptime.calendar_revision as i32,
        agreed: Some(duration(figures.agreed)),
        agreed_in_period: Some(duration(figures.agreed_in_period)),
        uptime: Some(duration(figures.uptime())),
        downtime: Some(duration(figures.downtime())),
        degraded: Some(duration(figures.degraded)),
        maintenance: Some(duration(figures.maintenance)),
        outages,
        long_outages: outages,
        longest_outage: figures.longest_outage().map(duration),
        mean_time_to_restore: figures.mean_time_to_restore().map(duration),
        mean_time_between_failures: figures.mean_time_between_failures().map(duration),
        downtime_allowance: None,
    }
}
