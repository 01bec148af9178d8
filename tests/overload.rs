//! One caller among many: what others ask for, give up or never read does not hold it up.
//!
//! `SLX_OVERLOAD_SECONDS` makes the crowds stay longer; then how long the one waited is held
//! against how long it waits alone.

use std::path::Path;
use std::time::{Duration, Instant};

use slx::codec::v1;
use slx::codec::v1::compliance_service_client::ComplianceServiceClient;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::testing::{Clients, Server, TENANT, at, contract, event, opened, waiting};

const SECONDS_DEFAULT: u64 = 3;

fn crowd_stays() -> (Duration, bool) {
    let set = std::env::var("SLX_OVERLOAD_SECONDS").ok().and_then(|text| text.parse().ok());
    (Duration::from_secs(set.unwrap_or(SECONDS_DEFAULT)), set.is_some())
}

async fn started(data: &Path, flags: &[&str]) -> (Server, Clients) {
    let mut server = Server::start(data, flags);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    (server, clients)
}

/// Records incidents that are opened and wait for the client.
async fn record_incidents(clients: &mut Clients, count: usize) {
    let ids: Vec<_> = (0..count).map(|number| format!("I{number:05}")).collect();
    for some in ids.chunks(250) {
        let events = some.iter().flat_map(|id| {
            let open = event(id, "open", "2026-11-02T09:00:00Z", opened("C", "P1"));
            let wait = waiting(v1::WaitingOn::Client);
            [open, event(id, "wait", "2026-11-02T10:00:00Z", wait)]
        });
        clients.record(events.collect()).await;
    }
}

fn evaluation(id: &str) -> v1::EvaluateIncidentRequest {
    v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: id.into(),
        ..Default::default()
    }
}

fn export() -> v1::ExportClocksRequest {
    v1::ExportClocksRequest { tenant: TENANT.into(), include_open: true, ..Default::default() }
}

/// Whoever is refused under load learns when to try again.
#[track_caller]
fn check_refused(status: &Status) {
    let details = status.get_error_details();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert_eq!(details.error_info().expect("an ErrorInfo").reason, "OVERLOADED");
    assert!(details.retry_info().expect("a RetryInfo").retry_delay.is_some());
}

/// Asks for reviews and exports as of the past, over and over; counts what was answered.
async fn ask_for_much(mut clients: Clients, until: Instant) -> usize {
    let mut answered = 0;
    while Instant::now() < until {
        let review = v1::GetServiceReviewRequest {
            tenant: TENANT.into(),
            contract_id: "C".into(),
            period: "2026-11".into(),
            as_of_time: Some(at("2026-11-20T00:00:00Z")),
            ..Default::default()
        };
        let reviewed = clients.compliance.get_service_review(review).await;
        let exported = match clients.compliance.export_clocks(export()).await {
            Ok(exported) => exported.into_inner().map(|row| row.map(drop)).collect().await,
            Err(status) => Err(status),
        };
        for done in [reviewed.map(drop), exported] {
            match done {
                Ok(()) => answered += 1,
                Err(status) => check_refused(&status),
            }
        }
    }
    answered
}

/// Records and evaluates an incident; returns how long that took.
async fn work(clients: &mut Clients, id: &str) -> Duration {
    let begun = Instant::now();
    clients.record(vec![event(id, "o", "2026-11-02T09:00:00Z", opened("C", "P1"))]).await;
    let evaluated = clients.clocks.evaluate_incident(evaluation(id)).await;
    assert_eq!(evaluated.expect("evaluated").into_inner().clocks.len(), 2);
    begun.elapsed()
}

fn p99(mut taken: Vec<Duration>) -> Duration {
    taken.sort_unstable();
    taken[taken.len() * 99 / 100]
}

