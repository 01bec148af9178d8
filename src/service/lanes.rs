//! The lanes of a server, and what bounds all that is answered beside the network's thread.

use std::sync::Arc;
use std::time::Duration;

use super::evaluations::Evaluations;
use super::lane::{Bounds, Lane, Usage};
use crate::runtime::{Patience, SpareCores, Stopped};

/// Which lane something is worked on in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Milliseconds: one long incident, a page of a list as of now, a period from its tallies.
    Light,
    /// Whatever walks all incidents of a contract: reviews, exports, simulations, comparisons,
    /// forecasts, settlement, backups, and lists as of the past.
    Heavy,
}

/// How much is worked on at once.
#[derive(Clone, Copy, Debug)]
pub struct Capacity {
    /// Light questions at once.
    pub light: usize,
    /// Heavy questions at once.
    pub heavy: usize,
    /// Cores that questions may use, together.
    pub cores: usize,
    /// Heavy questions that may wait; of light ones, eight times as many.
    pub waiting: usize,
    /// Streams that may be open at once.
    pub streams: usize,
    /// Streams of notices that may be open at once, which are none of those.
    pub watches: usize,
    /// How long ago a token of theirs may be.
    pub resume: Duration,
    /// How long a stream may go without its reader taking anything.
    pub unread: Duration,
    /// Bytes that incidents may take while they are evaluated, of all questions together.
    pub evaluation_bytes: usize,
}

/// How long one may wait for a place.
const LIGHT_WAIT: Duration = Duration::from_secs(2);
const HEAVY_WAIT: Duration = Duration::from_secs(30);
/// How many times as many light questions may wait.
const LIGHT_WAITING: usize = 8;

/// The lanes of a server.
#[derive(Debug)]
pub(super) struct Lanes {
    pub light: Arc<Lane>,
    pub heavy: Arc<Lane>,
    /// Streams, for as long as they are open.
    pub streams: Arc<Lane>,
    /// Streams of notices, for as long as they are open.
    pub watches: Arc<Lane>,
    /// The cores, of which those that no question needs may help with one that walks incidents.
    pub cores: SpareCores,
    /// How long a stream may go unread.
    pub unread: Duration,
    /// What incidents may take while they are evaluated.
    pub evaluations: Evaluations,
    /// Ends with the server.
    patience: Patience,
}

impl Lanes {
    pub fn new(capacity: Capacity) -> Lanes {
        let cores = SpareCores::of(capacity.cores);
        let lane = |places, waiting, patience| {
            Lane::new(Bounds { places, share: places, waiting, patience }, cores.clone())
        };
        let streams = |places: usize| {
            // The last quarter is for other tenants.
            let share = places.saturating_sub(places / 4).max(1);
            let bounds = Bounds { places, share, waiting: 0, patience: Duration::ZERO };
            // Whoever works on a stream has a place in another lane meanwhile.
            Lane::new(bounds, SpareCores::default())
        };
        Lanes {
            light: lane(capacity.light, capacity.waiting.saturating_mul(LIGHT_WAITING), LIGHT_WAIT),
            heavy: lane(capacity.heavy, capacity.waiting, HEAVY_WAIT),
            streams: streams(capacity.streams),
            watches: streams(capacity.watches),
            cores: cores.clone(),
            unread: capacity.unread,
            evaluations: Evaluations::new(capacity.evaluation_bytes),
            patience: Patience::default(),
        }
    }

    pub fn of(&self, weight: Weight) -> &Arc<Lane> {
        match weight {
            Weight::Light => &self.light,
            Weight::Heavy => &self.heavy,
        }
    }

    /// How each lane is used, by its name.
    pub fn usages(&self) -> impl Iterator<Item = (&'static str, Usage)> {
        let lanes = [
            ("light", &self.light),
            ("heavy", &self.heavy),
            ("streams", &self.streams),
            ("watches", &self.watches),
        ];
        lanes.map(|(name, lane)| (name, lane.usage())).into_iter()
    }

    /// The patience of one more caller.
    pub fn patience(&self) -> Patience {
        self.patience.of_one()
    }

    /// Ends all that is under way: the server is stopping.
    pub fn close(&self) {
        self.patience.end(Stopped::ShuttingDown);
    }
}
