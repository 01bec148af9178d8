//! Clocks from outside: cases that were answered wrongly once.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, apply, at, event, hours, opened};

const EVERY_DAY: &str = "[monday, tuesday, wednesday, thursday, friday, saturday, sunday]";

/// A calendar `hours` of some windows, and a contract `C` whose targets are given in YAML.
fn terms(window: &str, holidays: &str, targets: &str) -> String {
    format!(
        "calendars:
  - id: hours
    time_zone: UTC
    weekly: [{{days: {EVERY_DAY}, {window}}}]
    holidays: [{holidays}]
contracts:
  - id: C
    kind: sla
    title: Workplace
    client: Client
    provider: Provider
    time_zone: UTC
    terms:
      targets:
{targets}
"
    )
}

async fn elapsed(clients: &mut Clients, from: &str, to: &str) -> Option<prost_types::Duration> {
    let request = v1::MeasureElapsedRequest {
        tenant: TENANT.into(),
        hours: Some(v1::measure_elapsed_request::Hours::CalendarId("hours".into())),
        start_time: Some(at(from)),
        end_time: Some(at(to)),
        ..Default::default()
    };
    let answer = clients.calendars.measure_elapsed(request).await.expect("it is measured");
    answer.into_inner().elapsed
}

const RESOLVE: &str =
    "        - {id: resolve, metric: resolution, limits: [{limit: 1h, calendar_id: hours}]}";

/// C1: what lies after a holiday's last midnight counts, also of a window that would have begun on
/// the holiday.
#[tokio::test]
async fn a_holiday_does_not_close_the_hours_after_its_last_midnight() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let holiday = "{date: '2026-05-16', name: A holiday}";
    apply(&server, &terms("opens: '18:00', closes: '02:00'", holiday, RESOLVE));
    let night = elapsed(&mut clients, "2026-05-17T00:00:00Z", "2026-05-17T02:00:00Z").await;
    assert_eq!(night, Some(hours(2)));
    let date = elapsed(&mut clients, "2026-05-16T00:00:00Z", "2026-05-17T00:00:00Z").await;
    assert_eq!(date, Some(hours(0)));
    let events = vec![
        event("I", "o", "2026-05-16T20:00:00Z", opened("C", "P1")),
        event("I", "r", "2026-05-17T02:00:00Z", Fact::Resolved(v1::Resolved {})),
    ];
    clients.record(events).await;
    let clock = clients.evaluate("I", "2026-05-18T00:00:00Z", None).await.clocks.remove(0);
    assert_eq!((clock.outcome(), clock.elapsed), (v1::Outcome::Breached, Some(hours(2))));
    assert_eq!(clock.breach_time, Some(at("2026-05-17T01:00:00Z")));

    apply(&server, &terms("opens: '08:00', closes: '08:00'", holiday, RESOLVE));
    let days = elapsed(&mut clients, "2026-05-15T00:00:00Z", "2026-05-18T00:00:00Z").await;
    assert_eq!(days, Some(hours(48)));
}

fn replied() -> Fact {
    Fact::ClientReplied(v1::ClientReplied {})
}

fn resolved() -> Fact {
    Fact::Resolved(v1::Resolved {})
}

fn closed() -> Fact {
    Fact::Closed(v1::Closed {})
}

fn reopened() -> Fact {
    Fact::Reopened(v1::Reopened {})
}

fn assigned(assignee: &str) -> Fact {
    Fact::Assigned(v1::Assigned { group: "desk".into(), assignee: assignee.into() })
}

fn waits_for_vendor() -> Fact {
    Fact::StatusChanged(v1::StatusChanged {
        status: "Vendor".into(),
        waiting_on: v1::WaitingOn::ThirdParty as i32,
        third_party: "V".into(),
        reason: "parts".into(),
    })
}

/// Round the clock, with these targets.
fn always(targets: &str) -> String {
    terms("opens: '00:00', closes: '24:00'", "", targets)
}

