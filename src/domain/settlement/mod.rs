//! Settlement: what the parties of a contract have to agree on afterwards. Solve first, settle
//! later.
//!
//! Help is given when it is needed, whatever the contract says. What is left to agree on is an
//! [`Item`]: it is derived from facts ([`items`]), or a person opened it. Its three [`Facet`]s are
//! settled one by one. Each [`Decision`] keeps the item as it stood, so it shows when a later fact
//! changes the item ([`settle`]).

mod derive;
mod item;
mod outage;
mod status;

pub use derive::{Owed, bonus, credit, items};
pub use item::{Decided, Decision, Facet, FacetState, Item, ItemKind};
pub use outage::{excluded_outage, excluded_outage_id};
pub use status::{ItemStatus, settle};
