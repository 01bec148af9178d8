//! What is learnt of a tenant's clocks, as views keep it: every figure to the bit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prost::Message;

use super::unreadable::Unreadable;
use super::v1 as store;
use crate::domain::forecast::{
    BinSums, CATEGORICAL_FEATURES, CURVE_FEATURES, Errors, Estimates, FeatureVector, Forecaster,
    Key, MODEL_VERSION, Model, Position, Remaining, Stratum, Sums, TrackRecord, Wait, Waits,
    Weight,
};
use crate::domain::time::{Instant, Span};
use crate::engine::learning::{Learned, Learning, Mark, Watched};

const KEYS: usize = CATEGORICAL_FEATURES.len() + CURVE_FEATURES.len();

/// The bytes of a tenant's row, for which the journal was read up to a sequence.
pub fn encode(sequence: u64, learning: &Learning) -> Vec<u8> {
    let keys = keys_of(learning);
    let incident = |(id, clocks): (&String, &Vec<Watched>)| store::WatchedIncident {
        incident_id: id.clone(),
        clocks: clocks.iter().map(|watched| encode_watched(watched, &keys)).collect(),
    };
    let row = store::LearningRow {
        model_version: MODEL_VERSION,
        sequence,
        taken_sequence: learning.taken.0,
        taken_nanos: learning.taken.1.nanos(),
        contracts: learning.contracts.iter().map(|(id, of)| encode_contract(id, of)).collect(),
        incidents: learning.watched.iter().map(incident).collect(),
        keys: keys.iter().map(|key| key.0).collect(),
    };
    row.encode_to_vec()
}

/// A tenant's row, and up to which sequence the journal was read for it; `None`: another version
/// of the model wrote it.
pub fn decode(bytes: &[u8]) -> Result<Option<(u64, Learning)>, Unreadable> {
    let row = store::LearningRow::decode(bytes)?;
    if row.model_version != MODEL_VERSION {
        return Ok(None);
    }
    let mut watched = BTreeMap::new();
    for incident in row.incidents {
        let clocks = incident.clocks.into_iter().map(|clock| decode_watched(clock, &row.keys));
        watched.insert(incident.incident_id, clocks.collect::<Result<_, _>>()?);
    }
    let mut contracts = BTreeMap::new();
    for contract in row.contracts {
        let id = contract.contract_id.clone();
        contracts.insert(id, Arc::new(decode_contract(contract)?));
    }
    let taken = (row.taken_sequence, instant(row.taken_nanos)?);
    Ok(Some((row.sequence, Learning::restored(taken, contracts, watched))))
}

/// Every key that a feature vector touches, ascending.
fn keys_of(learning: &Learning) -> Vec<Key> {
    let feature_vectors =
        learning.watched.values().flatten().flat_map(|watched| &watched.feature_vectors);
    let keys: BTreeSet<_> = feature_vectors.flat_map(touched).collect();
    keys.into_iter().collect()
}

fn touched(features: &FeatureVector) -> impl Iterator<Item = Key> + '_ {
    let curve_features = features.points.iter().map(|(key, _)| *key);
    features.keys.iter().copied().chain(curve_features)
}

fn encode_contract(contract_id: &str, learned: &Learned) -> store::LearnedContract {
    let Learned { forecaster: Forecaster { model, estimates, remaining, waits }, record } = learned;
    let (decided, breached) = model.history();
    let (weights, curves) = (model.weights(), model.curves());
    let knots = curves.iter().flat_map(|(_, knots)| knots);
    let curve_keys = curves.iter().map(|(key, _)| *key);
    let team = |(team, errors): (&str, Errors)| store::TeamErrors {
        team: team.to_owned(),
        count: errors.count,
        sum: errors.sum,
        sum_of_squares: errors.sum_of_squares,
    };
    let stratum = |(stratum, counts): (Stratum, &[f64])| store::StratumCounts {
        stratum: u32::from(stratum.0),
        counts: counts.to_vec(),
    };
    store::LearnedContract {
        contract_id: contract_id.to_owned(),
        decided,
        breached,
        weights: Some(encode_weights(
            weights.iter().map(|(key, _)| *key),
            weights.iter().map(|(_, weight)| weight),
        )),
        curve_knots: curves.iter().map(|(_, knots)| knots.len() as u32).collect(),
        curves: Some(encode_weights(curve_keys, knots)),
        teams: estimates.teams().map(team).collect(),
        strata: remaining.strata().map(stratum).collect(),
        months: record.months().map(encode_month).collect(),
        waits_seen: waits.added_up().iter().map(|wait| wait.seen).collect(),
        waits_weeks: waits.added_up().iter().map(|wait| wait.weeks).collect(),
    }
}

