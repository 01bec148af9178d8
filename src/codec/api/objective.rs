//! Objectives and exclusions of a contract.

use super::{backlog, experience, service_objective};
use crate::codec::checks::Checks;
use crate::codec::choices::{
    ObjectivePeriod, objective_period, objective_period_number, party, party_number,
};
use crate::codec::scalar::{
    duration, minimum, of_thousandths, positive_span, share, text, thousandths,
};
use crate::codec::v1;
use crate::codec::v1::objective::Promise as Wire;
use crate::codec::violations::FieldViolations;
use crate::domain::contract::{
    AttainmentPromise, Condition, ExclusionRule, MeanTimePromise, Objective, PerformancePromise,
    PeriodKind, Promise,
};
use crate::domain::incident::Party;
use crate::domain::share::Share;
use crate::domain::time::Span;
use crate::domain::violation::Violation;

/// Bytes in the name of an indicator's unit.
const UNIT_BYTES_MAX: usize = 16;

/// An objective.
pub(super) fn decode(
    objective: v1::Objective,
    checks: Checks<'_>,
) -> Result<Objective, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let period =
        violations.or("period", objective_period(objective.period), ObjectivePeriod::Month);
    let period = period_kind(period, objective.rolling_days, checks.limits.rolling_days);
    let decoded = Objective {
        id: violations.or("id", checks.terms_id(objective.id), String::new()),
        period: violations.or("rolling_days", period, PeriodKind::Month),
        promise: match objective.promise {
            Some(promise) => decode_promise(promise, checks, &mut violations),
            None => {
                violations.add(
                    "promise",
                    "is missing: give attainment, mean_time, backlog, availability, outages, \
                     mean_time_to_restore, requests, performance or experience",
                );
                Promise::Attainment(attainment(
                    Default::default(),
                    checks,
                    &mut FieldViolations::default(),
                ))
            }
        },
    };
    violations.check()?;
    Ok(decoded)
}

fn period_kind(
    period: ObjectivePeriod,
    rolling_days: i32,
    most: u16,
) -> Result<PeriodKind, String> {
    match (period, rolling_days) {
        (ObjectivePeriod::RollingDays, days) => u16::try_from(days)
            .ok()
            .filter(|days| (1..=most).contains(days))
            .map(PeriodKind::RollingDays)
            .ok_or_else(|| format!("is {days}: write 1 to {most}")),
        (_, days) if days != 0 => Err("goes with OBJECTIVE_PERIOD_ROLLING_DAYS only".to_owned()),
        (ObjectivePeriod::Month, _) => Ok(PeriodKind::Month),
        (ObjectivePeriod::Quarter, _) => Ok(PeriodKind::Quarter),
        (ObjectivePeriod::Year, _) => Ok(PeriodKind::Year),
    }
}

fn decode_promise(promise: Wire, checks: Checks<'_>, violations: &mut FieldViolations) -> Promise {
    let mut within = FieldViolations::default();
    let (name, decoded) = match promise {
        Wire::Attainment(promise) => {
            ("attainment", Promise::Attainment(attainment(promise, checks, &mut within)))
        }
        Wire::MeanTime(promise) => {
            ("mean_time", Promise::MeanTime(mean_time(promise, checks, &mut within)))
        }
        Wire::Backlog(promise) => {
            ("backlog", Promise::Backlog(backlog::decode(promise, checks, &mut within)))
        }
        Wire::Availability(promise) => {
            let promise = service_objective::availability(promise, checks, &mut within);
            ("availability", Promise::Availability(promise))
        }
        Wire::Outages(promise) => {
            let promise = service_objective::outages(promise, checks, &mut within);
            ("outages", Promise::Outages(promise))
        }
        Wire::MeanTimeToRestore(promise) => {
            let promise = service_objective::mean_time_to_restore(promise, checks, &mut within);
            ("mean_time_to_restore", Promise::MeanTimeToRestore(promise))
        }
        Wire::Requests(promise) => {
            let promise = service_objective::requests(promise, checks, &mut within);
            ("requests", Promise::Requests(promise))
        }
        Wire::Performance(promise) => {
            ("performance", Promise::Performance(performance(promise, checks, &mut within)))
        }
        Wire::Experience(promise) => {
            ("experience", Promise::Experience(experience::decode_promise(promise, &mut within)))
        }
    };
    violations.or(name, within.check(), ());
    decoded
}

