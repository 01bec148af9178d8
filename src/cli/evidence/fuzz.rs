//! Evidence files, held to the laws of [`crate::fuzz`].

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor};

use super::check::check;
use super::file::{FORMAT, File, HOW_TO_CHECK, JournalHead, Proven};
use crate::codec::text;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::fuzz::absurd::message;
use crate::fuzz::spoilt::{spoilt, spoilt_text};
use crate::journal::{ChainHash, Prover, chain_hash};
use crate::runtime::zones::{self, Choice};

static ZONES: LazyLock<ZoneDatabase> = LazyLock::new(|| zones::open(&Choice::Bundled).unwrap());

fn record() -> MessageDescriptor {
    let pool = DescriptorPool::decode(crate::codec::DESCRIPTORS).unwrap();
    pool.get_message_by_name("slx.store.v1.Record").unwrap()
}

/// Evidence of a journal whose only record has this body. The proof is right.
fn evidence(body: &[u8]) -> File {
    let time = Instant::from_seconds(1_790_000_000).unwrap();
    let hash = chain_hash(&ChainHash::ZERO, 1, time, body);
    let mut prover = Prover::new([1]);
    prover.pass(&hash);
    let (tree, _) = prover.finish();
    let holds = text::bytes_to_json(body, "slx.store.v1.Record").ok();
    let holds = holds.and_then(|holds| serde_json::from_str(&holds).ok());
    File {
        format: FORMAT.to_string(),
        how_to_check: HOW_TO_CHECK.to_owned(),
        tenant: "acme".to_owned(),
        incident_id: "I1".to_owned(),
        as_of_time: "2030-01-01T00:00:00Z".to_owned(),
        known_time: "2030-01-01T00:00:00Z".to_owned(),
        time_zone_database: ZONES.version().to_owned(),
        journal: JournalHead { records: 1, head: tree.root().to_string() },
        facts: vec![Proven {
            sequence: 1,
            record_time: time.to_string(),
            previous_hash: ChainHash::ZERO.to_string(),
            chain_hash: hash.to_string(),
            body: BASE64.encode(body),
            holds: holds.unwrap_or_default(),
            path: Vec::new(),
        }],
        terms: Vec::new(),
        time_zones: Vec::new(),
        names: Vec::new(),
        verdict: serde_json::json!({}),
    }
}

fn opening() -> String {
    use crate::codec::store::v1::{Record, record::Entry};
    use crate::codec::v1;
    let event = v1::IncidentEvent {
        event_id: "o".into(),
        incident_id: "I1".into(),
        occur_time: Some(prost_types::Timestamp { seconds: 1_780_000_000, nanos: 0 }),
        fact: Some(v1::incident_event::Fact::Opened(v1::Opened::default())),
        ..Default::default()
    };
    let entry = Some(Entry::IncidentEvent(event));
    let record = Record { tenant: "acme".into(), entry, format: 1 };
    serde_json::to_string_pretty(&evidence(&record.encode_to_vec())).unwrap()
}

#[test]
fn the_file_that_is_spoilt_is_sound_before() {
    let file: File = FORMAT.read(&opening()).unwrap();
    let shown = check(&file, None, &ZONES).unwrap();
    assert!(shown.contains("1 facts and 0 revisions of terms are proven"), "{shown}");
}

proptest! {
    #[test]
    fn any_file_is_checked_or_refused(text in spoilt_text(&opening()), other in any::<String>()) {
        for text in [text, other] {
            match FORMAT.read::<File>(&text) {
                Ok(file) => drop(check(&file, None, &ZONES)),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn whatever_is_proven_is_evaluated_or_refused(
        body in message(record()).prop_map(|record| record.encode_to_vec()),
    ) {
        drop(check(&evidence(&body), None, &ZONES));
    }

    #[test]
    fn whatever_is_proven_and_spoilt_is_evaluated_or_refused(
        body in spoilt(message(record()).prop_map(|record| record.encode_to_vec())),
    ) {
        drop(check(&evidence(&body), None, &ZONES));
    }
}
