//! Commands in, records out, records folded, questions answered: pure.
//!
//! [`decide`](command) holds a command against what is recorded and either refuses it or says what
//! to record. Records fold into a [`catalog`] of contracts and calendars and a [`ledger`] an
//! incident: [`state`] is that fold, and everybody who folds shares it. [`query`] answers from them
//! at an instant, and [`index`] says where an incident's clocks belong among all clocks.
//! [`compliance`] adds up what a [`period`]'s clocks came to, from [`tally`] tally buckets or
//! evaluated one by one, and how its [`objective`]s stand, with its [`credit`]s; [`period_result`]
//! is that worked out, and [`simulation`] does so under terms that are only thought of.
//! [`experience`] is what people went through in an incident meanwhile. [`review`] lays a period on
//! the table, worked out in [`review_result`]; a [`action`] says what people did about it, and
//! [`settlement`] what they have left to agree on. [`outlook`] is what is to be expected of an open
//! clock, [`period_outlook`] of the periods such clocks belong to, and [`objective_outlook`] of
//! their objectives. [`backtest`] lives through a history again to see how forecasts of it would
//! have turned out; [`learning`] is what they teach, record by record.

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
