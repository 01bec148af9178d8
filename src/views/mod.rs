//! Views: what the journal folds to, kept in sled for quick reading.
//!
//! Nothing here is a fact. A view remembers the sequence it has applied, and whatever it lacks or
//! garbles is folded again from the journal. This is the only room that knows sled.

mod keys;
mod rows;
mod store;
mod writing;

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::RwLock;

use crate::domain::compliance::Tally;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::index::Filed;
use crate::engine::learning::Learning;
use crate::engine::ledger::{Ledger, ServiceLedger};
use crate::engine::record::Record;
use crate::engine::tally::{CellPlace, Day, Dimension};
use crate::wire::record::{self, Unreadable};
use crate::wire::{learning, tally};
use store::Store;

pub use keys::{ClockKey, IncidentKey};
pub use rows::Changes;
pub use writing::Writing;

/// Changes with every change of what is kept or how it is keyed: other views are thrown away.
const FORMAT: &str = "slx views 5";
const ROWS_A_SIGN_OF_LIFE: usize = 10_000;
/// Opening writes a little: this much is tried whether it can be written.
const OPENING_BYTES: usize = 4 * 1024 * 1024;
/// Nothing is written to the views with less than this free. sled that once found no room fails
/// until it is opened again, at reads too; left alone in time, it goes on answering.
const ROOM_TO_WRITE_BYTES: u64 = 16 * 1024 * 1024;
/// They are not opened again with less: they would soon have to stop again.
const ROOM_TO_OPEN_BYTES: u64 = 24 * 1024 * 1024;

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

/// Recording waits while views are opened again, so a store that hangs is given up soon.
const REOPENED_WITHIN: Duration = Duration::from_secs(10);

/// The views, open.
#[derive(Debug)]
pub struct Views {
    directory: PathBuf,
    patience: Duration,
    store_id: [u8; 16],
    /// None while they can't be opened again.
    store: RwLock<Option<Store>>,
}

/// Views as they were found, before it is known whether they belong to the journal.
#[derive(Debug)]
pub struct Found {
    directory: PathBuf,
    patience: Duration,
    store: Option<Store>,
}

/// The views can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// sled failed.
    #[error("the views failed: {0}")]
    Store(#[from] sled::Error),
    /// sled panicked.
    #[error("the views are damaged: sled panicked over them")]
    Panicked,
    /// sled did not come back from opening.
    #[error("the views did not open within {0:?}")]
    Hung(Duration),
    /// A row holds what no version of slx wrote.
    #[error("a row of the views is unreadable: {0}")]
    Row(#[from] Unreadable),
    /// The views could not be written any more, and lack what was recorded since.
    #[error("the views can't be written and lag behind")]
    Behind,
    /// There is too little room to write to the views.
    #[error("the views are not written to: {free} bytes are free, and it takes {needed}")]
    NoRoom {
        /// What is free.
        free: u64,
        /// What must be.
        needed: u64,
    },
    /// They are not those that a server left that was stopped.
    #[error(
        "the views are not as a stopped server leaves them: {0}; stop the server, or start it and \
         stop it"
    )]
    NotLeftSo(&'static str),
    /// The views could not be opened again.
    #[error("the views are closed")]
    Closed,
    /// Views that don't belong to the journal can't be put aside.
    #[error("can't remove {path}: {source}")]
    Remove {
        /// Where they are.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The operating system refused what sled needs.
    #[error("the views can't be opened: {0}")]
    System(#[from] io::Error),
}

impl ViewsError {
    /// Whether it may pass by itself: once the disk is well, the views are opened again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Behind | Self::Closed | Self::NoRoom { .. } | Self::System(_) => true,
            Self::Store(error) => matches!(error, sled::Error::Io(_)),
            Self::Panicked | Self::Hung(_) | Self::Row(_) | Self::Remove { .. } => false,
            Self::NotLeftSo(_) => false,
        }
    }
}

impl Views {
    /// Looks for views in `directory`. Those that don't open within `patience`, or, unless they
    /// were left in good order, can't all be read, count as none.
    pub fn find(directory: &Path, patience: Duration) -> Found {
        let store =
            directory.is_dir().then(|| Store::open(directory, patience, check_unless_clean));
        let store = store.and_then(|opened| {
            opened.inspect_err(|error| tracing::warn!(%error, "views put aside")).ok()
        });
        Found { directory: directory.to_owned(), patience, store }
    }

    /// Opens them again after they failed, as far as they got then. Nobody may be reading. Nothing
    /// is written: a store whose disk fails may keep a writer for ever.
    pub fn reopen(&self) -> Result<(), ViewsError> {
        check_room(&self.directory, ROOM_TO_OPEN_BYTES)?;
        try_room(&self.directory)?;
        let mut store = self.store.write();
        // The old one holds a lock on the files.
        *store = None;
        let patience = self.patience.min(REOPENED_WITHIN);
        let opened = Store::open(&self.directory, patience, |_, _| Ok(()))?;
        let is_ours = opened.get(keys::STORE)?.is_some_and(|id| id.as_ref() == self.store_id);
        if !is_ours {
            return Err(ViewsError::Closed);
        }
        *store = Some(opened);
        Ok(())
    }

