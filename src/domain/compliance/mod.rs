//! Compliance: the figures of a period, and whether they reach what was promised.
//!
//! A [`Period`] is cut at local midnight in the contract's time zone ([`LocalDays`]), and promises
//! hold in it as far as the contract is in force ([`ContractLife`]). Each incident's target is one
//! [`Entry`], which belongs to the period it is placed in, and to those at whose end it was open
//! ([`Membership`]); entries add up to a [`Tally`], on which objectives are evaluated in integers
//! ([`attainment`], [`mean_time`], [`backlog`]). `docs/periods.md` defines what is counted where.
//! Every tally keeps the contractual and the experienced account beside each other, with what
//! incidents cost people ([`experience`]). Objectives on services rest on the facts about them: how
//! they were up ([`availability`]), how many requests they served ([`requests`]) and what was
//! measured ([`performance`]). Missed objectives are credited ([`credit`]).

pub mod attainment;
pub mod availability;
pub mod backlog;
mod coverage;
pub mod credit;
mod entry;
pub mod experience;
mod in_force;
mod local_days;
pub mod mean_time;
mod outage_exclusion;
mod outages;
pub mod performance;
mod period;
mod reason;
pub mod requests;
mod service_state;
mod tally;

pub use coverage::{Coverage, CoverageGap, CoverageKey};
pub use entry::{Account, CountedAs, Entry, Membership, entries, paused};
pub use in_force::{ContractLife, DaysInForce};
pub use local_days::LocalDays;
pub use outage_exclusion::{ExcludedOutage, OutageExclusion, OutageExclusions};
pub use outages::{Outage, outages};
pub use period::{Period, PeriodError};
pub use reason::{
    ExclusionGround, HeldTime, VerdictGrounds, exclusion_reason, span_in_words, verdict_reason,
};
pub use tally::{Counts, Tally};
