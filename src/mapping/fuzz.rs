//! Mappings and rows, held to the laws of [`crate::fuzz`].

use std::io::Write;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::facts::FactOfRow;
use super::language::tests::{MAPPING, mapping, zones};
use super::language::{Mapping, RowFormat};
use super::reading::ReadExport;
use crate::codec::api::incident;
use crate::fuzz::spoilt::{spoilt, spoilt_text};

const CSV: &str = "id,updated,opened,seq,state,priority,group\n\
    A,2026-01-05 10:00,2026-01-05 09:00,1,New,1,G\n\
    A,2026-01-05 11:00,2026-01-05 09:00,2,Waiting,2,\"G,\n\"\"H\"\"\"\n\
    A,2026-01-05 12:00,,3,Solved,,H\n\
    B,2026-03-29 02:30,2026-01-05 09:00,4,Closed,\u{e9},G\n";

const JSON_LINES: &str = "{\"id\": \"A\", \"updated\": \"2026-01-05 10:00\", \"seq\": 1, \
    \"state\": \"New\", \"priority\": 1, \"opened\": null}\n\
    {\"id\": \"A\", \"updated\": \"2026-01-05 11:00\", \"seq\": \"2\", \
    \"state\": \"Solved\", \"group\": [\"G\", {\"a\": 1.5}]}\n";

/// Rows of changes, nested, with every kind of rule.
const CHANGES: &str = "
    rows: changes
    records: tickets
    each: log.items
    only: row.key != 'skip'
    incident: {column: key, pattern: '^T(\\d+)$', becomes: '$1'}
    time: log.items.at
    opened_time: created
    order: log.items.n
    time_format: '%Y-%m-%d %H:%M'
    time_zone: Europe/Amsterdam
    contract_rules: [{when: row.key == 'T1', contracts: [one]}, {when: 'true', contracts: [rest]}]
    details_changed: true
    service: {column: service, now: now.service, names: {Mail: mail}}
    change: {field: log.items.field, old: log.items.old, new: log.items.new}
    state:
      column: status
      now: now.status
      states: {New: {}, Hold: {by: why, states: {caller: {waiting_on: client}, '': {}}}, Done: {fact: resolved}}
    facts:
      - {fact: work_logged, when: row.log.items.field == 'work', with: {duration: {column: log.items.new, unit: minutes}}}
      - {fact: client_updated, at: log.items.sent, with: {reported_time: log.items.promised}}";

const CHANGED: &str = r#"{"tickets": [{"key": "T1", "created": "2026-10-25 01:00",
    "now": {"status": "Done", "service": "Mail"}, "log": {"items": [
      {"n": 1, "at": "2026-10-25 02:40", "field": "status", "old": "New", "new": "Hold"},
      {"n": 1, "at": "2026-10-25 02:40", "field": "why", "old": "", "new": "caller"},
      {"n": 2, "at": "2026-10-25 02:20", "field": "work", "old": null, "new": "90"},
      {"n": 3, "at": "2026-10-25 03:20", "field": "status", "old": "Hold", "new": "Done"},
      {"n": 4, "at": "2026-10-25 04:20", "field": "service", "new": "ERP",
       "sent": "2026-10-25 04:20", "promised": "2026-10-25 05:20"}]}},
    {"key": "T2", "created": "2026-10-25 01:00", "now": {"status": "New"}}]}"#;

/// Rows of instants.
const INSTANTS: &str = "
    rows: instants
    delimiter: ;
    incident: id
    opened_time: opened
    time_format: '%Y-%m-%d %H:%M'
    time_zone: Europe/Amsterdam
    contracts: [C]
    state: {column: state, since: since, states: {Open: {}, Hold: {waiting_on: client}}}
    facts:
      - {fact: resolved, at: resolved}
      - {fact: surveyed, at: resolved, with: {score: score}}";

const WIDE: &str = "id;opened;state;since;resolved;score\n\
    A;2026-10-25 02:40;Open;;2026-10-25 02:20;9\n\
    B;2026-10-25 09:00;Hold;2026-10-25 10:00;;\n";

/// Rows that are deliveries.
const DELIVERIES: &str = "
    rows: deliveries
    records: issues
    incident: key
    time: at
    opened_time: opened
    time_format: '%Y-%m-%d %H:%M'
    time_zone: Europe/Amsterdam
    contracts: [C]
    details_changed: true
    attributes: {floor: floor}
    priority: {column: priority, names: {'1': P1}}
    state: {column: state, states: {Open: {}, Hold: {waiting_on: client}}}
    facts:
      - {fact: reopened, when: row.before == 'Hold'}";

const DELIVERED: &str = r#"{"issues": [
    {"key": "A", "at": "2026-10-25 02:40", "opened": "2026-10-25 02:20", "state": "Open",
     "before": "Hold", "priority": 1, "floor": "2"},
    {"key": "A", "at": "2026-10-25 09:00", "opened": "2026-10-25 02:20", "state": "New",
     "before": "", "priority": 2}]}"#;

/// Each row is taken or rejected with a reason, and the same rows always give the same facts.
fn check(format: RowFormat, text: &[u8], mapping: &Mapping) {
    let Ok(reading) = ReadExport::of("-", text.to_vec(), Some(format), mapping) else { return };
    let (facts, lines) = taken(&reading);
    let again = ReadExport::of("-", text.to_vec(), Some(format), mapping).unwrap();
    assert_eq!(taken(&again), (facts.clone(), lines));
    for fact in facts {
        if let Ok(event) = incident::decode(fact.event) {
            assert_eq!(incident::decode(incident::encode(&event)), Ok(event));
        }
    }
}

