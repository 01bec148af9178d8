//! Reading rows: CSV or JSON lines, each checked on its own.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use anyhow::{Context, bail};
use serde_json::Value;

use super::mapping::{Columns, Mapping};
use super::rejects::Reject;
use super::row_length::{self, ROW_BYTES_MAX};
use crate::codec::v1;
use crate::domain::time::Instant;

/// Columns a file may have.
const COLUMNS_MAX: usize = 1_000;
/// Bytes that a compressed file may unfold to: rows are held in memory.
const TEXT_BYTES_MAX: u64 = 2 << 30;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowFormat {
    Csv,
    JsonLines,
}

/// A row that was understood: an incident after one update.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub line: u64,
    pub incident: String,
    pub time: Instant,
    pub opened_time: Option<Instant>,
    pub order: Option<i64>,
    pub state: String,
    pub priority: String,
    pub group: String,
    pub assignee: String,
    pub opened: v1::Opened,
}

impl RowFormat {
    /// By the name's ending, without `.zst`.
    pub fn of(name: &str) -> anyhow::Result<RowFormat> {
        match name.trim_end_matches(".zst").rsplit('.').next() {
            Some("csv") => Ok(RowFormat::Csv),
            Some("jsonl" | "ndjson" | "json") => Ok(RowFormat::JsonLines),
            _ => bail!("{name}: rows are read from .csv, .jsonl or .ndjson (also as .zst)"),
        }
    }
}

/// The file's text; compressed, no more of it than [`TEXT_BYTES_MAX`].
pub(super) fn decompress(name: &str, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    if !name.ends_with(".zst") {
        return Ok(bytes.to_vec());
    }
    let mut text = Vec::new();
    let decoder = ruzstd::decoding::StreamingDecoder::new(bytes);
    let decoder = decoder.with_context(|| format!("{name} is not compressed with zstd"))?;
    let mut decoder = decoder.take(TEXT_BYTES_MAX + 1);
    decoder.read_to_end(&mut text).with_context(|| format!("{name} is damaged"))?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        bail!("{name} unfolds to more than {TEXT_BYTES_MAX} bytes: split it");
    }
    Ok(text)
}

/// The rows that can be taken, and those that can't.
pub(super) fn read(
    format: RowFormat,
    text: &[u8],
    mapping: &Mapping,
) -> anyhow::Result<(Vec<Row>, Vec<Reject>)> {
    match format {
        RowFormat::Csv => read_csv(text, mapping),
        RowFormat::JsonLines => Ok(read_json_lines(text, mapping)),
    }
}

fn read_csv(text: &[u8], mapping: &Mapping) -> anyhow::Result<(Vec<Row>, Vec<Reject>)> {
    row_length::check(text)?;
    let mut reader = csv::Reader::from_reader(text);
    let headings = reader.headers().context("the first line must name the columns")?.clone();
    if headings.len() > COLUMNS_MAX {
        bail!("line 1: {} columns, {COLUMNS_MAX} are the most", headings.len());
    }
    let places: HashMap<&str, usize> =
        headings.iter().enumerate().map(|(place, heading)| (heading.trim(), place)).collect();
    let missing: Vec<_> = mapping.columns().filter(|name| !places.contains_key(name)).collect();
    if !missing.is_empty() {
        let present: Vec<_> = headings.iter().map(str::trim).collect();
        let (missing, present) = (missing.join(", "), present.join(", "));
        bail!("the mapping names columns that the rows have not: {missing}; they have {present}");
    }
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                rejects.push(Reject { line, reason: error.to_string() });
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let columns = |name: &str| record.get(*places.get(name)?).map(str::trim);
        sort_in(line, understand(line, &columns, mapping), &mut rows, &mut rejects);
    }
    Ok((rows, rejects))
}

fn read_json_lines(text: &[u8], mapping: &Mapping) -> (Vec<Row>, Vec<Reject>) {
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    for (line, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if bytes.len() > ROW_BYTES_MAX {
            rejects.push(Reject { line, reason: row_length::too_long(bytes.len()) });
            continue;
        }
        let row = serde_json::from_slice(bytes).map_err(|error| error.to_string());
        let row = row.and_then(|object: HashMap<String, Value>| {
            let shown = object.into_iter().map(|(name, value)| (name, plain(value)));
            let shown: HashMap<String, String> = shown.collect();
            understand(line, &|name| shown.get(name).map(String::as_str), mapping)
        });
        sort_in(line, row, &mut rows, &mut rejects);
    }
    (rows, rejects)
}

/// The rows that begin on `lines`, as they stand in the file.
pub(super) fn as_written(format: RowFormat, text: &[u8], lines: &[u64]) -> HashMap<u64, String> {
    let wanted: HashSet<u64> = lines.iter().copied().collect();
    match format {
        RowFormat::Csv => csv_as_written(text, &wanted),
        RowFormat::JsonLines => (1..)
            .zip(text.split(|byte| *byte == b'\n'))
            .filter(|(line, _)| wanted.contains(line))
            .map(|(line, bytes)| (line, String::from_utf8_lossy(bytes).trim().to_owned()))
            .collect(),
    }
}

