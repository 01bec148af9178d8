//! Curves that never fall: values at knots, linearly interpolated between them.
//!
//! Three properties of the forecast follow. A value between two knots is a mixture of theirs, so
//! the probability does not jump from one bin to the next. And after every lesson the curve is
//! replaced by the nearest one that does not fall, where a knot with more evidence moves less: so a
//! clock's probability never falls as service time passes, and never rises with a longer limit.

use super::weight::Weight;

/// The position of a value among a curve's knots.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Position {
    /// The index of the knot before it.
    pub knot: u8,
    /// How far it is towards the next knot, 0 to 1.
    pub fraction: f32,
}

impl Position {
    /// The position of `value` among ascending knots, clamped to the first and the last.
    pub fn among(knots: &[f32], value: f32) -> Position {
        let passed = knots.partition_point(|knot| *knot <= value);
        let before = passed.saturating_sub(1);
        let fraction = match (knots.get(before), knots.get(before + 1)) {
            (Some(from), Some(to)) => ((value - from) / (to - from)).clamp(0.0, 1.0),
            _ => 0.0,
        };
        Position { knot: before as u8, fraction }
    }

    /// The indices of the two knots it lies between, each with its share of the value.
    pub fn parts(self) -> [(usize, f32); 2] {
        let knot = usize::from(self.knot);
        [(knot, 1.0 - self.fraction), (knot + 1, self.fraction)]
    }
}

/// The value, in log-odds, of a curve at a position. It is computed so that rounding does not make
/// it fall either: an increment is added to the knot before, up to the knot after.
pub fn value(knots: &[Weight], at: Position) -> f32 {
    let of = |knot: usize| knots.get(knot).map(|weight| weight.value);
    let before = of(usize::from(at.knot)).unwrap_or(0.0);
    let after = of(usize::from(at.knot) + 1).unwrap_or(before);
    (before + (after - before) * at.fraction).min(after)
}

/// Replaces the values by the nearest ones that do not fall (pool adjacent violators, Ayer et al.
/// 1955): neighbours that fall get their mean, weighted by information.
pub fn isotonic_fit(knots: &mut [Weight]) {
    if knots.is_sorted_by(|a, b| a.value <= b.value) {
        return;
    }
    let mut pools: Vec<Pool> = Vec::with_capacity(knots.len());
    for weight in knots.iter() {
        let mut pool = Pool { value: weight.value, information: weight.information, knots: 1 };
        while let Some(before) = pools.pop_if(|before| before.value > pool.value) {
            pool = before.with(pool);
        }
        pools.push(pool);
    }
    let values = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.value, pool.knots));
    for (weight, value) in knots.iter_mut().zip(values) {
        weight.value = value;
    }
}

#[derive(Clone, Copy)]
struct Pool {
    value: f32,
    information: f32,
    knots: usize,
}

impl Pool {
    fn with(self, other: Pool) -> Pool {
        let information = self.information + other.information;
        let sum = self.value * self.information + other.value * other.information;
        Pool { value: sum / information, information, knots: self.knots + other.knots }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weights(values: &[(f32, f32)]) -> Vec<Weight> {
        let weight = |(value, information): &(f32, f32)| Weight {
            value: *value,
            information: *information,
            day: 0,
        };
        values.iter().map(weight).collect()
    }

    proptest! {
        #[test]
        fn a_fitted_curve_does_not_fall_and_keeps_its_mean(
            values in prop::collection::vec((-3f32..3.0, 1f32..50.0), 1..12),
        ) {
            let mut knots = weights(&values);
            let mean = |knots: &[Weight]| -> f32 {
                knots.iter().map(|weight| weight.value * weight.information).sum()
            };
            let before = mean(&knots);
            isotonic_fit(&mut knots);
            prop_assert!(knots.is_sorted_by(|a, b| a.value <= b.value));
            prop_assert!((mean(&knots) - before).abs() < 0.05);
        }

        #[test]
        fn a_value_moves_no_faster_than_its_curve_rises(x in -1f32..5.0, step in 0f32..0.01) {
            let knots = weights(&[(-1.0, 1.0), (0.5, 1.0), (0.6, 1.0), (2.0, 1.0)]);
            let at = |x| value(&knots, Position::among(&[0.0, 1.0, 2.0, 4.0], x));
            let moved = at(x + step) - at(x);
            prop_assert!((-1e-6..=1.5 * step + 1e-5).contains(&moved), "{moved}");
        }
    }

    #[test]
    fn pools_are_weighted_by_information() {
        let mut knots = weights(&[(1.0, 3.0), (0.0, 1.0), (2.0, 1.0)]);
        isotonic_fit(&mut knots);
        let values: Vec<_> = knots.iter().map(|weight| weight.value).collect();
        assert_eq!(values, [0.75, 0.75, 2.0]);
    }
}
