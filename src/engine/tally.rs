//! Tally buckets: pre-aggregated tallies of clocks, by the local day they are placed on.
//!
//! A query about a month would otherwise evaluate its incidents one by one. Whatever facts alone
//! have decided is added to tally buckets of the local day it is placed on, when it is indexed:
//! once for all clocks and once for the value of each dimension. An incident's contribution is
//! remembered, so that a late fact can subtract it and add the new one.
//!
//! The tally buckets count times to their ends, and nothing that is open. So they hold for a period
//! except for the incidents that were not over at its end: an incident's
//! [`Lifespan`](super::lifespan::Lifespan) is indexed, those whose lifespans cross the end are
//! found by it, and are counted one by one in place of what they contributed. They are few.

use super::catalog::Known;
pub use super::period::{Day, day};
use crate::domain::compliance::{CoverageKey, Entry, Tally};
use crate::domain::experience::ExperienceTotals;
use crate::domain::ids::{ContractId, TargetId};
use crate::domain::time::Instant;

/// The contribution of an incident to the tally buckets.
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
    /// The contributions of its targets that facts have decided.
    pub targets: Vec<TargetContribution>,
    /// The clocks it lacks, as they are counted.
    pub missing: Vec<MissingContribution>,
}

/// The contribution of a target that facts have decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetContribution {
    /// The id of the contract.
    pub contract_id: ContractId,
    /// The id of the target, unique within its contract.
    pub target_id: TargetId,
    /// The priority it was measured by.
    pub priority: String,
    /// The local day it is placed on.
    pub day: Day,
    /// The tally of its entry.
    pub tally: Tally,
}

/// A clock that an incident lacks, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingContribution {
    /// The id of the contract; empty: the incident names none, or is not opened.
    pub contract_id: ContractId,
    /// What it is counted by.
    pub key: CoverageKey,
    /// The local day on which the incident was opened; `None`: the contract has no known time
    /// zone, so it is in no count.
    pub day: Option<Day>,
}

/// The name of a count: of the incidents that were opened on one local day under a contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CoverageBucket {
    /// The id of the contract.
    pub contract_id: ContractId,
    /// The local day of the openings.
    pub day: Day,
    /// What they are counted by.
    pub key: CoverageKey,
}

impl MissingContribution {
    /// The count it adds one to.
    pub fn bucket(&self) -> Option<CoverageBucket> {
        let (contract_id, key) = (self.contract_id.clone(), self.key.clone());
        self.day.map(|day| CoverageBucket { contract_id, day, key })
    }
}

/// The key that the entries of a tally bucket share, beside day, contract, target and priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// None: all entries.
    All,
    /// The service.
    Service,
    /// The category.
    Category,
    /// The group they are assigned to.
    Group,
    /// The party their cause is attributed to.
    Party,
}

/// Every dimension.
pub const DIMENSIONS: [Dimension; 5] =
    [Dimension::All, Dimension::Service, Dimension::Category, Dimension::Group, Dimension::Party];

/// The name of a tally bucket, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyBucket<'c> {
    /// The id of the contract.
    pub contract_id: &'c str,
    /// The dimension.
    pub dimension: Dimension,
    /// The local day its entries are placed on.
    pub day: Day,
    /// The dimension's value; empty for all.
    pub value: &'c str,
    /// The id of the target, unique within its contract.
    pub target_id: &'c str,
    /// The priority, in the backend's words.
    pub priority: &'c str,
}

/// The name of a tally bucket, owned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TallyBucketKey {
    /// The id of the contract.
    pub contract_id: ContractId,
    /// The dimension.
    pub dimension: Dimension,
    /// The local day its entries are placed on.
    pub day: Day,
    /// The dimension's value; empty for all.
    pub value: String,
    /// The id of the target, unique within its contract.
    pub target_id: TargetId,
    /// The priority, in the backend's words.
    pub priority: String,
}

impl From<TallyBucket<'_>> for TallyBucketKey {
    fn from(bucket: TallyBucket<'_>) -> TallyBucketKey {
        TallyBucketKey {
            contract_id: bucket.contract_id.into(),
            dimension: bucket.dimension,
            day: bucket.day,
            value: bucket.value.to_owned(),
            target_id: bucket.target_id.into(),
            priority: bucket.priority.to_owned(),
        }
    }
}

impl Contribution {
    /// The contribution of an incident whose entries were evaluated as of the end of time.
    ///
    /// What an incident has cost is added once it is over.
    pub fn of(entries: &[Entry<'_>], is_over: bool, known: Known<'_>) -> Contribution {
        let Some(first) = entries.first() else { return Contribution::default() };
        Contribution {
            service: first.service.to_owned(),
            category: first.category.to_owned(),
            group: first.group.to_owned(),
            party: first.party.to_owned(),
            targets: entries
                .iter()
                .filter_map(|entry| contribution(entry, is_over, known))
                .collect(),
            missing: Vec::new(),
        }
    }

    /// Every tally bucket it adds to, with the tally it adds.
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
                .map(|(dimension, value)| (target.bucket(dimension, value), &target.tally))
        })
    }
}

impl TargetContribution {
    fn bucket<'c>(&'c self, dimension: Dimension, value: &'c str) -> TallyBucket<'c> {
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

fn contribution(entry: &Entry<'_>, is_over: bool, known: Known<'_>) -> Option<TargetContribution> {
    let placed = entry.place_time().filter(|_| !entry.is_open)?;
    let mut tally = Tally::of(entry);
    if !is_over {
        tally.experience_totals = ExperienceTotals::default();
    }
    Some(TargetContribution {
        contract_id: entry.contract_id.into(),
        target_id: entry.target_id.into(),
        priority: entry.priority.to_owned(),
        day: local_day(known, entry.contract_id, placed)?,
        tally,
    })
}

/// The local day of a contract at an instant, in the time zone in force then; `None` when a zone of
/// the contract is unknown.
pub fn local_day(known: Known<'_>, contract_id: &str, instant: Instant) -> Option<Day> {
    Some(day(known.local_days(contract_id)?.date(instant)))
}
