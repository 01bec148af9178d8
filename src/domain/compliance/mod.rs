//! Compliance: what a period's clocks come to, held against what was promised.
//!
//! A [`Period`] is cut at local midnight in the contract's time zone. Each incident's target that
//! was decided in it is one [`Entry`]; entries add up to a [`Tally`]; and a tally is held against
//! an objective in integers ([`attainment`]). The contractual account and the experienced one are
//! kept beside each other in every tally, with what incidents cost people; what is promised of that
//! is held against it by [`experience`]. What is promised of services rests on the facts about them
//! instead: how they were up ([`availability`]) and what was measured ([`performance`]). What
//! missed objectives cost is computed from how they stood ([`credit`]).

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
pub use reason::{exclusion_reason, span_in_words, verdict_reason};
pub use tally::{Counts, Tally};
