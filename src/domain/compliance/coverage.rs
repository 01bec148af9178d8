//! Coverage: how many incidents a contract does not measure, and why.
//!
//! An incident without a clock belongs to the period in which it was opened.

use std::collections::BTreeMap;

use crate::domain::clock::{MissingClock, MissingReason, meant_priority};
use crate::domain::contract::Contract;
use crate::domain::spread::subtract_count;

/// What incidents that lack a clock are counted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoverageKey {
    /// The target; empty: no target of the contract measures them.
    pub target_id: String,
    /// Why.
    pub reason: MissingReason,
    /// What the reason is about: see [`MissingClock::value`].
    pub value: String,
}

/// How many incidents of a contract lack a clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<CoverageKey, u64>,
}

/// How many incidents lack a clock for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageGap {
    /// What they are counted by.
    pub key: CoverageKey,
    /// What was probably meant instead of the value; empty: nothing is near.
    pub meant: String,
    /// How many incidents.
    pub incidents: u64,
    /// The reason in words.
    pub description: String,
}

impl Coverage {
    /// Adds incidents that lack a clock.
    pub fn add(&mut self, key: CoverageKey, incidents: u64) {
        let count = self.counts.entry(key).or_default();
        *count = count.saturating_add(incidents);
    }

    /// Adds all that another counts.
    pub fn add_all(&mut self, other: Coverage) {
        other.counts.into_iter().for_each(|(key, incidents)| self.add(key, incidents));
    }

    /// Takes incidents out again that were added.
    pub fn remove(&mut self, key: &CoverageKey, incidents: u64) {
        subtract_count(&mut self.counts, key.clone(), incidents);
    }

    /// How many incidents no target of the contract measures.
    pub fn uncovered(&self) -> u64 {
        let uncovered = self.counts.iter().filter(|(key, _)| key.target_id.is_empty());
        uncovered.map(|(_, count)| count).sum()
    }

    /// How many incidents lack a clock, by target and reason, as a revision of the contract gives
    /// words to it.
    pub fn gaps(&self, contract: &Contract) -> Vec<CoverageGap> {
        let gap = |(key, incidents): (&CoverageKey, &u64)| {
            let missing = key.missing(contract);
            CoverageGap {
                key: key.clone(),
                meant: missing.meant.to_owned(),
                incidents: *incidents,
                description: missing.describe(),
            }
        };
        self.counts.iter().map(gap).collect()
    }
}

impl CoverageKey {
    /// What a clock that an incident lacks is counted by.
    pub fn of(missing: &MissingClock<'_>) -> CoverageKey {
        let value = match missing.reason {
            MissingReason::ContractNotFound | MissingReason::ContractNotInForce => "",
            _ => missing.value,
        };
        CoverageKey {
            target_id: missing.target_id.to_owned(),
            reason: missing.reason,
            value: value.to_owned(),
        }
    }

    fn missing<'c>(&'c self, contract: &'c Contract) -> MissingClock<'c> {
        let CoverageKey { target_id, reason, value } = self;
        let targets = contract.terms.targets.iter();
        let mut near = targets
            .filter(|target| target_id.is_empty() || target.id == *target_id)
            .map(|target| meant_priority(value, target));
        let meant = match reason {
            MissingReason::NoLimit | MissingReason::LimitWithdrawn => {
                near.find(|meant| !meant.is_empty()).unwrap_or_default()
            }
            _ => "",
        };
        MissingClock { contract_id: &contract.id, target_id, reason: *reason, value, meant }
    }
}
