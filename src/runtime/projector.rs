//! The projector: carries what is new over to the views, in its own time.
//!
//! Only queries of the index wait for it, which signal it to hurry, and a writer that is too far
//! ahead of it.

use std::collections::{BTreeMap, HashSet};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::cache::Cache;
use super::fold_error::FoldError;
use super::load::{FreshIncident, Load};
use super::progress::Progress;
use super::signal::Signal;
use crate::codec::store::index_keys::StoredIndexKeys;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::time::{Instant, Span};
use crate::engine::index;
use crate::journal::LogSource;
use crate::views::{Changes, IncidentKey, Views, ViewsError, Writing};

/// The part of what may be new at which the projector waits no longer for more.
const HURRIES_AT: usize = 4;
/// How long after a failure the views are opened again.
const RETRIED_EVERY: Duration = Duration::from_secs(1);
/// How often in a row the views may fail right after they were opened again, before they are left
/// alone for longer.
const FAILURES_MAX: u32 = 3;
/// How long the views are left alone then.
const LEFT_ALONE: Duration = Duration::from_secs(10);
/// How many incidents are indexed between two writes to the views.
const INCIDENTS_PER_WRITE: usize = 2_000;
/// How far ahead of now a fact may lie that is indexed as though it had occurred. Until then its
/// incident is evaluated by itself; what lies further ahead is left out until it has occurred.
const FACTS_AWAITED: Span = Span::from_seconds(60);

/// Brings the views up to date, on a thread of its own.
#[derive(Debug)]
pub(super) struct Projector {
    log: Arc<dyn LogSource>,
    /// Bytes of what is new at which the writer waits: as much is being projected meanwhile.
    ahead_bytes_max: usize,
    signal: Signal,
    /// Held for writing while the views change, for reading while the index is read.
    index: RwLock<IndexPosition>,
    /// The sequence in it, for those who must not wait for it.
    sequence: AtomicU64,
    /// The tenants with incidents whose index entries hold no longer, and since when at the latest:
    /// facts that were left out have occurred.
    expired: Mutex<BTreeMap<TenantId, Instant>>,
}

/// How far the views are complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct IndexPosition {
    /// The last sequence in them.
    pub sequence: u64,
    /// When that was recorded.
    pub record_time: Instant,
    /// Rows and tallies agree: nothing was being projected when the views failed.
    is_whole: bool,
}

impl IndexPosition {
    /// Rows and tallies agree, up to a sequence that was recorded at `record_time`.
    pub fn whole(sequence: u64, record_time: Instant) -> IndexPosition {
        IndexPosition { sequence, record_time, is_whole: true }
    }
}

impl From<Progress> for IndexPosition {
    fn from(progress: Progress) -> IndexPosition {
        IndexPosition::whole(progress.sequence, progress.record_time)
    }
}

impl Projector {
    /// A projector of views that are complete up to `projected`. What they lack may take so many
    /// bytes in memory.
    pub fn new(
        log: Arc<dyn LogSource>,
        projected: IndexPosition,
        projecting_bytes: usize,
    ) -> Projector {
        Projector {
            log,
            ahead_bytes_max: projecting_bytes / 2,
            signal: Signal::new(projected.sequence),
            index: RwLock::new(projected),
            sequence: AtomicU64::new(projected.sequence),
            expired: Mutex::default(),
        }
    }

