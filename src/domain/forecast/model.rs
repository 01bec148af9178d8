//! The model: an online logistic regression over a feature vector's weights and curves.
//!
//! `z = w0 + sum of weights + sum of curve values` in log-odds, `p = 1 / (1 + exp(-z))`. When a
//! clock is decided, each of its feature vectors is a lesson: a weight moves by the error divided
//! by its information, which grows with every lesson and fades with a half-life. Weights of values
//! seldom seen therefore stay near their prior, and old lessons are forgotten.

use super::categorical_feature::CategoricalFeature;
use super::curve::{Position, isotonic_fit, value};
use super::curve_feature::{CURVE_FEATURES, CurveFeature};
use super::feature_vector::FeatureVector;
use super::key::{ByKey, Key};
use super::prior::prior;
use super::weight::{Lesson, Weight};
use crate::domain::time::Instant;

/// The version of the model. It changes whenever the same history would give other figures.
pub const MODEL_VERSION: u32 = 4;

/// The base rate of breaches where nothing is known.
const PRIOR_SHARE: f64 = 0.23;
/// The least information of a lesson, however certain its outcome was.
const INFORMATION_LEAST: f32 = 0.01;
/// The feature vectors of one clock are correlated: each of `n` counts for `n` to the power of
/// minus this.
const CORRELATION_EXPONENT: f32 = 0.3;
/// Where a breach is more probable than not, something that just happened takes this share of the
/// log-odds off: it is often the beginning of the end. In both organisations that were measured,
/// the weights alone gave 0.8 right after an event where 0.7 breached.
const FRESH_DISCOUNT: f64 = 0.35;
const SECONDS_PER_DAY: i64 = 86_400;

/// What is learnt of the clocks of a contract.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    weights: ByKey<Weight>,
    curves: ByKey<Vec<Weight>>,
    decided: u64,
    breached: u64,
}

impl Model {
    /// The probability that a clock with this feature vector breaches, 0 to 1.
    pub fn probability(&self, features: &FeatureVector) -> f64 {
        let log_odds = self.contributions(features).fold(base_log_odds(), |z, c| z + f64::from(c));
        let discount = FRESH_DISCOUNT * f64::from(features.freshness);
        1.0 / (1.0 + (discount * log_odds.max(0.0) - log_odds).exp())
    }

    /// What each categorical feature, then each curve feature, adds to the log-odds.
    pub fn contributions(&self, features: &FeatureVector) -> impl Iterator<Item = f32> {
        let categorical_features = features.keys.iter().map(|key| self.weight(*key).value);
        let points = CURVE_FEATURES.iter().zip(&features.points);
        let curve_features =
            points.map(|(curve_feature, (key, at))| value(self.curve(*curve_feature, *key), *at));
        categorical_features.chain(curve_features)
    }

    /// The weight of a key; the prior's if nothing was learnt of it.
    pub fn weight(&self, key: Key) -> Weight {
        let learnt = self.weights.get(&key).copied();
        learnt.unwrap_or_else(|| prior().weight(key))
    }

    /// The knots of a curve; the prior's if nothing was learnt of it.
    pub fn curve(&self, curve_feature: CurveFeature, key: Key) -> &[Weight] {
        self.curves.get(&key).map_or_else(|| prior().curve(curve_feature, key), Vec::as_slice)
    }

    /// The information beyond the prior in the weight of a feature vector's clause, and at its
    /// position on the curve of the share used.
    pub fn evidence(&self, features: &FeatureVector) -> f32 {
        let clause =
            features.key(CategoricalFeature::Clause).map(|key| self.weight(key).evidence());
        let used = features.point(CurveFeature::ShareUsed);
        let used = used.map(|(key, at)| self.curve_evidence(CurveFeature::ShareUsed, key, at));
        clause.unwrap_or_default() + used.unwrap_or_default()
    }

    /// The information beyond the prior in a curve at a position.
    pub fn curve_evidence(&self, curve_feature: CurveFeature, key: Key, at: Position) -> f32 {
        let knots = self.curve(curve_feature, key);
        let of = |(knot, part): (usize, f32)| {
            knots.get(knot).map_or(0.0, |weight| part * weight.evidence())
        };
        at.parts().into_iter().map(of).sum()
    }

    /// Learns from a decided clock: from each feature vector it left, in their order.
    pub fn decide(
        &mut self,
        feature_vectors: &[&FeatureVector],
        is_breached: bool,
        decide_time: Instant,
    ) {
        let day = (decide_time.seconds() / SECONDS_PER_DAY) as u32;
        self.decided += 1;
        self.breached += u64::from(is_breached);
        let part = (feature_vectors.len() as f32).powf(-CORRELATION_EXPONENT);
        for features in feature_vectors {
            self.learn(features, is_breached, part, day);
        }
    }

    /// How many clocks were decided, and how many of them breached.
    pub fn history(&self) -> (u64, u64) {
        (self.decided, self.breached)
    }

    /// The learnt weights, by their keys.
    pub fn weights(&self) -> Vec<(Key, Weight)> {
        sorted(&self.weights)
    }

    /// The learnt curves, by their keys.
    pub fn curves(&self) -> Vec<(Key, Vec<Weight>)> {
        sorted(&self.curves)
    }

    /// The model with this history, these weights and these curves, as they were listed by the
    /// methods of those names.
    pub fn restored(
        history: (u64, u64),
        weights: impl IntoIterator<Item = (Key, Weight)>,
        curves: impl IntoIterator<Item = (Key, Vec<Weight>)>,
    ) -> Model {
        Model {
            weights: weights.into_iter().collect(),
            curves: curves.into_iter().collect(),
            decided: history.0,
            breached: history.1,
        }
    }

    fn learn(&mut self, features: &FeatureVector, is_breached: bool, part: f32, day: u32) {
        let p = self.probability(features);
        let truth = if is_breached { 1.0 } else { 0.0 };
        let information = ((p * (1.0 - p)) as f32).max(INFORMATION_LEAST);
        let lesson = Lesson { error: (p - truth) as f32, information, day };
        for key in &features.keys {
            let weight = self.weights.entry(*key).or_insert_with(|| prior().weight(*key));
            weight.learn(lesson, part);
        }
        for (curve_feature, (key, at)) in CURVE_FEATURES.iter().zip(&features.points) {
            let unlearnt = || prior().curve(*curve_feature, *key).to_vec();
            let curve = self.curves.entry(*key).or_insert_with(unlearnt);
            for (knot, share) in at.parts() {
                if let Some(weight) = curve.get_mut(knot).filter(|_| share > 0.0) {
                    weight.learn(lesson, part * share);
                }
            }
            isotonic_fit(curve);
        }
    }
}

fn sorted<T: Clone>(learnt: &ByKey<T>) -> Vec<(Key, T)> {
    let mut sorted: Vec<_> = learnt.iter().map(|(key, of)| (*key, of.clone())).collect();
    sorted.sort_by_key(|(key, _)| *key);
    sorted
}

fn base_log_odds() -> f64 {
    (PRIOR_SHARE / (1.0 - PRIOR_SHARE)).ln()
}
