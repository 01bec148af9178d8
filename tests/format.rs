//! Formats: what this version wrote is read for ever, and what a newer one wrote is left alone.
//!
//! `tests/fixtures/format-1` holds what format 1 wrote and what was answered by it then. A change
//! of format keeps it and adds another beside it: `SLX_RECORD_FIXTURE=DIR cargo test format::`
//! records it. A rule that is mended changes what is answered from it:
//! `SLX_RESTATE_FIXTURES=1 cargo test format::` writes the answers anew; read the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crc32c::{crc32c, crc32c_append};
use prost::Message;
use prost_types::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use slx::codec::store::v1::record::Entry;
use slx::codec::text::{bytes_to_json, to_json};
use slx::codec::v1::incident_event::Fact;
use slx::codec::v1::service_event::Fact as ServiceFact;
use slx::codec::{store, v1};
use slx::domain::zone::ZoneFiles;
use slx::journal::{Journal, Log as _, Options, Reader, Syncing};

use crate::testing::{
    Clients, Server, TENANT, at, contract, copy, event, hours, office, run, seconds, segments, slx,
    succeed, waiting,
};
use crate::time_zones::write_database;

pub const FLAGS: [&str; 3] = ["--segment-bytes", "65536", "--accept-clock"];
const SEGMENT_BYTES: u64 = 65_536;
const INCIDENTS: [&str; 3] = ["I1", "I2", "I3"];
const CONTRACTS: [&str; 2] = ["C", "O"];
/// What depends on the machine or on how far the journal goes, and what answers of a later slx show
/// beside those of an earlier one.
const LEFT_OUT: [&str; 6] =
    ["timeZoneDatabase", "stamp", "experience", "partyTime", "chain", "work"];

/// What a fixture answered when it was recorded.
#[derive(Debug, Deserialize, Serialize)]
struct Answers {
    /// The journal's head.
    head: String,
    /// That of the backup, which was made earlier.
    backup_head: String,
    questions: Vec<Question>,
}

/// What was requested and answered.
#[derive(Debug, Deserialize, Serialize)]
struct Question {
    method: String,
    id: String,
    as_of: String,
    known: Option<String>,
    answer: Value,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// An answer without what is left out.
fn json(message: &impl Message, name: &str) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let text = to_json(message, &format!("slx.v1.{name}")).expect("JSON");
    let mut value = serde_json::from_str(&text).expect("JSON");
    strip(&mut value);
    value
}

/// The answer of a server now.
async fn query(clients: &mut Clients, question: &Question) -> Value {
    let Question { method, id, as_of, known, .. } = question;
    let (tenant, id) = (TENANT.to_owned(), id.clone());
    let (as_of_time, known_time) = (Some(at(as_of)), known.as_deref().map(at));
    match method.as_str() {
        "EvaluateIncident" => {
            let answer = clients.evaluate(&id, as_of, known_time).await;
            json(&answer, "EvaluateIncidentResponse")
        }
        "ListClocks" => {
            let request = v1::ListClocksRequest {
                tenant,
                as_of_time,
                known_time,
                page_size: 1_000,
                ..Default::default()
            };
            let answer = clients.clocks.list_clocks(request).await.expect("listed");
            json(&answer.into_inner(), "ListClocksResponse")
        }
        "ListEvents" => {
            let request = v1::ListEventsRequest {
                tenant,
                incident_id: id,
                as_of_time,
                known_time,
                page_size: 1_000,
                ..Default::default()
            };
            let answer = clients.incidents.list_events(request).await.expect("listed");
            json(&answer.into_inner(), "ListEventsResponse")
        }
        "ListContractRevisions" => {
            let request = v1::ListContractRevisionsRequest {
                tenant,
                contract_id: id,
                as_of_time,
                known_time,
                ..Default::default()
            };
            let answer = clients.contracts.list_contract_revisions(request).await.expect("listed");
            json(&answer.into_inner(), "ListContractRevisionsResponse")
        }
        "ListWebhooks" => {
            let request = v1::ListWebhooksRequest { tenant, ..Default::default() };
            let answer = clients.webhooks.list_webhooks(request).await.expect("listed");
            // How far they have come is no matter of the format.
            let state = |state: v1::WebhookState| v1::WebhookState {
                webhook: state.webhook,
                ..Default::default()
            };
            let webhooks = answer.into_inner().webhooks.into_iter().map(state).collect();
            let answer = v1::ListWebhooksResponse { webhooks, ..Default::default() };
            json(&answer, "ListWebhooksResponse")
        }
        other => panic!("{other} is requested by no fixture"),
    }
}

/// Copies a fixture of this name, as [`unpack`] does.
pub fn unpack_fixture(name: &str, to: &Path) {
    unpack(&fixtures().join(name), to);
}

