//! Reviews, as answers tell them.

use std::cmp::Reverse;

use itertools::Itertools;

use super::clock::outcome_number;
use super::compliance::{encode_group, encode_objectives, encode_period};
use super::experience::{encode_figure, encode_holder};
use super::figures::Reported;
use super::forecast::encode_turnout;
use super::incident::waiting_on_number;
use super::scalar::{duration, timestamp};
use super::settlement::encode_standing;
use super::{contract, credit, deed, v1};
use crate::domain::time::Instant;
use crate::engine::compliance::Compliance;
use crate::engine::deed::Signature;
use crate::engine::review::{
    CauseCount, GROUPED_BY, Pauses, Restated, Restatement, Review, Reviewed, Talk,
    UNSETTLED_TOLD_MAX, total,
};

/// How often a party's doing must hit a service to be recurring.
const RECURRING_MIN: u64 = 3;

/// The message of a review, without its stamp.
pub fn encode(reviewed: Reviewed<'_>) -> v1::GetServiceReviewResponse {
    let Reviewed { review, signatures, forecasts, restatement } = reviewed;
    let restatement = restatement.map(|restatement| encode_restatement(&restatement, &review));
    let as_of = review.as_of;
    let objectives = encode_objectives(&review.present, as_of);
    let contract_id = review.present.contract_id();
    let party_time = review.table.party_time.iter().map(|(holder, sum)| {
        encode_holder(contract_id, holder.as_ref().named(String::as_str), sum.reported())
    });
    let unsettled = review.unsettled.iter().take(UNSETTLED_TOLD_MAX);
    v1::GetServiceReviewResponse {
        time_zone_database: review.present.time_zone_database().to_owned(),
        contract: Some(encode_contract(&review.present)),
        period: Some(encode_period(&review.present.period)),
        provisional: as_of < review.present.period.end,
        total: total(&review.present).reported(),
        objectives: with_trends(objectives, &review),
        trend: trend(&review),
        chain: review.chain.iter().map(|compliance| encode_link(compliance, as_of)).collect(),
        credits: credit::encode_statement(&review.present.credited, as_of),
        clocks: review.table.clocks.iter().map(encode_talk).collect(),
        clock_count: review.table.clock_count.reported(),
        only_left_lying_count: review.table.only_left_lying.reported(),
        pauses: Some(encode_pauses(&review.table.pauses)),
        causes: encode_causes(review.table.causes),
        party_time: party_time.collect(),
        slx: slx(&review.present),
        forecast_quality: forecasts.as_ref().map(encode_turnout),
        settlement_count: review.unsettled.len() as i64,
        settlement: unsettled.map(|settled| encode_standing(settled, as_of)).collect(),
        groups: review
            .present
            .groups
            .into_iter()
            .map(|(values, tally)| encode_group(&GROUPED_BY, values, &tally))
            .collect(),
        signatures: signatures.iter().map(|(time, s)| encode_signature(*time, s)).collect(),
        restatement,
        stamp: None,
    }
}

/// The message of a signature as it was recorded.
pub fn encode_signature(record_time: Instant, signature: &Signature) -> v1::ReviewSignature {
    let record_time = Some(timestamp(record_time));
    v1::ReviewSignature { record_time, ..deed::encode(signature) }
}

/// The contract of a compliance, without its terms.
fn encode_contract(compliance: &Compliance<'_>) -> v1::Contract {
    let ruling = compliance.ruling;
    v1::Contract {
        terms: None,
        revision: ruling.number as i32,
        effective_time: Some(timestamp(ruling.effective_time)),
        ..contract::encode(&ruling.content)
    }
}

fn encode_link(compliance: &Compliance<'_>, as_of: Instant) -> v1::UnderpinningStanding {
    v1::UnderpinningStanding {
        contract: Some(encode_contract(compliance)),
        total: total(compliance).reported(),
        objectives: encode_objectives(compliance, as_of),
    }
}

/// The periods of the trend, the oldest first.
fn periods<'r, 'c>(review: &'r Review<'c>) -> impl Iterator<Item = &'r Compliance<'c>> {
    review.before.iter().rev().chain([&review.present])
}

fn trend(review: &Review<'_>) -> Vec<v1::ReviewedPeriod> {
    let period = |compliance: &Compliance<'_>| {
        let tally = total(compliance);
        v1::ReviewedPeriod {
            period: Some(encode_period(&compliance.period)),
            contractual: tally.contractual.reported(),
            experienced: tally.experienced.reported(),
            watermelons: tally.watermelons.reported(),
            lost_time: tally.toll.lost_time.reported(),
            slx_percent: slx(compliance).map(|slx| slx.percent).unwrap_or_default(),
        }
    };
    periods(review).map(period).collect()
}

fn slx(compliance: &Compliance<'_>) -> Option<v1::SlxFigure> {
    compliance.slx_figure().map(|figure| encode_figure(&figure, &compliance.toll()))
}

