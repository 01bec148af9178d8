//! A logistic regression that is fitted anew now and then to all that was decided by then: what a
//! team would build that exports its tickets once a week.

use std::collections::HashMap;

use super::curve_feature::CURVE_FEATURES;
use super::feature_vector::FeatureVector;
use super::key::Key;

/// How often all examples are gone through at each fit.
const EPOCHS: usize = 4;
/// The steps of AdaGrad (Duchi et al. 2011).
const STEP: f64 = 0.15;
/// How far weights are drawn to zero: as much as an example in so many would.
const RIDGE: f64 = 1e-4;
/// The log-odds where nothing was fitted yet.
const UNFITTED: f64 = -1.2;

/// What one feature vector selects: weights by their places, each with its share.
type Selection = Vec<(u32, f32)>;

/// The regression, and the examples it is fitted to.
#[derive(Clone, Debug, Default)]
pub struct Logistic {
    places: HashMap<(Key, u8), u32>,
    examples: Vec<(Selection, bool)>,
    weights: Vec<f64>,
    squares: Vec<f64>,
}

impl Logistic {
    /// Adds an example; it counts from the next fit on.
    pub fn learn(&mut self, features: &FeatureVector, is_breached: bool) {
        let row = self.row(features);
        self.examples.push((row, is_breached));
    }

    /// Fits the weights to all examples.
    pub fn fit(&mut self) {
        self.weights.resize(self.places.len(), 0.0);
        self.squares.resize(self.places.len(), 1e-6);
        for _ in 0..EPOCHS {
            for (row, is_breached) in &self.examples {
                let p = 1.0 / (1.0 + (-log_odds(&self.weights, row)).exp());
                let error = p - f64::from(u8::from(*is_breached));
                for (place, share) in row {
                    let place = *place as usize;
                    let (Some(weight), Some(square)) =
                        (self.weights.get_mut(place), self.squares.get_mut(place))
                    else {
                        continue;
                    };
                    let slope = error * f64::from(*share) + RIDGE * *weight;
                    *square += slope * slope;
                    *weight -= STEP * slope / square.sqrt();
                }
            }
        }
    }

    /// The breach probability of a feature vector, 0 to 1.
    pub fn probability(&self, features: &FeatureVector) -> f64 {
        let selected = selected(features);
        let row: Selection =
            selected.filter_map(|(name, share)| Some((*self.places.get(&name)?, share))).collect();
        let z = if self.weights.is_empty() { UNFITTED } else { log_odds(&self.weights, &row) };
        1.0 / (1.0 + (-z).exp())
    }

    fn row(&mut self, features: &FeatureVector) -> Selection {
        let mut row = Selection::new();
        for (name, share) in selected(features) {
            let next = self.places.len() as u32;
            row.push((*self.places.entry(name).or_insert(next), share));
        }
        row
    }
}

fn log_odds(weights: &[f64], row: &Selection) -> f64 {
    let of = |(place, share): &(u32, f32)| {
        weights.get(*place as usize).copied().unwrap_or_default() * f64::from(*share)
    };
    row.iter().map(of).sum()
}

/// The weights that a feature vector selects: one for each value, and the knots of curves.
fn selected(features: &FeatureVector) -> impl Iterator<Item = ((Key, u8), f32)> + '_ {
    let values = features.keys.iter().map(|key| ((*key, 0), 1.0));
    let knots = CURVE_FEATURES.iter().zip(&features.points).flat_map(|(_, (key, at))| {
        at.parts().into_iter().map(|(knot, share)| ((*key, knot as u8 + 1), share))
    });
    values.chain(knots.filter(|(_, share)| *share > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::forecast::{CATEGORICAL_FEATURES, Position};

    #[test]
    fn it_finds_the_rate_of_each_value() {
        let features = |key| FeatureVector {
            keys: [Key(key); CATEGORICAL_FEATURES.len()],
            points: [(Key(9), Position::default()); CURVE_FEATURES.len()],
            freshness: 0.0,
        };
        let mut fitted = Logistic::default();
        for place in 0..2_000 {
            fitted.learn(&features(1), place % 10 == 0);
            fitted.learn(&features(2), place % 10 != 0);
        }
        fitted.fit();
        let of = |key| fitted.probability(&features(key));
        assert!((of(1) - 0.1).abs() < 0.03 && (of(2) - 0.9).abs() < 0.03, "{} {}", of(1), of(2));
    }
}
