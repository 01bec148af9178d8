//! Reviews, as answers show them.

use super::compliance::{encode_groups, encode_objective, encode_objectives};
use super::experience::{encode_holder, encode_slx};
use super::figures::ToField;
use super::forecast::encode_score;
use super::settlement::encode_result;
use super::{contract, coverage, credit_statement, signature};
use crate::codec::choices::{
    counted_as_number, counted_outcome_number, outcome_number, verdict_number, waiting_on_number,
};
use crate::codec::scalar::{duration, encode_period, timestamp};
use crate::codec::v1;
use crate::domain::compliance::{ExclusionGround, HeldTime};
use crate::domain::contract::{Contract, Revision};
use crate::domain::time::Instant;
use crate::engine::action::Signature;
use crate::engine::answers::credit::CreditStatement;
use crate::engine::answers::period_result::ObjectiveResult;
use crate::engine::answers::review::{GROUPED_BY, Restated, ReviewItem};
use crate::engine::answers::review_result::{
    Cause, ObjectivePoint, PauseGround, RestatementResult, ReviewResult, TrendPeriod,
    UnderpinningResult,
};

/// The message of a review, without its stamp.
pub fn encode(result: &ReviewResult<'_>) -> v1::GetServiceReviewResponse {
    let (period, table) = (&result.period, &result.figures);
    let objectives = period.objectives.iter().zip(&result.objective_trends);
    let contract_id = &result.ruling.content.id;
    let party_time = table.party_time.iter().map(|(holder, sum)| {
        encode_holder(contract_id, holder.as_ref().named(String::as_str), sum.to_field())
    });
    let settlement = result.open_items.iter();
    v1::GetServiceReviewResponse {
        time_zone_database: period.time_zone_database.to_owned(),
        contract: Some(encode_contract(result.ruling)),
        period: Some(encode_period(&period.period)),
        provisional: result.is_provisional,
        total: result.total.to_field(),
        groups: encode_groups(&GROUPED_BY, &period.groups),
        objectives: objectives.map(encode_reviewed).collect(),
        trend: result.trend.iter().map(encode_trend).collect(),
        chain: result.chain.iter().map(encode_link).collect(),
        credits: period.credits.as_ref().map(credit_statement::encode),
        contained_credits: period.contained_credits.iter().map(credit_statement::encode).collect(),
        credit_totals: period.credit_totals.iter().map(credit_statement::encode_total).collect(),
        clocks: table.clocks.iter().map(encode_item).collect(),
        clock_count: table.clock_count.to_field(),
        only_idle_work_count: table.only_idle_work.to_field(),
        pauses: Some(encode_pauses(result)),
        causes: result.causes.iter().map(encode_cause).collect(),
        party_time: party_time.collect(),
        slx: period.slx.as_ref().map(encode_slx),
        forecast_quality: result.forecasts.as_ref().map(encode_score),
        settlement_count: result.open_item_count as i64,
        settlement: settlement.map(|settled| encode_result(settled, result.as_of)).collect(),
        signatures: result.signatures.iter().map(|(time, s)| encode_signature(*time, s)).collect(),
        restatement: result.restatement.as_ref().map(encode_restatement),
        coverage: Some(coverage::encode(&period.coverage)),
        stamp: None,
        learnt: None,
    }
}

/// The message of a signature as it was recorded.
pub fn encode_signature(record_time: Instant, signature: &Signature) -> v1::ReviewSignature {
    let record_time = Some(timestamp(record_time));
    v1::ReviewSignature { record_time, ..signature::encode(signature) }
}

/// A contract without its terms.
fn encode_contract(ruling: &Revision<Contract>) -> v1::Contract {
    v1::Contract {
        terms: None,
        revision: ruling.number as i32,
        effective_time: Some(timestamp(ruling.effective_time)),
        ..contract::encode(&ruling.content)
    }
}

fn encode_link(link: &UnderpinningResult<'_>) -> v1::UnderpinningResult {
    v1::UnderpinningResult {
        contract: Some(encode_contract(link.ruling)),
        total: link.total.to_field(),
        objectives: encode_objectives(&link.objectives),
    }
}

fn encode_trend(trend: &TrendPeriod) -> v1::ReviewedPeriod {
    let TrendPeriod { period, total, slx } = trend;
    let lost_time = total.experience_totals.measured_lost_time();
    v1::ReviewedPeriod {
        period: Some(encode_period(period)),
        contractual: total.contractual.to_field(),
        experienced: total.experienced.to_field(),
        watermelons: total.watermelons.to_field(),
        lost_time: lost_time.and_then(|lost_time| lost_time.to_field()),
        slx_percent: slx.as_ref().and_then(|slx| slx.figure.value).to_field(),
    }
}

