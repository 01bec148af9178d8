//! Forecasts put to the test: history is replayed, and each forecast is held against
//! what became so.
//!
//! A fact counts as known from when it occurred, whenever it was recorded: a history that was
//! imported at once would else have been unknown until its end.

mod clocks;
mod outcomes;
mod periods;
mod tested;
mod week;

pub use clocks::{OCCASIONS, Occasion, test_clocks};
pub use periods::{PERIOD_BASELINES, PeriodBaseline, TestedPeriods, test_periods};
pub use tested::{Test, Tested};
