//! The state in memory: what the views don't hold yet, and what was lately read.
//!
//! The writer folds each durable record in here, readers read here first, and the projector carries
//! what is new over to the views and lets go of it. One lock guards it all, held for moments.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock, RwLockUpgradableReadGuard};

use super::calendar_cache::CalendarCache;
use super::fold_error::FoldError;
use super::incident_room::IncidentRoom;
use super::kept_evaluations::KeptEvaluations;
use super::ledgers::{Ledgers, ServiceKey, Slot};
use super::load::{FreshIncident, Load};
use super::measures::Lookups;
use super::memory_budget::MemoryBudget;
use super::progress::{Progress, position_at};
use super::recent::Recent;
use super::replay::{self, Chunk};
use crate::codec::store::index_keys::StoredIndexKeys;
use crate::codec::store::names::Names;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::action::ActionLog;
use crate::engine::adoption::Adopted;
use crate::engine::catalog::Catalog;
use crate::engine::ledger::Ledger;
use crate::engine::record::{Entry, Record};
use crate::engine::state::{AllWebhooks, IncidentLedgers, State};
use crate::engine::webhooks::Webhooks;
use crate::journal::{ChainHash, LogSource, ReadError};
use crate::views::{IncidentKey, Views, ViewsError};

/// Records folded again at most when views that failed are opened again: readers wait for it.
const RECORDS_RENEWED_MAX: u64 = 1_000_000;

/// Instants whose sequences are remembered, once they were searched for.
const SEQUENCES_REMEMBERED: usize = 64;

/// The state in memory.
#[derive(Debug)]
pub(super) struct Cache {
    zones: ZoneDatabase,
    names: Names,
    /// What is compiled of calendars.
    pub calendars: Arc<CalendarCache>,
    folded: RwLock<Folded>,
    room: IncidentRoom,
    /// Up to which sequences the journal was recorded by some instants long before its end, which
    /// never changes; the last that was searched for comes first.
    found: Mutex<VecDeque<(Instant, u64)>>,
    /// How often incidents were in memory.
    pub lookups: Lookups,
    /// What is kept of incidents that are not over.
    pub kept_evaluations: KeptEvaluations,
}

/// What the journal folds to, with the ledgers that are needed in memory.
#[derive(Debug)]
struct Folded {
    progress: Progress,
    state: State,
    ledgers: Ledgers,
    kept: Kept,
    recent: Recent,
}

/// Records the views don't hold yet that they keep whole: changes of terms, actions, webhooks, and
/// adoptions of time zone databases.
#[derive(Debug, Default)]
struct Kept {
    records: Vec<Recorded<Record>>,
    /// Contracts whose incidents must be indexed anew, by tenant; each once, however often its
    /// terms changed.
    reindex: BTreeSet<(TenantId, String)>,
}

impl Cache {
    /// The state that the views hold. Incidents that they hold and names take about as many bytes
    /// beside it as `memory` gives them at most, and so do compiled calendars.
    pub fn restored(
        views: &Views,
        zones: ZoneDatabase,
        names: Names,
        memory: &MemoryBudget,
    ) -> Result<Cache, ViewsError> {
        let calendars = Arc::new(CalendarCache::new(memory.calendars));
        let room = IncidentRoom::new(memory.incidents, names.clone());
        let folded = Folded::restored(views, &zones, &calendars, &room)?;
        let (folded, found, lookups) = (RwLock::new(folded), Mutex::default(), Lookups::default());
        let kept_evaluations = KeptEvaluations::new(memory.open);
        Ok(Cache { zones, names, calendars, folded, room, found, lookups, kept_evaluations })
    }

