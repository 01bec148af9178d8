//! Categorical features: those with one learnt weight for each value.

use super::key::{Hashed, Key};
use super::snapshot::Snapshot;

/// A categorical feature of a snapshot: it has one weight for each of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CategoricalFeature {
    /// The bias: one weight common to all.
    Bias,
    /// The contract, target and priority.
    Clause,
    /// The clause and who holds it.
    ClauseAndHolder,
    /// At how many instants something happened, in bins.
    Events,
    /// How often it went from one group to another, up to 5.
    Reassignments,
    /// Whether the last fact fell outside service hours.
    OffHours,
    /// The group it is assigned to.
    Group,
    /// The group and who holds it.
    GroupAndHolder,
    /// The person it is assigned to.
    Assignee,
    /// The backend's category.
    Category,
    /// The contract and target: what its clocks of any priority have in common.
    Target,
}

/// Every categorical feature, in the order of a feature vector's keys.
pub const CATEGORICAL_FEATURES: [CategoricalFeature; 11] = [
    CategoricalFeature::Bias,
    CategoricalFeature::Clause,
    CategoricalFeature::ClauseAndHolder,
    CategoricalFeature::Events,
    CategoricalFeature::Reassignments,
    CategoricalFeature::OffHours,
    CategoricalFeature::Group,
    CategoricalFeature::GroupAndHolder,
    CategoricalFeature::Assignee,
    CategoricalFeature::Category,
    CategoricalFeature::Target,
];

/// The least number of instants of each bin after the first.
const EVENTS_FROM: [u32; 6] = [2, 3, 4, 6, 9, 13];
const REASSIGNMENTS_MOST: u32 = 5;

impl CategoricalFeature {
    /// The key of the weight for a count or a choice.
    pub fn counted(self, count: u8) -> Key {
        self.hashed().with(&[count]).key()
    }

    fn hashed(self) -> Hashed {
        Hashed::new(&[b't', self as u8])
    }

    /// The key of the weight for a snapshot's value.
    pub(super) fn key(self, snapshot: &Snapshot<'_>) -> Key {
        let Snapshot { incident, .. } = snapshot;
        let target = || self.hashed().name(snapshot.contract_id).name(snapshot.target_id);
        let clause = || target().name(snapshot.priority);
        let group = || self.hashed().name(incident.state.group);
        match self {
            CategoricalFeature::Bias => self.counted(0),
            CategoricalFeature::Clause => clause().key(),
            CategoricalFeature::ClauseAndHolder => clause().with(&[incident.holder as u8]).key(),
            CategoricalFeature::Events => self.counted(events_bin(incident.event_count)),
            CategoricalFeature::Reassignments => {
                self.counted(incident.reassignment_count.min(REASSIGNMENTS_MOST) as u8)
            }
            CategoricalFeature::OffHours => self.counted(u8::from(snapshot.is_off_hours)),
            CategoricalFeature::Group => group().key(),
            CategoricalFeature::GroupAndHolder => group().with(&[incident.holder as u8]).key(),
            CategoricalFeature::Assignee => self.hashed().name(incident.state.assignee).key(),
            CategoricalFeature::Category => self.hashed().name(snapshot.category).key(),
            CategoricalFeature::Target => target().key(),
        }
    }
}

fn events_bin(count: u32) -> u8 {
    EVENTS_FROM.partition_point(|from| *from <= count) as u8
}
