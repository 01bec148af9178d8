//! The result of a contract's period, which reports only convert.

use std::collections::BTreeMap;

use super::compliance::{
    Attainment, Compliance, ExcludedUptime, ExperienceResult, OnService, ServiceResult, Uptime,
};
use super::credit::{CreditStatement, credit_statement};
use crate::domain::compliance::attainment::Verdict;
use crate::domain::compliance::availability::Availability;
use crate::domain::compliance::{Counts, CoverageGap, Period, Tally, experience};
use crate::domain::contract::Objective;
use crate::domain::experience::{ExperienceTotals, Figure, TimeSum};
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};

/// The result of a period.
#[derive(Debug)]
pub struct PeriodResult<'c> {
    /// The period.
    pub period: Period,
    /// The tallies of the entries, by the values of the requested keys in the order of the keys.
    pub groups: BTreeMap<Vec<String>, Tally>,
    /// The results of the objectives, in the order of the contract.
    pub objectives: Vec<ObjectiveResult<'c>>,
    /// The SLX figure; `None`: the contract sets no weights.
    pub slx: Option<SlxResult>,
    /// The service credits; `None`: nothing is credited.
    pub credits: Option<CreditStatement<'c>>,
    /// The incidents opened in the period that the contract does not measure.
    pub coverage: CoverageResult,
    /// The release of the time zone database it was computed with.
    pub time_zone_database: &'c str,
}

/// How many incidents opened in a period a contract does not measure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverageResult {
    /// How many no target of it measures.
    pub uncovered: u64,
    /// Why, and which lack only some target.
    pub gaps: Vec<CoverageGap>,
}

impl CoverageResult {
    fn of(compliance: &Compliance<'_>) -> CoverageResult {
        let Compliance { coverage, ruling, .. } = compliance;
        let (uncovered, gaps) = (coverage.uncovered(), coverage.gaps(&ruling.content));
        CoverageResult { uncovered, gaps }
    }
}

/// An SLX figure and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlxResult {
    /// The figure.
    pub figure: Figure,
    /// What the period's incidents cost people.
    pub experience_totals: ExperienceTotals,
}

/// The result of an objective over a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveResult<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// Its index among the contract's objectives.
    pub place: usize,
    /// The contract revision that words it.
    pub contract_revision: u32,
    /// The period it is evaluated over.
    pub period: Period,
    /// The verdict.
    pub verdict: Verdict,
    /// The share reached; `None` for an objective that is not on a share, or without data.
    pub reached: Option<Share>,
    /// How many more breaches, or long outages, the period can take before it is missed; negative
    /// when it is missed, and 0 where neither is counted or there is no data.
    pub allowance: i64,
    /// The figures it rests on.
    pub evidence: Evidence,
}

/// The figures that an objective rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing: its calendar's time zone is unknown.
    Nothing,
    /// Counts of clocks.
    Clocks(Counts),
    /// Experience totals.
    Experience(ExperienceEvidence),
    /// How a service was up.
    Uptime(UptimeEvidence),
    /// Requests to a service.
    Requests {
        /// How many were counted.
        requests: u128,
        /// How many of them failed.
        failed: u128,
    },
    /// Measurements at a service.
    Measurements {
        /// The percentile, in thousandths of the indicator's unit; `None` without measurements.
        percentile: Option<i64>,
        /// How many times something was measured.
        count: u128,
    },
}

/// The figures of an objective on experience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperienceEvidence {
    /// What the period's incidents cost them.
    pub experience_totals: ExperienceTotals,
    /// The people-time lost for each hundred people; `None`: the number of people is unknown.
    pub lost_time_a_hundred: Option<TimeSum>,
    /// The people-time that may still be lost; `None`: the objective is not on lost time.
    pub lost_time_left: Option<TimeSum>,
}

/// The figures of an objective on when a service was up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UptimeEvidence {
    /// The revision of the calendar in force when the period began.
    pub calendar_revision: u32,
    /// The availability figures.
    pub figures: Availability,
    /// How many outages count for the objective: all, or those long enough.
    pub long_outages: u64,
    /// How much more downtime the period can take; `None`: the objective is not on availability.
    pub downtime_allowance: Option<Span>,
    /// What is excluded, and what it would have come to; `None`: nothing is.
    pub exclusions: Option<ExcludedUptime>,
}

