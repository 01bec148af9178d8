//! A node of several that share a log: how it stands to it, and who asks its servers.

use std::sync::Arc;

use crate::cluster::{ClusterError, ClusterOptions, Connection, Leases, NodeState, NodeStatus};

/// A node of several that share a log.
#[derive(Debug)]
pub struct Node {
    pub(super) state: Arc<NodeState>,
    pub(super) connection: Connection,
    pub(super) options: ClusterOptions,
}

impl Node {
    /// How it stands to the log.
    pub fn status(&self) -> NodeStatus {
        self.state.now()
    }

    /// The leases of the log. Blocks.
    ///
    /// # Errors
    /// The servers do not answer.
    pub fn leases(&self) -> Result<Leases, ClusterError> {
        Leases::open(&self.connection, &self.options)
    }
}
