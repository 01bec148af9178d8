//! Errors: their code, their reason, the field they name, and which of several comes first.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::testing::{Server, TENANT, at, contract, event, office, opened};

#[track_caller]
pub fn check(status: Status, code: Code, reason: &str, fields: &[&str]) {
    let details = status.get_error_details();
    assert_eq!(status.code(), code, "{status:?}");
    let info = details.error_info().expect("an ErrorInfo");
    assert_eq!((info.domain.as_str(), info.reason.as_str()), ("slx", reason));
    let named: Vec<_> = details
        .bad_request()
        .map(|request| request.field_violations.iter().map(|v| v.field.as_str()).collect())
        .unwrap_or_default();
    assert_eq!(named, fields, "{status:?}");
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once_and_nothing_is_changed() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut calendar = office();
    calendar.time_zone = "Europe/Amsterdm".into();
    calendar.weekly[0].opens = "9".into();
    calendar.holidays = vec![v1::Holiday { date: "2026-02-30".into(), name: String::new() }];
    let request = v1::PutCalendarRequest { calendar: Some(calendar), ..Default::default() };
    let status = clients.calendars.put_calendar(request).await.expect_err("refused");
    check(
        status,
        Code::InvalidArgument,
        "INVALID_FIELD",
        &["tenant", "calendar.time_zone", "calendar.weekly[0].opens", "calendar.holidays[0].date"],
    );
    let request = v1::ListCalendarsRequest { tenant: TENANT.into(), ..Default::default() };
    let listed = clients.calendars.list_calendars(request).await.expect("listed").into_inner();
    assert!(listed.calendars.is_empty());

    clients.put_office().await;
    let mut wrong = contract("C");
    wrong.kind = 0;
    wrong.currency = "euro".into();
    let terms = wrong.terms.as_mut().expect("terms");
    terms.targets[0].limits[0].limit = None;
    terms.targets[0].stop_when = "status ==".into();
    terms.targets[0].metric = 99;
    terms.targets[1].id = "resolve".into();
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(wrong),
        ..Default::default()
    };
    let status = clients.contracts.put_contract(request).await.expect_err("refused");
    check(
        status,
        Code::InvalidArgument,
        "INVALID_FIELD",
        &[
            "contract.kind",
            "contract.currency",
            "contract.terms.targets[0].stop_when",
            "contract.terms.targets[0].metric",
            "contract.terms.targets[0].limits[0].limit",
        ],
    );
}

#[tokio::test]
async fn each_condition_has_its_code_and_reason() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let query = |id: &str| v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: id.into(),
        ..Default::default()
    };
    let status = clients.clocks.evaluate_incident(query("I")).await.expect_err("unknown");
    check(status, Code::NotFound, "INCIDENT_NOT_FOUND", &[]);

    let put = |contract, expected_revision, effective_time| v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract),
        expected_revision,
        effective_time,
        ..Default::default()
    };
    let status = clients.contracts.put_contract(put(contract("C"), None, None)).await;
    check(status.expect_err("no calendar"), Code::FailedPrecondition, "CONTRACT_UNSOUND", &[]);
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let status = clients.contracts.put_contract(put(contract("C"), Some(7), None)).await;
    check(status.expect_err("stale"), Code::Aborted, "REVISION_CONFLICT", &[]);
    let far = Some(prost_types::Timestamp { seconds: 9_000_000_000, nanos: 0 });
    let status = clients.contracts.put_contract(put(contract("C"), None, far)).await;
    let status = status.expect_err("too far");
    check(status, Code::OutOfRange, "TIME_OUT_OF_RANGE", &["effective_time"]);

    let record = |events| v1::RecordEventsRequest { tenant: TENANT.into(), events };
    clients.record(vec![event("I", "o", "2026-11-23T09:00:00Z", opened("C", "P1"))]).await;
    let other = vec![event("I", "o", "2026-11-23T09:00:00Z", opened("C", "P2"))];
    let status = clients.incidents.record_events(record(other)).await.expect_err("conflict");
    check(status, Code::AlreadyExists, "EVENT_CONFLICT", &[]);
    let many = vec![event("I", "x", "2026-11-23T09:00:00Z", Fact::Closed(v1::Closed {})); 501];
    let status = clients.incidents.record_events(record(many)).await.expect_err("too many");
    check(status, Code::InvalidArgument, "INVALID_FIELD", &["events"]);
    let mut large = event("I", "y", "2026-11-23T09:00:00Z", Fact::Closed(v1::Closed {}));
    large.source = "x".repeat(70_000);
    let status = clients.incidents.record_events(record(vec![large])).await;
    check(status.expect_err("too large"), Code::ResourceExhausted, "LIMIT_EXCEEDED", &[]);

    let request = v1::ListClocksRequest {
        tenant: TENANT.into(),
        page_token: "made-by-hand".into(),
        ..Default::default()
    };
    let status = clients.clocks.list_clocks(request).await.expect_err("a foreign token");
    check(status, Code::InvalidArgument, "INVALID_PAGE_TOKEN", &["page_token"]);
    let ahead = v1::EvaluateIncidentRequest { min_sequence: 10_000, ..query("I") };
    let status = clients.clocks.evaluate_incident(ahead).await.expect_err("not there yet");
    check(status, Code::OutOfRange, "SEQUENCE_NOT_REACHED", &["min_sequence"]);
}