    /// Adds the tallies up anew, if they were left behind the rows when the views failed. Nobody
    /// may read tallies before.
    pub fn catch_cells_up(&self) -> Result<(), ViewsError> {
        Writing::new(self.directory.clone(), self.store()?).catch_cells_up()
    }

    fn store(&self) -> Result<Store, ViewsError> {
        self.store.read().clone().ok_or(ViewsError::Closed)
    }

    /// The sequence up to which everything is applied.
    pub fn applied(&self) -> Result<u64, ViewsError> {
        applied(&self.store()?)
    }

    /// Everything recorded about an incident, and under what it is filed.
    pub fn ledger(&self, key: &IncidentKey) -> Result<(Ledger, Filed), ViewsError> {
        match self.store()?.get(key.as_bytes())? {
            Some(row) => Ok(record::decode_ledger(&row)?),
            None => Ok(Default::default()),
        }
    }

    /// Everything recorded about a service.
    pub fn service_ledger(&self, tenant: &str, service: &str) -> Result<ServiceLedger, ViewsError> {
        match self.store()?.get(&keys::service(tenant, service))? {
            Some(row) => Ok(record::decode_service_ledger(&row)?),
            None => Ok(ServiceLedger::default()),
        }
    }

    /// What a tenant's incidents had taught when that was last kept, and up to which sequence the
    /// journal was read for it. `None`: it can't be gone on from.
    pub fn learning(&self, tenant: &str) -> Result<Option<(u64, Learning)>, ViewsError> {
        let row = self.store()?.get(&keys::learning(tenant))?;
        let kept = row.map(|row| learning::decode(&row)).transpose()?.flatten();
        let applied = self.applied()?;
        // What is ahead of the other rows may be of a journal that was cut since.
        Ok(kept.filter(|(sequence, _)| *sequence <= applied))
    }

    /// Keeps what a tenant's incidents have taught, for which the journal was read up to a
    /// sequence.
    pub fn keep_learning(
        &self,
        tenant: &str,
        sequence: u64,
        learnt: &Learning,
    ) -> Result<(), ViewsError> {
        check_room(&self.directory, ROOM_TO_WRITE_BYTES)?;
        self.store()?.insert(&keys::learning(tenant), &learning::encode(sequence, learnt))
    }

