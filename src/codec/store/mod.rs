//! What is kept on disk: records of the journal, rows of the views, what was learnt.

pub mod incident_row;
pub mod index_keys;
pub mod kept_name;
pub mod learning;
pub mod names;
pub mod packed;
pub mod places;
pub mod record;
pub mod sorted_keys;
pub mod tally;
pub mod tally_row;
pub mod unreadable;

/// Version 1.
#[allow(missing_docs, clippy::all, clippy::restriction, reason = "generated")]
pub mod v1 {
    tonic::include_proto!("slx.store.v1");
}
