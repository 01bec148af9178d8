//! Experience: what incidents meant to the people they hit, beside the contractual account.
//!
//! The contractual account pauses, excludes and looks at one clock. This one does not: [`Passages`]
//! are the incident as the people it hit experienced it, from their first moment of trouble until
//! the service was restored. From them follow whose turn it was ([`party_time`]), the time it cost
//! people ([`lost_time()`]), how much of it was work ([`Flow`]), and whether work was left idle
//! ([`Urgency`], [`Avoidable`]); people's own answers stand beside that ([`Survey`]). What
//! incidents cost adds up ([`ExperienceTotals`]), and a contract may weigh it into one figure with
//! its parts ([`Figure`]).

mod experienced;
mod figure;
mod flow;
mod idle_work;
mod lost_time;
mod party_time;
mod passages;
mod survey;
#[cfg(test)]
mod tests;
mod totals;

pub use experienced::{Experience, experience};
pub use figure::{Figure, Part, figure};
pub use flow::{Flow, Promises, flow};
pub use idle_work::{Avoidable, Urgency, Work, avoidable};
pub use lost_time::{PeopleReported, lost_time, people_hit};
pub use party_time::{Holder, party_time};
pub use passages::{Passage, Passages};
pub use survey::Survey;
pub use totals::ExperienceTotals;

pub use crate::domain::time_sum::TimeSum;