    /// Projects until it is closed, and what is left then.
    pub fn run(&self, cache: &Cache, views: &Views) {
        let mut failures = 0;
        loop {
            let is_closed = self.signal.wait();
            match self.project(cache, views) {
                Ok(()) if is_closed && cache.fresh_bytes() == 0 => return,
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::error!(%error, "the views can't be written: lists are refused");
                    self.signal.failed();
                    let is_over =
                        failures > FAILURES_MAX && self.signal.is_closed_within(LEFT_ALONE);
                    if is_over || !self.mend(cache, views) {
                        tracing::error!("the views stay behind: the next start folds them anew");
                        return;
                    }
                }
            }
        }
    }

    /// Opens the views again, as soon as that is possible; false: not before the next start.
    fn mend(&self, cache: &Cache, views: &Views) -> bool {
        let mut is_logged = false;
        loop {
            match self.renew(cache, views) {
                Ok(()) => return true,
                Err(FoldError::TooFarBehind) => return false,
                Err(error) if !is_logged => {
                    tracing::warn!(%error, "the views don't open again yet")
                }
                Err(_) => {}
            }
            is_logged = true;
            if self.signal.is_closed_within(RETRIED_EVERY) {
                return false;
            }
        }
    }

    fn renew(&self, cache: &Cache, views: &Views) -> Result<(), FoldError> {
        let mut index = self.index.write();
        let renewed = cache.renew(views, &*self.log)?;
        views.catch_up_tallies()?;
        self.set(&mut index, renewed);
        self.signal.recovered(index.sequence);
        tracing::info!(sequence = index.sequence, "the views are open again");
        Ok(())
    }

    /// Calls the projector: something was folded.
    pub fn notice_progress(&self, cache: &Cache) {
        self.signal.call(cache.fresh_bytes() >= self.ahead_bytes_max / HURRIES_AT);
    }

    /// Calls the projector: some index entries of a tenant hold no longer, now.
    pub fn notice_expired(&self, tenant: &TenantId, now: Instant) {
        let mut expired = self.expired.lock();
        let since = expired.entry(tenant.clone()).or_insert(now);
        *since = now.max(*since);
        self.signal.call(false);
    }

    /// Waits while the views are too far behind; false: they won't come nearer.
    pub fn wait_for_room(&self, cache: &Cache) -> bool {
        self.signal.wait_for_room(|| cache.fresh_bytes() >= self.ahead_bytes_max)
    }

    /// Waits until the views are complete up to `sequence`, on a thread that may block. Nobody
    /// writes to them while what is returned is held.
    pub fn hold(&self, sequence: u64) -> Result<RwLockWriteGuard<'_, IndexPosition>, ViewsError> {
        if !self.signal.wait_for_room(|| self.sequence() < sequence) {
            return Err(ViewsError::Behind);
        }
        let index = self.index.write();
        match index.sequence >= sequence && index.is_whole {
            true => Ok(index),
            false => Err(ViewsError::Behind),
        }
    }

    /// Waits until the views are complete up to `sequence`; false: they won't be.
    pub async fn catch_up(&self, sequence: u64) -> bool {
        self.signal.catch_up(sequence).await
    }

    /// Up to which sequence the views are complete. It waits for nothing.
    pub fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Relaxed)
    }

    /// The index, complete up to `sequence` at least; it does not change while this is held.
    pub fn index(&self, sequence: u64) -> Result<RwLockReadGuard<'_, IndexPosition>, ViewsError> {
        let index = self.index.read();
        // They may have failed since they were, and been opened again as they had been before.
        match index.sequence >= sequence && index.is_whole {
            true => Ok(index),
            false => Err(ViewsError::Behind),
        }
    }

    fn set(&self, index: &mut IndexPosition, progress: Progress) {
        *index = progress.into();
        self.sequence.store(progress.sequence, Ordering::Relaxed);
    }

    /// Ends `run` once what is new is projected.
    pub fn close(&self) {
        self.signal.close();
    }

    /// Whether somebody reads the index.
    #[cfg(test)]
    pub fn is_read(&self) -> bool {
        self.index.try_write().is_none()
    }

    pub(super) fn project(&self, cache: &Cache, views: &Views) -> Result<(), ViewsError> {
        let Load { mut incidents, services, kept, reindex, progress } = cache.load();
        self.signal.room_made();
        sort_by_time(&mut incidents);
        let mut index = self.index.write();
        let mut writing = views.begin()?;
        index.is_whole = false;
        let mut changes = views.changes();
        for recorded in &kept {
            changes.keep_record(recorded);
        }
        for ((tenant, service), ledger) in &services {
            changes.keep_service(tenant, service, ledger);
        }
        let mut index_keys = Vec::new();
        for some in incidents.chunks(INCIDENTS_PER_WRITE) {
            for incident in some {
                let now = progress.record_time;
                let keys = index_anew(incident, progress, now, &mut changes)?;
                index_keys.push((incident.clone(), keys));
            }
            writing.write(std::mem::replace(&mut changes, views.changes()))?;
        }
        // Only what the views hold may be let go of: readers of memory and views wait for nobody.
        writing.write(changes)?;
        cache.projected(index_keys, services);
        let fresh = incidents.iter().map(|incident| &incident.key);
        let indexed = fresh.filter(|_| !reindex.is_empty()).collect();
        let indexing = Indexing { progress, now: progress.record_time, indexed, cache, views };
        for (tenant, contract) in &reindex {
            indexing.index_contract_anew(tenant, contract, &mut writing)?;
        }
        self.reindex_expired(progress, cache, views, &mut writing)?;
        writing.finish(progress.sequence)?;
        self.set(&mut index, progress);
        self.signal.projected_up_to(progress.sequence);
        Ok(())
    }

    /// Indexes incidents anew whose index entries hold no longer, of each tenant as many as are
    /// written at once: the others follow in the next round, and meanwhile the index can be read.
    fn reindex_expired(
        &self,
        progress: Progress,
        cache: &Cache,
        views: &Views,
        writing: &mut Writing,
    ) -> Result<(), ViewsError> {
        let expired = mem::take(&mut *self.expired.lock());
        for (tenant, now) in expired {
            let ids = views.expired_ids(&tenant, now).take(INCIDENTS_PER_WRITE);
            let ids = ids.collect::<Result<Vec<_>, _>>()?;
            let indexed = HashSet::new();
            let indexing = Indexing { progress, now, indexed, cache, views };
            indexing.index_anew(&tenant, &ids, writing)?;
            if ids.len() == INCIDENTS_PER_WRITE {
                self.notice_expired(&tenant, now);
            }
        }
        Ok(())
    }
}

