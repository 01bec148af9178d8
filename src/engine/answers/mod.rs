//! What questions come to, computed purely from what the room `queries` gathers.
//!
//! [`compliance`] adds up the entries of a period, from the stored totals of its days or evaluated
//! one by one, and evaluates its [`objective`]s and [`credit`]s; [`period_result`] is the result,
//! and [`simulation`] computes it under proposed terms. [`experience`] is how people experienced an
//! incident, [`compare`] which verdicts differ between two states of knowledge. [`review`] gathers
//! the figures for a service review, with [`review_result`] as its result, and [`settlement`] what
//! people have left to agree on. [`outlook`] forecasts an open clock, [`period_outlook`] the
//! periods that open clocks belong to, and [`objective_outlook`] their objectives.

pub mod compare;
pub mod compliance;
pub mod credit;
pub mod experience;
pub mod group_key;
pub mod objective;
pub mod objective_outlook;
pub mod outlook;
pub mod period_outlook;
pub mod period_result;
pub mod review;
pub mod review_figures;
pub mod review_result;
mod service_objective;
pub mod settlement;
pub mod simulation;
