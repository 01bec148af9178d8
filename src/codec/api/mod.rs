//! What callers send and are answered, one noun a file.

pub mod calendar;
pub mod clock;
pub mod compliance;
pub mod contract;
pub mod credit;
mod credit_rule;
pub mod credit_statement;
pub mod experience;
pub mod export;
pub mod figures;
pub mod forecast;
pub mod incident;
mod money;
pub mod objective;
pub mod review;
pub mod service_event;
pub mod settlement;
pub mod signature;
