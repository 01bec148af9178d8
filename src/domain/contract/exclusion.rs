//! Exclusion rules: which clocks and outages are left out of the contractual figures.

use super::{Condition, ConditionError};
use crate::domain::incident::{Party, State};
use crate::domain::service::OutageCause;
use crate::domain::time::Instant;

/// A rule that leaves clocks and outages out of the contractual figures. All of its conditions must
/// hold; one that asks for what clocks, or outages, don't have never holds for these.
#[derive(Clone, Debug, PartialEq)]
pub struct ExclusionRule {
    /// Names it within the contract.
    pub id: String,
    /// What it is called in reports.
    pub title: String,
    /// The cause lies with this party.
    pub cause: Option<Party>,
    /// The cause lies with the third party of this name; empty: with any.
    pub third_party: String,
    /// It was evaluated to be outside the contract's scope.
    pub out_of_scope: bool,
    /// A condition on the incident's fields.
    pub when: Option<Condition>,
    /// Only the clocks of these targets; none: of all, unless it is for objectives only.
    pub target_ids: Vec<String>,
    /// Only the outages that these objectives count; none: all, unless it is for targets only.
    pub objective_ids: Vec<String>,
    /// The reason of the outage is one of these; none: any.
    pub outage_reasons: Vec<String>,
}

impl ExclusionRule {
    /// Whether it excludes the clocks of a target, by an incident's fields at `now`.
    ///
    /// # Errors
    /// [`ConditionError`] when `when` can't be evaluated on these fields.
    pub fn holds(
        &self,
        target_id: &str,
        state: &State<'_>,
        now: Instant,
    ) -> Result<bool, ConditionError> {
        let is_meant = names(&self.target_ids, &self.objective_ids, target_id)
            && self.outage_reasons.is_empty();
        let is_out = !self.out_of_scope || state.in_scope == Some(false);
        if !is_meant || !is_out || !self.is_caused(state) {
            return Ok(false);
        }
        self.when.as_ref().map_or(Ok(true), |when| when.holds(state, now))
    }

    /// Whether it excludes an outage, by its cause, from what an objective counts.
    pub fn holds_for_outage(&self, objective_id: &str, cause: &OutageCause) -> bool {
        let is_meant = names(&self.objective_ids, &self.target_ids, objective_id)
            && !self.out_of_scope
            && self.when.is_none();
        let is_party = match self.cause {
            None => !self.outage_reasons.is_empty(),
            Some(wanted) => {
                let is_named = self.third_party.is_empty() || self.third_party == cause.third_party;
                cause.party == Some(wanted) && is_named
            }
        };
        let is_reason =
            self.outage_reasons.is_empty() || self.outage_reasons.contains(&cause.reason);
        is_meant && is_party && is_reason
    }

    fn is_caused(&self, state: &State<'_>) -> bool {
        let Some(wanted) = self.cause else { return true };
        state.cause.is_some_and(|cause| {
            let is_named = self.third_party.is_empty() || self.third_party == cause.third_party;
            cause.party == wanted && is_named
        })
    }
}

/// Whether a rule that names `ids` of one kind, and `others` of another, means the one with this
/// id: it names it, or nothing at all.
fn names(ids: &[String], others: &[String], id: &str) -> bool {
    match ids {
        [] => others.is_empty(),
        ids => ids.iter().any(|named| named == id),
    }
}
