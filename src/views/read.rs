//! Reading the views.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use itertools::Itertools;
use parking_lot::RwLock;
use sled::IVec;

use super::coverage_keys;
use super::error::ViewsError;
use super::future_keys;
use super::identity::applied;
use super::index_blocks;
use super::keys::{self, ClockKey, IncidentKey};
use super::left_open_keys;
use super::lifespan_keys;
use super::missing_keys;
use super::rows::Changes;
use super::store::{Opening, Store, WriteCount};
use crate::codec::store::incident_row;
use crate::codec::store::index_keys::StoredIndexKeys;
use crate::codec::store::names::Names;
use crate::codec::store::record;
use crate::codec::store::tally;
use crate::codec::store::tally_row::TallyRow;
use crate::codec::store::unreadable::Unreadable;
use crate::domain::compliance::{CoverageKey, Tally};
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::index::ClockMark;
use crate::engine::index::IndexKeys;
use crate::engine::ledger::Ledger;
use crate::engine::lifespan::LeftOpen;
use crate::engine::record::Record;
use crate::engine::tally::{Contribution, CoverageBucket, Day, Dimension, TallyBucketKey};
use crate::journal::StoreId;

/// The views, open.
#[derive(Debug)]
pub struct Views {
    pub(super) directory: PathBuf,
    pub(super) opening: Opening,
    pub(super) store_id: StoreId,
    /// The names that rows refer to.
    pub(super) names: Names,
    /// None while they can't be opened again.
    pub(super) store: RwLock<Option<Store>>,
    /// How often they were opened again: each time they may have lost what was not on disk.
    pub(super) times_reopened: AtomicU64,
}

impl Views {
    pub(super) fn new(
        directory: PathBuf,
        opening: Opening,
        store_id: StoreId,
        store: Store,
    ) -> Views {
        let (names, store) = (Names::default(), RwLock::new(Some(store)));
        let times_reopened = AtomicU64::default();
        Views { directory, opening, store_id, names, store, times_reopened }
    }

    /// The views, whose rows refer to these names.
    #[must_use]
    pub fn with_names(self, names: Names) -> Views {
        Views { names, ..self }
    }

    /// No changes yet.
    pub fn changes(&self) -> Changes {
        Changes::new(&self.names)
    }

    pub(super) fn store(&self) -> Result<Store, ViewsError> {
        self.store.read().clone().ok_or(ViewsError::Closed)
    }

    /// How much was written since they were opened.
    pub fn written(&self) -> Result<WriteCount, ViewsError> {
        Ok(self.store()?.written())
    }

    /// The sequence up to which everything is applied.
    pub fn applied(&self) -> Result<u64, ViewsError> {
        applied(&self.store()?)
    }

    /// Everything recorded about an incident, and under what it is indexed.
    pub fn ledger(&self, key: &IncidentKey) -> Result<(Ledger, StoredIndexKeys), ViewsError> {
        match self.store()?.get(key.as_bytes())? {
            Some(row) => Ok(incident_row::decode(&key.parts().1, &row, &self.names)?),
            None => Ok(Default::default()),
        }
    }

    /// Under what an incident is indexed.
    pub fn index_keys(&self, key: &IncidentKey) -> Result<IndexKeys, ViewsError> {
        match self.store()?.get(key.as_bytes())? {
            Some(row) => Ok(incident_row::decode_index_keys(&row)?),
            None => Ok(IndexKeys::default()),
        }
    }

    /// What an incident has added to the tallies, for a scan.
    pub fn contribution(&self, key: &IncidentKey) -> Result<Contribution, ViewsError> {
        match self.store()?.get_in_passing(key.as_bytes())? {
            Some(row) => Ok(incident_row::decode_contribution(&row)?),
            None => Ok(Contribution::default()),
        }
    }

    /// Everything recorded about a service.
    pub fn service_ledger(
        &self,
        tenant: &TenantId,
        service: &str,
    ) -> Result<Ledger<ServiceEvent>, ViewsError> {
        match self.store()?.get(&keys::service(tenant, service))? {
            Some(row) => Ok(record::decode_service_ledger(&row, &self.names)?),
            None => Ok(Ledger::default()),
        }
    }

    /// Every record that is kept whole (changes of terms, and actions) in the order of recording.
    pub fn kept(
        &self,
        zones: &ZoneDatabase,
    ) -> impl Iterator<Item = Result<Recorded<Record>, ViewsError>> {
        self.range(keys::KEPT.to_vec(), keys::end_of(keys::KEPT)).map(move |row| {
            let (key, value) = row?;
            let (record_time, value) = record::decode_kept(&value, zones, &self.names)?;
            Ok(Recorded { sequence: keys::kept_sequence(&key), record_time, value })
        })
    }

    /// The tenants of whom incidents or services are kept: one row of each is read.
    pub fn tenants(&self) -> Result<BTreeSet<TenantId>, ViewsError> {
        let mut tenants = BTreeSet::new();
        for kind in keys::LEDGERS {
            let (mut from, until) = (keys::kind(kind), keys::end_of(&keys::kind(kind)));
            while let Some(row) = self.range(from, until.clone()).next() {
                let tenant = keys::tenant(&row?.0);
                from = keys::end_of(&keys::kind_of_tenant(kind, &tenant));
                tenants.insert(tenant);
            }
        }
        Ok(tenants)
    }

