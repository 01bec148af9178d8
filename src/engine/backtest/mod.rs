//! Backtests: history is replayed, and each forecast it would have given is scored against the
//! outcome.
//!
//! A fact counts as known from when it occurred, whenever it was recorded. Otherwise a history that
//! was imported at once would have been unknown until its end.

mod clocks;
mod outcomes;
mod periods;
mod stops;
mod tested;
mod week;

pub use clocks::{OCCASIONS, Occasion, ScoredForecast, TestedClocks, test_clocks};
pub use outcomes::incidents;
pub use periods::{PERIOD_BASELINES, PeriodBaseline, TestedPeriods, test_periods};
pub use stops::StopsHeld;
pub use tested::{Test, Tested};
