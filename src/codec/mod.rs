//! The protobuf messages, and their way to and from the domain's types.
//!
//! The journal's records, the API's requests and the files people write hold the same messages, so
//! there is one decoder for each. It finds every violation at once and names them all; what it
//! returns can't be wrong. How much it demands is given to it ([`checks`]): a request is held to
//! the rules and limits of the API, a record only to what can be represented, so that whatever was
//! recorded once stays readable.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MessageDescriptor};

pub mod api;
pub mod bounded;
pub mod checks;
pub mod choices;
#[cfg(test)]
mod fuzz;
pub mod limits;
mod printable;
pub mod scalar;
pub mod store;
pub mod tables;
#[cfg(test)]
mod tests;
pub mod text;
pub mod violations;

/// The API's messages.
#[allow(missing_docs, clippy::all, clippy::restriction, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("slx.v1");
}

/// The messages and the service of Arrow Flight.
#[allow(missing_docs, clippy::all, clippy::restriction, reason = "generated")]
pub mod flight {
    tonic::include_proto!("arrow.flight.protocol");
}

/// The descriptors of all protos, with their comments: for reflection and for reading text.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/slx.descriptors"));

/// The descriptor of a message by its full name; `None`: there is no such message.
fn message_descriptor(name: &str) -> Option<MessageDescriptor> {
    static POOL: LazyLock<Option<DescriptorPool>> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).ok());
    POOL.as_ref()?.get_message_by_name(name)
}
