//! The engine: decides commands, folds records and answers queries, without input or output.
//!
//! [`decide`] compares a command with what is recorded and either rejects it or returns what to
//! record. Records fold into a [`catalog`] of contracts and calendars and a [`ledger`] for each
//! incident; [`state`] is that fold, the only one. [`evaluate`] evaluates incidents at an instant,
//! [`index`] gives the places of their clocks among all clocks, [`tally`] what they add to the
//! stored totals of a day, and [`lifespan`] for how long their contracts are concerned with them.
//!
//! [`kept`] is what is kept of an incident that is not over, so that questions go on from there by
//! time alone.
//!
//! [`notices`] says what happened to an incident's clocks between two instants, and [`schedule`]
//! when time alone will change them.
//!
//! [`answers`] computes what questions come to. [`lessons`] says what one incident teaches,
//! [`fold`] merges that of all in the order of their decisions, [`learning`] does so record by
//! record, and [`backtest`] replays a history to score the forecasts it would have given.

pub mod action;
pub mod activity;
pub mod adoption;
pub mod answers;
pub mod backtest;
pub mod catalog;
pub mod cost;
pub mod coverage;
pub mod decide;
pub mod erasing;
pub mod evaluate;
pub mod fold;
pub mod incident_times;
pub mod index;
pub mod keeping;
pub mod kept;
pub mod learned;
pub mod learning;
pub mod ledger;
pub mod lessons;
pub mod lifespan;
pub mod likely_breaches;
mod noted_incidents;
pub mod notices;
pub mod objective_states;
pub mod observation;
pub mod occurred;
mod packed_times;
pub mod period;
pub mod record;
pub mod rejection;
pub mod schedule;
mod snapshot;
pub mod state;
pub mod tally;
pub mod terms_entry;
pub mod times;
pub mod warnings;
pub mod webhooks;
