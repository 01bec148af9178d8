//! The pure core: no input or output, no async, no wall clock, no floats in money or durations.
//!
//! In reading order: [`ids`], [`time`] and [`zone`] (instants, and what clocks on walls show),
//! [`calendar`] (service hours), [`recorded`] (a place in the journal), [`incident`] (facts and
//! their fold), [`contract`] (what was agreed), [`clock`] (a history under terms at an instant),
//! [`experience`] (what people went through meanwhile), [`compliance`] (what a period's clocks come
//! to), [`settlement`] (what is left to be agreed on) and [`forecast`] (what open clocks will
//! probably come to).
//! Nothing here knows how facts arrive or are kept, and `now` is always an argument.

pub mod calendar;
pub mod clock;
pub mod compliance;
pub mod contract;
pub mod decimal;
pub mod experience;
pub mod figures;
pub mod forecast;
pub mod ids;
pub mod incident;
pub mod recorded;
pub mod service;
pub mod settlement;
pub mod share;
pub mod spread;
pub mod stretches;
pub mod time;
pub mod time_sum;
pub mod violation;
pub mod zone;
