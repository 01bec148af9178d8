//! Entries added up.

use super::{Account, Entry};
use crate::domain::clock::Outcome;
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
    elapsed: Vec<Span>,
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

    fn add(&mut self, outcome: Outcome, is_excluded: bool) {
        let count = match (outcome, is_excluded) {
            (Outcome::Met, false) => &mut self.met,
            (Outcome::Breached, false) => &mut self.breached,
            (Outcome::Met, true) => &mut self.excluded_met,
            (Outcome::Breached, true) => &mut self.excluded_breached,
            (Outcome::Undecided | Outcome::Excluded, _) => &mut self.undecided,
        };
        *count += 1;
    }
}

impl Tally {
    /// Adds an entry.
    pub fn add(&mut self, entry: &Entry<'_>) {
        let Account { outcome, elapsed } = entry.contractual;
        self.contractual.add(outcome, entry.is_excluded);
        self.experienced.add(entry.experienced.outcome, false);
        let is_green = outcome == Outcome::Met || entry.is_excluded;
        self.watermelons += u64::from(is_green && entry.experienced.outcome == Outcome::Breached);
        if entry.decide_time.is_some() && !entry.is_excluded {
            self.elapsed.push(elapsed);
        }
    }

    /// What so many hundredths of the decided entries had counted at most: of the nearest rank.
    /// `None`: none was decided.
    pub fn elapsed_percentile(&mut self, hundredths: usize) -> Option<Span> {
        let rank = (self.elapsed.len() * hundredths).div_ceil(100).max(1);
        let at = rank.min(self.elapsed.len()).checked_sub(1)?;
        Some(*self.elapsed.select_nth_unstable(at).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let mut tally = Tally::default();
        assert_eq!(tally.elapsed_percentile(50), None);
        tally.elapsed = (1..=10).rev().map(Span::from_nanos).collect();
        let told = [1, 50, 90, 99].map(|p| tally.elapsed_percentile(p).map(Span::nanos));
        assert_eq!(told, [Some(1), Some(5), Some(9), Some(10)]);
    }
}
