//! Queries, one subject a file: each is a function of one [`ReadView`].
//!
//! A query first gathers what it needs from the index, if that holds the read point, then drops
//! the index, and evaluates what it gathered. Everything is read through the view: nothing here
//! knows where anything is stored.

mod changed_terms;
pub mod changes;
pub mod clocks;
pub mod compliance;
pub mod export;
pub mod forecasts;
pub mod incidents;
mod kept_forecasts;
pub mod notices;
pub mod objective_looks;
mod open_clocks;
mod open_forecasts;
mod open_incidents;
pub mod outlooks;
pub mod period_forecasts;
pub mod review;
pub mod row_changes;
pub mod settlement;
pub mod simulation;
pub mod time_zones;

pub use crate::runtime::{IndexReader, QueryError, ReadPoint, ReadRequest, ReadView, Reading};

#[cfg(test)]
mod kept_tests;
#[cfg(test)]
pub(crate) mod past_tests;
#[cfg(test)]
mod rows_tests;
#[cfg(test)]
mod tests;