fn encode_weights<'w>(
    keys: impl Iterator<Item = Key>,
    weights: impl Iterator<Item = &'w Weight>,
) -> store::Weights {
    let keys = keys.map(|key| key.0).collect();
    let mut encoded = store::Weights { keys, ..store::Weights::default() };
    for weight in weights {
        encoded.values.push(weight.value);
        encoded.informations.push(weight.information);
        encoded.days.push(weight.day);
    }
    encoded
}

fn encode_month((target_id, month, sums): (&str, i32, &Sums)) -> store::ScoreSums {
    store::ScoreSums {
        target_id: target_id.to_owned(),
        month,
        clocks: sums.clocks,
        squares: sums.squares,
        log_losses: sums.log_losses,
        forecasts: sums.bins.iter().map(|bin| bin.forecasts).collect(),
        breached: sums.bins.iter().map(|bin| bin.breached).collect(),
        predicted: sums.bins.iter().map(|bin| bin.predicted).collect(),
    }
}

fn encode_watched(watched: &Watched, keys: &[Key]) -> store::WatchedClock {
    let place = |key| keys.binary_search(&key).unwrap_or_default() as u32;
    let Watched { feature_vectors, marks, .. } = watched;
    let points = || feature_vectors.iter().flat_map(|features| features.points.map(|(_, at)| at));
    let estimate = |(place, mark): (usize, &Mark)| {
        let (team, remaining) = mark.estimate.as_ref()?;
        let (team, remaining_nanos) = (team.clone(), remaining.nanos());
        Some(store::WatchedEstimate { mark: place as u32, team, remaining_nanos })
    };
    let paused = marks.iter().zip(0..).filter_map(|(mark, place)| Some((place, mark.paused_at?)));
    let paused = paused.map(|(place, at)| (place, at.nanos()));
    let (paused_marks, paused_nanos) = paused.unzip();
    store::WatchedClock {
        contract_id: watched.contract_id.clone(),
        target_id: watched.target_id.clone(),
        cycle: watched.cycle,
        seen_nanos: watched.seen.nanos(),
        lapse_nanos: watched.lapse.map(Instant::nanos),
        keys: feature_vectors.iter().flat_map(touched).map(place).collect(),
        knots: points().map(|at| at.knot).collect(),
        fractions: points().map(|at| at.fraction).collect(),
        freshness: feature_vectors.iter().map(|features| features.freshness).collect(),
        predicted: watched.predicted.clone(),
        elapsed_nanos: marks.iter().map(|mark| mark.elapsed.nanos()).collect(),
        strata: marks.iter().map(|mark| mark.stratum.0).collect(),
        estimates: marks.iter().enumerate().filter_map(estimate).collect(),
        paused_marks,
        paused_nanos,
    }
}

fn decode_contract(row: store::LearnedContract) -> Result<Learned, Unreadable> {
    let (keys, weights) = decode_weights(row.weights)?;
    let (curve_keys, knots) = decode_weights(row.curves)?;
    let of_curves: usize = row.curve_knots.iter().map(|knots| *knots as usize).sum();
    let is_whole = keys.len() == weights.len()
        && curve_keys.len() == row.curve_knots.len()
        && of_curves == knots.len();
    if !is_whole {
        return Err(cut_short("weights"));
    }
    let mut knots = knots.into_iter();
    let curves = curve_keys.into_iter().zip(row.curve_knots);
    let curves: Vec<_> =
        curves.map(|(key, count)| (key, knots.by_ref().take(count as usize).collect())).collect();
    let team = |team: store::TeamErrors| {
        let store::TeamErrors { team, count, sum, sum_of_squares } = team;
        (team, Errors { count, sum, sum_of_squares })
    };
    let mut strata = Vec::new();
    for of in row.strata {
        strata.push((Stratum(byte(of.stratum)?), of.counts));
    }
    let waits = row.waits_seen.into_iter().zip(row.waits_weeks);
    let waits = waits.map(|(seen, weeks)| Wait { seen, weeks });
    let history = (row.decided, row.breached);
    Ok(Learned {
        forecaster: Forecaster {
            model: Model::restored(history, keys.into_iter().zip(weights), curves),
            estimates: Estimates::restored(row.teams.into_iter().map(team)),
            remaining: Remaining::restored(strata),
            waits: Waits::restored(waits),
        },
        record: TrackRecord::restored(row.months.into_iter().map(decode_month)),
    })
}

fn decode_weights(row: Option<store::Weights>) -> Result<(Vec<Key>, Vec<Weight>), Unreadable> {
    let row = row.unwrap_or_default();
    if [row.informations.len(), row.days.len()] != [row.values.len(); 2] {
        return Err(cut_short("weights"));
    }
    let figures = row.values.into_iter().zip(row.informations).zip(row.days);
    let weights =
        figures.map(|((value, information), day)| Weight { value, information, day }).collect();
    Ok((row.keys.into_iter().map(Key).collect(), weights))
}

