//! The stream of groups, as its servers see it.

use std::error::Error as _;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Config, Stream};
use async_nats::jetstream::{self, Context};
use bytes::Bytes;
use chrono::DateTime;
use serde::Deserialize;

use super::connection::Connection;
use super::error::ClusterError;
use super::options::ClusterOptions;
use crate::domain::time::Instant;

/// A header of a group: up to where the stream of names must be known before it.
pub(super) const NAMES_HEADER: &str = "Slx-Names";

/// The stream of groups; clones are of the same.
#[derive(Clone, Debug)]
pub(super) struct GroupStream {
    pub name: String,
    connection: Connection,
    stream: Stream<()>,
    /// What time it is.
    clock: fn() -> Instant,
}

/// A message of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Its place in the stream, from 1.
    pub place: u64,
    pub subject: String,
    /// Up to where the stream of names must be known before it.
    pub names: u64,
    /// How many more there were as it was sent.
    pub pending: u64,
    pub payload: Bytes,
}

/// What became of a message that was to be the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Published {
    /// It is.
    Taken,
    /// Another is.
    Overtaken,
    /// Nobody knows: no answer came.
    Unknown(String),
}

/// How the servers see the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamState {
    /// The place of its last message.
    pub last: u64,
    /// By how many nanoseconds this machine's clock is ahead of the servers', at least.
    pub clock_ahead: i64,
}

#[derive(Deserialize)]
struct StreamAnswer {
    /// When it was given, by the clock of the server, in RFC 3339.
    ts: Option<String>,
    state: StateAnswer,
}

#[derive(Deserialize)]
struct StateAnswer {
    last_seq: u64,
}

impl GroupStream {
    /// Opens the stream; begins it, if there is none.
    pub fn open(
        connection: &Connection,
        options: &ClusterOptions,
        clock: fn() -> Instant,
    ) -> Result<GroupStream, ClusterError> {
        let (jetstream, name) = (connection.jetstream().clone(), options.stream.clone());
        let config = Config {
            name: name.clone(),
            subjects: vec![name.clone()],
            num_replicas: options.replicas,
            allow_direct: true,
            deny_delete: true,
            deny_purge: true,
            description: Some("The log of slx: nothing of it may be changed".to_owned()),
            ..Config::default()
        };
        let stream = connection.wait(async move {
            let refused = ClusterError::refused(&config.name);
            if let Ok(stream) = there(&jetstream, &config.name).await {
                return Ok(stream);
            }
            jetstream.create_stream(config.clone()).await.map_err(|error| refused(&error))?;
            jetstream.get_stream_no_info(&config.name).await.map_err(|error| refused(&error))
        })?;
        Ok(GroupStream { name, connection: connection.clone(), stream, clock })
    }

    /// Opens the stream, if there is one.
    pub fn open_there(
        connection: &Connection,
        options: &ClusterOptions,
        clock: fn() -> Instant,
    ) -> Result<GroupStream, ClusterError> {
        let (jetstream, name) = (connection.jetstream().clone(), options.stream.clone());
        let stream = connection.wait(async move { there(&jetstream, &name).await })?;
        let name = options.stream.clone();
        Ok(GroupStream { name, connection: connection.clone(), stream, clock })
    }

    /// The stream of the client library.
    pub fn of_library(&self) -> &Stream<()> {
        &self.stream
    }

    /// Who speaks to the servers.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The message at a place. Blocks.
    pub fn get(&self, place: u64) -> Result<Message, ClusterError> {
        let (stream, name) = (self.stream.clone(), self.name.clone());
        self.connection.wait(async move {
            let got = stream.get_raw_message(place).await;
            let got = got.map_err(|error| ClusterError::refused(&name)(&error))?;
            let names = names_of(Some(&got.headers));
            let subject = got.subject.to_string();
            Ok(Message { place, subject, names, pending: 0, payload: got.payload })
        })
    }

    /// Publishes a message that is to be the next after a place. Blocks.
    pub fn publish(&self, payload: Bytes, after: u64, names: u64) -> Published {
        let (jetstream, subject) = (self.connection.jetstream().clone(), self.name.clone());
        let published = self.connection.wait(async move {
            let message = PublishMessage::build()
                .payload(payload)
                .expected_last_sequence(after)
                .header(NAMES_HEADER, names.to_string().as_str());
            let sent = match jetstream.send_publish(subject, message).await {
                Ok(acknowledged) => acknowledged.await.map(drop),
                Err(error) => Err(error),
            };
            Ok(match sent {
                Ok(()) => Published::Taken,
                Err(error) if is_overtaken(&error) => Published::Overtaken,
                Err(error) => Published::Unknown(error.to_string()),
            })
        });
        published.unwrap_or_else(|error| Published::Unknown(error.to_string()))
    }

    /// How the servers see it. Blocks.
    pub fn state(&self) -> Result<StreamState, ClusterError> {
        let this = self.clone();
        self.connection.wait(async move { this.look().await })
    }

    /// How the servers see it.
    pub async fn look(&self) -> Result<StreamState, ClusterError> {
        let sent = (self.clock)();
        let subject = format!("STREAM.INFO.{}", self.name);
        let answer: Response<StreamAnswer> =
            self.connection.jetstream().request(subject, &()).await.map_err(|error| {
                ClusterError::Unreachable(format!("stream {}: {error}", self.name))
            })?;
        match answer {
            Response::Ok(StreamAnswer { ts, state }) => {
                let said =
                    ts.and_then(|ts| DateTime::parse_from_rfc3339(&ts).ok()?.timestamp_nanos_opt());
                let (sent, answered) = (sent.nanos(), (self.clock)().nanos());
                let clock_ahead = said.map_or(0, |said| ahead((sent, answered), said));
                Ok(StreamState { last: state.last_seq, clock_ahead })
            }
            Response::Err { error } => Err(ClusterError::refused(&self.name)(&error)),
        }
    }
}

/// Whether something was not published since the last sequence is not the one expected. Servers
/// have two numbers for it, of which the library knows one.
pub(super) fn is_overtaken(error: &PublishError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    error.kind() == PublishErrorKind::WrongLastSequence
        || source.is_some_and(|source| {
            source.error_code() == jetstream::ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
        })
}

/// A stream that is there.
async fn there(jetstream: &Context, name: &str) -> Result<Stream<()>, ClusterError> {
    let refused = ClusterError::refused(name);
    let stream = jetstream.get_stream_no_info(name).await.map_err(|error| refused(&error))?;
    stream.get_info().await.map_err(|error| refused(&error))?;
    Ok(stream)
}

/// Up to where names must be known before a message with these headers.
pub(super) fn names_of(headers: Option<&async_nats::HeaderMap>) -> u64 {
    let names = headers.and_then(|headers| headers.get(NAMES_HEADER));
    names.and_then(|names| names.as_str().parse().ok()).unwrap_or(0)
}

/// By how many nanoseconds a clock is ahead of another, which said it was `said` at some instant
/// of the time that the question took; less than nothing: it is behind. What that time may explain
/// does not count.
fn ahead((sent, answered): (i64, i64), said: i64) -> i64 {
    match (sent.saturating_sub(said), answered.saturating_sub(said)) {
        (early, _) if early > 0 => early,
        (_, late) => late.min(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_by_what_the_way_of_the_question_does_not_explain() {
        assert_eq!(ahead((0, 100), 50), 0);
        assert_eq!(ahead((0, 100), 100), 0);
        assert_eq!(ahead((0, 100), 400), -300);
        assert_eq!(ahead((500, 600), 0), 500);
    }
}
