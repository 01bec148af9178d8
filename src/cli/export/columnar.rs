//! Rows as Parquet, a group at a time.

use std::io::Write;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use prost::Message;
use prost_types::Timestamp;

use super::sink::{Output, Sink};
use crate::codec::scalar::optional_instant;
use crate::codec::tables::CLOCKS;
use crate::codec::v1::{ClockRow, Stamp};

/// A group is held in memory, encoded, before it is written.
const ROWS_PER_GROUP: usize = 128 * 1024;
const BYTES_PER_GROUP: usize = 16 * 1024 * 1024;
/// Rows that are encoded at once.
const ROWS_AT_ONCE: usize = 1024;
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// Writes rows as Parquet: plain columns, compressed, texts by dictionaries.
pub(super) struct Columnar<W: Write + Send = Output> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
    rows: Vec<ClockRow>,
    bytes: usize,
}

impl<W: Write + Send> Columnar<W> {
    pub fn begin(output: W) -> anyhow::Result<Columnar<W>> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("slx {}", env!("CARGO_PKG_VERSION")))
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .set_max_row_group_bytes(Some(BYTES_PER_GROUP));
        let (schema, properties) = (Arc::new(CLOCKS.schema()), properties.build());
        let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties))?;
        Ok(Columnar { writer, schema, rows: Vec::new(), bytes: 0 })
    }

    /// Takes the next row.
    pub fn add(&mut self, row: ClockRow) -> anyhow::Result<()> {
        self.bytes += row.encoded_len();
        self.rows.push(row);
        match self.rows.len() >= ROWS_AT_ONCE || self.bytes >= BYTES_AT_ONCE {
            true => self.encode(),
            false => Ok(()),
        }
    }

    /// Bytes that it holds in memory, about.
    pub fn bytes_held(&self) -> usize {
        self.bytes + self.writer.memory_size()
    }

    /// Writes what it holds.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.encode()?;
        Ok(self.writer.flush()?)
    }

    /// Writes what is left, and what the rows rest on; returns where it was written to.
    pub fn close(mut self, stamp: &Stamp) -> anyhow::Result<W> {
        self.encode()?;
        for (key, value) in [
            ("slx.sequence", stamp.sequence.to_string()),
            ("slx.as_of_time", shown(stamp.as_of_time)),
            ("slx.known_time", shown(stamp.known_time)),
        ] {
            self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        Ok(self.writer.into_inner()?)
    }

    fn encode(&mut self) -> anyhow::Result<()> {
        if !self.rows.is_empty() {
            self.writer.write(&CLOCKS.batch(&self.schema, &self.rows, None)?)?;
            self.rows.clear();
            self.bytes = 0;
        }
        Ok(())
    }
}

impl Sink for Columnar {
    fn write(&mut self, rows: Vec<ClockRow>) -> anyhow::Result<()> {
        rows.into_iter().try_for_each(|row| self.add(row))
    }

    fn finish(self: Box<Self>, stamp: Stamp) -> anyhow::Result<()> {
        Ok(self.close(&stamp)?.flush()?)
    }
}

fn shown(time: Option<Timestamp>) -> String {
    let instant = optional_instant(time).ok().flatten();
    instant.map(|instant| instant.to_string()).unwrap_or_default()
}
