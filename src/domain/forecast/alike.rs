//! How clocks alike turned out: those held by the same party with about as much of the limit used.

use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::{Holder, Snapshot};

/// The least share of the limit used of each stratum of a holder, after the first.
const USED_FROM: [f32; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];
const STRATA_PER_HOLDER: u8 = USED_FROM.len() as u8 + 1;

/// A stratum: clocks alike in who holds them and how much of the limit they have used. The number
/// is the holder times 6 plus the class of the share used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stratum(pub u8);

/// Of fewer clocks than this, how many were late is said instead of their share.
const SHARES_FROM: u64 = 20;

/// How many decided clocks passed through each stratum, and how many of them breached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alike(BTreeMap<Stratum, Passed>);

/// The decided clocks that passed through a stratum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// How many.
    pub clocks: u64,
    /// How many of them breached.
    pub breached: u64,
}

impl Stratum {
    /// The stratum of a snapshot.
    pub fn of(snapshot: &Snapshot<'_>) -> Stratum {
        Stratum::new(snapshot.incident.holder, snapshot.share_used())
    }

    fn new(holder: Holder, share_used: f32) -> Stratum {
        let used = USED_FROM.partition_point(|from| *from <= share_used);
        Stratum(holder as u8 * STRATA_PER_HOLDER + used as u8)
    }
}

impl Alike {
    /// Learns from a decided clock, which passed through some strata.
    pub fn learn(&mut self, strata: impl IntoIterator<Item = Stratum>, is_breached: bool) {
        for stratum in strata.into_iter().collect::<BTreeSet<_>>() {
            let passed = self.0.entry(stratum).or_default();
            passed.clocks += 1;
            passed.breached += u64::from(is_breached);
        }
    }

    /// How the clocks that passed through a stratum turned out.
    pub fn of(&self, stratum: Stratum) -> Passed {
        self.0.get(&stratum).copied().unwrap_or_default()
    }

    /// Each stratum's clocks, in their order.
    pub fn strata(&self) -> impl Iterator<Item = (Stratum, Passed)> {
        self.0.iter().map(|(stratum, passed)| (*stratum, *passed))
    }

    /// What these had taught, as [`Alike::strata`] listed them.
    pub fn restored(strata: impl IntoIterator<Item = (Stratum, Passed)>) -> Alike {
        Alike(strata.into_iter().collect())
    }
}

impl Passed {
    /// In words: `of 212 like it 61 % were late`, of few `of 3 like it 1 was late`.
    pub fn words(self) -> String {
        let Passed { clocks, breached } = self;
        let share = match (100.0 * breached as f64 / clocks.max(1) as f64).round() as u64 {
            0 if breached > 0 => "under 1".to_owned(),
            100 if breached < clocks => "over 99".to_owned(),
            share => share.to_string(),
        };
        match (clocks, breached) {
            (0, _) => "none like it was decided before".to_owned(),
            (1, 0) => "the one like it was in time".to_owned(),
            (1, _) => "the one like it was late".to_owned(),
            (_, 0) => format!("of {clocks} like it none was late"),
            (_, _) if breached == clocks => format!("all {clocks} like it were late"),
            (..SHARES_FROM, 1) => format!("of {clocks} like it 1 was late"),
            (..SHARES_FROM, _) => format!("of {clocks} like it {breached} were late"),
            _ => format!("of {clocks} like it {share} % were late"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_counts_once_in_each_stratum_it_passed() {
        let mut alike = Alike::default();
        alike.learn([Stratum(1), Stratum(2), Stratum(1)], true);
        alike.learn([Stratum(1)], false);
        assert_eq!(alike.of(Stratum(1)), Passed { clocks: 2, breached: 1 });
        assert_eq!(alike.of(Stratum(3)), Passed::default());
        assert_eq!(Alike::restored(alike.strata()), alike);
    }

    #[test]
    fn how_many_were_late_is_said_of_few_and_which_share_of_many() {
        for (breached, clocks, words) in [
            (0, 0, "none like it was decided before"),
            (0, 1, "the one like it was in time"),
            (1, 1, "the one like it was late"),
            (0, 2, "of 2 like it none was late"),
            (1, 3, "of 3 like it 1 was late"),
            (2, 19, "of 19 like it 2 were late"),
            (5, 5, "all 5 like it were late"),
            (129, 212, "of 212 like it 61 % were late"),
            (1, 900, "of 900 like it under 1 % were late"),
            (899, 900, "of 900 like it over 99 % were late"),
        ] {
            assert_eq!(Passed { clocks, breached }.words(), words);
        }
    }
}
