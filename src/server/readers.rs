//! Files that are for the server alone, and others can read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The permission bits of everybody but a file's owner.
pub(super) const GROUP_AND_OTHERS: u32 = 0o077;
/// The bit by which anybody on the machine can read a file.
pub(super) const ANYBODY_READS: u32 = 0o004;

/// Warns of a file whose mode has one of `bits`. One that is not there yet will be made right.
pub(super) fn warn_of_readers(path: &Path, bits: u32) {
    let mode = fs::metadata(path).map(|found| found.permissions().mode()).unwrap_or_default();
    if mode & bits != 0 {
        let (path, mode) = (path.display(), format!("{:o}", mode & 0o777));
        tracing::warn!(%path, mode, "others on this machine can read it: chmod -R go=");
    }
}
