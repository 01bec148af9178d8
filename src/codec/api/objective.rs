//! Objectives and exclusions of a contract.

use super::experience;
use crate::codec::checks::Checks;
use crate::codec::choices::{
    ObjectivePeriod, objective_period, objective_period_number, party, party_number,
};
use crate::codec::scalar::{count_to, duration, minimum, share, share_or, unsigned_span};
use crate::codec::v1;
use crate::codec::v1::objective::Promise as Wire;
use crate::codec::violations::FieldViolations;
use crate::domain::contract::{
    AgreedService, AttainmentPromise, AvailabilityPromise, Condition, ExclusionRule, Objective,
    OutagesPromise, PerformancePromise, PeriodKind, Promise,
};
use crate::domain::incident::Party;
use crate::domain::share::Share;
use crate::domain::time::Span;
use crate::domain::violation::Violation;

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
                    "is missing: give attainment, availability, outages, performance or experience",
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
        Wire::Availability(promise) => {
            ("availability", Promise::Availability(availability(promise, checks, &mut within)))
        }
        Wire::Outages(promise) => {
            ("outages", Promise::Outages(outages(promise, checks, &mut within)))
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

fn availability(
    promise: v1::AvailabilityObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> AvailabilityPromise {
    let notice = promise.maintenance_notice;
    let weight = &promise.degradation_weight_percent;
    let weight =
        violations.or("degradation_weight_percent", share_or(weight, Share::NONE), Share::NONE);
    AvailabilityPromise {
        agreed: agreed(promise.service, promise.calendar_id, notice, checks, violations),
        share: violations.or("percent", share(&promise.percent), Share::ALL),
        degradation_weight: weight,
    }
}

fn agreed(
    service: String,
    calendar_id: String,
    notice: Option<prost_types::Duration>,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> AgreedService {
    AgreedService {
        service: violations.or("service", checks.id(service), String::new()),
        calendar_id: violations.or("calendar_id", checks.terms_id(calendar_id), String::new()),
        maintenance_notice: span_or_zero("maintenance_notice", notice, violations),
    }
}

fn outages(
    promise: v1::OutagesObjective,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> OutagesPromise {
    let notice = promise.maintenance_notice;
    OutagesPromise {
        agreed: agreed(promise.service, promise.calendar_id, notice, checks, violations),
        most: violations.or("most", count_to(promise.most, i32::MAX as u32), 0),
        longer_than: span_or_zero("longer_than", promise.longer_than, violations),
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
    PerformancePromise {
        service: violations.or("service", checks.id(promise.service), String::new()),
        indicator: violations.or("indicator", checks.id(promise.indicator), String::new()),
        percentile: violations.or("percentile", percentile, Share::ALL),
        threshold: promise.threshold,
        minimum_count: violations.or("minimum_count", minimum(promise.minimum_count), 1),
    }
}

fn span_or_zero(
    field: &str,
    given: Option<prost_types::Duration>,
    violations: &mut FieldViolations,
) -> Span {
    match given {
        None => Span::ZERO,
        given => violations.or(field, unsigned_span(given), Span::ZERO),
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
    let notice = |agreed: &AgreedService| Some(duration(agreed.maintenance_notice));
    match promise {
        Promise::Attainment(promise) => Wire::Attainment(v1::AttainmentObjective {
            target_id: promise.target_id.clone(),
            priorities: promise.priorities.clone(),
            percent: promise.share.to_string(),
            minimum_count: promise.minimum_count as i32,
        }),
        Promise::Availability(promise) => Wire::Availability(v1::AvailabilityObjective {
            service: promise.agreed.service.clone(),
            percent: promise.share.to_string(),
            calendar_id: promise.agreed.calendar_id.clone(),
            degradation_weight_percent: promise.degradation_weight.to_string(),
            maintenance_notice: notice(&promise.agreed),
        }),
        Promise::Outages(promise) => Wire::Outages(v1::OutagesObjective {
            service: promise.agreed.service.clone(),
            most: promise.most as i32,
            longer_than: Some(duration(promise.longer_than)),
            calendar_id: promise.agreed.calendar_id.clone(),
            maintenance_notice: notice(&promise.agreed),
        }),
        Promise::Performance(promise) => Wire::Performance(v1::PerformanceObjective {
            service: promise.service.clone(),
            indicator: promise.indicator.clone(),
            percentile: promise.percentile.to_string(),
            threshold: promise.threshold,
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
    };
    let is_of_no_third_party = !decoded.third_party.is_empty() && cause != Some(Party::ThirdParty);
    if checks.are_rules_held && is_of_no_third_party {
        violations.add("third_party", "goes with the cause PARTY_THIRD_PARTY only");
    }
    if decoded.when.as_ref().is_some_and(Condition::reads_now) {
        violations.add("when", "uses `now`: what is left out must not change with time alone");
    }
    if rule.cause == 0 && !decoded.out_of_scope && rule.when.trim().is_empty() {
        violations.add("when", "is missing: say when, by a cause, out_of_scope or a condition");
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
    }
}
