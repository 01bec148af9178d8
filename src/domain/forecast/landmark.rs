//! A snapshot in the model's own terms: which weights it touches.

use super::categorical_feature::{TRAITS, Trait};
use super::curve::Position;
use super::curve_feature::{COURSES, Course};
use super::key::Key;
use super::snapshot::Snapshot;

const FRESH_HOURS: f32 = 1.0;

/// The weights that a snapshot touches.
#[derive(Clone, Debug, PartialEq)]
pub struct Landmark {
    /// The weight of each of [`TRAITS`].
    pub keys: [Key; TRAITS.len()],
    /// The curve of each of [`COURSES`], and where on it.
    pub points: [(Key, Position); COURSES.len()],
    /// 1 right after something happened, falling to 0 within the hour.
    pub freshness: f32,
}

impl Landmark {
    /// What a snapshot touches.
    pub fn of(snapshot: &Snapshot<'_>) -> Landmark {
        Landmark {
            keys: TRAITS.map(|of| of.key(snapshot)),
            points: COURSES.map(|of| of.point(snapshot)),
            freshness: (1.0 - snapshot.idle_hours() / FRESH_HOURS).max(0.0),
        }
    }

    /// The weight of a trait.
    pub fn key(&self, of: Trait) -> Option<Key> {
        TRAITS.iter().zip(self.keys).find_map(|(other, key)| (*other == of).then_some(key))
    }

    /// The curve of a course, and where on it.
    pub fn point(&self, of: Course) -> Option<(Key, Position)> {
        COURSES.iter().zip(self.points).find_map(|(other, point)| (*other == of).then_some(point))
    }
}
