//! Rows as CSV.

use std::io;

use super::sink::{Output, Sink};
use crate::codec::tables::CLOCKS;
use crate::codec::v1::{ClockRow, Stamp};

/// Writes rows as CSV (RFC 4180), below a line of the columns' names.
pub(super) struct Csv {
    writer: csv::Writer<Output>,
    /// Whether the names of the columns are written: not before there is an answer.
    has_names: bool,
}

impl Csv {
    pub fn begin(output: Output) -> Csv {
        Csv { writer: csv::Writer::from_writer(output), has_names: false }
    }

    fn names(&mut self) -> anyhow::Result<()> {
        if !std::mem::replace(&mut self.has_names, true) {
            let names = CLOCKS.columns.iter().map(|column| column.name("seconds"));
            self.writer.write_record(names).map_err(shown)?;
        }
        Ok(())
    }
}

impl Sink for Csv {
    fn write(&mut self, rows: Vec<ClockRow>) -> anyhow::Result<()> {
        self.names()?;
        for row in &rows {
            self.writer
                .write_record(CLOCKS.columns.iter().map(|column| column.cell.shown(row)))
                .map_err(shown)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: Stamp) -> anyhow::Result<()> {
        self.names()?;
        Ok(self.writer.flush()?)
    }
}

/// What went wrong. That a reader is gone must be seen as such.
pub(super) fn shown(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => io::Error::other(format!("{other:?}")).into(),
    }
}
