//! What is learnt of a tenant's clocks, as views keep it: every figure to the bit.

use std::sync::Arc;

use prost::Message;

use super::unreadable::Unreadable;
use super::v1 as store;
use crate::domain::forecast::{
    Alike, BinSums, CLASSES, Errors, Estimates, Forecaster, Key, MODEL_VERSION, Model, Passed,
    RanOn, Remaining, StopStratum, Stratum, Sums, TrackRecord, Weight,
};
use crate::domain::time::{Instant, Span};
use crate::engine::fold::{Fold, Given, Learned};
use crate::engine::learning::{Learning, Today};

/// Bytes of a part, about: no row of a view is to be large, since sled writes its neighbours with
/// it.
const PART_BYTES: usize = 4 << 10;
/// Incidents with an instant in a part.
const TIMES_PER_PART: usize = 128;

/// What all of a tenant's learning begins with, beside its parts.
#[derive(Debug)]
pub struct LearningHead {
    /// Up to which sequence the journal was read for it.
    pub sequence: u64,
    /// In which of two places the parts are.
    pub place: u32,
    /// How many there are.
    pub parts: u32,
    row: store::LearningRow,
}

/// The bytes of a head: of a tenant's learning, for which the journal was read up to a sequence,
/// and whose `parts` are in a `place`. `erasure` is what stood for the tenant's erasures when that
/// began.
pub fn encode_head(
    (sequence, learning, erasure): (u64, &Learning, &[u8]),
    (place, parts): (u32, u32),
) -> Vec<u8> {
    let row = store::LearningRow {
        model_version: MODEL_VERSION,
        sequence,
        taken_sequence: learning.taken.0,
        taken_time_nanos: learning.taken.1.nanos(),
        settled: Some(encode_ends(&learning.settled)),
        stage: learning.earliest_stage().map(encode_ends),
        records_today: learning.today.records,
        late_today: learning.today.late,
        days_held_up: learning.today.held_up,
        erasure: erasure.to_vec(),
        place,
        parts,
    };
    row.encode_to_vec()
}

/// The bytes of each part.
pub fn encode_parts(learning: &Learning) -> impl Iterator<Item = Vec<u8>> {
    let settled = fold_parts(&learning.settled)
        .map(|part| store::LearningRow { settled: Some(part), ..Default::default() });
    let stage = learning.earliest_stage().into_iter().flat_map(fold_parts);
    let stage = stage.map(|part| store::LearningRow { stage: Some(part), ..Default::default() });
    settled.chain(stage).map(|row| row.encode_to_vec())
}

/// A tenant's head; `None`: another version of the model wrote it, or a text was erased since.
pub fn decode_head(bytes: &[u8], erasure: &[u8]) -> Result<Option<LearningHead>, Unreadable> {
    let row = store::LearningRow::decode(bytes)?;
    if row.model_version != MODEL_VERSION || row.erasure != erasure {
        return Ok(None);
    }
    let (sequence, place, parts) = (row.sequence, row.place, row.parts);
    Ok(Some(LearningHead { sequence, place, parts, row }))
}

/// What was learnt, of a head and all its parts.
pub fn decode<P: AsRef<[u8]>, E: From<Unreadable>>(
    head: LearningHead,
    parts: impl Iterator<Item = Result<P, E>>,
) -> Result<Learning, E> {
    let LearningHead { row, parts: wanted, .. } = head;
    let taken = (row.taken_sequence, instant(row.taken_time_nanos)?);
    let today =
        Today { records: row.records_today, late: row.late_today, held_up: row.days_held_up };
    let mut settled = decode_ends(&row.settled.unwrap_or_default())?;
    let mut stage = row.stage.as_ref().map(decode_ends).transpose()?;
    let mut found = 0;
    for part in parts {
        let row = store::LearningRow::decode(part?.as_ref()).map_err(Unreadable::from)?;
        row.settled.map(|part| add_part(&mut settled, part)).transpose()?;
        if let (Some(stage), Some(part)) = (&mut stage, row.stage) {
            add_part(stage, part)?;
        }
        found += 1;
    }
    match found == wanted {
        true => Ok(Learning::restored(taken, today, settled, stage)),
        false => Err(cut_short("parts").into()),
    }
}

fn encode_ends(fold: &Fold) -> store::LearningFold {
    store::LearningFold {
        until_nanos: fold.until.nanos(),
        known_sequence: fold.by.0,
        known_nanos: fold.by.1.nanos(),
        ..Default::default()
    }
}

fn decode_ends(row: &store::LearningFold) -> Result<Fold, Unreadable> {
    let until = instant(row.until_nanos)?;
    let by = (row.known_sequence, instant(row.known_nanos)?);
    Ok(Fold { until, since: until, by, ..Fold::default() })
}

