//! Compliance: the figures of a period, and whether they reach what was promised.
//!
//! A [`Period`] is cut at local midnight in the contract's time zone. Each incident's target that
//! was decided in it is one [`Entry`]; entries add up to a [`Tally`], on which objectives are
//! evaluated in integers ([`attainment`]). Every tally keeps the contractual and the experienced
//! account beside each other, with what incidents cost people ([`experience`]). Objectives on
//! services rest on the facts about them: how they were up ([`availability`]) and what was measured
//! ([`performance`]). Missed objectives are credited ([`credit`]).

pub mod attainment;
pub mod availability;
pub mod credit;
mod entry;
pub mod experience;
pub mod performance;
mod period;
mod reason;
mod tally;

pub use entry::{Account, Entry, entries, paused};
pub use period::{Period, PeriodError};
pub use reason::{
    ExclusionGround, Held, VerdictGrounds, exclusion_reason, span_in_words, verdict_reason,
};
pub use tally::{Counts, Tally};
