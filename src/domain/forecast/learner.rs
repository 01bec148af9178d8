//! Learns from clocks when they are decided, by the feature vectors they left before.

use std::collections::BTreeMap;

use super::feature_vector::FeatureVector;
use super::model::Model;
use crate::domain::time::Instant;

/// A model, and the feature vectors of each undecided clock; `C` names a clock.
///
/// Feature vectors and decisions must come in the order they occurred. A feature vector is learnt
/// from once: a clock that goes on after a decision begins with none.
#[derive(Clone, Debug, Default)]
pub struct Learner<C> {
    model: Model,
    pending: BTreeMap<C, Vec<FeatureVector>>,
}

impl<C: Ord> Learner<C> {
    /// A learner that continues with a model.
    pub fn new(model: Model) -> Learner<C> {
        Learner { model, pending: BTreeMap::new() }
    }

    /// The model so far.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Keeps a feature vector of an undecided clock.
    pub fn pass(&mut self, clock: C, features: FeatureVector) {
        self.pending.entry(clock).or_default().push(features);
    }

    /// Learns from the feature vectors of a clock that was decided.
    pub fn decide(&mut self, clock: &C, is_breached: bool, decide_time: Instant) {
        let feature_vectors = self.pending.remove(clock).unwrap_or_default();
        self.model.decide(&feature_vectors, is_breached, decide_time);
    }

    /// Drops the feature vectors of a clock that will never be decided.
    pub fn forget(&mut self, clock: &C) {
        self.pending.remove(clock);
    }

    /// The feature vectors of undecided clocks.
    pub fn pending(&self) -> &BTreeMap<C, Vec<FeatureVector>> {
        &self.pending
    }
}
