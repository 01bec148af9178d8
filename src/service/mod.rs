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
mod deadline;
mod delivery;
mod erasing;
mod evaluations;
mod feed;
mod feeds;
mod flight;
mod forecast;
mod hours;
mod incident;
mod intake;
mod lane;
mod lanes;
mod messages;
mod notice_filter;
mod open_watches;
mod outlook_watch;
mod page;
mod putting;
mod reasons;
mod recording;
mod requests;
mod scope;
mod seal;
mod sealed_token;
mod service_hours;
mod services;
mod settlement;
mod stamp;
mod status;
mod time_zones;
mod warnings;
mod watch_clocks;
mod watch_start;
mod watch_token;
mod watcher;
mod webhook;

pub use access::{METHODS, Method, Need};
pub use caller::{CallNotes, Caller, CallerIdentity, Tenants};
pub use deadline::Deadline;
pub use delivery::WebhookOptions;
pub use lane::Usage;
pub use lanes::Capacity;
pub use open_watches::OpenWatches;
pub use scope::Scope;
pub use services::{Limits, Services};
pub use status::{
    audit_unavailable, bad_timeout, denied, explained, not_found, out_of_time, request_too_slow,
    too_late, too_many_bytes_held, too_many_calls, unauthenticated,
};
