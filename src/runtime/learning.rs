//! What the model learns from incidents, brought up to date when it is queried: recording never
//! waits for it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;

use super::replay::ReplayError;
use super::sources::Sources;
use crate::codec::store::record;
use crate::domain::ids::TenantId;
use crate::domain::incident::RecordedEvent;
use crate::domain::time::Instant;
use crate::engine::catalog::Catalog;
use crate::engine::learning::{Learned, Learning, Ledgers};
use crate::engine::ledger::Ledger;
use crate::engine::record::Entry;
use crate::journal::LogReader;
use crate::views::{Views, ViewsError};

/// What was learnt is kept in the views once so many records were read beyond what is kept.
const RECORDS_UNKEPT_MAX: u64 = 20_000;
/// Queries overtake each other: one that sees a little less than was learnt already goes on from a
/// stage a little earlier. So many records lie between two stages at least.
const RECORDS_PER_STAGE: u64 = 1_000;
const STAGES_MAX: usize = 3;
/// Ledgers held at once while catching up.
const LEDGERS_HELD_MAX: usize = 20_000;

/// What the incidents of each tenant taught, as far as it was queried.
#[derive(Debug, Default)]
pub(super) struct Learnings {
    tenants: Mutex<HashMap<TenantId, Arc<Mutex<Lessons>>>>,
}

/// What the incidents of one tenant taught.
#[derive(Debug, Default)]
struct Lessons {
    now: LearntSoFar,
    /// As it was some records ago; the newest first.
    stages: VecDeque<LearntSoFar>,
    /// Up to where the views hold it; `None`: they were not looked into yet.
    kept: Option<u64>,
}

/// What was learnt from the journal up to a sequence.
#[derive(Debug, Default)]
struct LearntSoFar {
    sequence: u64,
    learning: Learning,
    /// Goes on from the sequence.
    reader: Option<Box<dyn LogReader>>,
}

/// The ledgers that were requested while catching up.
struct Held<'e> {
    sources: &'e Sources,
    tenant: &'e TenantId,
    ledgers: HashMap<String, Arc<Ledger>>,
}

impl Learnings {
    /// What was learnt of a contract's clocks by what was recorded up to an instant, of the records
    /// up to a sequence. To query what was known long before the last query is slow: that is
    /// learnt from the journal's beginning. Blocks.
    pub fn learned(
        &self,
        sources: &Sources,
        tenant: &TenantId,
        contract: &str,
        (sequence, known): (u64, Instant),
    ) -> Result<Arc<Learned>, ViewsError> {
        let lessons = self.of(tenant);
        let mut lessons = lessons.lock();
        lessons.begin(tenant, &sources.views)?;
        let mut past = None;
        if !lessons.now.reaches_no_further_than(known) {
            past = Some(lessons.stage_by(known));
        } else if lessons.now.sequence < sequence {
            lessons.set_stage();
        }
        let progress = past.as_mut().unwrap_or(&mut lessons.now);
        progress.catch_up(sources, tenant, sequence, known)?;
        let learned = progress.learning.of(contract);
        if lessons.unkept() > RECORDS_UNKEPT_MAX {
            lessons.keep(tenant, &sources.views);
        }
        Ok(learned)
    }

    fn of(&self, tenant: &TenantId) -> Arc<Mutex<Lessons>> {
        Arc::clone(self.tenants.lock().entry(tenant.clone()).or_default())
    }

    /// Keeps everything in the views.
    pub fn keep(&self, views: &Views) {
        for (tenant, lessons) in self.tenants.lock().iter() {
            let mut lessons = lessons.lock();
            if lessons.unkept() > 0 {
                lessons.keep(tenant, views);
            }
        }
    }
}

impl Lessons {
    /// Goes on from what is kept in the views, if they hold something.
    fn begin(&mut self, tenant: &TenantId, views: &Views) -> Result<(), ViewsError> {
        if self.kept.is_some() {
            return Ok(());
        }
        match views.learning(tenant) {
            Ok(Some((sequence, learning))) => {
                self.now = LearntSoFar { sequence, learning, reader: None };
            }
            Ok(None) => {}
            Err(ViewsError::Row(error)) => {
                tracing::warn!(%error, "what was learnt is learnt anew");
            }
            Err(error) => return Err(error),
        }
        self.kept = Some(self.now.sequence);
        Ok(())
    }

