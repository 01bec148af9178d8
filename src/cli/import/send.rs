//! Sending events: a stream of full messages, acknowledged while the next are made.

use std::iter::Peekable;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::ProgressBar;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::super::connection::Channel;
use crate::cli::connection::refused;
use crate::codec::v1;
use crate::codec::v1::incident_service_client::IncidentServiceClient;
use crate::limits::{EVENTS_PER_CALL_MAX, REQUEST_BYTES_DEFAULT};
use crate::mapping::{FactOfRow, Reject};

/// Bytes of events in one message: a quarter of what a server takes by default.
const MESSAGE_BYTES_MAX: usize = REQUEST_BYTES_DEFAULT / 4;
/// Messages that wait to be sent.
const MESSAGES_AHEAD_MAX: usize = 16;

/// What became of the events.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub accepted: usize,
    pub duplicates: usize,
    pub rejects: Vec<Reject>,
    pub took: Duration,
}

/// Sends events, and counts what became of them.
pub(super) async fn send(
    events: impl Iterator<Item = FactOfRow>,
    tenant: &str,
    channel: Channel,
    progress: &ProgressBar,
) -> anyhow::Result<Sent> {
    let begun = Instant::now();
    let (messages, waiting) = mpsc::channel(MESSAGES_AHEAD_MAX);
    let (lines, lines_sent) = mpsc::unbounded_channel();
    let acknowledging = acknowledge(channel, waiting, lines_sent, progress);
    let sending = send_all(events, tenant, messages, lines);
    let (sent, ()) = tokio::join!(acknowledging, sending);
    Ok(Sent { took: begun.elapsed(), ..sent? })
}

/// Streams the messages that wait, and counts by their lines what became of their events.
async fn acknowledge(
    channel: Channel,
    waiting: mpsc::Receiver<v1::StreamEventsRequest>,
    mut lines_sent: mpsc::UnboundedReceiver<Vec<u64>>,
    progress: &ProgressBar,
) -> anyhow::Result<Sent> {
    let mut client = IncidentServiceClient::new(channel);
    let answers = client.stream_events(ReceiverStream::new(waiting)).await.map_err(refused)?;
    let mut answers = answers.into_inner();
    let mut sent = Sent::default();
    while let Some(answer) = answers.next().await {
        let answer = answer.map_err(refused)?;
        let lines: Vec<u64> = lines_sent.recv().await.context("an answer to nothing")?;
        count(answer, lines, &mut sent, progress);
    }
    Ok(sent)
}

/// Makes messages of the events, and of each message the lines its events come from.
async fn send_all(
    events: impl Iterator<Item = FactOfRow>,
    tenant: &str,
    messages: mpsc::Sender<v1::StreamEventsRequest>,
    lines: mpsc::UnboundedSender<Vec<u64>>,
) {
    let mut events = events.peekable();
    while events.peek().is_some() {
        let message = next_message(&mut events);
        // Both ends go away together, with the error that the other one reports.
        let _ = lines.send(message.iter().map(|fact| fact.line).collect());
        let events = message.into_iter().map(|fact| fact.event).collect();
        let message = v1::StreamEventsRequest { tenant: tenant.to_owned(), events };
        if messages.send(message).await.is_err() {
            break;
        }
    }
}

/// The events of one message: as many as a call may hold, and one at least.
fn next_message(events: &mut Peekable<impl Iterator<Item = FactOfRow>>) -> Vec<FactOfRow> {
    let mut message = Vec::with_capacity(EVENTS_PER_CALL_MAX);
    let mut bytes = 0;
    while message.len() < EVENTS_PER_CALL_MAX
        && let Some(fact) = events.next_if(|fact| {
            message.is_empty() || bytes + fact.event.encoded_len() <= MESSAGE_BYTES_MAX
        })
    {
        bytes += fact.event.encoded_len();
        message.push(fact);
    }
    message
}

fn count(
    answer: v1::StreamEventsResponse,
    lines: Vec<u64>,
    sent: &mut Sent,
    progress: &ProgressBar,
) {
    if let Some(line) = lines.last() {
        progress.set_position(*line);
    }
    for (result, line) in answer.results.into_iter().zip(lines) {
        match result.outcome() {
            v1::RecordOutcome::Accepted => sent.accepted += 1,
            v1::RecordOutcome::Duplicate => sent.duplicates += 1,
            _ => {
                let reason = result.rejection.unwrap_or_default().message;
                sent.rejects.push(Reject { line, reason });
            }
        }
    }
}
