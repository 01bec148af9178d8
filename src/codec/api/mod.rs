//! What callers send and are answered, one noun a file.

pub mod calendar;
pub mod clock;
pub mod compliance;
pub mod contract;
pub mod credit;
pub mod experience;
pub mod export;
pub mod figures;
pub mod forecast;
pub mod incident;
pub mod objective;
mod presentation;
pub mod review;
pub mod service_event;
pub mod settlement;
pub mod signature;
