//! The webhooks of a server: a courier for each, as long as there is the webhook.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use super::attempt::EventSender;
use super::courier::{Courier, Origin};
use super::courier_state::CourierState;
use super::delivery_counts::DeliveryCounts;
use super::kept_progress::{KeptProgress, ProgressStore};
use super::sending::{AT_ONCE, Sending};
use super::signature::WebhookSecrets;
use super::turn::{SendingTurn, aside};
use crate::codec::v1;
use crate::domain::ids::TenantId;
use crate::engine::webhooks::{Subscription, Webhooks};
use crate::runtime::wall_clock;

/// How often the couriers are held against the webhooks that are recorded.
const EVERY: Duration = Duration::from_millis(200);
/// How long they may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// How webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookOptions {
    /// The data directory.
    pub data_dir: PathBuf,
    /// How old an event may be that is sent again.
    pub retry: Duration,
    /// Whether addresses that are not public may be called, and http URLs.
    pub are_private_allowed: bool,
    /// Authorities that are trusted beside the system's, in PEM.
    pub authorities: Option<PathBuf>,
}

impl WebhookOptions {
    /// Reads what they name.
    ///
    /// # Errors
    /// The file of authorities can't be read, or holds no certificate.
    pub fn check_files(&self) -> anyhow::Result<()> {
        self.sender().map(drop)
    }

    fn sender(&self) -> anyhow::Result<EventSender> {
        EventSender::new(self.authorities.as_deref(), self.are_private_allowed)
    }
}

type WebhookKey = (TenantId, String);

/// The webhooks of a server.
#[derive(Debug)]
pub(in crate::service) struct Deliveries {
    pub options: WebhookOptions,
    pub counts: Arc<DeliveryCounts>,
    couriers: Mutex<HashMap<WebhookKey, RunningCourier>>,
    stop: watch::Sender<bool>,
    supervising: Mutex<Option<JoinHandle<()>>>,
}

/// A courier at work.
#[derive(Debug)]
struct RunningCourier {
    subscription: Arc<Subscription>,
    state: Arc<CourierState>,
    resend: mpsc::UnboundedSender<Vec<v1::DeadLetter>>,
    stop: watch::Sender<bool>,
    work: JoinHandle<()>,
}

impl Deliveries {
    pub fn new(options: WebhookOptions) -> Deliveries {
        Deliveries {
            options,
            counts: Arc::default(),
            couriers: Mutex::default(),
            stop: watch::Sender::new(false),
            supervising: Mutex::default(),
        }
    }

    /// Sends the notices of all webhooks, from now on. Must be called within a tokio runtime.
    pub fn open(self: &Arc<Deliveries>, origin: Origin) {
        let deliveries = Arc::clone(self);
        let supervising = tokio::spawn(async move { deliveries.supervise(&origin).await });
        *self.supervising.lock() = Some(supervising);
    }

