//! What open clocks will teach once they are decided.

use std::collections::BTreeMap;

use super::feature_vector::FeatureVector;
use super::model::Model;
use crate::domain::time::Instant;

/// A model, and the feature vectors of each clock `C` that is still undecided.
///
/// Feature vectors and decisions come in the order they occurred. What a clock teaches it teaches
/// once: the feature vectors of a clock that goes on after it was decided are new ones.
#[derive(Clone, Debug, Default)]
pub struct Learner<C> {
    model: Model,
    pending: BTreeMap<C, Vec<FeatureVector>>,
}

impl<C: Ord> Learner<C> {
    /// A learner that goes on from a model.
    pub fn new(model: Model) -> Learner<C> {
        Learner { model, pending: BTreeMap::new() }
    }

    /// What is learnt so far.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// An undecided clock came by here.
    pub fn pass(&mut self, clock: C, features: FeatureVector) {
        self.pending.entry(clock).or_default().push(features);
    }

    /// A clock was decided.
    pub fn decide(&mut self, clock: &C, is_breached: bool, decide_time: Instant) {
        let feature_vectors = self.pending.remove(clock).unwrap_or_default();
        self.model.decide(&feature_vectors, is_breached, decide_time);
    }

    /// A clock will never be decided: it teaches nothing.
    pub fn forget(&mut self, clock: &C) {
        self.pending.remove(clock);
    }

    /// The feature vectors of undecided clocks.
    pub fn pending(&self) -> &BTreeMap<C, Vec<FeatureVector>> {
        &self.pending
    }
}