    /// The ids of a tenant's incidents after `after`, in order.
    pub fn incident_ids(
        &self,
        tenant: &TenantId,
        after: &str,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> + use<> {
        let prefix = keys::incidents(tenant);
        self.range(keys::after(&prefix, after), keys::end_of(&prefix))
            .map(move |row| Ok(keys::id_after(&prefix, &row?.0)))
    }

    /// The ids of the incidents ever opened under a contract after `after`, in order.
    pub fn attached_ids(
        &self,
        tenant: &TenantId,
        contract: &str,
        after: &str,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> + use<> {
        let prefix = keys::attachments(tenant, contract);
        self.entries(keys::after(&prefix, after), keys::end_of(&prefix))
            .map(move |entry| Ok(keys::id_after(&prefix, &entry?)))
    }

    /// Clocks indexed on one index bucket of a contract, from a place on, in order.
    pub fn clocks(
        &self,
        from: &ClockKey<'_>,
    ) -> impl Iterator<Item = Result<ClockMark, ViewsError>> + use<> {
        let (from, until) = (from.to_bytes(), keys::end_of(&from.index_bucket_prefix()));
        self.entries(from, until)
            .filter_map(|entry| entry.map(|entry| keys::indexed_clock(&entry)).transpose())
    }

    /// The incidents of a tenant with facts that occur after `as_of`.
    pub fn future_dated_ids(
        &self,
        tenant: &TenantId,
        as_of: Instant,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> + use<> {
        let prefix = future_keys::future_dated(tenant);
        let from = future_keys::future_dated_after(tenant, as_of);
        self.entries(from, keys::end_of(&prefix))
            .map(move |entry| Ok(future_keys::id_after_instant(&prefix, &entry?)))
    }

    /// The incidents of a tenant whose index entries hold no longer as of an instant: facts that
    /// they leave out have occurred.
    pub fn expired_ids(
        &self,
        tenant: &TenantId,
        as_of: Instant,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> + use<> {
        let prefix = future_keys::expiring(tenant);
        self.entries(prefix.clone(), future_keys::expiring_after(tenant, as_of))
            .map(move |entry| Ok(future_keys::id_after_instant(&prefix, &entry?)))
    }

    /// Until when an incident's index entry holds; `None`: it leaves no fact out.
    pub fn expires(&self, key: &IncidentKey) -> Result<Option<Instant>, ViewsError> {
        let (tenant, _) = key.parts();
        let index_keys = self.index_keys(key)?;
        Ok(index_keys.keys.iter().find_map(|key| future_keys::expires(&tenant, key)))
    }

    /// The incidents of a contract whose lifespan holds the beginning of a local day: their first
    /// clock started before, and not all was over before but what is left open.
    pub fn ids_over(
        &self,
        tenant: &TenantId,
        contract: &str,
        day: Day,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> {
        let ranges = lifespan_keys::lifespans_over(tenant, contract, day).into_iter();
        let entries = ranges.flat_map(|range| self.entries(range.start, range.end));
        entries.map(|entry| Ok(lifespan_keys::lifespan_id(&entry?)))
    }

    /// The targets that a contract's incidents leave open since one of some local days, each with
    /// its incident and that day.
    pub fn left_open(
        &self,
        tenant: &TenantId,
        contract: &str,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<(IncidentId, Day, LeftOpen), ViewsError>> + use<> {
        let Range { start, end } = left_open_keys::since(tenant, contract, days);
        let unreadable = || Unreadable::from("a target that is left open is cut short".to_owned());
        self.entries(start, end)
            .map(move |entry| Ok(left_open_keys::left_open(&entry?).ok_or_else(unreadable)?))
    }

    /// Rows in the order of their keys.
    pub(super) fn range(
        &self,
        from: Vec<u8>,
        until: Vec<u8>,
    ) -> impl Iterator<Item = Result<(sled::IVec, sled::IVec), ViewsError>> + use<> {
        let (rows, error) = match self.store() {
            Ok(store) => (Some(store.range(from..until)), None),
            Err(error) => (None, Some(Err(error))),
        };
        rows.into_iter().flatten().chain(error)
    }

    /// Entries of the index from one up to but not including another, in order.
    pub(super) fn entries(
        &self,
        from: Vec<u8>,
        until: Vec<u8>,
    ) -> impl Iterator<Item = Result<Vec<u8>, ViewsError>> + use<> {
        let (entries, error) = match self.store() {
            Ok(store) => (Some(index_blocks::entries(&store, from, until)), None),
            Err(error) => (None, Some(Err(error))),
        };
        entries.into_iter().flatten().chain(error)
    }

    /// What is added up in a contract's tally buckets of some days, by value, target and priority.
    pub fn tally_buckets(
        &self,
        tenant: &TenantId,
        contract: &str,
        dimension: Dimension,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<([String; 3], Tally), ViewsError>> + use<> {
        let from = keys::tally_buckets(tenant, contract, dimension, days.start);
        let until = keys::tally_buckets(tenant, contract, dimension, days.end);
        self.range(from, until).map(|row| row.and_then(|row| tallies(&row))).flatten_ok()
    }

    /// Every tally bucket there is, and whose it is.
    pub fn all_tally_buckets(
        &self,
    ) -> impl Iterator<Item = Result<(TenantId, TallyBucketKey, Tally), ViewsError>> + use<> {
        let prefix = keys::all_tally_buckets();
        let until = keys::end_of(&prefix);
        let of_row = |row: (IVec, IVec)| {
            let unreadable = || Unreadable::from("a tally row's key is cut short".to_owned());
            let (tenant, place) = keys::tally_row_place(&row.0).ok_or_else(unreadable)?;
            let of = move |([_, target_id, priority], tally): ([String; 3], Tally)| {
                let target_id = target_id.into();
                let place = TallyBucketKey { target_id, priority, ..place.clone() };
                (tenant.clone(), place, tally)
            };
            Ok::<_, ViewsError>(tallies(&row)?.into_iter().map(of))
        };
        self.range(prefix, until).map(move |row| row.and_then(of_row)).flatten_ok()
    }

    /// How many incidents that were opened on some days under a contract lack a clock.
    pub fn coverage_buckets(
        &self,
        tenant: &TenantId,
        contract: &str,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<(CoverageKey, u64), ViewsError>> + use<> {
        let from = coverage_keys::coverage_buckets(tenant, contract, days.start);
        let until = coverage_keys::coverage_buckets(tenant, contract, days.end);
        self.range(from, until).map(|row| {
            let (_, bucket, count) = coverage_bucket(row?)?;
            Ok((bucket.key, count))
        })
    }

    /// Every count of incidents without clocks there is, and whose it is.
    pub fn all_coverage_buckets(
        &self,
    ) -> impl Iterator<Item = Result<(TenantId, CoverageBucket, u64), ViewsError>> + use<> {
        let prefix = coverage_keys::all_coverage_buckets();
        let until = keys::end_of(&prefix);
        self.range(prefix, until).map(|row| coverage_bucket(row?))
    }

    /// The incidents that a contract does not measure, or not by every target, and that were opened
    /// from one instant up to another, the last of all included.
    pub fn missing_ids(
        &self,
        tenant: &TenantId,
        contract: &str,
        (from, until): (Instant, Instant),
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> + use<> {
        let from = keys::missing(tenant, contract, from);
        let until = match until < Instant::MAX {
            true => keys::missing(tenant, contract, until),
            false => keys::end_of_missing(tenant, contract),
        };
        self.entries(from, until).map(|entry| Ok(keys::missing_id(&entry?)))
    }

    /// The same whenever they were opened, those whose ids follow one, in their order. `None`: of
    /// every contract, those included that do not exist; also incidents that name no contract or
    /// are not opened.
    pub fn missing_ids_after(
        &self,
        tenant: &TenantId,
        contract: Option<&str>,
        after: &str,
    ) -> impl Iterator<Item = Result<IncidentId, ViewsError>> + use<> {
        let Range { start, end } = missing_keys::missing_after(tenant, contract, after);
        let (tenant, contract) = (tenant.clone(), contract.map(str::to_owned));
        self.entries(start, end).map(move |entry| {
            Ok(missing_keys::missing_after_id(&tenant, contract.as_deref(), &entry?))
        })
    }

    /// Whether anything is recorded about a tenant's incidents or services.
    pub fn has_facts(&self, tenant: &TenantId) -> Result<bool, ViewsError> {
        let mut found = false;
        for prefix in [keys::incidents(tenant), keys::services(tenant)] {
            let mut rows = self.range(prefix.clone(), keys::end_of(&prefix));
            found |= rows.next().transpose()?.is_some();
        }
        Ok(found)
    }
}

/// A coverage count, as it is stored.
/// The tallies of a row, each with its value, target and priority.
fn tallies((key, row): &(IVec, IVec)) -> Result<Vec<([String; 3], Tally)>, ViewsError> {
    let value = keys::tally_row_value(key).unwrap_or_default();
    let tallies = TallyRow::decode(row)?.into_tallies().map(|entry| {
        let (target_id, priority, tally) = entry?;
        Ok(([value.to_owned(), target_id, priority], tally))
    });
    tallies.collect()
}

fn coverage_bucket(
    (key, row): (sled::IVec, sled::IVec),
) -> Result<(TenantId, CoverageBucket, u64), ViewsError> {
    let unreadable = || Unreadable::from("a count's key is cut short".to_owned());
    let place = coverage_keys::coverage_place(&key).ok_or_else(unreadable)?;
    let (tenant, contract_id, day, reason, texts) = place;
    let key = tally::decode_coverage_key(reason, texts)?;
    let count = coverage_keys::coverage_count(&row)?;
    Ok((tenant, CoverageBucket { contract_id, day, key }, count))
}
