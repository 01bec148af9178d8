//! What is learnt of one tenant, a step of work at a time.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::{self, Duration};

use super::learning::{Learnings, Published};
use super::sources::Sources;
use super::wall_clock;
use crate::domain::ids::TenantId;
use crate::domain::incident::RecordedEvent;
use crate::domain::time::Instant;
use crate::engine::fold::Fold;
use crate::engine::learning::{Learning, Ledgers};
use crate::engine::ledger::Ledger;
use crate::views::ViewsError;

/// After work that took so long, it is repeated for a question only when its time has come.
const WORK_SHORT: Duration = Duration::from_millis(50);
/// How many times as long as the work took it rests before the next.
const RESTS_PER_WORK: u32 = 2;
/// So often that is doubled at most while work is in vain, and until it rests so long.
const DOUBLED_MAX: u32 = 4;
const RESTS_IN_VAIN_MAX: Duration = Duration::from_secs(60);
/// Once nothing was recorded for so long, it rests no longer.
const QUIET: Duration = Duration::from_millis(300);
/// What was learnt is in memory several times, and each time takes more than its rows (measured).
const BYTES_PER_KEPT_BYTE: usize = 3;
/// How often what is not complete is published.
const PARTS_PUBLISHED_EVERY: Duration = Duration::from_millis(200);

/// What is learnt of one tenant.
#[derive(Debug)]
pub(super) struct TenantLearning {
    learning: Learning,
    /// What stood for the tenant's erasures when this began: what a name taught ends with it.
    erasure: Vec<u8>,
    /// What was read of the journal and is not taken yet.
    queue: VecDeque<RecordedEvent>,
    /// The last record about it that was read.
    read: u64,
    /// The last record by which everything was learnt and published.
    whole: Option<u64>,
    /// Until when that stays so if nothing is recorded.
    still_until: Instant,
    /// What somebody asks about.
    wanted: Option<Instant>,
    /// The instant that is worked towards.
    approached: Option<Instant>,
    /// How far that has come.
    reached: Instant,
    /// How often it was begun again since everything was learnt, as in an import.
    in_vain: u32,
    /// What of that was published last.
    parts_published: Option<(time::Instant, Instant)>,
    spent: Duration,
    rests_until: time::Instant,
    last_read: time::Instant,
    /// When a question last needed it, or it was learnt from.
    pub used: time::Instant,
    /// The views hold all of it.
    pub is_kept: bool,
    /// The bytes of its rows there.
    kept_bytes: usize,
}

/// What a step needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct LearningStep<'s> {
    pub sources: &'s Sources,
    pub learnings: &'s Learnings,
    pub tenant: &'s TenantId,
    /// When the last record was recorded that was read.
    pub known: Instant,
    /// Nothing was recorded beyond that.
    pub has_read_all: bool,
    /// There are so many tenants that none may rest.
    pub is_crowded: bool,
}

/// Why a step was not done.
#[derive(Debug)]
pub(super) enum Halt {
    Closed,
    Views(ViewsError),
}

impl TenantLearning {
    /// Goes on from what was learnt from the journal up to a sequence, whose rows have so many
    /// bytes.
    pub fn new(
        (sequence, learning, kept_bytes): (u64, Learning, usize),
        erasure: Vec<u8>,
    ) -> TenantLearning {
        let now = time::Instant::now();
        TenantLearning {
            learning,
            erasure,
            queue: VecDeque::new(),
            read: sequence,
            whole: None,
            still_until: Instant::MIN,
            wanted: None,
            approached: None,
            reached: Instant::MIN,
            in_vain: 0,
            parts_published: None,
            spent: Duration::ZERO,
            rests_until: now,
            last_read: now,
            used: now,
            is_kept: true,
            kept_bytes,
        }
    }

    /// Bytes that it takes, about.
    pub fn bytes(&self) -> usize {
        self.kept_bytes.saturating_mul(BYTES_PER_KEPT_BYTE)
    }

    /// A record about it was read; an event is to be taken, unless it was known.
    pub fn note(&mut self, sequence: u64, event: Option<RecordedEvent>) {
        if sequence <= self.read {
            return;
        }
        self.read = sequence;
        self.queue.extend(event);
        self.last_read = time::Instant::now();
        self.is_kept = false;
    }

    /// Whether it began before this stood for the tenant's erasures.
    pub fn is_before(&self, erasure: &[u8]) -> bool {
        self.erasure != erasure
    }

    /// Somebody asks about an instant.
    pub fn ask(&mut self, as_of: Instant) {
        self.used = time::Instant::now();
        self.wanted = self.wanted.max(Some(as_of.min(wall_clock::now())));
    }

    /// How many records wait to be taken.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Everything recorded up to this sequence is in it.
    pub fn taken(&self) -> u64 {
        self.queue.front().map_or(self.read, |next| next.sequence - 1)
    }

    /// Whether there is something to learn.
    pub fn is_behind(&self) -> bool {
        self.whole != Some(self.read)
    }

    /// Up to which sequence everything was learnt from.
    pub fn sequence(&self) -> u64 {
        self.whole.unwrap_or_default()
    }

    /// What was decided by this instant was learnt.
    pub fn until(&self) -> Instant {
        self.learning.latest().until
    }

    /// Keeps what was learnt in the views.
    pub fn keep(&mut self, tenant: &TenantId, sources: &Sources) -> Result<(), ViewsError> {
        if !self.is_kept {
            let erasure = &self.erasure;
            let kept = sources.views.keep_learning(tenant, self.taken(), &self.learning, erasure);
            self.kept_bytes = kept?;
            self.is_kept = true;
        }
        Ok(())
    }

