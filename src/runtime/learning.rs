//! What is learnt of each tenant's clocks, as questions see it.
//!
//! The [`Learner`](super::learner::Learner) publishes it; a question takes what is newest, and says
//! how far that goes. It waits a moment for a learner that is close, never for one that is not.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{self, Duration};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::past_learning::PastLearning;
use super::patience::{Patience, Stopped};
use super::read_point::ReadPoint;
use crate::domain::ids::TenantId;
use crate::domain::time::Instant;
use crate::engine::learning::{Learned, Learning};

/// How long a question about the present waits for a learner that is close.
const PATIENCE: Duration = Duration::from_millis(50);
/// How many records a learner that is close lacks at most.
const RECORDS_CLOSE: u64 = 20_000;
/// How long a question about other instants waits: it takes its time in any case.
const PAST_PATIENCE: Duration = Duration::from_secs(2);
/// For how long learning gives way after something was refused for lack of room.
const GIVES_WAY_FOR: Duration = Duration::from_secs(1);
/// What was published lately is kept for questions that were posed before.
const PUBLISHED_KEPT: usize = 4;

/// What is learnt, between the learner and those who ask.
#[derive(Debug, Default)]
pub(super) struct Learnings {
    board: Mutex<Board>,
    /// The learner has something to do.
    called: Condvar,
    /// The learner has published something.
    published: Condvar,
    is_closed: AtomicBool,
    /// Until when learning gives way to what is recorded and queried.
    gives_way_until: Mutex<Option<time::Instant>>,
    /// What is learnt about other instants.
    pub past: PastLearning,
}

#[derive(Debug, Default)]
struct Board {
    tenants: HashMap<TenantId, Posted>,
    /// The tenants that somebody asks about, each with the instant in question.
    wanted: HashMap<TenantId, Instant>,
    /// Up to where the journal is read.
    read: u64,
    state: LearningState,
    is_called: bool,
}

/// What is published of a tenant.
#[derive(Debug, Default)]
struct Posted {
    /// The newest last.
    lately: VecDeque<Arc<Published>>,
    /// Something was read about it that the newest lacks.
    is_behind: bool,
}

/// What was learnt of a tenant's clocks, as it was published once.
#[derive(Debug)]
pub(super) struct Published {
    /// Everything recorded up to this sequence was learnt from.
    pub sequence: u64,
    /// What was decided by this instant was.
    pub until: Instant,
    /// Nothing of it was decided after this instant.
    pub since: Instant,
    /// If nothing more is recorded, nothing more is decided before this instant.
    pub still_until: Instant,
    /// What was learnt, by contract.
    pub contracts: BTreeMap<String, Arc<Learned>>,
    /// What questions about other instants go on from; `None`: what is recorded up to the sequence
    /// is not all learnt from yet.
    pub bases: Option<Learning>,
}

/// How far learning has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearningState {
    /// Everything recorded up to this sequence is learnt from.
    pub sequence: u64,
    /// What was decided by this instant is, of every tenant; `None`: nothing yet.
    pub until: Option<Instant>,
    /// How many tenants there is something to learn of.
    pub tenants_behind: usize,
    /// Bytes that what was learnt takes, about.
    pub bytes: usize,
    /// Why learning does not go on. Empty: it does.
    pub fault: String,
}

/// How far what an answer rests on was learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LearntUpTo {
    /// From everything recorded up to this sequence.
    pub sequence: u64,
    /// From what was decided by this instant; `None`: from nothing.
    pub until: Option<Instant>,
}

/// What an answer rests on.
#[derive(Clone, Debug)]
pub(super) struct Learnt {
    pub learned: Arc<Learned>,
    pub up_to: LearntUpTo,
}

impl Published {
    fn of(&self, contract: &str) -> Arc<Learned> {
        self.contracts.get(contract).map(Arc::clone).unwrap_or_default()
    }

    /// As an answer at a point, where it is known to hold up to a sequence.
    fn learnt(&self, contract: &str, sequence: u64, until: Instant) -> Learnt {
        let until = (until > Instant::MIN).then_some(until);
        Learnt { learned: self.of(contract), up_to: LearntUpTo { sequence, until } }
    }
}

impl Posted {
    fn newest(&self) -> Option<&Arc<Published>> {
        self.lately.back()
    }

