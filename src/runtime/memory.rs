//! The state in memory: what the views don't hold yet, and what was lately asked for.
//!
//! The writer folds each durable record in here, readers read here first, and the keeper carries
//! what is new over to the views and lets go of it. One lock guards it all, held for moments.

use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use parking_lot::{RwLock, RwLockUpgradableReadGuard};

use super::replay::{self, Piece, ReplayError};
use crate::domain::incident::RecordedEvent;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::catalog::Catalog;
use crate::engine::deed::Book;
use crate::engine::index::Filed;
use crate::engine::ledger::Ledger;
use crate::engine::record::{Entry, Record, TermsEntry};
use crate::journal::{Hash, ReadError};
use crate::views::{IncidentKey, Views, ViewsError};

/// Incidents kept in memory after they are carried over to the views.
const INCIDENTS_CACHED_MAX: usize = 20_000;

/// Records folded again at most when views that failed are opened again: readers wait for it.
const RECORDS_RENEWED_MAX: u64 = 1_000_000;

/// Why what the journal holds is not folded.
#[derive(Debug, thiserror::Error)]
pub(super) enum FoldError {
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("the views are too far behind: start the server again")]
    TooFarBehind,
}

impl From<ReadError> for FoldError {
    fn from(error: ReadError) -> FoldError {
        FoldError::Replay(error.into())
    }
}

/// The state in memory.
#[derive(Debug)]
pub(super) struct Memory {
    zones: ZoneDatabase,
    state: RwLock<State>,
}

/// How far the journal is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last sequence.
    pub sequence: u64,
    /// When it was recorded.
    pub record_time: Instant,
    /// The journal's head after it.
    pub head: Hash,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    catalogs: HashMap<String, Arc<Catalog>>,
    books: HashMap<String, Arc<Book>>,
    incidents: HashMap<IncidentKey, Slot>,
    fresh: Fresh,
}

#[derive(Debug)]
struct Slot {
    ledger: Arc<Ledger>,
    /// Under what it is filed in the views.
    filed: Filed,
    is_fresh: bool,
}

/// What the views don't hold yet.
#[derive(Debug, Default)]
struct Fresh {
    incidents: Vec<IncidentKey>,
    services: HashMap<(String, String), Arc<Ledger<ServiceEvent>>>,
    /// Records that are kept whole: changes of terms, and deeds.
    kept: Vec<(u64, Instant, Record)>,
    /// Contracts whose incidents must be filed anew, by tenant; each once, however often its terms
    /// changed.
    refile: BTreeSet<(String, String)>,
    events: usize,
}

/// What is to be carried over to the views, and the sequence it is complete up to.
#[derive(Debug)]
pub(super) struct Load {
    pub incidents: Vec<FreshIncident>,
    pub services: Vec<((String, String), Arc<Ledger<ServiceEvent>>)>,
    pub kept: Vec<(u64, Instant, Record)>,
    pub refile: BTreeSet<(String, String)>,
    pub progress: Progress,
}

/// An incident to file.
#[derive(Clone, Debug)]
pub(super) struct FreshIncident {
    pub key: IncidentKey,
    pub ledger: Arc<Ledger>,
    pub filed: Filed,
    pub catalog: Arc<Catalog>,
}

impl FreshIncident {
    /// What was recorded of it up to a sequence.
    pub fn ledger_up_to(&self, sequence: u64) -> Arc<Ledger> {
        let mut ledger = Arc::clone(&self.ledger);
        if ledger.last_sequence() > sequence {
            Arc::make_mut(&mut ledger).events.retain(|event| event.sequence <= sequence);
        }
        ledger
    }
}

impl Memory {
    /// The state that the views hold.
    pub fn restored(views: &Views, zones: ZoneDatabase) -> Result<Memory, ViewsError> {
        let state = RwLock::new(State::restored(views, &zones)?);
        Ok(Memory { zones, state })
    }

