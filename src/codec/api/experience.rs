//! Experience: its terms, and what people went through.

use prost_types::Duration;

use super::figures::ToField;
use crate::codec::checks::Checks;
use crate::codec::choices::contract_kind_number;
use crate::codec::scalar::{
    count, count_to, duration, minimum, positive_span, share, share_or, timestamp, unsigned_span,
    unsigned_span_or_zero,
};
use crate::codec::v1;
use crate::codec::v1::experience_objective::Measure;
use crate::codec::violations::FieldViolations;
use crate::domain::clock::Clock;
use crate::domain::contract::{
    Contract, ExperienceLimit, ExperienceMeasure, ExperiencePromise, ExperienceTerms,
    MINIMUM_REPORTED, SlxWeights,
};
use crate::domain::decimal::Decimal;
use crate::domain::experience::{Experience, Flow, Holder, Part, PeopleReported};
use crate::domain::time::Span;
use crate::domain::violation::Violation;
use crate::engine::answers::period_result::SlxResult;

/// By what experience is measured.
pub(super) fn decode(
    terms: v1::ExperienceTerms,
    checks: Checks<'_>,
) -> Result<ExperienceTerms, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    violations.at_most("limits", terms.limits.len(), checks.limits.limits_per_target);
    let decoded = ExperienceTerms {
        calendar_id: violations.or(
            "calendar_id",
            checks.optional_terms_id(terms.calendar_id),
            String::new(),
        ),
        limits: violations.each("limits", terms.limits, |limit| decode_limit(limit, checks)),
        people: violations.or("people", count(terms.people), 0),
        first_contact_within: violations.or(
            "first_contact_within",
            unsigned_span_or_zero(terms.first_contact_within),
            Span::ZERO,
        ),
        slx_weights: terms
            .slx_weights
            .and_then(|weights| violations.keep("slx_weights", decode_weights(weights))),
    };
    for (index, limit) in decoded.limits.iter().enumerate() {
        if decoded.limits.iter().take(index).any(|earlier| earlier.priority == limit.priority) {
            let text = format!("{:?} is given twice", limit.priority);
            violations.add(&format!("limits[{index}].priority"), text);
        }
    }
    violations.check()?;
    Ok(decoded)
}

fn decode_weights(weights: v1::SlxWeights) -> Result<SlxWeights, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let mut weight = |field, number| violations.or(field, count_to(number, 100), 0);
    let of_lost_time = weight("lost_time", weights.lost_time);
    let of_promises = weight("promises", weights.promises);
    let (idle, score) = (weight("idle", weights.idle), weight("score", weights.score));
    let mut decoded = SlxWeights {
        lost_time: of_lost_time,
        promises: of_promises,
        idle,
        score,
        worst_lost_time: Span::ZERO,
        minimum_answers: at_least(weights.minimum_answers, "minimum_answers", &mut violations),
        minimum_promises: at_least(weights.minimum_promises, "minimum_promises", &mut violations),
        minimum_reported: violations.or(
            "minimum_reported_percent",
            share_or(&weights.minimum_reported_percent, MINIMUM_REPORTED),
            MINIMUM_REPORTED,
        ),
    };
    let worst = weights.worst_lost_time_per_hundred_people;
    if decoded.lost_time > 0 || worst.is_some() {
        let field = "worst_lost_time_per_hundred_people";
        decoded.worst_lost_time = violations.or(field, positive_span(worst), Span::ZERO);
    }
    if decoded.lost_time + decoded.promises + decoded.idle + decoded.score == 0 {
        violations.add("", "weighs nothing: give at least one weight more than 0");
    }
    violations.check()?;
    Ok(decoded)
}

/// A minimum, or the one that SLX parts have by default.
fn at_least(given: i32, field: &str, violations: &mut FieldViolations) -> u64 {
    match given {
        0 => SlxWeights::MINIMUM_COUNT,
        given => violations.or(field, minimum(given), 1),
    }
}

fn encode_weights(weights: &SlxWeights) -> v1::SlxWeights {
    let worst = (weights.worst_lost_time > Span::ZERO).then(|| duration(weights.worst_lost_time));
    v1::SlxWeights {
        lost_time: weights.lost_time as i32,
        promises: weights.promises as i32,
        idle: weights.idle as i32,
        score: weights.score as i32,
        worst_lost_time_per_hundred_people: worst,
        minimum_answers: weights.minimum_answers as i32,
        minimum_promises: weights.minimum_promises as i32,
        minimum_reported_percent: weights.minimum_reported.to_string(),
    }
}

