//! The review of a period, and what has changed since it was signed.
//!
//! It costs by the incidents of the period, each of which is evaluated, and by the tallies of the
//! periods before; one that was signed by the same once more, as of when it was signed.

use std::collections::BTreeSet;

use super::compliance::{PeriodEvaluator, take_left_open};
use super::settlement::excluded_outages;
use super::{IndexReader, QueryError, ReadPoint, ReadView, Reading};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{History, RecordedEvent};
use crate::domain::time::Instant;
use crate::engine::action::Signature;
use crate::engine::answers::period_outlook::months_of;
use crate::engine::answers::review::{MOVED_LISTED_MAX, Restatement, Review, Reviewed, moved};
use crate::engine::evaluate::Times;
use crate::engine::learning::ForecastScore;
use crate::engine::rejection::Rejection;

/// Which review is requested.
#[derive(Clone, Debug)]
pub struct ReviewQuery {
    /// The contract.
    pub contract_id: String,
    /// The period's name.
    pub period: String,
    /// Whether it is requested as it was last signed.
    pub as_signed: bool,
}

/// A review, and the read point it was computed at: a signature has its own times.
pub fn evaluate<'v>(
    view: &'v ReadView<'_>,
    index: Option<IndexReader<'_>>,
    wanted: &ReviewQuery,
) -> Result<(ReadPoint, Reviewed<'v>), QueryError> {
    let ReviewQuery { contract_id, period, as_signed } = wanted;
    let signatures = view.actions().signatures(contract_id, period, view.times().known);
    let signatures: Vec<_> = signatures.map(|(time, signed)| (time, signed.clone())).collect();
    let last = signatures.last().map(|(_, signature)| signature);
    let seen = match last {
        Some(signature) if *as_signed => view.at(times_of(signature))?,
        None if *as_signed => return Err(not_signed(wanted).into()),
        _ => view.clone(),
    };
    let index = match as_signed {
        true => {
            drop(index);
            view.reading_at(seen.times())?.index
        }
        false => index,
    };
    let review = review(view, &seen, index, wanted)?;
    let signed = last.filter(|signature| times_of(signature) != seen.times());
    let restatement =
        signed.map(|signature| restatement(view, &seen, wanted, signature, &review)).transpose()?;
    let forecasts = forecasts(&seen, &review, contract_id)?;
    Ok((seen.point(), Reviewed { review, signatures, forecasts, restatement }))
}

fn times_of(signature: &Signature) -> Times {
    Times { as_of: signature.as_of, known: signature.known }
}

fn not_signed(wanted: &ReviewQuery) -> Rejection {
    let ReviewQuery { contract_id, period, .. } = wanted.clone();
    Rejection::NotSigned { contract_id, period }
}

/// The review as it is `seen`, a view at the same place as `view` that terms are borrowed from.
fn review<'v>(
    view: &'v ReadView<'_>,
    seen: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    wanted: &ReviewQuery,
) -> Result<Review<'v>, QueryError> {
    let ReviewQuery { contract_id, period, .. } = wanted;
    let known = view.catalog().known(seen.times().known);
    let mut review = Review::new(contract_id, period, known, seen.times())?;
    let contracts = review.chain.iter().map(|period| period.contract_id());
    let index = contracts.chain([contract_id.as_str()]).fold(index, |index, id| index?.of(id));
    let evaluator = PeriodEvaluator::new(seen);
    let before = evaluator.gather(index.as_ref(), &mut review.before)?;
    let gathered = index.as_ref().map(|index| indexed_incidents(&evaluator, index, &review));
    let gathered = gathered.transpose()?;
    if let Some((index, incidents)) = index.as_ref().zip(gathered.as_ref()) {
        for period in [&mut review.present].into_iter().chain(&mut review.chain) {
            take_left_open(index, incidents, &mut [period])?;
        }
    }
    drop(index);
    evaluator.evaluate(before, &mut review.before)?;
    let incidents = gathered.map_or_else(|| all_incidents(seen, &review), Ok)?;
    let blank = review.part();
    let add = |part: &mut Review<'v>, id: &str, history: &History<'_>| part.add(id, history);
    seen.walk(
        incidents.into_iter().map(Ok),
        || blank.part(),
        add,
        |part| {
            review.add_part(part);
            Ok(true)
        },
    )?;
    for period in [&mut review.present].into_iter().chain(&mut review.chain) {
        evaluator.add_services(period)?;
    }
    review.add_outages(excluded_outages(seen, contract_id)?);
    review.finish(seen.actions());
    Ok(review)
}

/// The incidents that may belong to the period or to its chain.
fn indexed_incidents(
    evaluator: &PeriodEvaluator<'_>,
    index: &IndexReader<'_>,
    review: &Review<'_>,
) -> Result<BTreeSet<IncidentId>, QueryError> {
    let mut incidents = BTreeSet::new();
    for period in review.chain.iter().chain([&review.present]) {
        incidents.extend(evaluator.incidents_within(index, period)?);
    }
    Ok(incidents)
}

/// All incidents of their contracts.
fn all_incidents(
    view: &ReadView<'_>,
    review: &Review<'_>,
) -> Result<BTreeSet<IncidentId>, QueryError> {
    let periods = review.chain.iter().chain([&review.present]);
    periods.flat_map(|period| view.incident_ids(period.contract_id(), "")).collect()
}

/// How the forecasts of the period's clocks turned out.
fn forecasts(
    seen: &ReadView<'_>,
    review: &Review<'_>,
    contract: &str,
) -> Result<Option<ForecastScore>, QueryError> {
    let learned = seen.learned(contract)?;
    let days = seen.known().local_days(contract);
    let months = days.map(|days| months_of(&review.present.period, &days));
    Ok(learned.record.quality("", months))
}

/// What has changed since a review was signed.
fn restatement<'v>(
    view: &'v ReadView<'_>,
    seen: &ReadView<'_>,
    wanted: &ReviewQuery,
    signature: &Signature,
    present: &Review<'v>,
) -> Result<Restatement<'v>, QueryError> {
    let Reading { view: seen_then, index } = view.reading_at(times_of(signature))?;
    let signed = review(view, &seen_then, index, wanted)?;
    let all = moved(&signed.figures, &present.figures);
    let moved_count = all.len();
    let since = (signature.known, seen.times().known);
    let first = all.into_iter().take(MOVED_LISTED_MAX);
    let moved = first.map(|moved| {
        let facts = facts(view, &moved.incident_id, since)?;
        Ok((moved, facts))
    });
    let moved = moved.collect::<Result<_, QueryError>>()?;
    Ok(Restatement { signature_id: signature.id.clone(), signed, moved, moved_count })
}

/// The facts about an incident that were recorded after one instant and up to another.
fn facts(
    view: &ReadView<'_>,
    incident: &str,
    (after, until): (Instant, Instant),
) -> Result<Vec<String>, QueryError> {
    let ledger = view.scanned_ledger(incident)?;
    let since = |event: &&RecordedEvent| after < event.record_time && event.record_time <= until;
    let since = ledger.events.iter().filter(since);
    Ok(since.map(|recorded| recorded.value.event_id.clone()).collect())
}
