//! An objective over a period of its own, and how far it holds.

use crate::domain::compliance::Period;
use crate::domain::compliance::attainment::Verdict;
use crate::domain::contract::Objective;
use crate::domain::time::Instant;

/// An objective, and which part of which period it rules.
#[derive(Clone, Debug)]
pub struct Ruling<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The number of the contract revision that words it.
    pub revision: u32,
    /// Its own period: the month, say, of an objective on months.
    pub period: Period,
    /// What of that these words rule.
    pub part: Period,
    /// The end of the requested period: what comes later is not seen.
    pub seen_until: Instant,
    /// The index of the objective and its own period among those of the requested period.
    pub place: usize,
}

/// How far an objective holds over its part of a period.
#[derive(Clone, Debug)]
pub(super) struct HeldPart {
    /// The end of the part.
    pub end: Instant,
    /// The end of the requested period: what comes later is not seen.
    pub seen_until: Instant,
    /// Whether the contract is in force in it.
    pub is_in_force: bool,
}

impl<'c> Ruling<'c> {
    /// An objective that rules a whole period, all of which is seen.
    pub fn new(objective: &'c Objective, revision: u32, period: Period) -> Ruling<'c> {
        let (part, seen_until) = (period.clone(), period.end);
        Ruling { objective, revision, period, part, seen_until, place: 0 }
    }

    /// What is seen of its part.
    pub(super) fn seen(&self) -> Period {
        let end = self.part.end.min(self.seen_until).max(self.part.start);
        Period { end, ..self.part.clone() }
    }

    pub(super) fn held(&self) -> HeldPart {
        HeldPart { end: self.part.end, seen_until: self.seen_until, is_in_force: true }
    }
}

impl HeldPart {
    /// The last instant that is looked at, as of another one.
    pub fn until(&self, as_of: Instant) -> Instant {
        as_of.min(self.seen_until)
    }

    /// Whether its part is over, as far as is looked.
    pub fn is_over(&self, as_of: Instant) -> bool {
        self.end <= self.until(as_of)
    }

    /// The verdict, unless the contract is not in force.
    pub fn verdict(&self, verdict: Verdict) -> Verdict {
        if self.is_in_force { verdict } else { Verdict::NoData }
    }
}
