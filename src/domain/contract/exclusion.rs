//! Exclusion rules: which clocks are left out of the contractual figures.

use super::{Condition, ConditionError};
use crate::domain::incident::{Party, State};
use crate::domain::time::Instant;

/// A rule that leaves clocks out of the contractual figures. All of its conditions must hold.
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
    /// Only the clocks of these targets; none: of all.
    pub target_ids: Vec<String>,
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
        let is_meant =
            self.target_ids.is_empty() || self.target_ids.iter().any(|id| id == target_id);
        let is_out = !self.out_of_scope || state.in_scope == Some(false);
        if !is_meant || !is_out || !self.is_caused(state) {
            return Ok(false);
        }
        self.when.as_ref().map_or(Ok(true), |when| when.holds(state, now))
    }

    fn is_caused(&self, state: &State<'_>) -> bool {
        let Some(wanted) = self.cause else { return true };
        state.cause.is_some_and(|cause| {
            let is_named = self.third_party.is_empty() || self.third_party == cause.third_party;
            cause.party == wanted && is_named
        })
    }
}
