//! What a tool writes, made into facts: a mapping says what its rows mean.
//!
//! It knows neither where a text comes from nor where facts go: reading files and sending events
//! is of the command line.

mod delivered;
mod facts;
#[cfg(test)]
mod fuzz;
mod language;
mod notes;
mod payload;
mod reading;
mod ready;
mod rejects;
mod rows;
mod sequence;
mod shapes;
mod stamped;
mod update;

pub(crate) use facts::FactOfRow;
#[cfg(test)]
pub(crate) use language::tests::{MAPPING, mapping};
pub(crate) use language::{Mapping, Overrides, RowFormat, begin_of};
pub(crate) use notes::{Note, Suspicion};
pub(crate) use payload::{PayloadFacts, facts_of_payload};
pub(crate) use reading::{IncidentFacts, ReadExport};
pub(crate) use ready::Tool;
pub(crate) use rejects::{Reject, RejectedRow};
pub(crate) use rows::bounded;
pub(crate) use stamped::Stamped;
