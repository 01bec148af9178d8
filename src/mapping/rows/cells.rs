//! A row: cells by the names of their columns.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use cel::Value as CelValue;
use serde_json::Value;

use super::super::rejects::Reject;
use super::condition_value::ConditionValue;

/// The rows that could be taken apart, and those that could not.
pub(crate) type Taken = (Vec<RawRow>, Vec<Reject>);

/// A row as it was read, and its number: the line it begins on, or which one of the document's.
#[derive(Clone, Debug)]
pub(crate) struct RawRow {
    pub number: u64,
    pub cells: Cells,
}

/// What a row says.
#[derive(Clone, Debug)]
pub(crate) enum Cells {
    Csv { places: Rc<HashMap<String, usize>>, record: csv::StringRecord },
    Json(JsonRow),
}

/// An item of a record, or the whole record.
#[derive(Clone, Debug)]
pub(crate) struct JsonRow {
    pub record: Rc<JsonRecord>,
    /// Which item of each of the lists whose items are rows this row is.
    pub picks: Vec<usize>,
}

/// A record, which all its rows share.
#[derive(Debug)]
pub(crate) struct JsonRecord {
    pub value: Value,
    /// The names that lead to the lists whose items are rows.
    pub each: Rc<[String]>,
    /// What conditions read of it, made when the first does.
    pub for_conditions: OnceCell<ConditionValue>,
}

impl Cells {
    /// The cell of a column, trimmed; `None`: there is no such column.
    pub fn get(&self, column: &str) -> Option<Cow<'_, str>> {
        match self {
            Cells::Csv { places, record } => {
                record.get(*places.get(column)?).map(|shown| Cow::Borrowed(shown.trim()))
            }
            Cells::Json(row) => row.find(column).map(plain),
        }
    }

    /// Every cell, as conditions read them.
    pub fn for_conditions(&self) -> CelValue {
        match self {
            Cells::Csv { places, record } => {
                let cell = |(name, place): (&String, &usize)| {
                    Some((name.clone(), record.get(*place)?.trim().into()))
                };
                places.iter().filter_map(cell).collect::<HashMap<String, CelValue>>().into()
            }
            Cells::Json(row) => {
                let JsonRecord { value, each, for_conditions } = &*row.record;
                let shared = for_conditions.get_or_init(|| ConditionValue::of(value, each));
                shared.of_row(&row.picks)
            }
        }
    }

    /// Every cell that holds something, by its name, for people.
    pub fn shown(&self) -> Vec<(String, String)> {
        let mut shown = match self {
            Cells::Csv { places, record } => {
                let mut names: Vec<_> = places.iter().collect();
                names.sort_by_key(|(_, place)| **place);
                let cell = |(name, place): (&String, &usize)| {
                    Some((name.clone(), record.get(*place)?.trim().to_owned()))
                };
                names.into_iter().filter_map(cell).collect()
            }
            Cells::Json(row) => {
                let mut leaves = Vec::new();
                let mut picks = row.picks.iter().copied();
                let JsonRecord { value, each, .. } = &*row.record;
                collect_leaves(value, "", Some(each), &mut picks, &mut leaves);
                leaves
            }
        };
        shown.retain(|(_, value)| !value.is_empty());
        shown
    }
}

impl JsonRecord {
    pub fn new(value: Value, each: Rc<[String]>) -> Rc<JsonRecord> {
        Rc::new(JsonRecord { value, each, for_conditions: OnceCell::new() })
    }
}

impl JsonRow {
    /// The value at a path from the record on; lists whose items are rows stand for this row's.
    fn find(&self, path: &str) -> Option<&Value> {
        let JsonRecord { value: record, each, .. } = &*self.record;
        let (mut value, mut picks) = (record, self.picks.iter());
        let mut is_on_way = true;
        for (place, name) in path.split('.').enumerate() {
            let Some(next) = member(value, name) else {
                // A name with a dot in it.
                return record.get(path);
            };
            value = next;
            is_on_way = is_on_way && each.get(place).is_some_and(|on_way| on_way == name);
            if is_on_way && value.is_array() {
                value = value.get(*picks.next()?)?;
            }
        }
        Some(value)
    }
}

/// A member of an object, an item of a list by its place; `*` is the only one there is.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) if name == "*" && members.len() == 1 => members.values().next(),
        Value::Object(members) => members.get(name),
        Value::Array(items) if name == "*" && items.len() == 1 => items.first(),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// A value as a CSV would hold it.
fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text.trim()),
        other => Cow::Owned(other.to_string()),
    }
}

/// The names still to come on the way to the rows' lists, after `name`.
fn onward<'e>(each: Option<&'e [String]>, name: &str) -> Option<&'e [String]> {
    each.and_then(|each| each.split_first())
        .filter(|(first, _)| *first == name)
        .map(|(_, rest)| rest)
}

/// Of a list on the way to the rows only this row's item is taken.
fn picked<'v>(
    value: &'v Value,
    each: Option<&[String]>,
    picks: &mut dyn Iterator<Item = usize>,
) -> Option<&'v Value> {
    match (each, value) {
        (Some(_), Value::Array(items)) => items.get(picks.next()?),
        _ => Some(value),
    }
}

fn collect_leaves(
    value: &Value,
    path: &str,
    each: Option<&[String]>,
    picks: &mut dyn Iterator<Item = usize>,
    leaves: &mut Vec<(String, String)>,
) {
    let Value::Object(members) = value else {
        return leaves.push((path.to_owned(), plain(value).into_owned()));
    };
    for (name, value) in members {
        let each = onward(each, name);
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if let Some(value) = picked(value, each, picks) {
            collect_leaves(value, &path, each, picks, leaves);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(picks: &[usize]) -> Cells {
        let record = json!({
            "key": "A", "a.b": "dotted", "fields": {"labels": ["x", "y"], "only": {"7": {"n": 1}}},
            "log": {"histories": [
                {"at": "t0", "items": []},
                {"at": "t1", "items": [{"field": "status", "to": "Done"}, {"field": "x", "to": null}]},
            ]},
        });
        let each = ["log", "histories", "items"].map(str::to_owned);
        Cells::Json(JsonRow { record: JsonRecord::new(record, each.into()), picks: picks.to_vec() })
    }

    #[test]
    fn a_path_leads_to_this_rows_items() {
        let row = row(&[1, 0]);
        for (path, shown) in [
            ("key", Some("A")),
            ("a.b", Some("dotted")),
            ("fields.labels.1", Some("y")),
            ("fields.only.*.n", Some("1")),
            ("log.histories.at", Some("t1")),
            ("log.histories.items.field", Some("status")),
            ("log.histories.items.nothing", None),
            ("key.x", None),
        ] {
            assert_eq!(row.get(path).as_deref(), shown, "{path}");
        }
        assert!(row.shown().contains(&("log.histories.items.to".into(), "Done".into())));
    }

    #[test]
    fn a_list_without_items_leaves_a_row_without_them() {
        let row = row(&[0]);
        assert_eq!(row.get("log.histories.at").as_deref(), Some("t0"));
        assert_eq!(row.get("log.histories.items.field"), None);
    }

    #[test]
    fn conditions_read_the_same_items() {
        let condition = crate::domain::contract::RecordCondition::compile(
            "row.log.histories.items.field == 'status' && row.fields.labels.exists(l, l == 'y')",
            &["row"],
        );
        let holds = condition.unwrap().holds(&[("row", row(&[1, 0]).for_conditions())]);
        assert_eq!(holds, Ok(true));
    }
}
