//! What is carried over from memory to the views at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ledgers::ServiceKey;
use super::progress::Progress;
use crate::codec::store::index_keys::StoredIndexKeys;
use crate::domain::ids::TenantId;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::engine::catalog::Catalog;
use crate::engine::ledger::Ledger;
use crate::engine::record::Record;
use crate::views::IncidentKey;

/// What is to be projected to the views, and the sequence it is complete up to.
#[derive(Debug)]
pub(super) struct Load {
    pub incidents: Vec<FreshIncident>,
    pub services: Vec<(ServiceKey, Arc<Ledger<ServiceEvent>>)>,
    pub kept: Vec<Recorded<Record>>,
    pub reindex: BTreeSet<(TenantId, String)>,
    pub progress: Progress,
}

/// An incident to index.
#[derive(Clone, Debug)]
pub(super) struct FreshIncident {
    pub key: IncidentKey,
    pub ledger: Arc<Ledger>,
    pub index_keys: StoredIndexKeys,
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
