//! The ledgers in memory: those the views don't hold yet, and those that were lately read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::incident_room::IncidentRoom;
use crate::codec::store::index_keys::StoredIndexKeys;
use crate::domain::ids::TenantId;
use crate::domain::service::ServiceEvent;
use crate::engine::ledger::Ledger;
use crate::engine::state::LedgerStore;
use crate::views::{IncidentKey, Views, ViewsError};

/// Bytes of a ledger that holds nothing: its key, its slot and what they are allocated with.
const SLOT_BYTES: usize = 512;

/// A service's tenant and name.
pub(super) type ServiceKey = (TenantId, String);

/// The ledgers in memory.
#[derive(Debug)]
pub(super) struct Ledgers {
    incidents: HashMap<IncidentKey, Slot>,
    /// What the views don't hold yet; nothing else.
    services: HashMap<ServiceKey, Arc<Ledger<ServiceEvent>>>,
    fresh: Vec<IncidentKey>,
    /// Bytes of the incidents that the views hold as well, about, and how many those may be.
    held_bytes: usize,
    room: IncidentRoom,
    /// Bytes of the incidents that were added to since what is fresh was last taken, and of what
    /// was added, about.
    pub fresh_bytes: usize,
}

/// The ledger of an incident.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub ledger: Arc<Ledger>,
    /// Under what it is indexed in the views.
    pub index_keys: StoredIndexKeys,
    is_fresh: bool,
    /// What it takes of the bytes of those that the views hold; 0: they don't, or not all of it.
    held_bytes: usize,
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
        Ok(Slot { ledger: Arc::new(ledger), index_keys, is_fresh: false, held_bytes: 0 })
    }

    /// Bytes that it takes, about.
    fn bytes(&self) -> usize {
        SLOT_BYTES + self.index_keys.as_bytes().len() + self.ledger.memory_bytes()
    }

    /// From now on it is one that the views hold. Returns the bytes that it takes as such.
    fn hold(&mut self) -> usize {
        self.held_bytes = self.bytes();
        self.held_bytes
    }
}

impl Ledgers {
    /// None yet. Those that the views hold as well may take so much room.
    pub fn new(room: IncidentRoom) -> Ledgers {
        Ledgers {
            incidents: HashMap::new(),
            services: HashMap::new(),
            fresh: Vec::new(),
            held_bytes: 0,
            room,
            fresh_bytes: 0,
        }
    }

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
            let mut slot = read.clone();
            self.held_bytes += slot.hold();
            self.incidents.insert(key.clone(), slot);
            self.shrink();
        }
    }

    /// The incidents that were added to since they were last taken.
    pub fn take_fresh(&mut self) -> Vec<(IncidentKey, Slot)> {
        self.fresh_bytes = 0;
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

    /// An incident is indexed anew. The views hold it, unless it was added to since.
    pub fn set_indexed(&mut self, key: &IncidentKey, index_keys: StoredIndexKeys) {
        if let Some(slot) = self.incidents.get_mut(key) {
            slot.index_keys = index_keys;
            if !slot.is_fresh {
                self.held_bytes -= slot.held_bytes;
                self.held_bytes += slot.hold();
            }
        }
    }

    /// The views hold a service as it was; what was added since stays.
    pub fn forget_service(&mut self, key: &ServiceKey, projected: &Arc<Ledger<ServiceEvent>>) {
        if self.services.get(key).is_some_and(|now| Arc::ptr_eq(now, projected)) {
            self.services.remove(key);
        }
    }

    /// Lets go of the incidents that the views hold, once they take much.
    pub fn shrink(&mut self) {
        if self.held_bytes > self.room.bytes() {
            self.incidents.retain(|_, slot| slot.held_bytes == 0);
            self.held_bytes = 0;
        }
    }

    /// Bytes of the incidents that the views hold as well, about.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
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
            self.ledgers.fresh_bytes += slot.get().bytes();
        }
        let slot = slot.into_mut();
        slot.is_fresh = true;
        self.ledgers.held_bytes -= std::mem::take(&mut slot.held_bytes);
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
        Ok(Some(Arc::make_mut(ledger)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::codec::store::names::Names;
    use crate::domain::clock::testing::event;
    use crate::domain::incident::Fact;
    use crate::domain::time::Instant;
    use crate::journal::StoreId;
    use crate::views::{Identity, Opening};

    /// An incident with so many events, read from the views.
    fn read(id: &str, events: u64) -> (IncidentKey, Slot) {
        let events = (1..=events).map(|number| event(number, Instant::MIN, Fact::Responded));
        let ledger = Arc::new(events.collect::<Ledger>());
        let slot =
            Slot { ledger, index_keys: StoredIndexKeys::default(), is_fresh: false, held_bytes: 0 };
        (IncidentKey::new(&TenantId::from("t"), id), slot)
    }

    #[test]
    fn incidents_that_are_read_take_no_more_than_they_may() {
        let mut ledgers = Ledgers::new(IncidentRoom::new(1 << 20, Names::default()));
        let mut most = 0;
        for number in 0..1_000 {
            let (key, slot) = read(&number.to_string(), 100);
            ledgers.remember(&key, &slot);
            assert!(ledgers.incident(&key).is_some() || ledgers.held_bytes() == 0);
            let counted = ledgers.incidents.values().map(|slot| slot.held_bytes).sum::<usize>();
            assert_eq!(ledgers.held_bytes(), counted);
            assert!(counted <= 1 << 20);
            most = most.max(ledgers.incidents.len());
        }
        assert!(most > 10, "{most}");
    }

    #[test]
    fn an_incident_that_is_added_to_counts_with_all_that_it_holds() {
        let directory = tempfile::tempdir().unwrap();
        let identity = Identity {
            store_id: StoreId::new(*b"a store of tests"),
            time_zone_database: String::new(),
            last_sequence: 0,
        };
        let found = Views::find(directory.path(), Opening::within(Duration::from_secs(60)));
        let views = found.of(&identity).unwrap();
        let mut ledgers = Ledgers::new(IncidentRoom::new(1 << 20, Names::default()));
        let (key, slot) = read("I", 100);
        ledgers.remember(&key, &slot);
        let held = ledgers.held_bytes();
        for _ in 0..2 {
            let Ok(_) = ledgers.adding(&views).incident(&TenantId::from("t"), "I") else {
                panic!("it is in memory");
            };
            assert_eq!((ledgers.fresh_bytes, ledgers.held_bytes()), (held, 0));
        }
        assert_eq!((ledgers.take_fresh().len(), ledgers.fresh_bytes), (1, 0));
    }

    #[test]
    fn what_the_views_do_not_hold_yet_stays_however_much_is_read() {
        let mut ledgers = Ledgers::new(IncidentRoom::new(0, Names::default()));
        let (key, slot) = read("fresh", 1);
        ledgers.incidents.insert(key.clone(), Slot { is_fresh: true, ..slot });
        ledgers.fresh.push(key.clone());
        let (other, slot) = read("read", 1);
        ledgers.remember(&other, &slot);
        assert!(ledgers.incident(&other).is_none());
        // It is being written to the views.
        assert_eq!(ledgers.take_fresh().len(), 1);
        ledgers.remember(&other, &slot);
        assert!(ledgers.incident(&key).is_some());
        ledgers.set_indexed(&key, StoredIndexKeys::default());
        ledgers.shrink();
        assert!(ledgers.incident(&key).is_none());
    }
}
