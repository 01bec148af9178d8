//! Clients on four connections, and how many answers they get in a while.

use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use slx::codec::v1;
use slx::codec::v1::clock_service_client::ClockServiceClient;
use slx::codec::v1::incident_service_client::IncidentServiceClient;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tonic::transport::{Channel, Endpoint};

use super::facts::{self, TENANT, YEAR_SECONDS};

const CONNECTIONS: usize = 4;
const WINDOW_BYTES: u32 = 1024 * 1024;
/// Messages of a stream that may lack their acknowledgement.
const MESSAGES_AHEAD: usize = 64;

/// What is compared takes turns this often, and the best of each counts.
pub const TURNS: usize = 3;

pub fn a_second(count: u64, elapsed: Duration) -> u64 {
    (count as f64 / elapsed.as_secs_f64()) as u64
}

pub fn percent(part: u64, whole: u64) -> u64 {
    part * 100 / whole.max(1)
}

pub fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .expect("an address")
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .connect_lazy()
}

pub fn channels(address: SocketAddr) -> [Channel; CONNECTIONS] {
    std::array::from_fn(|_| channel(address))
}

/// The connections of so many clients.
pub fn crowd(address: SocketAddr, clients: usize) -> Vec<Channel> {
    (0..clients).map(|_| channel(address)).collect()
}

pub fn incidents(channel: Channel) -> IncidentServiceClient<Channel> {
    IncidentServiceClient::new(channel)
}

pub fn clocks(channel: Channel) -> ClockServiceClient<Channel> {
    ClockServiceClient::new(channel)
}

/// Counts the answers while `workers` call, each again as soon as it is answered, and how long they
/// took. `query` is given the worker and how often it has called before.
pub async fn answers<Asking: Future<Output = ()> + Send>(
    channels: &[Channel],
    workers: usize,
    round: Duration,
    query: impl Fn(Channel, u64, u64) -> Asking + Clone + Send + 'static,
) -> (u64, Duration) {
    let started = Instant::now();
    let mut asking = JoinSet::new();
    for (worker, channel) in channels.iter().cycle().take(workers).cloned().enumerate() {
        let query = query.clone();
        asking.spawn(async move {
            let mut answered = 0;
            while started.elapsed() < round {
                query(channel.clone(), worker as u64, answered).await;
                answered += 1;
            }
            answered
        });
    }
    (asking.join_all().await.into_iter().sum(), started.elapsed())
}

/// What a stream sends: incidents from `first` on, every `step`th, each reported in `events`.
#[derive(Clone, Copy)]
pub struct Tale {
    pub first: u64,
    pub step: u64,
    pub events: u64,
    /// Each so many-th incident is not ended by its last event.
    pub open_every: Option<u64>,
    /// When its incidents are opened.
    pub order: Order,
}

/// When incidents are opened, by their numbers.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// All over the year, in no order: the worst for whatever keeps them by time.
    Scattered,
    /// One after the other from the year's first day to its last, as tools export so many.
    OfTime(u64),
}

impl Order {
    /// Seconds since the year began.
    fn opened(self, incident: u64) -> u64 {
        match self {
            Order::Scattered => facts::scattered(incident),
            Order::OfTime(incidents) => incident % incidents * YEAR_SECONDS / incidents,
        }
    }
}

impl Tale {
    fn event(self, number: u64) -> v1::IncidentEvent {
        let incident = self.first + number / self.events * self.step;
        let is_open = self.open_every.is_some_and(|every| incident.is_multiple_of(every));
        let of = self.events + u64::from(is_open);
        facts::event_of_one(self.order.opened(incident), incident, number % self.events, of)
    }

    fn message(self, from: u64, until: u64) -> v1::StreamEventsRequest {
        let events = (from..until).map(|number| self.event(number));
        v1::StreamEventsRequest { tenant: TENANT.into(), events: events.collect() }
    }
}

/// When a stream ends.
#[derive(Clone, Copy)]
pub enum Until {
    Elapsed(Duration),
    Sent(u64),
}

/// Streams one tale on each connection at once, and returns how many events were acknowledged and
/// how long it took, the last acknowledgement included.
pub async fn stream(
    channels: &[Channel],
    tales: impl Fn(u64) -> Tale,
    message_events: u64,
    until: Until,
) -> (u64, Duration) {
    let started = Instant::now();
    let mut streams = JoinSet::new();
    for (number, channel) in channels.iter().cloned().enumerate() {
        let tale = tales(number as u64);
        streams.spawn(stream_one(channel, tale, message_events, until, started));
    }
    let acknowledged = streams.join_all().await.into_iter().sum();
    (acknowledged, started.elapsed())
}

async fn stream_one(
    channel: Channel,
    tale: Tale,
    message_events: u64,
    until: Until,
    started: Instant,
) -> u64 {
    let (send, messages) = tokio::sync::mpsc::channel(MESSAGES_AHEAD);
    tokio::spawn(async move {
        let mut sent = 0;
        while match until {
            Until::Elapsed(round) => started.elapsed() < round,
            Until::Sent(events) => sent < events,
        } {
            let end = match until {
                Until::Elapsed(_) => sent + message_events,
                Until::Sent(events) => (sent + message_events).min(events),
            };
            if send.send(tale.message(sent, end)).await.is_err() {
                return;
            }
            sent = end;
        }
    });
    let messages = tokio_stream::wrappers::ReceiverStream::new(messages);
    let answers = incidents(channel).stream_events(messages).await;
    let mut answers = answers.expect("a stream").into_inner();
    let mut acknowledged = 0;
    while let Some(answer) = answers.next().await {
        for result in answer.expect("an acknowledgement").results {
            assert_eq!(result.outcome, v1::RecordOutcome::Accepted as i32, "{result:?}");
            acknowledged += 1;
        }
    }
    acknowledged
}
