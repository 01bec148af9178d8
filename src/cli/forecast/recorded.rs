//! What a journal holds of one organisation.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::incident::RecordedEvent;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::catalog::Catalog;
use crate::engine::ledger::Ledger;
use crate::engine::record::Entry;
use crate::journal::Reader;
use crate::wire::record;

/// What was recorded of one organisation.
pub struct Recorded {
    /// Its contracts and calendars.
    pub catalog: Catalog,
    /// Its incidents.
    pub ledgers: BTreeMap<String, Ledger>,
}

impl Recorded {
    /// Reads a journal from its beginning.
    pub fn read(journal: &Path, tenant: &str, zones: &ZoneDatabase) -> anyhow::Result<Recorded> {
        let mut recorded =
            Recorded { catalog: Catalog::new(zones.clone()), ledgers: BTreeMap::new() };
        for kept in Reader::open(journal, 1)? {
            let kept = kept?;
            let read = record::decode(&kept.body, zones)?;
            if read.tenant == tenant {
                recorded.take(kept.sequence, kept.record_time, read.entry);
            }
        }
        Ok(recorded)
    }

    /// When the last of the facts occurred.
    pub fn last_fact(&self) -> Option<Instant> {
        let events = self.ledgers.values().flat_map(|ledger| &ledger.events);
        events.map(|recorded| recorded.value.occur_time).max()
    }

    fn take(&mut self, sequence: u64, record_time: Instant, entry: Entry) {
        match entry {
            Entry::Terms(terms) => self.catalog.apply(record_time, terms),
            Entry::IncidentEvent(event) => {
                let ledger = self.ledgers.entry(event.incident_id.clone()).or_default();
                ledger.events.push(RecordedEvent { sequence, record_time, value: event });
            }
            Entry::ServiceEvent(_) | Entry::Deed(_) | Entry::Lost => {}
        }
    }
}
