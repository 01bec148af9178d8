//! The ledgers in memory: those the views don't hold yet, and those that were lately read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::domain::ids::TenantId;
use crate::domain::service::ServiceEvent;
use crate::engine::index::IndexKeys;
use crate::engine::ledger::Ledger;
use crate::engine::state::LedgerStore;
use crate::views::{IncidentKey, Views, ViewsError};

/// Incidents kept in memory after they are projected to the views.
const INCIDENTS_CACHED_MAX: usize = 20_000;

/// A service's tenant and name.
pub(super) type ServiceKey = (TenantId, String);

/// The ledgers in memory.
#[derive(Debug, Default)]
pub(super) struct Ledgers {
    incidents: HashMap<IncidentKey, Slot>,
    /// What the views don't hold yet; nothing else.
    services: HashMap<ServiceKey, Arc<Ledger<ServiceEvent>>>,
    fresh: Vec<IncidentKey>,
    /// How many events were added since what is fresh was last taken.
    pub fresh_events: usize,
}

/// The ledger of an incident.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub ledger: Arc<Ledger>,
    /// Under what it is indexed in the views.
    pub index_keys: IndexKeys,
    is_fresh: bool,
}

/// The ledgers while they are added to: the views give those that are not in memory.
pub(super) struct Adding<'l> {
    ledgers: &'l mut Ledgers,
    views: &'l Views,
}

impl Slot {
    /// The ledger as the views hold it.
    pub fn read(key: &IncidentKey, views: &Views) -> Result<Slot, ViewsError> {
        let (ledger, index_keys) = views.ledger(key)?;
        Ok(Slot { ledger: Arc::new(ledger), index_keys, is_fresh: false })
    }
}

impl Ledgers {
    /// To fold records into them.
    pub fn adding<'l>(&'l mut self, views: &'l Views) -> Adding<'l> {
        Adding { ledgers: self, views }
    }

    /// An incident in memory.
    pub fn incident(&self, key: &IncidentKey) -> Option<&Slot> {
        self.incidents.get(key)
    }

    /// A service of which the views don't hold everything yet.
    pub fn service(&self, key: &ServiceKey) -> Option<&Arc<Ledger<ServiceEvent>>> {
        self.services.get(key)
    }

    /// Remembers what was read of an incident, unless it is here already.
    pub fn remember(&mut self, key: &IncidentKey, read: &Slot) {
        if !self.incidents.contains_key(key) {
            self.incidents.insert(key.clone(), read.clone());
        }
    }

    /// The incidents that were added to since they were last taken.
    pub fn take_fresh(&mut self) -> Vec<(IncidentKey, Slot)> {
        self.fresh_events = 0;
        let keys = std::mem::take(&mut self.fresh).into_iter();
        let slots = keys.filter_map(|key| {
            let slot = self.incidents.get_mut(&key)?;
            slot.is_fresh = false;
            Some((key, slot.clone()))
        });
        slots.collect()
    }

    /// The services of which the views don't hold everything yet.
    pub fn fresh_services(&self) -> Vec<(ServiceKey, Arc<Ledger<ServiceEvent>>)> {
        self.services.iter().map(|(key, ledger)| (key.clone(), Arc::clone(ledger))).collect()
    }

    /// An incident is indexed anew.
    pub fn set_indexed(&mut self, key: &IncidentKey, index_keys: IndexKeys) {
        if let Some(slot) = self.incidents.get_mut(key) {
            slot.index_keys = index_keys;
        }
    }

    /// The views hold a service as it was; what was added since stays.
    pub fn forget_service(&mut self, key: &ServiceKey, projected: &Arc<Ledger<ServiceEvent>>) {
        if self.services.get(key).is_some_and(|now| Arc::ptr_eq(now, projected)) {
            self.services.remove(key);
        }
    }

    /// Lets go of the incidents that the views hold, once there are many.
    pub fn shrink(&mut self) {
        if self.incidents.len() > INCIDENTS_CACHED_MAX {
            self.incidents.retain(|_, slot| slot.is_fresh);
        }
    }
}

impl LedgerStore for Adding<'_> {
    type Error = ViewsError;

    /// It is fresh even if nothing turns out to be new: when the journal is read again, the views
    /// may hold an event already that the incident is not yet indexed by.
    fn incident(&mut self, tenant: &TenantId, id: &str) -> Result<Option<&mut Ledger>, ViewsError> {
        let key = IncidentKey::new(tenant, id);
        let slot = match self.ledgers.incidents.entry(key) {
            Entry::Occupied(slot) => slot,
            Entry::Vacant(place) => {
                let slot = Slot::read(place.key(), self.views)?;
                place.insert_entry(slot)
            }
        };
        if !slot.get().is_fresh {
            self.ledgers.fresh.push(slot.key().clone());
        }
        let slot = slot.into_mut();
        slot.is_fresh = true;
        self.ledgers.fresh_events += 1;
        Ok(Some(Arc::make_mut(&mut slot.ledger)))
    }

    fn service(
        &mut self,
        tenant: &TenantId,
        service: &str,
    ) -> Result<Option<&mut Ledger<ServiceEvent>>, ViewsError> {
        let ledger = match self.ledgers.services.entry((tenant.clone(), service.to_owned())) {
            Entry::Occupied(ledger) => ledger.into_mut(),
            Entry::Vacant(place) => {
                place.insert(Arc::new(self.views.service_ledger(tenant, service)?))
            }
        };
        self.ledgers.fresh_events += 1;
        Ok(Some(Arc::make_mut(ledger)))
    }
}