/// Copies a fixture and gives its segments back the zeros behind what is written in them.
fn unpack(fixture: &Path, to: &Path) {
    copy(fixture, to);
    for part in ["data", "backup"] {
        for path in segments(&to.join(part)) {
            let file = OpenOptions::new().write(true).open(&path).expect("a segment");
            assert!(file.metadata().expect("its size").len() <= SEGMENT_BYTES);
            file.set_len(SEGMENT_BYTES).expect("made longer");
        }
    }
}

#[tokio::test]
async fn what_each_format_wrote_is_still_read_and_answered_as_it_was() {
    if let Some(to) = std::env::var_os("SLX_RECORD_FIXTURE") {
        record(Path::new(&to)).await;
        panic!("recorded in {}: look at it, commit it, and run this without", to.display());
    }
    if std::env::var_os("SLX_RESTATE_FIXTURES").is_some() {
        restate(&fixtures().join("format-1")).await;
        panic!("restated: read the difference, commit it, and run this without");
    }
    let fixtures = fs::read_dir(fixtures()).expect("fixtures").flatten();
    let fixtures: BTreeSet<_> = fixtures.map(|entry| entry.path()).collect();
    for format in ["format-1", "format-2", "format-3", "format-3-time-zones", "format-3-webhooks"] {
        assert!(fixtures.iter().any(|path| path.ends_with(format)), "{fixtures:?}");
    }
    for fixture in &fixtures {
        let place = tempfile::tempdir().expect("a directory");
        unpack(fixture, place.path());
        let answers = fs::read_to_string(place.path().join("answers.json")).expect("answers");
        let answers: Answers = serde_json::from_str(&answers).expect("answers");
        check_files(place.path(), &answers);
        check_answers(&place.path().join("data"), &answers).await;
        check_answers_of_backup(place.path(), &answers).await;
    }
}

/// Replaces the answers and the verdict of a fixture, after a rule was mended by which they were
/// given; all that was recorded stays.
async fn restate(fixture: &Path) {
    let place = tempfile::tempdir().expect("a directory");
    unpack(fixture, place.path());
    let text = |name: &str| fs::read_to_string(fixture.join(name)).expect("a file");
    let evidence: Value = serde_json::from_str(&text("evidence.json")).expect("evidence");
    let field = |name: &str| evidence[name].as_str().expect("a text").to_owned();
    let mut command = slx();
    command.args(["evidence", &field("incidentId"), "--tenant", TENANT, "--data-dir"]);
    command.arg(place.path().join("data")).arg("-o").arg(fixture.join("evidence.json"));
    command.args(["--as-of-time", &field("asOfTime"), "--known-time", &field("knownTime")]);
    succeed(&mut command);
    let mut answers: Answers = serde_json::from_str(&text("answers.json")).expect("answers");
    let mut server = Server::start(&place.path().join("data"), &FLAGS);
    let mut clients = server.clients().await;
    for question in &mut answers.questions {
        question.answer = query(&mut clients, question).await;
    }
    let text = serde_json::to_string(&answers).expect("JSON");
    fs::write(fixture.join("answers.json"), text + "\n").expect("written");
}

/// What the commands make of a fixture's files.
fn check_files(place: &Path, answers: &Answers) {
    for (part, head) in [("data", &answers.head), ("backup", &answers.backup_head)] {
        let output = succeed(slx().arg("verify").arg(place.join(part)));
        assert!(output.contains(&format!("head {head}")), "{output}");
    }
    let until_head = ["--until-head", &answers.head];
    succeed(slx().arg("verify").arg(place.join("data")).args(until_head));
    let output =
        succeed(slx().arg("restore").arg(place.join("backup")).arg(place.join("restored")));
    assert!(output.contains(&format!("head {}", answers.backup_head)), "{output}");
    let file = place.join("evidence.json");
    let check = ["evidence", "--head", &answers.head, "--check"];
    let output = succeed(slx().args(check).arg(file));
    assert!(output.contains("the verdict follows"), "{output}");
}

/// Whether all that was answered then is answered now. Fields that came later may be there beside it.
fn assert_held(now: &Value, then: &Value, what: &str) {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            for (field, value) in then {
                let what = format!("{what}, {field}");
                assert_held(now.get(field).unwrap_or(&Value::Null), value, &what);
            }
        }
        (Value::Array(now), Value::Array(then)) if now.len() == then.len() => {
            now.iter().zip(then).for_each(|(now, then)| assert_held(now, then, what));
        }
        _ => assert_eq!(now, then, "{what}"),
    }
}

/// A server answers as it did then, and goes on recording.
async fn check_answers(data: &Path, answers: &Answers) {
    let adopted = adopted(data);
    let mut server = Server::start(data, &FLAGS);
    let mut clients = server.clients().await;
    let status = clients.status().await;
    match adopted.last() {
        Some(last) => assert_eq!((&status.head, &status.time_zone_database), (&answers.head, last)),
        // A store of an earlier version records its time zone database at its first start.
        None => assert_ne!(status.head, answers.head),
    }
    for question in &answers.questions {
        let answer = query(&mut clients, question).await;
        let Question { method, id, as_of, known, .. } = question;
        let what = format!("{method} {id} as of {as_of} known {known:?}");
        assert_held(&answer, &question.answer, &what);
    }
    let fact = event("NEW", "o", "2026-11-02T09:00:00Z", crate::testing::opened("C", "P1"));
    clients.record(vec![fact]).await;
    assert!(server.stop().await.success());
    succeed(slx().arg("verify").arg(data).args(["--until-head", &answers.head]));
}

