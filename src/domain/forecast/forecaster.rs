//! Forecasts a clock: its breach probability and when it will stop.

use super::alike::Alike;
use super::effort::{Effort, Estimates};
use super::feature_vector::FeatureVector;
use super::model::Model;
use super::remaining::{ExpectedStop, Remaining};
use super::snapshot::Snapshot;
use super::stop_features::StopFeatures;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Outcome, Phase};

/// All that was learnt from a contract's clocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecaster {
    /// The breach model.
    pub model: Model,
    /// The estimation errors of its teams.
    pub estimates: Estimates,
    /// How much longer clocks ran, by stratum.
    pub remaining: Remaining,
    /// How clocks alike turned out.
    pub alike: Alike,
}

/// The forecast of a clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The probability that it breaches, 0 to 1: 1 once it has, 0 once it can't any more.
    pub breach_probability: f64,
    /// How much of the contract's own history is behind that: the information, beyond the prior, in
    /// the weight of its clause and in its place on the curve of the share used.
    pub evidence: f32,
    /// When it will probably stop; `None` when it has ended.
    pub expected_stop: Option<ExpectedStop>,
}

impl Forecaster {
    /// Forecasts a clock in its service hours; `features` is the snapshot's feature vector.
    pub fn forecast(
        &self,
        snapshot: &Snapshot<'_>,
        features: &FeatureVector,
        hours: &ServiceHours,
    ) -> Forecast {
        let breach_probability = self.probability(snapshot, features);
        let is_open = matches!(snapshot.phase, Phase::Pending | Phase::Running | Phase::Paused);
        let stop = || {
            let features = StopFeatures::of(snapshot, hours);
            self.remaining.expected_stop(&features, breach_probability, snapshot.time, hours)
        };
        Forecast {
            breach_probability,
            evidence: self.model.evidence(features),
            expected_stop: is_open.then(stop),
        }
    }

    /// The probability that a clock breaches, 0 to 1: the model's, combined with an estimate of the
    /// remaining work if there is one.
    pub fn breach_probability(&self, snapshot: &Snapshot<'_>) -> f64 {
        self.probability(snapshot, &FeatureVector::of(snapshot))
    }

    fn probability(&self, snapshot: &Snapshot<'_>, features: &FeatureVector) -> f64 {
        if let Some(certain) = certain(snapshot) {
            return certain;
        }
        self.probability_of(features, snapshot.effort().as_ref())
    }

    /// The probability that an undecided clock within its limit breaches, from what the model sees
    /// of it and the estimate of the work left, if there is one.
    pub fn probability_of(&self, features: &FeatureVector, effort: Option<&Effort>) -> f64 {
        let probability = self.model.probability(features);
        effort.map_or(probability, |effort| self.estimates.combine(probability, effort))
    }
}

/// The probability where it is certain: of a clock that is over its limit, or ended within it.
fn certain(snapshot: &Snapshot<'_>) -> Option<f64> {
    let is_over = snapshot.elapsed > snapshot.limit;
    match (snapshot.outcome, snapshot.phase) {
        (Outcome::Breached, _) => Some(1.0),
        _ if is_over => Some(1.0),
        (Outcome::Met, _) | (_, Phase::Stopped | Phase::Cancelled) => Some(0.0),
        _ => None,
    }
}