    /// Opens views again that had failed, and goes on from the state they hold then, with what the
    /// journal holds beyond it up to here. Nobody reads or folds meanwhile. Returns up to where the
    /// views are complete.
    pub fn renew(&self, views: &Views, log: &dyn LogSource) -> Result<Progress, FoldError> {
        let mut folded = self.folded.write();
        views.reopen()?;
        let mut renewed = Folded::restored(views, &self.zones, &self.calendars, &self.room)?;
        let applied = position_at(log, renewed.progress.sequence)?;
        let progress = folded.progress;
        if progress.sequence - applied.sequence > RECORDS_RENEWED_MAX {
            return Err(FoldError::TooFarBehind);
        }
        let first = applied.sequence + 1;
        for chunk in replay::chunks(log, first, progress.sequence, &self.zones, &self.names)? {
            for recorded in chunk?.records {
                renewed.fold(recorded, views)?;
            }
        }
        *folded = Folded { progress, ..renewed };
        self.kept_evaluations.clear();
        Ok(applied)
    }

    /// Forgets what may hold a text that was erased: what the views hold is read anew. They must
    /// be complete and not be written to, and nobody folds meanwhile.
    pub fn forget(&self, views: &Views) -> Result<(), ViewsError> {
        let mut folded = self.folded.write();
        let restored = Folded::restored(views, &self.zones, &self.calendars, &self.room)?;
        *folded = Folded { progress: folded.progress, ..restored };
        self.kept_evaluations.clear();
        Ok(())
    }

    /// Folds durable records in, in the journal's order.
    pub fn fold(
        &self,
        records: impl IntoIterator<Item = Recorded<Record>>,
        head: ChainHash,
        views: &Views,
    ) -> Result<(), ViewsError> {
        let mut folded = self.folded.write();
        for recorded in records {
            let Recorded { sequence, record_time, .. } = recorded;
            folded.fold(recorded, views)?;
            folded.progress = Progress { sequence, record_time, head };
        }
        Ok(())
    }

    /// Folds what the journal holds beyond what is folded, up to a sequence.
    pub fn catch_up(&self, last: u64, log: &dyn LogSource, views: &Views) -> Result<(), FoldError> {
        for chunk in
            replay::chunks(log, self.progress().sequence + 1, last, &self.zones, &self.names)?
        {
            let Chunk { records, head } = chunk?;
            self.fold(records, head, views)?;
        }
        Ok(())
    }

    /// The views turned out to hold everything up to here.
    pub fn set_progress(&self, progress: Progress) {
        self.folded.write().progress = progress;
    }

    /// How far the journal is folded.
    pub fn progress(&self) -> Progress {
        self.folded.read().progress
    }

    /// Bytes of what the views lack and the projector has not taken yet, about; 0: nothing.
    pub fn fresh_bytes(&self) -> usize {
        self.folded.read().ledgers.fresh_bytes
    }

    /// The tenants with terms or actions.
    pub fn tenants(&self) -> BTreeSet<TenantId> {
        self.folded.read().state.tenants().cloned().collect()
    }

    /// A tenant's contracts and calendars.
    pub fn catalog(&self, tenant: &TenantId) -> Arc<Catalog> {
        Arc::clone(self.folded.read().state.catalog(tenant))
    }

    /// The time zone database in use.
    pub fn zones(&self) -> ZoneDatabase {
        self.adopted().latest().clone()
    }

    /// The time zone databases adopted.
    pub fn adopted(&self) -> Adopted {
        self.folded.read().state.adopted().clone()
    }

    /// Whether anything about the tenant was folded here.
    pub fn has_tenant(&self, tenant: &TenantId) -> bool {
        self.folded.read().state.has_tenant(tenant)
    }

    /// A tenant's actions.
    pub fn actions(&self, tenant: &TenantId) -> Arc<ActionLog> {
        Arc::clone(self.folded.read().state.actions(tenant))
    }

    /// A tenant's webhooks.
    pub fn webhooks(&self, tenant: &TenantId) -> Arc<Webhooks> {
        Arc::clone(self.folded.read().state.webhooks(tenant))
    }

