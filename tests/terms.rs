//! Calendars and contracts over gRPC: revisions, lint, and service time.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{
    Clients, Server, TENANT, at, contract, event, hours, office, opened, seconds,
};

async fn put_calendar(
    clients: &mut Clients,
    calendar: v1::Calendar,
    effective_time: Option<&str>,
) -> v1::PutCalendarResponse {
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(calendar),
        effective_time: effective_time.map(at),
        ..Default::default()
    };
    clients.calendars.put_calendar(request).await.expect("put").into_inner()
}

/// Where the lint says that incidents of other priorities have no clock.
const OTHER_PRIORITIES: &str = "terms.targets";

#[tokio::test]
async fn editing_a_calendar_changes_no_verdict_already_given() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let day = |id: &str, day: u32| {
        let at = |hour: u32| format!("2026-11-{day:02}T{hour:02}:00:00Z");
        let end = Fact::Resolved(v1::Resolved {});
        vec![event(id, "o", &at(9), opened("C", "P1")), event(id, "r", &at(15), end)]
    };
    clients.record(day("before", 9)).await;
    clients.record(day("after", 11)).await;
    let mut shorter = office();
    shorter.weekly[0].closes = "12:00".into();
    let put = put_calendar(&mut clients, shorter.clone(), Some("2026-11-10T00:00:00Z")).await;
    assert_eq!(put.calendar.expect("it").revision, 2);
    let resolve = |evaluated: v1::EvaluateIncidentResponse| {
        let clock = evaluated.clocks.into_iter().find(|clock| clock.target_id == "resolve");
        let clock = clock.expect("a clock");
        (clock.calendar_revision, clock.elapsed, clock.outcome())
    };
    let before = resolve(clients.evaluate("before", "", None).await);
    assert_eq!(before, (1, Some(hours(6)), v1::Outcome::Breached));
    let after = resolve(clients.evaluate("after", "", None).await);
    assert_eq!(after, (2, Some(hours(2)), v1::Outcome::Met));
    assert!(put_calendar(&mut clients, shorter, None).await.duplicate);
}

#[tokio::test]
async fn validate_only_changes_nothing_and_a_contract_that_ended_gives_no_clocks() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract("C")),
        validate_only: true,
        ..Default::default()
    };
    clients.contracts.put_contract(request).await.expect("valid");
    let query = v1::ListContractsRequest { tenant: TENANT.into(), ..Default::default() };
    let listed = clients.contracts.list_contracts(query.clone()).await.expect("listed");
    assert!(listed.into_inner().contracts.is_empty());

    clients.put_contract(contract("C")).await;
    let end = v1::EndContractRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        end_time: Some(at("2026-11-10T00:00:00Z")),
    };
    let ended = clients.contracts.end_contract(end.clone()).await.expect("ended").into_inner();
    assert!(!ended.duplicate);
    assert!(clients.contracts.end_contract(end).await.expect("again").into_inner().duplicate);
    clients.record(vec![event("I1", "o", "2026-11-09T10:00:00Z", opened("C", "P1"))]).await;
    clients.record(vec![event("I2", "o", "2026-11-10T10:00:00Z", opened("C", "P1"))]).await;
    assert_eq!(clients.evaluate("I1", "", None).await.clocks.len(), 2);
    assert!(clients.evaluate("I2", "", None).await.clocks.is_empty());
}

#[tokio::test]
async fn an_underpinning_contract_that_promises_longer_is_reported() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let findings = clients.put_contract(contract("SLA")).await.findings;
    let fields = |findings: &[v1::Finding]| -> Vec<String> {
        findings.iter().map(|finding| finding.field.clone()).collect()
    };
    assert_eq!(fields(&findings), [OTHER_PRIORITIES]);
    let mut supplier = contract("UC");
    supplier.kind = v1::ContractKind::Uc as i32;
    supplier.underpins = "SLA".into();
    supplier.terms.as_mut().expect("terms").targets[0].limits[0].limit = Some(hours(5));
    let findings = clients.put_contract(supplier).await.findings;
    assert_eq!(fields(&findings), [OTHER_PRIORITIES, "terms.targets[0].limits[0].limit"]);
}