/// What a fold holds, in parts: each contract, some incidents with their clocks, or some that
/// teach something at an instant.
fn fold_parts(fold: &Fold) -> impl Iterator<Item = store::LearningFold> {
    let contracts = fold.contracts.iter().map(|(id, of)| store::LearningFold {
        contracts: vec![encode_contract(id, of)],
        ..Default::default()
    });
    let incident = |(id, clocks): (&Arc<str>, &Arc<Vec<Given>>)| store::WatchedIncident {
        incident_id: id.to_string(),
        clocks: clocks.iter().map(encode_given).collect(),
    };
    let mut incidents = fold.given.iter().map(incident);
    let incidents = std::iter::from_fn(move || {
        let mut some = Vec::new();
        let mut bytes = 0;
        while bytes < PART_BYTES
            && let Some(incident) = incidents.next()
        {
            bytes += incident.encoded_len();
            some.push(incident);
        }
        let part = store::LearningFold { incidents: some, ..Default::default() };
        (!part.incidents.is_empty()).then_some(part)
    });
    let next = in_parts(fold.next.iter().map(|(time, id)| (time, Arc::clone(id))));
    let next = next.map(|(next_nanos, next_incident_ids)| store::LearningFold {
        next_nanos,
        next_incident_ids,
        ..Default::default()
    });
    let fresh = in_parts(fold.fresh.iter());
    let fresh = fresh.map(|(fresh_nanos, fresh_incident_ids)| store::LearningFold {
        fresh_nanos,
        fresh_incident_ids,
        ..Default::default()
    });
    contracts.chain(incidents).chain(next).chain(fresh)
}

/// Some instants and their incidents at a time.
fn in_parts(
    mut times: impl Iterator<Item = (Instant, Arc<str>)>,
) -> impl Iterator<Item = (Vec<i64>, Vec<String>)> {
    std::iter::from_fn(move || {
        let some = times.by_ref().take(TIMES_PER_PART);
        let (nanos, ids): (Vec<_>, Vec<_>) =
            some.map(|(time, id)| (time.nanos(), id.to_string())).unzip();
        (!ids.is_empty()).then_some((nanos, ids))
    })
}

fn add_part(fold: &mut Fold, part: store::LearningFold) -> Result<(), Unreadable> {
    for contract in part.contracts {
        let id = contract.contract_id.clone();
        fold.contracts.insert(id, Arc::new(decode_contract(contract)?));
    }
    for incident in part.incidents {
        let clocks = incident.clocks.into_iter().map(decode_given);
        let clocks = clocks.collect::<Result<Vec<_>, Unreadable>>()?;
        fold.given.insert_mut(Arc::from(incident.incident_id), Arc::new(clocks));
    }
    for (id, time) in decode_times(part.next_incident_ids, part.next_nanos)? {
        fold.next.insert(&id, time);
    }
    for (id, time) in decode_times(part.fresh_incident_ids, part.fresh_nanos)? {
        fold.fresh.note(&id, time);
    }
    Ok(())
}

fn decode_times(ids: Vec<String>, nanos: Vec<i64>) -> Result<Vec<(Arc<str>, Instant)>, Unreadable> {
    if ids.len() != nanos.len() {
        return Err(cut_short("incidents"));
    }
    ids.into_iter().zip(nanos).map(|(id, nanos)| Ok((Arc::from(id), instant(nanos)?))).collect()
}

fn encode_given(given: &Given) -> store::WatchedClock {
    let (contract_id, target_id, cycle) = given.clock.clone();
    let (times, predicted): (Vec<_>, Vec<_>) = given.predicted.iter().copied().unzip();
    let predicted_nanos = times.into_iter().map(Instant::nanos).collect();
    let after = given.stops.iter().flat_map(|(_, stops)| stops.map(Span::nanos));
    store::WatchedClock {
        contract_id,
        target_id,
        cycle,
        predicted,
        predicted_nanos,
        stop_nanos: given.stops.iter().map(|(time, _)| time.nanos()).collect(),
        stop_after_nanos: after.collect(),
    }
}

fn decode_given(row: store::WatchedClock) -> Result<Given, Unreadable> {
    if row.predicted.len() != row.predicted_nanos.len() {
        return Err(cut_short("forecasts"));
    }
    let (after, rest) = row.stop_after_nanos.as_chunks::<3>();
    if after.len() != row.stop_nanos.len() || !rest.is_empty() {
        return Err(cut_short("expected stops"));
    }
    let stops = row.stop_nanos.iter().zip(after);
    let stops = stops.map(|(time, after)| Ok((instant(*time)?, after.map(Span::from_nanos))));
    let predicted = row.predicted_nanos.into_iter().zip(row.predicted);
    let predicted = predicted.map(|(time, predicted)| Ok((instant(time)?, predicted)));
    Ok(Given {
        clock: (row.contract_id, row.target_id, row.cycle),
        predicted: predicted.collect::<Result<_, Unreadable>>()?,
        stops: stops.collect::<Result<_, Unreadable>>()?,
    })
}

