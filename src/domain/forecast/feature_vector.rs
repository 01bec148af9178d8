//! A snapshot in the model's own terms: which weights it touches.

use super::categorical_feature::{CATEGORICAL_FEATURES, CategoricalFeature};
use super::curve::Position;
use super::curve_feature::{CURVE_FEATURES, CurveFeature};
use super::key::Key;
use super::snapshot::Snapshot;

const FRESH_HOURS: f32 = 1.0;

/// The weights that a snapshot touches.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureVector {
    /// The weight of each of [`CATEGORICAL_FEATURES`].
    pub keys: [Key; CATEGORICAL_FEATURES.len()],
    /// The curve of each of [`CURVE_FEATURES`], and where on it.
    pub points: [(Key, Position); CURVE_FEATURES.len()],
    /// 1 right after something happened, falling to 0 within the hour.
    pub freshness: f32,
}

impl FeatureVector {
    /// What a snapshot touches.
    pub fn of(snapshot: &Snapshot<'_>) -> FeatureVector {
        FeatureVector {
            keys: CATEGORICAL_FEATURES.map(|of| of.key(snapshot)),
            points: CURVE_FEATURES.map(|of| of.point(snapshot)),
            freshness: (1.0 - snapshot.idle_hours() / FRESH_HOURS).max(0.0),
        }
    }

    /// The weight of a trait.
    pub fn key(&self, of: CategoricalFeature) -> Option<Key> {
        CATEGORICAL_FEATURES
            .iter()
            .zip(self.keys)
            .find_map(|(other, key)| (*other == of).then_some(key))
    }

    /// The curve of a course, and where on it.
    pub fn point(&self, of: CurveFeature) -> Option<(Key, Position)> {
        CURVE_FEATURES
            .iter()
            .zip(self.points)
            .find_map(|(other, point)| (*other == of).then_some(point))
    }
}
