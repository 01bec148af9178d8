//! What takes the rows of an export.

use std::io::Write;

use crate::codec::v1;

/// Where the bytes go.
pub(super) type Output = Box<dyn Write + Send>;

/// Takes rows and writes them in some format.
pub(super) trait Sink {
    /// Takes the next rows.
    fn write(&mut self, rows: Vec<v1::ClockRow>) -> anyhow::Result<()>;

    /// Writes what is left; `stamp` is what the rows rest on.
    fn finish(self: Box<Self>, stamp: v1::Stamp) -> anyhow::Result<()>;
}
