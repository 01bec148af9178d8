//! The learner: follows the journal, and learns from it beside everything else.
//!
//! It reads the journal once for all tenants, works in steps of about a tenth of a second, of each
//! tenant in turn, and publishes what it learns. What it learnt is kept in the views now and then,
//! so that it goes on from there after a crash. Tenants that no record and no question is about are
//! put away in the views.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use super::learning::{LearningState, Learnings};
use super::progress::position_at;
use super::replay::ReplayError;
use super::sources::Sources;
use super::tenant_learning::{Halt, LearningStep, TenantLearning};
use crate::codec::store::record;
use crate::domain::ids::TenantId;
use crate::domain::incident::RecordedEvent;
use crate::domain::time::Instant;
use crate::engine::record::Entry;
use crate::journal::{LogReader, Record as Kept};
use crate::views::{KeptLearning, ViewsError};

/// Records that are read at a time.
const RECORDS_PER_READ: usize = 2_000;
/// Records that wait to be taken at most.
const QUEUED_MAX: usize = 50_000;
/// Tenants held in memory beyond those that are behind.
const TENANTS_HELD_MAX: usize = 256;
/// How long it waits for a call when there is nothing to do.
const IDLE: Duration = Duration::from_secs(1);
/// How long it waits when all that is left to do rests.
const RESTING: Duration = Duration::from_millis(20);
/// How many times as long as it worked it rests while it gives way.
const RESTS_WHILE_GIVING_WAY: u32 = 9;
/// How long it waits after a failure.
const RETRIED_AFTER: Duration = Duration::from_secs(1);
/// What was learnt is kept after so many records, or so much work.
const RECORDS_UNKEPT_MAX: u64 = 20_000;
const WORK_UNKEPT_MAX: Duration = Duration::from_secs(1);
/// Between two times that it is kept pass at least this long, and so many times as long as that
/// took.
const KEPT_EVERY: Duration = Duration::from_secs(2);
const RESTS_PER_KEEPING: u32 = 20;
/// Whatever was learnt is kept after so long.
const KEPT_AT_LAST: Duration = Duration::from_secs(60);

/// Learns, on a thread of its own.
#[derive(Debug)]
pub(super) struct Learner {
    sources: Sources,
    learnings: Arc<Learnings>,
    tenants: HashMap<TenantId, TenantLearning>,
    /// Goes on from what is read.
    reader: Option<Box<dyn LogReader>>,
    /// Up to where the journal is read, and when that was recorded.
    read: (u64, Instant),
    is_begun: bool,
    /// How often tokens may have been taken away when that was looked at last.
    erasures: Option<u64>,
    keeping: Keeping,
    /// Bytes that what was learnt may take, about.
    bytes_max: usize,
}

