//! The engine: decides commands, folds records and answers queries, without input or output.
//!
//! [`command`] compares a command with what is recorded and either rejects it or returns what to
//! record. Records fold into a [`catalog`] of contracts and calendars and a [`ledger`] for each
//! incident; [`state`] is that fold, the only one. [`evaluate`] evaluates incidents at an instant, and
//! [`index`] gives the places of their clocks among all clocks.
//!
//! [`answers::compliance`] adds up the entries of a [`period`], from the buckets of [`tally`] or evaluated
//! one by one, and evaluates its [`answers::objective`]s and [`answers::credit`]s; [`answers::period_result`] is the result,
//! and [`answers::simulation`] computes it under proposed terms. [`answers::experience`] is how people experienced an
//! incident. [`answers::review`] gathers the figures for a service review, with [`answers::review_result`] as its
//! result; [`action`]s are what people did about them, and [`answers::settlement`] what they have left to
//! agree on.
//!
//! [`answers::outlook`] forecasts an open clock, [`answers::period_outlook`] the periods that open clocks belong to,
//! and [`answers::objective_outlook`] their objectives. [`learning`] learns from incidents record by record,
//! and [`backtest`] replays a history to score the forecasts it would have given.

pub mod action;
pub mod answers;
pub mod backtest;
pub mod catalog;
pub mod decide;
pub mod evaluate;
pub mod index;
pub mod learning;
pub mod ledger;
pub mod period;
pub mod record;
pub mod rejection;
mod snapshot;
pub mod state;
pub mod tally;
pub mod terms_entry;
pub mod times;