/// The releases of the time zone databases that a store has adopted, in the order of recording.
fn adopted(data: &Path) -> Vec<String> {
    let records = Reader::open(&data.join("journal"), 1).expect("a journal");
    let adopted = records.filter_map(|record| {
        let body = record.expect("a record").body;
        match store::v1::Record::decode(body.as_slice()).expect("a record").entry? {
            Entry::TimeZoneDatabaseAdopted(adopted) => Some(adopted.database?.release),
            _ => None,
        }
    });
    adopted.collect()
}

/// What was known when the backup was made is answered from what it was restored to.
async fn check_answers_of_backup(place: &Path, answers: &Answers) {
    let mut server = Server::start(&place.join("restored"), &FLAGS);
    let mut clients = server.clients().await;
    let until = clients.status().await.stamp.expect("a stamp").known_time.expect("a time");
    let nanos = |time: Timestamp| (time.seconds, time.nanos);
    let is_within = |known: &Option<String>| {
        known.as_ref().is_some_and(|known| nanos(at(known)) <= nanos(until))
    };
    let within = answers.questions.iter().filter(|question| is_within(&question.known));
    for question in within {
        let answer = query(&mut clients, question).await;
        assert_eq!(answer, question.answer, "known {:?}", question.known);
    }
}

/// A contract with every metric, every policy, every condition and every kind of pause.
fn every_policy() -> v1::Contract {
    let limit = |priority: &str, limit| v1::Limit {
        priority: priority.into(),
        limit: Some(limit),
        calendar_id: "office".into(),
        ..Default::default()
    };
    let targets = (1..=6).map(|number| v1::Target {
        id: format!("T{number}"),
        metric: number,
        limits: vec![limit("P1", hours(4)), limit("", seconds(i64::from(number) * 36_001))],
        pauses: vec![v1::Pause {
            waiting_on: 1 + number % 4,
            reasons: if number % 2 == 0 { vec!["info".into(), "parts".into()] } else { vec![] },
            maximum: (number == 5).then(|| hours(2)),
        }],
        on_priority_change: number % 6,
        on_reopen: (number + 2) % 6,
        cycle_verdict: number % 5,
        warn_at_percent: if number == 2 { vec![50, 75, 90] } else { vec![] },
        applies_when: if number == 1 { "category != 'none'".into() } else { String::new() },
        ..Default::default()
    });
    let mut targets: Vec<_> = targets.collect();
    let condition = |text: &str| text.to_owned();
    targets[3].starts_after = "T1".into();
    targets[5].start_when = condition("opened");
    targets[5].pause_when = condition("reason == 'parts' || attributes.vip == 'no'");
    targets[5].stop_when = condition("stage == 'closed'");
    targets[5].restart_when = condition("reopen_count > 0 && group == 'second'");
    targets[5].cancel_when = condition("merged || cancelled");
    targets[5].same_instant_order = vec![5, 4, 3, 2, 1];
    v1::Contract { terms: Some(v1::Terms { targets, ..Default::default() }), ..contract("C") }
}

