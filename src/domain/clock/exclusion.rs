//! Why a clock is left out of the contractual figures.

use crate::domain::contract::ExclusionRule;
use crate::domain::incident::ExclusionDecision;

/// Why a clock is left out of the contractual figures. It stays visible, and counts in the
/// experienced figures like any other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exclusion<'a> {
    /// The first rule of the contract that matches.
    Rule(&'a ExclusionRule),
    /// A recorded decision, which precedes the rules.
    Decision {
        /// The event that recorded it.
        event_id: &'a str,
        /// What was decided.
        decision: &'a ExclusionDecision,
    },
}