fn decode_limit(
    limit: v1::ExperienceLimit,
    checks: Checks<'_>,
) -> Result<ExperienceLimit, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = ExperienceLimit {
        priority: violations.or("priority", checks.priority(limit.priority), String::new()),
        limit: violations.or("limit", positive_span(limit.limit), Span::ZERO),
    };
    violations.check()?;
    Ok(decoded)
}

/// The message of what experience is measured by.
pub(super) fn encode(terms: &ExperienceTerms) -> v1::ExperienceTerms {
    let limits = terms.limits.iter().map(|limit| v1::ExperienceLimit {
        priority: limit.priority.clone(),
        limit: Some(duration(limit.limit)),
    });
    v1::ExperienceTerms {
        calendar_id: terms.calendar_id.clone(),
        limits: limits.collect(),
        people: terms.people as i32,
        first_contact_within: (terms.first_contact_within > Span::ZERO)
            .then(|| duration(terms.first_contact_within)),
        slx_weights: terms.slx_weights.as_ref().map(encode_weights),
    }
}

/// What people's experience must reach.
pub(super) fn decode_promise(
    promise: v1::ExperienceObjective,
    violations: &mut FieldViolations,
) -> ExperiencePromise {
    let minimum = minimum(promise.minimum_answers);
    let nothing = ExperienceMeasure::Score(0);
    let measure = match promise.measure {
        None => {
            let text = "is missing: give average_score, happiness_percent, \
                        lost_time_per_hundred_people or first_contact_percent";
            violations.add("measure", text);
            nothing
        }
        Some(Measure::AverageScore(score)) => {
            let score =
                decimal(&score, 0, 1_000).map(|score| ExperienceMeasure::Score(score as u32));
            violations.or("average_score", score, nothing)
        }
        Some(Measure::HappinessPercent(percent)) => {
            let percent = decimal(&percent, -10_000, 10_000).map(ExperienceMeasure::Happiness);
            violations.or("happiness_percent", percent, nothing)
        }
        Some(Measure::LostTimePerHundredPeople(time)) => {
            let time = unsigned_span(Some(time)).map(ExperienceMeasure::LostTime);
            violations.or("lost_time_per_hundred_people", time, nothing)
        }
        Some(Measure::FirstContactPercent(percent)) => {
            let share = share(&percent).map(ExperienceMeasure::FirstContact);
            violations.or("first_contact_percent", share, nothing)
        }
    };
    let minimum_answers = violations.or("minimum_answers", minimum, 1);
    let minimum_reported = share_or(&promise.minimum_reported_percent, MINIMUM_REPORTED);
    let minimum_reported =
        violations.or("minimum_reported_percent", minimum_reported, MINIMUM_REPORTED);
    let minimum_incidents = self::minimum(promise.minimum_incidents);
    let minimum_incidents = violations.or("minimum_incidents", minimum_incidents, 1);
    ExperiencePromise { measure, minimum_answers, minimum_reported, minimum_incidents }
}

/// The message of what people's experience must reach.
pub(super) fn encode_promise(promise: &ExperiencePromise) -> v1::ExperienceObjective {
    let measure = match promise.measure {
        ExperienceMeasure::Score(score) => Measure::AverageScore(hundredths(i64::from(score))),
        ExperienceMeasure::Happiness(percent) => {
            Measure::HappinessPercent(hundredths(i64::from(percent)))
        }
        ExperienceMeasure::FirstContact(share) => Measure::FirstContactPercent(share.to_string()),
        ExperienceMeasure::LostTime(span) => Measure::LostTimePerHundredPeople(duration(span)),
    };
    v1::ExperienceObjective {
        measure: Some(measure),
        minimum_answers: promise.minimum_answers as i32,
        minimum_reported_percent: promise.minimum_reported.to_string(),
        minimum_incidents: promise.minimum_incidents as i32,
    }
}

