//! Where a shared log is, and how it is kept there.

use std::path::PathBuf;

/// A log that several nodes share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterOptions {
    /// The servers of NATS: `nats://host:4222` or `tls://host:4222`, at least one.
    pub servers: Vec<String>,
    /// The stream's name. The names are in `<stream>_names`, leases in the buckets
    /// `<stream>_leases` and `<stream>_kept`.
    pub stream: String,
    /// On how many servers each message is kept, if this node is the one that begins the stream.
    pub replicas: usize,
    /// A credentials file of NATS, if the servers want one.
    pub credentials: Option<PathBuf>,
    /// Authorities that are trusted beside the system's, in PEM.
    pub authorities: Option<PathBuf>,
}

impl ClusterOptions {
    /// The stream of names.
    pub(super) fn names_stream(&self) -> String {
        format!("{}_names", self.stream)
    }

    /// The bucket of leases.
    pub(super) fn leases_bucket(&self) -> String {
        format!("{}_leases", self.stream)
    }

    /// The bucket of what whoever holds a lease keeps for the next.
    pub(super) fn kept_bucket(&self) -> String {
        format!("{}_kept", self.stream)
    }
}
