//! Files that appear under their names once they are whole.

use std::fs::Permissions;
use std::io::{self, BufWriter};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

use super::sink::Output;

/// A file in a directory, under a name of its own until it is [kept](keep).
pub(super) fn beside(directory: &Path) -> io::Result<NamedTempFile> {
    // As readable as the user's other files.
    let open_to_others = Permissions::from_mode(0o666);
    tempfile::Builder::new().permissions(open_to_others).tempfile_in(directory)
}

/// A file for a path, beside it until it is [kept](keep), and what writes into it.
pub(super) fn begin(path: &Path) -> io::Result<(NamedTempFile, Output)> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let file = beside(directory.unwrap_or(Path::new(".")))?;
    let output = Box::new(BufWriter::new(file.as_file().try_clone()?));
    Ok((file, output))
}

/// Gives a file its name, once what is in it is on the disk.
pub(super) fn keep(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