fn attainment(
    promise: v1::AttainmentObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> AttainmentPromise {
    let priority = |priority| checks.priority(priority);
    AttainmentPromise {
        target_id: violations.or("target_id", checks.terms_id(promise.target_id), String::new()),
        priorities: violations.each("priorities", promise.priorities, priority),
        share: violations.or("percent", share(&promise.percent), Share::ALL),
        minimum_count: violations.or("minimum_count", minimum(promise.minimum_count), 1),
    }
}

fn mean_time(
    promise: v1::MeanTimeObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> MeanTimePromise {
    let priority = |priority| checks.priority(priority);
    MeanTimePromise {
        target_id: violations.or("target_id", checks.id(promise.target_id), String::new()),
        priorities: violations.each("priorities", promise.priorities, priority),
        at_most: violations.or("at_most", positive_span(promise.at_most), Span::ZERO),
        minimum_count: violations.or("minimum_count", minimum(promise.minimum_count), 1),
    }
}

fn performance(
    promise: v1::PerformanceObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> PerformancePromise {
    let percentile = match share(&promise.percentile) {
        Ok(Share::NONE) => Err("is 0: write more than 0, up to 100".to_owned()),
        other => other,
    };
    let threshold = thousandths("threshold", promise.threshold, &promise.at_most);
    PerformancePromise {
        service: violations.or("service", checks.id(promise.service), String::new()),
        indicator: violations.or("indicator", checks.id(promise.indicator), String::new()),
        percentile: violations.or("percentile", percentile, Share::ALL),
        threshold: violations.or("at_most", threshold, 0),
        unit: violations.or("unit", text(promise.unit, UNIT_BYTES_MAX), String::new()),
        minimum_count: violations.or("minimum_count", minimum(promise.minimum_count), 1),
    }
}

/// The message of an objective.
pub fn encode(objective: &Objective) -> v1::Objective {
    let (period, rolling_days) = match objective.period {
        PeriodKind::Month => (ObjectivePeriod::Month, 0),
        PeriodKind::Quarter => (ObjectivePeriod::Quarter, 0),
        PeriodKind::Year => (ObjectivePeriod::Year, 0),
        PeriodKind::RollingDays(days) => (ObjectivePeriod::RollingDays, days),
    };
    v1::Objective {
        id: objective.id.clone(),
        period: objective_period_number(period),
        rolling_days: i32::from(rolling_days),
        promise: Some(encode_promise(&objective.promise)),
    }
}

fn encode_promise(promise: &Promise) -> Wire {
    match promise {
        Promise::Attainment(promise) => Wire::Attainment(v1::AttainmentObjective {
            target_id: promise.target_id.clone(),
            priorities: promise.priorities.clone(),
            percent: promise.share.to_string(),
            minimum_count: promise.minimum_count as i32,
        }),
        Promise::MeanTime(promise) => Wire::MeanTime(v1::MeanTimeObjective {
            target_id: promise.target_id.clone(),
            priorities: promise.priorities.clone(),
            at_most: Some(duration(promise.at_most)),
            minimum_count: promise.minimum_count as i32,
        }),
        Promise::Backlog(promise) => Wire::Backlog(backlog::encode(promise)),
        Promise::Availability(promise) => {
            Wire::Availability(service_objective::encode_availability(promise))
        }
        Promise::Outages(promise) => Wire::Outages(service_objective::encode_outages(promise)),
        Promise::MeanTimeToRestore(promise) => {
            Wire::MeanTimeToRestore(service_objective::encode_mean_time_to_restore(promise))
        }
        Promise::Requests(promise) => Wire::Requests(service_objective::encode_requests(promise)),
        Promise::Performance(promise) => Wire::Performance(v1::PerformanceObjective {
            service: promise.service.clone(),
            indicator: promise.indicator.clone(),
            percentile: promise.percentile.to_string(),
            threshold: promise.threshold,
            at_most: of_thousandths(promise.threshold),
            unit: promise.unit.clone(),
            minimum_count: promise.minimum_count as i32,
        }),
        Promise::Experience(promise) => Wire::Experience(experience::encode_promise(promise)),
    }
}

/// An exclusion rule.
pub(super) fn decode_exclusion(
    rule: v1::Exclusion,
    checks: Checks<'_>,
) -> Result<ExclusionRule, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let cause = match rule.cause {
        0 => None,
        given => violations.keep("cause", party(given)),
    };
    let when = checks.condition(rule.when.trim());
    let decoded = ExclusionRule {
        id: violations.or("id", checks.id(rule.id), String::new()),
        title: rule.title,
        cause,
        third_party: rule.third_party,
        out_of_scope: rule.out_of_scope,
        when: violations.or("when", when, None),
        target_ids: violations.each("target_ids", rule.target_ids, |id| checks.terms_id(id)),
        objective_ids: violations
            .each("objective_ids", rule.objective_ids, |id| checks.terms_id(id)),
        outage_reasons: rule.outage_reasons,
    };
    let has_no_reason = decoded.outage_reasons.is_empty();
    let is_of_no_third_party = !decoded.third_party.is_empty() && cause != Some(Party::ThirdParty);
    if checks.are_rules_held && is_of_no_third_party {
        violations.add("third_party", "goes with the cause PARTY_THIRD_PARTY only");
    }
    if decoded.when.as_ref().is_some_and(Condition::reads_now) {
        violations.add("when", "uses `now`: what is left out must not change with time alone");
    }
    if decoded.when.as_ref().is_some_and(Condition::reads_changes) {
        violations.add("when", "uses `changed`, which holds in one instant only");
    }
    if rule.cause == 0 && !decoded.out_of_scope && rule.when.trim().is_empty() && has_no_reason {
        let text = "is missing: say when, by a cause, out_of_scope, outage_reasons or a condition";
        violations.add("when", text);
    }
    violations.check()?;
    Ok(decoded)
}

/// The message of an exclusion rule.
pub fn encode_exclusion(rule: &ExclusionRule) -> v1::Exclusion {
    let when = rule.when.as_ref().map(|when| when.source().to_owned());
    v1::Exclusion {
        id: rule.id.clone(),
        title: rule.title.clone(),
        cause: rule.cause.map_or(0, party_number),
        third_party: rule.third_party.clone(),
        out_of_scope: rule.out_of_scope,
        when: when.unwrap_or_default(),
        target_ids: rule.target_ids.clone(),
        objective_ids: rule.objective_ids.clone(),
        outage_reasons: rule.outage_reasons.clone(),
    }
}
