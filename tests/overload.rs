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
/// Polls of something that is to come true, and how long they may go on.
const EVERY: Duration = Duration::from_millis(20);
const WITHIN: Duration = Duration::from_secs(60);

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

/// Records one incident that waits for one party and the other in turn, for so many minutes.
async fn record_long_incident(clients: &mut Clients, minutes: usize) {
    let mut events = vec![event("LONG", "open", "2026-11-02T09:00:00Z", opened("W", "P1"))];
    for minute in 0..minutes {
        let parties = [v1::WaitingOn::Client, v1::WaitingOn::Provider];
        let (day, hour) = (3 + minute / 1_440, minute / 60 % 24);
        let time = format!("2026-11-{day:02}T{hour:02}:{:02}:00Z", minute % 60);
        events.push(event("LONG", &minute.to_string(), &time, waiting(parties[minute % 2])));
    }
    for some in events.chunks(500) {
        clients.record(some.to_vec()).await;
    }
}

/// A contract with so many targets that an incident takes long to evaluate under it.
fn wide_contract() -> v1::Contract {
    let mut wide = contract("W");
    let terms = wide.terms.as_mut().expect("terms");
    let one = terms.targets[0].clone();
    terms.targets = (0..64).map(|n| v1::Target { id: format!("t{n}"), ..one.clone() }).collect();
    terms.objectives.clear();
    wide
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

async fn lane(clients: &mut Clients, name: &str) -> v1::Lane {
    let status = clients.admin.get_status(v1::GetStatusRequest {}).await;
    let lanes = status.expect("it never waits").into_inner().lanes;
    lanes.into_iter().find(|lane| lane.name == name).expect("the lane")
}

/// Waits until something is so of a lane.
async fn lane_comes(clients: &mut Clients, name: &str, is_so: impl Fn(&v1::Lane) -> bool) {
    let until = Instant::now() + WITHIN;
    loop {
        let lane = lane(clients, name).await;
        if is_so(&lane) {
            return;
        }
        assert!(Instant::now() < until, "{lane:?}");
        tokio::time::sleep(EVERY).await;
    }
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

/// A4: 600 exports that nobody read took 6.1 GB and 524 threads, and lists starved.
#[tokio::test]
async fn streams_that_nobody_reads_are_few_and_hold_up_nobody_and_are_ended_in_words() {
    let data = tempfile::tempdir().expect("a directory");
    let flags = ["--streams-max", "4", "--unread-seconds-max", "20", "--heavy-at-once", "1"];
    let (server, mut clients) = started(data.path(), &flags).await;
    record_incidents(&mut clients, 10_000).await;
    let mut unread = Vec::new();
    for _ in 0..3 {
        let mut reader = reader(&server).await;
        let exported = reader.export_clocks(export()).await.expect("it begins").into_inner();
        unread.push((reader, exported));
    }
    // One tenant has three quarters of the streams.
    check_refused(&reader(&server).await.export_clocks(export()).await.expect_err("too many"));
    let other = v1::ExportClocksRequest { tenant: "other".into(), ..export() };
    let status = reader(&server).await.export_clocks(other).await.expect("it may").into_inner();
    let status = status.collect::<Result<Vec<_>, _>>().await.expect_err("an unknown tenant");
    assert_eq!(status.code(), Code::NotFound);
    // Whoever waits for a reader has no place meanwhile.
    let review = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-11".into(),
        ..Default::default()
    };
    clients.compliance.get_service_review(review).await.expect("a review beside them");
    lane_comes(&mut clients, "streams", |lane| lane.working == 0).await;
    assert_eq!(lane(&mut clients, "heavy").await.stopped, 3);
    for (_reader, exported) in unread {
        let status = exported.collect::<Result<Vec<_>, _>>().await.expect_err("ended early");
        let details = status.get_error_details();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        assert_eq!(details.error_info().expect("an ErrorInfo").reason, "ANSWER_UNREAD");
    }
}

/// A4: whatever callers had given up worked on for 16 s.
#[tokio::test]
async fn what_callers_give_up_stops() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = started(data.path(), &["--unread-seconds-max", "600"]).await;
    record_incidents(&mut clients, 10_000).await;
    let given_up = clients.compliance.export_clocks(export()).await.expect("it begins");
    drop(given_up);
    let mut reader = reader(&server).await;
    let mut export = Request::new(export());
    export.set_timeout(Duration::from_secs(1));
    let exported = reader.export_clocks(export).await.expect("it begins");
    lane_comes(&mut clients, "streams", |lane| lane.working == 0).await;
    assert_eq!(lane(&mut clients, "heavy").await.working, 0);
    let rows = exported.into_inner().collect::<Result<Vec<_>, _>>().await;
    assert_eq!(rows.expect_err("it was out of time").code(), Code::DeadlineExceeded);
}

