//! What incidents teach, caught up with when it is asked: recording never pays for it.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Engine;
use super::replay::ReplayError;
use crate::domain::incident::RecordedEvent;
use crate::domain::time::Instant;
use crate::engine::catalog::Catalog;
use crate::engine::learning::{Learned, Learning, Ledgers};
use crate::engine::ledger::Ledger;
use crate::engine::record::Entry;
use crate::journal::Reader;
use crate::views::{Views, ViewsError};
use crate::wire::record;

/// What was learnt is kept in the views once so many records were read beyond what is kept.
const RECORDS_UNKEPT_MAX: u64 = 20_000;
/// Ledgers held at once while catching up.
const LEDGERS_HELD_MAX: usize = 20_000;

/// What the incidents of each tenant taught, as far as it was asked.
#[derive(Debug, Default)]
pub(super) struct Learnings {
    tenants: Mutex<HashMap<String, Arc<Mutex<Lessons>>>>,
}

/// What the incidents of one tenant taught.
#[derive(Debug, Default)]
struct Lessons {
    now: Course,
    /// As it was when it was last kept.
    kept: Course,
    is_begun: bool,
}

/// What was learnt from the journal up to a sequence.
#[derive(Debug, Default)]
struct Course {
    sequence: u64,
    learning: Learning,
    /// Goes on from the sequence.
    reader: Option<Reader>,
}

/// The ledgers that were asked for while catching up.
struct Held<'e> {
    engine: &'e Engine,
    tenant: &'e str,
    ledgers: HashMap<String, Arc<Ledger>>,
}

impl Engine {
    /// What was learnt of a contract's clocks by what was recorded up to an instant, of what the
    /// index holds at `settled`. Asking about an instant before what was asked last is slow: it
    /// goes on from what is kept or, before that, from the journal's beginning. Blocks.
    pub(super) fn learned(
        &self,
        settled: u64,
        tenant: &str,
        contract: &str,
        known: Instant,
    ) -> Result<Arc<Learned>, ViewsError> {
        let lessons = self.learnings.of(tenant);
        let mut lessons = lessons.lock();
        lessons.begin(tenant, &self.views)?;
        let Lessons { now, kept, .. } = &mut *lessons;
        let mut past = Course::default();
        let course = match () {
            () if now.reaches_no_further_than(known) => now,
            () if kept.reaches_no_further_than(known) => {
                past = kept.copy();
                &mut past
            }
            () => &mut past,
        };
        course.catch_up(self, tenant, settled, known)?;
        let learned = course.learning.of(contract);
        if lessons.now.sequence - lessons.kept.sequence > RECORDS_UNKEPT_MAX {
            lessons.keep(tenant, &self.views);
        }
        Ok(learned)
    }
}

impl Learnings {
    fn of(&self, tenant: &str) -> Arc<Mutex<Lessons>> {
        Arc::clone(self.tenants.lock().entry(tenant.to_owned()).or_default())
    }

    /// Keeps everything in the views.
    pub fn keep(&self, views: &Views) {
        for (tenant, lessons) in self.tenants.lock().iter() {
            let mut lessons = lessons.lock();
            if lessons.now.sequence > lessons.kept.sequence {
                lessons.keep(tenant, views);
            }
        }
    }
}

impl Lessons {
    /// Goes on from what is kept in the views, if they hold something.
    fn begin(&mut self, tenant: &str, views: &Views) -> Result<(), ViewsError> {
        if self.is_begun {
            return Ok(());
        }
        match views.learning(tenant) {
            Ok(Some((sequence, learning))) => {
                self.now = Course { sequence, learning, reader: None };
                self.kept = self.now.copy();
            }
            Ok(None) => {}
            Err(ViewsError::Row(error)) => {
                tracing::warn!(%error, "what was learnt is learnt anew");
            }
            Err(error) => return Err(error),
        }
        self.is_begun = true;
        Ok(())
    }

    /// Keeps what was learnt in the views. It can be learnt again if that fails.
    fn keep(&mut self, tenant: &str, views: &Views) {
        let Course { sequence, learning, .. } = &self.now;
        if let Err(error) = views.keep_learning(tenant, *sequence, learning) {
            tracing::warn!(%error, "what was learnt can't be kept: it will be learnt again");
        }
        self.kept = self.now.copy();
    }
}

impl Course {
    fn reaches_no_further_than(&self, known: Instant) -> bool {
        self.learning.taken.1 <= known
    }

    /// The same, to be gone on from elsewhere.
    fn copy(&self) -> Course {
        Course { sequence: self.sequence, learning: self.learning.clone(), reader: None }
    }

    /// Takes what was recorded of a tenant up to a sequence and an instant.
    fn catch_up(
        &mut self,
        engine: &Engine,
        tenant: &str,
        last: u64,
        known: Instant,
    ) -> Result<(), ViewsError> {
        if self.sequence >= last {
            return Ok(());
        }
        let catalog = engine.catalog(tenant);
        let mut held = Held { engine, tenant, ledgers: HashMap::new() };
        let read = self.read(last, known, &catalog, &mut held);
        if read.is_err() {
            self.reader = None;
        }
        read
    }

    fn read(
        &mut self,
        last: u64,
        known: Instant,
        catalog: &Catalog,
        held: &mut Held<'_>,
    ) -> Result<(), ViewsError> {
        let reader = match self.reader.take() {
            Some(reader) => reader,
            // It was verified when it was opened, or folded.
            None => Reader::open(held.engine.journal(), self.sequence + 1)
                .map_err(|error| unread(&error.into()))?
                .trusting_chain(),
        };
        let mut reader = reader.until(last);
        for kept in reader.by_ref() {
            let kept = kept.map_err(|error| unread(&error.into()))?;
            if kept.record_time > known {
                return Ok(());
            }
            let sequence = kept.sequence;
            let record = record::decode(&kept.body, held.engine.zones())
                .map_err(|source| unread(&ReplayError::Record { sequence, source }))?;
            if let Entry::IncidentEvent(event) = record.entry
                && record.tenant == held.tenant
            {
                let record_time = kept.record_time;
                let recorded = RecordedEvent { sequence, record_time, event };
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
        let ledger = self.engine.listed_ledger(self.tenant, incident_id)?;
        self.ledgers.insert(incident_id.to_owned(), Arc::clone(&ledger));
        Ok(ledger)
    }
}

/// Nothing can be learnt beyond what can't be read: forecasts lag behind as the views would.
fn unread(error: &ReplayError) -> ViewsError {
    tracing::error!(%error, "the journal can't be learnt from");
    ViewsError::Behind
}