#[tokio::test]
async fn service_time_is_measured_added_and_listed_with_a_calendar_put_or_given() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let request = v1::AddServiceTimeRequest {
        tenant: TENANT.into(),
        hours: Some(v1::add_service_time_request::Hours::CalendarId("office".into())),
        start_time: Some(at("2026-11-27T15:30:00Z")),
        duration: Some(hours(1)),
        ..Default::default()
    };
    let added = clients.calendars.add_service_time(request.clone()).await.expect("added");
    assert_eq!(added.into_inner().time, Some(at("2026-11-30T08:30:00Z")));
    let back = v1::AddServiceTimeRequest {
        start_time: Some(at("2026-11-30T08:30:00Z")),
        duration: Some(hours(-1)),
        ..request
    };
    let back = clients.calendars.add_service_time(back).await.expect("subtracted");
    assert_eq!(back.into_inner().time, Some(at("2026-11-27T15:30:00Z")));
    let request = v1::MeasureElapsedRequest {
        tenant: TENANT.into(),
        hours: Some(v1::measure_elapsed_request::Hours::Calendar(office())),
        start_time: Some(at("2026-11-27T15:30:00Z")),
        end_time: Some(at("2026-11-30T08:00:01Z")),
        ..Default::default()
    };
    let measured = clients.calendars.measure_elapsed(request).await.expect("measured");
    assert_eq!(measured.into_inner().elapsed, Some(seconds(1801)));

    let mut request = v1::ListWindowsRequest {
        tenant: TENANT.into(),
        hours: Some(v1::list_windows_request::Hours::CalendarId("office".into())),
        start_time: Some(at("2026-11-02T12:00:00Z")),
        end_time: Some(at("2026-11-30T00:00:00Z")),
        page_size: 3,
        ..Default::default()
    };
    let mut windows = Vec::new();
    loop {
        let page = clients.calendars.list_windows(request.clone()).await.expect("listed");
        let page = page.into_inner();
        windows.extend(page.windows);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(windows.len(), 20);
    assert_eq!(windows[0].start_time, Some(at("2026-11-02T12:00:00Z")));
    assert_eq!(windows[19].end_time, Some(at("2026-11-27T16:00:00Z")));
}

#[tokio::test]
async fn holidays_come_from_an_icalendar_text_once() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n\
        DTSTAMP:20200101T000000Z\r\nDTSTART;VALUE=DATE:20200427\r\nRRULE:FREQ=YEARLY\r\n\
        SUMMARY:Koningsdag\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let request = v1::ImportHolidaysRequest {
        tenant: TENANT.into(),
        calendar_id: "office".into(),
        icalendar: text.into(),
        from_year: 2026,
        to_year: 2028,
        ..Default::default()
    };
    let imported = clients.calendars.import_holidays(request.clone()).await.expect("imported");
    let dates: Vec<_> = imported.into_inner().added.into_iter().map(|day| day.date).collect();
    assert_eq!(dates, ["2026-04-27", "2027-04-27", "2028-04-27"]);
    let again = clients.calendars.import_holidays(request.clone()).await.expect("again");
    let again = again.into_inner();
    assert!(again.duplicate && again.added.is_empty());
    let wrong = v1::ImportHolidaysRequest { icalendar: "not one".into(), ..request };
    let status = clients.calendars.import_holidays(wrong).await.expect_err("refused");
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
}

/// C8: a limit in working days is kept as it is written, survives a restart, and says what it came
/// to; ids that look alike are refused.
#[tokio::test]
async fn a_limit_in_working_days_is_kept_and_says_what_it_came_to() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut by_days = contract("C");
    let limit = &mut by_days.terms.as_mut().expect("terms").targets[0].limits[0];
    (limit.limit, limit.working_days) = (None, 2);
    clients.put_contract(by_days).await;
    // A Friday: Monday and Tuesday follow it.
    clients.record(vec![event("I", "o", "2026-11-27T15:00:00Z", opened("C", "P1"))]).await;
    server.stop().await;
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let request = v1::GetContractRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        ..Default::default()
    };
    let kept = clients.contracts.get_contract(request).await.expect("it").into_inner();
    let terms = kept.contract.expect("a contract").terms.expect("terms");
    let limit = &terms.targets[0].limits[0];
    assert_eq!((limit.limit, limit.working_days), (None, 2));
    assert_eq!(limit.first_working_day(), v1::FirstWorkingDay::DayAfterStart);
    let evaluated = clients.evaluate("I", "2026-11-30T12:00:00Z", None).await;
    let id = &terms.targets[0].id;
    let clock = evaluated.clocks.iter().find(|clock| clock.target_id == *id).expect("a clock");
    assert!(clock.notes.iter().any(|note| note.contains("2 working days")), "{clock:?}");
    assert_eq!(clock.due_time, Some(at("2026-12-01T16:00:00Z")));
    let alike = event("I\u{200b}", "o", "2026-11-27T15:00:00Z", opened("C", "P1"));
    let request = v1::RecordEventsRequest { tenant: TENANT.into(), events: vec![alike] };
    let refused = clients.incidents.record_events(request).await;
    let said = format!("{refused:?}");
    assert!(said.contains("U+200B"), "{said}");
}