/// The facts, and the numbers of the rows that are rejected.
fn taken(reading: &ReadExport<'_>) -> (Vec<FactOfRow>, Vec<u64>) {
    let (mut facts, mut rejects) = (Vec::new(), reading.stamped.rejects.clone());
    for rows in &reading.stamped.incidents {
        let found = reading.facts(rows);
        let from_last: Vec<_> = rows.iter().rev().cloned().collect();
        let has_place = rows.iter().all(|row| row.time.is_some());
        let orders: std::collections::BTreeSet<_> = rows.iter().map(|row| row.number).collect();
        if has_place && orders.len() == rows.len() {
            assert_eq!(reading.facts(&from_last).facts, found.facts);
        }
        facts.extend(found.facts);
        rejects.extend(found.rejects);
    }
    assert!(rejects.iter().all(|reject| !reject.reason.is_empty()));
    let lines: Vec<u64> = rejects.iter().map(|reject| reject.line).collect();
    let written = reading.as_written(rejects);
    assert!(written.iter().all(|row| lines.contains(&row.reject.line)));
    (facts, lines)
}

fn sound() -> [(RowFormat, &'static str, Mapping); 5] {
    [
        (RowFormat::Csv, CSV, mapping(MAPPING)),
        (RowFormat::JsonLines, JSON_LINES, mapping(MAPPING)),
        (RowFormat::Json, CHANGED, mapping(CHANGES)),
        (RowFormat::Csv, WIDE, mapping(INSTANTS)),
        (RowFormat::Json, DELIVERED, mapping(DELIVERIES)),
    ]
}

proptest! {
    // Each reads the time zones anew.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn any_rows_are_taken_or_rejected(
        csv in spoilt(Just(CSV.as_bytes().to_vec())),
        lines in spoilt(Just(JSON_LINES.as_bytes().to_vec())),
        changes in spoilt(Just(CHANGED.as_bytes().to_vec())),
        wide in spoilt(Just(WIDE.as_bytes().to_vec())),
        delivered in spoilt(Just(DELIVERED.as_bytes().to_vec())),
        other in vec(any::<u8>(), 0..300),
    ) {
        let mappings = sound().map(|(_, _, mapping)| mapping);
        for text in [csv, lines, changes, wide, delivered, other] {
            for mapping in &mappings {
                check(RowFormat::Csv, &text, mapping);
                check(RowFormat::Json, &text, mapping);
                check(RowFormat::JsonLines, &text, mapping);
            }
        }
    }

    #[test]
    fn any_mapping_is_read_or_refused(
        whole in spoilt_text(MAPPING),
        changes in spoilt_text(CHANGES),
        instants in spoilt_text(INSTANTS),
        deliveries in spoilt_text(DELIVERIES),
        other in any::<String>(),
    ) {
        for mapping in [whole, changes, instants, deliveries, other] {
            match Mapping::read(&mapping, &zones()) {
                Ok(mapping) => {
                    for (format, text, _) in sound() {
                        check(format, text.as_bytes(), &mapping);
                    }
                }
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn any_instant_is_read_or_rejected(
        time_format in "(%[a-zA-Z%+.:#0-9_-]{1,3}|[ T:-]){0,6}",
        zone in select(vec!["Europe/Amsterdam", "Pacific/Apia", "Africa/Monrovia", "UTC"]),
        times in vec(
            prop_oneof![
                "[+-]?[0-9]{1,6}-[0-9]{1,2}-[0-9]{1,2}[ T][0-9]{2}:[0-9]{2}(:60)?",
                "-?[0-9]{1,19}",
                any::<String>(),
            ],
            1..6,
        ),
    ) {
        for format in ["%Y-%m-%d %H:%M", "%s", "rfc3339", &time_format] {
            let written = serde_json::to_string(format).unwrap();
            let mapping = MAPPING
                .replace("'%Y-%m-%d %H:%M'", &written)
                .replace("Europe/Amsterdam", zone);
            let Ok(mapping) = Mapping::read(&mapping, &zones()) else { continue };
            let rows = times.iter().map(|time| {
                serde_json::json!({"id": "A", "updated": time, "seq": 1, "state": "New"}).to_string()
            });
            check(RowFormat::JsonLines, rows.collect::<Vec<_>>().join("\n").as_bytes(), &mapping);
        }
    }

    #[test]
    fn any_compressed_rows_are_read_or_refused(
        zstd in spoilt(Just(compress_to_vec(CSV.as_bytes(), CompressionLevel::Fastest))),
        gzip in spoilt(Just(gzip(CSV.as_bytes()))),
        other in vec(any::<u8>(), 0..300),
    ) {
        let mapping = mapping(MAPPING);
        for bytes in [zstd, gzip, other] {
            check(RowFormat::Csv, &bytes, &mapping);
        }
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_rows_that_are_spoilt_are_sound_before() {
    for ((format, text, mapping), facts) in sound().into_iter().zip([13, 5, 10, 5]) {
        let reading =
            ReadExport::of("-", text.as_bytes().to_vec(), Some(format), &mapping).unwrap();
        let (found, rejects) = taken(&reading);
        assert_eq!((found.len(), rejects), (facts, vec![]), "{text}");
    }
}
