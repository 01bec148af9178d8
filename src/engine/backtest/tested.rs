//! What is put to the test, and how it turned out.

use crate::domain::forecast::Quality;
use crate::domain::incident::{Fact, History};
use crate::domain::time::Instant;

/// What to put to the test.
#[derive(Clone, Copy, Debug)]
pub struct Test<'t> {
    /// The contract whose clocks are forecast.
    pub contract_id: &'t str,
    /// Only those of this target; empty: of all.
    pub target_id: &'t str,
    /// Forecasts are scored from here on. Before it, and after it too, clocks that are decided
    /// teach.
    pub learn_until: Instant,
    /// The end of what is known.
    pub until: Instant,
}

/// How forecasts turned out.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested<B> {
    /// How the model did.
    pub model: Quality,
    /// How simpler forecasts would have done.
    pub baselines: Vec<(B, Quality)>,
}

/// Whether the incident of a history was opened under a contract.
pub(super) fn is_under(history: &History<'_>, contract_id: &str) -> bool {
    let opening = history.opening().map(|recorded| &recorded.value.fact);
    let Some(Fact::Opened(opened)) = opening else { return false };
    opened.contract_ids.iter().any(|id| id == contract_id)
}
