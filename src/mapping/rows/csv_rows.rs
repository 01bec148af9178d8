//! Rows of a CSV, each checked on its own.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use anyhow::{Context, bail};

use super::super::rejects::Reject;
use super::cells::{Cells, RawRow, Taken};
use super::row_length;

/// Columns a file may have.
const COLUMNS_MAX: usize = 1_000;

pub(super) fn read<'c>(
    text: &[u8],
    delimiter: u8,
    columns: impl Iterator<Item = &'c str>,
) -> anyhow::Result<Taken> {
    row_length::check(text, delimiter)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text);
    let headings = reader.headers().context("the first line must name the columns")?.clone();
    if headings.len() > COLUMNS_MAX {
        bail!("line 1: {} columns, {COLUMNS_MAX} are the most", headings.len());
    }
    let named = headings.iter().enumerate();
    let places: HashMap<String, usize> =
        named.map(|(place, heading)| (heading.trim().to_owned(), place)).collect();
    let missing: Vec<_> = columns.filter(|name| !places.contains_key(*name)).collect();
    if !missing.is_empty() {
        let present: Vec<_> = headings.iter().map(str::trim).collect();
        let (missing, present) = (missing.join(", "), present.join(", "));
        bail!("the mapping names columns that the rows have not: {missing}; they have {present}");
    }
    let places = Rc::new(places);
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => {
                let number = record.position().map_or(0, csv::Position::line);
                let cells = Cells::Csv { places: Rc::clone(&places), record };
                rows.push(RawRow { number, cells });
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                rejects.push(Reject { line, reason: error.to_string() });
            }
        }
    }
    Ok((rows, rejects))
}

pub(super) fn as_written(
    text: &[u8],
    delimiter: u8,
    wanted: &HashSet<u64>,
) -> HashMap<u64, String> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(text);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::rows::row_length::ROW_BYTES_MAX;

    #[test]
    fn a_column_that_is_not_there_is_shown_before_anything_is_read() {
        let columns = ["id", "opened"].into_iter();
        let error = read(b"id,updated,opend\n", b',', columns).map(|_| ()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("have not: opened; they have id, updated, opend"), "{error}");
    }

    /// Attack A14: a line of 200 MB took worse than linear time.
    #[test]
    fn a_row_or_a_heading_of_more_than_it_may_hold_is_refused_by_its_line() {
        let refused = |text: &str| {
            read(text.as_bytes(), b',', std::iter::empty()).map(|_| ()).unwrap_err().to_string()
        };
        let long = "x".repeat(ROW_BYTES_MAX);
        let found = refused(&format!("a,b\n1,2\nB,\"{long}\"\n"));
        assert!(found.starts_with("line 3: a row of more than 1048576 bytes"), "{found}");
        assert_eq!(refused(&",".repeat(COLUMNS_MAX)), "line 1: 1001 columns, 1000 are the most");
    }

    #[test]
    fn rows_are_numbered_by_line_and_kept_as_they_were_written() {
        let text = b"id;note\nA;\"two\nlines\"\nB;one\n";
        let (rows, rejects) = read(text, b';', ["note"].into_iter()).unwrap();
        assert_eq!(rejects, []);
        let shown: Vec<_> = rows.iter().map(|row| (row.number, row.cells.get("note"))).collect();
        assert_eq!(shown, [(2, Some("two\nlines".into())), (4, Some("one".into()))]);
        let kept = as_written(text, b';', &[2, 4].into());
        assert_eq!((kept[&2].as_str(), kept[&4].as_str()), ("A;\"two\nlines\"", "B;one"));
    }
}
