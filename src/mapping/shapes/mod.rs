//! Rows of each shape become updates of incidents.

mod changes;
mod deliveries;
mod instants;
mod whole;

use super::language::{Mapping, Shape};
use super::stamped::Stamped;
use super::update::Updates;

/// The updates that the rows of one incident describe.
pub(super) fn updates(rows: &[Stamped], mapping: &Mapping) -> Updates {
    match mapping.shape {
        Shape::Whole => whole::updates(rows, mapping),
        Shape::Changes => changes::updates(rows, mapping),
        Shape::Instants => instants::updates(rows, mapping),
        Shape::Deliveries => deliveries::updates(rows, mapping),
    }
}
