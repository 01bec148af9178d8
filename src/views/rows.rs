//! What a fold changes in the views.

use super::activity_keys;
use super::error::ViewsError;
use super::future_keys;
use super::keys::{self, IncidentKey};
use super::left_open_keys;
use super::lifespan_keys;
use super::missing_keys;
use super::settlement_keys;
use crate::codec::store::incident_row;
use crate::codec::store::index_keys::StoredIndexKeys;
use crate::codec::store::names::Names;
use crate::codec::store::record as rows;
use crate::domain::ids::TenantId;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::engine::index::{IndexEntry, IndexKeys};
use crate::engine::ledger::Ledger;
use crate::engine::record::{Entry, Record};
use crate::engine::tally::Contribution;

/// Changes to write; what belongs together is written in one step.
#[derive(Debug)]
pub struct Changes {
    pub(super) names: Names,
    pub(super) steps: Vec<WriteStep>,
}

/// What is written in one step.
#[derive(Debug, Default)]
pub(super) struct WriteStep {
    /// Keys with their new values.
    pub rows: Vec<(Vec<u8>, Vec<u8>)>,
    /// The entries of the index that come (true) or go.
    pub entries: Vec<(Vec<u8>, bool)>,
    /// Whose tally buckets change, what is taken out of them, and what is added.
    pub contribution: Option<(TenantId, Contribution, Contribution)>,
}

impl Changes {
    /// None yet; rows refer to these names.
    pub fn new(names: &Names) -> Changes {
        Changes { names: names.clone(), steps: Vec::new() }
    }

    /// Indexes an incident: its row, where it stands, and what it adds to the tallies. `index_keys`
    /// is under what it is indexed so far; what it is indexed under from now on is returned.
    pub fn index_incident(
        &mut self,
        key: &IncidentKey,
        ledger: &Ledger,
        index_entry: IndexEntry,
        index_keys: &StoredIndexKeys,
    ) -> Result<StoredIndexKeys, ViewsError> {
        let before = index_keys.decode()?;
        let (tenant, incident) = key.parts();
        let mut now =
            IndexKeys { keys: keys_of(&tenant, &incident, &index_entry), ..IndexKeys::default() };
        now.contribution = index_entry.contribution;
        let gone = before.keys.iter().filter(|key| now.keys.binary_search(key).is_err());
        let new = now.keys.iter().filter(|key| before.keys.binary_search(key).is_err());
        let entries = gone.map(|key| (key.clone(), false));
        let entries = entries.chain(new.map(|key| (key.clone(), true))).collect();
        let stored = StoredIndexKeys::encode(&now);
        let row = incident_row::encode(ledger, &stored, &tenant, &self.names);
        let rows = vec![(key.as_bytes().to_vec(), row)];
        let mut step = WriteStep { rows, entries, ..WriteStep::default() };
        if now.contribution != before.contribution {
            step.contribution = Some((tenant, before.contribution, now.contribution));
        }
        self.steps.push(step);
        Ok(stored)
    }

    /// Keeps a service's row.
    pub fn keep_service(
        &mut self,
        tenant: &TenantId,
        service: &str,
        ledger: &Ledger<ServiceEvent>,
    ) {
        let row = rows::encode_service_ledger(ledger, tenant, &self.names);
        let row = (keys::service(tenant, service), row);
        self.steps.push(WriteStep { rows: vec![row], ..WriteStep::default() });
    }

    /// Keeps a record whole: a change of terms, an action, or an adoption. Views that hold the
    /// first adoption of a store need no other time zone database.
    pub fn keep_record(&mut self, recorded: &Recorded<Record>) {
        let row = rows::encode_kept(recorded, &self.names);
        let mut rows = vec![(keys::kept(recorded.sequence), row)];
        if matches!(&recorded.value.entry, Entry::Adoption(first) if first.effective_time.is_none())
        {
            rows.push((keys::ADOPTED.to_vec(), Vec::new()));
        }
        self.steps.push(WriteStep { rows, ..WriteStep::default() });
    }
}

/// The keys that lead to an incident where it stands, sorted.
fn keys_of(tenant: &TenantId, incident: &str, index_entry: &IndexEntry) -> Vec<Vec<u8>> {
    let clocks = index_entry.clocks.iter().map(|place| keys::clock(tenant, place));
    let attached =
        index_entry.contracts.iter().map(|contract| keys::attachment(tenant, contract, incident));
    let future_dated =
        index_entry.settles.map(|settles| future_keys::future_dated_at(tenant, settles, incident));
    let expiring =
        index_entry.expires.map(|expires| future_keys::expiring_at(tenant, expires, incident));
    let missing = index_entry.missing.iter();
    let missing = missing.map(|(id, opened)| keys::missing_of(tenant, id, *opened, incident));
    let lacking = index_entry.missing.iter().map(|(id, _)| id.as_str());
    let by_id = missing_keys::missing_by_id(tenant, lacking, incident);
    let lifespans = index_entry.lifespans.iter();
    let left_open = lifespans.clone().flat_map(|one| left_open_keys::keys(tenant, incident, one));
    let lifespans = lifespans.flat_map(|one| lifespan_keys::lifespan(tenant, incident, one));
    let lifespans = lifespans.chain(left_open);
    let items = index_entry.items.iter();
    let items = items.map(|id| settlement_keys::settlement_of(tenant, id, incident));
    let activity = activity_keys::activity(tenant, incident, &index_entry.activity);
    let scheduled = index_entry.schedule.iter();
    let scheduled = scheduled.map(|time| future_keys::scheduled_at(tenant, *time, incident));
    let ahead = future_dated.into_iter().chain(expiring).chain(scheduled);
    let keys = clocks.chain(attached).chain(ahead).chain(missing).chain(by_id).chain(lifespans);
    let mut keys: Vec<_> = keys.chain(items).chain(activity).collect();
    keys.sort_unstable();
    keys
}
