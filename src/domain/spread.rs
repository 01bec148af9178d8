//! Spreads: histograms of times that can be added up and still give percentiles.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::time_sum::TimeSum;

/// Up to so many different times percentiles are exact.
const EXACT_MAX: usize = 4_096;
/// From here on a percentile of more times than that is given in whole minutes.
const HOUR: u64 = 3_600;
const MINUTE: u64 = 60;

/// A histogram of times in whole seconds. Spreads add up, and what was added can be subtracted
/// again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    times: BTreeMap<u64, u64>,
}

impl Spread {
    /// The spread of a single time.
    pub fn of(time: TimeSum) -> Spread {
        let (seconds, _) = time.parts();
        Spread::from_counts([(seconds, 1)])
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
    /// all do not exceed. It is exact to the second while there are few different times; of more
    /// than 4,096 it is rounded down to the minute from an hour on. `None` when the spread is
    /// empty.
    pub fn percentile(&self, hundredths: u64) -> Option<TimeSum> {
        let all: u64 = self.times.values().sum();
        let rank = (all * hundredths).div_ceil(100).max(1);
        let mut passed = 0;
        let found = self.times.iter().find(|(_, count)| {
            passed += **count;
            passed >= rank
        });
        let is_exact = self.times.len() <= EXACT_MAX;
        let shown = |seconds: u64| if is_exact { seconds } else { to_minutes(seconds) };
        found.map(|(seconds, _)| TimeSum::from_parts(shown(*seconds), 0))
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
            subtract_count(&mut self.times, seconds, less);
        }
    }
}

/// Subtracts from the count of a key; what comes to nothing is not kept. It does not look at the
/// others, which may be very many.
pub(super) fn subtract_count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, less: u64) {
    if let Entry::Occupied(mut count) = counts.entry(key) {
        match count.get().saturating_sub(less) {
            0 => drop(count.remove()),
            left => *count.get_mut() = left,
        }
    }
}

/// Rounded down to the minute from an hour on.
fn to_minutes(seconds: u64) -> u64 {
    if seconds < HOUR { seconds } else { seconds / MINUTE * MINUTE }
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

    fn counted(times: impl IntoIterator<Item = u64>) -> Spread {
        Spread::from_counts(times.into_iter().map(|seconds| (seconds, 1)))
    }

    /// P8: P50 of one clock of 39 h 50 min is 39 h 50 min, to the second.
    #[test]
    fn a_percentile_of_few_is_exact() {
        for seconds in [0, 59, 3_599, 3_661, 143_400, 143_459, 9_999_999] {
            let found = Spread::of(TimeSum::from_parts(seconds, 999)).percentile(50);
            assert_eq!(found, Some(TimeSum::from_parts(seconds, 0)));
        }
        let most = counted(143_459..143_459 + EXACT_MAX as u64);
        assert_eq!(most.percentile(1), Some(TimeSum::from_parts(143_499, 0)));
    }

    /// P8: of many, a percentile has whole minutes, whatever the order they were added in.
    #[test]
    fn a_percentile_of_many_has_no_digits_it_does_not_have() {
        let (few, more) = (counted(7_201..7_301), counted(100_000..100_000 + EXACT_MAX as u64));
        for [first, second] in [[&few, &more], [&more, &few]] {
            let mut sum = first.clone();
            sum.add(second);
            let found = [1, 50, 99].map(|hundredths| sum.percentile(hundredths));
            let expected = [7_200, 101_940, 104_040].map(|s| Some(TimeSum::from_parts(s, 0)));
            assert_eq!(found, expected);
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
