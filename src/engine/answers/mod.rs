//! What questions come to, computed purely from what `queries` gathers: comparisons of states of
//! knowledge, periods with their objectives and credits, reviews, settlement items, simulations and
//! outlooks.

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
pub mod settlement;
pub mod simulation;
