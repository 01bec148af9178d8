//! What a webhook posts, made into events.

use super::language::{Mapping, RowFormat};
use super::notes::Note;
use super::reading::facts_of_rows;
use super::rejects::Reject;
use super::rows::{self, RawRow};
use super::stamped::by_incident;
use super::update::UnknownOfRow;
use crate::codec::v1;

/// Rows that one payload may have: what comes once an update is small.
const ROWS_MAX: usize = 2_000;
/// Bytes that all its rows may have in the columns that are read: what they share is read of each.
const READ_BYTES_MAX: usize = 16 << 20;

/// What a payload became.
#[derive(Debug, Default)]
pub(crate) struct PayloadFacts {
    pub events: Vec<v1::IncidentEvent>,
    /// The values that the mapping does not know.
    pub unknown: Vec<UnknownOfRow>,
    /// The rows that are odd and were taken all the same.
    pub notes: Vec<Note>,
}

/// The facts of a payload of JSON. They depend on the payload and the mapping alone.
///
/// # Errors
/// Everything that can't be understood, by the numbers of the rows; 0: the document as a whole.
/// Then nothing of the payload is to be recorded.
pub(crate) fn facts_of_payload(
    payload: &[u8],
    mapping: &Mapping,
) -> Result<PayloadFacts, Vec<Reject>> {
    let of_all = |reason: String| vec![Reject { line: 0, reason }];
    let read = rows::read(RowFormat::Json, payload, &mapping.layout, mapping.columns());
    let (taken, mut rejects) = read.map_err(|error| of_all(format!("{error:#}")))?;
    if taken.len() > ROWS_MAX {
        return Err(of_all(format!("it has {} rows: {ROWS_MAX} are the most", taken.len())));
    }
    if reads_too_much(&taken, mapping) {
        return Err(of_all(format!("its rows have more than {READ_BYTES_MAX} bytes to be read")));
    }
    let stamped = by_incident(taken, mapping);
    rejects.extend(stamped.rejects);
    let mut found = PayloadFacts::default();
    for rows in &stamped.incidents {
        let of_incident = facts_of_rows(rows, mapping);
        rejects.extend(of_incident.rejects);
        found.unknown.extend(of_incident.unknown);
        found.notes.extend(of_incident.notes);
        found.events.extend(of_incident.facts.into_iter().map(|fact| fact.event));
    }
    found.notes.sort_by_key(|note| note.line);
    match rejects.is_empty() {
        true => Ok(found),
        false => {
            rejects.sort_by_key(|reject| reject.line);
            Err(rejects)
        }
    }
}

fn reads_too_much(rows: &[RawRow], mapping: &Mapping) -> bool {
    let columns: Vec<_> = mapping.columns().collect();
    let cells = rows.iter().flat_map(|row| columns.iter().map(move |column| row.cells.get(column)));
    let mut bytes = 0;
    cells.flatten().any(|cell| {
        bytes += cell.len();
        bytes > READ_BYTES_MAX
    })
}

#[cfg(test)]
mod tests {
    use super::super::language::tests::mapping;
    use super::*;

    const MAPPING: &str = "
        rows: deliveries
        records: result
        only: row.kind == 'incident'
        incident: number
        time: sys.updated
        opened_time: sys.opened
        time_format: rfc3339
        state: {column: state, states: {New: {}}}";

    fn wrong(payload: &str) -> Vec<(u64, String)> {
        let rejects = facts_of_payload(payload.as_bytes(), &mapping(MAPPING)).unwrap_err();
        rejects.into_iter().map(|reject| (reject.line, reject.reason)).collect()
    }

    #[test]
    fn what_rows_share_is_not_read_of_ever_so_many() {
        let by = MAPPING.replace("result", "result\n        each: log\n        group: group");
        let row = r#"{"kind": "incident", "number": "1", "state": "New", "log": [LOG],
            "group": "GROUP",
            "sys": {"updated": "2026-10-05T07:00:00Z", "opened": "2026-10-05T07:00:00Z"}}"#;
        let read = |group: usize, rows: usize| {
            let row =
                row.replace("GROUP", &"x".repeat(group)).replace("LOG", &vec!["1"; rows].join(","));
            facts_of_payload(row.as_bytes(), &mapping(&by)).map(|found| found.events.len())
        };
        assert!(read(8, ROWS_MAX).is_ok());
        assert!(read(1 << 19, 20).is_ok());
        let [Reject { line: 0, reason }] = &read(1 << 19, 33).unwrap_err()[..] else {
            panic!("one reason")
        };
        assert!(reason.contains("16777216 bytes"), "{reason}");
    }

    #[test]
    fn what_can_not_be_understood_is_refused_whole_with_where_it_is() {
        let good = r#"{"kind": "incident", "number": "1", "state": "New",
            "sys": {"updated": "2026-10-05T07:00:00Z", "opened": "2026-10-05T07:00:00Z"}}"#;
        let late = good.replacen("2026-10-05T07:00:00Z", "yesterday", 1);
        let none = good.replace("\"1\"", "null");
        assert_eq!(
            wrong(&format!(r#"{{"result": [{good}, {late}, {none}]}}"#)),
            [
                (2, "sys.updated: \"yesterday\" is not an instant written as \"rfc3339\"".into()),
                (3, "number is empty".into()),
            ]
        );
        let other = r#"{"result": [{"kind": "problem"}]}"#;
        assert!(facts_of_payload(other.as_bytes(), &mapping(MAPPING)).unwrap().events.is_empty());
        let [(0, said)] = &wrong("{\n\"result\": [}")[..] else { panic!("one reason") };
        assert!(said.contains("line 2 column 12"), "{said}");
        let many = vec!["{}"; ROWS_MAX + 1].join(",");
        let [(0, said)] = &wrong(&format!(r#"{{"result": [{many}]}}"#))[..] else {
            panic!("one reason")
        };
        assert!(said.contains("2000 are the most"), "{said}");
    }
}
