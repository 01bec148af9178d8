//! Views: what the journal folds to, kept in sled for quick reading.
//!
//! Nothing here is a fact. A view remembers the sequence it has applied, and whatever it lacks or
//! garbles is folded again from the journal. This is the only room that knows sled.
//!
//! Views are found and opened ([`Views::find`], [`Found`]) as those of an [`Identity`]; [`Views`]
//! reads them, and [`Writing`] writes [`Changes`] into them.

mod disk_space;
mod error;
mod identity;
mod keys;
mod open;
mod read;
mod rows;
mod store;
#[cfg(test)]
mod tests;
mod write;

pub use error::ViewsError;
pub use identity::Identity;
pub use keys::{ClockKey, IncidentKey};
pub use open::Found;
pub use read::Views;
pub use rows::Changes;
pub use write::Writing;
