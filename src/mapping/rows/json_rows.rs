//! Rows of JSON: records, or the items of lists within them.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use anyhow::{Context, bail};
use serde_json::Value;

use super::super::language::Layout;
use super::super::rejects::Reject;
use super::cells::{Cells, JsonRecord, JsonRow, RawRow, Taken, member};
use super::row_length::{self, ROW_BYTES_MAX};

/// Bytes a document may have: it is held in memory as a tree. Lines are not, so they may be more.
const DOCUMENT_BYTES_MAX: usize = 256 << 20;

/// The rows of a document, numbered from 1. A file of several documents is read line by line.
pub(super) fn read_document(text: &[u8], layout: &Layout) -> anyhow::Result<Taken> {
    if are_lines(text) {
        return Ok(read_lines(text, layout));
    }
    if text.len() > DOCUMENT_BYTES_MAX {
        bail!("a document of more than {DOCUMENT_BYTES_MAX} bytes: write a record a line (.jsonl)");
    }
    let document: Value = serde_json::from_slice(text).context("not a JSON document")?;
    let rows = (1..).zip(rows_of(document, layout));
    Ok((rows.map(|(number, row)| RawRow { number, cells: Cells::Json(row) }).collect(), Vec::new()))
}

/// The rows of lines that are each a document.
pub(super) fn read_lines(text: &[u8], layout: &Layout) -> Taken {
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    for (number, bytes) in lines(text) {
        if bytes.len() > ROW_BYTES_MAX {
            rejects.push(Reject { line: number, reason: row_length::too_long(bytes.len()) });
            continue;
        }
        match serde_json::from_slice::<Value>(bytes) {
            Ok(document) => {
                let of_line = rows_of(document, layout).into_iter();
                rows.extend(of_line.map(|row| RawRow { number, cells: Cells::Json(row) }));
            }
            Err(error) => rejects.push(Reject { line: number, reason: error.to_string() }),
        }
    }
    (rows, rejects)
}

pub(super) fn document_as_written(
    text: &[u8],
    layout: &Layout,
    wanted: &HashSet<u64>,
) -> HashMap<u64, String> {
    if are_lines(text) {
        return lines_as_written(text, wanted);
    }
    let Ok(document) = serde_json::from_slice::<Value>(text) else { return HashMap::new() };
    let rows = (1..).zip(rows_of(document, layout));
    let wanted = rows.filter(|(number, _)| wanted.contains(number));
    let shown = |row: JsonRow| {
        let cells = Cells::Json(row).shown();
        Value::Object(cells.into_iter().map(|(name, value)| (name, value.into())).collect())
    };
    wanted.map(|(number, row)| (number, shown(row).to_string())).collect()
}

pub(super) fn lines_as_written(text: &[u8], wanted: &HashSet<u64>) -> HashMap<u64, String> {
    let wanted = lines(text).filter(|(number, _)| wanted.contains(number));
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    wanted.map(|(number, bytes)| (number, shown(bytes))).collect()
}

/// The lines that hold something, each with its number.
fn lines(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let numbered = (1..).zip(text.split(|byte| *byte == b'\n'));
    numbered.filter(|(_, bytes)| !bytes.iter().all(u8::is_ascii_whitespace))
}

/// Whether the first line is a whole document, and others follow.
fn are_lines(text: &[u8]) -> bool {
    let mut lines = lines(text);
    let first = lines.next().map(|(_, bytes)| bytes);
    let is_whole = |bytes: &[u8]| {
        bytes.len() <= ROW_BYTES_MAX && serde_json::from_slice::<Value>(bytes).is_ok()
    };
    lines.next().is_some() && first.is_some_and(is_whole)
}

fn rows_of(document: Value, layout: &Layout) -> Vec<JsonRow> {
    let each: Rc<[String]> = layout.each.clone().into();
    let mut rows = Vec::new();
    for record in records(document, &layout.records) {
        let record = JsonRecord::new(record, Rc::clone(&each));
        let mut found = Vec::new();
        unfold(&record.value, &each, &mut Vec::new(), &mut found);
        let row = |picks| JsonRow { record: Rc::clone(&record), picks };
        rows.extend(found.into_iter().map(row));
    }
    rows
}

/// The records of a document: what its path leads to, in each page if it is a list of them.
/// Where nothing is at the path, the document or its items are the records themselves.
fn records(document: Value, path: &[String]) -> Vec<Value> {
    let pages = match document {
        Value::Array(pages) => pages,
        page => vec![page],
    };
    let of_page = |page: Value| {
        let at_path = path.iter().try_fold(&page, |value, name| member(value, name));
        match at_path.filter(|_| !path.is_empty()) {
            Some(Value::Array(records)) => records.clone(),
            Some(record) => vec![record.clone()],
            None => vec![page],
        }
    };
    pages.into_iter().flat_map(of_page).collect()
}

