//! Names in a stream of their own: the personal texts that the log's records have tokens for.
//!
//! A name is one message under its token; that texts were erased is another, which says of which
//! tokens. To erase a text, this is said first, then the messages of its names are overwritten. So
//! whoever reads the stream from its beginning has the names that are left, and whoever follows
//! it learns which are gone.
//!
//! A group says up to where this stream must be known before it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, LastRawMessageErrorKind, Stream};
use bytes::Bytes;
use tokio::sync::watch;

use super::connection::Connection;
use super::error::ClusterError;
use super::follower::Follower;
use super::options::ClusterOptions;
use super::stream::{Message, is_overtaken};
use crate::codec::store::kept_name::{ErasedNames, KeptName};
use crate::journal::{CommitError, Wake};

/// What the subject of a name goes on with.
const KEPT: &str = "kept";
/// What the subject of an erasing goes on with.
const ERASED: &str = "erased";

/// Something that happened to names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameChange {
    /// A name is kept.
    Kept(KeptName),
    /// Names are erased.
    Erased(ErasedNames),
}

/// The names that nodes share.
#[derive(Debug)]
pub struct SharedNames {
    connection: Connection,
    name: String,
    stream: Stream<()>,
    follower: Follower,
    seen: NamesSeen,
}

/// Up to where the stream of names is known here.
#[derive(Clone, Debug)]
pub(super) struct NamesSeen {
    /// The place of the last message that has arrived.
    arrived: watch::Receiver<u64>,
    /// The place of the last that this node has published.
    published: Arc<AtomicU64>,
}

/// The names of a store, and those of whom it is said that they are erased.
#[derive(Debug, Default)]
struct NamesFound {
    kept: HashMap<String, KeptName>,
    erased: Vec<ErasedNames>,
}

impl SharedNames {
    /// Opens the stream of names; begins it, if the log is new. Returns the names that are left in
    /// it, with an erasure of each tenant of whom some are not. Blocks.
    ///
    /// # Errors
    /// It can't be read, or is gone though the log is not new.
    pub(super) fn open(
        connection: &Connection,
        options: &ClusterOptions,
        is_new: bool,
    ) -> Result<(SharedNames, Vec<KeptName>), ClusterError> {
        let name = options.names_stream();
        let stream = open_stream(connection, &name, options.replicas, is_new)?;
        let is_empty = {
            let (stream, name) = (stream.clone(), name.clone());
            connection.wait(async move {
                let info = stream.get_info().await;
                let info = info.map_err(|error| ClusterError::refused(&name)(&error))?;
                Ok(info.state.messages == 0)
            })?
        };
        let follower = Follower::after(0, stream.clone(), connection);
        let (arrived, published) = (follower.last(), Arc::default());
        let seen = NamesSeen { arrived, published };
        let connection = connection.clone();
        let mut names = SharedNames { connection, name, stream, follower, seen };
        let NamesFound { mut kept, erased } =
            if is_empty { NamesFound::default() } else { names.read_all()? };
        let mut found = Vec::new();
        for erasing in erased {
            kept.retain(|token, _| !erasing.tokens.contains(token));
            found.retain(|erasure: &KeptName| erasure.tenant() != erasing.erasure.tenant());
            found.push(erasing.erasure);
        }
        found.extend(kept.into_values());
        Ok((names, found))
    }

    fn read_all(&mut self) -> Result<NamesFound, ClusterError> {
        let mut found = NamesFound::default();
        while let Some(message) = self.follower.wait() {
            match self.decode(&message)? {
                NameChange::Kept(name) => drop(found.kept.insert(name.token_text(), name)),
                NameChange::Erased(erased) => found.erased.push(erased),
            }
            if message.pending == 0 {
                return Ok(found);
            }
        }
        let reason = "its messages do not come".to_owned();
        Err(ClusterError::Refused { stream: self.name.clone(), reason })
    }

    fn decode(&self, message: &Message) -> Result<NameChange, ClusterError> {
        let unreadable = |reason: String| ClusterError::Refused {
            stream: self.name.clone(),
            reason: format!("message {}: {reason}", message.place),
        };
        let kind = message.subject.split('.').nth(1).unwrap_or_default();
        let bytes = &message.payload;
        match kind {
            KEPT => KeptName::decode(bytes).map(NameChange::Kept),
            _ => ErasedNames::decode(bytes).map(NameChange::Erased),
        }
        .map_err(|error| unreadable(error.to_string()))
    }

    /// Up to where names are known here.
    pub(super) fn seen(&self) -> NamesSeen {
        self.seen.clone()
    }

    /// What other nodes, and this one, have changed since. Blocks for nothing.
    ///
    /// # Errors
    /// A change can't be read by this version.
    pub fn take(&mut self) -> Result<Vec<NameChange>, ClusterError> {
        let mut changes = Vec::new();
        while let Some(message) = self.follower.take() {
            changes.push(self.decode(&message)?);
        }
        Ok(changes)
    }

