//! Mappings and rows, held to the laws of [`crate::fuzz`].

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::facts::{by_incident, facts};
use super::mapping::Mapping;
use super::mapping::tests::MAPPING;
use super::rows::{RowFormat, as_written, decompress, read};
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

fn mapping() -> Mapping {
    Mapping::read(MAPPING).unwrap()
}

/// Each row is taken or rejected with a reason, and the same rows always give the same facts.
fn check(format: RowFormat, text: &[u8], mapping: &Mapping) {
    let Ok((rows, rejects)) = read(format, text, mapping) else { return };
    assert!(rejects.iter().all(|reject| !reject.reason.is_empty()));
    let lines: Vec<u64> = rejects.iter().map(|reject| reject.line).collect();
    assert!(as_written(format, text, &lines).keys().all(|line| lines.contains(line)));
    let shown = |rows| -> Vec<_> {
        by_incident(rows).iter().flat_map(|rows| facts(rows, mapping)).collect()
    };
    let found = shown(rows.clone());
    assert_eq!(shown(rows.into_iter().rev().collect()), found);
    for fact in found {
        if let Ok(event) = incident::decode(fact.event) {
            assert_eq!(incident::decode(incident::encode(&event)), Ok(event));
        }
    }
}

proptest! {
    // Each reads the time zones anew.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn any_rows_are_taken_or_rejected(
        csv in spoilt(Just(CSV.as_bytes().to_vec())),
        lines in spoilt(Just(JSON_LINES.as_bytes().to_vec())),
        other in vec(any::<u8>(), 0..300),
    ) {
        let mapping = mapping();
        for text in [csv, lines, other] {
            check(RowFormat::Csv, &text, &mapping);
            check(RowFormat::JsonLines, &text, &mapping);
        }
    }

    #[test]
    fn any_mapping_is_read_or_refused(
        mapping in prop_oneof![3 => spoilt_text(MAPPING), 1 => any::<String>()],
    ) {
        match Mapping::read(&mapping) {
            Ok(mapping) => check(RowFormat::Csv, CSV.as_bytes(), &mapping),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
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
            let Ok(mapping) = Mapping::read(&mapping) else { continue };
            let rows = times.iter().map(|time| {
                serde_json::json!({"id": "A", "updated": time, "seq": 1, "state": "New"}).to_string()
            });
            check(RowFormat::JsonLines, rows.collect::<Vec<_>>().join("\n").as_bytes(), &mapping);
        }
    }

    #[test]
    fn any_compressed_rows_are_read_or_refused(
        bytes in prop_oneof![
            3 => spoilt(Just(compress_to_vec(CSV.as_bytes(), CompressionLevel::Fastest))),
            1 => vec(any::<u8>(), 0..300),
        ],
    ) {
        if let Ok(text) = decompress("rows.csv.zst", &bytes) {
            check(RowFormat::Csv, &text, &mapping());
        }
    }
}

#[test]
fn the_rows_that_are_spoilt_are_sound_before() {
    for (format, text, sound) in [(RowFormat::Csv, CSV, 4), (RowFormat::JsonLines, JSON_LINES, 2)] {
        let (rows, rejects) = read(format, text.as_bytes(), &mapping()).unwrap();
        assert_eq!((rows.len(), rejects), (sound, vec![]));
    }
    let compressed = compress_to_vec(CSV.as_bytes(), CompressionLevel::Fastest);
    assert_eq!(decompress("rows.csv.zst", &compressed).unwrap(), CSV.as_bytes());
}