/// Which items the rows of a record are: one row an item, and one where a list has none.
fn unfold(value: &Value, each: &[String], picks: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
    let Some((name, rest)) = each.split_first() else { return found.push(picks.clone()) };
    match member(value, name) {
        Some(Value::Array(items)) if !items.is_empty() => {
            for (place, item) in items.iter().enumerate() {
                picks.push(place);
                unfold(item, rest, picks, found);
                picks.pop();
            }
        }
        Some(Value::Array(_)) | None => found.push(picks.clone()),
        Some(other) => unfold(other, rest, picks, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(records: &str, each: &str) -> Layout {
        let path = |path: &str| match path {
            "" => Vec::new(),
            path => path.split('.').map(str::to_owned).collect(),
        };
        Layout { records: path(records), each: path(each), ..Layout::default() }
    }

    fn shown(text: &str, layout: &Layout, column: &str) -> Vec<(u64, Option<String>)> {
        let (rows, rejects) = read_document(text.as_bytes(), layout).unwrap();
        assert_eq!(rejects, []);
        let shown = |row: RawRow| (row.number, row.cells.get(column).map(|one| one.into_owned()));
        rows.into_iter().map(shown).collect()
    }

    #[test]
    fn records_are_a_list_what_a_path_leads_to_pages_or_lines() {
        let both = [(1, Some("A".to_owned())), (2, Some("B".to_owned()))];
        let at_result = layout("result", "");
        let list = r#"[{"id": "A"}, {"id": "B"}]"#;
        assert_eq!(shown(list, &layout("", ""), "id"), both);
        assert_eq!(shown(list, &at_result, "id"), both);
        assert_eq!(shown(&format!(r#"{{"result": {list}}}"#), &at_result, "id"), both);
        let pages = r#"[{"result": [{"id": "A"}]}, {"result": [{"id": "B"}]}]"#;
        assert_eq!(shown(pages, &at_result, "id"), both);
        assert_eq!(shown("{\"id\": \"A\"}\n{\"id\": \"B\"}\n", &layout("", ""), "id"), both);
        assert_eq!(shown("{\n\"id\":\n\"A\"}", &layout("", ""), "id"), both[..1]);
    }

    #[test]
    fn items_of_lists_are_rows_and_a_record_without_items_is_one() {
        let text = r#"[{"id": "A", "log": {"h": [{"i": [{"f": "x"}, {"f": "y"}]}, {"i": []}]}},
                       {"id": "B"}]"#;
        let layout = layout("", "log.h.i");
        let fields = shown(text, &layout, "log.h.i.f");
        let fields: Vec<_> = fields.iter().map(|(_, field)| field.as_deref()).collect();
        assert_eq!(fields, [Some("x"), Some("y"), None, None]);
        let ids = shown(text, &layout, "id");
        let ids: Vec<_> = ids.iter().filter_map(|(_, id)| id.as_deref()).collect();
        assert_eq!(ids, ["A", "A", "A", "B"]);
        let written = document_as_written(text.as_bytes(), &layout, &[2].into());
        assert_eq!(written[&2], r#"{"id":"A","log.h.i.f":"y"}"#);
    }

    /// A payload of many items would be copied as often as it has items.
    #[test]
    fn what_rows_of_a_record_have_in_common_is_not_copied_for_conditions() {
        let text = r#"{"id": "A", "of": {"all": ["x"], "log": {"kind": "k", "i": [
            {"f": "x", "g": {"n": 1}}, {"f": "y"}]}}}"#;
        let (rows, _) = read_document(text.as_bytes(), &layout("", "of.log.i")).unwrap();
        let at = |row: &RawRow, path: &str| {
            let all = row.cells.for_conditions();
            path.split('.').fold(all, |value, name| match value {
                cel::Value::Map(map) => map.map[&cel::objects::Key::from(name)].clone(),
                other => panic!("{name}: {other:?}"),
            })
        };
        let [one, two] = &rows[..] else { panic!("two rows") };
        for path in ["id", "of.log.kind"] {
            match (at(one, path), at(two, path)) {
                (cel::Value::String(one), cel::Value::String(two)) => {
                    assert!(std::sync::Arc::ptr_eq(&one, &two), "{path}");
                }
                other => panic!("{path}: {other:?}"),
            }
        }
        match (at(one, "of.all"), at(two, "of.all")) {
            (cel::Value::List(one), cel::Value::List(two)) => {
                assert!(std::sync::Arc::ptr_eq(&one, &two));
            }
            other => panic!("{other:?}"),
        }
        let fields = [at(one, "of.log.i.f"), at(two, "of.log.i.f")];
        assert_eq!(fields, ["x".into(), "y".into()]);
    }

    #[test]
    fn a_line_that_is_no_json_or_too_long_is_rejected_and_a_document_refused() {
        let long = format!("{{\"id\": \"{}\"}}", "x".repeat(ROW_BYTES_MAX));
        let text = format!("{{\"id\": 1}}\n\nnot json\n{long}\n");
        let (rows, rejects) = read_lines(text.as_bytes(), &layout("", ""));
        assert_eq!(rows.len(), 1);
        assert_eq!(rejects.iter().map(|reject| reject.line).collect::<Vec<_>>(), [3, 4]);
        assert!(rejects[1].reason.contains("1048576 are the most"), "{}", rejects[1].reason);
        assert!(read_document(b"[{]", &layout("", "")).is_err());
    }
}