    /// Opens views again that had failed, and goes on from the state they hold then, with what the
    /// journal holds beyond it up to here. Nobody reads or folds meanwhile. Returns up to where the
    /// views are complete.
    pub fn renew(&self, views: &Views, journal: &Path) -> Result<Progress, FoldError> {
        let mut state = self.state.write();
        views.reopen()?;
        let mut renewed = State::restored(views, &self.zones)?;
        let applied = Progress::at(journal, renewed.progress.sequence)?;
        let progress = state.progress;
        if progress.sequence - applied.sequence > RECORDS_RENEWED_MAX {
            return Err(FoldError::TooFarBehind);
        }
        let first = applied.sequence + 1;
        for piece in replay::pieces(journal, first, progress.sequence, &self.zones)? {
            for (sequence, record_time, record) in piece?.records {
                renewed.fold(sequence, record_time, record, views, &self.zones)?;
            }
        }
        *state = State { progress, ..renewed };
        Ok(applied)
    }

    /// Folds durable records in, in the journal's order.
    pub fn fold(
        &self,
        records: impl IntoIterator<Item = (u64, Instant, Record)>,
        head: Hash,
        views: &Views,
    ) -> Result<(), ViewsError> {
        let mut state = self.state.write();
        for (sequence, record_time, record) in records {
            state.fold(sequence, record_time, record, views, &self.zones)?;
            state.progress = Progress { sequence, record_time, head };
        }
        Ok(())
    }

    /// Folds what the journal holds beyond what is folded, up to a sequence.
    pub fn catch_up(&self, last: u64, journal: &Path, views: &Views) -> Result<(), FoldError> {
        for piece in replay::pieces(journal, self.progress().sequence + 1, last, &self.zones)? {
            let Piece { records, head } = piece?;
            self.fold(records, head, views)?;
        }
        Ok(())
    }

    /// The views turned out to hold everything up to here.
    pub fn set_progress(&self, progress: Progress) {
        self.state.write().progress = progress;
    }

    /// How far the journal is folded.
    pub fn progress(&self) -> Progress {
        self.state.read().progress
    }

    /// How many events the views lack.
    pub fn fresh_events(&self) -> usize {
        self.state.read().fresh.events
    }

    /// A tenant's contracts and calendars.
    pub fn catalog(&self, tenant: &str) -> Arc<Catalog> {
        self.state.read().catalog(tenant, &self.zones)
    }

    /// A tenant's deeds.
    pub fn book(&self, tenant: &str) -> Arc<Book> {
        self.state.read().books.get(tenant).map(Arc::clone).unwrap_or_default()
    }

    /// Everything recorded about an incident.
    pub fn ledger(&self, key: &IncidentKey, views: &Views) -> Result<Arc<Ledger>, ViewsError> {
        if let Some(slot) = self.state.read().incidents.get(key) {
            return Ok(Arc::clone(&slot.ledger));
        }
        // Nobody folds while this guard lives, so what the views say can't be outdated by the
        // time it is kept.
        let state = self.state.upgradable_read();
        let (ledger, filed) = views.ledger(key)?;
        let ledger = Arc::new(ledger);
        if !ledger.events.is_empty() {
            let slot = Slot { ledger: Arc::clone(&ledger), filed, is_fresh: false };
            let mut state = RwLockUpgradableReadGuard::upgrade(state);
            state.incidents.entry(key.clone()).or_insert(slot);
        }
        Ok(ledger)
    }

    /// Everything recorded about a service.
    pub fn service_ledger(
        &self,
        tenant: &str,
        service: &str,
        views: &Views,
    ) -> Result<Arc<Ledger<ServiceEvent>>, ViewsError> {
        let state = self.state.read();
        match state.fresh.services.get(&(tenant.to_owned(), service.to_owned())) {
            Some(ledger) => Ok(Arc::clone(ledger)),
            None => Ok(Arc::new(views.service_ledger(tenant, service)?)),
        }
    }

