//! A node of several that share a log: how it stands to it, and who asks its servers.

use std::sync::Arc;

use crate::cluster::{ClusterError, ClusterOptions, Connection, Leases, Standing, StandingNow};

/// A node of several that share a log.
#[derive(Debug)]
pub struct Node {
    pub(super) standing: Arc<Standing>,
    pub(super) connection: Connection,
    pub(super) options: ClusterOptions,
}

impl Node {
    /// How it stands to the log.
    pub fn standing(&self) -> StandingNow {
        self.standing.now()
    }

    /// The leases of the log. Blocks.
    ///
    /// # Errors
    /// The servers do not answer, or the system gives no random bytes for a name.
    pub fn leases(&self) -> Result<Leases, ClusterError> {
        let mut name = [0; 16];
        let filled = getrandom::fill(&mut name);
        filled.map_err(|error| ClusterError::Unreachable(format!("no random bytes: {error}")))?;
        let name = u128::from_le_bytes(name);
        Leases::open(&self.connection, &self.options, format!("{name:032x}"))
    }
}
