//! Reading which incidents time alone changes, and when.

use super::error::ViewsError;
use super::future_keys;
use super::read::Views;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::time::Instant;

impl Views {
    /// The incidents of a tenant to whose clocks something happens by time alone, and when, after a
    /// place up to an instant.
    pub fn scheduled(
        &self,
        tenant: &TenantId,
        (time, incident): (Instant, &str),
        until: Instant,
    ) -> impl Iterator<Item = Result<(Instant, IncidentId), ViewsError>> + use<> {
        let mut from = future_keys::scheduled_at(tenant, time, incident);
        if !incident.is_empty() {
            from.push(0);
        }
        let until = future_keys::scheduled_after(tenant, until);
        let tenant = tenant.clone();
        self.entries(from, until).filter_map(move |entry| {
            entry.map(|entry| future_keys::scheduled_entry(&tenant, &entry)).transpose()
        })
    }
}
