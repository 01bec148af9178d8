//! Comparing two states of knowledge over all incidents of a tenant.

use super::Engine;
use crate::engine::catalog::Catalog;
use crate::engine::compare::{Change, Comparison, compare};
use crate::engine::ledger::Ledger;
use crate::views::{IncidentKey, ViewsError};

const INCIDENTS_A_LOOK: usize = 1_000;

impl Engine {
    /// Waits until the index holds everything recorded so far, and tells up to which sequence that
    /// is.
    pub async fn settle(&self) -> Result<u64, ViewsError> {
        let sequence = self.memory.progress().sequence;
        match self.keeper.catch_up(sequence).await {
            true => Ok(sequence),
            false => Err(ViewsError::Behind),
        }
    }

    /// Visits each incident recorded up to the sequence `settled` with clocks whose verdict
    /// changed, in the order of their ids, until `visit` says stop. `contract` leaves out the
    /// incidents of others; empty: of all. Blocks.
    pub fn compare(
        &self,
        settled: u64,
        tenant: &str,
        contract: &str,
        comparison: Comparison,
        mut visit: impl FnMut(&str, &Ledger, &Catalog, Vec<Change>) -> bool,
    ) -> Result<(), ViewsError> {
        let catalog = self.catalog(tenant);
        let terms = catalog.recorded_between(comparison.earlier, comparison.later);
        let terms: Vec<_> = terms.into_iter().map(|(time, _)| time).collect();
        let mut after = String::new();
        loop {
            let ids = self.ids_after(settled, tenant, contract, &after)?;
            let Some(last) = ids.last() else { return Ok(()) };
            after.clone_from(last);
            for id in ids {
                let ledger = self.memory.incident(IncidentKey::new(tenant, &id), &self.views)?;
                let changes = compare(&ledger.ledger, &catalog, comparison, &terms);
                if !changes.is_empty() && !visit(&id, &ledger.ledger, &catalog, changes) {
                    return Ok(());
                }
            }
        }
    }

    /// Some ids of incidents after one, in order; `contract`: only of those ever under it.
    pub(super) fn ids_after(
        &self,
        settled: u64,
        tenant: &str,
        contract: &str,
        after: &str,
    ) -> Result<Vec<String>, ViewsError> {
        let _index = self.keeper.index(settled)?;
        match contract {
            "" => self.views.incident_ids(tenant, after).take(INCIDENTS_A_LOOK).collect(),
            _ => self.views.attached_ids(tenant, contract, after).take(INCIDENTS_A_LOOK).collect(),
        }
    }
}
