//! The identity of views: which journal they belong to.

use super::error::ViewsError;
use super::keys;
use super::store::Store;
use crate::journal::StoreId;

/// The format of the views, raised with every change of rows or keys: views of another format are
/// discarded.
const FORMAT: &str = "slx views 15";

/// What a view must agree with to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The journal's store.
    pub store_id: StoreId,
    /// The digest of the time zone database its due instants were computed with, if the journal
    /// names none.
    pub time_zone_database: String,
    /// The journal's last sequence, which no view can have passed.
    pub last_sequence: u64,
}

impl Identity {
    /// Whether views are of this identity, and have not passed its journal.
    pub(super) fn fits(&self, store: &Store) -> bool {
        is_of_this_format(store)
            && is(store, keys::STORE, self.store_id.as_bytes())
            && (is(store, keys::ZONES, self.time_zone_database.as_bytes()) || has_adopted(store))
            && applied(store).is_ok_and(|applied| applied <= self.last_sequence)
    }

    /// Writes it into new views.
    pub(super) fn write(&self, store: &Store) -> Result<(), ViewsError> {
        store.insert(keys::FORMAT, FORMAT.as_bytes())?;
        store.insert(keys::STORE, self.store_id.as_bytes())?;
        store.insert(keys::ZONES, self.time_zone_database.as_bytes())
    }
}

/// Whether this slx can read the views at all.
pub(super) fn is_of_this_format(store: &Store) -> bool {
    is(store, keys::FORMAT, FORMAT.as_bytes())
}

fn has_adopted(store: &Store) -> bool {
    matches!(store.get(keys::ADOPTED), Ok(Some(_)))
}

fn is(store: &Store, key: &[u8], value: &[u8]) -> bool {
    matches!(store.get(key), Ok(Some(found)) if found.as_ref() == value)
}

/// The sequence up to which everything is applied.
pub(super) fn applied(store: &Store) -> Result<u64, ViewsError> {
    let kept = store.get(keys::APPLIED)?;
    Ok(kept.and_then(|bytes| bytes.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
}
