//! The result of a contract's period, which reports only convert.

use std::collections::BTreeMap;

use itertools::Itertools;

use super::compliance::{
    Attainment, Compliance, ExcludedUptime, ExperienceResult, OnService, ServiceResult, Uptime,
};
use super::credit::{CreditStatement, CreditTotal, totals};
use super::objective::{Evaluated, Ruling};
use crate::domain::compliance::attainment::{Verdict, worst};
use crate::domain::compliance::availability::Availability;
use crate::domain::compliance::backlog::BacklogFigures;
use crate::domain::compliance::{Counts, CoverageGap, Period, Tally, experience};
use crate::domain::contract::{ClockPromise, Objective};
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
    /// Those of the whole months, quarters and years within it, in the order they end.
    pub contained_credits: Vec<CreditStatement<'c>>,
    /// What all these come to, one for each currency.
    pub credit_totals: Vec<CreditTotal<'c>>,
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
    /// The index of the objective and its own period among those of the requested period.
    pub place: usize,
    /// The contract revision that words it.
    pub contract_revision: u32,
    /// Its own period.
    pub period: Period,
    /// The stretch of its own period that it was evaluated over.
    pub counted: Period,
    /// Whether its own period goes on at the end of the requested period, or now.
    pub is_provisional: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// Why there is no data; `None`: there is.
    pub no_data: Option<NoDataReason>,
    /// The share reached; `None` for an objective that is not on a share, or without data.
    pub reached: Option<Share>,
    /// How many more breaches, or long outages, the period can take before it is missed; negative
    /// when it is missed, and 0 where neither is counted or there is no data.
    pub allowance: i64,
    /// The figures it rests on.
    pub evidence: Evidence,
    /// If several revisions rule parts of its period: the result of each part. The figures are then
    /// those of the part that stands worst.
    pub parts: Vec<ObjectiveResult<'c>>,
}

/// Why an objective has no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDataReason {
    /// The contract is not in force in its period.
    NotInForce,
    /// Too little happened in it.
    TooLittle,
    /// The time zone of its calendar is unknown.
    CalendarUnknown,
}

/// The figures that an objective rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing: its calendar's time zone is unknown.
    Nothing,
    /// Counts of clocks.
    Clocks(Counts),
    /// Counts of clocks, and their mean elapsed time; `None`: none was decided.
    MeanTime(Counts, Option<TimeSum>),
    /// What is open, by its age.
    Backlog(BacklogFigures),
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
        let credits = compliance.credited.statement(as_of);
        let contained_credits = compliance.credited.contained_statements(as_of);
        PeriodResult {
            objectives: objective_results(&compliance, as_of),
            slx: slx_result(&compliance),
            credit_totals: totals(contained_credits.iter().chain(&credits)),
            credits,
            contained_credits,
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
    let services = compliance.on_services.iter().map(|on| on_service(on, as_of));
    let mut results: Vec<_> = attainments.chain(experiences).chain(services).collect();
    results.sort_by_key(|result| (result.place, result.counted.start));
    let by_place = results.into_iter().chunk_by(|result| result.place);
    by_place.into_iter().filter_map(|(_, parts)| joined(parts.collect())).collect()
}

/// The result of an objective whose period is still to come: none.
pub(super) fn to_come<'c>(ruling: &Ruling<'c>) -> ObjectiveResult<'c> {
    ObjectiveResult {
        objective: ruling.objective,
        place: ruling.place,
        contract_revision: ruling.revision,
        period: ruling.period.clone(),
        counted: ruling.part.clone(),
        is_provisional: true,
        verdict: Verdict::NoData,
        no_data: Some(NoDataReason::TooLittle),
        reached: None,
        allowance: 0,
        evidence: Evidence::Nothing,
        parts: Vec::new(),
    }
}

/// The result of an objective on attainment, of a group of incidents alone.
pub(super) fn of_group<'c>(
    on: &Attainment<'c>,
    value: &str,
    as_of: Instant,
) -> ObjectiveResult<'c> {
    on_clocks(&on.of_group(value), as_of)
}

