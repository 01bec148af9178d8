//! The free disk space that writing the views needs.

use std::fs;
use std::io;
use std::path::Path;

use super::error::ViewsError;

/// Opening writes a little: this much is tried whether it can be written.
const OPENING_BYTES: usize = 4 * 1024 * 1024;
/// Nothing is written to the views with less than this free. sled that once found no room fails
/// until it is opened again, at reads too; left alone in time, it goes on answering.
pub(super) const ROOM_TO_WRITE_BYTES: u64 = 16 * 1024 * 1024;
/// They are not opened again with less: they would soon have to stop again.
pub(super) const ROOM_TO_OPEN_BYTES: u64 = 24 * 1024 * 1024;

/// Looks whether so many bytes are free where `directory` is.
pub(super) fn check_room(directory: &Path, needed: u64) -> Result<(), ViewsError> {
    let free = available_bytes(directory)?;
    if free < needed { Err(ViewsError::NoRoom { free, needed }) } else { Ok(()) }
}

/// Bytes that anybody may still use of the file system that holds `directory`.
fn available_bytes(directory: &Path) -> io::Result<u64> {
    let room = rustix::fs::statvfs(directory)?;
    Ok(room.f_bavail.saturating_mul(room.f_frsize))
}

/// Tries whether what opening needs can be written beside `directory`: a quota may not let it.
pub(super) fn try_room(directory: &Path) -> Result<(), ViewsError> {
    let probe = directory.with_extension("probe");
    let written = fs::write(&probe, vec![1; OPENING_BYTES]);
    // What is left of it, if anything, is overwritten by the next.
    let _ = fs::remove_file(&probe);
    Ok(written?)
}
