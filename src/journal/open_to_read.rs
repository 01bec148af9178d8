//! Opening a journal that is not to change: nothing of it is created, cut or written again.

use std::fs::File;
use std::path::Path;

use super::error::{Flaw, OpenError};
use super::joints;
use super::log::LogPosition;
use super::open::{Durable, check_durable, first_segment_missing, lock};
use super::scan::Scan;
use super::segment;
use super::store_id::StoreId;
use super::tail::Tail;

/// A journal that nobody writes to as long as this lives.
#[derive(Debug)]
pub struct Unchanging {
    /// The store's id.
    pub store_id: StoreId,
    /// Where its last record that counts ends.
    pub end: LogPosition,
    /// Bytes that a crash left of a commit that was never acknowledged. They stay where they are.
    pub torn_bytes: u64,
    _lock: File,
}

impl Unchanging {
    /// Opens the journal in `directory`, which must be there. It is checked as one that is opened
    /// to
    /// be written, and locked like it.
    pub fn open(directory: &Path, durable: Option<Durable>) -> Result<Unchanging, OpenError> {
        let segments = match directory.is_dir() {
            true => segment::list(directory)?,
            false => Vec::new(),
        };
        let last = match (segments.first(), segments.last()) {
            (Some(1), Some(last)) => *last,
            (Some(_), _) => return Err(first_segment_missing(directory).into()),
            _ => return Err(OpenError::Missing(directory.to_owned())),
        };
        let lock = lock(directory)?;
        joints::check(directory)?;
        let mut scan = Scan::open(directory, last)?;
        while scan.next(true)?.is_some() {}
        check_durable(&scan, durable)?;
        let torn_bytes = match scan.tail()? {
            Tail::Unwritten => 0,
            Tail::Damaged => return Err(scan.damage(Flaw::Unreadable).into()),
            Tail::Torn { bytes } => bytes,
        };
        let (store_id, end) = (scan.header().store_id, LogPosition::from(scan.chain()));
        Ok(Unchanging { store_id, end, torn_bytes, _lock: lock })
    }
}