    /// Up to which sequence the newest holds, where the journal is read up to another.
    fn holds_up_to(&self, read: u64) -> u64 {
        let of = |newest: &Arc<Published>| match self.is_behind {
            true => newest.sequence,
            false => newest.sequence.max(read),
        };
        self.newest().filter(|newest| newest.bases.is_some()).map_or(0, of)
    }
}

impl Board {
    /// What is exactly what had been learnt at a point.
    fn exact(&self, tenant: &TenantId, contract: &str, point: ReadPoint) -> Option<Learnt> {
        let posted = self.tenants.get(tenant)?;
        let newest = posted.newest()?;
        let (sequence, as_of) = (point.sequence, point.times.as_of);
        let holds = (newest.sequence..=posted.holds_up_to(self.read)).contains(&sequence);
        let is_of_then = (newest.since..newest.still_until).contains(&as_of);
        (holds && is_of_then).then(|| newest.learnt(contract, sequence, as_of))
    }

    /// The newest of what knows nothing that a point does not.
    fn newest_by(&self, tenant: &TenantId, contract: &str, point: ReadPoint) -> Option<Learnt> {
        let posted = self.tenants.get(tenant)?;
        let is_earlier = |published: &&Arc<Published>| is_earlier(published, point);
        let found = posted.lately.iter().rev().find(is_earlier)?;
        let is_newest = posted.newest().is_some_and(|newest| Arc::ptr_eq(newest, found));
        let holds = if is_newest { posted.holds_up_to(self.read) } else { found.sequence };
        let sequence = holds.max(found.sequence).min(point.sequence);
        Some(found.learnt(contract, sequence, found.until.min(point.times.as_of)))
    }

    fn is_close(&self, point: ReadPoint) -> bool {
        self.state.fault.is_empty() && point.sequence.saturating_sub(self.read) <= RECORDS_CLOSE
    }
}

fn is_earlier(published: &Published, point: ReadPoint) -> bool {
    published.sequence <= point.sequence && published.since <= point.times.as_of
}

impl Learnings {
    /// What was learnt of a contract's clocks by now: exactly what is recorded up to the point
    /// teaches, or what is learnt of it so far. `before` was the newest as the point was chosen.
    /// Blocks for a moment at most.
    pub fn now(
        &self,
        tenant: &TenantId,
        contract: &str,
        point: ReadPoint,
        before: Option<&Arc<Published>>,
    ) -> Learnt {
        let exact = |board: &Board| board.exact(tenant, contract, point);
        let mut board = self.board.lock();
        if let Some(found) = exact(&board) {
            return found;
        }
        board.wanted.insert(tenant.clone(), point.times.as_of);
        self.call_learner(&mut board);
        let until = time::Instant::now() + PATIENCE;
        while board.is_close(point) {
            if let Some(found) = exact(&board) {
                return found;
            }
            if self.published.wait_until(&mut board, until).timed_out() {
                break;
            }
        }
        let before = before.filter(|before| is_earlier(before, point));
        let as_of = point.times.as_of;
        let before = before.map(|of| of.learnt(contract, of.sequence, of.until.min(as_of)));
        let nothing = LearntUpTo { sequence: 0, until: None };
        let found = exact(&board).or_else(|| board.newest_by(tenant, contract, point)).or(before);
        found.unwrap_or_else(|| Learnt { learned: Arc::default(), up_to: nothing })
    }

    /// Exactly what had been learnt at a point, if that is what is newest. It waits for nothing.
    pub fn exact(&self, tenant: &TenantId, contract: &str, point: ReadPoint) -> Option<Learnt> {
        self.board.lock().exact(tenant, contract, point)
    }

    /// What a question about another instant goes on from: what knows of everything recorded up to
    /// the point. `None`: so much is not learnt yet. Blocks a while at most, and only as long as
    /// somebody waits for the answer.
    pub fn bases(
        &self,
        tenant: &TenantId,
        point: ReadPoint,
        patience: &Patience,
    ) -> Result<Option<Arc<Published>>, Stopped> {
        let until = time::Instant::now() + PAST_PATIENCE;
        let mut board = self.board.lock();
        loop {
            let posted = board.tenants.get(tenant);
            let posted = posted.filter(|posted| posted.holds_up_to(board.read) >= point.sequence);
            if let Some(newest) = posted.and_then(Posted::newest) {
                return Ok(Some(Arc::clone(newest)));
            }
            let is_late = time::Instant::now() >= until;
            if is_late || self.is_closed() || !board.is_close(point) {
                return Ok(None);
            }
            patience.check()?;
            board.wanted.insert(tenant.clone(), Instant::MIN);
            self.call_learner(&mut board);
            let _timed_out = self.published.wait_for(&mut board, Patience::LOOK_EVERY);
        }
    }

