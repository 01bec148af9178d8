//! Incidents: the facts that backends report, and the state they give at an instant.
//!
//! An incident is never stored as a state: it is the list of everything recorded about it. A
//! [`History`] puts those facts in the order they *occurred*, leaves out what was retracted, and
//! applies them [`Moment`] by moment to a [`State`]. Late, repeated and shuffled deliveries
//! therefore give the same state as a timely one.

mod fact;
mod history;
mod memory;
mod moment;
mod place;
mod state;
mod stint;

pub use fact::{
    Cause, DetailsChange, ExclusionDecision, Fact, IncidentEvent, Opened, Party, RecordedEvent,
    Waiting, WaitingOn,
};
pub use history::History;
pub use moment::Moment;
pub use place::Place;
pub use state::{Stage, State};
pub use stint::Stint;
