//! How the incidents of every contract stand now, counted by the index: for whoever watches the
//! server, not for verdicts.
//!
//! Only the index is read: the clocks that are open, and the counts of incidents that lack one.
//! Nothing is evaluated, nobody is held up, and what was recorded in the last moments may be
//! missing.

use std::collections::HashSet;

use super::engine::Engine;
use super::query_error::QueryError;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::index::IndexBucket;
use crate::engine::tally::{Day, local_day};
use crate::views::{ClockKey, Views, ViewsError};

/// Contracts that are counted at most.
const CONTRACTS_MAX: usize = 500;
/// Open clocks that are read at most, of all contracts: about a quarter of a second.
const CLOCKS_MAX: usize = 100_000;
/// Days, today included, of which incidents without clocks are counted.
const DAYS_UNCOVERED: Day = 30;

/// How the incidents of a contract stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractIncidents {
    /// Whose contract.
    pub tenant: TenantId,
    /// Its id.
    pub contract: String,
    /// Incidents with a clock that is open.
    pub open: u64,
    /// Those of them of which an open clock is past its due time.
    pub breached: u64,
    /// Incidents opened in the last 30 days that no target of the contract measures.
    pub uncovered: u64,
}

/// How the incidents of all contracts stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentCounts {
    /// Each contract, by tenant and id.
    pub contracts: Vec<ContractIncidents>,
    /// Whether nothing was left out for being too much.
    pub is_whole: bool,
}

impl Engine {
    /// Counts the incidents of every contract as they stand at `now`. Blocks while it reads.
    ///
    /// # Errors
    /// When the views can't be read.
    pub fn incident_counts(&self, now: Instant) -> Result<IncidentCounts, QueryError> {
        let mut counts = IncidentCounts { contracts: Vec::new(), is_whole: true };
        let mut clocks_left = CLOCKS_MAX;
        for tenant in self.sources.cache.tenants() {
            let catalog = self.catalog(&tenant);
            let known = catalog.known(Instant::MAX);
            for contract in known.contract_ids() {
                if counts.contracts.len() >= CONTRACTS_MAX || clocks_left == 0 {
                    counts.is_whole = false;
                    return Ok(counts);
                }
                let views = &self.sources.views;
                let open = open_incidents(views, &tenant, contract, now, &mut clocks_left)?;
                let (tenant, contract) = (tenant.clone(), contract.to_owned());
                let uncovered = uncovered(views, &tenant, &contract, known, now)?;
                let OpenIncidents { open, breached } = open;
                let counted = ContractIncidents { tenant, contract, open, breached, uncovered };
                counts.contracts.push(counted);
            }
        }
        counts.is_whole = clocks_left > 0;
        Ok(counts)
    }
}

struct OpenIncidents {
    open: u64,
    breached: u64,
}

/// Counts the incidents with open clocks, which the index holds in the order of their due times.
fn open_incidents(
    views: &Views,
    tenant: &TenantId,
    contract: &str,
    now: Instant,
    clocks_left: &mut usize,
) -> Result<OpenIncidents, ViewsError> {
    let (index_bucket, time) = (IndexBucket::Open, Instant::MIN);
    let from = ClockKey { tenant, contract, index_bucket, time, incident: "" };
    let mut incidents = HashSet::<IncidentId>::new();
    let mut breached = 0;
    for mark in views.clocks(&from).take(*clocks_left) {
        let mark = mark?;
        *clocks_left = clocks_left.saturating_sub(1);
        let is_new = incidents.insert(mark.clock.incident_id);
        breached += u64::from(is_new && mark.time <= now);
    }
    Ok(OpenIncidents { open: incidents.len() as u64, breached })
}

/// Counts the incidents of late that no target measures.
fn uncovered(
    views: &Views,
    tenant: &TenantId,
    contract: &str,
    known: Known<'_>,
    now: Instant,
) -> Result<u64, ViewsError> {
    let Some(today) = local_day(known, contract, now) else { return Ok(0) };
    let days = today.saturating_sub(DAYS_UNCOVERED - 1)..today.saturating_add(1);
    let mut found = 0;
    for bucket in views.coverage_buckets(tenant, contract, days) {
        let (key, count) = bucket?;
        found += if key.target_id.is_empty() { count } else { 0 };
    }
    Ok(found)
}
