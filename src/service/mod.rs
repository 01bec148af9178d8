//! The gRPC services: decode, call, encode. The only room besides the server that knows tonic.

mod admin;
mod aside;
mod calendar;
mod clock;
mod compliance;
mod contract;
mod forecast;
mod incident;
mod page;
mod pieces;
mod read;
mod settlement;
mod status;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tonic::Status;

use crate::domain::time::Instant;
use crate::runtime::Engine;

/// The services, all over one engine that may still be starting.
#[derive(Clone, Debug)]
pub struct Services {
    engine: Arc<ArcSwapOption<Engine>>,
    limits: Limits,
    start_time: Instant,
}

/// What the services allow; the rest is fixed in [`crate::limits`].
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in one event.
    pub event_bytes_max: usize,
}

impl Services {
    /// Services that answer "starting" until they are given an engine.
    pub fn new(limits: Limits, start_time: Instant) -> Services {
        Services { engine: Arc::default(), limits, start_time }
    }

    /// From now on there is an engine.
    pub fn open(&self, engine: Arc<Engine>) {
        self.engine.store(Some(engine));
    }

    fn engine(&self) -> Result<Arc<Engine>, Status> {
        self.engine.load_full().ok_or_else(status::starting)
    }
}
