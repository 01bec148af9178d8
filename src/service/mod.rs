//! The gRPC services: decode, query, encode. The only room besides the server that knows tonic.
//!
//! What every method does in the same way is in `call`; a method adds what is its own.

mod access;
mod admin;
mod blocking;
mod calendar;
mod call;
mod caller;
mod chunk;
mod clock;
mod compliance;
mod contract;
mod forecast;
mod hours;
mod incident;
mod page;
mod recording;
mod requests;
mod scope;
mod services;
mod settlement;
mod stamp;
mod status;
mod warnings;

pub use access::{METHODS, Method, Need};
pub use caller::{CallNotes, Caller, CallerIdentity, Tenants};
pub use scope::Scope;
pub use services::{Limits, Services};
pub use status::{audit_unavailable, denied, explained, not_found, unauthenticated};