    /// Takes what is to be carried over. It stays readable here until [`Memory::carried`].
    pub fn load(&self) -> Load {
        let mut state = self.state.write();
        let fresh = &mut state.fresh;
        fresh.events = 0;
        let keys = std::mem::take(&mut fresh.incidents);
        let kept = std::mem::take(&mut fresh.kept);
        let refile = std::mem::take(&mut fresh.refile);
        let services = fresh.services.iter().map(|(key, l)| (key.clone(), Arc::clone(l))).collect();
        let incidents =
            keys.into_iter().filter_map(|key| state.take_fresh(key, &self.zones)).collect();
        Load { incidents, services, kept, refile, progress: state.progress }
    }

    /// An incident that must be filed anew, as it is known here or, where it is not, to the views.
    pub fn incident(&self, key: IncidentKey, views: &Views) -> Result<FreshIncident, ViewsError> {
        let state = self.state.read();
        let catalog = state.catalog(key.parts().0, &self.zones);
        let (ledger, filed) = match state.incidents.get(&key) {
            Some(slot) => (Arc::clone(&slot.ledger), slot.filed.clone()),
            None => {
                let (ledger, filed) = views.ledger(&key)?;
                (Arc::new(ledger), filed)
            }
        };
        Ok(FreshIncident { key, ledger, filed, catalog })
    }

    /// Lets go of what was carried over, unless it was added to since.
    pub fn carried(
        &self,
        filed: Vec<(FreshIncident, Filed)>,
        services: Vec<((String, String), Arc<Ledger<ServiceEvent>>)>,
    ) {
        let mut state = self.state.write();
        for (incident, filed) in filed {
            if let Some(slot) = state.incidents.get_mut(&incident.key) {
                slot.filed = filed;
            }
        }
        for (key, carried) in services {
            if state.fresh.services.get(&key).is_some_and(|now| Arc::ptr_eq(now, &carried)) {
                state.fresh.services.remove(&key);
            }
        }
        if state.incidents.len() > INCIDENTS_CACHED_MAX {
            state.incidents.retain(|_, slot| slot.is_fresh);
        }
    }
}

impl State {
    fn restored(views: &Views, zones: &ZoneDatabase) -> Result<State, ViewsError> {
        let sequence = views.applied()?;
        let (mut catalogs, mut books) = (HashMap::new(), HashMap::new());
        for row in views.kept(zones) {
            let (recorded, record_time, record) = row?;
            match record.entry {
                _ if recorded > sequence => {}
                Entry::Terms(entry) => {
                    catalog_mut(&mut catalogs, zones, record.tenant).apply(record_time, entry);
                }
                Entry::Deed(deed) => {
                    let deed = Recorded { sequence: recorded, record_time, value: deed };
                    book_mut(&mut books, record.tenant).push_new(deed);
                }
                _ => {}
            }
        }
        let progress = Progress { sequence, record_time: Instant::MIN, head: [0; 32] };
        Ok(State { progress, catalogs, books, incidents: HashMap::new(), fresh: Fresh::default() })
    }

    fn fold(
        &mut self,
        sequence: u64,
        record_time: Instant,
        record: Record,
        views: &Views,
        zones: &ZoneDatabase,
    ) -> Result<(), ViewsError> {
        let Record { tenant, entry } = record;
        match entry {
            Entry::IncidentEvent(event) => {
                let key = IncidentKey::new(&tenant, &event.incident_id);
                self.note_event(key, RecordedEvent { sequence, record_time, value: event }, views)
            }
            Entry::ServiceEvent(event) => {
                let event = Recorded { sequence, record_time, value: event };
                self.note_service_event(tenant, event, views)
            }
            Entry::Lost => Ok(()),
            Entry::Deed(deed) => {
                let kept = Record { tenant: tenant.clone(), entry: Entry::Deed(deed.clone()) };
                self.keep(sequence, record_time, kept);
                let deed = Recorded { sequence, record_time, value: deed };
                book_mut(&mut self.books, tenant).push_new(deed);
                Ok(())
            }
            Entry::Terms(entry) => {
                let kept = Record { tenant: tenant.clone(), entry: Entry::Terms(entry.clone()) };
                self.keep(sequence, record_time, kept);
                let catalog = catalog_mut(&mut self.catalogs, zones, tenant.clone());
                catalog.apply(record_time, entry.clone());
                let touched = touched_contracts(catalog, &entry);
                self.fresh.refile.extend(touched.into_iter().map(|id| (tenant.clone(), id)));
                Ok(())
            }
        }
    }

