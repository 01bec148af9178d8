//! How many clocks breach: the exact Poisson binomial distribution.

/// Probabilities below this are cut off at either end of the distribution: less than the precision
/// of a float. 10,000 clocks lose less than 1e-11 in all.
const CUT_OFF: f64 = 1e-16;

/// So many clocks are added one by one. More are counted in two halves.
const ONE_BY_ONE_MAX: usize = 32;

/// The probability distribution of a number of breaches.
#[derive(Clone, Debug, PartialEq)]
pub struct BreachCounts {
    /// The least count that is kept.
    first: usize,
    /// The probabilities of that count and those after it.
    shares: Vec<f64>,
}

impl BreachCounts {
    /// The number of breaches among independent clocks with these probabilities.
    ///
    /// Few clocks are added one by one: `f(k) = f(k) (1 - p) + f(k - 1) p`; of more, both halves
    /// are counted and added up. Only the probabilities above the cut-off are carried along. So
    /// adding up costs by the square of the spread of the sum, which is the number of clocks at
    /// most, and as much again each time that their number doubles.
    pub fn of(probabilities: &[f64]) -> BreachCounts {
        if probabilities.len() > ONE_BY_ONE_MAX {
            let (some, others) = probabilities.split_at(probabilities.len() / 2);
            let mut counted = BreachCounts::of(some).plus(&BreachCounts::of(others));
            counted.trim();
            return counted;
        }
        let mut counted = BreachCounts { first: 0, shares: vec![1.0] };
        let mut next = Vec::new();
        for probability in probabilities {
            counted.add(probability.clamp(0.0, 1.0), &mut next);
        }
        counted.trim();
        counted
    }

    /// The counts above the cut-off with their probabilities, the least first.
    pub fn shares(&self) -> impl Iterator<Item = (usize, f64)> {
        (self.first..).zip(self.shares.iter().copied())
    }

    /// The probability of a count.
    pub fn share(&self, count: usize) -> f64 {
        let place = count.checked_sub(self.first);
        place.and_then(|place| self.shares.get(place)).copied().unwrap_or(0.0)
    }

    /// The mean count.
    pub fn mean(&self) -> f64 {
        self.shares().map(|(count, share)| count as f64 * share).sum()
    }

    /// The distribution of the sum of this and an independent count.
    pub fn plus(&self, other: &BreachCounts) -> BreachCounts {
        let mut shares = vec![0.0; self.shares.len() + other.shares.len() - 1];
        for (place, share) in self.shares.iter().enumerate() {
            for (sum, of) in shares.iter_mut().skip(place).zip(&other.shares) {
                *sum += share * of;
            }
        }
        BreachCounts { first: self.first + other.first, shares }
    }

    /// The distribution without one of the clocks that were added. The recurrence is undone from
    /// the end at which rounding errors shrink.
    pub fn without(&self, probability: f64) -> BreachCounts {
        let count = self.shares.len();
        let mut shares = vec![0.0; count];
        let mut last = 0.0;
        if probability < 0.5 {
            for (share, of) in shares.iter_mut().zip(&self.shares) {
                last = ((of - last * probability) / (1.0 - probability)).max(0.0);
                *share = last;
            }
            return BreachCounts { first: self.first, shares };
        }
        for (share, of) in shares.iter_mut().zip(&self.shares).rev() {
            last = ((of - last * (1.0 - probability)) / probability).max(0.0);
            *share = last;
        }
        // What was shifted up by the clock's breach is shifted down again.
        match self.first.checked_sub(1) {
            Some(first) => BreachCounts { first, shares },
            None => BreachCounts { first: 0, shares: shares.split_off(1.min(count - 1)) },
        }
    }

