//! Rows of each shape become updates of incidents.

mod changes;
mod instants;
mod whole;

use super::mapping::{Mapping, Shape};
use super::notes::Note;
use super::rejects::Reject;
use super::stamped::Stamped;
use super::update::Update;

/// The updates of one incident, in the order in which they occurred.
#[derive(Debug, Default)]
pub(super) struct Updates {
    pub updates: Vec<Update>,
    /// The rows that could not be understood.
    pub rejects: Vec<Reject>,
    /// The rows that are odd.
    pub notes: Vec<Note>,
}

/// The updates that the rows of one incident describe.
pub(super) fn updates(rows: &[Stamped], mapping: &Mapping) -> Updates {
    match mapping.shape {
        Shape::Whole => whole::updates(rows, mapping),
        Shape::Changes => changes::updates(rows, mapping),
        Shape::Instants => instants::updates(rows, mapping),
    }
}