    fn keep(&mut self, sequence: u64, record_time: Instant, record: Record) {
        self.fresh.kept.push((sequence, record_time, record));
        self.fresh.events += 1;
    }

    fn note_event(
        &mut self,
        key: IncidentKey,
        recorded: RecordedEvent,
        views: &Views,
    ) -> Result<(), ViewsError> {
        let slot = match self.incidents.entry(key.clone()) {
            MapEntry::Occupied(entry) => entry.into_mut(),
            MapEntry::Vacant(entry) => {
                let (ledger, filed) = views.ledger(&key)?;
                entry.insert(Slot { ledger: Arc::new(ledger), filed, is_fresh: false })
            }
        };
        // When the journal is read again, the views may be ahead of the sequence they remember:
        // they may hold the event already, but not yet be filed by it.
        if slot.ledger.last_sequence() < recorded.sequence {
            Arc::make_mut(&mut slot.ledger).events.push(recorded);
        }
        self.fresh.events += 1;
        if !std::mem::replace(&mut slot.is_fresh, true) {
            self.fresh.incidents.push(key);
        }
        Ok(())
    }

    fn note_service_event(
        &mut self,
        tenant: String,
        recorded: Recorded<ServiceEvent>,
        views: &Views,
    ) -> Result<(), ViewsError> {
        let key = (tenant, recorded.value.service.clone());
        let ledger = match self.fresh.services.entry(key) {
            MapEntry::Occupied(entry) => entry.into_mut(),
            MapEntry::Vacant(entry) => {
                let (tenant, service) = entry.key();
                let ledger = views.service_ledger(tenant, service)?;
                entry.insert(Arc::new(ledger))
            }
        };
        if ledger.last_sequence() < recorded.sequence {
            Arc::make_mut(ledger).events.push(recorded);
            self.fresh.events += 1;
        }
        Ok(())
    }

    fn catalog(&self, tenant: &str, zones: &ZoneDatabase) -> Arc<Catalog> {
        let known = self.catalogs.get(tenant).map(Arc::clone);
        known.unwrap_or_else(|| Arc::new(Catalog::new(zones.clone())))
    }

    fn take_fresh(&mut self, key: IncidentKey, zones: &ZoneDatabase) -> Option<FreshIncident> {
        let catalog = self.catalog(key.parts().0, zones);
        let slot = self.incidents.get_mut(&key)?;
        slot.is_fresh = false;
        let (ledger, filed) = (Arc::clone(&slot.ledger), slot.filed.clone());
        Some(FreshIncident { key, ledger, filed, catalog })
    }
}

fn catalog_mut<'m>(
    catalogs: &'m mut HashMap<String, Arc<Catalog>>,
    zones: &ZoneDatabase,
    tenant: String,
) -> &'m mut Catalog {
    let catalog = catalogs.entry(tenant);
    Arc::make_mut(catalog.or_insert_with(|| Arc::new(Catalog::new(zones.clone()))))
}

fn book_mut(books: &mut HashMap<String, Arc<Book>>, tenant: String) -> &mut Book {
    Arc::make_mut(books.entry(tenant).or_default())
}

/// The contracts whose clocks a change of terms may move.
fn touched_contracts(catalog: &Catalog, entry: &TermsEntry) -> Vec<String> {
    match entry {
        TermsEntry::Contract { contract, .. } => vec![contract.id.clone()],
        TermsEntry::ContractEnd { contract_id, .. } => vec![contract_id.clone()],
        TermsEntry::Calendar { id, .. } => {
            catalog.contracts_measured_by(id).map(str::to_owned).collect()
        }
    }
}
