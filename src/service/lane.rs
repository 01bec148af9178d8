//! Lanes: how much of one kind is worked on at once, and who comes next.
//!
//! Whatever takes longer than a lookup works in a place of a lane. A lane has so many places and as
//! many may wait as it says; more are refused at once, before everybody waits. Tenants take turns,
//! so that one who asks for much waits for itself and not the others for it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::domain::ids::TenantId;
use crate::runtime::{NeededCore, SpareCores};

/// A lane.
#[derive(Debug)]
pub(super) struct Lane {
    bounds: Bounds,
    /// The cores that those who work need, and those who wait.
    cores: SpareCores,
    state: Mutex<Occupancy>,
}

/// How much a lane takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How many work at once.
    pub places: usize,
    /// How many of them one tenant may have.
    pub share: usize,
    /// How many may wait.
    pub waiting: usize,
    /// How long one may wait.
    pub patience: Duration,
}

/// Why nobody may enter: too many are in the lane already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

#[derive(Debug, Default)]
struct Occupancy {
    working: usize,
    tenants: HashMap<TenantId, Seats>,
    waiting: VecDeque<Waiter>,
    turns: u64,
    refused: u64,
    stopped: u64,
}

/// What a tenant has of a lane.
#[derive(Debug, Default)]
struct Seats {
    working: usize,
    waiting: usize,
    /// When it was last given a place.
    turn: u64,
}

#[derive(Debug)]
struct Waiter {
    tenant: TenantId,
    core: NeededCore,
    called: oneshot::Sender<LanePlace>,
}

/// How a lane is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many may work at once.
    pub places: usize,
    /// How many work.
    pub working: usize,
    /// How many wait.
    pub waiting: usize,
    /// How many may wait.
    pub waiting_max: usize,
    /// How many were refused since the start.
    pub refused: u64,
    /// How much work ended since nobody waited for it any more, since the start.
    pub stopped: u64,
}

/// A place in a lane, given back when it is dropped.
#[derive(Debug)]
pub(super) struct LanePlace {
    lane: Arc<Lane>,
    tenant: TenantId,
    _core: NeededCore,
}

impl Lane {
    pub fn new(bounds: Bounds, cores: SpareCores) -> Arc<Lane> {
        Arc::new(Lane { bounds, cores, state: Mutex::default() })
    }

    /// Waits for a place, as long as the lane lets one wait.
    pub async fn enter(self: &Arc<Lane>, tenant: &TenantId) -> Result<LanePlace, Full> {
        let called = match self.take_or_wait(tenant, false)? {
            Entered::Taken(place) => return Ok(place),
            Entered::Waits(called) => called,
        };
        match tokio::time::timeout(self.bounds.patience, called).await {
            Ok(Ok(place)) => Ok(place),
            _ => {
                self.state.lock().refused += 1;
                Err(Full)
            }
        }
    }

    /// Takes a place at once, or none.
    pub fn try_enter(self: &Arc<Lane>, tenant: &TenantId) -> Result<LanePlace, Full> {
        match self.take_or_wait(tenant, false)? {
            Entered::Taken(place) => Ok(place),
            Entered::Waits(_) => {
                self.state.lock().refused += 1;
                Err(Full)
            }
        }
    }

    /// Waits for a place however many others do: for work that has begun and gave its place away.
    pub async fn enter_again(self: &Arc<Lane>, tenant: &TenantId) -> Option<LanePlace> {
        match self.take_or_wait(tenant, true).ok()? {
            Entered::Taken(place) => Some(place),
            Entered::Waits(called) => called.await.ok(),
        }
    }

