//! Baselines: simpler forecasts learnt from the same history, to compare the model with.

use std::collections::BTreeMap;

use super::feature_vector::FeatureVector;
use super::logistic::Logistic;

/// The shares of the limit at which service desk tools commonly warn.
const RULES_AT: [f32; 3] = [0.5, 0.75, 0.9];
/// The prior of a breach share: it counts as this many clocks seen, half of them breached.
const SEEN_BEFORE: f64 = 2.0;

/// The forecasts that the model is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Baseline {
    /// The breach share of the priority.
    BaseRate,
    /// The breach share of past snapshots from 0, 50, 75 and 90 % of the limit on: the common
    /// warning rules, calibrated.
    PercentUsed,
    /// The breach share among the clocks of the priority that used as much of their limit: the
    /// estimate of Kaplan and Meier (1958), where clocks are censored at the limit only.
    Survival,
    /// A logistic regression over the same features as the model, fitted anew each week to all
    /// that was decided by then.
    Logistic,
}

/// Every baseline.
pub const BASELINES: [Baseline; 4] =
    [Baseline::BaseRate, Baseline::PercentUsed, Baseline::Survival, Baseline::Logistic];

/// What the baselines use of an observed clock.
#[derive(Clone, Copy, Debug)]
pub struct Mark<'m> {
    /// The priority it is measured by.
    pub priority: &'m str,
    /// The share of the limit used, 0 to 1.
    pub share_used: f32,
    /// What the model sees.
    pub features: &'m FeatureVector,
}

/// What all baselines have learnt.
#[derive(Clone, Debug, Default)]
pub struct Baselines {
    priorities: BTreeMap<String, DecidedClocks>,
    rules: [BreachShare; RULES_AT.len() + 1],
    logistic: Logistic,
}

#[derive(Clone, Debug, Default)]
struct DecidedClocks {
    breached: usize,
    /// The shares of the limit that met clocks used, ascending.
    met_at: Vec<f32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct BreachShare {
    seen: f64,
    breached: f64,
}

impl Mark<'_> {
    fn rule(&self) -> usize {
        RULES_AT.partition_point(|from| *from <= self.share_used)
    }
}

impl Baselines {
    /// The breach probability that a baseline gives at a mark, 0 to 1.
    pub fn probability(&self, of: Baseline, mark: &Mark<'_>) -> f64 {
        let decided = self.priorities.get(mark.priority);
        match of {
            Baseline::BaseRate => decided.map_or(0.5, |decided| decided.share_past(f32::MIN)),
            Baseline::Survival => {
                decided.map_or(0.5, |decided| decided.share_past(mark.share_used))
            }
            Baseline::PercentUsed => self.rules.get(mark.rule()).map_or(0.5, |rule| rule.share()),
            Baseline::Logistic => self.logistic.probability(mark.features),
        }
    }

    /// Learns from a decided clock: `met_at` is the share of the limit it had used when it was met,
    /// `None` when it breached; `marks` are those it had passed.
    pub fn decide(&mut self, priority: &str, met_at: Option<f32>, marks: &[Mark<'_>]) {
        let decided = self.priorities.entry(priority.to_owned()).or_default();
        match met_at {
            None => decided.breached += 1,
            Some(share) => {
                let place = decided.met_at.partition_point(|earlier| *earlier <= share);
                decided.met_at.insert(place, share);
            }
        }
        for mark in marks {
            self.logistic.learn(mark.features, met_at.is_none());
            if let Some(rule) = self.rules.get_mut(mark.rule()) {
                rule.seen += 1.0;
                rule.breached += if met_at.is_none() { 1.0 } else { 0.0 };
            }
        }
    }
}

impl Baselines {
    /// Fits what is fitted now and then.
    pub fn fit(&mut self) {
        self.logistic.fit();
    }
}

impl DecidedClocks {
    /// The breach share among the clocks that used more than `share_used` of their limit.
    fn share_past(&self, share_used: f32) -> f64 {
        let met = self.met_at.len() - self.met_at.partition_point(|share| *share <= share_used);
        let (met, breached) = (met as f64, self.breached as f64);
        BreachShare { seen: met + breached, breached }.share()
    }
}

impl BreachShare {
    fn share(self) -> f64 {
        (self.breached + SEEN_BEFORE / 2.0) / (self.seen + SEEN_BEFORE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survival_counts_only_those_that_lasted_as_long() {
        let mut baselines = Baselines::default();
        let features =
            FeatureVector { keys: Default::default(), points: Default::default(), freshness: 0.0 };
        let mark = |share_used| Mark { priority: "P1", share_used, features: &features };
        baselines.decide("P1", Some(0.2), &[mark(0.1)]);
        baselines.decide("P1", Some(0.6), &[mark(0.1), mark(0.55)]);
        baselines.decide("P1", None, &[mark(0.8)]);
        let predicted = |of, share| baselines.probability(of, &mark(share));
        assert_eq!(predicted(Baseline::BaseRate, 0.5), 2.0 / 5.0);
        assert_eq!(predicted(Baseline::Survival, 0.5), 2.0 / 4.0);
        assert_eq!(predicted(Baseline::Survival, 0.7), 2.0 / 3.0);
        assert_eq!(predicted(Baseline::PercentUsed, 0.55), 1.0 / 3.0);
        assert_eq!(predicted(Baseline::PercentUsed, 0.8), 2.0 / 3.0);
    }
}
