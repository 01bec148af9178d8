//! What callers send and are answered, one noun a file.

mod answers;
mod backlog;
pub mod calendar;
pub mod clock;
pub mod compliance;
pub mod contract;
pub mod coverage;
pub mod credit;
mod credit_rule;
pub mod credit_statement;
pub mod experience;
pub mod export;
mod fact;
pub mod figures;
pub mod forecast;
pub mod incident;
mod limit;
mod money;
mod named;
pub mod objective;
mod presentation;
pub mod review;
pub mod service_event;
mod service_objective;
pub mod settlement;
pub mod signature;
mod target;
