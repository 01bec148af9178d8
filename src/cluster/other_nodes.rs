//! What nodes say of themselves to each other, beside the stream: each second who they are and how
//! far they have come. Nothing depends on it: it is shown to whoever operates them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::time::MissedTickBehavior;
use tokio_stream::StreamExt as _;

use super::connection::Connection;

/// How often a node says how far it has come.
const SAYS_EVERY: Duration = Duration::from_secs(1);
/// A node that was not heard of for longer is not one of them any more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);
/// More nodes than this are not remembered, whoever says that they are there.
const NODES_MAX: usize = 64;
/// What a node says of itself is not longer.
const SAID_BYTES_MAX: usize = 8 << 10;

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct NodeReport {
    /// Its machine and directory, which no other node has.
    name: String,
    /// The version of slx that it runs.
    version: String,
    /// The place in the stream up to which it has taken in what it holds.
    folded: u64,
}

/// What is known of another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherNode {
    /// Its machine and directory: `db2:/srv/slx/journal`.
    pub name: String,
    /// The version of slx that it runs.
    pub version: String,
    /// The place in the stream up to which it has taken in what it holds, when it was last heard
    /// of.
    pub folded: u64,
    /// For how long nothing was heard of it.
    pub unheard: Duration,
}

/// The other nodes, as far as they were heard of.
#[derive(Debug, Default)]
pub(super) struct OtherNodes(Mutex<BTreeMap<String, (NodeReport, Instant)>>);

impl OtherNodes {
    /// Those that were heard of within the last ten minutes, by name.
    pub fn known(&self) -> Vec<OtherNode> {
        let mut others = self.0.lock();
        others.retain(|_, (_, heard)| heard.elapsed() < FORGOTTEN_AFTER);
        let known = others.values().cloned().map(|(said, heard)| {
            let NodeReport { name, version, folded } = said;
            OtherNode { name, version, folded, unheard: heard.elapsed() }
        });
        known.collect()
    }

    /// Notes what a node says, unless it is this one or can't be read.
    fn hear(&self, own_name: &str, payload: &[u8]) {
        if payload.len() > SAID_BYTES_MAX {
            return;
        }
        let Ok(said) = serde_json::from_slice::<NodeReport>(payload) else { return };
        let mut others = self.0.lock();
        let is_known = others.contains_key(&said.name);
        if said.name == own_name || (!is_known && others.len() >= NODES_MAX) {
            return;
        }
        if !is_known && said.version != env!("CARGO_PKG_VERSION") {
            let NodeReport { name, version, .. } = &said;
            tracing::warn!(name, version, "another node runs another version of slx");
        }
        others.insert(said.name.clone(), (said, Instant::now()));
    }
}

/// Says how far the node over a directory has come, and listens to the others, as long as there is
/// such a node.
pub(super) fn exchange(
    connection: &Connection,
    stream: &str,
    directory: &Path,
    others: Arc<OtherNodes>,
    folded: impl Fn() -> Option<u64> + Send + Sync + 'static,
) {
    let (client, subject) = (connection.client().clone(), format!("{stream}_nodes"));
    let name = name(directory);
    connection.begin(async move {
        while folded().is_some() {
            if let Err(error) = exchange_on(&client, &subject, &name, &others, &folded).await {
                tracing::debug!(error, "nothing is heard of other nodes");
            }
            tokio::time::sleep(SAYS_EVERY).await;
        }
    });
}

async fn exchange_on(
    client: &async_nats::Client,
    subject: &str,
    name: &str,
    others: &OtherNodes,
    folded: &(impl Fn() -> Option<u64> + Sync),
) -> Result<(), String> {
    let listening = client.subscribe(subject.to_owned()).await;
    let mut listening = listening.map_err(|error| error.to_string())?;
    let mut ticks = tokio::time::interval(SAYS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            _ = ticks.tick() => None,
            message = listening.next() => match message {
                None => return Ok(()),
                message => message,
            },
        };
        if let Some(message) = message {
            others.hear(name, &message.payload);
            continue;
        }
        let Some(folded) = folded() else { return Ok(()) };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let said = NodeReport { name: name.to_owned(), version, folded };
        let payload = serde_json::to_vec(&said).map_err(|error| error.to_string())?;
        let said = client.publish(subject.to_owned(), payload.into()).await;
        said.map_err(|error| error.to_string())?;
    }
}

/// The name of the node over a directory: no other on its machine has it.
fn name(directory: &Path) -> String {
    let machine = rustix::system::uname();
    let machine = machine.nodename().to_string_lossy();
    let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    format!("{machine}:{}", directory.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, folded: u64) -> Vec<u8> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        serde_json::to_vec(&NodeReport { name: name.to_owned(), version, folded }).unwrap()
    }

    #[test]
    fn the_last_that_each_other_node_said_is_known() {
        let others = OtherNodes::default();
        for (name, folded) in [("b", 1), ("a", 2), ("own", 3), ("b", 4)] {
            others.hear("own", &said(name, folded));
        }
        others.hear("own", b"no report");
        let known = others.known();
        let known: Vec<_> = known.iter().map(|other| (other.name.as_str(), other.folded)).collect();
        assert_eq!(known, [("a", 2), ("b", 4)]);
    }

    #[test]
    fn whoever_makes_up_nodes_fills_no_memory() {
        let others = OtherNodes::default();
        for number in 0..1_000 {
            others.hear("own", &said(&format!("node {number}"), 1));
        }
        others.hear("own", &said(&"long".repeat(SAID_BYTES_MAX), 1));
        others.hear("own", &said("node 5", 7));
        let known = others.known();
        assert_eq!(known.len(), NODES_MAX);
        assert!(known.iter().any(|other| other.name == "node 5" && other.folded == 7));
    }
}