    /// Makes names durable for all nodes. Blocks.
    ///
    /// # Errors
    /// The servers do not answer.
    pub fn keep(&self, names: &[KeptName]) -> Result<(), ClusterError> {
        let sent = names.iter().map(|name| {
            // One that is kept already is kept.
            let message = PublishMessage::build().expected_last_subject_sequence(0);
            let message = message.payload(Bytes::from(name.encode()));
            (self.subject(KEPT, &name.token_text()), message)
        });
        self.publish(sent.collect())
    }

    /// Says of some names that they are erased, and overwrites them. Blocks.
    ///
    /// # Errors
    /// The servers do not answer. Some may be overwritten: a repeat does the rest.
    pub fn erase(&self, erased: &ErasedNames) -> Result<(), ClusterError> {
        let message = PublishMessage::build().payload(Bytes::from(erased.encode()));
        self.publish(vec![(self.subject(ERASED, &erased.erasure.token_text()), message)])?;
        erased.tokens.iter().try_for_each(|token| self.overwrite(token))
    }

    /// Has `wake` called whenever names have changed.
    pub fn wake_with(&self, wake: Wake) {
        self.follower.wake_with(wake);
    }

    fn subject(&self, kind: &str, token: &str) -> String {
        format!("{}.{kind}.{token}", self.name)
    }

    /// Publishes messages together, and waits until all are kept.
    fn publish(&self, messages: Vec<(String, PublishMessage)>) -> Result<(), ClusterError> {
        let (jetstream, name) = (self.connection.jetstream().clone(), self.name.clone());
        let published = Arc::clone(&self.seen.published);
        self.connection.wait(async move {
            let refused = ClusterError::refused(&name);
            let mut sent = Vec::new();
            for (subject, message) in messages {
                let publish = jetstream.send_publish(subject, message).await;
                sent.push(publish.map_err(|error| refused(&error))?);
            }
            for acknowledged in sent {
                match acknowledged.await {
                    Ok(kept) => drop(published.fetch_max(kept.sequence, Ordering::AcqRel)),
                    Err(error) if is_overtaken(&error) => {}
                    Err(error) => return Err(refused(&error)),
                }
            }
            Ok(())
        })
    }

    /// Overwrites the message of a name, if it is there.
    fn overwrite(&self, token: &str) -> Result<(), ClusterError> {
        let (stream, name) = (self.stream.clone(), self.name.clone());
        let subject = self.subject(KEPT, token);
        self.connection.wait(async move {
            let refused = ClusterError::refused(&name);
            let place = match stream.get_last_raw_message_by_subject(&subject).await {
                Ok(message) => message.sequence,
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                    return Ok(());
                }
                Err(error) => return Err(refused(&error)),
            };
            // Its bytes are overwritten as it is deleted, by the servers' own default.
            stream.delete_message(place).await.map(drop).map_err(|error| refused(&error))
        })
    }
}

fn open_stream(
    connection: &Connection,
    name: &str,
    replicas: usize,
    is_new: bool,
) -> Result<Stream<()>, ClusterError> {
    let (jetstream, name) = (connection.jetstream().clone(), name.to_owned());
    let config = Config {
        name: name.clone(),
        subjects: vec![format!("{name}.>")],
        num_replicas: replicas,
        description: Some("Personal texts of the log of slx".to_owned()),
        ..Config::default()
    };
    connection.wait(async move {
        let refused = ClusterError::refused(&name);
        if is_new {
            jetstream.create_stream(config).await.map_err(|error| refused(&error))?;
        }
        let stream = jetstream.get_stream_no_info(&name).await.map_err(|error| refused(&error))?;
        stream.get_info().await.map_err(|error| refused(&error))?;
        Ok(stream)
    })
}

impl NamesSeen {
    /// What a group is to say of it.
    pub fn known(&self) -> u64 {
        self.published.load(Ordering::Acquire).max(*self.arrived.borrow())
    }

    /// Waits until what a group says has arrived. Blocks.
    pub fn wait_for(
        &self,
        place: u64,
        within: Duration,
        connection: &Connection,
    ) -> Result<(), CommitError> {
        let mut arrived = self.arrived.clone();
        if *arrived.borrow() >= place {
            return Ok(());
        }
        let waited = connection.wait(async move {
            let arrives = arrived.wait_for(|arrived| *arrived >= place);
            Ok(tokio::time::timeout(within, arrives).await.is_ok())
        });
        match waited {
            Ok(true) => Ok(()),
            _ => {
                let reason = format!("the names before message {place} of theirs have not come");
                Err(CommitError::NotWritten { reason })
            }
        }
    }
}
