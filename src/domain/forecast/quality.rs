//! The quality of forecasts whose clocks are decided.

use std::collections::BTreeMap;

use crate::domain::time::{Instant, Span};

/// Log loss keeps probabilities this far from 0 and 1, or a single wrong certainty would outweigh
/// everything else.
const CLIPPED_AT: f64 = 1e-4;
/// The calibration table has this many bins with equally many forecasts.
const CALIBRATION_BINS: usize = 15;
/// The precision of alarms: at least this share of them is right.
const PRECISION: f64 = 0.8;

/// A forecast whose clock is decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The clock, by a number that the caller chooses.
    pub clock: usize,
    /// When it was given.
    pub time: Instant,
    /// The breach probability it gave, 0 to 1.
    pub probability: f64,
    /// Whether the clock breached.
    pub is_breached: bool,
    /// When the clock was decided.
    pub decide_time: Instant,
}

/// How good a set of forecasts was.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// How many forecasts.
    pub forecasts: usize,
    /// The share of them whose clock breached.
    pub base_rate: f64,
    /// Mean squared error of the probability (Brier 1950): 0 is perfect.
    pub brier: f64,
    /// The Brier skill score: by which share the Brier score is lower than that of always giving
    /// the base rate.
    pub skill: f64,
    /// Mean negative log likelihood, clipped at 1e-4.
    pub log_loss: f64,
    /// The area under the ROC curve: the probability that a forecast of a breached clock is higher
    /// than one of a met clock.
    pub auc: f64,
    /// Mean precision over the breached, the highest probability first.
    pub average_precision: f64,
    /// The bins of the calibration table, the least probable first.
    pub calibration: Vec<Bin>,
    /// The expected calibration error: the mean distance of predicted from observed, over the bins.
    pub calibration_error: f64,
    /// How alarms would have done.
    pub alarms: Alarms,
}

/// A row of the calibration table: forecasts with similar probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// How many forecasts.
    pub forecasts: usize,
    /// Their mean probability.
    pub predicted: f64,
    /// The share of them whose clock breached.
    pub observed: f64,
}

/// Alarms: a clock alarms at its first forecast of at least the threshold. The threshold is the one
/// that catches most breaches while at least 80 % of the alarms are right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Alarms {
    /// The threshold; infinite when none is right often enough.
    pub threshold: f64,
    /// The share of breaching clocks that alarmed.
    pub recall: f64,
    /// The median time, by the wall, from a right alarm to the decision.
    pub lead: Span,
}

impl Quality {
    /// The quality of these forecasts; `None` when there are none.
    pub fn of(scored: &[Scored]) -> Option<Quality> {
        if scored.is_empty() {
            return None;
        }
        let mut sorted = scored.to_vec();
        sorted.sort_by(|a, b| a.probability.total_cmp(&b.probability).then(a.clock.cmp(&b.clock)));
        let base_rate = mean(&sorted, truth);
        let brier = mean(&sorted, |s| (s.probability - truth(s)).powi(2));
        let calibration = calibration(&sorted);
        Some(Quality {
            forecasts: sorted.len(),
            base_rate,
            brier,
            skill: skill(brier, base_rate),
            log_loss: mean(&sorted, |s| log_loss(s.probability, s.is_breached)),
            auc: auc(&sorted),
            average_precision: average_precision(&sorted),
            calibration_error: calibration_error(&calibration, sorted.len()),
            calibration,
            alarms: alarms(scored),
        })
    }
}

/// The Brier skill score against always giving the base rate.
pub(super) fn skill(brier: f64, base_rate: f64) -> f64 {
    1.0 - brier / (base_rate * (1.0 - base_rate)).max(f64::MIN_POSITIVE)
}

fn truth(scored: &Scored) -> f64 {
    f64::from(u8::from(scored.is_breached))
}

fn mean(scored: &[Scored], of: impl Fn(&Scored) -> f64) -> f64 {
    scored.iter().map(of).sum::<f64>() / scored.len() as f64
}

/// The negative log likelihood of the outcome, clipped.
pub(super) fn log_loss(probability: f64, is_breached: bool) -> f64 {
    let p = probability.clamp(CLIPPED_AT, 1.0 - CLIPPED_AT);
    -if is_breached { p.ln() } else { (1.0 - p).ln() }
}

/// The mean distance of predicted from observed, each bin weighted by its share of all `forecasts`.
pub(super) fn calibration_error(bins: &[Bin], forecasts: usize) -> f64 {
    let error = |bin: &Bin| (bin.predicted - bin.observed).abs() * bin.forecasts as f64;
    bins.iter().map(error).sum::<f64>() / forecasts as f64
}

fn calibration(sorted: &[Scored]) -> Vec<Bin> {
    let edge = |bin: usize| bin * sorted.len() / CALIBRATION_BINS;
    let bins = (0..CALIBRATION_BINS).filter_map(|bin| sorted.get(edge(bin)..edge(bin + 1)));
    bins.filter(|bin| !bin.is_empty())
        .map(|bin| Bin {
            forecasts: bin.len(),
            predicted: mean(bin, |s| s.probability),
            observed: mean(bin, truth),
        })
        .collect()
}

