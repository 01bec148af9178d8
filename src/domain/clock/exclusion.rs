//! On what ground a clock is left out of the contractual figures.

use crate::domain::contract::ExclusionRule;
use crate::domain::incident::ExclusionDecision;

/// Why a clock is left out of the contractual figures. It stays visible, and counts as ever in the
/// experienced ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exclusion<'a> {
    /// A rule of the contract.
    Rule(&'a ExclusionRule),
    /// A recorded decision.
    Decision {
        /// The event that recorded it.
        event_id: &'a str,
        /// What was decided.
        decision: &'a ExclusionDecision,
    },
}
