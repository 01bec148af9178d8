//! A disk that fails when a test wants it to.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Mutex;

use super::disk::{Disk, FileSystem};

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Write,
    Sync,
    Rename,
    SyncDirectory,
}

/// The operating system's disk, but for the violations that were planned.
#[derive(Debug, Default)]
pub(super) struct FaultyDisk {
    faults: Mutex<Vec<Fault>>,
}

#[derive(Debug)]
struct Fault {
    operation: Operation,
    passing: u32,
    kind: ErrorKind,
}

impl FaultyDisk {
    /// Fails, once, the operation of this kind that comes after `passing` more of them.
    pub fn fail(&self, operation: Operation, passing: u32, kind: ErrorKind) {
        self.faults.lock().unwrap().push(Fault { operation, passing, kind });
    }

    fn pass(&self, operation: Operation) -> io::Result<()> {
        let mut faults = self.faults.lock().unwrap();
        let Some(at) = faults.iter().position(|fault| fault.operation == operation) else {
            return Ok(());
        };
        if faults[at].passing == 0 {
            return Err(faults.remove(at).kind.into());
        }
        faults[at].passing -= 1;
        Ok(())
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        self.pass(Operation::Create)?;
        FileSystem.create(path)
    }

    /// A write that fails has written half.
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        let passed = self.pass(Operation::Write);
        let length = if passed.is_ok() { bytes.len() } else { bytes.len() / 2 };
        FileSystem.write_at(file, &bytes[..length], offset)?;
        passed
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.pass(Operation::Sync)?;
        FileSystem.sync(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass(Operation::Rename)?;
        FileSystem.rename(from, to)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.pass(Operation::SyncDirectory)?;
        FileSystem.sync_directory(path)
    }
}
