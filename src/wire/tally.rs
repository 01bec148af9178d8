//! Tallies, as views keep them.

use prost::Message;

use super::store::v1 as store;
use super::unreadable::Unreadable;
use crate::domain::compliance::{Counts, Spread, Tally};
use crate::domain::experience::{Survey, TimeSum, Toll};
use crate::domain::time::Instant;
use crate::engine::tally::{Counted, CountedTarget};

/// The bytes of a cell's row.
pub fn encode(tally: &Tally) -> Vec<u8> {
    message(tally).encode_to_vec()
}

/// A cell's row.
pub fn decode(bytes: &[u8]) -> Result<Tally, Unreadable> {
    from_message(store::Tally::decode(bytes)?)
}

fn message(tally: &Tally) -> store::Tally {
    store::Tally {
        contractual: Some(encode_counts(&tally.contractual)),
        experienced: Some(encode_counts(&tally.experienced)),
        watermelons: tally.watermelons,
        reverse_watermelons: tally.reverse_watermelons,
        relieved: tally.relieved,
        left_lying: tally.left_lying,
        toll: (tally.toll != Toll::default()).then(|| encode_toll(&tally.toll)),
        elapsed_seconds: tally.elapsed.iter().map(|(seconds, _)| seconds).collect(),
        elapsed_counts: tally.elapsed.iter().map(|(_, count)| count).collect(),
    }
}

fn from_message(tally: store::Tally) -> Result<Tally, Unreadable> {
    let longest = Instant::MAX.seconds();
    if tally.elapsed_seconds.iter().any(|seconds| !(0..=longest).contains(seconds)) {
        return Err(Unreadable::from("an elapsed time is out of range".to_owned()));
    }
    Ok(Tally {
        contractual: decode_counts(tally.contractual),
        experienced: decode_counts(tally.experienced),
        watermelons: tally.watermelons,
        reverse_watermelons: tally.reverse_watermelons,
        relieved: tally.relieved,
        left_lying: tally.left_lying,
        toll: tally.toll.map(decode_toll).unwrap_or_default(),
        elapsed: Spread::from_counts(tally.elapsed_seconds.into_iter().zip(tally.elapsed_counts)),
    })
}

fn encode_counts(counts: &Counts) -> store::Counts {
    let Counts { met, breached, undecided, excluded_met, excluded_breached } = *counts;
    store::Counts { met, breached, undecided, excluded_met, excluded_breached }
}

fn decode_counts(counts: Option<store::Counts>) -> Counts {
    let store::Counts { met, breached, undecided, excluded_met, excluded_breached } =
        counts.unwrap_or_default();
    Counts { met, breached, undecided, excluded_met, excluded_breached }
}

fn encode_toll(toll: &Toll) -> store::Toll {
    let survey = &toll.survey;
    store::Toll {
        incidents: toll.incidents,
        people_hit: toll.people_hit,
        promises_kept: toll.promises_kept,
        promises_broken: toll.promises_broken,
        handovers: toll.handovers,
        reopenings: toll.reopenings,
        experienced: encode_sum(toll.experienced),
        lost_time: encode_sum(toll.lost_time),
        touch_time: encode_sum(toll.touch_time),
        service_time: encode_sum(toll.service_time),
        idle_time: encode_sum(toll.idle_time),
        survey: (*survey != Survey::default()).then(|| store::Survey {
            answers: survey.answers,
            scores: survey.scores,
            happy: survey.happy,
            unhappy: survey.unhappy,
            lost_time: encode_sum(survey.lost_time),
        }),
    }
}

fn decode_toll(toll: store::Toll) -> Toll {
    let survey = toll.survey.unwrap_or_default();
    Toll {
        incidents: toll.incidents,
        people_hit: toll.people_hit,
        promises_kept: toll.promises_kept,
        promises_broken: toll.promises_broken,
        handovers: toll.handovers,
        reopenings: toll.reopenings,
        experienced: decode_sum(toll.experienced),
        lost_time: decode_sum(toll.lost_time),
        touch_time: decode_sum(toll.touch_time),
        service_time: decode_sum(toll.service_time),
        idle_time: decode_sum(toll.idle_time),
        survey: Survey {
            answers: survey.answers,
            scores: survey.scores,
            happy: survey.happy,
            unhappy: survey.unhappy,
            lost_time: decode_sum(survey.lost_time),
        },
    }
}

fn encode_sum(sum: TimeSum) -> Option<store::TimeSum> {
    let (seconds, nanos) = sum.parts();
    (sum > TimeSum::ZERO).then_some(store::TimeSum { seconds, nanos })
}

fn decode_sum(sum: Option<store::TimeSum>) -> TimeSum {
    sum.map_or(TimeSum::ZERO, |sum| TimeSum::from_parts(sum.seconds, sum.nanos))
}

/// The message of what an incident adds.
pub(super) fn encode_counted(counted: &Counted) -> store::Counted {
    let target = |target: &CountedTarget| store::CountedTarget {
        contract_id: target.contract_id.clone(),
        target_id: target.target_id.clone(),
        priority: target.priority.clone(),
        day: target.day,
        tally: Some(message(&target.tally)),
    };
    store::Counted {
        service: counted.service.clone(),
        category: counted.category.clone(),
        group: counted.group.clone(),
        party: counted.party.clone(),
        targets: counted.targets.iter().map(target).collect(),
    }
}

/// What an incident adds.
pub(super) fn decode_counted(counted: store::Counted) -> Result<Counted, Unreadable> {
    let target = |target: store::CountedTarget| -> Result<_, Unreadable> {
        Ok(CountedTarget {
            contract_id: target.contract_id,
            target_id: target.target_id,
            priority: target.priority,
            day: target.day,
            tally: from_message(target.tally.unwrap_or_default())?,
        })
    };
    Ok(Counted {
        service: counted.service,
        category: counted.category,
        group: counted.group,
        party: counted.party,
        targets: counted.targets.into_iter().map(target).collect::<Result<_, _>>()?,
    })
}
