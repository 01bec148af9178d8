//! Simpler forecasts of periods, such as people make them.

use super::length::Length;
use super::outcomes::{DayCounts, sum};
use crate::domain::compliance::{LocalDays, Period};
use crate::domain::forecast::{Arrivals, PeriodSoFar};
use crate::engine::answers::period_outlook::{Past, PeriodInProgress};
use crate::engine::catalog::Known;

/// How sure one may be that a period ends as the last one did.
const LIKE_THE_LAST: f64 = 0.75;

/// The forecasts of periods that the model is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodBaseline {
    /// What is decided so far, and as many more as the days left usually decide, which breach as
    /// often as those so far.
    RunningRate,
    /// What the last period came to, in three of four cases.
    LastPeriod,
    /// The share of past periods that were missed.
    History,
    /// What is decided so far, taken for the whole.
    SoFar,
}

/// Every baseline.
pub const PERIOD_BASELINES: [PeriodBaseline; 4] = [
    PeriodBaseline::RunningRate,
    PeriodBaseline::LastPeriod,
    PeriodBaseline::History,
    PeriodBaseline::SoFar,
];

/// A promise in a period that goes on, and the days before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Simply<'s> {
    pub in_progress: &'s PeriodInProgress<'s>,
    pub past: &'s Past,
    pub length: Length,
    pub period: &'s Period,
    pub days: &'s LocalDays,
    pub known: &'s Known<'s>,
}

impl Simply<'_> {
    /// The probability to miss the promise, as a baseline has it.
    pub fn probability(&self, baseline: PeriodBaseline) -> f64 {
        match baseline {
            PeriodBaseline::RunningRate => self.at_running_rate(),
            PeriodBaseline::LastPeriod => match self.before().first() {
                Some(true) => LIKE_THE_LAST,
                Some(false) => 1.0 - LIKE_THE_LAST,
                None => 0.5,
            },
            PeriodBaseline::History => {
                let before = self.before();
                let missed = before.iter().filter(|missed| **missed).count();
                (missed as f64 + 1.0) / (before.len() as f64 + 2.0)
            }
            PeriodBaseline::SoFar => self.so_far(),
        }
    }

    fn so_far(&self) -> f64 {
        let PeriodInProgress { promise, decided, breached, .. } = *self.in_progress;
        match decided {
            0 => 0.5,
            _ if promise.share.is_reached(decided - breached, decided) => 0.0,
            _ => 1.0,
        }
    }

    /// As many clocks as the days left usually decide, breaching at the rate so far: with the rate
    /// of the days before, which counts as two clocks.
    fn at_running_rate(&self) -> f64 {
        let PeriodInProgress { promise, decided, breached, .. } = *self.in_progress;
        let all = sum(self.past.values().flat_map(|days| days.values()));
        let past_share = (all.1 as f64 + 1.0) / (all.0 as f64 + 2.0);
        let mean = self.in_progress.usual(self.past, self.known);
        let breach_share = (breached as f64 + 2.0 * past_share) / (decided as f64 + 2.0);
        let arrivals = Arrivals { mean, variance: mean, breach_share };
        let period = PeriodSoFar {
            promised: promise.share,
            minimum: promise.minimum_count,
            decided,
            breached,
            open: &[],
            arrivals,
            shock: 0.0,
        };
        period.forecast().miss_probability
    }

    /// Whether each whole period before was missed that decided anything, the last one first.
    fn before(&self) -> Vec<bool> {
        let Some(first) = self.past.values().filter_map(|days| days.keys().next()).min() else {
            return Vec::new();
        };
        let before = |period: &Period| self.length.before(period, self.days);
        let all = std::iter::successors(before(self.period), before);
        let whole = all.take_while(|period| *first <= self.days.date(period.start));
        let counts = whole.map(|period| self.counted(&period)).filter(|counts| counts.0 > 0);
        counts.map(|(n, late)| !self.in_progress.promise.share.is_reached(n - late, n)).collect()
    }

    fn counted(&self, period: &Period) -> DayCounts {
        let (first, end) = (self.days.date(period.start), self.days.date(period.end));
        let days = self.past.values();
        sum(days.flat_map(|days| days.range(first..end).map(|(_, counts)| counts)))
    }
}
