//! What is kept of the incidents that are not over, by contract, from one question to the next.
//!
//! It is made by the first question about a contract, and follows the index: whatever indexes an
//! incident anew, because something was recorded of it or its terms changed, makes it one that the
//! next question evaluates. So what is kept and the index are of the same records whenever the
//! index is held still. A question looks it up while it holds the index, and brings what it has
//! evaluated when it no longer does: each incident has a number for when it last changed, and what
//! was evaluated before that is not kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;

use super::load::FreshIncident;
use crate::domain::ids::{ContractId, IncidentId, TenantId};
use crate::engine::kept::KeptIncident;

/// Incidents that may be waiting to be evaluated anew before all of a contract is let go of: so
/// many, and half of those that are kept.
const CHANGED_MAX: usize = 10_000;
/// Bytes of an incident that changed.
const CHANGED_BYTES: usize = 96;
/// Bytes of an incident that is kept, about: before it is evaluated they are not known.
const INCIDENT_BYTES: usize = 700;

/// So many incidents are kept beside the others, and an eighth of them, before they are put among
/// them, which costs by all.
const RENEWED_MAX: usize = 1_000;

/// The incidents of a contract that are kept, by their ids.
pub type KeptIncidents = HashMap<IncidentId, Arc<KeptIncident>>;

/// Incidents that were evaluated, by their ids; `None`: one that is not to be kept.
pub type RenewedIncidents = HashMap<IncidentId, Option<Arc<KeptIncident>>>;

/// What is kept, within a budget.
#[derive(Debug)]
pub(super) struct KeptEvaluations {
    bytes_max: usize,
    kept: Mutex<KeptByTenant>,
}

#[derive(Debug, Default)]
struct KeptByTenant {
    tenants: HashMap<TenantId, HashMap<ContractId, KeptContract>>,
    /// How often anything changed or was looked up.
    turns: u64,
}

#[derive(Debug, Default)]
struct KeptContract {
    incidents: Arc<KeptIncidents>,
    /// Those that were evaluated since, in place of these.
    renewed: RenewedIncidents,
    /// Incidents to evaluate, and when they changed.
    changed: HashMap<IncidentId, u64>,
    /// The last change that is no longer among them. What was looked up before it is too old.
    settled: u64,
    /// When it was last looked up.
    used: u64,
    /// What the incidents take.
    bytes: usize,
}

/// What is kept of a contract, as it was looked up.
#[derive(Debug)]
pub struct KeptLook {
    /// The incidents that are kept.
    pub incidents: Arc<KeptIncidents>,
    /// Those that are kept in place of these.
    pub renewed: RenewedIncidents,
    /// Those that are to be evaluated; what is kept of them is no longer so.
    pub changed: HashSet<IncidentId>,
    pub(super) turn: u64,
}

impl KeptEvaluations {
    /// Nothing yet. It may take so many bytes.
    pub fn new(bytes_max: usize) -> KeptEvaluations {
        KeptEvaluations { bytes_max, kept: Mutex::default() }
    }

    /// What is kept of a contract; `None`: nothing is. The index must be held.
    pub fn look_up(&self, tenant: &TenantId, contract: &str) -> Option<KeptLook> {
        let mut kept = self.kept.lock();
        let turn = kept.turn();
        Some(kept.tenants.get_mut(tenant)?.get_mut(contract)?.look_up(turn))
    }

    /// Begins to keep a contract's incidents, of which these are not over; `None`: they would take
    /// more than they may. The index must be held.
    pub fn begin(
        &self,
        tenant: &TenantId,
        contract: &str,
        ids: Vec<IncidentId>,
    ) -> Option<KeptLook> {
        if ids.len().saturating_mul(INCIDENT_BYTES) > self.bytes_max {
            return None;
        }
        let mut kept = self.kept.lock();
        let turn = kept.turn();
        let of_tenant = kept.tenants.entry(tenant.clone()).or_default();
        let begun = || KeptContract { settled: turn, ..KeptContract::default() };
        let of_contract = of_tenant.entry(contract.into()).or_insert_with(begun);
        for id in ids {
            if !of_contract.has(&id) {
                of_contract.changed.entry(id).or_insert(turn);
            }
        }
        Some(of_contract.look_up(turn))
    }

    /// Keeps what was evaluated by what was looked up at a turn, but for what changed since.
    pub fn keep(&self, tenant: &TenantId, contract: &str, turn: u64, evaluated: &RenewedIncidents) {
        let mut kept = self.kept.lock();
        let of_tenant = kept.tenants.get_mut(tenant);
        if let Some(of_contract) = of_tenant.and_then(|of_tenant| of_tenant.get_mut(contract)) {
            of_contract.keep(turn, evaluated);
            kept.let_go(self.bytes_max);
        }
    }

