//! Entries added up.

use std::collections::BTreeMap;

use super::{Account, Entry};
use crate::domain::clock::Outcome;
use crate::domain::experience::Toll;
use crate::domain::share::Share;
use crate::domain::time::Span;

/// Entries added up, both accounts beside each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By the contract.
    pub contractual: Counts,
    /// As they were experienced.
    pub experienced: Counts,
    /// Met by the contract, or excluded, and breached as they were experienced.
    pub watermelons: u64,
    /// Breached by the contract, and met as they were experienced.
    pub reverse_watermelons: u64,
    /// Met by the contract, or excluded, only thanks to pauses or exclusions.
    pub relieved: u64,
    /// Stopped, and left to lie meanwhile.
    pub left_lying: u64,
    /// What the incidents that ended cost people, each counted with one of its targets.
    pub toll: Toll,
    /// What those that count and are decided had counted.
    pub elapsed: Spread,
}

/// How often which spans occurred: in seconds, cut to three significant digits. So spreads of any
/// size add up, and what was added can be taken out again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    times: BTreeMap<i64, u64>,
}

/// Entries counted by what they came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Within their limits.
    pub met: u64,
    /// Over their limits.
    pub breached: u64,
    /// Open and within their limits.
    pub undecided: u64,
    /// Left out, and would have been met.
    pub excluded_met: u64,
    /// Left out, and would have been breached.
    pub excluded_breached: u64,
}

impl Counts {
    /// All that are left out.
    pub fn excluded(&self) -> u64 {
        self.excluded_met + self.excluded_breached
    }

    /// Those that count in the attainment.
    pub fn decided(&self) -> u64 {
        self.met + self.breached
    }

    /// met / (met + breached), rounded down; `None` of nothing.
    pub fn attainment(&self) -> Option<Share> {
        Share::of(self.met, self.decided())
    }

    fn of(outcome: Outcome, is_excluded: bool) -> Counts {
        let mut counts = Counts::default();
        let count = match (outcome, is_excluded) {
            (Outcome::Met, false) => &mut counts.met,
            (Outcome::Breached, false) => &mut counts.breached,
            (Outcome::Met, true) => &mut counts.excluded_met,
            (Outcome::Breached, true) => &mut counts.excluded_breached,
            (Outcome::Undecided | Outcome::Excluded, _) => &mut counts.undecided,
        };
        *count = 1;
        counts
    }

    fn fields(&mut self) -> [&mut u64; 5] {
        let Counts { met, breached, undecided, excluded_met, excluded_breached } = self;
        [met, breached, undecided, excluded_met, excluded_breached]
    }

    fn each(&mut self, mut other: Counts, change: fn(u64, u64) -> u64) {
        for (count, by) in self.fields().into_iter().zip(other.fields()) {
            *count = change(*count, *by);
        }
    }
}

impl Spread {
    /// How often each span occurred, the shortest first: seconds, and how often.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u64)> {
        self.times.iter().map(|(seconds, count)| (*seconds, *count))
    }

    /// The spread that was told by [`Spread::iter`].
    pub fn from_counts(counts: impl IntoIterator<Item = (i64, u64)>) -> Spread {
        Spread { times: counts.into_iter().filter(|(_, count)| *count > 0).collect() }
    }

    /// What so many hundredths of the spans had at most: of the nearest rank. `None` of nothing.
    pub fn percentile(&self, hundredths: u64) -> Option<Span> {
        let all: u64 = self.times.values().sum();
        let rank = (all * hundredths).div_ceil(100).max(1);
        let mut passed = 0;
        let found = self.times.iter().find(|(_, count)| {
            passed += **count;
            passed >= rank
        });
        found.map(|(seconds, _)| Span::from_seconds(*seconds))
    }

    fn put(&mut self, seconds: i64, more: u64) {
        *self.times.entry(seconds).or_default() += more;
    }

    fn take(&mut self, seconds: i64, less: u64) {
        if let Some(count) = self.times.get_mut(&seconds) {
            *count = count.saturating_sub(less);
            if *count == 0 {
                self.times.remove(&seconds);
            }
        }
    }
}

/// Seconds, cut to three significant digits.
fn significant(span: Span) -> i64 {
    let seconds = span.nanos() / 1_000_000_000;
    let digits = seconds.checked_ilog10().unwrap_or_default();
    let unit = 10_i64.pow(digits.saturating_sub(2));
    seconds / unit * unit
}

impl Tally {
    /// A single entry.
    pub fn of(entry: &Entry<'_>) -> Tally {
        let Account { outcome, elapsed } = entry.contractual;
        let mut spread = Spread::default();
        if entry.decide_time.is_some() && !entry.is_excluded {
            spread.put(significant(elapsed), 1);
        }
        Tally {
            contractual: Counts::of(outcome, entry.is_excluded),
            experienced: Counts::of(entry.experienced.outcome, false),
            watermelons: u64::from(entry.is_watermelon()),
            reverse_watermelons: u64::from(entry.is_reverse_watermelon()),
            left_lying: u64::from(entry.is_left_lying()),
            relieved: u64::from(entry.is_relieved()),
            toll: entry.toll.unwrap_or_default(),
            elapsed: spread,
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: &Tally) {
        self.contractual.each(other.contractual, u64::saturating_add);
        self.experienced.each(other.experienced, u64::saturating_add);
        self.watermelons += other.watermelons;
        self.reverse_watermelons += other.reverse_watermelons;
        self.relieved += other.relieved;
        self.left_lying += other.left_lying;
        self.toll.add(&other.toll);
        other.elapsed.iter().for_each(|(seconds, count)| self.elapsed.put(seconds, count));
    }

    /// Takes out another that had been added.
    pub fn remove(&mut self, other: &Tally) {
        self.contractual.each(other.contractual, u64::saturating_sub);
        self.experienced.each(other.experienced, u64::saturating_sub);
        self.watermelons = self.watermelons.saturating_sub(other.watermelons);
        self.reverse_watermelons =
            self.reverse_watermelons.saturating_sub(other.reverse_watermelons);
        self.relieved = self.relieved.saturating_sub(other.relieved);
        self.left_lying = self.left_lying.saturating_sub(other.left_lying);
        self.toll.remove(&other.toll);
        other.elapsed.iter().for_each(|(seconds, count)| self.elapsed.take(seconds, count));
    }

    /// Nothing is in it.
    pub fn is_empty(&self) -> bool {
        *self == Tally::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let spread = Spread::from_counts((1..=10).map(|seconds| (seconds, 1)));
        let told = [1, 50, 90, 99].map(|p| spread.percentile(p));
        assert_eq!(told, [1, 5, 9, 10].map(|seconds| Some(Span::from_seconds(seconds))));
        assert_eq!(Spread::default().percentile(50), None);
    }

    #[test]
    fn spans_are_cut_to_three_significant_digits() {
        for (seconds, cut) in
            [(0, 0), (999, 999), (1_234, 1_230), (14_400, 14_400), (123_999, 123_000)]
        {
            assert_eq!(significant(Span::from_seconds(seconds)), cut);
        }
    }
}
