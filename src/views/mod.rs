//! The views: what is derived from the journal, stored in sled for quick reading.
//!
//! Nothing here is a fact: the views remember the sequence they have applied, and whatever they
//! lack or lose is folded again from the journal. This is the only module that uses sled.
//!
//! Views are found and opened ([`Views::find`], [`Found`]) as those of an [`Identity`]; [`Views`]
//! reads them, and [`Writing`] writes [`Changes`] into them.

mod active_ids;
mod activity_keys;
mod coverage_keys;
mod disk_space;
mod error;
mod future_keys;
mod identity;
mod incident_rows;
mod index_blocks;
mod keys;
mod kind;
mod learning_rows;
mod left_open_keys;
mod lifespan_keys;
mod missing_keys;
mod open;
mod read;
mod rows;
mod scheduled_ids;
mod settlement_keys;
mod store;
#[cfg(test)]
mod tests;
mod write;

pub use error::ViewsError;
pub use identity::Identity;
pub use incident_rows::IncidentRows;
pub use keys::{ClockKey, IncidentKey};
pub use learning_rows::KeptLearning;
pub use open::Found;
pub use read::Views;
pub use rows::Changes;
pub use store::{Opening, WriteCount};
pub use write::Writing;
