//! A forecast: what is certain, and how probable the rest is.

use super::effort::Estimates;
use super::feature_vector::FeatureVector;
use super::model::Model;
use super::remaining::{ExpectedStop, Remaining};
use super::snapshot::Snapshot;
use super::waits::Waits;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Outcome, Phase};

/// All that is learnt of a contract's clocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecaster {
    /// How probable breaches are.
    pub model: Model,
    /// How well its teams estimate.
    pub estimates: Estimates,
    /// How long its clocks still run.
    pub remaining: Remaining,
    /// How long its paused clocks take until they stop.
    pub waits: Waits,
}

/// What is to be expected of a clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The probability that it breaches, 0 to 1: 1 once it has, 0 once it can't.
    pub breach_probability: f64,
    /// How much of the contract's own history stands behind that, in units of information: the
    /// evidence of its clause, and of how much of the limit is used in its state.
    pub evidence: f32,
    /// When it will probably stop; `None` once it has ended.
    pub expected_stop: Option<ExpectedStop>,
}

impl Forecaster {
    /// What is to be expected of a clock in its service hours, by the feature vector that it is at.
    pub fn forecast(
        &self,
        snapshot: &Snapshot<'_>,
        features: &FeatureVector,
        hours: &ServiceHours,
    ) -> Forecast {
        let breach_probability = self.probability(snapshot, features);
        let is_open = matches!(snapshot.phase, Phase::Pending | Phase::Running | Phase::Paused);
        let stop = || {
            let stop = self.remaining.expected_stop(snapshot, breach_probability, hours);
            match snapshot.phase {
                Phase::Paused => {
                    ExpectedStop { time: self.waits.stop_times(snapshot, hours), ..stop }
                }
                _ => stop,
            }
        };
        Forecast {
            breach_probability,
            evidence: self.model.evidence(features),
            expected_stop: is_open.then(stop),
        }
    }

    /// The probability that a clock breaches: the model's, held against what its engineers
    /// estimate.
    pub fn breach_probability(&self, snapshot: &Snapshot<'_>) -> f64 {
        self.probability(snapshot, &FeatureVector::of(snapshot))
    }

    fn probability(&self, snapshot: &Snapshot<'_>, features: &FeatureVector) -> f64 {
        if let Some(certain) = certain(snapshot) {
            return certain;
        }
        let probability = self.model.probability(features);
        match snapshot.effort_remaining() {
            Some(effort) => {
                let group = snapshot.incident.state.group;
                self.estimates.combine(probability, group, effort, snapshot.remaining())
            }
            None => probability,
        }
    }
}

/// What needs no model: a clock that is over its limit, or ended within it.
fn certain(snapshot: &Snapshot<'_>) -> Option<f64> {
    let is_over = snapshot.elapsed > snapshot.limit;
    match (snapshot.outcome, snapshot.phase) {
        (Outcome::Breached, _) => Some(1.0),
        _ if is_over => Some(1.0),
        (Outcome::Met, _) | (_, Phase::Stopped | Phase::Cancelled) => Some(0.0),
        _ => None,
    }
}