fn encode_reviewed(
    (objective, trend): (&ObjectiveResult<'_>, &Vec<ObjectivePoint>),
) -> v1::ReviewedObjective {
    v1::ReviewedObjective {
        result: Some(encode_objective(objective)),
        trend: trend.iter().map(encode_point).collect(),
    }
}

fn encode_point(point: &ObjectivePoint) -> v1::ObjectivePoint {
    v1::ObjectivePoint {
        period: Some(encode_period(&point.period)),
        verdict: verdict_number(point.verdict),
        percent: point.reached.to_field(),
        value: point.value,
    }
}

fn encode_item(item: &ReviewItem) -> v1::ReviewedClock {
    v1::ReviewedClock {
        incident_id: item.incident_id.clone(),
        target_id: item.target_id.clone(),
        priority: item.priority.clone(),
        service: item.service.clone(),
        group: item.group.clone(),
        outcome: outcome_number(item.outcome),
        experienced_outcome: outcome_number(item.experienced_outcome),
        limit: Some(duration(item.limit)),
        elapsed: Some(duration(item.elapsed)),
        experienced_elapsed: Some(duration(item.experienced_elapsed)),
        decide_time: item.decide_time.map(timestamp),
        is_watermelon: item.is_watermelon,
        why: item.why.clone(),
        idle_work: item.has_idle_work,
        avoidable_time: item.avoidable_time.map(duration),
        open: item.is_open,
        experienced_limit: Some(duration(item.experienced_limit)),
        lost_time: item.lost_time.and_then(|lost_time| lost_time.to_field()),
        exclusion: item.grounds.exclusion.as_ref().map(encode_exclusion),
        counted: item.grounds.counted.iter().map(encode_held).collect(),
        paused: item.grounds.paused.iter().map(encode_held).collect(),
        reopenings: i64::try_from(item.grounds.reopenings).unwrap_or(i64::MAX),
        idle_effort: item.grounds.idle_effort.map(duration),
        lateness: item.lateness.map(duration),
    }
}

fn encode_exclusion(ground: &ExclusionGround) -> v1::ReviewedExclusion {
    v1::ReviewedExclusion {
        rule_id: ground.rule_id.clone(),
        title: ground.title.clone(),
        decided_by: ground.decided_by.clone(),
        reason: ground.reason.clone(),
    }
}

fn encode_held(held: &HeldTime) -> v1::HeldTime {
    v1::HeldTime {
        waiting_on: waiting_on_number(held.waiting_on),
        third_party: held.third_party.clone(),
        reason: held.reason.clone(),
        time: Some(duration(held.time)),
    }
}

fn encode_pauses(result: &ReviewResult<'_>) -> v1::ReviewedPauses {
    let pauses = &result.figures.pauses;
    v1::ReviewedPauses {
        paused: pauses.paused.to_field(),
        counted: pauses.counted.to_field(),
        share: pauses.share().to_field(),
        met_by_pauses: pauses.met_by_pauses.to_field(),
        attainment_without: pauses.without.attainment().to_field(),
        grounds: result.pause_grounds.iter().map(encode_ground).collect(),
    }
}

fn encode_ground(ground: &PauseGround) -> v1::PauseGround {
    v1::PauseGround {
        waiting_on: waiting_on_number(ground.waiting_on),
        third_party: ground.third_party.clone(),
        reason: ground.reason.clone(),
        paused: ground.paused.to_field(),
        count: ground.count.to_field(),
    }
}

fn encode_cause(cause: &Cause) -> v1::ReviewedCause {
    let Cause { party, service, count, is_recurring } = cause;
    v1::ReviewedCause {
        party: party.clone(),
        service: service.clone(),
        incidents: count.incidents.to_field(),
        breached: count.breached.to_field(),
        recurring: *is_recurring,
        least_confidence_percent: count.least_confidence_percent.unwrap_or_default() as i32,
    }
}

/// A signed objective or statement is sent where a verdict, a figure or an amount is another now.
/// The numbers of revisions and the words of reasons may differ: nothing has moved by them.
fn encode_restatement(restatement: &RestatementResult<'_>) -> v1::ReviewRestatement {
    let moved = restatement.moved.iter();
    let present_objectives = encode_objectives(&restatement.present_objectives);
    let present_objectives: Vec<_> = present_objectives.into_iter().map(figures_of).collect();
    let mut signed_objectives = encode_objectives(&restatement.signed_objectives);
    signed_objectives.retain(|signed| !present_objectives.contains(&figures_of(signed.clone())));
    let present_credits = restatement.present_credits.as_ref().map(credit_statement::encode);
    let signed_credits = restatement.signed_credits.as_ref().map(credit_statement::encode);
    let amounts = |of: &[CreditStatement<'_>]| -> Vec<_> {
        of.iter().map(credit_statement::encode).map(amounts_of).collect()
    };
    let present_contained = amounts(&restatement.present_contained_credits);
    let signed_contained = restatement.signed_contained_credits.iter();
    let signed_contained_credits = signed_contained
        .map(credit_statement::encode)
        .filter(|signed| !present_contained.contains(&amounts_of(signed.clone())));
    v1::ReviewRestatement {
        signature_id: restatement.signature_id.clone(),
        signed_total: restatement.signed_total.to_field(),
        signed_objectives,
        signed_contained_credits: signed_contained_credits.collect(),
        signed_credits: signed_credits.filter(|signed| {
            present_credits.clone().map(amounts_of) != Some(amounts_of(signed.clone()))
        }),
        moved: moved.map(|(moved, facts)| encode_restated(moved, facts)).collect(),
        moved_count: restatement.moved_count as i64,
    }
}

/// The result of an objective without the numbers of the revisions it is by.
fn figures_of(mut result: v1::ObjectiveResult) -> v1::ObjectiveResult {
    result.contract_revision = 0;
    if let Some(uptime) = &mut result.uptime {
        uptime.calendar_revision = 0;
    }
    result
}

/// A statement without the words of its reasons, and the number of the revision it is by.
fn amounts_of(mut statement: v1::CreditStatement) -> v1::CreditStatement {
    statement.contract_revision = 0;
    statement.lines.iter_mut().for_each(|line| line.reason.clear());
    statement
}

fn encode_restated(restated: &Restated, facts: &[String]) -> v1::Restated {
    v1::Restated {
        incident_id: restated.incident_id.clone(),
        target_id: restated.target_id.clone(),
        signed_outcome: restated.signed.map_or(0, counted_outcome_number),
        present_outcome: restated.present.map_or(0, counted_outcome_number),
        signed_counted_as: restated.signed.map_or(0, counted_as_number),
        present_counted_as: restated.present.map_or(0, counted_as_number),
        event_ids: facts.to_vec(),
    }
}