    /// Every record that is kept whole (changes of terms, and deeds) in the order of recording:
    /// sequence, record time, record.
    pub fn kept(
        &self,
        zones: &ZoneDatabase,
    ) -> impl Iterator<Item = Result<(u64, Instant, Record), ViewsError>> {
        self.range(keys::KEPT.to_vec(), keys::end_of(keys::KEPT)).map(move |row| {
            let (key, value) = row?;
            let (record_time, record) = record::decode_kept(&value, zones)?;
            Ok((keys::kept_sequence(&key), record_time, record))
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
        self.range(from, until).map(move |row| {
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
        self.range(from, until).filter_map(|row| match row {
            Ok((key, _)) => keys::filed_clock(&key).map(Ok),
            Err(error) => Some(Err(error)),
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
        self.range(from, keys::end_of(&prefix)).map(move |row| {
            let (key, _) = row?;
            Ok(keys::unsettled_id(&prefix, &key))
        })
    }

    /// Rows in the order of their keys.
    fn range(
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

    /// Begins to write changes.
    pub fn begin(&self) -> Result<Writing, ViewsError> {
        Ok(Writing::new(self.directory.clone(), self.store()?))
    }

    /// What is added up in a contract's cells of some days, by value, target and priority.
    pub fn cells(
        &self,
        tenant: &str,
        contract: &str,
        dimension: Dimension,
        days: Range<Day>,
    ) -> impl Iterator<Item = Result<([String; 3], Tally), ViewsError>> + use<> {
        let from = keys::cells(tenant, contract, dimension, days.start);
        let until = keys::cells(tenant, contract, dimension, days.end);
        self.range(from, until).map(|row| {
            let (key, value) = row?;
            Ok((keys::cell_texts(&key).unwrap_or_default(), tally::decode(&value)?))
        })
    }

    /// Every cell there is, and whose it is.
    pub fn all_cells(
        &self,
    ) -> impl Iterator<Item = Result<(String, CellPlace, Tally), ViewsError>> + use<> {
        let prefix = keys::all_cells();
        let until = keys::end_of(&prefix);
        self.range(prefix, until).map(|row| {
            let (key, value) = row?;
            let unreadable = || Unreadable::from("a cell's key is cut short".to_owned());
            let (tenant, place) = keys::cell_place(&key).ok_or_else(unreadable)?;
            Ok((tenant, place, tally::decode(&value)?))
        })
    }

    /// Leaves them in good order, unless something was wrong with them, so that the next start need
    /// not look at every row.
    pub fn close(&self) -> Result<(), ViewsError> {
        let store = self.store()?;
        if !store.has_failed() {
            store.insert(keys::CLEAN, &[])?;
        }
        store.flush()
    }
}

impl Found {
    /// What the views prove to have been durable: a store's id and a sequence.
    pub fn durable(&self) -> Option<([u8; 16], u64)> {
        let store =
            self.store.as_ref().filter(|store| is(store, keys::FORMAT, FORMAT.as_bytes()))?;
        let store_id = store.get(keys::STORE).ok()??;
        Some((store_id.as_ref().try_into().ok()?, applied(store).ok()?))
    }

    /// The views, if they are of `identity`, hold all of its journal and were closed in good order.
    pub fn complete(self, identity: &Identity) -> Result<Views, ViewsError> {
        let Found { directory, patience, store } = self;
        let store = store.ok_or(ViewsError::NotLeftSo("they are missing or damaged"))?;
        if !is_of(&store, identity) {
            return Err(ViewsError::NotLeftSo(
                "another slx, store or time zone database made them",
            ));
        }
        if store.get(keys::CLEAN)?.is_none() || store.get(keys::TALLYING)?.is_some() {
            return Err(ViewsError::NotLeftSo("a server is at work, or ended otherwise"));
        }
        if applied(&store)? < identity.last_sequence {
            return Err(ViewsError::NotLeftSo("they lack what was recorded last"));
        }
        let store_id = identity.store_id;
        Ok(Views { directory, patience, store_id, store: RwLock::new(Some(store)) })
    }

    /// The views, if they are of `identity`; else new ones, and these are put aside.
    pub fn of(self, identity: &Identity) -> Result<Views, ViewsError> {
        let Found { directory, patience, store } = self;
        let is_usable = |store: &Store| is_of(store, identity) && catch_up(&directory, store);
        let store = match store.filter(is_usable) {
            Some(store) => {
                store.remove(keys::CLEAN)?;
                store
            }
            None => {
                tracing::info!("the views are missing, damaged or of another making: new ones");
                put_aside(&directory)?;
                create(&directory, patience, identity)?
            }
        };
        let store_id = identity.store_id;
        Ok(Views { directory, patience, store_id, store: RwLock::new(Some(store)) })
    }
}

fn create(directory: &Path, patience: Duration, identity: &Identity) -> Result<Store, ViewsError> {
    let store = Store::open(directory, patience, |_, _| Ok(()))?;
    store.insert(keys::FORMAT, FORMAT.as_bytes())?;
    store.insert(keys::STORE, &identity.store_id)?;
    store.insert(keys::ZONES, identity.time_zone_database.as_bytes())?;
    Ok(store)
}

/// Moves views out of the way and removes them. A thread that still hangs over them may go on.
fn put_aside(directory: &Path) -> Result<(), ViewsError> {
    let aside = directory.with_extension("discarded");
    let remove = |path: &Path| match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "can't remove discarded views");
        }
        _ => {}
    };
    remove(&aside);
    match fs::rename(directory, &aside) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(ViewsError::Remove { path: directory.to_owned(), source });
        }
        _ => remove(&aside),
    }
    Ok(())
}

/// Reads every row, since damage may only show when a row is read.
fn check_unless_clean(store: &Store, is_alive: &dyn Fn()) -> Result<(), ViewsError> {
    if store.get(keys::CLEAN)?.is_some() {
        return Ok(());
    }
    for (at, row) in store.range(..).enumerate() {
        row?;
        if at % ROWS_A_SIGN_OF_LIFE == 0 {
            is_alive();
        }
    }
    Ok(())
}

fn is_of(store: &Store, identity: &Identity) -> bool {
    is(store, keys::FORMAT, FORMAT.as_bytes())
        && is(store, keys::STORE, &identity.store_id)
        && is(store, keys::ZONES, identity.time_zone_database.as_bytes())
        && applied(store).is_ok_and(|applied| applied <= identity.last_sequence)
}

/// Adds up cells that a crash left behind; false: they can't be.
fn catch_up(directory: &Path, store: &Store) -> bool {
    let caught_up = Writing::new(directory.to_owned(), store.clone()).catch_cells_up();
    caught_up.inspect_err(|error| tracing::warn!(%error, "views put aside")).is_ok()
}

fn is(store: &Store, key: &[u8], value: &[u8]) -> bool {
    matches!(store.get(key), Ok(Some(found)) if found.as_ref() == value)
}

fn applied(store: &Store) -> Result<u64, ViewsError> {
    let kept = store.get(keys::APPLIED)?;
    Ok(kept.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// Looks whether so many bytes are free where `directory` is.
fn check_room(directory: &Path, needed: u64) -> Result<(), ViewsError> {
    match fs2::available_space(directory)? {
        free if free < needed => Err(ViewsError::NoRoom { free, needed }),
        _ => Ok(()),
    }
}

/// Tries whether what opening needs can be written beside `directory`: a quota may not let it.
fn try_room(directory: &Path) -> Result<(), ViewsError> {
    let probe = directory.with_extension("probe");
    let written = fs::write(&probe, vec![1; OPENING_BYTES]);
    // What is left of it, if anything, is overwritten by the next.
    let _ = fs::remove_file(&probe);
    Ok(written?)
}

#[cfg(test)]
mod tests;
