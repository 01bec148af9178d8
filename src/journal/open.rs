//! Opening a journal to write: the lock, the last segment, the torn tail.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::chain::Chain;
use super::disk::{Disk, FileSystem, write_zeros};
use super::error::{Damage, FileError, Flaw, OpenError};
use super::hash::ChainHash;
use super::joints;
use super::scan::Scan;
use super::segment::{self, SegmentHeader};
use super::store_id::StoreId;
use super::tail::Tail;
use super::writer::{Place, Syncing, Writer};
use crate::domain::time::Instant;

/// The usual size of a segment: 64 MiB.
pub const SEGMENT_BYTES_DEFAULT: u64 = 64 << 20;

/// A journal in a directory; see the module's page.
#[derive(Clone, Copy, Debug)]
pub struct Journal;

/// How to open a journal.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The size set aside for each new segment. A commit that needs more gets a larger one.
    pub segment_bytes: u64,
    /// The id of the store, should this be a new one: 16 random bytes.
    pub new_store_id: StoreId,
    /// What is known from elsewhere to have been durable: a journal that holds less is damaged.
    pub durable: Option<Durable>,
    /// Whether the journal itself must outlive a cut of the power.
    pub syncing: Syncing,
}

/// A record that is known to have been durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durable {
    /// The store it was recorded in.
    pub store_id: StoreId,
    /// Its sequence.
    pub sequence: u64,
}

/// An open journal.
#[derive(Debug)]
pub struct Opened {
    /// Writes behind what the journal holds; the lock is held as long as it lives.
    pub writer: Writer,
    /// What was found.
    pub report: Report,
}

/// What was found when a journal was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The store's id, given when it was created.
    pub store_id: StoreId,
    /// The sequence of the last record; 0 when there is none.
    pub last_sequence: u64,
    /// The record time of the last record.
    pub last_record_time: Option<Instant>,
    /// The journal's head.
    pub head: ChainHash,
    /// What a crash had left of a commit under way, and is now gone.
    pub cut: Option<TornTail>,
}

/// What a crash left of a commit that was never acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment's file.
    pub segment: PathBuf,
    /// Where in the file the torn part begins.
    pub offset: u64,
    /// How long it is, up to its last byte that is not zero.
    pub bytes: u64,
}

impl Journal {
    /// Opens the journal in `directory` to write, and creates it if there is none.
    ///
    /// The last segment is read and checked; of those before it only the headers and the ends,
    /// which shows what is cut off or missing, whatever the journal's length. What was changed
    /// further back is found by [`Reader`](super::Reader) and [`verify`](super::verify).
    pub fn open(directory: &Path, options: Options) -> Result<Opened, OpenError> {
        open_on(Arc::new(FileSystem), directory, options)
    }
}

/// Opens a journal on the given disk.
pub(super) fn open_on(
    disk: Arc<dyn Disk>,
    directory: &Path,
    options: Options,
) -> Result<Opened, OpenError> {
    fs::create_dir_all(directory).map_err(FileError::of(directory))?;
    let lock = lock(directory)?;
    segment::discard_blank(directory);
    let last = last_segment(&*disk, directory, &options)?;
    joints::check(directory)?;
    let mut scan = Scan::open(directory, last)?;
    while scan.next(true)?.is_some() {}
    check_durable(&scan, options.durable)?;
    let place = place(&scan)?;
    let cut = cut_torn_tail(&*disk, &scan, &place, options.syncing)?;
    make_durable(&*disk, directory, &scan, &place)?;
    let report = report(&scan, cut);
    let segments = (options.segment_bytes, options.syncing);
    let writer = Writer::new(disk, directory, segments, scan.header().store_id, place, lock);
    Ok(Opened { writer, report })
}

pub(super) fn check_durable(scan: &Scan, durable: Option<Durable>) -> Result<(), Damage> {
    let is_short = |durable: &Durable| {
        durable.store_id == scan.header().store_id && durable.sequence > scan.head().sequence
    };
    match durable.filter(is_short) {
        Some(Durable { sequence, .. }) => Err(scan.damage(Flaw::EndsBefore { sequence })),
        None => Ok(()),
    }
}