/// Every fact about an incident, an hour after each other.
fn every_fact() -> Vec<Fact> {
    let status = |waiting_on: v1::WaitingOn, third_party: &str, reason: &str| {
        Fact::StatusChanged(v1::StatusChanged {
            status: Some("Pending".into()),
            waiting_on: waiting_on as i32,
            third_party: third_party.into(),
            reason: Some(reason.into()),
        })
    };
    let opened = v1::Opened {
        contract_ids: CONTRACTS.map(str::to_owned).to_vec(),
        service: "mail".into(),
        category: "network".into(),
        priority: "P2".into(),
        affected_users: Some(40),
        attributes: [("vip".to_owned(), "yes".to_owned())].into(),
        ..Default::default()
    };
    let assigned =
        |group: &str| v1::Assigned { group: Some(group.into()), assignee: Some("ann".into()) };
    let work = v1::WorkLogged {
        start_time: Some(at("2026-11-02T09:10:00.5Z")),
        duration: Some(seconds(1_500)),
    };
    vec![
        Fact::Opened(opened),
        Fact::Responded(v1::Responded {}),
        Fact::Assigned(assigned("first")),
        status(v1::WaitingOn::Client, "", "info"),
        Fact::ClientUpdated(v1::ClientUpdated::default()),
        Fact::ClientReplied(v1::ClientReplied {}),
        status(v1::WaitingOn::ThirdParty, "supplier", "parts"),
        Fact::PriorityChanged(v1::PriorityChanged { priority: "P1".into() }),
        waiting(v1::WaitingOn::Provider),
        Fact::WorkLogged(work),
        Fact::EffortEstimated(v1::EffortEstimated { remaining: Some(seconds(1_800)) }),
        Fact::ImpactChanged(v1::ImpactChanged {
            affected_users: Some(3),
            productivity_loss: Some(60),
        }),
        Fact::Restored(v1::Restored {}),
        Fact::Resolved(v1::Resolved {}),
        Fact::Reopened(v1::Reopened {}),
        Fact::Assigned(assigned("second")),
        status(v1::WaitingOn::Nobody, "", "night"),
        Fact::CauseAttributed(v1::CauseAttributed {
            party: v1::Party::ThirdParty as i32,
            third_party: "supplier".into(),
            note: "a broken \u{e9}l\u{e9}ment".into(),
            ..Default::default()
        }),
        Fact::ExclusionDecided(v1::ExclusionDecided {
            contract_id: CONTRACTS[0].into(),
            target_id: "resolve".into(),
            excluded: true,
            decided_by: "ann".into(),
            reason: "force majeure".into(),
        }),
        Fact::ScopeJudged(v1::ScopeJudged {
            in_scope: Some(false),
            note: "help all the same".into(),
        }),
        Fact::DetailsChanged(v1::DetailsChanged {
            category: Some("printer".into()),
            ..Default::default()
        }),
        Fact::Resolved(v1::Resolved {}),
        Fact::Surveyed(v1::Surveyed { score: Some(7), lost_time: Some(hours(3)) }),
        Fact::Closed(v1::Closed {}),
    ]
}

fn every_service_fact() -> Vec<ServiceFact> {
    vec![
        ServiceFact::OutageStarted(v1::OutageStarted { outage_id: "o".into() }),
        ServiceFact::OutageEnded(v1::OutageEnded { outage_id: "o".into() }),
        ServiceFact::DegradationStarted(v1::DegradationStarted { outage_id: "d".into() }),
        ServiceFact::DegradationEnded(v1::DegradationEnded { outage_id: "d".into() }),
        ServiceFact::MaintenanceScheduled(v1::MaintenanceScheduled {
            start_time: Some(at("2026-11-07T20:00:00Z")),
            end_time: Some(at("2026-11-07T23:00:00Z")),
            announce_time: Some(at("2026-11-01T09:00:00Z")),
        }),
        ServiceFact::Measured(v1::Measured {
            indicator: "delay".into(),
            value: Some(-7),
            count: 300,
            ..Default::default()
        }),
        ServiceFact::RequestsCounted(v1::RequestsCounted {
            requests: 300,
            failed: 1,
            ..Default::default()
        }),
        ServiceFact::OutageAttributed(v1::OutageAttributed {
            outage_event_id: "s0".into(),
            party: v1::Party::Client as i32,
            note: "ann's cable".into(),
            ..Default::default()
        }),
        ServiceFact::OutageExclusionDecided(v1::OutageExclusionDecided {
            outage_event_id: "s0".into(),
            contract_id: CONTRACTS[0].into(),
            excluded: true,
            decided_by: "ben".into(),
            reason: "agreed".into(),
            ..Default::default()
        }),
        ServiceFact::Retracted(v1::Retracted { event_id: "s2".into() }),
    ]
}

/// Records everything there is; gives the sequence of the record that is to be lost.
async fn record_everything(clients: &mut Clients) -> u64 {
    let mut calendar = office();
    calendar.weekly.push(v1::WeeklyWindow {
        days: vec![6],
        opens: "22:00".into(),
        closes: "02:00".into(),
    });
    calendar.holidays = vec![v1::Holiday { date: "2026-11-03".into(), name: "Een dag".into() }];
    calendar.special_openings = vec![v1::SpecialOpening {
        date: "2026-11-03".into(),
        windows: vec![v1::OpeningWindow { opens: "10:00".into(), closes: "24:00".into() }],
        name: "toch open".into(),
    }];
    let always =
        v1::Calendar { always_open: true, weekly: vec![], id: "always".into(), ..office() };
    let gone = v1::Calendar { id: "gone".into(), ..office() };
    for calendar in [office(), always, gone, calendar] {
        let effective_time = Some(at("2026-10-01T00:00:00Z"));
        let calendar = Some(calendar);
        let tenant = TENANT.to_owned();
        let request =
            v1::PutCalendarRequest { tenant, calendar, effective_time, ..Default::default() };
        clients.calendars.put_calendar(request).await.expect("put");
    }
    let lost = clients.status().await.stamp.expect("a stamp").sequence - 1;
    let inside = v1::Contract {
        kind: v1::ContractKind::Ola as i32,
        underpins: "C".into(),
        applies_to_open_clocks: true,
        ..contract("O")
    };
    for (contract, effective) in [
        (contract("C"), "2026-10-01T00:00:00Z"),
        (inside, "2026-10-01T00:00:00Z"),
        (every_policy(), "2026-11-01T00:00:00Z"),
    ] {
        let tenant = TENANT.to_owned();
        let (contract, effective_time) = (Some(contract), Some(at(effective)));
        let request =
            v1::PutContractRequest { tenant, contract, effective_time, ..Default::default() };
        clients.contracts.put_contract(request).await.expect("put");
    }
    for (number, fact) in every_fact().into_iter().enumerate() {
        let time = format!("2026-11-{:02}T{:02}:30:00Z", 2 + number / 10, 8 + number % 10);
        let mut fact = event("I1", &format!("e{number}"), &time, fact);
        (fact.source, fact.occur_order) = ("itsm".into(), number as i64 - 3);
        clients.record(vec![fact]).await;
    }
    record_the_others(clients).await;
    lost as u64
}