/// A1: a deadline did not stop an evaluation, and everybody waited for it.
#[tokio::test]
async fn a_long_incident_is_evaluated_beside_others_and_stops_at_its_callers_deadline() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = started(data.path(), &[]).await;
    clients.put_contract(wide_contract()).await;
    record_long_incident(&mut clients, 5_000).await;
    let mut other = clients.clone();
    let evaluating = tokio::spawn(async move {
        other.clocks.evaluate_incident(evaluation("LONG")).await.expect("evaluated").into_inner()
    });
    lane_comes(&mut clients, "heavy", |lane| lane.working == 1).await;
    let (mut answered, begun) = (0, Instant::now());
    while !evaluating.is_finished() {
        work(&mut clients, &format!("W{answered}")).await;
        answered += 1;
    }
    let took = begun.elapsed();
    println!("{answered} in {took:?} meanwhile");
    assert!(answered > 3, "{answered}");
    let whole = evaluating.await.expect("it ends");
    assert_eq!(whole.clocks.len(), 64);
    stop_within(&mut clients, took / 2).await;
    let request = v1::EvaluateIncidentRequest { contract_id: "D".into(), ..evaluation("LONG") };
    let under_another = clients.clocks.evaluate_incident(request).await.expect("evaluated");
    assert!(under_another.into_inner().clocks.is_empty());
}

/// Evaluates the long incident with shorter deadlines, or longer ones, until one comes while it is
/// evaluated.
async fn stop_within(clients: &mut Clients, mut deadline: Duration) {
    for _ in 0..30 {
        let mut impatient = Request::new(evaluation("LONG"));
        impatient.set_timeout(deadline);
        let Err(status) = clients.clocks.evaluate_incident(impatient).await else {
            deadline /= 2;
            continue;
        };
        // The client's own timer may be a little faster, and says so.
        assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
        lane_comes(clients, "heavy", |lane| lane.working == 0).await;
        match lane(clients, "heavy").await.stopped {
            0 => deadline = deadline * 3 / 2,
            stopped => return assert_eq!(stopped, 1),
        }
    }
    panic!("no deadline stopped it, the last of {deadline:?}");
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

/// A11: an answer that no message holds failed in the client, or as OUT_OF_RANGE.
#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_in_words_that_say_how_to_ask_for_less() {
    let data = tempfile::tempdir().expect("a directory");
    let (_server, mut clients) = started(data.path(), &[]).await;
    clients.put_contract(wide_contract()).await;
    record_long_incident(&mut clients, 5_000).await;
    let request = v1::EvaluateIncidentRequest { with_segments: true, ..evaluation("LONG") };
    let status = clients.clocks.evaluate_incident(request).await.expect_err("too large");
    assert!(status.message().contains("without segments"), "{status:?}");
    crate::errors::check(status, Code::ResourceExhausted, "ANSWER_TOO_LARGE", &[]);
    clients.clocks.evaluate_incident(evaluation("LONG")).await.expect("without them it fits");
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
    record_incidents(&mut clients, 10_000).await;
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
