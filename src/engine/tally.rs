//! Tallies kept: what every decided clock adds to the day it was decided on.
//!
//! A question about a month would have to evaluate its incidents one by one. So whatever facts
//! alone have decided is added up as it is indexed, in tally buckets of one local day each: once
//! for all clocks and once for each value of one dimension. An incident remembers what it added, so
//! that a late fact takes it out again and puts it where it belongs then. What time alone decides
//! is not in any tally bucket: open clocks are few, and evaluated when they are queried.

use chrono::{Datelike, NaiveDate};

use super::catalog::Known;
use crate::domain::compliance::{Entry, Tally};
use crate::domain::ids::{ContractId, TargetId};
use crate::domain::time::Instant;

/// What an incident adds to the tally buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contribution {
    /// Its service.
    pub service: String,
    /// Its category.
    pub category: String,
    /// The group it is assigned to.
    pub group: String,
    /// Who its cause is attributed to.
    pub party: String,
    /// Its targets that facts have decided.
    pub targets: Vec<TargetContribution>,
}

/// A target that facts have decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetContribution {
    /// The contract.
    pub contract_id: ContractId,
    /// The target.
    pub target_id: TargetId,
    /// The priority that ruled it.
    pub priority: String,
    /// The local day it was decided on.
    pub day: Day,
    /// What it came to.
    pub tally: Tally,
}

/// A local day, counted from 0001-01-01, which is 1.
pub type Day = i32;

/// By what a tally bucket's entries agree, beside their target and priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// By nothing.
    All,
    /// By their service.
    Service,
    /// By their category.
    Category,
    /// By the group they are assigned to.
    Group,
    /// By who their cause is attributed to.
    Party,
}

/// Every dimension.
pub const DIMENSIONS: [Dimension; 5] =
    [Dimension::All, Dimension::Service, Dimension::Category, Dimension::Group, Dimension::Party];

/// Where entries are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyBucket<'c> {
    /// The contract.
    pub contract_id: &'c str,
    /// By what they agree.
    pub dimension: Dimension,
    /// The day.
    pub day: Day,
    /// The dimension's value; empty for all.
    pub value: &'c str,
    /// The target.
    pub target_id: &'c str,
    /// The priority.
    pub priority: &'c str,
}

/// A tally bucket by itself, wherever it came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TallyBucketKey {
    /// The contract.
    pub contract_id: ContractId,
    /// By what its entries agree.
    pub dimension: Dimension,
    /// The day.
    pub day: Day,
    /// The dimension's value; empty for all.
    pub value: String,
    /// The target.
    pub target_id: TargetId,
    /// The priority.
    pub priority: String,
}

impl From<TallyBucket<'_>> for TallyBucketKey {
    fn from(tally_bucket: TallyBucket<'_>) -> TallyBucketKey {
        TallyBucketKey {
            contract_id: tally_bucket.contract_id.into(),
            dimension: tally_bucket.dimension,
            day: tally_bucket.day,
            value: tally_bucket.value.to_owned(),
            target_id: tally_bucket.target_id.into(),
            priority: tally_bucket.priority.to_owned(),
        }
    }
}

impl Contribution {
    /// What the entries of an incident, evaluated as of the end of time, add to the tally buckets.
    pub fn of(entries: &[Entry<'_>], known: Known<'_>) -> Contribution {
        let Some(first) = entries.first() else { return Contribution::default() };
        Contribution {
            service: first.service.to_owned(),
            category: first.category.to_owned(),
            group: first.group.to_owned(),
            party: first.party.to_owned(),
            targets: entries.iter().filter_map(|entry| contribution(entry, known)).collect(),
        }
    }

    /// Every tally bucket it adds to, and what.
    pub fn tally_buckets(&self) -> impl Iterator<Item = (TallyBucket<'_>, &Tally)> {
        self.targets.iter().flat_map(move |target| {
            let values = [
                (Dimension::All, ""),
                (Dimension::Service, self.service.as_str()),
                (Dimension::Category, &self.category),
                (Dimension::Group, &self.group),
                (Dimension::Party, &self.party),
            ];
            values
                .into_iter()
                .map(|(dimension, value)| (target.tally_bucket(dimension, value), &target.tally))
        })
    }
}

impl TargetContribution {
    fn tally_bucket<'c>(&'c self, dimension: Dimension, value: &'c str) -> TallyBucket<'c> {
        TallyBucket {
            contract_id: &self.contract_id,
            dimension,
            day: self.day,
            value,
            target_id: &self.target_id,
            priority: &self.priority,
        }
    }
}

fn contribution(entry: &Entry<'_>, known: Known<'_>) -> Option<TargetContribution> {
    let decided = entry.decide_time.filter(|_| !entry.is_open)?;
    Some(TargetContribution {
        contract_id: entry.contract_id.into(),
        target_id: entry.target_id.into(),
        priority: entry.priority.to_owned(),
        day: local_day(known, entry.contract_id, decided)?,
        tally: Tally::of(entry),
    })
}

/// The day a clock in a contract's zone shows at an instant.
pub fn local_day(known: Known<'_>, contract_id: &str, instant: Instant) -> Option<Day> {
    Some(day(known.zone(contract_id)?.local(instant).date()))
}

/// The number of a date.
pub fn day(date: NaiveDate) -> Day {
    date.num_days_from_ce()
}