fn encode_contract(contract_id: &str, learned: &Learned) -> store::LearnedContract {
    let Learned { forecaster, record } = learned;
    let Forecaster { model, estimates, remaining, alike } = forecaster;
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
    let stratum = |(stratum, ran_on): (StopStratum, &RanOn)| store::StratumCounts {
        stratum: stratum.number(),
        reached: ran_on.reached.to_vec(),
        stopped: ran_on.stopped.to_vec(),
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
        alike_strata: alike.strata().map(|(stratum, _)| u32::from(stratum.0)).collect(),
        alike_clocks: alike.strata().map(|(_, passed)| passed.clocks).collect(),
        alike_breached: alike.strata().map(|(_, passed)| passed.breached).collect(),
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
        stops: sums.stops.forecasts,
        stops_held: sums.stops.held.to_vec(),
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
        let stratum = StopStratum::numbered(of.stratum);
        let stratum = stratum.ok_or_else(|| out_of_range("a stratum"))?;
        let classes = |counts: Vec<u64>| {
            <[u64; CLASSES]>::try_from(counts).map_err(|_| cut_short("how clocks ran on"))
        };
        let (reached, stopped) = (classes(of.reached)?, classes(of.stopped)?);
        strata.push((stratum, RanOn { reached, stopped }));
    }
    let mut alike = Vec::new();
    let passed = row.alike_clocks.into_iter().zip(row.alike_breached);
    for (stratum, (clocks, breached)) in row.alike_strata.into_iter().zip(passed) {
        alike.push((Stratum(byte(stratum)?), Passed { clocks, breached }));
    }
    let history = (row.decided, row.breached);
    Ok(Learned {
        forecaster: Forecaster {
            model: Model::restored(history, keys.into_iter().zip(weights), curves),
            estimates: Estimates::restored(row.teams.into_iter().map(team)),
            remaining: Remaining::restored(strata),
            alike: Alike::restored(alike),
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
    sums.stops.forecasts = row.stops;
    for (held, kept) in sums.stops.held.iter_mut().zip(row.stops_held) {
        *held = kept;
    }
    ((row.target_id, row.month), sums)
}

fn instant(nanos: i64) -> Result<Instant, Unreadable> {
    Instant::from_nanos(nanos).map_err(|error| Unreadable::from(error.to_string()))
}

fn byte(number: u32) -> Result<u8, Unreadable> {
    u8::try_from(number).map_err(|_| out_of_range("a stratum"))
}

fn out_of_range(what: &str) -> Unreadable {
    Unreadable::from(format!("{what} is out of range"))
}

fn cut_short(what: &str) -> Unreadable {
    Unreadable::from(format!("what was learnt is cut short: {what}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::learning::testing::journals;

    type Kept = (Vec<u8>, Vec<Vec<u8>>);

    fn encode(sequence: u64, learning: &Learning) -> Kept {
        let parts: Vec<_> = encode_parts(learning).collect();
        (encode_head((sequence, learning, b"one"), (1, parts.len() as u32)), parts)
    }

    fn read((head, parts): &Kept) -> Result<Learning, Unreadable> {
        let head = decode_head(head, b"one")?.expect("it is of this version");
        decode(head, parts.iter().map(Ok))
    }

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
                let _ = journal.learnt(&mut learning, all);
                let kept = encode(stop as u64, &learning);
                let read = read(&kept).unwrap();
                prop_assert_eq!(decode_head(&kept.0, b"one").unwrap().unwrap().sequence, stop as u64);
                prop_assert_eq!(&encode(stop as u64, &read), &kept);
                prop_assert!(decode_head(&kept.0, b"other").unwrap().is_none());
                let (head, mut parts) = kept;
                if parts.pop().is_some() {
                    prop_assert!(super::tests::read(&(head, parts)).is_err(), "one is missing");
                }
                (learning, taken) = (read, stop);
            }
            let goes_on = journal.learnt(&mut learning, all);
            prop_assert_eq!(goes_on, journal.learnt(&mut journal.taught(all, all), all));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(Some(head)) = decode_head(&bytes, &[]) {
                let _ = decode::<_, Unreadable>(head, [Ok(&bytes)].into_iter());
            }
        }
    }

    #[test]
    fn what_another_model_learnt_is_not_gone_on_from() {
        let row = store::LearningRow { model_version: MODEL_VERSION + 1, ..Default::default() };
        assert!(decode_head(&row.encode_to_vec(), &[]).unwrap().is_none());
    }
}
