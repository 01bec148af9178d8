//! Tables that are pulled over Arrow Flight, into files of CSV or Parquet.

use std::io::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::sink::Output;
use super::text::shown;
use crate::codec::tables::UNIT;
use crate::domain::decimal::Decimal;
use crate::domain::time::Instant;

/// Takes record batches and writes them in some format.
pub(super) enum Pulled {
    Csv(Box<csv::Writer<Output>>),
    Parquet(Box<ArrowWriter<Output>>),
}

impl Pulled {
    /// Begins a file of Parquet: what the rows rest on goes into its metadata.
    pub fn parquet(schema: &Schema, output: Output) -> anyhow::Result<Pulled> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("slx {}", env!("CARGO_PKG_VERSION")));
        let writer = ArrowWriter::try_new(output, schema.clone().into(), Some(properties.build()))?;
        Ok(Pulled::Parquet(Box::new(writer)))
    }

    /// Begins a file of CSV, with the names of the columns.
    pub fn csv(schema: &Schema, output: Output) -> anyhow::Result<Pulled> {
        let mut writer = csv::Writer::from_writer(output);
        writer.write_record(schema.fields().iter().map(|field| name(field))).map_err(shown)?;
        Ok(Pulled::Csv(Box::new(writer)))
    }

    pub fn write(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        match self {
            Pulled::Parquet(writer) => writer.write(batch)?,
            Pulled::Csv(writer) => {
                let schema = batch.schema();
                for row in 0..batch.num_rows() {
                    let columns = schema.fields().iter().zip(batch.columns());
                    let cells = columns.map(|(field, column)| text(field, column, row));
                    writer.write_record(cells).map_err(shown)?;
                }
            }
        }
        Ok(())
    }

    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Pulled::Parquet(writer) => Ok(writer.into_inner()?.flush()?),
            Pulled::Csv(mut writer) => Ok(writer.flush()?),
        }
    }
}

fn is_span(field: &Field) -> bool {
    field.metadata().get(UNIT).is_some_and(|unit| unit == "nanoseconds")
}

/// Spans are seconds in CSV.
fn name(field: &Field) -> String {
    match field.name().strip_suffix("_nanos").filter(|_| is_span(field)) {
        Some(name) => format!("{name}_seconds"),
        None => field.name().clone(),
    }
}

/// A value as CSV has it; empty: none.
fn text(field: &Field, column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    match field.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => match column.as_primitive::<Int64Type>().value(row) {
            nanos if is_span(field) => Decimal::new(nanos, 9).to_string(),
            number => number.to_string(),
        },
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Decimal128(_, places) => {
            let units = column.as_primitive::<Decimal128Type>().value(row);
            Decimal::new(units, places.unsigned_abs()).to_string()
        }
        DataType::Timestamp(..) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            let time = Instant::from_nanos(micros.saturating_mul(1_000));
            time.map(|time| time.to_string()).unwrap_or_default()
        }
        DataType::List(_) => {
            let list = column.as_list::<i32>().value(row);
            list.as_string::<i32>().iter().flatten().collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}
