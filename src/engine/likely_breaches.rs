//! Which clocks probably breach, from one look to the next: what is said when it changes.

use std::collections::{BTreeMap, BTreeSet};

use super::notices::ClockOfIncident;
use crate::domain::ids::IncidentId;

/// A clock stays likely to breach until its probability is below this share of the mark: what is
/// near the mark does not flap.
const STAYS_FROM: f64 = 0.8;

/// A clock: its incident, contract, target and cycle.
pub type ClockOfTenant = (IncidentId, ClockOfIncident);

/// What a look finds of a clock that is open and not breached.
#[derive(Clone, Debug)]
pub struct LikelyLook<T> {
    /// The probability that it breaches, 0 to 1.
    pub probability: f64,
    /// What is reported of it.
    pub report: T,
}

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

    /// The least probability that a look has to report.
    pub fn lowest(&self) -> f64 {
        self.mark * STAYS_FROM
    }

    /// Takes in a look at all clocks of at least the lowest probability; returns what changed.
    pub fn take<T>(
        &mut self,
        looks: BTreeMap<ClockOfTenant, LikelyLook<T>>,
    ) -> Vec<LikelyChange<T>> {
        let lowest = self.lowest();
        let is_gone =
            |clock: &ClockOfTenant| looks.get(clock).is_none_or(|look| look.probability < lowest);
        let gone = self.known.extract_if(.., is_gone);
        let mut changes: Vec<_> = gone.map(|clock| LikelyChange { clock, report: None }).collect();
        for (clock, look) in looks {
            if look.probability >= self.mark && self.known.insert(clock.clone()) {
                changes.push(LikelyChange { clock, report: Some(look.report) });
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Looks = BTreeMap<ClockOfTenant, LikelyLook<()>>;

    fn clock(cycle: u32) -> ClockOfTenant {
        ("I".into(), ("C".into(), "t".into(), cycle))
    }

    fn looks(found: &[(u32, f64)]) -> Looks {
        let look = |probability| LikelyLook { probability, report: () };
        found.iter().map(|(cycle, probability)| (clock(*cycle), look(*probability))).collect()
    }

    #[test]
    fn a_probability_near_the_mark_is_said_once() {
        let mut likely = LikelyBreaches::new(0.5);
        let said = [0.3, 0.5, 0.41, 0.6, 0.39, 0.45, 0.5].map(|probability| {
            let changes = likely.take(looks(&[(1, probability)]));
            changes.first().map(|change| change.report.is_some())
        });
        assert_eq!(said, [None, Some(true), None, None, Some(false), None, Some(true)]);
    }

    #[test]
    fn what_is_decided_is_not_likely_any_more() {
        let mut likely = LikelyBreaches::new(0.5);
        assert_eq!(likely.take(looks(&[(1, 0.9), (2, 0.9)])).len(), 2);
        let changes = likely.take(looks(&[(2, 0.9)]));
        assert_eq!(changes, [LikelyChange { clock: clock(1), report: None }]);
    }

    proptest! {
        /// Who keeps what is likely has all that reach the mark, and none below where it stays.
        #[test]
        fn changes_add_up_to_the_present(
            mark in 0.01..=1.0,
            history in proptest::collection::vec(
                proptest::collection::vec((1_u32..5, 0.0..=1.0), 0..6), 1..20,
            ),
        ) {
            let mut likely = LikelyBreaches::new(mark);
            let mut folded = BTreeSet::new();
            for found in history {
                let looks = looks(&found);
                for change in likely.take(looks.clone()) {
                    let is_new = match change.report {
                        Some(()) => folded.insert(change.clock),
                        None => folded.remove(&change.clock),
                    };
                    prop_assert!(is_new, "it was said before");
                }
                for cycle in 1..5 {
                    let clock = clock(cycle);
                    let probability = looks.get(&clock).map_or(0.0, |look| look.probability);
                    let is_likely = folded.contains(&clock);
                    prop_assert!(is_likely || probability < mark);
                    prop_assert!(!is_likely || probability >= likely.lowest());
                }
            }
        }
    }
}
