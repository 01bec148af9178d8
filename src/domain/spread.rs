//! Spreads: histograms of times that can be added up and still give percentiles.

use std::collections::BTreeMap;

use super::time_sum::TimeSum;

/// A histogram of times in seconds, truncated to three significant digits. Spreads add up, and what
/// was added can be subtracted again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    times: BTreeMap<u64, u64>,
}

impl Spread {
    /// The spread of a single time.
    pub fn of(time: TimeSum) -> Spread {
        let (seconds, _) = time.parts();
        Spread::from_counts([(significant(seconds), 1)])
    }

    /// Each time in seconds and how often it occurred, the shortest first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.times.iter().map(|(seconds, count)| (*seconds, *count))
    }

    /// The spread with these counts, as [`Spread::iter`] lists them.
    pub fn from_counts(counts: impl IntoIterator<Item = (u64, u64)>) -> Spread {
        Spread { times: counts.into_iter().filter(|(_, count)| *count > 0).collect() }
    }

    /// The percentile `hundredths` by nearest rank: the smallest time that so many hundredths of
    /// all do not exceed. `None` when the spread is empty.
    pub fn percentile(&self, hundredths: u64) -> Option<TimeSum> {
        let all: u64 = self.times.values().sum();
        let rank = (all * hundredths).div_ceil(100).max(1);
        let mut passed = 0;
        let found = self.times.iter().find(|(_, count)| {
            passed += **count;
            passed >= rank
        });
        found.map(|(seconds, _)| TimeSum::from_parts(*seconds, 0))
    }

    /// Adds the counts of another spread.
    pub fn add(&mut self, other: &Spread) {
        for (seconds, more) in other.iter() {
            *self.times.entry(seconds).or_default() += more;
        }
    }

    /// Subtracts the counts of a spread that was added before.
    pub fn remove(&mut self, other: &Spread) {
        for (seconds, less) in other.iter() {
            if let Some(count) = self.times.get_mut(&seconds) {
                *count = count.saturating_sub(less);
            }
        }
        self.times.retain(|_, count| *count > 0);
    }
}

/// Seconds, truncated to three significant digits.
fn significant(seconds: u64) -> u64 {
    let digits = seconds.checked_ilog10().unwrap_or_default();
    let unit = 10_u64.pow(digits.saturating_sub(2));
    seconds / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let spread = Spread::from_counts((1..=10).map(|seconds| (seconds, 1)));
        let found = [1, 50, 90, 99].map(|p| spread.percentile(p));
        assert_eq!(found, [1, 5, 9, 10].map(|seconds| Some(TimeSum::from_parts(seconds, 0))));
        assert_eq!(Spread::default().percentile(50), None);
    }

    #[test]
    fn times_are_truncated_to_three_significant_digits() {
        for (seconds, cut) in
            [(0, 0), (999, 999), (1_234, 1_230), (14_400, 14_400), (123_999, 123_000)]
        {
            assert_eq!(significant(seconds), cut);
        }
    }

    #[test]
    fn what_was_added_can_be_subtracted_again() {
        let once = |seconds| Spread::of(TimeSum::from_parts(seconds, 0));
        let mut spread = once(60);
        spread.add(&once(90));
        spread.add(&once(60));
        assert_eq!(spread.iter().collect::<Vec<_>>(), [(60, 2), (90, 1)]);
        spread.remove(&once(90));
        spread.remove(&once(60));
        assert_eq!(spread, once(60));
        spread.remove(&once(60));
        assert_eq!(spread, Spread::default());
    }
}
