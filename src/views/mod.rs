//! Views: what the journal folds to, kept in sled for quick reading.
//!
//! Nothing here is a fact. A view remembers the sequence it has applied, and whatever it lacks or
//! garbles is folded again from the journal. This is the only room that knows sled.

mod keys;
mod rows;

use std::path::{Path, PathBuf};

use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::ledger::{Ledger, ServiceLedger};
use crate::engine::record::Record;
use crate::wire::record::{self, Unreadable};

pub use keys::{ClockKey, IncidentKey};
pub use rows::Changes;

/// Changes with every change of what is kept or how it is keyed: other views are thrown away.
const FORMAT: &str = "slx views 1";
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
const FLUSH_MILLISECONDS: u64 = 1_000;
/// sled is quickest with batches of some hundreds of keys.
const KEYS_A_BATCH: usize = 256;

/// What a view must agree with to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The journal's store.
    pub store_id: [u8; 16],
    /// The time zone database its due instants were computed with.
    pub time_zone_database: String,
    /// The journal's last sequence, which no view can have passed.
    pub last_sequence: u64,
}

/// The views, open.
#[derive(Debug)]
pub struct Views {
    tree: sled::Tree,
    database: sled::Db,
}

/// The views can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// sled failed.
    #[error("the views failed: {0}")]
    Store(#[from] sled::Error),
    /// A row holds what no version of slx wrote.
    #[error("a row of the views is unreadable: {0}")]
    Row(#[from] Unreadable),
    /// The views could not be written any more: they lack what was recorded since.
    #[error("the views could not be written and lag behind: start the server again")]
    Behind,
    /// Views that don't belong to the journal can't be thrown away.
    #[error("can't remove {path}: {source}")]
    Remove {
        /// Where they are.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl Views {
    /// Opens the views in `directory`, empty when there are none, or when those there don't open
    /// or are not of `identity`.
    pub fn open(directory: &Path, identity: &Identity) -> Result<Views, ViewsError> {
        match Views::open_as_they_are(directory) {
            Ok(views) if views.are_of(identity)? => return Ok(views),
            Ok(_) => tracing::info!("the views are new or of another making: folding them anew"),
            Err(error) => tracing::warn!(%error, "the views do not open: folding them anew"),
        }
        match std::fs::remove_dir_all(directory) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(ViewsError::Remove { path: directory.to_owned(), source });
            }
            _ => {}
        }
        let views = Views::open_as_they_are(directory)?;
        views.tree.insert(keys::FORMAT, FORMAT)?;
        views.tree.insert(keys::STORE, identity.store_id.as_slice())?;
        views.tree.insert(keys::ZONES, identity.time_zone_database.as_str())?;
        Ok(views)
    }

    fn open_as_they_are(directory: &Path) -> Result<Views, ViewsError> {
        let database = sled::Config::new()
            .path(directory)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(FLUSH_MILLISECONDS))
            .mode(sled::Mode::HighThroughput)
            .use_compression(false)
            .open()?;
        // One tree, so that one batch is one step.
        Ok(Views { tree: database.open_tree("views")?, database })
    }

    fn are_of(&self, identity: &Identity) -> Result<bool, ViewsError> {
        let is = |key: &[u8], value: &[u8]| -> Result<bool, ViewsError> {
            Ok(self.tree.get(key)?.is_some_and(|found| found.as_ref() == value))
        };
        Ok(is(keys::FORMAT, FORMAT.as_bytes())?
            && is(keys::STORE, &identity.store_id)?
            && is(keys::ZONES, identity.time_zone_database.as_bytes())?
            && self.applied()? <= identity.last_sequence)
    }

    /// The sequence up to which everything is applied.
    pub fn applied(&self) -> Result<u64, ViewsError> {
        let kept = self.tree.get(keys::APPLIED)?;
        Ok(kept.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// Everything recorded about an incident, with the keys it is filed under.
    pub fn ledger(&self, key: &IncidentKey) -> Result<(Ledger, Vec<Vec<u8>>), ViewsError> {
        match self.tree.get(key.as_bytes())? {
            Some(row) => Ok(record::decode_ledger(&row)?),
            None => Ok(Default::default()),
        }
    }

    /// Everything recorded about a service.
    pub fn service_ledger(&self, tenant: &str, service: &str) -> Result<ServiceLedger, ViewsError> {
        match self.tree.get(keys::service(tenant, service))? {
            Some(row) => Ok(record::decode_service_ledger(&row)?),
            None => Ok(ServiceLedger::default()),
        }
    }

    /// Every change of terms, in the order of recording: sequence, record time, record.
    pub fn terms(
        &self,
        zones: &ZoneDatabase,
    ) -> impl Iterator<Item = Result<(u64, Instant, Record), ViewsError>> {
        self.tree.scan_prefix(keys::TERMS).map(move |row| {
            let (key, value) = row?;
            let (record_time, record) = record::decode_terms(&value, zones)?;
            Ok((keys::terms_sequence(&key), record_time, record))
        })
    }

    /// The ids of a tenant's incidents after `after`, in order.
    pub fn incident_ids(
        &self,
        tenant: &str,
        after: &str,
    ) -> impl Iterator<Item = Result<String, ViewsError>> + use<> {
        self.ids_after(keys::incidents(tenant), after)
    }

    /// The ids of the incidents ever opened under a contract after `after`, in order.
    pub fn attached_ids(
        &self,
        tenant: &str,
        contract: &str,
        after: &str,
    ) -> impl Iterator<Item = Result<String, ViewsError>> + use<> {
        self.ids_after(keys::attachments(tenant, contract), after)
    }

    fn ids_after(
        &self,
        prefix: Vec<u8>,
        after: &str,
    ) -> impl Iterator<Item = Result<String, ViewsError>> + use<> {
        let from = [prefix.as_slice(), after.as_bytes(), &[1]].concat();
        let until = keys::end_of(&prefix);
        let from = if after.is_empty() { prefix.clone() } else { from };
        self.tree.range(from..until).map(move |row| {
            let (key, _) = row?;
            Ok(keys::id_after(&prefix, &key))
        })
    }

    /// Clocks filed on one shelf of a contract, from a place on, in order.
    pub fn clocks(
        &self,
        from: &ClockKey<'_>,
    ) -> impl Iterator<Item = Result<keys::FiledClock, ViewsError>> + use<> {
        let (from, until) = (from.to_bytes(), keys::end_of(&from.shelf_prefix()));
        self.tree.range(from..until).filter_map(|row| match row {
            Ok((key, _)) => keys::filed_clock(&key).map(Ok),
            Err(error) => Some(Err(error.into())),
        })
    }

    /// The incidents of a tenant with facts that occur after `as_of`.
    pub fn unsettled_ids(
        &self,
        tenant: &str,
        as_of: Instant,
    ) -> impl Iterator<Item = Result<String, ViewsError>> + use<> {
        let prefix = keys::unsettled(tenant);
        let from = keys::unsettled_after(tenant, as_of);
        self.tree.range(from..keys::end_of(&prefix)).map(move |row| {
            let (key, _) = row?;
            Ok(keys::unsettled_id(&prefix, &key))
        })
    }

    /// Writes changes, and with the last of them the sequence they are complete up to.
    pub fn write(&self, changes: Changes, applied: u64) -> Result<(), ViewsError> {
        let mut batch = sled::Batch::default();
        let mut keys_in_batch = 0;
        for step in changes.steps {
            keys_in_batch += step.len();
            for (key, value) in step {
                match value {
                    Some(value) => batch.insert(key, value),
                    None => batch.remove(key),
                }
            }
            if keys_in_batch >= KEYS_A_BATCH {
                self.tree.apply_batch(std::mem::take(&mut batch))?;
                keys_in_batch = 0;
            }
        }
        batch.insert(keys::APPLIED, applied.to_be_bytes().as_slice());
        Ok(self.tree.apply_batch(batch)?)
    }

    /// Hands everything written to the operating system.
    pub fn flush(&self) -> Result<(), ViewsError> {
        self.database.flush()?;
        Ok(())
    }
}
