//! Questions, one noun a file: each is a function of what one [`ReadView`] shows.
//!
//! A question first gathers what it needs from the index, if there is one that shows what is
//! queried about, drops it, and evaluates what it gathered. Nothing here knows where anything is
//! kept, and nothing but what a view offers is read.

pub mod changes;
pub mod clocks;
pub mod compliance;
pub mod export;
pub mod forecasts;
pub mod incidents;
pub mod period_forecasts;
pub mod review;
pub mod settlement;
pub mod simulation;

pub use crate::runtime::{IndexReader, QueryError, ReadPoint, ReadRequest, ReadView, Reading};

#[cfg(test)]
mod tests;