/// When what was learnt was kept last.
#[derive(Debug)]
struct Keeping {
    at: Clock,
    took: Duration,
    read: u64,
    worked: Duration,
}

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
enum LearningError {
    #[error("what was learnt can't be read or kept: {0}")]
    Views(#[from] ViewsError),
    #[error("the journal can't be learnt from: {0}")]
    Journal(#[from] ReplayError),
}

impl Learner {
    /// One that publishes to `learnings`. What it holds may take about so many bytes.
    pub fn new(sources: Sources, learnings: Arc<Learnings>, bytes_max: usize) -> Learner {
        let (at, took, worked) = (Clock::now(), Duration::ZERO, Duration::ZERO);
        Learner {
            sources,
            learnings,
            tenants: HashMap::new(),
            reader: None,
            read: (0, Instant::MIN),
            is_begun: false,
            erasures: None,
            keeping: Keeping { at, took, read: 0, worked },
            bytes_max,
        }
    }

    /// Learns until that is closed, and keeps what was learnt.
    pub fn run(mut self) {
        let mut fault = String::new();
        while !self.learnings.is_closed() {
            let began = Clock::now();
            match self.round() {
                Ok(true) => {
                    fault.clear();
                    if self.learnings.gives_way() {
                        self.learnings.rest(began.elapsed() * RESTS_WHILE_GIVING_WAY);
                    }
                }
                Ok(false) => {
                    fault.clear();
                    let is_idle = !self.tenants.values().any(TenantLearning::is_behind);
                    self.learnings.wait_for_call(if is_idle { IDLE } else { RESTING });
                }
                Err(error) => {
                    let now = error.to_string();
                    if now != fault {
                        tracing::error!(%error, "nothing is learnt for forecasts for now");
                        self.show(&now);
                    }
                    fault = now;
                    self.reader = None;
                    self.learnings.wait_for_call(RETRIED_AFTER);
                }
            }
        }
        if let Err(error) = self.keep() {
            tracing::warn!(%error, "what was learnt can't be kept: it will be learnt again");
        }
    }

    /// Learns until there is nothing left to do.
    #[cfg(test)]
    pub fn catch_up(&mut self) {
        let is_behind = |learner: &Learner| {
            learner.read.0 < learner.sources.cache.progress().sequence
                || learner.tenants.values().any(TenantLearning::is_behind)
        };
        while is_behind(self) {
            self.round().expect("nothing fails");
        }
    }

    /// Reads on, and does one step for each tenant; false: there was nothing to do.
    fn round(&mut self) -> Result<bool, LearningError> {
        if !self.is_begun {
            self.begin()?;
        }
        self.begin_anew_where_erased()?;
        let last = self.sources.cache.progress().sequence;
        let has_read = self.may_read() && self.read_on(last)?;
        for (tenant, as_of) in self.learnings.take_wanted() {
            self.of(&tenant)?.ask(as_of);
        }
        let began = Clock::now();
        let has_learnt = self.step_each()?;
        self.keeping.worked += if has_learnt { began.elapsed() } else { Duration::ZERO };
        self.put_away()?;
        if self.wants_to_keep() && self.is_projected() {
            self.keep()?;
        }
        self.show("");
        Ok(has_read || has_learnt)
    }

    /// Goes on from what the views hold.
    fn begin(&mut self) -> Result<(), LearningError> {
        let (sequence, behind) = self.sources.views.learnt_sequence()?.unwrap_or_default();
        let position = position_at(&*self.sources.log, sequence).map_err(ReplayError::from)?;
        self.read.1 = position.record_time;
        self.begin_at(sequence);
        for tenant in behind {
            self.of(&tenant)?;
        }
        self.is_begun = true;
        Ok(())
    }

    /// Learns everything anew of tenants of which a text was erased since it began: weights are
    /// named after assignees.
    fn begin_anew_where_erased(&mut self) -> Result<(), LearningError> {
        let erasures = self.sources.names.erasures();
        if self.erasures == Some(erasures) {
            return Ok(());
        }
        for (tenant, erasure) in self.sources.names.erased() {
            if self.tenants.get(&tenant).is_some_and(|of| of.is_before(&erasure)) {
                self.tenants.remove(&tenant);
                self.learnings.past.forget(&tenant);
                self.begin_at(0);
            }
            // What the views keep is read, and found to be older, even if nobody asks about it.
            self.of(&tenant)?;
        }
        self.erasures = Some(erasures);
        Ok(())
    }

    fn begin_at(&mut self, sequence: u64) {
        (self.reader, self.read.0, self.keeping.read) = (None, sequence, sequence);
        self.learnings.set_read(sequence, []);
    }

    /// Whether too much is held of more tenants than one.
    fn is_crowded(&self) -> bool {
        self.tenants.len() > TENANTS_HELD_MAX
            || self.tenants.len() > 1 && self.bytes() > self.bytes_max
    }

    /// Whether so little is held that it is a while until too much is.
    fn has_room(&self) -> bool {
        self.tenants.len() <= TENANTS_HELD_MAX / 2
            && (self.tenants.len() <= 1 || self.bytes() <= self.bytes_max / 2)
    }

    /// Bytes that what was learnt takes, about.
    fn bytes(&self) -> usize {
        self.tenants.values().map(TenantLearning::bytes).sum()
    }

    fn may_read(&self) -> bool {
        let queued: usize = self.tenants.values().map(TenantLearning::queued).sum();
        queued < QUEUED_MAX && !self.is_crowded() && !self.waits_to_keep()
    }

    /// Reads some records and hands them out; false: there are none.
    fn read_on(&mut self, last: u64) -> Result<bool, LearningError> {
        if self.read.0 >= last {
            return Ok(false);
        }
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            // It was verified when it was opened, or folded.
            None => {
                let opened = self.sources.log.read_trusting_chain(self.read.0 + 1..=last);
                opened.map_err(ReplayError::from)?
            }
        };
        reader.read_on_to(last);
        let begun_at = self.read.0;
        for kept in reader.by_ref().take(RECORDS_PER_READ) {
            let kept = kept.map_err(ReplayError::from)?;
            self.hand_out(&kept)?;
            if self.read.0 < begun_at {
                return Ok(true);
            }
            self.read = (kept.sequence, kept.record_time.max(self.read.1));
        }
        self.reader = Some(reader);
        let new = self.tenants.iter().filter(|(_, of)| of.is_behind());
        self.learnings.set_read(self.read.0, new.map(|(tenant, _)| tenant));
        Ok(begun_at < self.read.0)
    }

    /// Hands a record to its tenant. One whose learning can't be gone on from has everything read
    /// from the beginning again.
    fn hand_out(&mut self, kept: &Kept) -> Result<(), LearningError> {
        let (sequence, record_time) = (kept.sequence, kept.record_time);
        let record = record::decode(&kept.body, &self.sources.zones, &self.sources.names)
            .map_err(|source| ReplayError::Record { sequence, source })?;
        let event = match record.entry {
            Entry::IncidentEvent(value) => Some(RecordedEvent { sequence, record_time, value }),
            // By other terms other things are decided.
            Entry::Terms(_) => None,
            // By another time zone database too, and of every tenant. Those that are put away are
            // learnt anew once somebody asks.
            Entry::Adoption(adoption) if adoption.effective_time.is_some() => {
                self.tenants.values_mut().for_each(|of| of.note(sequence, None));
                return Ok(());
            }
            _ => return Ok(()),
        };
        let before = self.read.0;
        self.of(&record.tenant)?;
        if before <= self.read.0
            && let Some(of) = self.tenants.get_mut(&record.tenant)
        {
            of.note(sequence, event);
        }
        Ok(())
    }

    /// What is learnt of a tenant, from where the views hold it.
    fn of(&mut self, tenant: &TenantId) -> Result<&mut TenantLearning, LearningError> {
        // Before what is kept is read: what is erased meanwhile is noticed afterwards.
        let erasure = self.sources.names.erasure_of(tenant);
        let new = |known| TenantLearning::new(known, erasure);
        if !self.tenants.contains_key(tenant) {
            let known = match self.sources.views.learning(tenant)? {
                KeptLearning::Upto(sequence, learning, bytes) => (sequence, *learning, bytes),
                KeptLearning::Nothing => Default::default(),
                KeptLearning::Unusable => {
                    tracing::warn!(%tenant, "what was learnt is learnt anew");
                    self.begin_at(0);
                    Default::default()
                }
            };
            self.tenants.insert(tenant.clone(), new(known));
            return self.of(tenant);
        }
        Ok(self.tenants.entry(tenant.clone()).or_insert_with(|| new(Default::default())))
    }

    fn step_each(&mut self) -> Result<bool, LearningError> {
        let is_crowded = self.is_crowded();
        let has_read_all = self.read.0 >= self.sources.cache.progress().sequence;
        let mut has_learnt = false;
        for (tenant, of) in &mut self.tenants {
            let (sources, learnings, known) = (&self.sources, &*self.learnings, self.read.1);
            let of_all =
                LearningStep { sources, learnings, tenant, known, has_read_all, is_crowded };
            match of.step(of_all) {
                Ok(has) => has_learnt |= has,
                Err(Halt::Closed) => return Ok(true),
                Err(Halt::Views(error)) => return Err(error.into()),
            }
        }
        Ok(has_learnt)
    }

    /// Lets go of tenants that no record and no question was about for long, once there are many.
    fn put_away(&mut self) -> Result<(), LearningError> {
        if !self.is_crowded() {
            return Ok(());
        }
        let idle = self.tenants.iter().filter(|(_, of)| !of.is_behind());
        let mut idle: Vec<_> = idle.map(|(tenant, of)| (of.used, tenant.clone())).collect();
        idle.sort();
        for (_, tenant) in idle {
            if self.has_room() {
                break;
            }
            if let Some(of) = self.tenants.get_mut(&tenant) {
                of.keep(&tenant, &self.sources)?;
            }
            self.tenants.remove(&tenant);
            self.learnings.forget(&tenant);
        }
        Ok(())
    }

    fn wants_to_keep(&self) -> bool {
        let Keeping { at, took, read, worked } = self.keeping;
        let since = at.elapsed();
        let is_much = self.read.0.saturating_sub(read) >= RECORDS_UNKEPT_MAX;
        let is_due = (is_much || worked >= WORK_UNKEPT_MAX || since >= KEPT_AT_LAST)
            && since >= KEPT_EVERY.max(took * RESTS_PER_KEEPING);
        is_due && self.tenants.values().any(|of| !of.is_kept)
    }

    /// What is kept must not be ahead of the other rows, or it would be refused after a crash.
    fn waits_to_keep(&self) -> bool {
        let is_soon = self.keeping.at.elapsed() < KEPT_AT_LAST;
        is_soon && self.wants_to_keep() && !self.is_projected()
    }

    fn is_projected(&self) -> bool {
        self.sources.projector.sequence() >= self.read.0
    }

    /// Keeps everything in the views.
    fn keep(&mut self) -> Result<(), LearningError> {
        if !self.is_begun {
            return Ok(());
        }
        let began = Clock::now();
        for (tenant, of) in &mut self.tenants {
            of.keep(tenant, &self.sources)?;
        }
        let queued = self.tenants.values().filter(|of| of.queued() > 0);
        let taken = queued.map(TenantLearning::taken).min();
        let sequence = taken.unwrap_or(self.read.0).min(self.read.0);
        let behind = self.tenants.iter().filter(|(_, of)| of.is_behind());
        let behind = behind.map(|(tenant, _)| tenant);
        self.sources.views.keep_learnt_sequence(sequence, behind)?;
        let (at, took) = (Clock::now(), began.elapsed());
        self.keeping = Keeping { at, took, read: self.read.0, worked: Duration::ZERO };
        Ok(())
    }

    /// Publishes how far it is.
    fn show(&self, fault: &str) {
        let behind = || self.tenants.values().filter(|of| of.is_behind());
        let sequence = behind().map(TenantLearning::sequence).min().unwrap_or(self.read.0);
        let until = behind().map(TenantLearning::until).min().unwrap_or(self.read.1);
        self.learnings.set_state(LearningState {
            sequence: sequence.min(self.read.0),
            until: (until > Instant::MIN).then_some(until),
            tenants_behind: behind().count(),
            bytes: self.bytes(),
            fault: fault.to_owned(),
        });
    }
}