    fn take_or_wait(self: &Arc<Lane>, tenant: &TenantId, has_begun: bool) -> Result<Entered, Full> {
        let mut state = self.state.lock();
        let is_free = state.working < self.bounds.places && state.waiting.is_empty();
        if is_free && state.seats(tenant).working < self.bounds.share {
            state.begin(tenant);
            return Ok(Entered::Taken(self.place(tenant.clone(), self.cores.need())));
        }
        state.forget_those_who_left();
        if !has_begun && state.is_full(tenant, self.bounds.waiting) {
            state.refused += 1;
            return Err(Full);
        }
        let (called, waits) = oneshot::channel();
        state.seats(tenant).waiting += 1;
        let (tenant, core) = (tenant.clone(), self.cores.need());
        state.waiting.push_back(Waiter { tenant, core, called });
        Ok(Entered::Waits(waits))
    }

    fn place(self: &Arc<Lane>, tenant: TenantId, core: NeededCore) -> LanePlace {
        LanePlace { lane: Arc::clone(self), tenant, _core: core }
    }

    /// Calls whoever is next, once a place is free.
    fn call_next(self: &Arc<Lane>) {
        loop {
            let next = {
                let mut state = self.state.lock();
                state.next(self.bounds)
            };
            let Some(Waiter { tenant, core, called }) = next else { return };
            // Whoever has left gives its place back as it is dropped, which calls the next.
            if called.send(self.place(tenant, core)).is_ok() {
                return;
            }
        }
    }

    /// Counts work that ended since nobody waited for it.
    pub fn count_stopped(&self) {
        self.state.lock().stopped += 1;
    }

    /// How it is used.
    pub fn usage(&self) -> Usage {
        let state = self.state.lock();
        let waiting = state.waiting.iter().filter(|waiter| !waiter.called.is_closed()).count();
        Usage {
            places: self.bounds.places,
            working: state.working,
            waiting,
            waiting_max: self.bounds.waiting,
            refused: state.refused,
            stopped: state.stopped,
        }
    }
}

enum Entered {
    Taken(LanePlace),
    Waits(oneshot::Receiver<LanePlace>),
}

impl Occupancy {
    fn seats(&mut self, tenant: &TenantId) -> &mut Seats {
        self.tenants.entry(tenant.clone()).or_default()
    }

    fn begin(&mut self, tenant: &TenantId) {
        self.working += 1;
        self.turns += 1;
        let turn = self.turns;
        let seats = self.seats(tenant);
        (seats.working, seats.turn) = (seats.working + 1, turn);
    }

    /// Whether a tenant may not wait: the lane is full, and it holds its share of those who wait.
    /// One with less may still wait, up to twice as many in all.
    fn is_full(&self, tenant: &TenantId, most: usize) -> bool {
        let all = self.waiting.len();
        let own = self.tenants.get(tenant).map_or(0, |seats| seats.waiting);
        let others = self.tenants.iter().filter(|(id, one)| one.waiting > 0 && *id != tenant);
        all >= most && (own >= most / (others.count() + 1) || all >= most.saturating_mul(2))
    }

    fn forget_those_who_left(&mut self) {
        let Occupancy { waiting, tenants, .. } = self;
        waiting.retain(|waiter| {
            let waits = !waiter.called.is_closed();
            if !waits && let Some(seats) = tenants.get_mut(&waiter.tenant) {
                seats.waiting = seats.waiting.saturating_sub(1);
            }
            waits
        });
        tenants.retain(|_, seats| seats.working + seats.waiting > 0);
    }

    /// Takes out whoever is next: of the tenant that has the fewest places, and among those of the
    /// one whose turn was longest ago.
    fn next(&mut self, bounds: Bounds) -> Option<Waiter> {
        self.forget_those_who_left();
        if self.working >= bounds.places {
            return None;
        }
        let seats = |waiter: &Waiter| self.tenants.get(&waiter.tenant);
        let candidates = self.waiting.iter().enumerate().filter_map(|(place, waiter)| {
            let seats = seats(waiter)?;
            (seats.working < bounds.share).then_some((seats.working, seats.turn, place))
        });
        let (_, _, place) = candidates.min()?;
        let waiter = self.waiting.remove(place)?;
        let seats = self.seats(&waiter.tenant);
        seats.waiting = seats.waiting.saturating_sub(1);
        self.begin(&waiter.tenant);
        Some(waiter)
    }
}