/// Incidents that were merged, cancelled and corrected, facts about a service, a contract's end.
async fn record_the_others(clients: &mut Clients) {
    let opened = || crate::testing::opened("C", "P1");
    let merged = Fact::Merged(v1::Merged { into: "I1".into() });
    let cancelled = Fact::Cancelled(v1::Cancelled {});
    let retracted = Fact::Retracted(v1::Retracted { event_id: "c".into() });
    let mut corrected = event("I3", "n", "2026-11-02T10:30:00Z", Fact::Responded(v1::Responded {}));
    corrected.corrects_event_id = "r".into();
    let events = vec![
        event("I2", "o", "2026-11-02T08:00:00Z", opened()),
        event("I2", "m", "2026-11-02T10:00:00Z", merged),
        event("I3", "o", "2026-11-02T08:00:00Z", opened()),
        event("I3", "r", "2026-11-02T09:00:00Z", Fact::Responded(v1::Responded {})),
        event("I3", "c", "2026-11-02T11:00:00Z", cancelled),
        corrected,
        event("I3", "x", "2026-11-02T12:00:00Z", retracted),
    ];
    clients.record(events).await;
    let events =
        every_service_fact().into_iter().enumerate().map(|(number, fact)| v1::ServiceEvent {
            event_id: format!("s{number}"),
            service: "mail".into(),
            occur_time: Some(at("2026-11-04T09:00:00Z")),
            source: "monitor".into(),
            occur_order: number as i64 + 1,
            fact: Some(fact),
            ..Default::default()
        });
    let request =
        v1::RecordServiceEventsRequest { tenant: TENANT.into(), events: events.collect() };
    let answer = clients.incidents.record_service_events(request).await.expect("recorded");
    let is_refused = |result: &v1::RecordResult| result.outcome() == v1::RecordOutcome::Refused;
    let refused = answer.into_inner().results.into_iter().find(is_refused);
    assert_eq!(refused, None);
    let end = v1::EndContractRequest {
        tenant: TENANT.into(),
        contract_id: "O".into(),
        end_time: Some(at("2026-12-01T00:00:00Z")),
    };
    clients.contracts.end_contract(end).await.expect("ended");
    take_actions(clients).await;
}

/// What people sign, open and decide; and a name that is erased.
async fn take_actions(clients: &mut Clients) {
    let (tenant, contract_id) = (TENANT.to_owned(), "C".to_owned());
    let sign = v1::SignServiceReviewRequest {
        tenant: tenant.clone(),
        signature_id: "s".into(),
        contract_id: contract_id.clone(),
        period: "2026-10".into(),
        signed_by: "ann".into(),
        note: "seen".into(),
        ..Default::default()
    };
    clients.compliance.sign_service_review(sign).await.expect("signed");
    let item = v1::SettlementItem {
        item_id: "i".into(),
        contract_id,
        summary: "a printer".into(),
        opened_by: "ben".into(),
        ..Default::default()
    };
    let open = v1::OpenSettlementItemRequest { tenant: tenant.clone(), item: Some(item) };
    clients.settlement.open_settlement_item(open).await.expect("opened");
    let decision = v1::SettlementDecision {
        decision_id: "d".into(),
        item_id: "i".into(),
        facet: v1::SettlementFacet::Technical as i32,
        state: v1::SettlementState::Agreed as i32,
        decided_by: "ann".into(),
        ..Default::default()
    };
    let decide =
        v1::DecideSettlementItemRequest { tenant: tenant.clone(), decision: Some(decision) };
    clients.settlement.decide_settlement_item(decide).await.expect("decided");
    let eve = v1::Assigned { group: None, assignee: Some("eve".into()) };
    clients.record(vec![event("I2", "eve", "2026-11-02T09:00:00Z", Fact::Assigned(eve))]).await;
    let subject = "eve".into();
    let erase = v1::ErasePersonalDataRequest { tenant, subject, validate_only: false };
    clients.incidents.erase_personal_data(erase).await.expect("erased");
    put_webhooks(clients).await;
    adopt_zones(clients).await;
}