    /// Some incidents were indexed anew: the next question evaluates them. The index must be held
    /// for writing.
    pub fn change<'i>(&self, incidents: impl Iterator<Item = &'i FreshIncident>) {
        let mut kept = self.kept.lock();
        if kept.tenants.is_empty() {
            return;
        }
        for incident in incidents {
            kept.change(incident);
        }
    }

    /// Lets go of everything.
    pub fn clear(&self) {
        let mut kept = self.kept.lock();
        *kept = KeptByTenant { turns: kept.turns, ..KeptByTenant::default() };
    }

    /// Bytes that it takes, about.
    pub fn bytes(&self) -> usize {
        self.kept.lock().bytes()
    }
}

impl KeptByTenant {
    fn turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    fn bytes(&self) -> usize {
        self.tenants.values().flat_map(HashMap::values).map(KeptContract::bytes).sum()
    }

    fn change(&mut self, incident: &FreshIncident) {
        let turn = self.turn();
        let (tenant, id) = incident.key.parts();
        let Some(of_tenant) = self.tenants.get_mut(&tenant) else { return };
        let events = &incident.ledger.events;
        let is_under = |contract: &str| {
            let mut named = events.iter().flat_map(|event| event.value.fact.contract_ids());
            named.any(|id| id == contract)
        };
        of_tenant.retain(|contract, kept| {
            if kept.has(&id) || is_under(contract) {
                kept.changed.insert(id.clone(), turn);
            }
            kept.changed.len() <= CHANGED_MAX + kept.incidents.len() / 2
        });
    }

    /// Lets go of contracts, those first that were not looked up for longest.
    fn let_go(&mut self, bytes_max: usize) {
        while self.bytes() > bytes_max {
            let all = self.tenants.iter().flat_map(|(tenant, contracts)| {
                contracts.iter().map(move |(contract, kept)| (kept.used, tenant, contract))
            });
            let Some((_, tenant, contract)) = all.min_by_key(|(used, ..)| *used) else { return };
            let (tenant, contract) = (tenant.clone(), contract.clone());
            if let Some(of_tenant) = self.tenants.get_mut(&tenant) {
                of_tenant.remove(&contract);
            }
        }
    }
}

impl KeptContract {
    /// Whether an incident is kept, or is being evaluated.
    fn has(&self, id: &str) -> bool {
        self.incidents.contains_key(id)
            || self.renewed.contains_key(id)
            || self.changed.contains_key(id)
    }

    fn look_up(&mut self, turn: u64) -> KeptLook {
        self.used = turn;
        let (incidents, renewed) = (Arc::clone(&self.incidents), self.renewed.clone());
        KeptLook { incidents, renewed, changed: self.changed.keys().cloned().collect(), turn }
    }

    fn bytes(&self) -> usize {
        self.bytes + self.changed.len() * CHANGED_BYTES
    }

    fn keep(&mut self, turn: u64, evaluated: &RenewedIncidents) {
        if turn < self.settled {
            return;
        }
        for (id, evaluated) in evaluated {
            match self.changed.get(id).copied() {
                Some(changed) if changed > turn => continue,
                Some(changed) => {
                    self.changed.remove(id);
                    self.settled = self.settled.max(changed);
                }
                None => {}
            }
            self.bytes += bytes_of(evaluated);
            let before = self.renewed.insert(id.clone(), evaluated.clone());
            self.bytes -= before.as_ref().map_or(0, bytes_of);
        }
        if self.renewed.len() > RENEWED_MAX + self.incidents.len() / 8 {
            self.merge();
        }
    }

    /// Puts those that were evaluated since among the others.
    fn merge(&mut self) {
        let incidents = Arc::make_mut(&mut self.incidents);
        for (id, renewed) in self.renewed.drain() {
            let before = match renewed {
                Some(kept) => incidents.insert(id, kept),
                None => {
                    self.bytes -= bytes_of(&None);
                    incidents.remove(&id)
                }
            };
            self.bytes -= before.map_or(0, |before| bytes_of(&Some(before)));
        }
    }
}

fn bytes_of(kept: &Option<Arc<KeptIncident>>) -> usize {
    kept.as_ref().map_or(CHANGED_BYTES, |kept| kept.memory_bytes())
}

#[cfg(test)]
mod tests;