    /// Ends all of it: the server is stopping.
    pub fn close(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until it has ended, once it is closed.
    pub async fn ended(&self) {
        let supervising = self.supervising.lock().take();
        if let Some(supervising) = supervising
            && tokio::time::timeout(ENDS_WITHIN, supervising).await.is_err()
        {
            tracing::warn!("webhooks were cut off: some events are sent again");
        }
    }

    /// How a webhook is getting on; `None`: it has no courier yet.
    pub fn state(&self, tenant: &TenantId, webhook: &str) -> Option<Arc<CourierState>> {
        let key = (tenant.clone(), webhook.to_owned());
        self.couriers.lock().get(&key).map(|running| Arc::clone(&running.state))
    }

    /// Sends dead letters of a webhook again; of no ids, all. Returns how many.
    pub fn resend(&self, tenant: &TenantId, webhook: &str, ids: &[String]) -> usize {
        let key = (tenant.clone(), webhook.to_owned());
        let couriers = self.couriers.lock();
        let Some(running) = couriers.get(&key) else { return 0 };
        let letters = running.state.resend(ids);
        let count = letters.len();
        match running.resend.send(letters) {
            Ok(()) => count,
            // It is being replaced, and what it was to do is forgotten.
            Err(_) => 0,
        }
    }

    /// How many dead letters there are, and for how long the oldest event waits.
    pub fn behind(&self) -> (usize, Duration) {
        let couriers = self.couriers.lock();
        let behind: Vec<_> = couriers.values().map(|running| running.state.behind()).collect();
        drop(couriers);
        let now = wall_clock::now();
        let oldest = behind.iter().filter_map(|(_, oldest)| *oldest).min();
        let lag = oldest.map_or(0, |oldest| now.since(oldest).nanos().max(0));
        let lag = Duration::from_nanos(lag.unsigned_abs());
        (behind.iter().map(|(dead, _)| dead).sum(), lag)
    }

    async fn supervise(&self, origin: &Origin) {
        let (mut known, mut sender) = (0, None);
        let mut stop = self.stop.subscribe();
        let mut turn = SendingTurn::of(origin, &self.options.data_dir);
        loop {
            match turn.store().await {
                None => {
                    known = 0;
                    self.end_all().await;
                }
                Some(store) => {
                    if let Some(all) = origin.engine.webhooks_since(known) {
                        known = all.sequence;
                        self.follow(origin, &store, &all.webhooks, &mut sender).await;
                    }
                }
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        self.end_all().await;
        turn.end().await;
    }

    async fn end_all(&self) {
        let all: Vec<_> = self.couriers.lock().drain().map(|(_, running)| running).collect();
        end(all).await;
    }

    /// Ends the couriers of webhooks that are no more, or not so any more, and begins those of
    /// webhooks that have none.
    async fn follow(
        &self,
        origin: &Origin,
        store: &ProgressStore,
        webhooks: &[(TenantId, Arc<Webhooks>)],
        sender: &mut Option<EventSender>,
    ) {
        let mut wanted = HashMap::new();
        for (tenant, of) in webhooks {
            let its = of.all().map(|one| ((tenant.clone(), one.webhook.id.clone()), one));
            wanted.extend(its);
        }
        let is_wanted = |key: &WebhookKey, running: &RunningCourier| {
            wanted.get(key).is_some_and(|subscription| **subscription == running.subscription)
        };
        let ended: Vec<_> = {
            let mut couriers = self.couriers.lock();
            let ended = couriers.extract_if(|key, running| !is_wanted(key, running));
            ended.map(|(_, running)| running).collect()
        };
        end(ended).await;
        let files = wanted.iter().map(|((tenant, id), subscription)| {
            KeptProgress::of(store, tenant, id, subscription.create_sequence)
        });
        let files: Vec<_> = files.collect();
        let removing = store.clone();
        let removed = aside(move || removing.remove_others(files.iter())).await;
        if let Err(error) = removed {
            tracing::error!(%error, "what was kept of webhooks that are no more can't be removed");
        }
        for ((tenant, id), subscription) in wanted {
            let key = (tenant, id);
            if self.couriers.lock().contains_key(&key) {
                continue;
            }
            let Some(sender) = self.sender(sender).await else { return };
            let running = self.begin(origin, store, &key, Arc::clone(subscription), sender).await;
            self.couriers.lock().insert(key, running);
        }
    }

    /// What sends, made for the first webhook.
    async fn sender(&self, made: &mut Option<EventSender>) -> Option<EventSender> {
        if made.is_none() {
            let options = self.options.clone();
            match aside(move || options.sender()).await.flatten() {
                Ok(sender) => *made = Some(sender),
                Err(error) => tracing::error!(%error, "no webhook is sent: webhook_ca"),
            }
        }
        made.clone()
    }

    async fn begin(
        &self,
        origin: &Origin,
        store: &ProgressStore,
        (tenant, id): &WebhookKey,
        subscription: Arc<Subscription>,
        sender: EventSender,
    ) -> RunningCourier {
        let create_sequence = subscription.create_sequence;
        let files = KeptProgress::of(store, tenant, id, create_sequence);
        let read = files.clone();
        let kept = aside(move || (read.position(), read.dead_letters())).await;
        let (position, dead_letters) = kept.unwrap_or_else(|error| {
            tracing::error!(%error, id, "what was kept of a webhook can't be read");
            Default::default()
        });
        let state = Arc::new(CourierState::with(dead_letters));
        let sending = Sending {
            tenant: tenant.clone(),
            subscription: Arc::clone(&subscription),
            secrets: WebhookSecrets::new(origin.engine.store_id()),
            sender,
            are_private_allowed: self.options.are_private_allowed,
            retry: self.options.retry,
            state: Arc::clone(&state),
            counts: Arc::clone(&self.counts),
            places: Semaphore::new(AT_ONCE),
        };
        let courier = Courier::new(origin.clone(), Arc::new(sending), files, position);
        let (resend, resent) = mpsc::unbounded_channel();
        let (stop, stopping) = watch::channel(false);
        let work = tokio::spawn(courier.run(resent, stopping));
        RunningCourier { subscription, state, resend, stop, work }
    }
}

/// Ends couriers, each with what it keeps.
async fn end(couriers: Vec<RunningCourier>) {
    for running in &couriers {
        running.stop.send_replace(true);
    }
    for running in couriers {
        if running.work.await.is_err() {
            tracing::error!("a webhook's courier panicked");
        }
    }
}