/// The result of the parts of one period: that of the worst, the first of equal ones.
pub(super) fn joined(mut parts: Vec<ObjectiveResult<'_>>) -> Option<ObjectiveResult<'_>> {
    if parts.len() == 1 {
        return parts.pop();
    }
    let worst = worst(&parts, |part| (part.verdict, part.reached))?;
    let is_provisional = parts.iter().any(|part| part.is_provisional);
    Some(ObjectiveResult { is_provisional, parts: parts.clone(), ..worst.clone() })
}

/// What every kind of objective says beside its figures.
fn result<'c>(
    on: &impl Evaluated,
    (objective, contract_revision, place): (&'c Objective, u32, usize),
    [own, counted]: [&Period; 2],
    verdict: Verdict,
    as_of: Instant,
) -> ObjectiveResult<'c> {
    let no_data = match (verdict, on.is_in_force()) {
        (Verdict::NoData, false) => Some(NoDataReason::NotInForce),
        (Verdict::NoData, true) => Some(NoDataReason::TooLittle),
        _ => None,
    };
    ObjectiveResult {
        objective,
        place,
        contract_revision,
        period: own.clone(),
        counted: counted.clone(),
        is_provisional: on.is_provisional(as_of),
        verdict,
        no_data,
        reached: None,
        allowance: 0,
        evidence: Evidence::Nothing,
        parts: Vec::new(),
    }
}

fn on_clocks<'c>(on: &Attainment<'c>, as_of: Instant) -> ObjectiveResult<'c> {
    let found = on.result(as_of);
    let named = (on.objective, on.contract_revision, on.place);
    ObjectiveResult {
        reached: found.attainment,
        allowance: with_data(found.verdict, found.breach_allowance),
        evidence: match on.promise() {
            ClockPromise::Attainment(_) => Evidence::Clocks(on.tally.contractual),
            ClockPromise::MeanTime(_) => Evidence::MeanTime(on.tally.contractual, found.mean_time),
            ClockPromise::Backlog(_) => Evidence::Backlog(found.backlog),
        },
        ..result(on, named, [&on.own_period, &on.period], found.verdict, as_of)
    }
}

/// An allowance, where there is enough data for one.
fn with_data(verdict: Verdict, allowance: i64) -> i64 {
    if verdict == Verdict::NoData { 0 } else { allowance }
}

fn on_experience<'c>(on: &ExperienceResult<'c>, as_of: Instant) -> ObjectiveResult<'c> {
    let named = (on.objective, on.contract_revision, on.place);
    let totals = &on.experience_totals;
    ObjectiveResult {
        reached: on.reached(),
        evidence: Evidence::Experience(ExperienceEvidence {
            experience_totals: totals.clone(),
            lost_time_a_hundred: experience::lost_time_a_hundred(totals, on.people),
            lost_time_left: experience::lost_time_left(&on.promise, totals, on.people),
        }),
        ..result(on, named, [&on.own_period, &on.period], on.verdict(as_of), as_of)
    }
}

fn on_service<'c>(on: &OnService<'c>, as_of: Instant) -> ObjectiveResult<'c> {
    let (verdict, reached) =
        on.result.as_ref().map_or((Verdict::NoData, None), ServiceResult::verdict);
    let (evidence, allowance) = on.result.as_ref().map_or((Evidence::Nothing, 0), service);
    let named = (on.objective, on.contract_revision, on.place);
    let found = result(on, named, [&on.own_period, &on.seen()], verdict, as_of);
    let is_unknown = on.result.is_none() && on.is_in_force();
    let no_data = if is_unknown { Some(NoDataReason::CalendarUnknown) } else { found.no_data };
    ObjectiveResult { reached, allowance, evidence, no_data, ..found }
}

/// The figures of an objective on a service, and how many more outages its period can take.
fn service(result: &ServiceResult) -> (Evidence, i64) {
    match result {
        ServiceResult::Availability(result, up) => {
            let all = up.figures.outages.len() as u64;
            (Evidence::Uptime(uptime(up, all, Some(result.downtime_allowance))), 0)
        }
        ServiceResult::Outages(result, up) => {
            let allowance = with_data(result.verdict, result.allowance);
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
