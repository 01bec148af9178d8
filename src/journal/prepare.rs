//! Makes the next segment ahead of time, so that no commit waits for it to be filled with zeros.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use super::disk::Disk;
use super::segment;

/// A segment smaller than this is made at once when it is needed: the wait is short.
const PREPARED_BYTES_MIN: u64 = 1 << 20;

/// A blank segment in the making, on a thread of its own.
#[derive(Debug)]
pub(super) struct Preparation {
    directory: PathBuf,
    bytes: u64,
    blank: Option<JoinHandle<io::Result<File>>>,
}

impl Preparation {
    /// Will make segments of `bytes`; nothing is begun yet.
    pub fn new(directory: &Path, bytes: u64) -> Preparation {
        Preparation { directory: directory.to_owned(), bytes, blank: None }
    }

    /// Begins, unless it has begun. If this fails, the segment is made when it is needed.
    pub fn begin(&mut self, disk: &Arc<dyn Disk>) {
        if self.blank.is_some() || self.bytes < PREPARED_BYTES_MIN {
            return;
        }
        let (disk, directory, bytes) = (Arc::clone(disk), self.directory.clone(), self.bytes);
        let make = move || segment::create_blank(&*disk, &directory, bytes);
        self.blank = Builder::new().name("slx-segment".to_owned()).spawn(make).ok();
    }

    /// A blank segment with room for `bytes`, and its size: the prepared one if it is large enough,
    /// else one made now.
    pub fn blank(&mut self, disk: &dyn Disk, bytes: u64) -> io::Result<(File, u64)> {
        let prepared = self.blank.take().and_then(|thread| thread.join().ok());
        match prepared {
            Some(Ok(file)) if bytes <= self.bytes => Ok((file, self.bytes)),
            _ => {
                let bytes = bytes.max(self.bytes);
                Ok((segment::create_blank(disk, &self.directory, bytes)?, bytes))
            }
        }
    }
}

impl Drop for Preparation {
    /// Waits for the thread: it must not write to a file that the next writer may be making.
    fn drop(&mut self) {
        if let Some(thread) = self.blank.take() {
            let _ = thread.join();
            segment::discard_blank(&self.directory);
        }
    }
}
