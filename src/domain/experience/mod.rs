//! Experience: what people went through, beside what was agreed.
//!
//! The contractual account pauses, excludes and looks at one clock. This one does not: a
//! [`Passages`] is the incident as those it hit experienced it, from their first moment of trouble
//! until the service was restored. From it follow whose turn it was ([`party_time`]), what it cost
//! the people it hit ([`lost_time()`]), how it went through the hands of those who worked on it
//! ([`Flow`]), and whether its work was idle though nothing stood in its way ([`Urgency`],
//! [`Avoidable`]); beside it stands what people say themselves ([`Survey`]). What incidents cost
//! adds up ([`ExperienceTotals`]), and a contract may weigh it into one figure ([`Figure`]) that
//! never hides its parts.

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
pub use lost_time::{lost_time, people_hit};
pub use party_time::{Holder, party_time};
pub use passages::{Passage, Passages};
pub use survey::Survey;
pub use totals::ExperienceTotals;

pub use crate::domain::time_sum::TimeSum;
