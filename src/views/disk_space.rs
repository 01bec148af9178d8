//! How much room there must be on the disk for views to be written.

use std::fs;
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
    match fs2::available_space(directory)? {
        free if free < needed => Err(ViewsError::NoRoom { free, needed }),
        _ => Ok(()),
    }
}

/// Tries whether what opening needs can be written beside `directory`: a quota may not let it.
pub(super) fn try_room(directory: &Path) -> Result<(), ViewsError> {
    let probe = directory.with_extension("probe");
    let written = fs::write(&probe, vec![1; OPENING_BYTES]);
    // What is left of it, if anything, is overwritten by the next.
    let _ = fs::remove_file(&probe);
    Ok(written?)
}
