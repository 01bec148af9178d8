//! What other nodes record: whether there are others, and waiting for what one of them has
//! recorded.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::node::Node;

/// How long what another node has recorded is waited for.
const OF_OTHERS_WITHIN: Duration = Duration::from_secs(10);

impl Engine {
    /// The node that it is of several that share a log; `None`: it is the only one.
    pub fn node(&self) -> Option<&Arc<Node>> {
        self.node.as_ref()
    }

    /// Waits for a while until a sequence is folded that another node has recorded. Whether it is
    /// folded then is for whoever reads to see.
    pub async fn wait_for_sequence(&self, sequence: i64) {
        let sequence = u64::try_from(sequence).unwrap_or(0);
        if self.node.is_some() && sequence > self.progress().sequence {
            let mut folded = self.folded.subscribe();
            let reached = folded.wait_for(|folded| *folded >= sequence);
            // What is not there in time is not waited for any longer.
            let _is_there = tokio::time::timeout(OF_OTHERS_WITHIN, reached).await.is_ok();
        }
    }
}
