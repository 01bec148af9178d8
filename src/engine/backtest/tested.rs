//! The settings of a backtest, and its result.

use crate::domain::forecast::Quality;
use crate::domain::incident::History;
use crate::domain::time::Instant;

/// The settings of a backtest.
#[derive(Clone, Copy, Debug)]
pub struct Test<'t> {
    /// The contract whose clocks are forecast.
    pub contract_id: &'t str,
    /// Only those of this target; empty: of all.
    pub target_id: &'t str,
    /// Forecasts are scored from this instant on. Decided clocks teach before it and after it.
    pub learn_until: Instant,
    /// The end of the history that is replayed.
    pub until: Instant,
}

/// The quality of the model and of the baselines, which are of type `B`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested<B> {
    /// The quality of the model's forecasts.
    pub model: Quality,
    /// The quality of each baseline's forecasts.
    pub baselines: Vec<(B, Quality)>,
}

/// Whether the incident of a history ever fell under a contract.
pub(super) fn is_under(history: &History<'_>, contract_id: &str) -> bool {
    !history.stints(contract_id).is_empty()
}