fn csv_as_written(text: &[u8], wanted: &HashSet<u64>) -> HashMap<u64, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let mut kept = HashMap::new();
    let mut record = csv::ByteRecord::new();
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let Some(begin) = record.position().filter(|begin| wanted.contains(&begin.line())) else {
            continue;
        };
        let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let begin_byte = usize::try_from(begin.byte()).unwrap_or(usize::MAX);
        let bytes = text.get(begin_byte..end).unwrap_or_default();
        kept.insert(begin.line(), String::from_utf8_lossy(bytes).trim_end().to_owned());
    }
    kept
}

/// A JSON value as a CSV would hold it.
fn plain(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn sort_in(line: u64, row: Result<Row, String>, rows: &mut Vec<Row>, rejects: &mut Vec<Reject>) {
    match row {
        Ok(row) => rows.push(row),
        Err(reason) => rejects.push(Reject { line, reason }),
    }
}

fn understand(line: u64, columns: &Columns<'_>, mapping: &Mapping) -> Result<Row, String> {
    Ok(Row {
        line,
        incident: mapping.incident(columns)?.to_owned(),
        time: mapping.time(columns)?,
        opened_time: mapping.opened_time(columns)?,
        order: mapping.order(columns)?,
        state: mapping.state(columns)?.0.to_owned(),
        priority: mapping.priority(columns),
        group: mapping.group(columns),
        assignee: mapping.assignee(columns),
        opened: mapping.opened(columns)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::mapping::tests::MAPPING;
    use super::*;

    #[test]
    fn a_bad_row_is_rejected_with_its_line_and_does_not_stop_the_rest() {
        let mapping = Mapping::read(MAPPING).unwrap_or_else(|error| panic!("{error:#}"));
        let text = b"id,updated,opened,seq,state,priority,group\n\
            A,2026-01-05 10:00,2026-01-05 09:00,1,New,,\n\
            B,tomorrow,,2,New,,\n\
            ,2026-01-05 10:00,,3,New,,\n\
            C,2026-01-05 10:00,,4,Dreaming,,\n\
            D,2026-01-05 10:00,,x,New,,\n\
            E,2026-01-05 10:00,,6,Closed,,\n";
        let (rows, rejects) = read(RowFormat::Csv, text, &mapping).unwrap_or_default();
        let taken: Vec<_> = rows.iter().map(|row| (row.line, row.incident.as_str())).collect();
        assert_eq!(taken, [(2, "A"), (7, "E")]);
        let shown: Vec<_> =
            rejects.iter().map(|reject| (reject.line, reject.reason.as_str())).collect();
        assert_eq!(
            shown,
            [
                (3, "\"tomorrow\" is not an instant written as \"%Y-%m-%d %H:%M\""),
                (4, "id is empty"),
                (5, "state: the mapping has no state \"Dreaming\": add it"),
                (6, "seq: \"x\" is not a whole number"),
            ]
        );
    }

    #[test]
    fn a_column_that_is_not_there_is_shown_before_anything_is_read() {
        let mapping = Mapping::read(MAPPING).unwrap_or_else(|error| panic!("{error:#}"));
        let text = b"id,updated,opend,seq,state,priority,group\n";
        let error = read(RowFormat::Csv, text, &mapping).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("have not: opened; they have id, updated, opend"), "{error}");
    }

    /// Attack A14: a line of 200 MB took worse than linear time.
    #[test]
    fn a_row_or_a_heading_of_more_than_it_may_hold_is_refused_by_its_line() {
        let mapping = Mapping::read(MAPPING).unwrap_or_else(|error| panic!("{error:#}"));
        let said = |format, text: &[u8]| match read(format, text, &mapping) {
            Ok((_, rejects)) => rejects[0].reason.clone(),
            Err(error) => error.to_string(),
        };
        let heading = "id,updated,opened,seq,state,priority,group\n";
        let long = "x".repeat(ROW_BYTES_MAX);
        let rows = format!("{heading}A,2026-01-05 10:00,,1,New,,\nB,\"{long}\",,2,New,,\n");
        let found = said(RowFormat::Csv, rows.as_bytes());
        assert!(found.starts_with("line 3: a row of more than 1048576 bytes"), "{found}");
        let found = said(RowFormat::Csv, ",".repeat(COLUMNS_MAX).as_bytes());
        assert_eq!(found, "line 1: 1001 columns, 1000 are the most");
        let found = said(RowFormat::JsonLines, format!("{{\"id\": \"{long}\"}}").as_bytes());
        assert!(found.contains("1048576 are the most"), "{found}");
    }

    #[test]
    fn a_rejected_row_is_kept_as_it_was_written() {
        let text = b"id,note\nA,\"two\nlines\"\nB,one\n";
        let kept = as_written(RowFormat::Csv, text, &[2, 4]);
        assert_eq!(kept[&2], "A,\"two\nlines\"");
        assert_eq!(kept[&4], "B,one");
        assert_eq!(as_written(RowFormat::JsonLines, b"{}\n{1\n", &[2])[&2], "{1");
    }

    #[test]
    fn json_lines_say_the_same_as_csv() {
        let mapping = Mapping::read(MAPPING).unwrap_or_else(|error| panic!("{error:#}"));
        let text = b"{\"id\": \"A\", \"updated\": \"2026-01-05 10:00\", \"seq\": 1, \
            \"state\": \"New\", \"priority\": 1}\n\nnot json\n";
        let (rows, rejects) = read(RowFormat::JsonLines, text, &mapping).unwrap_or_default();
        assert_eq!(rows.first().map(|row| row.priority.as_str()), Some("P1"));
        assert_eq!(rejects.first().map(|reject| reject.line), Some(3));
    }
}
