//! Every decoder of messages, held to the laws of [`crate::fuzz`].

use std::sync::LazyLock;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use prost_reflect::{DescriptorPool, MessageDescriptor};

use super::checks::Checks;
use super::limits::Limits;
use super::store::index_keys::StoredIndexKeys;
use super::store::names::Names;
use super::store::packed::pack;
use super::store::v1::{IncidentRow, Record as RecordMessage, TermsFile};
use super::store::{incident_row, record};
use super::text;
use crate::domain::ids::TenantId;
use crate::domain::recorded::Recorded;
use crate::domain::zone::ZoneDatabase;
use crate::engine::record::Record;
use crate::fuzz::absurd::message;
use crate::fuzz::spoilt::{spoilt, spoilt_text};

const TERMS_FILE: &str = "slx.store.v1.TermsFile";
const SOON: Duration = Duration::from_secs(10);

static ZONES: LazyLock<ZoneDatabase> = LazyLock::new(ZoneDatabase::bundled);

const TERMS: &str = "
tenant: acme
effective_time: 2026-01-01T00:00:00Z
calendars:
- id: office
  time_zone: Europe/Amsterdam
  weekly:
  - {days: [monday, FRIDAY, DAY_OF_WEEK_SUNDAY], opens: '09:00', closes: '24:00'}
  holidays: [{date: '2026-12-25', name: Kerst}]
  special_openings: [{date: '2026-12-24', windows: [{opens: '09:00', closes: '12:00'}]}]
contracts:
- id: C
  kind: sla
  title: &title Workplace
  client: *title
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - id: resolve
      metric: resolution
      limits: [{priority: 1, limit: 1h 30m, calendar_id: office}]
      pauses: [{waiting_on: client, reasons: [info], maximum: 30m}]
      on_reopen: new-cycle
      warn_at_percent: [50, 75]
      applies_when: |
        attributes.vip == 'yes'
    objectives:
    - {id: month, period: month, attainment: {target_id: resolve, percent: '99.5'}}
    - id: days
      period: rolling-days
      rolling_days: 30
      attainment: {target_id: resolve, percent: 99.9}
    - {id: score, period: quarter, experience: {average_score: '7.5', minimum_answers: 10}}
    - {id: lost, period: month, experience: {lost_time_per_hundred_people: 60h}}
    experience: {calendar_id: office, limits: [{priority: 1, limit: 4h}], people: 400}
    credits:
      fee: 1250.00 EUR
      month_fees: [{month: 2026-07, fee: 99.95 EUR}]
      combination: highest-only
      minimum_credit: 5 EUR
      caps: [{period: year, percent: 4.5, amount: 100 EUR}]
      cap_percent: 15
      from_date: 2026-07-01
      rules:
      - objective_id: month
        tiers: [{below_percent: '99.5', credit_percent: 5}, {below_percent: 97, credit_percent: 10}]
        weight_percent: 50
        repeat_percent: 20
        repeats_most: 6
        earn_back_percent: '99.9'
      - objective_id: days
        per: point
        step_percent: 0.5
        steps: full
        credited_in: quarter
        tiers: [{credit: 12.50 EUR}]
        bonuses: [{from_percent: 99.95, bonus_percent: 1}]
";

fn descriptor(name: &str) -> MessageDescriptor {
    let pool = DescriptorPool::decode(super::DESCRIPTORS).unwrap();
    pool.get_message_by_name(name).unwrap()
}

fn bytes_of(name: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    message(descriptor(name)).prop_map(|message| message.encode_to_vec())
}

/// Bytes of a record or of a view's row: absurd, spoilt, or no message at all.
fn any_bytes(name: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    prop_oneof![
        4 => bytes_of(name),
        2 => spoilt(bytes_of(name)),
        1 => vec(any::<u8>(), 0..300),
    ]
}

/// Rows of incidents: whatever there can be is packed, or what is packed is spoilt.
fn any_incident_row() -> impl Strategy<Value = Vec<u8>> {
    let parts = || (any_bytes("slx.store.v1.IncidentEvents"), any_bytes("slx.store.v1.IndexKeys"));
    let row = || {
        parts().prop_map(|(events, index_keys)| {
            let (packed_events, packed_index_keys) = (pack(&events), pack(&index_keys));
            IncidentRow { packed_events, packed_index_keys }.encode_to_vec()
        })
    };
    prop_oneof![
        4 => row(),
        2 => spoilt(row()),
        1 => any_bytes("slx.store.v1.IncidentRow"),
    ]
}