/// The hundredths a decimal number says, from `least` to `most` of them.
fn decimal(text: &str, least: i32, most: i32) -> Result<i32, String> {
    let wrong = || {
        let (least, most) = (hundredths(i64::from(least)), hundredths(i64::from(most)));
        format!("{text:?} is none: write {least} to {most}, with at most two decimals")
    };
    let number = Decimal::parse(text, 2).and_then(|number| i32::try_from(number.units()).ok());
    number.filter(|number| (least..=most).contains(number)).ok_or_else(wrong)
}

/// The messages of whose turn it was, by contract.
pub fn encode_party_time(experiences: &[Experience<'_>]) -> Vec<v1::PartyTime> {
    let encoded = experiences.iter().flat_map(|experience| {
        let of_contract = experience.party_time.iter();
        of_contract.map(|(holder, span)| {
            encode_holder(experience.contract_id, *holder, Some(duration(*span)))
        })
    });
    encoded.collect()
}

/// The message of what somebody had of the time.
pub(super) fn encode_holder(
    contract_id: &str,
    holder: Holder<&str>,
    duration: Option<Duration>,
) -> v1::PartyTime {
    let (kind, third_party) = match holder {
        Holder::Provider => (v1::PartyTimeKind::Provider, ""),
        Holder::Client => (v1::PartyTimeKind::Client, ""),
        Holder::ThirdParty(name) => (v1::PartyTimeKind::ThirdParty, name),
        Holder::ClosedHours => (v1::PartyTimeKind::ClosedHours, ""),
    };
    v1::PartyTime {
        contract_id: contract_id.to_owned(),
        kind: kind as i32,
        third_party: third_party.to_owned(),
        duration,
    }
}

/// The message of a contract in the chain.
pub fn encode_link(contract: &Contract) -> v1::ChainLink {
    v1::ChainLink {
        contract_id: contract.id.clone(),
        kind: contract_kind_number(contract.kind),
        title: contract.title.clone(),
        provider: contract.provider.clone(),
        underpins: contract.underpins.clone(),
    }
}

/// The message of what people went through, beside the clocks of the same incident.
pub fn encode_experience(experience: &Experience<'_>, clocks: &[Clock<'_>]) -> v1::Experience {
    v1::Experience {
        contract_id: experience.contract_id.to_owned(),
        target_id: experience.target_id.to_owned(),
        calendar_id: experience.calendar_id.to_owned(),
        calendar_revision: experience.calendar_revision as i32,
        trouble_start_time: experience.trouble_began.map(timestamp),
        trouble_end_time: experience.trouble_ended.map(timestamp),
        experienced_time: Some(duration(experience.experienced)),
        limit: experience.limit.map(duration),
        gap: Some(duration(experience.gap(clocks))),
        lost_time: experience
            .lost_time
            .to_field()
            .filter(|_| experience.people_reported != PeopleReported::Not),
        people_hit: experience.people_hit as i32,
        survey: experience.survey.to_field(),
        flow: Some(encode_flow(&experience.flow)),
        first_contact: experience.first_contact,
    }
}

fn encode_flow(flow: &Flow) -> v1::Flow {
    v1::Flow {
        touch_time: Some(duration(flow.touch_time)),
        service_time: Some(duration(flow.service_time)),
        idle_time: Some(duration(flow.idle_time)),
        efficiency_percent: flow.efficiency().to_field(),
        handovers: i64::from(flow.handovers),
        reopenings: i64::from(flow.reopenings),
        promises_kept: i64::from(flow.promises.kept),
        promises_broken: i64::from(flow.promises.broken),
        promises_open: i64::from(flow.promises.open),
    }
}

/// The message of an SLX figure and of what it rests on.
pub(super) fn encode_slx(SlxResult { figure, experience_totals }: &SlxResult) -> v1::SlxFigure {
    let part = |part: &Part| {
        Some(v1::SlxPart {
            weight: part.weight as i32,
            percent: part.value.to_field(),
            count: part.count.to_field(),
            minimum: part.minimum.to_field(),
            estimated: part.estimated.to_field(),
            counts: part.counts(),
        })
    };
    v1::SlxFigure {
        percent: figure.value.to_field(),
        lost_time: part(&figure.lost_time),
        promises: part(&figure.promises),
        idle: part(&figure.idle),
        score: part(&figure.score),
        experience_totals: experience_totals.to_field(),
    }
}

/// A number of hundredths as a decimal, with as many decimals as it needs.
fn hundredths(number: i64) -> String {
    Decimal::new(number, 2).to_string()
}
