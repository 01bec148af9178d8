//! What open clocks will teach once they are decided.

use std::collections::BTreeMap;

use super::landmark::Landmark;
use super::model::Model;
use crate::domain::time::Instant;

/// A model, and the landmarks of each clock `C` that is still undecided.
///
/// Landmarks and decisions are told in the order they occurred. What a clock teaches it teaches
/// once: the landmarks of a clock that goes on after it was decided are new ones.
#[derive(Clone, Debug, Default)]
pub struct Learner<C> {
    model: Model,
    pending: BTreeMap<C, Vec<Landmark>>,
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
    pub fn pass(&mut self, clock: C, landmark: Landmark) {
        self.pending.entry(clock).or_default().push(landmark);
    }

    /// A clock was decided.
    pub fn decide(&mut self, clock: &C, is_breached: bool, decide_time: Instant) {
        let landmarks = self.pending.remove(clock).unwrap_or_default();
        self.model.decide(&landmarks, is_breached, decide_time);
    }

    /// A clock will never be decided: it teaches nothing.
    pub fn forget(&mut self, clock: &C) {
        self.pending.remove(clock);
    }

    /// The landmarks of undecided clocks.
    pub fn pending(&self) -> &BTreeMap<C, Vec<Landmark>> {
        &self.pending
    }
}
