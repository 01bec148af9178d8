//! Solve first, settle later.
//!
//! Help is given when it is needed, whatever the contract says. What is left over then is an
//! [`Item`]: it follows from the facts by itself ([`items`]) or somebody opened it. Its three
//! [`Facet`]s are settled one by one, each [`Decision`] resting on the item as it stood; so when a
//! later fact makes the item another, that shows ([`settle`]).

mod derive;
mod item;
mod status;

pub use derive::{credit, items};
pub use item::{Decided, Decision, Facet, Item, ItemKind, State};
pub use status::{ItemStatus, settle};