/// Incidents that were indexed are indexed anew, by what the index holds, as of an instant.
struct Indexing<'p> {
    progress: Progress,
    now: Instant,
    /// Those of which the index holds what it would hold again.
    indexed: HashSet<&'p IncidentKey>,
    cache: &'p Cache,
    views: &'p Views,
}

impl Indexing<'_> {
    /// Indexes every incident of a contract, after its terms changed.
    fn index_contract_anew(
        &self,
        tenant: &TenantId,
        contract: &str,
        writing: &mut Writing,
    ) -> Result<(), ViewsError> {
        let mut after = IncidentId::default();
        loop {
            let ids = self.views.attached_ids(tenant, contract, &after).take(INCIDENTS_PER_WRITE);
            let ids = ids.collect::<Result<Vec<_>, _>>()?;
            let Some(last) = ids.last() else { return Ok(()) };
            after.clone_from(last);
            self.index_anew(tenant, &ids, writing)?;
        }
    }

    fn index_anew(
        &self,
        tenant: &TenantId,
        ids: &[IncidentId],
        writing: &mut Writing,
    ) -> Result<(), ViewsError> {
        let mut changes = self.views.changes();
        let mut index_keys = Vec::new();
        let keys = ids.iter().map(|id| IncidentKey::new(tenant, id));
        for key in keys.filter(|key| !self.indexed.contains(key)) {
            let incident = self.cache.incident(key, self.views)?;
            let keys = index_anew(&incident, self.progress, self.now, &mut changes)?;
            index_keys.push((incident, keys));
        }
        writing.write(changes)?;
        self.cache.projected(index_keys, Vec::new());
        Ok(())
    }
}

/// Sorts incidents by tenant and by when they began: most of what the index holds of them, and the
/// tallies of their days, lie together then and are written together.
fn sort_by_time(incidents: &mut [FreshIncident]) {
    incidents.sort_by_cached_key(|incident| {
        let first = incident.ledger.events.first();
        (incident.key.parts().0, first.map(|first| first.value.occur_time))
    });
}

/// Indexes an incident by what the index will hold, not by what was recorded since: that is fresh,
/// and indexed the next time. Of facts still to come, only what occurs soon is taken in.
fn index_anew(
    incident: &FreshIncident,
    progress: Progress,
    now: Instant,
    changes: &mut Changes,
) -> Result<StoredIndexKeys, ViewsError> {
    let catalog = incident.catalog.known(progress.record_time);
    let ledger = incident.ledger_up_to(progress.sequence);
    let awaited = now.checked_add(FACTS_AWAITED).unwrap_or(Instant::MAX);
    let expires = index::next_fact(&ledger, awaited);
    let index_entry = index::index_entry(&incident.key.parts().1, &ledger, catalog, expires);
    changes.index_incident(&incident.key, &incident.ledger, index_entry, &incident.index_keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::InMemoryLog;

    #[test]
    fn tallies_that_a_failure_left_behind_the_rows_are_refused_and_not_read() {
        shuttle::check_random(
            || {
                let log = Arc::new(InMemoryLog::new(0, 0));
                let projector = Projector::new(log, IndexPosition::whole(7, Instant::MIN), 1 << 20);
                assert!(projector.index(7).is_ok() && projector.index(8).is_err());
                projector.index.write().is_whole = false;
                assert!(matches!(projector.index(7), Err(ViewsError::Behind)));
            },
            1,
        );
    }
}
