//! Webhooks: notices on their way to the URLs that tenants have put.
//!
//! [`deliveries`] keeps one [`courier`] for each webhook. A courier watches as any caller does, and
//! sends each notice until it is taken or given up: [`event`] makes a body of it, [`signature`]
//! signs it, [`attempt`] sends it to an [`endpoint`] whose addresses [`lookups`] finds and
//! [`public_address`] lets through, and [`pause`] says when it is sent again. [`window`] knows what
//! is not done yet, [`kept_progress`] what is left of that after a restart, and [`place_to_begin`]
//! where to go on then.

mod attempt;
mod courier;
mod courier_state;
mod deliveries;
mod delivery_counts;
mod endpoint;
mod event;
mod kept_progress;
mod lookups;
mod pause;
mod place_to_begin;
mod public_address;
mod sending;
mod signature;
mod turn;
mod window;

pub(super) use courier::Origin as NoticeOrigin;
pub(super) use courier_state::CourierState;
pub(super) use deliveries::Deliveries;
pub use deliveries::WebhookOptions;
pub(super) use delivery_counts::DeliveryCounts;
pub(super) use endpoint::Endpoint;
pub(super) use signature::WebhookSecrets;
