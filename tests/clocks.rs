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