/// Webhooks, of which one is changed and given another secret, and one removed. Nobody is there.
async fn put_webhooks(clients: &mut Clients) {
    let pager = v1::Webhook {
        id: "pager".into(),
        url: "https://pager.invalid/slx".into(),
        contract_ids: vec!["C".into()],
        ..Default::default()
    };
    let changed = v1::Webhook {
        target_ids: vec!["T1".into()],
        kinds: vec![v1::NoticeKind::Breached as i32, v1::NoticeKind::Stopped as i32],
        priorities: vec!["P1".into()],
        groups: vec!["first".into()],
        ..pager.clone()
    };
    let gone = v1::Webhook { id: "gone".into(), ..pager.clone() };
    for webhook in [pager, gone, changed] {
        let (tenant, webhook) = (TENANT.into(), Some(webhook));
        let request = v1::PutWebhookRequest { tenant, webhook, validate_only: false };
        clients.webhooks.put_webhook(request).await.expect("put");
    }
    let (tenant, webhook_id) = (TENANT.to_owned(), "pager".to_owned());
    let rotate = v1::RotateWebhookSecretRequest { tenant: tenant.clone(), webhook_id };
    clients.webhooks.rotate_webhook_secret(rotate).await.expect("rotated");
    let remove = v1::RemoveWebhookRequest { tenant, webhook_id: "gone".into() };
    clients.webhooks.remove_webhook(remove).await.expect("removed");
}

/// Another time zone database, from the midst of what was recorded on.
async fn adopt_zones(clients: &mut Clients) {
    let bundled = ZoneFiles::bundled();
    let file = |(name, rules_of): (&str, &str)| v1::TimeZoneFile {
        names: vec![name.into()],
        content: bundled.file(rules_of).expect("a zone").to_vec(),
    };
    let files = [("Europe/Amsterdam", "Asia/Dubai"), ("UTC", "UTC")].map(file).to_vec();
    let adopt = v1::AdoptTimeZoneDatabaseRequest {
        database: Some(v1::TimeZoneDatabase {
            release: "2026z".into(),
            digest: String::new(),
            files,
        }),
        effective_time: Some(at("2026-11-03T00:00:00Z")),
    };
    clients.admin.adopt_time_zone_database(adopt).await.expect("adopted");
}

/// Takes away the zeros behind what is written in a segment.
fn trim(path: &Path) {
    let bytes = fs::read(path).expect("a segment");
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    fs::write(path, &bytes[..written]).expect("written");
}

/// Records a fixture of the format of now.
async fn record(to: &Path) {
    let place = tempfile::tempdir().expect("a directory");
    let (whole, data) = (place.path().join("whole"), place.path().join("data"));
    // A database of few zones, which is recorded with all its files.
    let zones = place.path().join("zones");
    let few = ["Europe/Amsterdam", "UTC"].map(str::to_owned);
    write_database(&zones, "2026y", &few, "Europe/Amsterdam");
    let zoneinfo = ["--zoneinfo", zones.to_str().expect("a path")];
    let mut server = Server::start(&whole, &[&FLAGS[..], &zoneinfo].concat());
    let mut clients = server.clients().await;
    let lost = record_everything(&mut clients).await;
    assert!(server.stop().await.success());
    spoil(&whole, lost);
    succeed(slx().arg("repair").arg(&whole).arg(&data));
    // Full, so that the next record begins a second segment.
    segments(&data).iter().for_each(|path| trim(path));

    let mut server = Server::start(&data, &FLAGS);
    let mut clients = server.clients().await;
    let backup = place.path().join("backup");
    let mut command = slx();
    command.args(["backup", "--address", &server.address]).arg(&backup);
    let backed_up = tokio::task::spawn_blocking(move || succeed(&mut command)).await;
    backed_up.expect("it ran");
    let backup_head = clients.status().await.head;
    let again = event("I3", "late", "2026-11-02T09:15:00Z", Fact::Restored(v1::Restored {}));
    clients.record(vec![again]).await;
    let head = clients.status().await.head;
    let questions = questions(&data, &mut clients).await;
    let answers = Answers { head, backup_head, questions };
    assert!(server.stop().await.success());
    check_holds_everything(&data);

    let mut command = slx();
    command.args(["evidence", "I3", "--tenant", TENANT, "--as-of-time", "2026-12-01T00:00:00Z"]);
    fs::create_dir_all(to).expect("a directory");
    succeed(command.arg("--data-dir").arg(&data).arg("-o").arg(to.join("evidence.json")));
    for part in [&data, &backup] {
        let kept = to.join(part.file_name().expect("a name"));
        copy(&part.join("journal"), &kept.join("journal"));
        fs::remove_file(kept.join("journal/lock")).expect("removed");
        segments(&kept).iter().for_each(|path| trim(path));
    }
    for (part, kept) in [(&data, "data/names"), (&backup, "backup/names")] {
        fs::copy(part.join("names"), to.join(kept)).expect("copied");
    }
    fs::copy(backup.join("backup.json"), to.join("backup/backup.json")).expect("copied");
    let text = serde_json::to_string(&answers).expect("JSON");
    fs::write(to.join("answers.json"), text + "\n").expect("written");
}

