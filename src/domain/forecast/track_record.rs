//! How the forecasts of one contract turned out, kept as sums so that it stays small.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::quality::{Bin, calibration_error, log_loss, skill};

/// The calibration table has this many bins of equal width.
const BINS: usize = 20;

/// How forecasts turned out, by target and by local month of the decision (as [`month_of`] counts).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrackRecord {
    months: BTreeMap<(String, i32), Sums>,
}

/// The forecasts of a target whose clocks were decided in one month, added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// How many clocks were decided.
    pub clocks: u64,
    /// The squared errors of the probabilities.
    pub squares: f64,
    /// The negative log likelihoods of the outcomes.
    pub log_losses: f64,
    /// The bins by probability, ascending, each a twentieth wide.
    pub bins: [BinSums; BINS],
    /// How the expected stops of clocks that stopped in the month turned out.
    pub stops: StopSums,
}

/// Expected stops of clocks that have stopped, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StopSums {
    /// How many.
    pub forecasts: u64,
    /// By how many each of the three instants the clock had stopped.
    pub held: [u64; 3],
}

/// Forecasts with similar probabilities, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BinSums {
    /// How many forecasts.
    pub forecasts: u64,
    /// How many of them had a clock that breached.
    pub breached: u64,
    /// The sum of their probabilities.
    pub predicted: f64,
}

/// The quality of a contract's past forecasts.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastScore {
    /// How many forecasts.
    pub forecasts: u64,
    /// Of how many clocks.
    pub clocks: u64,
    /// The share of the forecasts whose clock breached.
    pub base_rate: f64,
    /// Mean squared error of the probability (Brier 1950): 0 is perfect.
    pub brier: f64,
    /// The Brier skill score: by which share the Brier score is lower than that of always giving
    /// the base rate.
    pub skill: f64,
    /// Mean negative log likelihood, clipped at 1e-4.
    pub log_loss: f64,
    /// The expected calibration error: the mean distance of predicted from observed, over the bins.
    pub calibration_error: f64,
    /// The bins with at least one forecast, the least probable first.
    pub calibration: Vec<Bin>,
    /// How the expected stops turned out.
    pub stops: StopSums,
}

/// The number of a date's month: its year times twelve, and the months before it in that year.
pub fn month_of(date: NaiveDate) -> i32 {
    date.year() * 12 + date.month0() as i32
}

impl TrackRecord {
    /// Scores the forecasts of a clock that was decided in a month.
    pub fn score(&mut self, target: &str, month: i32, predicted: &[f64], is_breached: bool) {
        if predicted.is_empty() {
            return;
        }
        let sums = self.months.entry((target.to_owned(), month)).or_default();
        sums.clocks += 1;
        predicted.iter().for_each(|probability| sums.score(*probability, is_breached));
    }

    /// Counts the expected stops of a clock that stopped in a month: which of their instants it had
    /// stopped by.
    pub fn score_stops(
        &mut self,
        target: &str,
        month: i32,
        held: impl IntoIterator<Item = [bool; 3]>,
    ) {
        for held in held {
            let sums = self.months.entry((target.to_owned(), month)).or_default();
            sums.stops.add(&StopSums { forecasts: 1, held: held.map(u64::from) });
        }
    }

    /// The quality of the forecasts of a target (empty: of all) whose clocks were decided between
    /// two months, both included (`None`: in any month). `None` when there were none.
    pub fn quality(&self, target: &str, months: Option<(i32, i32)>) -> Option<ForecastScore> {
        let is_meant = |of: &str, month: i32| {
            let is_of_target = target.is_empty() || of == target;
            is_of_target && months.is_none_or(|(from, to)| (from..=to).contains(&month))
        };
        let meant = self.months.iter().filter(|((of, month), _)| is_meant(of, *month));
        let mut all = Sums::default();
        meant.for_each(|(_, sums)| all.add(sums));
        all.forecast_score()
    }

    /// The sums of each target and month, in their order.
    pub fn months(&self) -> impl Iterator<Item = (&str, i32, &Sums)> {
        self.months.iter().map(|((target, month), sums)| (target.as_str(), *month, sums))
    }

    /// The track record of these sums, as [`TrackRecord::months`] listed them.
    pub fn restored(months: impl IntoIterator<Item = ((String, i32), Sums)>) -> TrackRecord {
        TrackRecord { months: months.into_iter().collect() }
    }
}