fn sync_parent(disk: &dyn Disk, directory: &Path) -> Result<(), FileError> {
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    disk.sync_directory(parent).map_err(FileError::of(parent))
}

pub(super) fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join("lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(FileError::of(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(FileError::of(&path)(error).into()),
    }
}

/// The first sequence of the last segment, which is created if there is none at all.
fn last_segment(disk: &dyn Disk, directory: &Path, options: &Options) -> Result<u64, OpenError> {
    let segments = segment::list(directory)?;
    match (segments.first(), segments.last()) {
        (Some(1), Some(last)) => Ok(*last),
        // What was recorded is gone, and not to be buried under a new journal.
        _ if options.durable.is_some_and(|durable| durable.sequence > 0) => {
            Err(first_segment_missing(directory).into())
        }
        (Some(_), _) => Err(first_segment_missing(directory).into()),
        _ => {
            let header = SegmentHeader::new(options.new_store_id, Chain::START);
            segment::create_blank(disk, directory, options.segment_bytes)
                .and_then(|blank| segment::publish(disk, directory, &blank, &header))
                .and_then(|()| disk.sync_directory(directory))
                .map_err(FileError::of(directory))?;
            Ok(header.first_sequence())
        }
    }
}

/// Says that the segment with the first record is not there.
pub(super) fn first_segment_missing(directory: &Path) -> Damage {
    let segment = segment::path(directory, 1);
    Damage { segment, offset: 0, sequence: 1, flaw: Flaw::Missing }
}

/// Where to write on.
fn place(scan: &Scan) -> Result<Place, FileError> {
    let path = scan.path().to_owned();
    let file = OpenOptions::new().read(true).write(true).open(&path);
    let file = file.map_err(FileError::of(&path))?;
    let capacity = file.metadata().map_err(FileError::of(&path))?.len();
    let (begin, end) = (scan.header().bytes(), scan.offset());
    Ok(Place { path, file, capacity, begin, end, chain: scan.chain().clone() })
}

fn cut_torn_tail(
    disk: &dyn Disk,
    scan: &Scan,
    place: &Place,
    syncing: Syncing,
) -> Result<Option<TornTail>, OpenError> {
    let bytes = match (scan.tail()?, syncing) {
        (Tail::Unwritten, _) => return Ok(None),
        (Tail::Damaged, Syncing::EachCommit) => return Err(scan.damage(Flaw::Unreadable).into()),
        // Commits that were never synced reach the disk in any order.
        (Tail::Damaged, Syncing::EachSegment) => place.capacity.saturating_sub(place.end),
        (Tail::Torn { bytes }, _) => bytes,
    };
    write_zeros(disk, &place.file, place.end, place.end + bytes)
        .and_then(|()| disk.sync(&place.file))
        .map_err(FileError::of(&place.path))?;
    Ok(Some(TornTail { segment: place.path.clone(), offset: place.end, bytes }))
}

/// Makes durable what a crash may have left in memory only: the last commit and the names of the
/// files. Whoever learns that a record is there takes it as acknowledged.
///
/// The commit is written again before it is synced: if a sync of it failed, the system may take
/// its pages for written, and another sync would do nothing.
fn make_durable(
    disk: &dyn Disk,
    directory: &Path,
    scan: &Scan,
    place: &Place,
) -> Result<(), FileError> {
    scan.last_commit()
        .and_then(|(frames, offset)| disk.write_at(&place.file, &frames, offset))
        .and_then(|()| disk.sync(&place.file))
        .map_err(FileError::of(&place.path))?;
    disk.sync_directory(directory).map_err(FileError::of(directory))?;
    sync_parent(disk, directory)
}

fn report(scan: &Scan, cut: Option<TornTail>) -> Report {
    let Chain { head, tree } = scan.chain();
    Report {
        store_id: scan.header().store_id,
        last_sequence: head.sequence,
        last_record_time: (head.sequence > 0).then_some(head.record_time),
        head: tree.root(),
        cut,
    }
}
