//! Incidents: the facts backends report, and their fold into what was so at an instant.
//!
//! An incident is never stored as a state: it is the list of everything recorded about it. A
//! [`History`] puts those facts in the order they *occurred*, leaves out what was retracted, and
//! plays them back [`Moment`] by moment on a [`State`]. So late, repeated and shuffled deliveries
//! give the same state as a perfect one.

mod fact;
mod history;
mod moment;
mod state;

pub use fact::{
    Cause, ExclusionDecision, Fact, IncidentEvent, Opened, Party, RecordedEvent, Waiting, WaitingOn,
};
pub use history::History;
pub use moment::Moment;
pub use state::{Stage, State};
