//! Holds docs/pipelines.md and docs/export.md to the tables.
//!
//! `SLX_WRITE_TABLES=1` writes what the first says of columns anew.

use std::fmt::Write as _;

use arrow_schema::{DataType, Field, TimeUnit};

use super::names::TableName;
use crate::codec::tables::{CLOCKS, Cell, DESCRIPTION, KEY, UNIT};

const PIPELINES: &str = "docs/pipelines.md";
const BEGIN: &str =
    "<!-- The tables, as the code says them: SLX_WRITE_TABLES=1 cargo test documented -->\n";

/// A type in the words of pyarrow.
fn word(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 => "string",
        DataType::List(_) => "list of string",
        DataType::Boolean => "bool",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::Float64 => "double",
        DataType::Decimal128(18, 4) => "decimal128(18, 4)",
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "timestamp(us, UTC)",
        other => panic!("{other} has no word"),
    }
}

fn line(field: &Field) -> String {
    let notes = field.metadata();
    let unit = match notes.get(UNIT).map(String::as_str) {
        None | Some("microseconds" | "percent") => String::new(),
        Some(unit) => format!(", {unit}"),
    };
    let null = if field.is_nullable() { " or null" } else { "" };
    let key = if notes.contains_key(KEY) { " (key)" } else { "" };
    let (name, meaning) = (field.name(), &notes[DESCRIPTION]);
    format!("| `{name}`{key} | {}{unit}{null} | {meaning} |\n", word(field.data_type()))
}

fn sections() -> String {
    let mut text = String::new();
    for table in TableName::ALL {
        let schema = table.schema(false);
        let (name, meaning) = (table.word(), &schema.metadata()[DESCRIPTION]);
        write!(
            text,
            "\n### {name}\n\n{meaning}\n\n| Column | Type | Meaning |\n| --- | --- | --- |\n"
        )
        .unwrap();
        schema.fields().iter().for_each(|field| text.push_str(&line(field)));
    }
    text
}

#[test]
fn every_table_is_documented_as_it_is() {
    let path = format!("{}/{PIPELINES}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, _) = text.split_once(BEGIN).expect("where the tables begin");
    let expected = format!("{before}{BEGIN}{}", sections());
    if std::env::var_os("SLX_WRITE_TABLES").is_some() {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(text == expected, "{PIPELINES} is stale: SLX_WRITE_TABLES=1 cargo test documented");
}

#[test]
fn every_column_of_an_export_is_documented_with_its_types() {
    let documented = include_str!("../../../docs/export.md").lines();
    let documented: Vec<_> = documented.filter(|line| line.starts_with("| `")).collect();
    let lines = CLOCKS.columns.iter().map(|column| {
        let types = match column.cell {
            Cell::Text(_) => "text | `BYTE_ARRAY (STRING)`".to_owned(),
            Cell::Word(..) => "word | `BYTE_ARRAY (STRING)`".to_owned(),
            Cell::Number(_) => "whole number | `INT32`".to_owned(),
            Cell::Time(_) => "instant | `INT64 (TIMESTAMP(MICROS, true))`".to_owned(),
            Cell::Span(_) => format!("seconds | `INT64`, as `{}`", column.name("nanos")),
            _ => panic!("{column:?} has no type in docs/export.md"),
        };
        format!("| `{}` | {types} | {} |", column.name("seconds"), column.meaning)
    });
    assert_eq!(documented, lines.collect::<Vec<_>>());
}
