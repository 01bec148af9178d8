//! Backtests: history is replayed, and each forecast it would have given is scored against the
//! outcome.
//!
//! A fact counts as known from when it occurred, whenever it was recorded. Otherwise a history that
//! was imported at once would have been unknown until its end.

mod clocks;
mod length;
mod outcomes;
mod period_baselines;
mod periods;
mod stand;
mod stops;
mod tested;

pub use clocks::{OCCASIONS, Occasion, ScoredForecast, TestedClocks, test_clocks};
pub use length::{LENGTHS, Length};
pub use outcomes::{GROUPINGS, incidents};
pub use period_baselines::{PERIOD_BASELINES, PeriodBaseline};
pub use periods::{PeriodScores, PeriodsOf, ScoredPeriod, TestedPeriods, test_periods};
pub use stops::StopsHeld;
pub use tested::{Test, Tested};