    /// The negative binomial distribution of this mean and variance; Poisson where the variance is
    /// not above the mean.
    pub fn arriving(mean: f64, variance: f64) -> BreachCounts {
        let mut counted = BreachCounts { first: 0, shares: Vec::new() };
        if mean <= 0.0 {
            return BreachCounts { shares: vec![1.0], ..counted };
        }
        let excess = variance - mean;
        let size = if excess > 0.0 { mean * mean / excess } else { f64::INFINITY };
        let mut log_share = match size.is_finite() {
            true => size * (size / (size + mean)).ln(),
            false => -mean,
        };
        let mut sum = 0.0;
        for count in 0u32.. {
            let share = log_share.exp();
            sum += share;
            counted.shares.push(share);
            let is_past = f64::from(count) > mean;
            if is_past && share < CUT_OFF * sum.max(f64::MIN_POSITIVE) {
                break;
            }
            let count = f64::from(count);
            log_share += match size.is_finite() {
                true => ((count + size) / (count + 1.0) * (mean / (size + mean))).ln(),
                false => (mean / (count + 1.0)).ln(),
            };
        }
        counted.trim();
        counted
    }

    fn add(&mut self, probability: f64, next: &mut Vec<f64>) {
        let rest = 1.0 - probability;
        next.clear();
        next.push(self.shares.first().map_or(0.0, |share| share * rest));
        let pairs = self.shares.iter().zip(self.shares.iter().skip(1));
        next.extend(pairs.map(|(before, share)| share * rest + before * probability));
        next.push(self.shares.last().map_or(0.0, |share| share * probability));
        std::mem::swap(&mut self.shares, next);
    }

    fn trim(&mut self) {
        while self.shares.len() > 1 && self.shares.last().is_some_and(|share| *share < CUT_OFF) {
            self.shares.pop();
        }
        let nothing = self.shares.iter().take_while(|share| **share < CUT_OFF).count();
        let nothing = nothing.min(self.shares.len() - 1);
        if nothing > 0 {
            self.shares.drain(..nothing);
            self.first += nothing;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By walking through every combination.
    fn enumerated(probabilities: &[f64]) -> Vec<f64> {
        let mut shares = vec![0.0; probabilities.len() + 1];
        for which in 0u32..1 << probabilities.len() {
            let of = |(clock, p): (usize, &f64)| if which >> clock & 1 == 1 { *p } else { 1.0 - p };
            let share: f64 = probabilities.iter().enumerate().map(of).product();
            shares[which.count_ones() as usize] += share;
        }
        shares
    }

    proptest! {
        #[test]
        fn it_is_what_enumeration_gives(
            probabilities in prop::collection::vec(
                prop_oneof![Just(0.0), Just(1.0), 0f64..1.0], 0..11,
            ),
        ) {
            let counted = BreachCounts::of(&probabilities);
            for (count, share) in enumerated(&probabilities).into_iter().enumerate() {
                prop_assert!((counted.share(count) - share).abs() < 1e-12, "{count}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_clock_can_be_taken_out_again(
            probabilities in prop::collection::vec(0f64..1.0, 1..40),
            which in any::<prop::sample::Index>(),
        ) {
            let whole = BreachCounts::of(&probabilities);
            let mut others = probabilities.clone();
            let out = others.remove(which.index(others.len()));
            let expected = BreachCounts::of(&others);
            let found = whole.without(out);
            for count in 0..probabilities.len() {
                prop_assert!((found.share(count) - expected.share(count)).abs() < 1e-9, "{count}");
            }
        }
    }

    #[test]
    fn nothing_is_lost_of_ten_thousand_clocks() {
        let probabilities: Vec<_> = (0..10_000).map(|i| f64::from(i % 97) / 96.0).collect();
        let mean: f64 = probabilities.iter().sum();
        let counted = BreachCounts::of(&probabilities);
        let sum: f64 = counted.shares().map(|(_, share)| share).sum();
        assert!((sum - 1.0).abs() < 1e-10, "{sum}");
        assert!((counted.mean() - mean).abs() < 1e-6);
        assert!(counted.shares.len() < 1000, "{}", counted.shares.len());
    }

    #[test]
    fn arrivals_have_their_mean_and_variance() {
        for (mean, variance) in [(3.0, 3.0), (40.0, 280.0), (0.0, 0.0), (900.0, 900.0)] {
            let counted = BreachCounts::arriving(mean, variance);
            let sum: f64 = counted.shares().map(|(_, share)| share).sum();
            let square = |(count, share): (usize, f64)| (count as f64 - mean).powi(2) * share;
            let spread: f64 = counted.shares().map(square).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
            assert!((counted.mean() - mean).abs() < 1e-3);
            assert!((spread - variance).abs() < 0.01 * variance.max(1.0), "{spread}");
        }
    }
}
