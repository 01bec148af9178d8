//! Reading a record is apart from checking a request.

use std::path::Path;
use std::sync::LazyLock;

use prost::Message;

use super::checks::Checks;
use super::limits::Limits;
use super::store::names::Names;
use super::store::record;
use super::store::v1 as store;
use super::store::v1::record::Entry;
use super::v1;
use crate::domain::calendar::CalendarLimits;
use crate::domain::contract::ConditionLimits;
use crate::domain::incident::Fact;
use crate::domain::recorded;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::record::Entry as Recorded;
use crate::journal::Reader;
use crate::limits::{ID_BYTES_MAX, NOTE_BYTES_MAX, PRIORITY_BYTES_MAX, TARGETS_PER_CONTRACT_MAX};

static ZONES: LazyLock<ZoneDatabase> = LazyLock::new(ZoneDatabase::bundled);

/// Every limit lowered as far as it goes.
const NOTHING: Limits = Limits {
    id_bytes: 0,
    item_id_bytes: 0,
    priority_bytes: 0,
    person_bytes: 0,
    note_bytes: 0,
    contracts_per_incident: 0,
    attributes_per_incident: 0,
    incidents_per_item: 0,
    targets_per_contract: 0,
    objectives_per_contract: 0,
    services_per_objective: 0,
    exclusions_per_contract: 0,
    credit_rules_per_contract: 0,
    tiers_per_credit_rule: 0,
    month_fees_per_contract: 0,
    limits_per_target: 0,
    pauses_per_target: 0,
    warnings_per_target: 0,
    credit_repeats: 0,
    monthly_fee_minor_units: 0,
    rolling_days: 0,
    conditions: ConditionLimits { bytes: 0, depth: 0, loops: 0 },
    calendars: CalendarLimits {
        weekly_windows: 0,
        holidays: 0,
        special_openings: 0,
        windows_per_date: 0,
        name_bytes: 0,
    },
};

/// The records of the journals that earlier versions wrote.
fn fixtures() -> Vec<store::Record> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1");
    let journals = ["data/journal", "backup/journal"].map(|journal| root.join(journal));
    let readers = journals.into_iter().flat_map(|journal| Reader::open(&journal, 1).unwrap());
    readers.filter_map(|read| store::Record::decode(read.ok()?.body.as_slice()).ok()).collect()
}

/// A record that holds more of everything than the API takes.
fn swollen(mut record: store::Record) -> store::Record {
    let long = |text: &mut String| *text = text.repeat(ID_BYTES_MAX + 1);
    match record.entry.as_mut().unwrap() {
        Entry::IncidentEvent(event) => {
            long(&mut event.event_id);
            long(&mut event.incident_id);
            if let Some(v1::incident_event::Fact::Opened(opened)) = &mut event.fact {
                opened.priority = "P".repeat(PRIORITY_BYTES_MAX + 1);
                opened.contract_ids = vec!["C".to_owned(); 100];
                opened.attributes = (0..100).map(|n| (n.to_string(), String::new())).collect();
            }
        }
        Entry::ServiceEvent(event) => long(&mut event.event_id),
        Entry::Contract(contract) => {
            long(&mut contract.id);
            let terms = contract.terms.as_mut().unwrap();
            let targets = terms.targets.clone();
            for n in 0..=TARGETS_PER_CONTRACT_MAX / targets.len() {
                let renamed = |target: &v1::Target| v1::Target {
                    id: format!("{}-{n}", target.id),
                    warn_at_percent: (1..=50).collect(),
                    ..target.clone()
                };
                terms.targets.extend(targets.iter().map(renamed));
            }
        }
        Entry::Calendar(calendar) => long(&mut calendar.id),
        Entry::ContractEnd(end) => long(&mut end.contract_id),
        Entry::ReviewSigned(signature) => signature.note = "x".repeat(NOTE_BYTES_MAX + 1),
        Entry::ItemOpened(item) => item.incident_ids = vec!["I".to_owned(); 1_000],
        Entry::ItemDecided(decision) => decision.note = "x".repeat(NOTE_BYTES_MAX + 1),
        Entry::WebhookPut(put) => {
            let webhook = put.webhook.as_mut().unwrap();
            long(&mut webhook.id);
            webhook.groups = vec!["G".repeat(NOTE_BYTES_MAX + 1); 1_000];
        }
        Entry::TimeZoneDatabaseAdopted(_) | Entry::WebhookRemoved(_) | Entry::Lost(_) => {}
    }
    record
}

