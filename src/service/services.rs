//! The services, before and after there is an engine to serve.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tonic::Status;

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
    pub fn new(limits: Limits, start_time: Instant) -> Services {
        let lanes = Arc::new(Lanes::new(limits.capacity));
        let feeds = Arc::default();
        Services { engine: Arc::default(), limits, lanes, feeds, start_time }
    }

    /// From now on there is an engine.
    pub fn open(&self, engine: Arc<Engine>) {
        self.engine.store(Some(engine));
    }

    /// The engine; `None`: it is still starting.
    pub fn opened(&self) -> Option<Arc<Engine>> {
        self.engine.load_full()
    }

    /// How each lane is used, by its name.
    pub fn lane_usages(&self) -> impl Iterator<Item = (&'static str, Usage)> {
        self.lanes.usages()
    }

    /// Bytes that incidents take which are evaluated, about.
    pub fn evaluation_bytes(&self) -> usize {
        self.lanes.evaluations.bytes()
    }

    /// Ends the streams of notices, which would not end by themselves: the server is stopping.
    pub fn end_watches(&self) {
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
