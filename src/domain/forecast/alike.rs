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
    /// In words: `of 212 like it 61 % were late`; empty without any.
    pub fn words(self) -> String {
        if self.clocks == 0 {
            return String::new();
        }
        let share = 100.0 * self.breached as f64 / self.clocks as f64;
        format!("of {} like it {share:.0} % were late", self.clocks)
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
        assert_eq!(alike.of(Stratum(1)).words(), "of 2 like it 50 % were late");
        assert_eq!(alike.of(Stratum(3)).words(), "");
        assert_eq!(Alike::restored(alike.strata()), alike);
    }
}
