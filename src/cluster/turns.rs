//! Turns: whoever was overtaken requests of the others to be let go first.
//!
//! Whoever appends knows at once what it has appended, and everybody else only once that has come
//! to them. So one busy node would overtake all others for ever. A node that was overtaken says so
//! to all, beside the stream; the others then hold their next group back until something of
//! another node has arrived, or for a moment. Nothing depends on it but who is next: what
//! is appended is decided by the stream alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_stream::StreamExt as _;

use super::connection::Connection;

/// How long a group is held back for another node's. It may be down by then.
const HELD_BACK: Duration = Duration::from_millis(50);
/// Before it is subscribed to again.
const PAUSE: Duration = Duration::from_millis(500);

/// Whose turn it is.
#[derive(Debug)]
pub(super) struct Turns {
    connection: Connection,
    subject: String,
    /// What distinguishes this node from others.
    node: Bytes,
    /// When another node requested to go first, unless it has been let.
    requested: Arc<Mutex<Option<Instant>>>,
    /// Whether this node was overtaken, and has requested that.
    is_requesting: bool,
}

impl Turns {
    /// Listens to who requests to go first, from now on.
    pub fn new(connection: &Connection, stream: &str) -> Turns {
        let subject = format!("{stream}_turn");
        let node = Bytes::from(connection.node().to_owned());
        let requested = Arc::default();
        let listening =
            listen(connection.clone(), subject.clone(), node.clone(), Arc::clone(&requested));
        connection.begin(listening);
        Turns { connection: connection.clone(), subject, node, requested, is_requesting: false }
    }

    /// Requests to go first: this node was overtaken.
    pub fn request(&mut self) {
        self.is_requesting = true;
        let (client, subject, node) =
            (self.connection.client().clone(), self.subject.clone(), self.node.clone());
        self.connection.begin(async move {
            if let Err(error) = client.publish(subject, node).await {
                tracing::debug!(%error, "nobody hears that this node was overtaken");
            }
        });
    }

    /// This node has had its turn.
    pub fn taken(&mut self) {
        self.is_requesting = false;
    }

    /// Holds back for a moment if another node has requested to go first. Returns whether something
    /// has arrived meanwhile, beyond a place. Blocks.
    pub fn hold_back(&self, arrived: watch::Receiver<u64>, place: u64) -> bool {
        let Some(requested) = self.requested.lock().take().filter(|_| !self.is_requesting) else {
            return false;
        };
        let left = HELD_BACK.saturating_sub(requested.elapsed());
        let mut arrived = arrived;
        let waited = self.connection.wait(async move {
            let arrives = arrived.wait_for(|last| *last > place);
            Ok(tokio::time::timeout(left, arrives).await.is_ok_and(|arrived| arrived.is_ok()))
        });
        waited.unwrap_or(false)
    }
}

/// Notes when another node requests to go first, as long as anybody wants to know.
async fn listen(
    connection: Connection,
    subject: String,
    node: Bytes,
    requested: Arc<Mutex<Option<Instant>>>,
) {
    let client = connection.client().clone();
    drop(connection);
    while Arc::strong_count(&requested) > 1 {
        if let Ok(mut messages) = client.subscribe(subject.clone()).await {
            while let Some(message) = messages.next().await {
                if message.payload != node {
                    *requested.lock() = Some(Instant::now());
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