fn check_record(bytes: &[u8]) {
    match record::decode(bytes, &ZONES, &Names::default()) {
        Ok(read) => {
            assert_eq!(record::decode(&record::encode(&read), &ZONES, &Names::default()), Ok(read))
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check_terms(file: &TermsFile) {
    // Instants of no sane years have no JSON, and parts of a second are put in order in it.
    if let Ok(json) = text::to_json(file, TERMS_FILE) {
        let files: Vec<TermsFile> = text::from_yaml(&json, TERMS_FILE).unwrap();
        assert_eq!(text::to_json(&files[0], TERMS_FILE), Ok(json));
    }
}

fn check_yaml(yaml: &str) {
    match text::from_yaml::<TermsFile>(yaml, TERMS_FILE) {
        Ok(files) => {
            for file in &files {
                check_terms(file);
                if let Ok(json) = text::to_json(file, TERMS_FILE) {
                    assert_eq!(text::from_yaml(&json, TERMS_FILE), Ok(vec![file.clone()]));
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #[test]
    fn any_record_is_read_back_or_refused(bytes in any_bytes("slx.store.v1.Record")) {
        check_record(&bytes);
        let _ = text::bytes_to_json(&bytes, "slx.store.v1.Record");
    }

    #[test]
    fn what_a_request_may_say_is_read_as_a_record(bytes in bytes_of("slx.store.v1.Record")) {
        let message = RecordMessage::decode(bytes.as_slice()).unwrap();
        for limits in [&Limits::API, &Limits::RECORD] {
            let checks = Checks::of_request(limits);
            let entry = message.entry.clone().map(|e| record::decode_entry(e, &ZONES, checks));
            let Some(Ok(entry)) = entry else { continue };
            let written = Record { tenant: message.tenant.clone().into(), entry };
            let read = record::decode(&record::encode(&written), &ZONES, &Names::default());
            prop_assert_eq!(read, Ok(written));
        }
    }

    #[test]
    fn any_row_of_an_incident_is_read_back_or_refused(bytes in any_incident_row()) {
        let (nobody, names) = (TenantId::default(), Names::default());
        if let Ok((ledger, keys)) = incident_row::decode("I", &bytes, &names) {
            let again = incident_row::encode(&ledger, &keys, &nobody, &names);
            let again = incident_row::decode("I", &again, &names);
            prop_assert_eq!(again, Ok((ledger, keys)));
        }
    }

    #[test]
    fn any_index_keys_are_read_back_or_refused(bytes in any_bytes("slx.store.v1.IndexKeys")) {
        if let Ok(read) = StoredIndexKeys::from(bytes).decode() {
            prop_assert_eq!(StoredIndexKeys::encode(&read).decode(), Ok(read));
        }
    }

    #[test]
    fn any_row_of_a_service_is_read_back_or_refused(
        bytes in any_bytes("slx.store.v1.ServiceRow"),
    ) {
        let (nobody, names) = (TenantId::default(), Names::default());
        if let Ok(ledger) = record::decode_service_ledger(&bytes, &names) {
            let again = record::encode_service_ledger(&ledger, &nobody, &names);
            let again = record::decode_service_ledger(&again, &names);
            prop_assert_eq!(again, Ok(ledger));
        }
    }

    #[test]
    fn any_row_of_a_record_is_read_back_or_refused(bytes in any_bytes("slx.store.v1.KeptRow")) {
        let names = Names::default();
        if let Ok((time, read)) = record::decode_kept(&bytes, &ZONES, &names) {
            let again = Recorded { sequence: 1, record_time: time, value: read.clone() };
            let again = record::encode_kept(&again, &names);
            let again = record::decode_kept(&again, &ZONES, &names);
            prop_assert_eq!(again, Ok((time, read)));
        }
    }

    #[test]
    fn any_yaml_is_read_back_or_refused(
        yaml in prop_oneof![3 => spoilt_text(TERMS), 1 => any::<String>()],
    ) {
        check_yaml(&yaml);
    }

    #[test]
    fn terms_of_any_values_are_encoded_as_they_are(bytes in bytes_of(TERMS_FILE)) {
        check_terms(&TermsFile::decode(bytes.as_slice()).unwrap());
    }
}

#[test]
fn terms_of_half_a_million_things_are_refused() {
    let hours = super::v1::WeeklyWindow { days: vec![0; 700], ..Default::default() };
    let calendar = super::v1::Calendar { weekly: vec![hours; 700], ..Default::default() };
    let file = TermsFile { calendars: vec![calendar], ..Default::default() };
    let json = text::to_json(&file, TERMS_FILE).unwrap();
    let error = text::from_yaml::<TermsFile>(&json, TERMS_FILE).unwrap_err();
    assert!(error.to_string().contains("nodes: 250001"), "{error}");
}

#[test]
fn the_yaml_that_is_spoilt_is_sound_before() {
    let files: Vec<TermsFile> = text::from_yaml(TERMS, TERMS_FILE).unwrap();
    assert_eq!(files[0].contracts[0].client, "Workplace");
}

#[test]
fn yaml_that_grows_when_it_is_read_is_refused_or_read_soon() {
    let laughs: String =
        (1..30).map(|n| format!("a{n}: &a{n} [*a{m}, *a{m}, *a{m}]\n", m = n - 1)).collect();
    for yaml in [
        format!("a0: &a0 [x, x, x]\n{laughs}"),
        "title: &a [*a]".to_owned(),
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        (0..5_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        "---\n".repeat(100_000),
        format!("tenant: {}", "x".repeat(5_000_000)),
        format!("calendars: [{}]", "{id: office}, ".repeat(20_000)),
        "tenant: |\n".to_owned() + &" \n".repeat(500_000),
    ] {
        let before = processor_time();
        check_yaml(&yaml);
        let took = processor_time() - before;
        assert!(took < SOON, "{took:?} of {yaml:.30}");
    }
}

/// What this thread has taken of a processor: others may keep it waiting.
fn processor_time() -> Duration {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(figures.split(' ').next().unwrap().parse().unwrap())
}
