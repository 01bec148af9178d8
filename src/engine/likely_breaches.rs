//! Which clocks probably breach, from one look to the next: what is said when it changes.

use std::collections::{BTreeMap, BTreeSet};

use super::notices::ClockOfIncident;
use crate::domain::ids::IncidentId;

/// A clock stays likely to breach until its probability is below this share of the mark: what is
/// near the mark does not flap.
const STAYS_FROM: f64 = 0.8;

/// A clock: its incident, contract, target and cycle.
pub type ClockOfTenant = (IncidentId, ClockOfIncident);

/// A clock that probably breaches and was not said to, or one that was and no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikelyChange<T> {
    /// Which.
    pub clock: ClockOfTenant,
    /// What was found; `None`: it is not likely to breach any more.
    pub report: Option<T>,
}

/// Which clocks were likely to breach when they were last looked at.
#[derive(Clone, Debug)]
pub struct LikelyBreaches {
    mark: f64,
    known: BTreeSet<ClockOfTenant>,
}

impl LikelyBreaches {
    /// Of clocks that breach with at least this probability.
    pub fn new(mark: f64) -> LikelyBreaches {
        LikelyBreaches { mark, known: BTreeSet::new() }
    }

    /// The least probability of a clock that may be likely.
    pub fn lowest(&self) -> f64 {
        self.mark * STAYS_FROM
    }

    /// Whether a clock of this probability is likely to breach, and if so, its report where it was
    /// not said to be.
    pub fn look<T>(
        &self,
        clock: &ClockOfTenant,
        probability: f64,
        report: impl FnOnce() -> T,
    ) -> Option<Option<T>> {
        match self.known.contains(clock) {
            true => (probability >= self.lowest()).then_some(None),
            false => (probability >= self.mark).then(|| Some(report())),
        }
    }

    /// Takes in all clocks that are likely, as looked at; returns what changed.
    pub fn take<T>(&mut self, found: BTreeMap<ClockOfTenant, Option<T>>) -> Vec<LikelyChange<T>> {
        let gone = self.known.extract_if(.., |clock| !found.contains_key(clock));
        let mut changes: Vec<_> = gone.map(|clock| LikelyChange { clock, report: None }).collect();
        for (clock, report) in found {
            if report.is_some() && self.known.insert(clock.clone()) {
                changes.push(LikelyChange { clock, report });
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clock(cycle: u32) -> ClockOfTenant {
        ("I".into(), ("C".into(), "t".into(), cycle))
    }

    /// What is said after a look at clocks by their cycles.
    fn said(likely: &mut LikelyBreaches, found: &BTreeMap<u32, f64>) -> Vec<LikelyChange<()>> {
        let found = found.iter().filter_map(|(cycle, probability)| {
            let clock = clock(*cycle);
            let look = likely.look(&clock, *probability, || ())?;
            Some((clock, look))
        });
        let found = found.collect();
        likely.take(found)
    }

    #[test]
    fn a_probability_near_the_mark_is_said_once() {
        let mut likely = LikelyBreaches::new(0.5);
        let all = [0.3, 0.5, 0.41, 0.6, 0.39, 0.45, 0.5].map(|probability| {
            let changes = said(&mut likely, &BTreeMap::from([(1, probability)]));
            changes.first().map(|change| change.report.is_some())
        });
        assert_eq!(all, [None, Some(true), None, None, Some(false), None, Some(true)]);
    }

    #[test]
    fn what_is_decided_is_not_likely_any_more() {
        let mut likely = LikelyBreaches::new(0.5);
        assert_eq!(said(&mut likely, &BTreeMap::from([(1, 0.9), (2, 0.9)])).len(), 2);
        let changes = said(&mut likely, &BTreeMap::from([(2, 0.9)]));
        assert_eq!(changes, [LikelyChange { clock: clock(1), report: None }]);
    }

    proptest! {
        /// Who keeps what is likely has all that reach the mark, and none below where it stays.
        #[test]
        fn changes_add_up_to_the_present(
            mark in 0.01..=1.0,
            history in proptest::collection::vec(
                proptest::collection::btree_map(1_u32..5, 0.0..=1.0, 0..4), 1..20,
            ),
        ) {
            let mut likely = LikelyBreaches::new(mark);
            let mut folded = BTreeSet::new();
            for found in history {
                for change in said(&mut likely, &found) {
                    let is_new = match change.report {
                        Some(()) => folded.insert(change.clock),
                        None => folded.remove(&change.clock),
                    };
                    prop_assert!(is_new, "it was said before");
                }
                for cycle in 1..5 {
                    let probability = found.get(&cycle).copied().unwrap_or_default();
                    let is_likely = folded.contains(&clock(cycle));
                    prop_assert!(is_likely || probability < mark);
                    prop_assert!(!is_likely || probability >= likely.lowest());
                }
            }
        }
    }
}