/// Facts of incident `I` on 2026-05-04, each at a time of the day.
async fn record(clients: &mut Clients, facts: Vec<(&str, Fact)>) {
    let facts = facts.into_iter().enumerate();
    let events = facts.map(|(number, (time, fact))| {
        event("I", &format!("e{number}"), &format!("2026-05-04T{time}:00Z"), fact)
    });
    clients.record(events.collect()).await;
}

/// C3: a wait ends with the end; after a reopening the provider is on turn, and the vendor is not
/// charged for what follows.
#[tokio::test]
async fn a_wait_does_not_outlive_the_end() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let paused = "        - {id: resolve, metric: resolution, pauses: [{waiting_on: third-party}],
           limits: [{limit: 4h, calendar_id: hours}]}";
    apply(&server, &always(paused));
    record(
        &mut clients,
        vec![
            ("09:00", opened("C", "P1")),
            ("09:30", waits_for_vendor()),
            ("10:00", resolved()),
            ("12:00", reopened()),
        ],
    )
    .await;
    let answer = clients.evaluate("I", "2026-05-05T09:00:00Z", None).await;
    let clock = &answer.clocks[0];
    assert_eq!((clock.phase(), clock.outcome()), (v1::Phase::Running, v1::Outcome::Breached));
    assert_eq!(clock.due_time, Some(at("2026-05-04T15:30:00Z")));
    let vendor = answer.party_time.iter().find(|time| time.third_party == "V").expect("it waited");
    assert_eq!(vendor.duration, Some(crate::testing::seconds(1_800)));
    let request = v1::GetIncidentRequest {
        tenant: TENANT.into(),
        incident_id: "I".into(),
        as_of_time: Some(at("2026-05-04T11:00:00Z")),
        ..Default::default()
    };
    let incident = clients.incidents.get_incident(request).await.expect("it is there");
    let incident = incident.into_inner().incident.expect("an incident");
    assert_eq!((incident.waiting_on(), incident.third_party.as_str()), (v1::WaitingOn::Nobody, ""));
}

/// C4: an update after the contract's end ends a cycle and begins none.
#[tokio::test]
async fn a_contract_that_has_ended_starts_no_cycle() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let update =
        "        - {id: update, metric: update, limits: [{limit: 2h, calendar_id: hours}]}";
    apply(&server, &always(update));
    let updated = || Fact::ClientUpdated(v1::ClientUpdated { reported_time: None });
    let facts = vec![("10:00", opened("C", "P1")), ("11:00", updated()), ("13:30", updated())];
    record(&mut clients, facts).await;
    let request = v1::EndContractRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        end_time: Some(at("2026-05-04T12:00:00Z")),
    };
    clients.contracts.end_contract(request).await.expect("it is ended");
    let clocks = clients.evaluate("I", "2026-05-05T00:00:00Z", None).await.clocks;
    let found: Vec<_> = clocks.iter().map(|clock| (clock.cycle, clock.phase())).collect();
    assert_eq!(found, [(1, v1::Phase::Stopped), (2, v1::Phase::Stopped)]);
}

