//! What the entries of a report may be grouped by.

use crate::domain::compliance::Entry;
use crate::domain::incident::State;
use crate::engine::lifespan::LeftOpen;
use crate::engine::tally::{Contribution, Dimension, TargetContribution};

/// What entries may be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKey {
    /// The target.
    Target,
    /// The priority.
    Priority,
    /// The incident's service.
    Service,
    /// Its category.
    Category,
    /// The group it is assigned to.
    Group,
    /// Who its cause is attributed to.
    Party,
}

impl GroupKey {
    /// The dimension of the tally buckets that have its values; `None`: all tally buckets do.
    pub fn dimension(self) -> Option<Dimension> {
        match self {
            GroupKey::Target | GroupKey::Priority => None,
            GroupKey::Service => Some(Dimension::Service),
            GroupKey::Category => Some(Dimension::Category),
            GroupKey::Group => Some(Dimension::Group),
            GroupKey::Party => Some(Dimension::Party),
        }
    }

    /// Its value for an entry.
    pub fn value<'e>(self, entry: &Entry<'e>) -> &'e str {
        match self {
            GroupKey::Target => entry.target_id,
            GroupKey::Priority => entry.priority,
            GroupKey::Service => entry.service,
            GroupKey::Category => entry.category,
            GroupKey::Group => entry.group,
            GroupKey::Party => entry.party,
        }
    }

    /// Whether it is a property of incidents, so that all targets of one share its value.
    pub fn is_of_incidents(self) -> bool {
        matches!(self, GroupKey::Service | GroupKey::Category | GroupKey::Group)
    }

    /// Its value for an incident in a state; empty for what is no property of incidents.
    pub fn of_incident<'s>(self, state: &State<'s>) -> &'s str {
        match self {
            GroupKey::Service => state.service,
            GroupKey::Category => state.category,
            GroupKey::Group => state.group,
            GroupKey::Target | GroupKey::Priority | GroupKey::Party => "",
        }
    }

    /// Its value for a target that is left open.
    pub(super) fn of_left_open(self, target: &LeftOpen) -> &str {
        match self {
            GroupKey::Target => &target.target_id,
            GroupKey::Priority => &target.priority,
            GroupKey::Service => &target.service,
            GroupKey::Category => &target.category,
            GroupKey::Group => &target.group,
            GroupKey::Party => &target.party,
        }
    }

    /// Its value for a target that an incident has contributed to tally buckets.
    pub(super) fn counted_value<'c>(
        self,
        contribution: &'c Contribution,
        target: &'c TargetContribution,
    ) -> &'c str {
        match self {
            GroupKey::Target => &target.target_id,
            GroupKey::Priority => &target.priority,
            GroupKey::Service => &contribution.service,
            GroupKey::Category => &contribution.category,
            GroupKey::Group => &contribution.group,
            GroupKey::Party => &contribution.party,
        }
    }
}