fn with_trends(
    standings: Vec<v1::ObjectiveStanding>,
    review: &Review<'_>,
) -> Vec<v1::ReviewedObjective> {
    let stood: Vec<_> =
        periods(review).map(|period| encode_objectives(period, review.as_of)).collect();
    let with_trend = |standing: v1::ObjectiveStanding| {
        let id = |standing: &v1::ObjectiveStanding| {
            standing.objective.as_ref().map(|objective| objective.id.clone())
        };
        let same = |period: &Vec<v1::ObjectiveStanding>| {
            period.iter().find(|before| id(before) == id(&standing)).map(point)
        };
        let trend = stood.iter().filter_map(same).collect();
        v1::ReviewedObjective { standing: Some(standing), trend }
    };
    standings.into_iter().map(with_trend).collect()
}

fn point(standing: &v1::ObjectiveStanding) -> v1::ObjectivePoint {
    let measured = standing.measured.map(|measured| measured.value);
    let outages = standing.uptime.as_ref().map(|uptime| uptime.long_outages);
    v1::ObjectivePoint {
        period: standing.period.clone(),
        verdict: standing.verdict,
        percent: standing.percent.clone(),
        value: measured.or(outages).unwrap_or_default(),
    }
}

fn encode_talk(talk: &Talk) -> v1::ReviewedClock {
    v1::ReviewedClock {
        incident_id: talk.incident_id.clone(),
        target_id: talk.target_id.clone(),
        priority: talk.priority.clone(),
        service: talk.service.clone(),
        group: talk.group.clone(),
        outcome: outcome_number(talk.outcome),
        experienced_outcome: outcome_number(talk.experienced_outcome),
        limit: Some(duration(talk.limit)),
        elapsed: Some(duration(talk.elapsed)),
        experienced_elapsed: Some(duration(talk.experienced_elapsed)),
        decide_time: talk.decide_time.map(timestamp),
        is_watermelon: talk.is_watermelon,
        why: talk.why.clone(),
        left_lying: talk.is_left_lying,
        avoidable_time: talk.avoidable_time.map(duration),
    }
}

fn encode_pauses(pauses: &Pauses) -> v1::ReviewedPauses {
    let grounds = pauses.grounds.iter();
    let grounds = grounds.map(|((waiting_on, third_party, reason), (paused, count))| {
        let ground = v1::PauseGround {
            waiting_on: waiting_on_number(*waiting_on),
            third_party: third_party.clone(),
            reason: reason.clone(),
            paused: paused.reported(),
            count: count.reported(),
        };
        (Reverse(*paused), ground)
    });
    let grounds = grounds.sorted_by_key(|(longest, _)| *longest);
    v1::ReviewedPauses {
        paused: pauses.paused.reported(),
        counted: pauses.counted.reported(),
        share: pauses.share().reported(),
        met_by_pauses: pauses.met_by_pauses.reported(),
        attainment_without: pauses.without.attainment().reported(),
        grounds: grounds.map(|(_, ground)| ground).collect(),
    }
}

fn encode_causes(
    causes: impl IntoIterator<Item = ((String, String), CauseCount)>,
) -> Vec<v1::ReviewedCause> {
    let causes = causes.into_iter().sorted_by_key(|(_, count)| Reverse(count.incidents));
    let cause = |((party, service), count): ((String, String), CauseCount)| v1::ReviewedCause {
        recurring: !party.is_empty() && count.incidents >= RECURRING_MIN,
        party,
        service,
        incidents: count.incidents.reported(),
        breached: count.breached.reported(),
        least_confidence_percent: count.least_confidence_percent.unwrap_or_default() as i32,
    };
    causes.map(cause).collect()
}

fn encode_restatement(
    restatement: &Restatement<'_>,
    present: &Review<'_>,
) -> v1::ReviewRestatement {
    let Restatement { signature_id, signed, moved, moved_count } = restatement;
    let (was, is) = (
        encode_objectives(&signed.present, signed.as_of),
        encode_objectives(&present.present, present.as_of),
    );
    let credits =
        |review: &Review<'_>| credit::encode_statement(&review.present.credited, review.as_of);
    v1::ReviewRestatement {
        signature_id: signature_id.clone(),
        signed_total: total(&signed.present).reported(),
        signed_objectives: was.into_iter().filter(|standing| !is.contains(standing)).collect(),
        signed_credits: credits(signed).filter(|signed| credits(present).as_ref() != Some(signed)),
        moved: moved.iter().map(|(moved, facts)| encode_restated(moved, facts)).collect(),
        moved_count: *moved_count as i64,
    }
}

fn encode_restated(restated: &Restated, facts: &[String]) -> v1::Restated {
    v1::Restated {
        incident_id: restated.incident_id.clone(),
        target_id: restated.target_id.clone(),
        signed_outcome: restated.signed.map_or(0, outcome_number),
        present_outcome: restated.present.map_or(0, outcome_number),
        event_ids: facts.to_vec(),
    }
}
