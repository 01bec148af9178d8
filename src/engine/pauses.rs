//! What pauses did to a period's clocks.

use std::collections::BTreeMap;

use crate::domain::clock::{Clock, Outcome};
use crate::domain::compliance::{Counts, Entry};
use crate::domain::experience::TimeSum;
use crate::domain::incident::WaitingOn;
use crate::domain::share::Share;
use crate::domain::time::Span;

/// What pauses did to a period's clocks, in service time.
#[derive(Clone, Debug, Default)]
pub struct Pauses {
    /// In which clocks were paused.
    pub paused: TimeSum,
    /// What counted.
    pub counted: TimeSum,
    /// How many clocks are met and would be breached had nothing been paused.
    pub met_by_pauses: u64,
    /// What counts would be had nothing been paused, and the same excluded.
    pub without: Counts,
    /// By who was waited for and why.
    pub grounds: BTreeMap<(WaitingOn, String, String), (TimeSum, u64)>,
}

impl Pauses {
    /// paused / (paused + counted).
    pub fn share(&self) -> Option<Share> {
        Share::of(self.paused.nanos(), (self.paused + self.counted).nanos())
    }

    /// Takes in an entry, by the clocks of its incident.
    pub(super) fn add(&mut self, entry: &Entry<'_>, clocks: &[Clock<'_>]) {
        let (met, lived) = (entry.verdict() == Outcome::Met, entry.unrelieved.outcome);
        self.met_by_pauses += u64::from(met && lived == Outcome::Breached);
        if !entry.is_excluded {
            match lived {
                Outcome::Met => self.without.met += 1,
                Outcome::Breached => self.without.breached += 1,
                _ => self.without.undecided += 1,
            }
        }
        self.counted += entry.contractual.elapsed.into();
        self.paused += (entry.unrelieved.elapsed - entry.contractual.elapsed).into();
        for segment in entry.clocks(clocks).flat_map(|clock| &clock.segments) {
            let paused = segment.paused();
            if paused > Span::ZERO {
                let (third_party, reason) = (segment.third_party, segment.reason);
                let key = (segment.waiting_on, third_party.to_owned(), reason.to_owned());
                let ground = self.grounds.entry(key).or_default();
                *ground = (ground.0 + paused.into(), ground.1 + 1);
            }
        }
    }
}
