//! Follows a stream: hands over each of its messages from a place on, once and in order, whatever
//! becomes of connections and servers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::stream::Stream;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio_stream::StreamExt as _;

use super::connection::Connection;
use super::stream::{Message, names_of};
use crate::journal::Wake;

/// Messages that wait to be taken in. Each has the bytes of a message at most.
const WAITING_MAX: usize = 32;
/// How long a message may take that is known to be in the stream.
const WAITED_FOR: Duration = Duration::from_secs(20);
/// How often is looked for it.
const LOOKS_EVERY: Duration = Duration::from_millis(1);
/// How often the next messages are requested anew. The server on which that is kept may be gone: it
/// is missed after twice as long, by the heartbeats of the library, which come half as often.
const PULLED_ANEW: Duration = Duration::from_secs(2);
/// After a failure, before the next try.
const PAUSE: Duration = Duration::from_millis(200);

/// What follows a stream, as long as it lives.
#[derive(Debug)]
pub(super) struct Follower {
    arrived: mpsc::Receiver<Message>,
    /// The place of the last message that has arrived.
    last: watch::Receiver<u64>,
    wake: Waker,
}

/// Calls whoever takes in what has arrived.
#[derive(Clone, Default)]
struct Waker(Arc<Mutex<Option<Wake>>>);

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waker(..)")
    }
}

impl Follower {
    /// Follows a stream from after a place on.
    pub fn after(place: u64, stream: Stream<()>, connection: &Connection) -> Follower {
        let (sender, arrived) = mpsc::channel(WAITING_MAX);
        let (reached, last) = watch::channel(place);
        let wake = Waker::default();
        let following = Following { stream, next: place + 1, sender, reached, wake: wake.clone() };
        connection.begin(following.run());
        Follower { arrived, last, wake }
    }

    /// The next message, if one has arrived.
    pub fn take(&mut self) -> Option<Message> {
        self.arrived.try_recv().ok()
    }

    /// The next message, which is waited for up to some seconds. Blocks.
    pub fn wait(&mut self) -> Option<Message> {
        let until = Instant::now() + WAITED_FOR;
        loop {
            match self.take() {
                None if Instant::now() < until => std::thread::sleep(LOOKS_EVERY),
                arrived => return arrived,
            }
        }
    }

    /// Up to which place messages have arrived.
    pub fn last(&self) -> watch::Receiver<u64> {
        self.last.clone()
    }

    /// Has `wake` called whenever a message has arrived.
    pub fn wake_with(&self, wake: Wake) {
        *self.wake.0.lock() = Some(wake);
    }
}

/// The work of a follower.
struct Following {
    stream: Stream<()>,
    next: u64,
    sender: mpsc::Sender<Message>,
    reached: watch::Sender<u64>,
    wake: Waker,
}

impl Following {
    /// Goes on until nobody takes in what arrives.
    async fn run(mut self) {
        while !self.sender.is_closed() {
            if let Err(error) = self.follow().await {
                tracing::warn!(error, next = self.next, "the log is followed anew");
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.sender.closed() => {}
            }
        }
    }

    async fn follow(&mut self) -> Result<(), String> {
        let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: self.next };
        let config =
            OrderedConfig { deliver_policy, max_expires: PULLED_ANEW, ..OrderedConfig::default() };
        let text = |error: &dyn std::error::Error| error.to_string();
        let consumer = self.stream.create_consumer(config).await.map_err(|error| text(&error))?;
        let mut messages = consumer.messages().await.map_err(|error| text(&error))?;
        loop {
            let next = tokio::select! {
                next = messages.next() => next,
                () = self.sender.closed() => return Ok(()),
            };
            let Some(message) = next else { return Ok(()) };
            let message = message.map_err(|error| text(&error))?;
            let info = message.info().map_err(|error| error.to_string())?;
            let (place, pending) = (info.stream_sequence, info.pending);
            if place < self.next {
                continue;
            }
            let names = names_of(message.headers.as_ref());
            let subject = message.subject.to_string();
            let payload = message.payload.clone();
            if self.sender.send(Message { place, subject, names, pending, payload }).await.is_err()
            {
                return Ok(());
            }
            self.next = place + 1;
            self.reached.send_replace(place);
            if let Some(wake) = &*self.wake.0.lock() {
                wake();
            }
        }
    }
}