    /// Remembers how it is now, unless it was much the same when it last did.
    fn set_stage(&mut self) {
        let last = self.stages.front().map_or(0, |stage| stage.sequence);
        if self.now.sequence >= last + RECORDS_PER_STAGE {
            self.stages.push_front(self.now.copy());
            self.stages.truncate(STAGES_MAX);
        }
    }

    /// The newest stage that knows nothing later; the very beginning, if there is none.
    fn stage_by(&self, known: Instant) -> LearntSoFar {
        let stage = self.stages.iter().find(|stage| stage.reaches_no_further_than(known));
        stage.map(LearntSoFar::copy).unwrap_or_default()
    }

    /// How many records were read beyond what the views hold.
    fn unkept(&self) -> u64 {
        self.now.sequence - self.kept.unwrap_or(self.now.sequence)
    }

    /// Keeps what was learnt in the views. It can be learnt again if that fails.
    fn keep(&mut self, tenant: &TenantId, views: &Views) {
        let LearntSoFar { sequence, learning, .. } = &self.now;
        if let Err(error) = views.keep_learning(tenant, *sequence, learning) {
            tracing::warn!(%error, "what was learnt can't be kept: it will be learnt again");
        }
        self.kept = Some(*sequence);
    }
}

impl LearntSoFar {
    fn reaches_no_further_than(&self, known: Instant) -> bool {
        self.learning.taken.1 <= known
    }

    /// The same, to be gone on from elsewhere.
    fn copy(&self) -> LearntSoFar {
        LearntSoFar { sequence: self.sequence, learning: self.learning.clone(), reader: None }
    }

    /// Takes what was recorded of a tenant up to a sequence and an instant.
    fn catch_up(
        &mut self,
        sources: &Sources,
        tenant: &TenantId,
        last: u64,
        known: Instant,
    ) -> Result<(), ViewsError> {
        if self.sequence >= last {
            return Ok(());
        }
        let catalog = sources.cache.catalog(tenant);
        let mut held = Held { sources, tenant, ledgers: HashMap::new() };
        self.read(last, known, &catalog, &mut held)
    }

    /// Where it fails, it goes on the next time from what was taken whole.
    fn read(
        &mut self,
        last: u64,
        known: Instant,
        catalog: &Catalog,
        held: &mut Held<'_>,
    ) -> Result<(), ViewsError> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            // It was verified when it was opened, or folded.
            None => {
                let opened = held.sources.log.read_trusting_chain(self.sequence + 1..=last);
                opened.map_err(|error| unread(&error.into()))?
            }
        };
        reader.read_on_to(last);
        for kept in reader.by_ref() {
            let kept = kept.map_err(|error| unread(&error.into()))?;
            if kept.record_time > known {
                return Ok(());
            }
            let sequence = kept.sequence;
            let record = record::decode(&kept.body, &held.sources.zones)
                .map_err(|source| unread(&ReplayError::Record { sequence, source }))?;
            if let Entry::IncidentEvent(event) = record.entry
                && record.tenant == *held.tenant
            {
                let record_time = kept.record_time;
                let recorded = RecordedEvent { sequence, record_time, value: event };
                self.learning.take(&recorded, catalog.known(record_time), held)?;
            }
            self.sequence = sequence;
        }
        self.reader = Some(reader);
        Ok(())
    }
}

impl Ledgers for Held<'_> {
    type Error = ViewsError;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, ViewsError> {
        if let Some(ledger) = self.ledgers.get(incident_id) {
            return Ok(Arc::clone(ledger));
        }
        if self.ledgers.len() >= LEDGERS_HELD_MAX {
            self.ledgers.clear();
        }
        let ledger = self.sources.scanned_ledger(self.tenant, incident_id)?;
        self.ledgers.insert(incident_id.to_owned(), Arc::clone(&ledger));
        Ok(ledger)
    }
}

/// Nothing can be learnt beyond what can't be read: forecasts lag behind as the views would.
fn unread(error: &ReplayError) -> ViewsError {
    tracing::error!(%error, "the journal can't be learnt from");
    ViewsError::Behind
}