    /// What is newest of a tenant.
    pub fn newest(&self, tenant: &TenantId) -> Option<Arc<Published>> {
        self.board.lock().tenants.get(tenant)?.newest().map(Arc::clone)
    }

    /// How far learning has come. It waits for nothing.
    pub fn state(&self) -> LearningState {
        self.board.lock().state.clone()
    }

    /// Calls the learner: something is recorded.
    pub fn notice_progress(&self) {
        self.call_learner(&mut self.board.lock());
    }

    fn call_learner(&self, board: &mut MutexGuard<'_, Board>) {
        board.is_called = true;
        self.called.notify_one();
    }

    /// Ends the learner's work, and that of questions about other instants.
    pub fn close(&self) {
        let mut board = self.board.lock();
        self.is_closed.store(true, Ordering::Relaxed);
        self.call_learner(&mut board);
        self.published.notify_all();
    }

    /// Whether learning is to end.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// The learner waits until it is called, but no longer than `patience`.
    pub fn wait_for_call(&self, patience: Duration) {
        let until = time::Instant::now() + patience;
        let mut board = self.board.lock();
        while !board.is_called && !self.called.wait_until(&mut board, until).timed_out() {}
        board.is_called = false;
    }

    /// Something was refused for lack of room: the processor has better to do than to learn.
    pub fn give_way(&self) {
        *self.gives_way_until.lock() = Some(time::Instant::now() + GIVES_WAY_FOR);
    }

    /// Whether learning gives way at present.
    pub fn gives_way(&self) -> bool {
        self.gives_way_until.lock().is_some_and(|until| time::Instant::now() < until)
    }

    /// The learner rests, whoever calls it, unless it is to end.
    pub fn rest(&self, for_long: Duration) {
        let until = time::Instant::now() + for_long;
        let mut board = self.board.lock();
        while !self.is_closed() && !self.called.wait_until(&mut board, until).timed_out() {}
    }

    /// Takes the tenants that somebody asks about.
    pub fn take_wanted(&self) -> HashMap<TenantId, Instant> {
        std::mem::take(&mut self.board.lock().wanted)
    }

    /// The journal was read up to a sequence, with something new about some tenants.
    pub fn set_read<'t>(&self, read: u64, new: impl IntoIterator<Item = &'t TenantId>) {
        let mut board = self.board.lock();
        for tenant in new {
            if let Some(posted) = board.tenants.get_mut(tenant) {
                posted.is_behind = true;
            }
        }
        board.read = read;
    }

    /// Publishes what is learnt of a tenant, which is all that was read or not.
    pub fn publish(&self, tenant: &TenantId, published: Published) {
        let mut board = self.board.lock();
        let posted = board.tenants.entry(tenant.clone()).or_default();
        posted.is_behind = published.bases.is_none();
        while posted.lately.len() >= PUBLISHED_KEPT {
            posted.lately.pop_front();
        }
        posted.lately.push_back(Arc::new(published));
        self.published.notify_all();
    }

    /// Publishes how far learning has come.
    pub fn set_state(&self, state: LearningState) {
        let mut board = self.board.lock();
        board.state = state;
        self.published.notify_all();
    }

    /// Nothing of a tenant is held any more.
    pub fn forget(&self, tenant: &TenantId) {
        self.board.lock().tenants.remove(tenant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learning_gives_way_for_a_while_after_a_call_is_refused_and_ends_its_rest_when_it_is_to_end()
    {
        let learnings = Learnings::default();
        assert!(!learnings.gives_way());
        learnings.give_way();
        assert!(learnings.gives_way());
        let began = time::Instant::now();
        learnings.notice_progress();
        learnings.rest(Duration::from_millis(20));
        assert!(began.elapsed() >= Duration::from_millis(20), "whoever calls it");
        learnings.close();
        learnings.rest(Duration::from_secs(3_600));
    }
}