/// Guarantee: any write may be repeated, also one that names the revision it was to follow.
#[tokio::test]
async fn what_is_put_again_after_the_revision_it_expected_is_a_duplicate() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    for (expected, is_duplicate) in
        [(Some(0), false), (None, true), (Some(1), true), (Some(0), true)]
    {
        let request = v1::PutCalendarRequest {
            tenant: TENANT.into(),
            calendar: Some(office()),
            expected_revision: expected,
            ..Default::default()
        };
        let put = clients.calendars.put_calendar(request).await.expect("put").into_inner();
        assert_eq!((put.duplicate, put.calendar.expect("one").revision), (is_duplicate, 1));
    }

    let put = |title: &str, expected_revision| v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(v1::Contract { title: title.into(), ..contract("C") }),
        expected_revision,
        ..Default::default()
    };
    let mut contracts = clients.contracts;
    for (title, expected, is) in [
        ("first", 0, Ok((false, 1))),
        ("first", 0, Ok((true, 1))),
        ("second", 0, Err(())),
        ("second", 1, Ok((false, 2))),
        ("second", 1, Ok((true, 2))),
        ("second", 2, Ok((true, 2))),
        ("second", 0, Err(())),
        ("second", 3, Err(())),
        ("first", 1, Err(())),
        ("first", 2, Ok((false, 3))),
    ] {
        match contracts.put_contract(put(title, Some(expected))).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                let revision = answer.contract.expect("a contract").revision;
                assert_eq!(Ok((answer.duplicate, revision)), is, "{title} after {expected}");
            }
            Err(status) => {
                assert!(is.is_err(), "{title} after {expected}: {status}");
                check(status, Code::Aborted, "REVISION_CONFLICT", &[]);
            }
        }
    }
}

/// Shape comes before tokens, tokens before existence, existence before preconditions and
/// conflicts: each row mends one thing more.
#[tokio::test]
async fn of_several_violations_the_first_in_order_is_reported() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let rows = [
        ("", "forged", "none", "INVALID_FIELD"),
        (TENANT, "forged", "none", "INVALID_PAGE_TOKEN"),
        (TENANT, "", "none", "CONTRACT_NOT_FOUND"),
    ];
    for (tenant, page_token, contract_id, reason) in rows {
        let request = v1::ListContractRevisionsRequest {
            tenant: tenant.into(),
            page_token: page_token.into(),
            contract_id: contract_id.into(),
            ..Default::default()
        };
        let status = clients.contracts.list_contract_revisions(request).await.expect_err("wrong");
        let info = status.get_error_details().error_info().cloned().expect("an ErrorInfo");
        assert_eq!(info.reason, reason);
    }
}

/// A page token belongs to the arguments it was given for.
#[tokio::test]
async fn a_token_is_refused_with_other_arguments() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    for id in ["I1", "I2"] {
        clients.record(vec![event(id, "o", "2026-11-23T09:00:00Z", opened("C", "P1"))]).await;
    }
    let request =
        v1::ListIncidentsRequest { tenant: TENANT.into(), page_size: 1, ..Default::default() };
    let page =
        clients.incidents.list_incidents(request.clone()).await.expect("listed").into_inner();
    let next = v1::ListIncidentsRequest { page_token: page.next_page_token, ..request };
    assert!(clients.incidents.list_incidents(next.clone()).await.is_ok());
    let other = v1::ListIncidentsRequest { as_of_time: Some(at("2026-11-23T10:00:00Z")), ..next };
    let status = clients.incidents.list_incidents(other).await.expect_err("other arguments");
    check(status, Code::InvalidArgument, "INVALID_PAGE_TOKEN", &["page_token"]);
}

#[tokio::test]
async fn an_error_arrives_however_long_is_what_it_quotes() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    // Every byte of it takes three when it is escaped in a trailer.
    let mut contract = contract(&"\u{e9}".repeat(20_000));
    contract.time_zone = "%".repeat(20_000);
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract),
        ..Default::default()
    };
    let status = clients.contracts.put_contract(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = status.get_error_details();
    let fields = details.bad_request().expect("the fields").field_violations.iter();
    let fields: Vec<_> = fields.map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["contract.id", "contract.time_zone"]);
}

#[tokio::test]
async fn years_beyond_any_number_are_named() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let request = v1::ImportHolidaysRequest {
        tenant: TENANT.into(),
        calendar_id: "office".into(),
        from_year: i32::MAX,
        ..Default::default()
    };
    let status = clients.calendars.import_holidays(request).await.expect_err("refused");
    check(status, Code::InvalidArgument, "INVALID_FIELD", &["icalendar.from_year"]);
}
