//! The protobuf messages, and their way to and from the domain's types.
//!
//! The journal's records, the API's requests and the files people write all hold the same
//! messages, so there is one decoder for each, here, below both. A decoder checks everything and
//! names every fault at once; what it returns can't be wrong.

pub mod calendar;
pub mod clock;
pub mod compliance;
pub mod contract;
pub mod credit;
pub mod deed;
pub mod experience;
pub mod export;
pub mod faults;
pub mod forecast;
#[cfg(test)]
mod fuzz;
pub mod incident;
pub mod learning;
pub mod objective;
pub mod record;
pub mod review;
pub mod scalar;
pub mod service_event;
pub mod settlement;
pub mod tally;
pub mod text;

/// The API's messages.
#[allow(missing_docs, clippy::all, clippy::restriction, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("slx.v1");
}

/// What is kept on disk.
pub mod store {
    /// Version 1.
    #[allow(missing_docs, clippy::all, clippy::restriction, reason = "generated")]
    pub mod v1 {
        tonic::include_proto!("slx.store.v1");
    }
}

/// The descriptors of all protos, with their comments: for reflection and for reading text.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/slx.descriptors"));
