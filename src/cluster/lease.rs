//! Leases: what one node alone is to do at a time, and what the next one must know of it.
//!
//! A lease is an entry of a key-value bucket that goes by itself unless its holder renews it. It
//! decides who works, not what is true: a holder that was stopped may go on for a moment
//! after it has lost it, so what is done under a lease must bear to be done twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use async_nats::jetstream::kv::{self, Store};
use async_nats::jetstream::stream::StorageType;
use bytes::Bytes;
use tokio_stream::StreamExt as _;

use super::connection::Connection;
use super::error::ClusterError;
use super::options::ClusterOptions;

/// After which time a lease that is not renewed is anybody's.
const LASTS: Duration = Duration::from_secs(10);
/// What is kept is kept in parts, each in one message.
const PART_BYTES: usize = 256 << 10;
/// How long its holder relies on it.
const RELIED_ON: Duration = Duration::from_secs(6);

/// The leases of a log, and what is kept beside them.
#[derive(Clone, Debug)]
pub struct Leases {
    connection: Connection,
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
        let (leases, kept) = connection.wait(async move {
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
            Ok((leases, kept))
        })?;
        Ok(Leases { connection: connection.clone(), leases, kept, node })
    }

    /// Takes a lease that nobody holds, or renews the one that this node holds. Blocks.
    pub fn take(&self, name: &str, lease: &mut Lease) {
        let (begun, node) = (Instant::now(), Bytes::from(self.node.clone()));
        let (leases, key, held) = (self.leases.clone(), name.to_owned(), lease.held);
        let taken = self.connection.wait(async move {
            let refused = ClusterError::refused(&key);
            match held {
                Some((revision, _)) => {
                    leases.update(&key, node, revision).await.map_err(|error| refused(&error))
                }
                None => leases.create(&key, node).await.map_err(|error| refused(&error)),
            }
        });
        match taken {
            Ok(revision) => {
                if held.is_none() {
                    tracing::info!(name, "this node does it now");
                }
                lease.held = Some((revision, begun));
            }
            Err(error) if held.is_some() && !lease.is_held() => {
                tracing::warn!(name, %error, "this node does it no more");
                lease.held = None;
            }
            // Another holds it; or nobody answered, and it is tried again.
            Err(_) => {}
        }
    }

    /// Gives a lease up, so that another node need not wait for its end. Blocks.
    pub fn give_up(&self, name: &str, lease: &mut Lease) {
        let Some((revision, _)) = lease.held.take() else { return };
        let (leases, key) = (self.leases.clone(), name.to_owned());
        let given_up = self.connection.wait(async move {
            let deleted = leases.delete_expect_revision(&key, Some(revision)).await;
            deleted.map_err(|error| ClusterError::refused(&key)(&error))
        });
        if let Err(error) = given_up {
            tracing::debug!(name, %error, "a lease could not be given up: it ends by itself");
        }
    }

    /// Keeps something for whoever holds the lease next. Blocks.
    ///
    /// # Errors
    /// The servers do not answer.
    pub fn keep(&self, key: &str, value: &[u8]) -> Result<(), ClusterError> {
        let parts: Vec<_> = value.chunks(PART_BYTES).map(Bytes::copy_from_slice).collect();
        let count = Bytes::copy_from_slice(&(parts.len() as u64).to_be_bytes());
        let (kept, key) = (self.kept.clone(), key.to_owned());
        self.connection.wait(async move {
            let refused = ClusterError::refused(&key);
            for (number, part) in parts.into_iter().enumerate() {
                let put = kept.put(part_key(&key, number as u64), part).await;
                put.map_err(|error| refused(&error))?;
            }
            kept.put(&key, count).await.map(drop).map_err(|error| refused(&error))
        })
    }

    /// What was kept; `None`: nothing. Blocks.
    ///
    /// # Errors
    /// The servers do not answer.
    pub fn kept(&self, key: &str) -> Result<Option<Vec<u8>>, ClusterError> {
        let (kept, key) = (self.kept.clone(), key.to_owned());
        self.connection.wait(async move {
            let refused = ClusterError::refused(&key);
            let count = kept.get(&key).await.map_err(|error| refused(&error))?;
            let count = count.and_then(|count| count.as_ref().try_into().ok());
            let Some(count) = count.map(u64::from_be_bytes) else { return Ok(None) };
            let mut value = Vec::new();
            for number in 0..count {
                let part = kept.get(part_key(&key, number)).await;
                match part.map_err(|error| refused(&error))? {
                    Some(part) => value.extend(part),
                    None => return Ok(None),
                }
            }
            Ok(Some(value))
        })
    }

    /// Forgets all that was kept but for some, by what their keys begin with. Blocks.
    ///
    /// # Errors
    /// The servers do not answer.
    pub fn forget_others(&self, present: BTreeSet<String>) -> Result<(), ClusterError> {
        let kept = self.kept.clone();
        self.connection.wait(async move {
            let refused = |error: &dyn std::error::Error| ClusterError::refused("kept")(error);
            let mut keys = kept.keys().await.map_err(|error| refused(&error))?;
            while let Some(key) = keys.next().await {
                let key = key.map_err(|error| refused(&error))?;
                let beginning = key.split('.').next().unwrap_or_default();
                if !present.contains(beginning) {
                    kept.purge(&key).await.map_err(|error| refused(&error))?;
                }
            }
            Ok(())
        })
    }
}

/// The key of a part of what is kept under another.
fn part_key(key: &str, number: u64) -> String {
    format!("{key}.{number}")
}