/// The area under the ROC curve, by ranks (Mann and Whitney 1947); equal forecasts share a rank.
#[expect(clippy::float_cmp, reason = "forecasts that are equal to the bit share a rank")]
fn auc(sorted: &[Scored]) -> f64 {
    let breached = sorted.iter().filter(|s| s.is_breached).count() as f64;
    let met = sorted.len() as f64 - breached;
    let mut rank = 0.0;
    let mut ranks_of_breached = 0.0;
    for equals in sorted.chunk_by(|a, b| a.probability == b.probability) {
        let shared = rank + (equals.len() as f64 + 1.0) / 2.0;
        ranks_of_breached += shared * equals.iter().filter(|s| s.is_breached).count() as f64;
        rank += equals.len() as f64;
    }
    (ranks_of_breached - breached * (breached + 1.0) / 2.0) / (breached * met)
}

#[expect(clippy::float_cmp, reason = "forecasts that are equal to the bit share a rank")]
fn average_precision(sorted: &[Scored]) -> f64 {
    let (mut seen, mut breached, mut sum) = (0.0, 0.0, 0.0);
    for equals in sorted.chunk_by(|a, b| a.probability == b.probability).rev() {
        let of_them = equals.iter().filter(|s| s.is_breached).count() as f64;
        seen += equals.len() as f64;
        breached += of_them;
        sum += of_them * breached / seen;
    }
    sum / breached
}

fn alarms(scored: &[Scored]) -> Alarms {
    let mut clocks: BTreeMap<usize, Vec<&Scored>> = BTreeMap::new();
    for forecast in scored {
        clocks.entry(forecast.clock).or_default().push(forecast);
    }
    let highest = |forecasts: &Vec<&Scored>| -> Option<(f64, bool)> {
        let highest = forecasts.iter().map(|s| s.probability).max_by(f64::total_cmp)?;
        Some((highest, forecasts.first()?.is_breached))
    };
    let mut highest: Vec<_> = clocks.values().filter_map(highest).collect();
    highest.sort_by(|a, b| b.0.total_cmp(&a.0));
    let breaching = highest.iter().filter(|(_, is_breached)| *is_breached).count();
    let Some((threshold, right)) = threshold(&highest) else {
        return Alarms { threshold: f64::INFINITY, ..Alarms::default() };
    };
    let mut leads: Vec<Span> = clocks.values().filter_map(|c| lead(c, threshold)).collect();
    leads.sort_unstable();
    let median = leads.get(leads.len() / 2).copied().unwrap_or_default();
    Alarms { threshold, recall: right as f64 / breaching as f64, lead: median }
}

/// The lowest threshold whose alarms are right often enough, and how many are right. `highest` is
/// each clock's highest forecast and whether it breached, in descending order.
#[expect(clippy::float_cmp, reason = "a threshold can't part forecasts that are equal to the bit")]
fn threshold(highest: &[(f64, bool)]) -> Option<(f64, usize)> {
    let (mut alarms, mut right) = (0, 0);
    let mut best = None;
    for equals in highest.chunk_by(|a, b| a.0 == b.0) {
        alarms += equals.len();
        right += equals.iter().filter(|(_, is_breached)| *is_breached).count();
        if right > 0 && right as f64 >= PRECISION * alarms as f64 {
            best = equals.first().map(|(probability, _)| (*probability, right));
        }
    }
    best
}

/// The lead time: how long before its decision a breaching clock alarmed.
fn lead(forecasts: &[&Scored], threshold: f64) -> Option<Span> {
    let alarming = forecasts.iter().filter(|s| s.is_breached && s.probability >= threshold);
    let first = alarming.min_by_key(|s| s.time)?;
    Some(first.decide_time.since(first.time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(clock: usize, probability: f64, is_breached: bool) -> Scored {
        let decide_time = Instant::from_seconds(7200).unwrap();
        let time = Instant::from_seconds(3600 * (clock as i64 % 2)).unwrap();
        Scored { clock, time, probability, is_breached, decide_time }
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let all = [
            scored(0, 0.9, true),
            scored(1, 0.6, true),
            scored(2, 0.6, false),
            scored(3, 0.1, false),
        ];
        let quality = Quality::of(&all).unwrap();
        assert_eq!(quality.base_rate, 0.5);
        assert!((quality.brier - (0.01 + 0.16 + 0.36 + 0.01) / 4.0).abs() < 1e-12);
        assert!((quality.skill - (1.0 - 0.135 / 0.25)).abs() < 1e-12);
        assert_eq!(quality.auc, 3.5 / 4.0);
        assert!((quality.average_precision - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        // At .6 two of three alarms are right, too few: only the one at .9 stays.
        assert_eq!(quality.alarms.threshold, 0.9);
        assert_eq!(quality.alarms.recall, 0.5);
        assert_eq!(quality.alarms.lead, Span::from_hours(2));
    }

    #[test]
    fn certainty_that_is_right_is_perfect_and_one_that_is_wrong_is_clipped() {
        let right = Quality::of(&[scored(0, 1.0, true), scored(1, 0.0, false)]).unwrap();
        assert_eq!((right.brier, right.auc, right.calibration_error), (0.0, 1.0, 0.0));
        let wrong = Quality::of(&[scored(0, 0.0, true)]).unwrap();
        assert!((wrong.log_loss - -(1e-4f64).ln()).abs() < 1e-9);
        assert_eq!(Quality::of(&[]), None);
    }
}
