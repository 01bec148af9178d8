//! Leases: what one node alone is to do at a time, and what the next one must know of it.
//!
//! A lease is an entry of a key-value bucket that goes by itself unless its holder renews it. It
//! decides who works, not what is true: a holder that was stopped may go on for a moment
//! after it has lost it, so what is done under a lease must bear to be done twice.

use std::time::{Duration, Instant};

use async_nats::jetstream::kv::{self, Store};
use async_nats::jetstream::stream::StorageType;
use bytes::Bytes;

use super::connection::Connection;
use super::error::ClusterError;
use super::options::ClusterOptions;

/// After which time a lease that is not renewed is anybody's.
const LASTS: Duration = Duration::from_secs(10);
/// How long its holder relies on it.
const RELIED_ON: Duration = Duration::from_secs(6);

/// The leases of a log, and what is kept beside them.
#[derive(Clone, Debug)]
pub struct Leases {
    leases: Store,
    kept: Store,
    node: String,
}

/// Whether this node holds a lease.
#[derive(Debug, Default)]
pub struct Lease {
    held: Option<(u64, Instant)>,
}

impl Lease {
    /// Whether it may be relied on.
    pub fn is_held(&self) -> bool {
        self.held.is_some_and(|(_, renewed)| renewed.elapsed() < RELIED_ON)
    }
}

impl Leases {
    /// Opens the buckets; makes them, if there are none. Blocks.
    ///
    /// # Errors
    /// The servers do not answer.
    pub fn open(connection: &Connection, options: &ClusterOptions) -> Result<Leases, ClusterError> {
        let node = connection.node().to_owned();
        let (jetstream, options) = (connection.jetstream().clone(), options.clone());
        connection.wait(async move {
            let bucket = |bucket: String, max_age| {
                let num_replicas = options.replicas;
                let storage = StorageType::File;
                let history = 1;
                kv::Config { bucket, max_age, num_replicas, storage, history, ..Default::default() }
            };
            let open = async |config: kv::Config| {
                let name = config.bucket.clone();
                match jetstream.get_key_value(&name).await {
                    Ok(store) => Ok(store),
                    Err(_) => {
                        let made = jetstream.create_key_value(config).await;
                        made.map_err(|error| ClusterError::refused(&name)(&error))
                    }
                }
            };
            let leases = open(bucket(options.leases_bucket(), LASTS)).await?;
            let kept = open(bucket(options.kept_bucket(), Duration::ZERO)).await?;
            Ok(Leases { leases, kept, node })
        })
    }

    /// Takes a lease that nobody holds, or renews the one that this node holds.
    pub async fn take(&self, name: &str, lease: &mut Lease) {
        let (asked, node) = (Instant::now(), Bytes::from(self.node.clone()));
        let revision = match lease.held {
            Some((revision, _)) => {
                self.leases.update(name, node, revision).await.map_err(|error| error.to_string())
            }
            None => self.leases.create(name, node).await.map_err(|error| error.to_string()),
        };
        match revision {
            Ok(revision) => {
                if lease.held.is_none() {
                    tracing::info!(name, "this node does it now");
                }
                lease.held = Some((revision, asked));
            }
            Err(error) => {
                if lease.held.is_some() && !lease.is_held() {
                    tracing::warn!(name, error, "this node does it no more");
                    lease.held = None;
                }
            }
        }
    }

    /// Gives a lease up, so that another node need not wait for its end.
    pub async fn give_up(&self, name: &str, lease: &mut Lease) {
        if let Some((revision, _)) = lease.held.take()
            && let Err(error) = self.leases.delete_expect_revision(name, Some(revision)).await
        {
            tracing::debug!(name, %error, "a lease could not be given up: it ends by itself");
        }
    }

    /// Keeps something for whoever holds the lease next.
    ///
    /// # Errors
    /// The servers do not answer, or refuse so many bytes.
    pub async fn keep(&self, key: &str, value: Vec<u8>) -> Result<(), ClusterError> {
        let put = self.kept.put(key, Bytes::from(value)).await;
        put.map(drop).map_err(|error| ClusterError::refused(key)(&error))
    }

    /// What was kept; `None`: nothing.
    ///
    /// # Errors
    /// The servers do not answer.
    pub async fn kept(&self, key: &str) -> Result<Option<Vec<u8>>, ClusterError> {
        let got = self.kept.get(key).await.map_err(|error| ClusterError::refused(key)(&error))?;
        Ok(got.map(Vec::from))
    }

    /// Forgets what was kept.
    ///
    /// # Errors
    /// The servers do not answer.
    pub async fn forget(&self, key: &str) -> Result<(), ClusterError> {
        self.kept.purge(key).await.map_err(|error| ClusterError::refused(key)(&error))
    }
}
