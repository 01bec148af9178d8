//! What simpler forecasts would have said, learnt from the same history.

use std::collections::BTreeMap;

use super::snapshot::Snapshot;

/// Shares of the limit from which today's tools warn.
const RULES_AT: [f32; 3] = [0.5, 0.75, 0.9];
/// A share counts as though so many had been seen, half of them breached, before it is reported.
const SEEN_BEFORE: f64 = 2.0;

/// The forecasts to beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Baseline {
    /// The share of breaches of the priority.
    BaseRate,
    /// That of past snapshots at 0, 50, 75 and 90 % of the limit: the rules of today's tools,
    /// calibrated.
    PercentUsed,
    /// The share of those of the priority that breached among all that lasted as long: Kaplan and
    /// Meier's estimate, where only the limit ends the watching.
    Survival,
}

/// Every baseline.
pub const BASELINES: [Baseline; 3] =
    [Baseline::BaseRate, Baseline::PercentUsed, Baseline::Survival];

/// A snapshot in the baselines' terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    priority: String,
    share_used: f32,
}

/// What the baselines have learnt.
#[derive(Clone, Debug, Default)]
pub struct Baselines {
    priorities: BTreeMap<String, Decided>,
    rules: [Tally; RULES_AT.len() + 1],
}

#[derive(Clone, Debug, Default)]
struct Decided {
    breached: usize,
    /// The shares of the limit that met clocks used, ascending.
    met_at: Vec<f32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    seen: f64,
    breached: f64,
}

impl Mark {
    /// A snapshot in the baselines' terms.
    pub fn of(snapshot: &Snapshot<'_>) -> Mark {
        Mark { priority: snapshot.priority.to_owned(), share_used: snapshot.share_used() }
    }

    fn rule(&self) -> usize {
        RULES_AT.partition_point(|from| *from <= self.share_used)
    }
}

impl Baselines {
    /// What a baseline says at a mark.
    pub fn probability(&self, of: Baseline, mark: &Mark) -> f64 {
        let decided = self.priorities.get(&mark.priority);
        match of {
            Baseline::BaseRate => decided.map_or(0.5, |decided| decided.share_past(f32::MIN)),
            Baseline::Survival => {
                decided.map_or(0.5, |decided| decided.share_past(mark.share_used))
            }
            Baseline::PercentUsed => self.rules.get(mark.rule()).map_or(0.5, |tally| tally.share()),
        }
    }

    /// A clock of a priority was decided: met with a share of its limit used, or breached. It had
    /// come by these marks.
    pub fn decide(&mut self, priority: &str, met_at: Option<f32>, marks: &[Mark]) {
        let decided = self.priorities.entry(priority.to_owned()).or_default();
        match met_at {
            None => decided.breached += 1,
            Some(share) => {
                let place = decided.met_at.partition_point(|earlier| *earlier <= share);
                decided.met_at.insert(place, share);
            }
        }
        for mark in marks {
            if let Some(tally) = self.rules.get_mut(mark.rule()) {
                tally.seen += 1.0;
                tally.breached += if met_at.is_none() { 1.0 } else { 0.0 };
            }
        }
    }
}

impl Decided {
    /// The share that breached of those that used more than a share of their limit.
    fn share_past(&self, share_used: f32) -> f64 {
        let met = self.met_at.len() - self.met_at.partition_point(|share| *share <= share_used);
        let (met, breached) = (met as f64, self.breached as f64);
        Tally { seen: met + breached, breached }.share()
    }
}

impl Tally {
    fn share(self) -> f64 {
        (self.breached + SEEN_BEFORE / 2.0) / (self.seen + SEEN_BEFORE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survival_counts_only_those_that_lasted_as_long() {
        let mut baselines = Baselines::default();
        let mark = |share_used| Mark { priority: "P1".into(), share_used };
        baselines.decide("P1", Some(0.2), &[mark(0.1)]);
        baselines.decide("P1", Some(0.6), &[mark(0.1), mark(0.55)]);
        baselines.decide("P1", None, &[mark(0.8)]);
        let predicted = |of, share| baselines.probability(of, &mark(share));
        assert_eq!(predicted(Baseline::BaseRate, 0.5), 2.0 / 5.0);
        assert_eq!(predicted(Baseline::Survival, 0.5), 2.0 / 4.0);
        assert_eq!(predicted(Baseline::Survival, 0.7), 2.0 / 3.0);
        assert_eq!(predicted(Baseline::PercentUsed, 0.55), 1.0 / 3.0);
        assert_eq!(predicted(Baseline::PercentUsed, 0.8), 2.0 / 3.0);
    }
}
