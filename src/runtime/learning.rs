//! What the model learns from incidents, brought up to date when it is queried: recording never
//! waits for it.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::read_point::ReadPoint;
use super::replay::ReplayError;
use super::sources::Sources;
use crate::codec::store::record;
use crate::domain::ids::TenantId;
use crate::domain::incident::RecordedEvent;
use crate::engine::catalog::Catalog;
use crate::engine::learning::{Learned, Learning, Ledgers};
use crate::engine::ledger::Ledger;
use crate::engine::record::Entry;
use crate::journal::LogReader;
use crate::views::{Views, ViewsError};

/// What was learnt is kept in the views once so many records were read beyond what is kept.
const RECORDS_UNKEPT_MAX: u64 = 20_000;
/// Ledgers held at once while catching up.
const LEDGERS_HELD_MAX: usize = 20_000;

/// What the incidents of each tenant taught, as far as it was queried.
#[derive(Debug, Default)]
pub(super) struct Learnings {
    tenants: Mutex<HashMap<TenantId, Arc<Mutex<LearntSoFar>>>>,
}

/// What was learnt of one tenant from the journal up to a sequence.
#[derive(Debug, Default)]
struct LearntSoFar {
    sequence: u64,
    learning: Learning,
    /// Goes on from the sequence.
    reader: Option<Box<dyn LogReader>>,
    /// Up to where the views hold it; `None`: they were not looked into yet.
    kept: Option<u64>,
}

/// The ledgers that were requested while catching up.
struct Held<'e> {
    sources: &'e Sources,
    tenant: &'e TenantId,
    ledgers: HashMap<String, Arc<Ledger>>,
}

impl Learnings {
    /// What was learnt of a contract's clocks: what was decided by `times.as_of`, by what was
    /// recorded up to `times.known`, which the record of the sequence is the last of. `None`: that
    /// is longer ago than what is final. Blocks.
    pub fn learned(
        &self,
        sources: &Sources,
        tenant: &TenantId,
        contract: &str,
        ReadPoint { sequence, times, .. }: ReadPoint,
    ) -> Result<Option<Arc<Learned>>, ViewsError> {
        let learnt = self.of(tenant);
        let mut learnt = learnt.lock();
        learnt.begin(tenant, &sources.views)?;
        let catalog = sources.cache.catalog(tenant);
        let mut held = Held { sources, tenant, ledgers: HashMap::new() };
        learnt.catch_up(sequence, &catalog, &mut held)?;
        let known = catalog.known(times.known);
        let is_present = learnt.sequence == sequence && times.known <= times.as_of;
        let learned = match is_present {
            true => Some(learnt.learning.present(times.as_of, known, &mut held)?.of(contract)),
            false => {
                let fold = learnt.learning.past(times.as_of, known, &mut held)?;
                fold.map(|fold| fold.of(contract))
            }
        };
        if learnt.unkept() > RECORDS_UNKEPT_MAX {
            learnt.keep(tenant, &sources.views);
        }
        Ok(learned)
    }

    fn of(&self, tenant: &TenantId) -> Arc<Mutex<LearntSoFar>> {
        Arc::clone(self.tenants.lock().entry(tenant.clone()).or_default())
    }

    /// Keeps everything in the views.
    pub fn keep(&self, views: &Views) {
        for (tenant, learnt) in self.tenants.lock().iter() {
            let mut learnt = learnt.lock();
            if learnt.unkept() > 0 {
                learnt.keep(tenant, views);
            }
        }
    }
}

impl LearntSoFar {
    /// Goes on from what is kept in the views, if they hold something.
    fn begin(&mut self, tenant: &TenantId, views: &Views) -> Result<(), ViewsError> {
        if self.kept.is_some() {
            return Ok(());
        }
        match views.learning(tenant) {
            Ok(Some((sequence, learning))) => {
                (self.sequence, self.learning) = (sequence, learning);
            }
            Ok(None) => {}
            Err(ViewsError::Row(error)) => {
                tracing::warn!(%error, "what was learnt is learnt anew");
            }
            Err(error) => return Err(error),
        }
        self.kept = Some(self.sequence);
        Ok(())
    }

    /// How many records were read beyond what the views hold.
    fn unkept(&self) -> u64 {
        self.sequence - self.kept.unwrap_or(self.sequence)
    }

    /// Keeps what was learnt in the views. It can be learnt again if that fails.
    fn keep(&mut self, tenant: &TenantId, views: &Views) {
        if let Err(error) = views.keep_learning(tenant, self.sequence, &self.learning) {
            tracing::warn!(%error, "what was learnt can't be kept: it will be learnt again");
        }
        self.kept = Some(self.sequence);
    }

    /// Takes what was recorded of a tenant up to a sequence. Where it fails, it goes on the next
    /// time from what was taken whole.
    fn catch_up(
        &mut self,
        last: u64,
        catalog: &Catalog,
        held: &mut Held<'_>,
    ) -> Result<(), ViewsError> {
        if self.sequence >= last {
            return Ok(());
        }
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
