//! The file of rows that could not be taken.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::mapping::{Reject, RejectedRow};

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
