//! The services, before and after there is an engine to serve.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tonic::Status;

use super::delivery::{Deliveries, DeliveryCounts, NoticeOrigin, WebhookOptions};
use super::feeds::Feeds;
use super::lane::Usage;
use super::lanes::{Capacity, Lanes};
use super::status;
use crate::domain::time::Instant;
use crate::runtime::Engine;

/// The services, all over one engine that may still be starting.
#[derive(Clone, Debug)]
pub struct Services {
    engine: Arc<ArcSwapOption<Engine>>,
    pub(super) limits: Limits,
    pub(super) lanes: Arc<Lanes>,
    pub(super) feeds: Arc<Feeds>,
    pub(super) deliveries: Arc<Deliveries>,
    pub(super) start_time: Instant,
}

/// What the services allow; the rest is fixed in [`crate::limits`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in one event.
    pub event_bytes_max: usize,
    /// How much is worked on at once.
    pub capacity: Capacity,
}

impl Services {
    /// Services that answer "starting" until they are given an engine.
    pub fn new(limits: Limits, webhooks: WebhookOptions, start_time: Instant) -> Services {
        let lanes = Arc::new(Lanes::new(limits.capacity));
        let (engine, feeds) = (Arc::default(), Arc::default());
        let deliveries = Arc::new(Deliveries::new(webhooks));
        Services { engine, limits, lanes, feeds, deliveries, start_time }
    }

    /// From now on there is an engine.
    /// Webhooks are sent, unless nothing is recorded: whoever looks at a copy sends nothing.
    pub fn open(&self, engine: Arc<Engine>) {
        if !engine.is_read_only() {
            self.deliveries.open(NoticeOrigin {
                engine: Arc::clone(&engine),
                lanes: Arc::clone(&self.lanes),
                feeds: Arc::clone(&self.feeds),
                resume: self.limits.capacity.resume,
            });
        }
        self.engine.store(Some(engine));
    }

    /// The engine; `None`: it is still starting.
    pub fn opened(&self) -> Option<Arc<Engine>> {
        self.engine.load_full()
    }

    /// Notes that a call was refused for lack of room.
    pub fn note_refused(&self) {
        if let Some(engine) = self.opened() {
            engine.note_refused();
        }
    }

    /// How each lane is used, by its name.
    pub fn lane_usages(&self) -> impl Iterator<Item = (&'static str, Usage)> {
        self.lanes.usages()
    }

    /// Bytes that incidents take which are evaluated, about.
    pub fn evaluation_bytes(&self) -> usize {
        self.lanes.evaluations.bytes()
    }

    /// What became of the events of webhooks, by outcomes.
    pub fn webhook_deliveries(&self) -> [(&'static str, u64); DeliveryCounts::OUTCOMES] {
        self.deliveries.counts.by_outcome()
    }

    /// How many dead letters webhooks have, and for how long the oldest event waits.
    pub fn webhooks_behind(&self) -> (usize, Duration) {
        self.deliveries.behind()
    }

    /// Waits until no webhook is sent any more, once the streams of notices are ended.
    pub async fn webhooks_ended(&self) {
        self.deliveries.ended().await;
    }

    /// Ends the streams of notices, which would not end by themselves, and those of webhooks: the
    /// server is stopping.
    pub fn end_watches(&self) {
        self.deliveries.close();
        self.feeds.close();
    }

    /// Ends all that is under way: the server is stopping.
    pub fn close(&self) {
        self.lanes.close();
    }

    pub(super) fn engine(&self) -> Result<Arc<Engine>, Status> {
        self.opened().ok_or_else(status::starting)
    }
}
