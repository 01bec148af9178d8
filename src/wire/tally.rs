//! Tallies, as views keep them.

use prost::Message;

use super::record::Unreadable;
use super::store::v1 as store;
use crate::domain::compliance::{Counts, Spread, Tally};
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