fn decode_month(row: store::ScoreSums) -> ((String, i32), Sums) {
    let mut sums = Sums {
        clocks: row.clocks,
        squares: row.squares,
        log_losses: row.log_losses,
        ..Sums::default()
    };
    let encoded = row.forecasts.into_iter().zip(row.breached).zip(row.predicted);
    for (bin, ((forecasts, breached), predicted)) in sums.bins.iter_mut().zip(encoded) {
        *bin = BinSums { forecasts, breached, predicted };
    }
    ((row.target_id, row.month), sums)
}

fn decode_watched(row: store::WatchedClock, keys: &[u64]) -> Result<Watched, Unreadable> {
    let count = row.freshness.len();
    let points = count * CURVE_FEATURES.len();
    let is_whole = row.keys.len() == count * KEYS
        && [row.knots.len(), row.fractions.len()] == [points; 2]
        && row.strata.len() == row.elapsed_nanos.len();
    if !is_whole {
        return Err(cut_short("feature vectors"));
    }
    let mut marks: Vec<_> = row.elapsed_nanos.iter().zip(&row.strata).map(decode_mark).collect();
    for estimate in row.estimates {
        let mark = marks.get_mut(estimate.mark as usize).ok_or_else(|| cut_short("marks"))?;
        mark.estimate = Some((estimate.team, Span::from_nanos(estimate.remaining_nanos)));
    }
    for (place, nanos) in row.paused_marks.iter().zip(row.paused_nanos) {
        let mark = marks.get_mut(*place as usize).ok_or_else(|| cut_short("marks"))?;
        mark.paused_at = Some(instant(nanos)?);
    }
    let at = row.knots.iter().zip(&row.fractions);
    let at: Vec<_> = at.map(|(knot, part)| Position { knot: *knot, fraction: *part }).collect();
    let touched = row.keys.chunks(KEYS).zip(at.chunks(CURVE_FEATURES.len()));
    let feature_vectors = touched.zip(&row.freshness).map(|((places, at), freshness)| {
        decode_feature_vector(places, at, *freshness, keys).ok_or_else(|| cut_short("keys"))
    });
    Ok(Watched {
        contract_id: row.contract_id,
        target_id: row.target_id,
        cycle: row.cycle,
        seen: instant(row.seen_nanos)?,
        lapse: row.lapse_nanos.map(instant).transpose()?,
        feature_vectors: feature_vectors.collect::<Result<_, _>>()?,
        predicted: row.predicted,
        marks,
    })
}

fn decode_mark((elapsed, stratum): (&i64, &u8)) -> Mark {
    let (elapsed, stratum) = (Span::from_nanos(*elapsed), Stratum(*stratum));
    Mark { elapsed, stratum, paused_at: None, estimate: None }
}

fn decode_feature_vector(
    places: &[u32],
    at: &[Position],
    freshness: f32,
    keys: &[u64],
) -> Option<FeatureVector> {
    let keys = places.iter().map(|place| Some(Key(*keys.get(*place as usize)?)));
    let keys = keys.collect::<Option<Vec<_>>>()?;
    let (categorical_features, curve_features) =
        keys.split_at_checked(CATEGORICAL_FEATURES.len())?;
    let points: Vec<_> = curve_features.iter().copied().zip(at.iter().copied()).collect();
    let (keys, points) = (categorical_features.try_into().ok()?, points.try_into().ok()?);
    Some(FeatureVector { keys, points, freshness })
}

fn instant(nanos: i64) -> Result<Instant, Unreadable> {
    Instant::from_nanos(nanos).map_err(|error| Unreadable::from(error.to_string()))
}

fn byte(number: u32) -> Result<u8, Unreadable> {
    u8::try_from(number).map_err(|_| Unreadable::from("a stratum is out of range".to_owned()))
}

fn cut_short(what: &str) -> Unreadable {
    Unreadable::from(format!("what was learnt is cut short: {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::learning::testing::journals;

    proptest! {
        /// However often learning is interrupted, kept, and gone on with.
        #[test]
        fn what_is_kept_goes_on_as_if_it_had_never_been_put_down(
            journal in journals(), stops in prop::collection::btree_set(0usize..40, 0..6),
        ) {
            let all = journal.records.len();
            let mut learning = Learning::default();
            let stops = stops.into_iter().filter(|stop| *stop < all).chain([all]);
            let mut taken = 0;
            for stop in stops {
                journal.teach(&mut learning, taken..stop, all);
                let kept = encode(stop as u64, &learning);
                let (sequence, read) = decode(&kept).unwrap().unwrap();
                prop_assert_eq!(sequence, stop as u64);
                prop_assert_eq!(&encode(sequence, &read), &kept);
                prop_assert_eq!(&read, &learning);
                (learning, taken) = (read, stop);
            }
            prop_assert_eq!(learning, journal.taught(all, all));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn what_another_model_learnt_is_not_gone_on_from() {
        let row = store::LearningRow { model_version: MODEL_VERSION + 1, ..Default::default() };
        assert_eq!(decode(&row.encode_to_vec()).unwrap(), None);
    }
}
