//! The sled database, held so that whatever it does costs a rebuild at worst.
//!
//! sled 0.34 has been seen to panic and to hang over damaged files, at opening and when a damaged
//! page is first read. Here both are errors like any other.

use std::fs::File;
use std::ops::{RangeBounds, RangeInclusive};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use sled::IVec;

use super::error::ViewsError;

const CACHE_BYTES_DEFAULT: u64 = 32 << 20;
const FLUSH_MILLISECONDS: u64 = 1_000;
/// sled looks whether its pages take too much once those of a shard, of 256, were accessed 64 times
/// (its `lru.rs`). Where each is accessed once, 16,384 pages stay beyond what they may take, 130 MB
/// of them; where each is accessed so often, a fourth of that.
const ACCESSES_NOTICED: usize = 4;
/// The file that sled locks while it is open.
pub(super) const LOCKED_FILE: &str = "db";
/// How long a store that was just dropped may take to let go of its files.
const LET_GO_WITHIN: Duration = Duration::from_secs(5);
const LET_GO_POLL: Duration = Duration::from_millis(5);

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// How long it may show no sign of life.
    pub patience: Duration,
    /// Bytes of its pages that are kept in memory.
    pub cache_bytes: u64,
}

impl Opening {
    /// Opens within a time, to be read once.
    pub fn within(patience: Duration) -> Opening {
        Opening { patience, cache_bytes: CACHE_BYTES_DEFAULT }
    }
}

/// An open database. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Store {
    tree: sled::Tree,
    database: sled::Db,
    has_failed: Arc<AtomicBool>,
    written: Arc<Counters>,
}

/// How much was written to the views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteCount {
    /// Keys: rows that were written or removed.
    pub keys: u64,
    /// Bytes of these keys and rows.
    pub bytes: u64,
}

