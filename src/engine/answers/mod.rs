//! What questions come to, computed purely from what the room `queries` gathers.
//!
//! [`compliance`] adds up the entries of a period, from the stored totals of its days or evaluated
//! one by one as [`counted`] says or as they are kept, and evaluates its [`objective`]s and
//! [`credit`]s; [`period_result`] is the result, [`simulation`] computes it under proposed terms,
//! and [`exported`] lists its clocks. [`experience`] is how people experienced an incident,
//! [`compare`] which verdicts differ between two states of knowledge. [`review`] gathers the
//! figures for a service review, with [`review_result`] as its result, and [`settlement`] and
//! [`outage_items`] what people have left to agree on. [`outlook`] forecasts an open clock,
//! [`period_outlook`] the periods that open clocks belong to, and [`objective_outlook`] their
//! objectives. [`named_terms`] checks what a question names of a contract.

pub mod compare;
pub mod compliance;
pub mod counted;
#[cfg(test)]
mod counting_law;
pub mod credit;
pub mod experience;
pub mod exported;
pub mod group_key;
mod kept_counts;
pub mod named_terms;
pub mod objective;
pub mod objective_outlook;
pub mod outage_items;
pub mod outlook;
pub mod period_outlook;
pub mod period_result;
pub mod review;
pub mod review_figures;
pub mod review_result;
mod ruled;
mod ruling;
mod service_objective;
pub mod settlement;
pub mod simulation;
#[cfg(test)]
pub(crate) mod worlds;
