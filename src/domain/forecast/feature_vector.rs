//! Feature vectors: which learnt weights and curve positions a snapshot selects.

use super::categorical_feature::{CATEGORICAL_FEATURES, CategoricalFeature};
use super::curve::Position;
use super::curve_feature::{CURVE_FEATURES, CurveFeature};
use super::key::Key;
use super::snapshot::Snapshot;

/// For this long after something happened a clock counts as fresh.
const FRESH_HOURS: f32 = 1.0;

/// What the model sees of a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureVector {
    /// The key of the weight for each of [`CATEGORICAL_FEATURES`].
    pub keys: [Key; CATEGORICAL_FEATURES.len()],
    /// The key of the curve for each of [`CURVE_FEATURES`], and the position on it.
    pub points: [(Key, Position); CURVE_FEATURES.len()],
    /// 1 right after something happened, falling to 0 within the hour.
    pub freshness: f32,
}

impl FeatureVector {
    /// The feature vector of a snapshot.
    pub fn of(snapshot: &Snapshot<'_>) -> FeatureVector {
        FeatureVector {
            keys: CATEGORICAL_FEATURES.map(|of| of.key(snapshot)),
            points: CURVE_FEATURES.map(|of| of.point(snapshot)),
            freshness: (1.0 - snapshot.idle_hours() / FRESH_HOURS).max(0.0),
        }
    }

    /// The key of a categorical feature's weight.
    pub fn key(&self, of: CategoricalFeature) -> Option<Key> {
        CATEGORICAL_FEATURES
            .iter()
            .zip(self.keys)
            .find_map(|(other, key)| (*other == of).then_some(key))
    }

    /// The key of a curve feature's curve, and the position on it.
    pub fn point(&self, of: CurveFeature) -> Option<(Key, Position)> {
        CURVE_FEATURES
            .iter()
            .zip(self.points)
            .find_map(|(other, point)| (*other == of).then_some(point))
    }
}
