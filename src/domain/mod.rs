//! The pure core: no input or output, no async, no wall clock, no floats in money or durations.
//!
//! In reading order: [`ids`], [`time`] and [`zone`] (instants and local time), [`calendar`]
//! (service hours), [`recorded`] (a place in the journal), [`incident`] (facts and histories),
//! [`contract`] (what was agreed), [`clock`] (targets measured on a history), [`experience`] (how
//! people experienced an incident), [`compliance`] (the figures of a period), [`settlement`] (what
//! is left to be agreed on) and [`forecast`] (how open clocks will probably turn out); [`wording`]
//! says instants and spans. Nothing here knows how facts arrive or are kept, and the present
//! instant is always an argument.

pub mod calendar;
pub mod clock;
pub mod compliance;
pub mod contract;
pub mod decimal;
pub mod exact_spread;
pub mod experience;
pub mod figures;
pub mod forecast;
pub mod ids;
pub mod incident;
pub mod intervals;
pub mod money;
pub mod personal;
pub mod recorded;
mod same_text;
pub mod service;
pub mod settlement;
pub mod share;
pub mod spread;
pub mod stop;
pub mod time;
pub mod time_sum;
pub mod violation;
pub mod webhook;
pub mod wording;
pub mod zone;