/// A3, A4: eight reviews and exports in a loop took everything from those who record and evaluate.
#[tokio::test]
async fn callers_of_reviews_and_exports_do_not_hold_up_whoever_records_and_evaluates() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = started(data.path(), &[]).await;
    record_incidents(&mut clients, 1_000).await;
    let (stays, is_long) = crowd_stays();
    let mut taken = [Vec::new(), Vec::new()];
    for (place, taken) in taken.iter_mut().enumerate() {
        let until = Instant::now() + stays;
        let mut crowd = JoinSet::new();
        for _ in 0..place * 8 {
            crowd.spawn(ask_for_much(clients.clone(), until));
        }
        while Instant::now() < until || taken.len() < 100 {
            taken.push(work(&mut clients, &format!("W{place}-{}", taken.len())).await);
        }
        let answered: usize = crowd.join_all().await.into_iter().sum();
        assert!(place == 0 || answered > 0, "the crowd is served as well");
    }
    let [alone, beside] = taken.map(p99);
    println!("p99 alone {alone:?}, beside the crowd {beside:?}");
    assert!(!is_long || beside < 3 * alone, "alone {alone:?}, beside {beside:?}");
}

/// A client of its own connection, which takes in little unless it is read.
async fn reader(server: &Server) -> ComplianceServiceClient<Channel> {
    let endpoint = Channel::from_shared(format!("http://{}", server.address)).expect("an address");
    let endpoint =
        endpoint.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    ComplianceServiceClient::new(endpoint.connect().await.expect("up"))
}

/// A11: what is no `grpc-timeout` was answered as though there were none.
#[tokio::test]
async fn a_timeout_that_is_none_is_refused_and_named() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = started(data.path(), &[]).await;
    let mut request = Request::new(evaluation("I"));
    request.metadata_mut().insert("grpc-timeout", "soon".parse().expect("a value"));
    let status = clients.clocks.evaluate_incident(request).await.expect_err("refused");
    crate::errors::check(status, Code::InvalidArgument, "INVALID_FIELD", &["grpc-timeout"]);
}

/// A10: whatever came was let in, and waited. What is acknowledged is durable all the same.
#[tokio::test]
async fn a_flood_of_calls_is_refused_in_part_and_what_is_acknowledged_is_there() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = started(data.path(), &["--calls-max", "16"]).await;
    let mut calls = JoinSet::new();
    for number in 0..600 {
        let mut clients = clients.clone();
        calls.spawn(async move {
            let id = format!("I{number}");
            let open = event(&id, "o", "2026-11-02T09:00:00Z", opened("C", "P1"));
            let request = v1::RecordEventsRequest { tenant: TENANT.into(), events: vec![open] };
            (id, clients.incidents.record_events(request).await.map(drop))
        });
    }
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for (id, done) in calls.join_all().await {
        match done {
            Ok(()) => acknowledged.push(id),
            Err(status) => {
                check_refused(&status);
                refused += 1;
            }
        }
    }
    assert!(!acknowledged.is_empty() && refused > 0, "{} and {refused}", acknowledged.len());
    for id in acknowledged {
        let found = clients.clocks.evaluate_incident(evaluation(&id)).await.expect("it is there");
        assert_eq!(found.into_inner().clocks.len(), 2);
    }
}

/// A10: an event whose caller's time was over was recorded all the same.
#[tokio::test]
async fn what_can_not_be_begun_in_time_is_not_recorded() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = started(data.path(), &[]).await;
    let open = event("LATE", "o", "2026-11-02T09:00:00Z", opened("C", "P1"));
    let request = v1::RecordEventsRequest { tenant: TENANT.into(), events: vec![open] };
    let mut request = Request::new(request);
    request.metadata_mut().insert("grpc-timeout", "0n".parse().expect("a value"));
    clients.incidents.record_events(request).await.expect_err("out of time");
    work(&mut clients, "NEXT").await;
    let found = clients.clocks.evaluate_incident(evaluation("LATE")).await.expect_err("not there");
    assert_eq!(found.code(), Code::NotFound);
}

/// A4: SIGTERM took over 120 s beside streams that nobody read.
#[tokio::test]
async fn sigterm_ends_a_server_in_time_beside_streams_that_nobody_reads() {
    let data = tempfile::tempdir().expect("a directory");
    let flags = ["--unread-seconds-max", "600", "--drain-seconds", "2"];
    let (server, mut clients) = started(data.path(), &flags).await;
    record_incidents(&mut clients, 4_000).await;
    let mut unread = Vec::new();
    for _ in 0..4 {
        let mut reader = reader(&server).await;
        let exported = reader.export_clocks(export()).await.expect("it begins").into_inner();
        unread.push((reader, exported));
    }
    let begun = Instant::now();
    assert!(server.stop().await.success());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
