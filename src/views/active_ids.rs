//! Reading which incidents there was activity about, and which there is something to settle about.

use std::ops::Range;

use super::activity_keys::{self, Axis};
use super::error::ViewsError;
use super::read::Views;
use super::settlement_keys;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::time::Instant;

impl Views {
    /// The incidents of a tenant of which a fact occurred by the last instant of a span of time, or
    /// terms moved them later, and one after the first did; and some more.
    pub fn ids_occurring(
        &self,
        tenant: &TenantId,
        span: (Instant, Instant),
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> {
        self.active_ids(activity_keys::active(tenant, Axis::Occurred, span))
    }

    /// The incidents of a tenant about which something was recorded by the last instant of a span
    /// of time, and something from the first on; and some more.
    pub fn ids_recorded(
        &self,
        tenant: &TenantId,
        span: (Instant, Instant),
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> {
        self.active_ids(activity_keys::active(tenant, Axis::Recorded, span))
    }

    /// The incidents from which settlement items of a contract may follow.
    pub fn settlement_ids(
        &self,
        tenant: &TenantId,
        contract: &str,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> + use<> {
        let range = settlement_keys::settlement(tenant, contract);
        let entries = self.entries(range.start, range.end);
        entries.map(|entry| Ok(settlement_keys::settlement_id(&entry?)))
    }

    fn active_ids(
        &self,
        ranges: Vec<Range<Vec<u8>>>,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> {
        let entries = ranges.into_iter().flat_map(|range| self.entries(range.start, range.end));
        entries.map(|entry| Ok(activity_keys::active_id(&entry?)))
    }
}