/// Flips a bit in the body of a record.
fn spoil(data: &Path, sequence: u64) {
    let path = &segments(data)[0];
    let mut bytes = fs::read(path).expect("a segment");
    let frame = frames(&bytes)[sequence as usize - 1];
    bytes[frame + FRAME_HEADER_BYTES + 3] ^= 1;
    fs::write(path, bytes).expect("written");
}

async fn questions(data: &Path, clients: &mut Clients) -> Vec<Question> {
    let records = Reader::open(&data.join("journal"), 1).expect("a journal");
    let times: Vec<_> = records.map(|r| r.expect("a record").record_time.to_string()).collect();
    let known = [None].into_iter().chain(times.into_iter().skip(12).step_by(13).map(Some));
    let known: Vec<Option<String>> = known.collect();
    let mut questions = Vec::new();
    let requested = |method: &str, id: &str, as_of: &str, known: &Option<String>| {
        let (method, id, as_of) = (method.to_owned(), id.to_owned(), as_of.to_owned());
        Question { method, id, as_of, known: known.clone(), answer: Value::Null }
    };
    questions.push(requested("ListClocks", "", "2026-11-02T15:00:00Z", &None));
    for id in INCIDENTS {
        questions.push(requested("ListEvents", id, "2026-12-01T00:00:00Z", &None));
    }
    for id in CONTRACTS {
        questions.push(requested("ListContractRevisions", id, "2026-12-01T00:00:00Z", &None));
    }
    questions.push(requested("ListWebhooks", "", "2026-12-01T00:00:00Z", &None));
    for known in &known {
        questions.push(requested("EvaluateIncident", "I1", "2026-11-03T12:00:00Z", known));
    }
    for id in INCIDENTS {
        questions.push(requested("EvaluateIncident", id, "2026-12-01T00:00:00Z", &None));
    }
    for question in &mut questions {
        question.answer = query(clients, question).await;
    }
    questions
}

/// Each choice there is for what a record can hold was taken.
fn check_holds_everything(data: &Path) {
    let mut held: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    for record in Reader::open(&data.join("journal"), 1).expect("a journal") {
        let body = record.expect("a record").body;
        let record = bytes_to_json(&body, "slx.store.v1.Record").expect("JSON");
        let record: Value = serde_json::from_str(&record).expect("JSON");
        held.entry("slx.store.v1.Record").or_default().extend(names(&record));
        for (kind, name) in
            [("incidentEvent", "slx.v1.IncidentEvent"), ("serviceEvent", "slx.v1.ServiceEvent")]
        {
            held.entry(name).or_default().extend(names(&record[kind]));
        }
    }
    let pool = prost_reflect::DescriptorPool::decode(slx::codec::DESCRIPTORS).expect("protos");
    for (name, held) in held {
        let message = pool.get_message_by_name(name).expect("a message");
        // Nobody is known to a server without identities.
        let is_due = |field: &prost_reflect::FieldDescriptor| field.name() != "recorded_by";
        let missing =
            message.fields().find(|field| is_due(field) && !held.contains(field.json_name()));
        assert!(missing.is_none(), "no {name} in the fixture has {missing:?}");
    }
}

const FRAME_HEADER_BYTES: usize = 69;
/// Of a journal's first segment.
const SEGMENT_HEADER_BYTES: usize = 78;

/// Where each frame of a journal's first segment begins.
fn frames(bytes: &[u8]) -> Vec<usize> {
    let mut offsets = Vec::new();
    let mut at = SEGMENT_HEADER_BYTES;
    loop {
        let size = bytes.get(at..at + 4).map_or([0; 4], |size| size.try_into().expect("four"));
        let size = u32::from_be_bytes(size);
        if size == 0 {
            return offsets;
        }
        offsets.push(at);
        at += size as usize;
    }
}

