//! Where everything that is recorded can be read.

use std::sync::Arc;

use super::cache::Cache;
use super::projector::Projector;
use crate::domain::ids::TenantId;
use crate::domain::zone::ZoneDatabase;
use crate::engine::ledger::Ledger;
use crate::journal::LogSource;
use crate::views::{IncidentKey, Views, ViewsError};

/// Memory, the views behind it, and the log behind both.
#[derive(Debug)]
pub(super) struct Sources {
    pub cache: Arc<Cache>,
    pub views: Arc<Views>,
    pub projector: Arc<Projector>,
    pub zones: ZoneDatabase,
    pub log: Arc<dyn LogSource>,
}

impl Sources {
    /// Everything recorded about an incident, kept in memory for whoever reads it next.
    pub fn ledger(&self, tenant: &TenantId, incident: &str) -> Result<Arc<Ledger>, ViewsError> {
        self.cache.ledger(&IncidentKey::new(tenant, incident), &self.views)
    }

    /// The same for a scan, which reads each incident once: it is not kept in memory.
    pub fn scanned_ledger(
        &self,
        tenant: &TenantId,
        incident: &str,
    ) -> Result<Arc<Ledger>, ViewsError> {
        let incident = self.cache.incident(IncidentKey::new(tenant, incident), &self.views)?;
        Ok(incident.ledger)
    }
}