    /// The webhooks of all tenants; `None`: no record of one came after the sequence known.
    pub fn webhooks_since(&self, known: u64) -> Option<AllWebhooks> {
        self.folded.read().state.webhooks_since(known)
    }

    /// The same if it is in memory: nothing is read.
    pub fn ledger_at_hand(&self, key: &IncidentKey) -> Option<Arc<Ledger>> {
        self.folded.read().ledgers.incident(key).map(|slot| Arc::clone(&slot.ledger))
    }

    /// The same of many incidents, all at one moment.
    pub fn ledgers_at_hand(&self, keys: &[IncidentKey]) -> Vec<Option<Arc<Ledger>>> {
        let folded = self.folded.read();
        let slots = keys.iter().map(|key| folded.ledgers.incident(key));
        slots.map(|slot| slot.map(|slot| Arc::clone(&slot.ledger))).collect()
    }

    /// Everything recorded about an incident.
    pub fn ledger(&self, key: &IncidentKey, views: &Views) -> Result<Arc<Ledger>, ViewsError> {
        if let Some(slot) = self.folded.read().ledgers.incident(key) {
            self.lookups.hit();
            return Ok(Arc::clone(&slot.ledger));
        }
        self.lookups.miss();
        // Nobody folds while this guard lives, so what the views say can't be outdated by the
        // time it is kept.
        let folded = self.folded.upgradable_read();
        let slot = Slot::read(key, views)?;
        if !slot.ledger.events.is_empty() {
            RwLockUpgradableReadGuard::upgrade(folded).ledgers.remember(key, &slot);
        }
        Ok(slot.ledger)
    }

    /// Everything recorded about a service.
    pub fn service_ledger(
        &self,
        tenant: &TenantId,
        service: &str,
        views: &Views,
    ) -> Result<Arc<Ledger<ServiceEvent>>, ViewsError> {
        let folded = self.folded.read();
        match folded.ledgers.service(&(tenant.clone(), service.to_owned())) {
            Some(ledger) => Ok(Arc::clone(ledger)),
            None => Ok(Arc::new(views.service_ledger(tenant, service)?)),
        }
    }

    /// The incidents of a tenant that something was recorded about after an instant; `None`: that
    /// is not remembered, or other terms may have moved any incident.
    pub fn changed_since(&self, tenant: &TenantId, time: Instant) -> Option<BTreeSet<IncidentId>> {
        self.folded.read().recent.changed_since(tenant, time)
    }

    /// The incidents of a tenant that the records after a sequence are about, up to another, each
    /// with its sequence; `None`: that is not remembered.
    pub fn touched(&self, tenant: &TenantId, span: (u64, u64)) -> Option<Vec<(u64, IncidentId)>> {
        self.folded.read().recent.touched(tenant, span)
    }

    /// The last sequence recorded by an instant, up to `last`.
    pub fn sequence_at(
        &self,
        time: Instant,
        last: u64,
        log: &dyn LogSource,
    ) -> Result<u64, ReadError> {
        if let Some(found) = self.folded.read().recent.sequence_at(time) {
            return Ok(found.min(last));
        }
        let found = self.found.lock().iter().find(|(at, _)| *at == time).map(|(_, found)| *found);
        if let Some(found) = found {
            return Ok(found);
        }
        let found = log.sequence_at(time, last)?;
        let mut before = self.found.lock();
        before.truncate(SEQUENCES_REMEMBERED - 1);
        before.push_front((time, found));
        Ok(found)
    }

    /// Takes what is to be projected. It stays readable here until [`Cache::projected`].
    pub fn load(&self) -> Load {
        let mut folded = self.folded.write();
        let Kept { records: kept, reindex } = std::mem::take(&mut folded.kept);
        let fresh = folded.ledgers.take_fresh().into_iter();
        let incidents = fresh.map(|(key, slot)| folded.fresh_incident(key, slot)).collect();
        let services = folded.ledgers.fresh_services();
        Load { incidents, services, kept, reindex, progress: folded.progress }
    }

