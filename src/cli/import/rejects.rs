//! Rows that could not be taken.

use std::fs::File;
use std::io::Write;
use std::path::Path;

/// A row that could not be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Reject {
    /// The line it begins on.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// A rejected row, as it stands in the file.
#[derive(Clone, Debug)]
pub(in crate::cli) struct RejectedRow {
    pub reject: Reject,
    pub row: String,
}

/// Writes rejected rows as CSV, each with its line and the reason.
pub(super) fn write_rejects(path: &Path, rejects: &[RejectedRow]) -> anyhow::Result<()> {
    let mut file = csv::Writer::from_writer(File::create(path)?);
    file.write_record(["line", "reason", "row"])?;
    for RejectedRow { reject: Reject { line, reason }, row } in rejects {
        file.write_record([line.to_string().as_str(), reason, row])?;
    }
    file.into_inner().map_err(|error| error.into_error())?.flush()?;
    Ok(())
}
