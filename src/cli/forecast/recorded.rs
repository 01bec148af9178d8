//! What a journal holds of one organisation.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::store::names::Names;
use crate::codec::store::record;
use crate::domain::ids::TenantId;
use crate::domain::recorded::Recorded;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::catalog::Catalog;
use crate::engine::ledger::Ledger;
use crate::engine::state::{IncidentLedgers, State};
use crate::journal::LogSource;

/// What was recorded of one organisation.
pub struct TenantRecords {
    /// Its contracts and calendars.
    pub catalog: Arc<Catalog>,
    /// Its incidents.
    pub ledgers: BTreeMap<String, Ledger>,
}

impl TenantRecords {
    /// Reads a log from its beginning.
    pub fn read(
        log: &dyn LogSource,
        tenant: &TenantId,
        zones: &ZoneDatabase,
        names: &Names,
    ) -> anyhow::Result<TenantRecords> {
        let (mut state, mut ledgers) = (State::new(zones.clone()), IncidentLedgers::default());
        for kept in log.read(1..=u64::MAX)? {
            let kept = kept?;
            let value = record::decode(&kept.body, zones, names)?;
            if value.tenant == *tenant {
                let (sequence, record_time) = (kept.sequence, kept.record_time);
                let Ok(()) = state.apply(Recorded { sequence, record_time, value }, &mut ledgers);
            }
        }
        let ledgers = ledgers.into_iter().map(|((_, id), ledger)| (id.into(), ledger)).collect();
        Ok(TenantRecords { catalog: Arc::clone(state.catalog(tenant)), ledgers })
    }

    /// When the last of the facts occurred.
    pub fn last_fact(&self) -> Option<Instant> {
        let events = self.ledgers.values().flat_map(|ledger| &ledger.events);
        events.map(|recorded| recorded.value.occur_time).max()
    }
}
