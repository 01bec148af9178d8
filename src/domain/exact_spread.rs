//! Exact spreads: histograms of times to the nanosecond, for what verdicts and money rest on.

use std::collections::BTreeMap;

use super::share::Share;
use super::spread::subtract_count;
use super::time::Span;
use super::time_sum::TimeSum;

/// How often which times occurred, exactly. What was added can be subtracted again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExactSpread {
    times: BTreeMap<Span, u64>,
}

impl ExactSpread {
    /// The spread of a single time; a negative one counts as none.
    pub fn of(time: Span) -> ExactSpread {
        let mut spread = ExactSpread::default();
        spread.add_one(time);
        spread
    }

    /// The spread with these counts, as [`ExactSpread::iter`] lists them.
    pub fn from_counts(counts: impl IntoIterator<Item = (Span, u64)>) -> ExactSpread {
        ExactSpread { times: counts.into_iter().filter(|(_, count)| *count > 0).collect() }
    }

    /// Each time and how often it occurred, the shortest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Span, u64)> {
        self.times.iter().map(|(time, count)| (*time, *count))
    }

    /// How many times there are.
    pub fn count(&self) -> u64 {
        self.times.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// How many of them are longer than a span.
    pub fn longer_than(&self, span: Span) -> u64 {
        let longer = self.iter().rev().take_while(|(time, _)| *time > span);
        longer.fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// All of them added up.
    pub fn total(&self) -> TimeSum {
        let times = self.iter().map(|(time, count)| TimeSum::from(time).times(count.into()));
        times.fold(TimeSum::ZERO, |sum, time| sum + time)
    }

    /// The percentile by nearest rank: the smallest time that so large a share of all do not
    /// exceed, exactly. `None` when there are none.
    pub fn percentile(&self, share: Share) -> Option<Span> {
        let rank = share.smallest_part(self.count()).max(1);
        let mut passed = 0_u64;
        let found = self.iter().find(|(_, count)| {
            passed = passed.saturating_add(*count);
            passed >= rank
        });
        found.map(|(time, _)| time)
    }

    /// The longest `count` of them.
    pub fn longest(&self, count: u64) -> ExactSpread {
        let mut left = count;
        let taken = self.iter().rev().map(|(time, count)| {
            let taken = count.min(left);
            left -= taken;
            (time, taken)
        });
        ExactSpread::from_counts(taken)
    }

    /// Adds a single time; a negative one counts as none.
    pub fn add_one(&mut self, time: Span) {
        let count = self.times.entry(time.max(Span::ZERO)).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds the counts of another spread.
    pub fn add(&mut self, other: &ExactSpread) {
        for (time, more) in other.iter() {
            let count = self.times.entry(time).or_default();
            *count = count.saturating_add(more);
        }
    }

    /// Subtracts the counts of a spread that was added before.
    pub fn remove(&mut self, other: &ExactSpread) {
        for (time, less) in other.iter() {
            subtract_count(&mut self.times, time, less);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(nanos: &[(i64, u64)]) -> ExactSpread {
        let counts = nanos.iter().map(|(nanos, count)| (Span::from_nanos(*nanos), *count));
        ExactSpread::from_counts(counts)
    }

    #[test]
    fn times_are_kept_to_the_nanosecond() {
        let found = spread(&[(1, 2), (2, 1), (5, 1)]);
        assert_eq!((found.count(), found.total().nanos()), (4, 9));
        let longer = [0, 1, 2, 4, 5].map(|nanos| found.longer_than(Span::from_nanos(nanos)));
        assert_eq!(longer, [4, 2, 1, 1, 0]);
        let shares = ["0", "50", "50.0001", "75", "75.0001", "100"];
        let shares = shares.map(|percent| Share::from_percent(percent).unwrap());
        let percentiles = shares.map(|share| found.percentile(share).map(Span::nanos));
        assert_eq!(percentiles, [1, 1, 2, 2, 5, 5].map(Some));
        assert_eq!(spread(&[]).percentile(Share::HALF), None);
    }

    #[test]
    fn the_longest_are_taken_first_and_what_was_added_can_be_subtracted() {
        let found = spread(&[(1, 2), (2, 2), (5, 1)]);
        assert_eq!(found.longest(2), spread(&[(2, 1), (5, 1)]));
        assert_eq!(found.longest(0), spread(&[]));
        assert_eq!(found.longest(9), found);
        let mut sum = found.clone();
        sum.add(&spread(&[(2, 1), (7, 1)]));
        sum.remove(&found);
        assert_eq!(sum, spread(&[(2, 1), (7, 1)]));
        assert_eq!(ExactSpread::of(Span::from_nanos(-1)), spread(&[(0, 1)]));
    }
}
