//! How much of the disk the store takes.

use std::fs;
use std::io;
use std::path::Path;

/// Bytes on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The journal's files, what is set aside for records to come included.
    pub journal: u64,
    /// The files of the views.
    pub views: u64,
    /// What this user may still write beside them.
    pub free: u64,
}

/// How much the store in a directory takes, and what is free there.
///
/// # Errors
/// When the directory can't be read.
pub fn sizes(directory: &Path) -> io::Result<Sizes> {
    let room = rustix::fs::statvfs(directory)?;
    Ok(Sizes {
        journal: bytes_below(&directory.join("journal")),
        views: bytes_below(&directory.join("views")),
        free: room.f_bavail.saturating_mul(room.f_frsize),
    })
}

/// The bytes of all files below a directory. One that goes away meanwhile counts as nothing.
fn bytes_below(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_added_up_however_deep_they_lie() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("views/blobs");
        fs::create_dir_all(&deep).unwrap();
        fs::write(directory.path().join("views/db"), [0; 10]).unwrap();
        fs::write(deep.join("1"), [0; 32]).unwrap();
        let found = sizes(directory.path()).unwrap();
        assert_eq!((found.journal, found.views), (0, 42));
        assert!(found.free > 0);
    }
}