impl Sums {
    fn score(&mut self, probability: f64, is_breached: bool) {
        let truth = f64::from(u8::from(is_breached));
        self.squares += (probability - truth).powi(2);
        self.log_losses += log_loss(probability, is_breached);
        let bin = ((probability * BINS as f64) as usize).min(BINS - 1);
        if let Some(bin) = self.bins.get_mut(bin) {
            bin.forecasts += 1;
            bin.breached += u64::from(is_breached);
            bin.predicted += probability;
        }
    }

    fn add(&mut self, other: &Sums) {
        self.clocks += other.clocks;
        self.squares += other.squares;
        self.log_losses += other.log_losses;
        for (bin, other) in self.bins.iter_mut().zip(&other.bins) {
            bin.forecasts += other.forecasts;
            bin.breached += other.breached;
            bin.predicted += other.predicted;
        }
        self.stops.add(&other.stops);
    }

    fn forecast_score(&self) -> Option<ForecastScore> {
        let forecasts: u64 = self.bins.iter().map(|bin| bin.forecasts).sum();
        if forecasts == 0 {
            return None;
        }
        let mean = |sum: f64| sum / forecasts as f64;
        let base_rate = mean(self.bins.iter().map(|bin| bin.breached).sum::<u64>() as f64);
        let brier = mean(self.squares);
        let calibration: Vec<_> = self.bins.iter().filter_map(BinSums::bin).collect();
        Some(ForecastScore {
            forecasts,
            clocks: self.clocks,
            base_rate,
            brier,
            skill: skill(brier, base_rate),
            log_loss: mean(self.log_losses),
            calibration_error: calibration_error(&calibration, forecasts as usize),
            calibration,
            stops: self.stops,
        })
    }
}

impl StopSums {
    fn add(&mut self, other: &StopSums) {
        self.forecasts += other.forecasts;
        for (held, more) in self.held.iter_mut().zip(other.held) {
            *held += more;
        }
    }
}

impl BinSums {
    fn bin(&self) -> Option<Bin> {
        let mean = |sum: f64| sum / self.forecasts as f64;
        (self.forecasts > 0).then(|| Bin {
            forecasts: self.forecasts as usize,
            predicted: mean(self.predicted),
            observed: mean(self.breached as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::quality::{Quality, Scored};
    use super::*;
    use crate::domain::time::Instant;

    #[test]
    fn sums_give_the_figures_of_the_forecasts_themselves() {
        let predicted = [(0.1, false), (0.12, true), (0.6, true), (1.0, true), (0.0, false)];
        let mut record = TrackRecord::default();
        for (month, (probability, is_breached)) in predicted.iter().enumerate() {
            record.score("T", 24_000 + month as i32, &[*probability], *is_breached);
        }
        let scored = predicted.map(|(probability, is_breached)| Scored {
            clock: 0,
            time: Instant::MIN,
            probability,
            is_breached,
            decide_time: Instant::MIN,
        });
        let (summed, whole) = (record.quality("", None).unwrap(), Quality::of(&scored).unwrap());
        assert_eq!((summed.forecasts, summed.clocks), (5, 5));
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(summed.base_rate, whole.base_rate);
        close(summed.brier, whole.brier);
        close(summed.skill, whole.skill);
        close(summed.log_loss, whole.log_loss);
        assert_eq!(summed.calibration.len(), 4);
        close(summed.calibration[1].predicted, 0.11);
        close(summed.calibration[1].observed, 0.5);
    }

    #[test]
    fn only_the_requested_months_and_target_are_counted() {
        let mut record = TrackRecord::default();
        record.score("A", 10, &[0.5, 0.7], true);
        record.score("A", 12, &[0.5], false);
        record.score("B", 11, &[0.2], false);
        record.score("B", 11, &[], true);
        let counts = |target: &str, months| {
            record.quality(target, months).map(|score| (score.forecasts, score.clocks))
        };
        assert_eq!(counts("", None), Some((4, 3)));
        assert_eq!(counts("A", Some((10, 11))), Some((2, 1)));
        assert_eq!(counts("A", Some((11, 12))), Some((1, 1)));
        assert_eq!(counts("B", Some((12, 12))), None);
        assert_eq!(counts("C", None), None);
    }
}