#[test]
fn with_every_limit_lowered_requests_are_refused_and_records_are_read() {
    for record in fixtures() {
        let read = record::decode(&record.encode_to_vec(), &ZONES, &Names::default());
        assert!(read.is_ok(), "{record:?}: {read:?}");
        let entry = record.entry.unwrap();
        let is_limited = !matches!(
            entry,
            Entry::Lost(_) | Entry::ContractEnd(_) | Entry::TimeZoneDatabaseAdopted(_)
        );
        let requested = record::decode_entry(entry, &ZONES, Checks::of_request(&NOTHING));
        assert_eq!(requested.is_err(), is_limited, "{requested:?}");
    }
}

#[test]
fn a_record_may_hold_more_than_the_api_takes() {
    for record in fixtures() {
        let swollen = swollen(record);
        let read = record::decode(&swollen.encode_to_vec(), &ZONES, &Names::default());
        let read = read.unwrap_or_else(|error| panic!("{swollen:?}: {error}"));
        let kept =
            recorded::Recorded { sequence: 1, record_time: Instant::MIN, value: read.clone() };
        let kept = record::encode_kept(&kept, &Names::default());
        assert_eq!(record::decode_kept(&kept, &ZONES, &Names::default()), Ok((Instant::MIN, read)));
    }
}

/// P13: whether a field was sent is part of what is recorded; older records do not say.
#[test]
fn what_an_older_record_does_not_hold_was_zero_and_what_a_newer_one_does_not_was_not_sent() {
    let impact = v1::ImpactChanged { affected_users: Some(20), productivity_loss: None };
    let event = v1::IncidentEvent {
        event_id: "E".to_owned(),
        incident_id: "I".to_owned(),
        occur_time: Some(Default::default()),
        fact: Some(v1::incident_event::Fact::ImpactChanged(impact)),
        ..Default::default()
    };
    let loss = |format| {
        let entry = Some(Entry::IncidentEvent(event.clone()));
        let record = store::Record { tenant: "T".to_owned(), entry, format };
        match record::decode(&record.encode_to_vec(), &ZONES, &Names::default()).unwrap().entry {
            Recorded::IncidentEvent(event) => match event.fact {
                Fact::ImpactChanged { productivity_loss, .. } => productivity_loss,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([loss(1), loss(2)], [Some(0), None]);
}

/// P13: a fact that says nothing is refused, by the field it lacks.
#[test]
fn a_fact_that_says_nothing_is_refused() {
    use v1::incident_event::Fact as Wire;
    let refused = |fact| {
        let event = v1::IncidentEvent {
            event_id: "E".to_owned(),
            incident_id: "I".to_owned(),
            occur_time: Some(Default::default()),
            fact: Some(fact),
            ..Default::default()
        };
        let violations = super::api::incident::decode(event).unwrap_err();
        violations.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
    };
    assert_eq!(refused(Wire::ImpactChanged(Default::default())), ["impact_changed"]);
    assert_eq!(refused(Wire::Assigned(Default::default())), ["assigned"]);
    assert_eq!(refused(Wire::Surveyed(Default::default())), ["surveyed"]);
    assert_eq!(refused(Wire::ScopeJudged(Default::default())), ["scope_judged.in_scope"]);
}

/// P18: an outage is left out of the figures by somebody and for a reason, as a clock is.
#[test]
fn a_decision_on_an_outage_says_who_decided_and_why() {
    use v1::service_event::Fact as Wire;
    let decision = v1::OutageExclusionDecided {
        outage_event_id: "o".to_owned(),
        contract_id: "C".to_owned(),
        excluded: true,
        decided_by: " ".to_owned(),
        ..Default::default()
    };
    let event = v1::ServiceEvent {
        event_id: "E".to_owned(),
        service: "mail".to_owned(),
        occur_time: Some(Default::default()),
        fact: Some(Wire::OutageExclusionDecided(decision)),
        ..Default::default()
    };
    let violations = super::api::service_event::decode(event).unwrap_err();
    let fields: Vec<_> = violations.into_iter().map(|violation| violation.field).collect();
    let within = |field: &str| format!("outage_exclusion_decided.{field}");
    assert_eq!(fields, [within("decided_by"), within("reason")]);
}

#[test]
fn a_record_need_not_keep_rules_that_came_later() {
    let decision = v1::ExclusionDecided { contract_id: "C".to_owned(), ..Default::default() };
    let event = v1::IncidentEvent {
        event_id: "E".to_owned(),
        incident_id: "I".to_owned(),
        occur_time: Some(Default::default()),
        fact: Some(v1::incident_event::Fact::ExclusionDecided(decision)),
        ..Default::default()
    };
    let entry = Entry::IncidentEvent(event);
    let requested = record::decode_entry(entry.clone(), &ZONES, Checks::REQUEST);
    assert!(requested.unwrap_err().to_string().contains("decided_by: is missing"));
    assert!(record::decode_entry(entry, &ZONES, Checks::RECORD).is_ok());
}
