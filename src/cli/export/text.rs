//! Rows as CSV.

use std::io;

use prost_types::{Duration, Timestamp};

use super::columns::{COLUMNS, Column, Value};
use super::sink::{Output, Sink};
use crate::codec::scalar::{optional_instant, optional_span};
use crate::codec::v1::{ClockRow, Stamp};
use crate::domain::decimal::Decimal;

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
            let names = COLUMNS.map(|column| column.name("seconds"));
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
                .write_record(COLUMNS.iter().map(|column| cell(column, row)))
                .map_err(shown)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: Stamp) -> anyhow::Result<()> {
        self.names()?;
        Ok(self.writer.flush()?)
    }
}

fn cell(column: &Column, row: &ClockRow) -> String {
    match column.value {
        Value::Text(text) => text(row).to_owned(),
        Value::Word(word) => word(row),
        Value::Number(number) => number(row).to_string(),
        Value::Span(span) => seconds(span(row)),
        Value::Time(time) => rfc_3339(time(row)),
    }
}

/// `14400`, with decimals only where there are any.
fn seconds(duration: Option<Duration>) -> String {
    let span = optional_span(duration).ok().flatten().unwrap_or_default();
    Decimal::new(span.nanos(), 9).to_string()
}

fn rfc_3339(time: Option<Timestamp>) -> String {
    let instant = optional_instant(time).ok().flatten();
    instant.map(|instant| instant.to_string()).unwrap_or_default()
}

/// What went wrong. That a reader is gone must be seen as such.
fn shown(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => io::Error::other(format!("{other:?}")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_only_the_decimals_they_need() {
        let shown = |seconds_, nanos| seconds(Some(Duration { seconds: seconds_, nanos }));
        assert_eq!(shown(14_400, 0), "14400");
        assert_eq!(shown(0, 250_000_000), "0.25");
        assert_eq!(shown(-1, -1), "-1.000000001");
    }
}