    /// An incident that must be indexed anew, as it is known here or, where it is not, to the
    /// views.
    pub fn incident(&self, key: IncidentKey, views: &Views) -> Result<FreshIncident, ViewsError> {
        let folded = self.folded.read();
        let slot = match folded.ledgers.incident(&key) {
            Some(slot) => slot.clone(),
            None => Slot::read(&key, views)?,
        };
        Ok(folded.fresh_incident(key, slot))
    }

    /// Lets go of what was projected, unless it was added to since; and what is kept of these
    /// incidents holds no longer.
    pub fn projected(
        &self,
        index_keys: Vec<(FreshIncident, StoredIndexKeys)>,
        services: Vec<(ServiceKey, Arc<Ledger<ServiceEvent>>)>,
    ) {
        self.kept_evaluations.change(index_keys.iter().map(|(incident, _)| incident));
        let ledgers = &mut self.folded.write().ledgers;
        for (incident, index_keys) in index_keys {
            ledgers.set_indexed(&incident.key, index_keys);
        }
        for (key, projected) in services {
            ledgers.forget_service(&key, &projected);
        }
        ledgers.shrink();
    }

    /// Bytes that incidents take here that the views hold as well, about.
    pub fn incident_bytes(&self) -> usize {
        self.folded.read().ledgers.held_bytes()
    }
}

impl Folded {
    /// What the views hold; they may be ahead of the sequence they remember.
    fn restored(
        views: &Views,
        zones: &ZoneDatabase,
        calendars: &Arc<CalendarCache>,
        room: &IncidentRoom,
    ) -> Result<Folded, ViewsError> {
        let sequence = views.applied()?;
        let mut state = State::kept_in(Arc::<CalendarCache>::clone(calendars), zones.clone());
        for recorded in views.kept(zones) {
            let recorded = recorded?;
            if recorded.sequence <= sequence {
                let Ok(()) = state.apply(recorded, &mut IncidentLedgers::default());
            }
        }
        let progress = Progress { sequence, record_time: Instant::MIN, head: ChainHash::ZERO };
        let ledgers = Ledgers::new(room.clone());
        let (kept, recent) = (Kept::default(), Recent::default());
        Ok(Folded { progress, state, ledgers, kept, recent })
    }

    fn fold(&mut self, recorded: Recorded<Record>, views: &Views) -> Result<(), ViewsError> {
        self.recent.push(self.progress, &recorded);
        self.ledgers.fresh_bytes += recorded.value.memory_bytes();
        let Record { tenant, entry } = &recorded.value;
        if let Entry::Terms(terms) = entry {
            let touched = self.state.catalog(tenant).contracts_touched_by(terms);
            self.kept.reindex.extend(touched.into_iter().map(|id| (tenant.clone(), id)));
        }
        if let Entry::Terms(_) | Entry::Action(_) | Entry::Webhook(_) | Entry::Adoption(_) = entry {
            self.kept.records.push(recorded.clone());
        }
        let before = matches!(entry, Entry::Adoption(_)).then(|| self.state.adopted().clone());
        self.state.apply(recorded, &mut self.ledgers.adding(views))?;
        if let Some(before) = before {
            self.reindex_moved_from(&before);
        }
        Ok(())
    }

    /// Has the incidents indexed anew that another time zone database may have moved.
    fn reindex_moved_from(&mut self, before: &Adopted) {
        let moved = before.moved_by(self.state.adopted().latest());
        for tenant in self.state.tenants() {
            let contracts = self.state.catalog(tenant).contracts_in(&moved).into_iter();
            self.kept.reindex.extend(contracts.map(|id| (tenant.clone(), id.to_owned())));
        }
    }

    fn fresh_incident(&self, key: IncidentKey, slot: Slot) -> FreshIncident {
        let catalog = Arc::clone(self.state.catalog(&key.parts().0));
        FreshIncident { key, ledger: slot.ledger, index_keys: slot.index_keys, catalog }
    }
}