/// The same while it grows.
#[derive(Debug, Default)]
struct Counters {
    keys: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    fn add(&self, WriteCount { keys, bytes }: WriteCount) {
        self.keys.fetch_add(keys, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn read(&self) -> WriteCount {
        let (keys, bytes) = (&self.keys, &self.bytes);
        WriteCount { keys: keys.load(Ordering::Relaxed), bytes: bytes.load(Ordering::Relaxed) }
    }
}

impl WriteCount {
    fn add(&mut self, other: WriteCount) {
        self.keys += other.keys;
        self.bytes += other.bytes;
    }

    fn of_row(key: &[u8], row: &[u8]) -> WriteCount {
        WriteCount { keys: 1, bytes: (key.len() + row.len()) as u64 }
    }
}

/// Rows that are written in one step.
#[derive(Debug, Default)]
pub(super) struct Batch {
    rows: sled::Batch,
    written: WriteCount,
}

impl Batch {
    pub fn insert(&mut self, key: Vec<u8>, row: Vec<u8>) {
        self.written.add(WriteCount::of_row(&key, &row));
        self.rows.insert(key, row);
    }

    pub fn remove(&mut self, key: Vec<u8>) {
        self.written.add(WriteCount::of_row(&key, &[]));
        self.rows.remove(key);
    }
}

impl Store {
    /// Opens the database in `directory` and lets `check` look at it, on a thread of its own: one
    /// that shows no sign of life in time is given up.
    pub fn open(
        directory: &Path,
        Opening { patience, cache_bytes }: Opening,
        check: fn(&Store, &dyn Fn()) -> Result<(), ViewsError>,
    ) -> Result<Store, ViewsError> {
        let directory = directory.to_owned();
        let (sender, receiver) = mpsc::channel();
        let open = move || {
            // Nobody listens any more when the patience has ended.
            let is_alive = || drop(sender.send(None));
            wait_until_let_go(&directory, LET_GO_WITHIN.min(patience / 5));
            let opened = Store::open_here(&directory, cache_bytes);
            let checked = opened.and_then(|store| check(&store, &is_alive).map(|()| store));
            let _ = sender.send(Some(checked));
        };
        thread::Builder::new().name("views-open".to_owned()).spawn(open)?;
        loop {
            match receiver.recv_timeout(patience) {
                Ok(None) => {}
                Ok(Some(opened)) => return opened,
                Err(RecvTimeoutError::Timeout) => return Err(ViewsError::Hung(patience)),
                Err(RecvTimeoutError::Disconnected) => return Err(ViewsError::Panicked),
            }
        }
    }

    fn open_here(directory: &Path, cache_bytes: u64) -> Result<Store, ViewsError> {
        shielded(|| {
            let database = sled::Config::new()
                .path(directory)
                .cache_capacity(cache_bytes)
                .flush_every_ms(Some(FLUSH_MILLISECONDS))
                .mode(sled::Mode::HighThroughput)
                .use_compression(false)
                .open()?;
            // One tree, so that one batch is one step.
            let tree = database.open_tree("views")?;
            Ok(Store { tree, database, has_failed: Arc::default(), written: Arc::default() })
        })
    }

    pub fn get(&self, key: &[u8]) -> Result<Option<IVec>, ViewsError> {
        self.guard(|| {
            #[cfg(feature = "failpoints")]
            fail::fail_point!("views-get", |_| Err(sled::Error::Io(
                std::io::ErrorKind::Other.into()
            )));
            self.tree.get(key)
        })
    }

    /// The same of a row that is not read again soon, for those who read many from everywhere. Its
    /// page is accessed often enough for sled to notice that others have to go.
    pub fn get_in_passing(&self, key: &[u8]) -> Result<Option<IVec>, ViewsError> {
        for _ in 1..ACCESSES_NOTICED {
            self.get(key)?;
        }
        self.get(key)
    }

    pub fn insert(&self, key: &[u8], value: &[u8]) -> Result<(), ViewsError> {
        self.written.add(WriteCount::of_row(key, value));
        self.guard(|| self.tree.insert(key, value)).map(drop)
    }

    pub fn remove(&self, key: &[u8]) -> Result<(), ViewsError> {
        self.guard(|| self.tree.remove(key)).map(drop)
    }

    /// Rows in the order of their keys, up to the first that can't be read.
    pub fn range<R: RangeBounds<Vec<u8>>>(
        &self,
        keys: R,
    ) -> impl Iterator<Item = Result<(IVec, IVec), ViewsError>> + use<R> {
        let bounds = (keys.start_bound().cloned(), keys.end_bound().cloned());
        let mut rows = Some(self.tree.range::<Vec<u8>, _>(bounds));
        let store = self.clone();
        std::iter::from_fn(move || {
            let next = store.guard(|| rows.as_mut().and_then(Iterator::next).transpose());
            if next.is_err() {
                rows = None;
            }
            next.transpose()
        })
    }

    /// The last row of a range of keys.
    pub fn last(&self, keys: RangeInclusive<Vec<u8>>) -> Result<Option<(IVec, IVec)>, ViewsError> {
        self.guard(|| self.tree.range(keys).next_back().transpose())
    }

    pub fn apply(&self, batch: Batch) -> Result<(), ViewsError> {
        self.written.add(batch.written);
        self.guard(|| self.tree.apply_batch(batch.rows))
    }

    /// How much was written since it was opened.
    pub fn written(&self) -> WriteCount {
        self.written.read()
    }

    /// Hands everything written to the operating system.
    pub fn flush(&self) -> Result<(), ViewsError> {
        self.guard(|| self.database.flush()).map(drop)
    }

    /// Whether anything has gone wrong since it was opened.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    fn guard<T>(&self, work: impl FnOnce() -> sled::Result<T>) -> Result<T, ViewsError> {
        let result = shielded(work);
        if result.is_err() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// Waits while another store holds the files: sled writes on threads of its own, and those may
/// outlive the store by a moment. Opened meanwhile, the views would count as damaged.
fn wait_until_let_go(directory: &Path, within: Duration) {
    let began = Instant::now();
    while is_held(directory) && began.elapsed() < within {
        thread::sleep(LET_GO_POLL);
    }
}

/// Whether somebody has the files open.
pub(super) fn is_held(directory: &Path) -> bool {
    let lock = File::open(directory.join(LOCKED_FILE));
    lock.is_ok_and(|file| file.try_lock().is_err())
}

/// Makes a panic an error. What panicked may be left in any state: it holds no facts.
fn shielded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, ViewsError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Ok(result?),
        Err(_) => Err(ViewsError::Panicked),
    }
}
