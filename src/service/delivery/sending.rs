//! Sending one event until it is taken or given up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::attempt::{AttemptError, EventSender, SignedEvent};
use super::courier_state::{CourierState, SentEvent};
use super::delivery_counts::DeliveryCounts;
use super::endpoint::Endpoint;
use super::event::WebhookEvent;
use super::pause::{pause, random};
use super::signature::WebhookSecrets;
use crate::domain::ids::TenantId;
use crate::domain::time::Instant;
use crate::engine::webhooks::Subscription;
use crate::runtime::wall_clock;

/// Events of different incidents that are sent to one webhook at once.
pub(super) const AT_ONCE: usize = 8;

/// How the events of a webhook are sent.
#[derive(Debug)]
pub(super) struct Sending {
    pub tenant: TenantId,
    pub subscription: Arc<Subscription>,
    pub secrets: WebhookSecrets,
    pub sender: EventSender,
    pub are_private_allowed: bool,
    /// How old an event may be that is sent again.
    pub retry: Duration,
    pub state: Arc<CourierState>,
    pub counts: Arc<DeliveryCounts>,
    /// For those that are sent at once; whoever waits to send again has none.
    pub places: Semaphore,
}

impl Sending {
    /// Sends an event until it is taken, or (an error) given up: what can't pass at once, and the
    /// rest when it fails long after `since`.
    pub async fn send(&self, event: WebhookEvent, since: Instant) -> (SentEvent, Option<String>) {
        let now = system_time();
        let mut sent = SentEvent { event, attempts: 0, first_attempt: now, last_attempt: now };
        loop {
            let error = match self.attempt(&mut sent).await {
                Ok(()) => {
                    self.state.note_error("");
                    return (sent, None);
                }
                Err(error) => error,
            };
            self.state.note_error(&error.text);
            let AttemptError { text, may_pass, retry_after } = error;
            if !may_pass || self.is_too_old(since) {
                return (sent, Some(text));
            }
            self.counts.retried();
            tokio::time::sleep(pause(sent.attempts, retry_after, random())).await;
        }
    }

    async fn attempt(&self, sent: &mut SentEvent) -> Result<(), AttemptError> {
        // It is never closed.
        let _place = self.places.acquire().await;
        let url = &self.subscription.webhook.url;
        sent.last_attempt = system_time();
        sent.attempts = sent.attempts.saturating_add(1);
        if sent.attempts == 1 {
            sent.first_attempt = sent.last_attempt;
        }
        let endpoint = Endpoint::parse(url, self.are_private_allowed);
        let endpoint =
            endpoint.map_err(|wrong| AttemptError::lasting(format!("its url {wrong}")))?;
        self.sender.attempt(&endpoint, self.sign(&sent.event)).await
    }

    /// Signs an event as it is sent now, by the time that its receiver compares with its own.
    fn sign(&self, event: &WebhookEvent) -> SignedEvent {
        let timestamp = system_time().seconds();
        let generations = self.subscription.generations(wall_clock::now()).into_iter();
        let signatures = generations.map(|generation| {
            let id = &self.subscription.webhook.id;
            let secret = self.secrets.secret(&self.tenant, id, generation);
            secret.sign(&event.id, timestamp, event.body.as_bytes())
        });
        let signatures = signatures.collect::<Vec<_>>().join(" ");
        let (id, body) = (event.id.clone(), event.body.clone());
        SignedEvent { id, timestamp, signatures, body }
    }

    fn is_too_old(&self, since: Instant) -> bool {
        let age = u128::try_from(wall_clock::now().since(since).nanos()).unwrap_or_default();
        age >= self.retry.as_nanos()
    }
}

fn system_time() -> Instant {
    wall_clock::reading().system
}