/// A data directory, with what a backup has beside it, as it was left.
async fn filled(place: &Path) -> PathBuf {
    let data = place.join("data");
    let mut server = Server::start(&data, &["--segment-bytes", "1048576"]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let opening = event("I1", "o", "2026-11-02T09:00:00Z", crate::testing::opened("C", "P1"));
    clients.record(vec![opening]).await;
    let mut command = slx();
    command.args(["backup", "--address", &server.address]).arg(place.join("backup"));
    let backed_up = tokio::task::spawn_blocking(move || succeed(&mut command)).await;
    backed_up.expect("it ran");
    assert!(server.stop().await.success());
    data
}

fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(directory).expect("a directory").flatten().map(|file| file.path());
    files.map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

#[track_caller]
fn assert_refused(command: &mut std::process::Command, error: &str) {
    let (done, said) = run(command);
    assert!(!done && said.contains(error) && !said.contains("panicked"), "{command:?}: {said}");
}

/// No server starts on it and says that a newer slx is needed; the journal stays as it is.
async fn assert_not_served(data: &Path) {
    let before = contents(&data.join("journal"));
    let mut server = Server::start(data, &FLAGS);
    let ended = server.ended(Duration::from_secs(60)).await;
    assert!(ended.is_some_and(|ended| !ended.success()), "it goes on: {}", server.log());
    assert!(contents(&data.join("journal")) == before, "the journal was changed");
}

fn rewrite(data: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let path = &segments(data)[0];
    let mut bytes = fs::read(path).expect("a segment");
    change(&mut bytes);
    fs::write(path, bytes).expect("written");
}

#[tokio::test]
async fn a_journal_of_a_newer_format_is_refused_by_all_and_left_as_it_is() {
    let newer_segment: fn(&mut Vec<u8>) = |bytes| {
        bytes[9] = 2;
        let end = SEGMENT_HEADER_BYTES - 4;
        let checksum = crc32c(&bytes[..end]);
        bytes[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
    };
    let newer_frame: fn(&mut Vec<u8>) = |bytes| {
        let last = *frames(bytes).last().expect("a frame");
        bytes[last + 4] = 2;
        let checksum = crc32c_append(crc32c(&bytes[10..26]), &bytes[last..last + 65]);
        bytes[last + 65..last + 69].copy_from_slice(&checksum.to_be_bytes());
    };
    let error = "has format version 2: it needs a newer slx";
    for newer in [newer_segment, newer_frame] {
        let place = tempfile::tempdir().expect("a directory");
        let data = filled(place.path()).await;
        rewrite(&data, newer);
        let before = contents(&data.join("journal"));
        assert_refused(slx().arg("verify").arg(&data), error);
        assert_refused(slx().arg("restore").arg(&data).arg(place.path().join("a")), error);
        assert_refused(slx().arg("repair").arg(&data).arg(place.path().join("b")), error);
        assert_refused(slx().args(["evidence", "I1", "--data-dir"]).arg(&data), error);
        assert_refused(slx().arg("serve").arg("--data-dir").arg(&data), error);
        assert!(contents(&data.join("journal")) == before, "the journal was changed");
    }
}

#[tokio::test]
async fn a_record_of_a_newer_format_is_refused_where_its_meaning_counts() {
    let place = tempfile::tempdir().expect("a directory");
    let data = filled(place.path()).await;
    let options = Options {
        segment_bytes: SEGMENT_BYTES,
        new_store_id: [0; 16].into(),
        durable: None,
        syncing: Syncing::EachCommit,
    };
    let mut opened = Journal::open(&data.join("journal"), options).expect("it opens");
    let record = store::v1::Record { tenant: TENANT.into(), entry: None, format: 4 };
    let time = opened.report.last_record_time.expect("a time");
    opened.writer.stage(time, &record.encode_to_vec()).expect("staged");
    opened.writer.commit().expect("committed");
    drop(opened);
    succeed(slx().arg("verify").arg(&data));
    let error = "it has format 4: it needs a newer slx";
    let mut evidence = slx();
    evidence.args(["evidence", "I1", "--tenant", TENANT, "--data-dir"]);
    assert_refused(evidence.arg(&data), error);
    assert_not_served(&data).await;
    fs::remove_dir_all(data.join("views")).expect("views");
    assert_not_served(&data).await;
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data-dir"];
    assert_refused(slx().args(serve).arg(&data), &format!("record 5 can't be read: {error}"));
}

#[tokio::test]
async fn a_backup_or_evidence_of_a_newer_format_is_refused_and_left_as_it_is() {
    let place = tempfile::tempdir().expect("a directory");
    let data = filled(place.path()).await;
    let (backup, evidence) = (place.path().join("backup"), place.path().join("I1.json"));
    let mut command = slx();
    command.args(["evidence", "I1", "--tenant", TENANT, "--data-dir"]);
    succeed(command.arg(&data).arg("-o").arg(&evidence));
    let newer = |path: &Path, from: &str, to: &str| {
        let text = fs::read_to_string(path).expect("a text");
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).expect("written");
    };
    newer(&evidence, "slx evidence 1", "slx evidence 2");
    newer(&evidence, "\"facts\"", "\"proofs\"");
    let error = "it has format \"slx evidence 2\": it needs a newer slx";
    assert_refused(slx().args(["evidence", "--check"]).arg(&evidence), error);

    newer(&backup.join("backup.json"), "slx backup 1", "slx backup 2");
    let before = (contents(&backup.join("journal")), fs::read(backup.join("backup.json")).ok());
    let error = "it has format \"slx backup 2\": it needs a newer slx";
    assert_refused(slx().arg("verify").arg(&backup), error);
    assert_refused(slx().arg("restore").arg(&backup).arg(place.path().join("new")), error);
    let mut server = Server::start(&data, &FLAGS);
    server.clients().await;
    assert_refused(slx().args(["backup", "--address", &server.address]).arg(&backup), error);
    let after = (contents(&backup.join("journal")), fs::read(backup.join("backup.json")).ok());
    assert!(before == after, "the backup was changed");
}