impl Drop for LanePlace {
    fn drop(&mut self) {
        {
            let mut state = self.lane.state.lock();
            state.working = state.working.saturating_sub(1);
            let seats = state.seats(&self.tenant);
            seats.working = seats.working.saturating_sub(1);
            let is_gone = seats.working + seats.waiting == 0;
            if is_gone {
                state.tenants.remove(&self.tenant);
            }
        }
        self.lane.call_next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { places: 1, share: 1, waiting: 4, patience: Duration::from_secs(5) };

    fn lane_of(bounds: Bounds) -> Arc<Lane> {
        Lane::new(bounds, SpareCores::default())
    }

    fn tenants() -> [TenantId; 2] {
        ["busy", "quiet"].map(|id| TenantId::from(id.to_owned()))
    }

    #[tokio::test]
    async fn a_full_lane_refuses_and_a_place_given_back_is_taken() {
        let lane = lane_of(Bounds { waiting: 0, ..BOUNDS });
        let [busy, quiet] = tenants();
        let place = lane.enter(&busy).await.unwrap();
        assert_eq!(lane.enter(&quiet).await.unwrap_err(), Full);
        drop(place);
        assert!(lane.enter(&quiet).await.is_ok());
        assert_eq!(lane.usage(), Usage { places: 1, refused: 1, ..Usage::default() });
        assert_eq!(lane_of(BOUNDS).usage().waiting_max, BOUNDS.waiting);
    }

    /// A tenant that asks for much waits for itself.
    #[tokio::test]
    async fn tenants_take_turns_however_many_of_one_wait() {
        let lane = lane_of(BOUNDS);
        let [busy, quiet] = tenants();
        let place = lane.enter(&busy).await.unwrap();
        let wait = |tenant: &TenantId| {
            let (lane, tenant) = (Arc::clone(&lane), tenant.clone());
            tokio::spawn(async move { lane.enter(&tenant).await })
        };
        let first = wait(&busy);
        let others: Vec<_> = (0..3).map(|_| wait(&busy)).collect();
        tokio::task::yield_now().await;
        assert_eq!(lane.enter(&busy).await.unwrap_err(), Full, "it holds all that may wait");
        let late = wait(&quiet);
        tokio::task::yield_now().await;
        drop(place);
        let its = late.await.unwrap().unwrap();
        assert!(!first.is_finished());
        drop(its);
        let first = first.await.unwrap();
        assert!(first.is_ok());
        others.into_iter().for_each(|other| other.abort());
    }

    #[tokio::test]
    async fn whoever_left_is_passed_over() {
        let lane = lane_of(BOUNDS);
        let [busy, quiet] = tenants();
        let place = lane.enter(&busy).await.unwrap();
        let left = tokio::spawn({
            let (lane, busy) = (Arc::clone(&lane), busy.clone());
            async move { lane.enter(&busy).await }
        });
        tokio::task::yield_now().await;
        left.abort();
        let _ = left.await;
        drop(place);
        assert!(lane.try_enter(&quiet).is_ok());
        assert_eq!(lane.usage().working, 0);
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_lane_lets_one() {
        let lane = lane_of(Bounds { patience: Duration::from_millis(1), ..BOUNDS });
        let [busy, quiet] = tenants();
        let _place = lane.enter(&busy).await.unwrap();
        assert_eq!(lane.enter(&quiet).await.unwrap_err(), Full);
        assert_eq!(lane.usage().waiting, 0);
    }

    #[tokio::test]
    async fn no_tenant_has_more_places_than_its_share() {
        let lane = lane_of(Bounds { places: 2, waiting: 0, ..BOUNDS });
        let [busy, quiet] = tenants();
        let _place = lane.enter(&busy).await.unwrap();
        assert!(lane.try_enter(&busy).is_err());
        assert!(lane.try_enter(&quiet).is_ok());
    }
}
