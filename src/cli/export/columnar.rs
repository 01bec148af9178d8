//! Rows as Parquet, a group at a time.

use anyhow::Context;
use parquet::basic::Compression;
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use prost::Message;
use prost_types::{Duration, Timestamp};

use super::columns::{COLUMNS, Column, Value};
use super::sink::{Output, Sink};
use crate::codec::scalar::{optional_instant, optional_span};
use crate::codec::v1::{ClockRow, Stamp};
use crate::domain::time::Instant;

/// A group is held in memory before it is written.
const ROWS_PER_GROUP: usize = 16 * 1024;
const BYTES_PER_GROUP: usize = 16 * 1024 * 1024;

/// Writes rows as Parquet: plain columns, compressed, texts by dictionaries.
pub(super) struct Columnar {
    writer: SerializedFileWriter<Output>,
    rows: Vec<ClockRow>,
    bytes: usize,
}

impl Columnar {
    pub fn begin(output: Output) -> anyhow::Result<Columnar> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = properties.set_created_by(format!("slx {}", env!("CARGO_PKG_VERSION")));
        let schema = parse_message_type(&schema()).context("the schema")?;
        let writer = SerializedFileWriter::new(output, schema.into(), properties.build().into())?;
        Ok(Columnar { writer, rows: Vec::new(), bytes: 0 })
    }

    fn write_group(&mut self) -> anyhow::Result<()> {
        let mut group = self.writer.next_row_group()?;
        for column in &COLUMNS {
            let mut writer = group.next_column()?.context("a column too many")?;
            write_column(column, &self.rows, &mut writer)?;
            writer.close()?;
        }
        group.close()?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

impl Sink for Columnar {
    fn write(&mut self, rows: Vec<ClockRow>) -> anyhow::Result<()> {
        for row in rows {
            self.bytes += row.encoded_len();
            self.rows.push(row);
            if self.rows.len() >= ROWS_PER_GROUP || self.bytes >= BYTES_PER_GROUP {
                self.write_group()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, stamp: Stamp) -> anyhow::Result<()> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        for (key, value) in [
            ("slx.sequence", stamp.sequence.to_string()),
            ("slx.as_of_time", shown(stamp.as_of_time)),
            ("slx.known_time", shown(stamp.known_time)),
        ] {
            self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        self.writer.close()?;
        Ok(())
    }
}

fn schema() -> String {
    let columns = COLUMNS.iter().map(|column| {
        let (kind, note) = match column.value {
            Value::Text(_) | Value::Word(_) => ("REQUIRED BYTE_ARRAY", " (STRING)"),
            Value::Number(_) => ("REQUIRED INT32", ""),
            Value::Span(_) => ("REQUIRED INT64", ""),
            Value::Time(_) => ("OPTIONAL INT64", " (TIMESTAMP(MICROS, true))"),
        };
        format!("{kind} {}{note};", column.name("nanos"))
    });
    format!("message clock {{ {} }}", columns.collect::<Vec<_>>().join(" "))
}

fn write_column(
    column: &Column,
    rows: &[ClockRow],
    writer: &mut SerializedColumnWriter<'_>,
) -> anyhow::Result<()> {
    match column.value {
        Value::Text(text) => {
            let texts = rows.iter().map(|row| ByteArray::from(text(row)));
            all::<ByteArrayType>(writer.typed(), texts)
        }
        Value::Word(word) => {
            let words = rows.iter().map(|row| ByteArray::from(word(row).into_bytes()));
            all::<ByteArrayType>(writer.typed(), words)
        }
        Value::Number(number) => all::<Int32Type>(writer.typed(), rows.iter().map(number)),
        Value::Span(span) => {
            all::<Int64Type>(writer.typed(), rows.iter().map(|row| nanos(span(row))))
        }
        Value::Time(time) => {
            let times: Vec<_> = rows.iter().map(|row| micros(time(row))).collect();
            let present: Vec<_> = times.iter().copied().flatten().collect();
            let levels: Vec<_> = times.iter().map(|time| i16::from(time.is_some())).collect();
            writer.typed::<Int64Type>().write_batch(&present, Some(&levels), None)?;
            Ok(())
        }
    }
}

fn all<T: DataType>(
    writer: &mut ColumnWriterImpl<'_, T>,
    values: impl Iterator<Item = T::T>,
) -> anyhow::Result<()> {
    writer.write_batch(&values.collect::<Vec<_>>(), None, None)?;
    Ok(())
}

fn nanos(duration: Option<Duration>) -> i64 {
    optional_span(duration).ok().flatten().unwrap_or_default().nanos()
}

fn instant(time: Option<Timestamp>) -> Option<Instant> {
    optional_instant(time).ok().flatten()
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    instant(time).map(|instant| instant.nanos() / 1_000)
}

fn shown(time: Option<Timestamp>) -> String {
    instant(time).map(|instant| instant.to_string()).unwrap_or_default()
}