/// C6: 15 minutes each owner, in the contract's own words; and where `changed` makes no sense it is
/// refused.
#[tokio::test]
async fn an_owner_has_fifteen_minutes() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let owner = "        - id: owner
          metric: custom
          start_when: assignee != ''
          restart_when: changed.assignee && assignee != ''
          stop_when: responded
          limits: [{limit: 15m, calendar_id: hours}]";
    apply(&server, &always(owner));
    record(
        &mut clients,
        vec![
            ("09:00", opened("C", "P1")),
            ("09:00", assigned("ann")),
            ("09:10", assigned("bob")),
            ("09:20", Fact::Responded(v1::Responded {})),
        ],
    )
    .await;
    let clocks = clients.evaluate("I", "2026-05-05T00:00:00Z", None).await.clocks;
    let found: Vec<_> = clocks.iter().map(|c| (c.cycle, c.outcome(), c.elapsed)).collect();
    let ten_minutes = Some(crate::testing::seconds(600));
    assert_eq!(found, [(1, v1::Outcome::Met, ten_minutes), (2, v1::Outcome::Met, ten_minutes)]);

    let mut contract = crate::testing::contract("X");
    let terms = contract.terms.as_mut().expect("terms");
    terms.targets[0].pause_when = "changed.status".into();
    terms.targets[0].stop_when = "changed.statsu".into();
    terms.targets[1].applies_when = "changed.group".into();
    terms.exclusions = vec![v1::Exclusion {
        id: "moved".into(),
        when: "changed.group".into(),
        ..Default::default()
    }];
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract),
        ..Default::default()
    };
    let status = clients.contracts.put_contract(request).await.expect_err("refused");
    let text = format!("{status:?}");
    for part in [
        "targets[0].pause_when: uses `changed`",
        "targets[0].stop_when: \\\"statsu\\\" is no field that changes",
        "targets[1].applies_when: uses `changed`",
        "exclusions[0].when: uses `changed`",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

const ANSWERED: &str =
    "        - {id: respond, metric: response, limits: [{limit: 4h, calendar_id: hours}]}
        - {id: reply, metric: next-reply, limits: [{limit: 4h, calendar_id: hours}]}
        - {id: lenient, metric: response, answered_by: [responded, resolved],
           limits: [{limit: 4h, calendar_id: hours}]}";

/// C9: closed and reopened without an answer, the client still waits for one; unless the contract
/// says that an end is an answer.
#[tokio::test]
async fn closing_without_an_answer_is_no_response() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    apply(&server, &always(ANSWERED));
    record(
        &mut clients,
        vec![
            ("09:00", opened("C", "P1")),
            ("09:00", replied()),
            ("10:00", closed()),
            ("11:00", reopened()),
        ],
    )
    .await;
    let answer = clients.evaluate("I", "2026-05-04T12:00:00Z", None).await;
    let found = answer.clocks.iter();
    let found: Vec<_> = found.map(|c| (c.target_id.as_str(), c.phase(), c.elapsed)).collect();
    let expected = [
        ("respond", v1::Phase::Running, Some(hours(3))),
        ("reply", v1::Phase::Running, Some(hours(3))),
        ("lenient", v1::Phase::Stopped, Some(hours(1))),
    ];
    assert_eq!(found, expected);

    let mut contract = crate::testing::contract("X");
    let targets = &mut contract.terms.as_mut().expect("terms").targets;
    targets[0].answered_by = vec![v1::Answer::Responded as i32];
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract),
        ..Default::default()
    };
    clients.put_office().await;
    let status = clients.contracts.put_contract(request).await.expect_err("refused");
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    assert!(format!("{status:?}").contains("targets[0].answered_by"), "{status:?}");
}

/// C10: what was cancelled for a time is told as that, also in the timeline's table.
#[tokio::test]
async fn a_cancelled_gap_is_told_as_one() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    apply(&server, &always(RESOLVE));
    record(
        &mut clients,
        vec![
            ("09:00", opened("C", "P1")),
            ("09:30", Fact::Cancelled(v1::Cancelled {})),
            ("10:00", reopened()),
        ],
    )
    .await;
    let clock = clients.evaluate("I", "2026-05-04T10:15:00Z", None).await.clocks.remove(0);
    let kinds: Vec<_> = clock.segments.iter().map(v1::Segment::kind).collect();
    let (running, gap) = (v1::SegmentKind::Running, v1::SegmentKind::CancelledGap);
    assert_eq!(kinds, [running, gap, running]);
    let mut command = crate::testing::slx();
    command.args(["incident", "I", "--as-of-time", "2026-05-04T10:15:00Z"]);
    command.args(["--tenant", TENANT, "--address", &server.address]);
    let text = crate::testing::succeed(&mut command);
    assert!(text.contains("cancelled gap"), "{text}");
}
