//! The fold of the journal: records, in their order, give catalogs, action logs, webhooks and
//! ledgers.
//!
//! This is the only fold. The server, a backtest, a recount and a check of evidence differ in where
//! they keep ledgers and in which records they fold, not in what a record does.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;

use super::action::ActionLog;
use super::adoption::{Adopted, Adoption};
use super::catalog::Catalog;
use super::ledger::Ledger;
use super::record::{Entry, Record};
use super::webhooks::Webhooks;
use crate::domain::calendar::Places;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;

/// Each tenant's terms, actions and webhooks, as folded from records.
#[derive(Clone, Debug)]
pub struct State {
    /// A tenant of whom nothing is recorded.
    new: Tenant,
    tenants: HashMap<TenantId, Tenant>,
    /// The sequence of the last record of a webhook, of any tenant.
    webhooks_sequence: u64,
}

#[derive(Clone, Debug)]
struct Tenant {
    catalog: Arc<Catalog>,
    actions: Arc<ActionLog>,
    webhooks: Arc<Webhooks>,
}

/// The webhooks of all tenants.
#[derive(Clone, Debug)]
pub struct AllWebhooks {
    /// The sequence of the last record of one.
    pub sequence: u64,
    /// Those of each tenant that has any, in no order.
    pub webhooks: Vec<(TenantId, Arc<Webhooks>)>,
}

/// Keeps the ledgers that records are folded into.
pub trait LedgerStore {
    /// The error of accessing one.
    type Error;

    /// The ledger of an incident about which something is recorded; `None`: it is not kept.
    fn incident(
        &mut self,
        tenant: &TenantId,
        incident_id: &str,
    ) -> Result<Option<&mut Ledger>, Self::Error>;

    /// The ledger of a service about which something is recorded; `None`: it is not kept.
    fn service(
        &mut self,
        tenant: &TenantId,
        service: &str,
    ) -> Result<Option<&mut Ledger<ServiceEvent>>, Self::Error>;
}

/// The ledgers of all incidents, by tenant and id. Those of services are not kept.
pub type IncidentLedgers = BTreeMap<(TenantId, IncidentId), Ledger>;

impl LedgerStore for IncidentLedgers {
    type Error = Infallible;

    fn incident(&mut self, tenant: &TenantId, id: &str) -> Result<Option<&mut Ledger>, Infallible> {
        Ok(Some(self.entry((tenant.clone(), id.into())).or_default()))
    }

    fn service(
        &mut self,
        _: &TenantId,
        _: &str,
    ) -> Result<Option<&mut Ledger<ServiceEvent>>, Infallible> {
        Ok(None)
    }
}

impl State {
    /// The state before any record; local time is read by `zones` until a database is adopted. What
    /// is compiled of calendars is kept.
    pub fn new(zones: ZoneDatabase) -> State {
        State::of(Catalog::new(zones))
    }

    /// The same, of which `places` keeps what is compiled.
    pub fn kept_in(places: Arc<dyn Places>, zones: ZoneDatabase) -> State {
        State::of(Catalog::kept_in(places, zones))
    }

    fn of(new: Catalog) -> State {
        let catalog = Arc::new(new);
        let new = Tenant { catalog, actions: Arc::default(), webhooks: Arc::default() };
        State { new, tenants: HashMap::new(), webhooks_sequence: 0 }
    }

    /// The tenants with terms, actions or webhooks, in no order.
    pub fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.tenants.keys()
    }

    /// A tenant's contracts and calendars.
    pub fn catalog(&self, tenant: &TenantId) -> &Arc<Catalog> {
        &self.tenant(tenant).catalog
    }

    /// A tenant's actions.
    pub fn actions(&self, tenant: &TenantId) -> &Arc<ActionLog> {
        &self.tenant(tenant).actions
    }

    /// A tenant's webhooks.
    pub fn webhooks(&self, tenant: &TenantId) -> &Arc<Webhooks> {
        &self.tenant(tenant).webhooks
    }

    /// The webhooks of all tenants that have any; `None`: no record of one came after the sequence
    /// known.
    pub fn webhooks_since(&self, known: u64) -> Option<AllWebhooks> {
        let all = self.tenants.iter().filter(|(_, of)| !of.webhooks.is_empty());
        let all = all.map(|(tenant, of)| (tenant.clone(), Arc::clone(&of.webhooks)));
        let sequence = self.webhooks_sequence;
        (sequence > known).then(|| AllWebhooks { sequence, webhooks: all.collect() })
    }

    /// Whether a record of the tenant was folded. Of one whose incidents were folded before, by
    /// another state, the views know.
    pub fn has_tenant(&self, tenant: &TenantId) -> bool {
        self.tenants.contains_key(tenant)
    }

    /// Folds the next record. When the journal is replayed, ledgers and action logs may be ahead of
    /// it: what they hold already is skipped. Terms must not be folded twice.
    ///
    /// # Errors
    /// Those of the ledger store.
    pub fn apply<L: LedgerStore>(
        &mut self,
        recorded: Recorded<Record>,
        ledgers: &mut L,
    ) -> Result<(), L::Error> {
        let Recorded { sequence, record_time, value: Record { tenant, entry } } = recorded;
        if let Entry::Adoption(adoption) = &entry {
            self.adopt(record_time, adoption);
            return Ok(());
        }
        if !self.tenants.contains_key(&tenant) {
            self.tenants.insert(tenant.clone(), self.new.clone());
        }
        match entry {
            Entry::IncidentEvent(value) => {
                if let Some(ledger) = ledgers.incident(&tenant, &value.incident_id)? {
                    ledger.push_new(Recorded { sequence, record_time, value });
                }
            }
            Entry::ServiceEvent(value) => {
                if let Some(ledger) = ledgers.service(&tenant, &value.service)? {
                    ledger.push_new(Recorded { sequence, record_time, value });
                }
            }
            Entry::Terms(terms) => {
                Arc::make_mut(&mut self.tenant_mut(tenant).catalog).apply(record_time, terms);
            }
            Entry::Action(value) => {
                let actions = Arc::make_mut(&mut self.tenant_mut(tenant).actions);
                actions.push_new(Recorded { sequence, record_time, value });
            }
            Entry::Webhook(value) => {
                self.webhooks_sequence = self.webhooks_sequence.max(sequence);
                let webhooks = Arc::make_mut(&mut self.tenant_mut(tenant).webhooks);
                webhooks.apply(Recorded { sequence, record_time, value });
            }
            Entry::Adoption(_) | Entry::Lost => {}
        }
        Ok(())
    }

    /// Local time is read by what is adopted in the terms of every tenant, also of those to come.
    fn adopt(&mut self, record_time: Instant, adoption: &Adoption) {
        for tenant in self.tenants.values_mut().chain([&mut self.new]) {
            Arc::make_mut(&mut tenant.catalog).adopt(record_time, adoption);
        }
    }

    /// The time zone databases adopted.
    pub fn adopted(&self) -> &Adopted {
        self.new.catalog.adopted()
    }

    fn tenant(&self, tenant: &TenantId) -> &Tenant {
        self.tenants.get(tenant).unwrap_or(&self.new)
    }

    fn tenant_mut(&mut self, tenant: TenantId) -> &mut Tenant {
        self.tenants.entry(tenant).or_insert_with(|| self.new.clone())
    }
}

#[cfg(test)]
mod tests;
