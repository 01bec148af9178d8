//! Where everything that is recorded can be read.

use std::sync::Arc;

use super::keeper::Keeper;
use super::memory::Memory;
use crate::domain::zone::ZoneDatabase;
use crate::engine::ledger::Ledger;
use crate::journal::LogSource;
use crate::views::{IncidentKey, Views, ViewsError};

/// Memory, the views behind it, and the log behind both.
#[derive(Debug)]
pub(super) struct Sources {
    pub memory: Arc<Memory>,
    pub views: Arc<Views>,
    pub keeper: Arc<Keeper>,
    pub zones: ZoneDatabase,
    pub log: Arc<dyn LogSource>,
}

impl Sources {
    /// Everything recorded about an incident, kept in memory for whoever reads it next.
    pub fn ledger(&self, tenant: &str, incident: &str) -> Result<Arc<Ledger>, ViewsError> {
        self.memory.ledger(&IncidentKey::new(tenant, incident), &self.views)
    }

    /// The same for a scan, which reads each incident once: it is not kept in memory.
    pub fn scanned_ledger(&self, tenant: &str, incident: &str) -> Result<Arc<Ledger>, ViewsError> {
        let incident = self.memory.incident(IncidentKey::new(tenant, incident), &self.views)?;
        Ok(incident.ledger)
    }
}
