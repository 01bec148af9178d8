//! Whose turn it is to send webhooks: where several nodes share a log, one of them does.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::courier::Origin;
use super::kept_progress::ProgressStore;
use crate::cluster::{Lease, Leases};
use crate::runtime::Node;

/// The lease of whoever sends webhooks.
const LEASE: &str = "webhooks";
/// How often it is taken or renewed.
const TAKEN_EVERY: Duration = Duration::from_secs(2);

/// Whose turn it is.
#[derive(Debug)]
pub(super) enum SendingTurn {
    /// Always this server's: it is alone.
    Own(PathBuf),
    /// That of the node which holds the lease.
    OfNodes(Box<Leased>),
}

/// A lease that this node may hold.
#[derive(Debug)]
pub(super) struct Leased {
    node: Arc<Node>,
    /// None, until they could be opened.
    leases: Option<Arc<Leases>>,
    lease: Lease,
    /// When it is to be taken or renewed.
    due: Instant,
}

impl SendingTurn {
    /// That of a server with this data directory.
    pub fn of(origin: &Origin, data: &Path) -> SendingTurn {
        let lease = Lease::default();
        match origin.engine.node() {
            None => SendingTurn::Own(data.to_owned()),
            Some(node) => {
                let (node, due) = (Arc::clone(node), Instant::now());
                SendingTurn::OfNodes(Box::new(Leased { node, leases: None, lease, due }))
            }
        }
    }

    /// Where what is kept of webhooks is, if this server is to send; `None`: another is.
    pub async fn store(&mut self) -> Option<ProgressStore> {
        match self {
            SendingTurn::Own(data) => Some(ProgressStore::Files(data.clone())),
            SendingTurn::OfNodes(leased) => leased.store().await,
        }
    }

    /// Lets others have it: this server is stopping.
    pub async fn end(self) {
        if let SendingTurn::OfNodes(leased) = self
            && let Leased { leases: Some(leases), mut lease, .. } = *leased
            && aside(move || leases.give_up(LEASE, &mut lease)).await.is_err()
        {
            tracing::debug!("the lease of webhooks ends by itself");
        }
    }
}

impl Leased {
    async fn store(&mut self) -> Option<ProgressStore> {
        if Instant::now() >= self.due {
            self.due = Instant::now() + TAKEN_EVERY;
            self.take().await;
        }
        let leases = self.leases.as_ref().filter(|_| self.lease.is_held())?;
        Some(ProgressStore::Nodes(Arc::clone(leases)))
    }

    async fn take(&mut self) {
        let (node, opened, mut lease) =
            (Arc::clone(&self.node), self.leases.take(), std::mem::take(&mut self.lease));
        let taken = aside(move || {
            let leases = opened.map_or_else(|| node.leases().map(Arc::new), Ok);
            if let Ok(leases) = &leases {
                leases.take(LEASE, &mut lease);
            }
            (leases, lease)
        });
        match taken.await {
            Ok((leases, lease)) => {
                self.leases = leases.inspect_err(|error| tracing::warn!(%error, "leases")).ok();
                self.lease = lease;
            }
            Err(error) => tracing::error!(%error, "whose turn it is to send is not known"),
        }
    }
}

/// Does what reads or writes files, which is not for the network's thread.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("it panicked")
}