impl<'c> PeriodResult<'c> {
    /// The result of a period to which all entries were added, as of an instant.
    pub fn of(compliance: Compliance<'c>, as_of: Instant) -> PeriodResult<'c> {
        PeriodResult {
            objectives: objective_results(&compliance, as_of),
            slx: slx_result(&compliance),
            credits: credit_statement(&compliance.credited, as_of),
            coverage: CoverageResult::of(&compliance),
            time_zone_database: compliance.time_zone_database(),
            period: compliance.period,
            groups: compliance.groups,
        }
    }
}

/// The SLX figure of a period; `None` when the contract sets no weights.
pub fn slx_result(compliance: &Compliance<'_>) -> Option<SlxResult> {
    let figure = compliance.slx_figure()?;
    Some(SlxResult { figure, experience_totals: compliance.experience_totals() })
}

/// The results of a period's objectives as of an instant, in the order of the contract.
pub fn objective_results<'c>(
    compliance: &Compliance<'c>,
    as_of: Instant,
) -> Vec<ObjectiveResult<'c>> {
    let attainments = compliance.attainments.iter().map(|on| on_clocks(on, as_of));
    let experiences = compliance.experiences.iter().map(|on| on_experience(on, as_of));
    let services = compliance.on_services.iter().map(on_service);
    let mut results: Vec<_> = attainments.chain(experiences).chain(services).collect();
    results.sort_by_key(|result| result.place);
    results
}

fn on_clocks<'c>(on: &Attainment<'c>, as_of: Instant) -> ObjectiveResult<'c> {
    let result = on.result(as_of);
    ObjectiveResult {
        objective: on.objective,
        place: on.place,
        contract_revision: on.contract_revision,
        period: on.period.clone(),
        verdict: result.verdict,
        reached: result.attainment,
        allowance: told(result.verdict, result.breach_allowance),
        evidence: Evidence::Clocks(on.tally.contractual),
    }
}

/// An allowance, where there is enough data to tell one.
fn told(verdict: Verdict, allowance: i64) -> i64 {
    if verdict == Verdict::NoData { 0 } else { allowance }
}

fn on_experience<'c>(on: &ExperienceResult<'c>, as_of: Instant) -> ObjectiveResult<'c> {
    ObjectiveResult {
        objective: on.objective,
        place: on.place,
        contract_revision: on.contract_revision,
        period: on.period.clone(),
        verdict: on.verdict(as_of),
        reached: None,
        allowance: 0,
        evidence: Evidence::Experience(ExperienceEvidence {
            experience_totals: on.experience_totals.clone(),
            lost_time_a_hundred: experience::lost_time_a_hundred(&on.experience_totals, on.people),
            lost_time_left: experience::lost_time_left(
                &on.promise,
                &on.experience_totals,
                on.people,
            ),
        }),
    }
}

fn on_service<'c>(on: &OnService<'c>) -> ObjectiveResult<'c> {
    let (verdict, reached) =
        on.result.as_ref().map_or((Verdict::NoData, None), ServiceResult::verdict);
    let (evidence, allowance) = on.result.as_ref().map_or((Evidence::Nothing, 0), service);
    ObjectiveResult {
        objective: on.objective,
        place: on.place,
        contract_revision: on.contract_revision,
        period: on.period.clone(),
        verdict,
        reached,
        allowance,
        evidence,
    }
}

/// The figures of an objective on a service, and how many more outages its period can take.
fn service(result: &ServiceResult) -> (Evidence, i64) {
    match result {
        ServiceResult::Availability(result, up) => {
            let all = up.figures.outages.len() as u64;
            (Evidence::Uptime(uptime(up, all, Some(result.downtime_allowance))), 0)
        }
        ServiceResult::Outages(result, up) => {
            let allowance = told(result.verdict, result.allowance);
            (Evidence::Uptime(uptime(up, result.long_outages, None)), allowance)
        }
        ServiceResult::MeanTimeToRestore(_, up) => {
            let all = up.figures.outages.len() as u64;
            (Evidence::Uptime(uptime(up, all, None)), 0)
        }
        ServiceResult::Requests(result) => {
            let (requests, failed) = (result.requests, result.failed);
            (Evidence::Requests { requests, failed }, 0)
        }
        ServiceResult::Performance(result) => {
            let (percentile, count) = (result.value, result.count);
            (Evidence::Measurements { percentile, count }, 0)
        }
    }
}

fn uptime(up: &Uptime, long_outages: u64, downtime_allowance: Option<Span>) -> UptimeEvidence {
    let Uptime { calendar_revision, figures, exclusions } = up;
    UptimeEvidence {
        calendar_revision: *calendar_revision,
        figures: figures.clone(),
        long_outages,
        downtime_allowance,
        exclusions: exclusions.clone(),
    }
}
