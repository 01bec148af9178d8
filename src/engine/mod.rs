//! The engine: decides commands, folds records and answers queries, without input or output.
//!
//! [`command`] compares a command with what is recorded and either rejects it or returns what to
//! record. Records fold into a [`catalog`] of contracts and calendars and a [`ledger`] for each
//! incident; [`state`] is that fold, the only one. [`query`] evaluates incidents at an instant, and
//! [`index`] gives the places of their clocks among all clocks.
//!
//! [`compliance`] adds up the entries of a [`period`], from the buckets of [`tally`] or evaluated
//! one by one, and evaluates its [`objective`]s and [`credit`]s; [`period_result`] is the result,
//! and [`simulation`] computes it under proposed terms. [`experience`] is how people experienced an
//! incident. [`review`] gathers the figures for a service review, with [`review_result`] as its
//! result; [`action`]s are what people did about them, and [`settlement`] what they have left to
//! agree on.
//!
//! [`outlook`] forecasts an open clock, [`period_outlook`] the periods that open clocks belong to,
//! and [`objective_outlook`] their objectives. [`learning`] learns from incidents record by record,
//! and [`backtest`] replays a history to score the forecasts it would have given.

pub mod action;
pub mod backtest;
pub mod catalog;
pub mod command;
pub mod compare;
pub mod compliance;
pub mod credit;
pub mod experience;
pub mod group_key;
pub mod index;
pub mod learning;
pub mod ledger;
pub mod objective;
pub mod objective_outlook;
pub mod outlook;
pub mod period;
pub mod period_outlook;
pub mod period_result;
pub mod query;
pub mod record;
pub mod rejection;
pub mod review;
pub mod review_figures;
pub mod review_result;
pub mod settlement;
pub mod simulation;
mod snapshot;
pub mod state;
pub mod tally;
pub mod terms_entry;
pub mod times;