    /// Does one step, if there is something to do; false: nothing now.
    pub fn step(&mut self, step: LearningStep<'_>) -> Result<bool, Halt> {
        let began = time::Instant::now();
        let is_done = if self.queue.is_empty() { self.approach(step) } else { self.take(step) };
        self.spent += began.elapsed();
        is_done
    }

    /// Takes what was read.
    fn take(&mut self, step: LearningStep<'_>) -> Result<bool, Halt> {
        let catalog = step.sources.cache.catalog(step.tenant);
        while let Some(recorded) = self.queue.front() {
            let known = catalog.known(recorded.record_time);
            if !self.learning.take_after_a_step(recorded, known, &mut { step })? {
                return Ok(true);
            }
            self.queue.pop_front();
        }
        Ok(true)
    }

    /// Works towards what is decided by now, and publishes it.
    fn approach(&mut self, step: LearningStep<'_>) -> Result<bool, Halt> {
        let Some(as_of) = self.next(step) else { return Ok(false) };
        self.approached = Some(as_of);
        let catalog = step.sources.cache.catalog(step.tenant);
        let known = catalog.known(step.known.max(self.learning.taken.1));
        let is_whole = self.learning.approach(as_of, known, &mut { step })?;
        let before = mem::replace(&mut self.reached, self.learning.latest().until);
        self.is_kept = false;
        self.used = time::Instant::now();
        match is_whole {
            true => self.publish(step),
            // What was recorded since has changed what is worked on: that is begun again later.
            false if self.reached < before => {
                self.in_vain += 1;
                self.rest();
            }
            false => self.publish_parts(step),
        }
        Ok(true)
    }

    /// The instant to work towards, if its time has come.
    fn next(&self, step: LearningStep<'_>) -> Option<Instant> {
        let is_wanted = self.wanted.is_some_and(|wanted| wanted >= self.still_until);
        if self.approached.is_none() && !self.is_behind() && !is_wanted {
            return None;
        }
        let now = time::Instant::now();
        let may_begin = now >= self.rests_until
            || (step.has_read_all && now.duration_since(self.last_read) >= QUIET)
            || (self.wanted.is_some() && self.spent < WORK_SHORT)
            || step.is_crowded;
        let present = || wall_clock::now().max(step.known);
        self.approached.or_else(|| may_begin.then(present))
    }

    fn publish(&mut self, step: LearningStep<'_>) {
        let fold = Arc::clone(self.learning.latest());
        let next = fold.next.first();
        self.still_until = next.unwrap_or(Instant::MAX);
        self.whole = Some(self.read);
        self.in_vain = 0;
        let bases = self.learning.bases();
        step.learnings.publish(step.tenant, published(&fold, self.read, next, Some(bases)));
        self.rest();
        self.spent = Duration::ZERO;
        self.wanted = None;
    }

    fn rest(&mut self) {
        self.rests_until = time::Instant::now() + rest_after(self.spent, self.in_vain);
        (self.approached, self.parts_published) = (None, None);
        self.wanted = None;
    }

    /// Publishes what is learnt so far, if it goes further than what is published.
    fn publish_parts(&mut self, step: LearningStep<'_>) {
        let fold = self.learning.latest();
        let (published_at, until) =
            self.parts_published.get_or_insert_with(|| (time::Instant::now(), Instant::MIN));
        let is_due = published_at.elapsed() >= PARTS_PUBLISHED_EVERY && fold.until > *until;
        let newest = step.learnings.newest(step.tenant);
        if is_due && newest.is_none_or(|newest| newest.until < fold.until) {
            (*published_at, *until) = (time::Instant::now(), fold.until);
            let sequence = self.whole.unwrap_or_default();
            step.learnings.publish(step.tenant, published(fold, sequence, None, None));
        }
    }
}

/// How long it rests after so much work, which was begun again so often since everything was
/// learnt.
fn rest_after(spent: Duration, in_vain: u32) -> Duration {
    let rest = spent * RESTS_PER_WORK;
    let doubled = rest * (1 << in_vain.min(DOUBLED_MAX));
    doubled.min(RESTS_IN_VAIN_MAX.max(rest))
}

fn published(
    fold: &Fold,
    sequence: u64,
    next: Option<Instant>,
    bases: Option<Learning>,
) -> Published {
    let still_until = next.unwrap_or(Instant::MAX);
    let (until, since, contracts) = (fold.until, fold.since, fold.contracts.clone());
    Published { sequence, until, since, still_until, contracts, bases }
}

impl Ledgers for LearningStep<'_> {
    type Error = Halt;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Halt> {
        match self.learnings.is_closed() {
            true => Err(Halt::Closed),
            false => self.sources.scanned_ledger(self.tenant, incident_id).map_err(Halt::Views),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_in_vain_is_done_ever_less_often_but_once_a_minute_or_as_often_as_other_work() {
        let second = Duration::from_secs(1);
        let rests = [0, 1, 3, 4, 5, 1_000].map(|in_vain| rest_after(second, in_vain).as_secs());
        assert_eq!(rests, [2, 4, 16, 32, 32, 32]);
        assert_eq!(rest_after(second * 10, 4), RESTS_IN_VAIN_MAX);
        assert_eq!(rest_after(second * 100, 4), second * 200);
    }
}
