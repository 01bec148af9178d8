//! Opening the views, whatever became of their files, and closing them.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{fs, io};

use super::disk_space::{ROOM_TO_OPEN_BYTES, check_room, try_room};
use super::error::ViewsError;
use super::identity::{Identity, applied, is_of_this_format};
use super::keys;
use super::read::Views;
use super::store::{Opening, Store, is_held};
use super::write::Writing;
use crate::journal::StoreId;

const ROWS_PER_SIGN_OF_LIFE: usize = 10_000;
/// Recording waits while views are opened again, so a store that hangs is given up soon.
const REOPENED_WITHIN: Duration = Duration::from_secs(10);

/// Views as they were found, before it is known whether they belong to the journal.
#[derive(Debug)]
pub struct Found {
    directory: PathBuf,
    opening: Opening,
    store: Option<Store>,
}

impl Views {
    /// Looks for views in `directory`. Those that don't open in time, or, unless they were left
    /// in good order, can't all be read, count as none.
    pub fn find(directory: &Path, opening: Opening) -> Found {
        let store = directory.is_dir().then(|| Store::open(directory, opening, check_unless_clean));
        let store = store.and_then(|opened| {
            opened.inspect_err(|error| tracing::warn!(%error, "views put aside")).ok()
        });
        Found { directory: directory.to_owned(), opening, store }
    }

    /// Whether a server has the views in `directory` open.
    pub fn are_in_use(directory: &Path) -> bool {
        is_held(directory)
    }

    /// Opens them again after they failed, as far as they got then. Nobody may be reading. Nothing
    /// is written: a store whose disk fails may keep a writer for ever.
    pub fn reopen(&self) -> Result<(), ViewsError> {
        check_room(&self.directory, ROOM_TO_OPEN_BYTES)?;
        try_room(&self.directory)?;
        let mut store = self.store.write();
        self.times_reopened.fetch_add(1, Ordering::Relaxed);
        // The old one holds a lock on the files.
        *store = None;
        let patience = self.opening.patience.min(REOPENED_WITHIN);
        let opening = Opening { patience, ..self.opening };
        let opened = Store::open(&self.directory, opening, |_, _| Ok(()))?;
        let is_ours =
            opened.get(keys::STORE)?.is_some_and(|id| id.as_ref() == self.store_id.as_bytes());
        if !is_ours {
            return Err(ViewsError::Closed);
        }
        *store = Some(opened);
        Ok(())
    }

    /// How often they were opened again.
    pub fn times_reopened(&self) -> u64 {
        self.times_reopened.load(Ordering::Relaxed)
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
    /// None in the same place: they count as damaged.
    pub fn anew(&self) -> Found {
        Found { directory: self.directory.clone(), opening: self.opening, store: None }
    }

    /// What the views prove to have been durable: a store's id and a sequence.
    pub fn durable(&self) -> Option<(StoreId, u64)> {
        let store = self.store.as_ref().filter(|store| is_of_this_format(store))?;
        let store_id: [u8; 16] = store.get(keys::STORE).ok()??.as_ref().try_into().ok()?;
        Some((store_id.into(), applied(store).ok()?))
    }

    /// The views, if they are of `identity`, hold all of its journal and were closed in good order.
    pub fn complete(self, identity: &Identity) -> Result<Views, ViewsError> {
        let Found { directory, opening, store } = self;
        let store = store.ok_or(ViewsError::NotLeftSo("they are missing or damaged"))?;
        if !identity.fits(&store) {
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
        Ok(Views::new(directory, opening, identity.store_id, store))
    }

    /// The views, if they are of `identity`; else new ones, and these are put aside.
    pub fn of(self, identity: &Identity) -> Result<Views, ViewsError> {
        let Found { directory, opening, store } = self;
        let is_usable = |store: &Store| identity.fits(store) && catch_up(&directory, store);
        let store = match store.filter(is_usable) {
            Some(store) => {
                store.remove(keys::CLEAN)?;
                store
            }
            None => {
                tracing::info!("the views are missing, damaged or of another making: new ones");
                put_aside(&directory)?;
                create(&directory, opening, identity)?
            }
        };
        Ok(Views::new(directory, opening, identity.store_id, store))
    }
}

fn create(directory: &Path, opening: Opening, identity: &Identity) -> Result<Store, ViewsError> {
    let store = Store::open(directory, opening, |_, _| Ok(()))?;
    identity.write(&store)?;
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
        if at % ROWS_PER_SIGN_OF_LIFE == 0 {
            is_alive();
        }
    }
    Ok(())
}

/// Adds up tally buckets that a crash left behind; false: they can't be.
fn catch_up(directory: &Path, store: &Store) -> bool {
    let caught_up = Writing::new(directory.to_owned(), store.clone()).catch_up_tallies();
    caught_up.inspect_err(|error| tracing::warn!(%error, "views put aside")).is_ok()
}
