//! What one caller does that means no good: the server stays small and others are answered.
//!
//! `SLX_ABUSE_TIMES` makes each crowd so many times larger, and `SLX_ABUSE_STREAMS` says how many
//! streams are opened at once.

use std::io::Read;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use slx::codec::v1;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tonic::Code;
use tonic::codegen::Bytes;
use tonic::codegen::http::Request;
use tonic::transport::Endpoint;

use crate::telemetry::{get, metrics_address};
use crate::testing::{Clients, Server, TENANT, at, contract, event, hours, office, opened};

/// How much more than idle the server may take while it is abused.
const MORE_BYTES_MAX: u64 = 150 << 20;
const STOPS_WITHIN: Duration = Duration::from_secs(10);
const RECORD: &str = "/slx.v1.IncidentService/RecordEvents";

const STREAMS_DEFAULT: usize = 4_000;
/// What each stream may take beside what those take that are held, and their connections' sockets.
const BYTES_PER_STREAM_MAX: u64 = 1_024;
const BYTES_OF_HELD_STREAMS_MAX: u64 = 24 << 20;
/// Rounds of the caller that behaves in which it sends what is new. Then it sends that again: what
/// a server holds of what it was sent is not what a crowd of streams takes.
const ROUNDS_ANEW: usize = 10;
/// Streams that are opened on each connection: a server allows no more.
const STREAMS_PER_CONNECTION: usize = 128;
/// A peer that means no good has one address of this machine, and one that behaves another.
const ANOTHER_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

fn set(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

fn times() -> usize {
    set("SLX_ABUSE_TIMES").unwrap_or(1)
}

/// Clients at another address than the crowd's.
async fn elsewhere(server: &Server) -> Clients {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.address)).expect("an address");
    let connected = endpoint.local_address(Some(ANOTHER_ADDRESS)).connect().await;
    Clients::of(connected.expect("it is let in"))
}

async fn started(data: &Path, flags: &[&str]) -> (Server, Clients, u64) {
    let mut server = Server::start(data, flags);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let idle = server.memory_peak();
    (server, clients, idle)
}

/// A caller that behaves: it records and evaluates, and gets what it asks for. Returns the longest
/// it waited.
async fn behave(clients: &mut Clients, round: usize) -> Duration {
    let mut longest = Duration::ZERO;
    for number in 0..20 {
        let began = Instant::now();
        let id = format!("I{round}-{number}");
        let time = "2026-11-02T09:00:00Z";
        clients.record(vec![event(&id, "open", time, opened("C", "P1"))]).await;
        let request = v1::EvaluateIncidentRequest {
            tenant: TENANT.into(),
            incident_id: id,
            ..Default::default()
        };
        clients.clocks.evaluate_incident(request).await.expect("an answer");
        longest = longest.max(began.elapsed());
    }
    longest
}

/// Says what an attack cost, and holds it to the bound.
fn report(attack: &str, server: &Server, idle: u64, waited: Duration) {
    report_within(MORE_BYTES_MAX, attack, server, idle, waited);
}

fn report_within(most: u64, attack: &str, server: &Server, idle: u64, waited: Duration) {
    let more = server.memory_peak().saturating_sub(idle);
    println!("{attack}: {} MB over idle; a caller waited {waited:?} at most", more >> 20);
    assert!(more < most, "{attack}: {more} bytes over idle");
}

fn address(server: &Server) -> SocketAddr {
    server.address.parse().expect("an address")
}

fn silent(server: &Server) -> TcpStream {
    let connection = TcpStream::connect(address(server)).expect("connected");
    connection.set_read_timeout(Some(STOPS_WITHIN)).expect("set");
    connection
}

/// A connection of HTTP/2 that does what no client of gRPC does.
async fn raw(server: &Server) -> h2::client::SendRequest<Bytes> {
    let connection = tokio::net::TcpStream::connect(address(server)).await.expect("connected");
    let (sender, connection) = h2::client::handshake(connection).await.expect("HTTP/2");
    tokio::spawn(async move { drop(connection.await) });
    sender
}

fn post() -> Request<()> {
    let request = Request::post(format!("http://slx{RECORD}"));
    let request = request.header("content-type", "application/grpc").header("te", "trailers");
    request.body(()).expect("a request")
}

/// The prefix of a message of four million bytes, and some of it.
fn begun() -> Bytes {
    let mut bytes = vec![0, 0, 0x3d, 0x09, 0x00];
    bytes.resize(40_000, 0);
    bytes.into()
}

#[tokio::test]
async fn sockets_that_say_nothing_are_closed_and_others_are_answered() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients, idle) = started(data.path(), &[]).await;
    let mut crowd: Vec<_> = (0..300 * times()).map(|_| silent(&server)).collect();
    let waited = behave(&mut clients, 0).await;
    for connection in &mut crowd {
        connection.read_to_end(&mut Vec::new()).expect("closed in time");
    }
    report("silent sockets", &server, idle, waited);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn more_connections_than_may_be_open_are_closed_at_once_and_logged() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients, _) = started(data.path(), &["--connections-max", "8"]).await;
    let crowd: Vec<_> = (0..20).map(|_| silent(&server)).collect();
    server.logs("too many connections").await;
    behave(&mut clients, 0).await;
    for connection in crowd {
        let _ = connection.shutdown(Shutdown::Both);
    }
    // There is room again.
    let deadline = Instant::now() + STOPS_WITHIN;
    while clients_of(&server).await.is_none() {
        assert!(Instant::now() < deadline, "nobody else gets in");
    }
    assert!(server.stop().await.success());
}

/// Connections that begin as HTTP/2 does, and then say nothing; those that are closed are opened
/// again for as long as it is wanted.
async fn flood(address: SocketAddr, connections: usize) -> ! {
    let begun: Vec<u8> = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice().into();
    let mut open = JoinSet::new();
    loop {
        while open.len() < connections {
            let begun = begun.clone();
            open.spawn(async move {
                let mut connection = tokio::net::TcpStream::connect(address).await?;
                tokio::io::AsyncWriteExt::write_all(&mut connection, &begun).await?;
                tokio::io::copy(&mut connection, &mut tokio::io::sink()).await
            });
        }
        let _ = open.join_next().await;
    }
}

/// A flood of connections of one peer kept all others from connecting.
#[tokio::test]
async fn a_peer_that_floods_the_server_with_connections_keeps_nobody_else_out() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients, idle) = started(data.path(), &["--connections-max", "64"]).await;
    let flooding = tokio::spawn(flood(address(&server), 300 * times()));
    server.logs("too many connections").await;
    let mut longest = Duration::ZERO;
    for round in 0..10 {
        let mut others = elsewhere(&server).await;
        longest = longest.max(behave(&mut others, round).await);
    }
    // Whoever was there before stays, at whatever address.
    longest = longest.max(behave(&mut clients, 10).await);
    flooding.abort();
    report("a flood of connections", &server, idle, longest);
    assert!(server.stop().await.success());
}

/// Opens streams on one connection that never send a body; returns how many were refused, by
/// themselves or with their connection, and how many were held.
async fn open_streams(address: SocketAddr, streams: usize, until: Instant) -> (usize, usize) {
    let socket = TcpSocket::new_v4().expect("a socket");
    let connection = socket.connect(address).await.expect("connected");
    let (mut sender, connection) = h2::client::handshake(connection).await.expect("HTTP/2");
    tokio::spawn(async move { drop(connection.await) });
    let mut answers = JoinSet::new();
    let mut bodies = Vec::new();
    for _ in 0..streams {
        let Ok(ready) = sender.ready().await else { break };
        sender = ready;
        let Ok((answer, body)) = sender.send_request(post(), false) else { break };
        answers.spawn(answer);
        bodies.push(body);
    }
    // A connection whose calls were all refused makes room for others.
    let mut refused = streams - bodies.len();
    let deadline = tokio::time::sleep_until(until.into());
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            Some(answer) = answers.join_next() => {
                refused += 1;
                let Ok(answer) = answer.expect("it ends") else { continue };
                let status = tonic::Status::from_header_map(answer.headers()).expect("a status");
                assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
            }
            () = &mut deadline => return (refused, answers.len()),
            else => return (refused, 0),
        }
    }
}

/// A5: streams that were opened and never used took 615 MB and more.
#[tokio::test]
async fn a_hundred_thousand_streams_cost_little_and_keep_nobody_else_waiting() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, ..) = started(data.path(), &["--request-seconds-max", "60"]).await;
    let streams = set("SLX_ABUSE_STREAMS").unwrap_or(STREAMS_DEFAULT);
    let mut others = elsewhere(&server).await;
    let mut alone = Duration::ZERO;
    for round in 0..ROUNDS_ANEW {
        alone = alone.max(behave(&mut others, round).await);
    }
    let idle = server.memory_peak();
    // So long that the server sees them all, but not that it ends those it holds.
    let until =
        Instant::now() + Duration::from_secs(5) + Duration::from_micros(400) * streams as u32;
    let mut crowd = JoinSet::new();
    for first in (0..streams).step_by(STREAMS_PER_CONNECTION) {
        let some = STREAMS_PER_CONNECTION.min(streams - first);
        crowd.spawn(open_streams(address(&server), some, until));
    }
    let mut longest = Duration::ZERO;
    for round in (0..ROUNDS_ANEW).cycle() {
        if crowd.is_empty() || Instant::now() >= until {
            break;
        }
        longest = longest.max(behave(&mut others, round).await);
    }
    let ended = crowd.join_all().await;
    let refused: usize = ended.iter().map(|(refused, _)| refused).sum();
    let held: usize = ended.iter().map(|(_, held)| held).sum();
    println!("{streams} streams: {refused} refused, {held} held; a caller alone: {alone:?}");
    assert_eq!(refused + held, streams);
    assert!(held > 0 && refused > 0, "{held} and {refused}");
    let most = BYTES_OF_HELD_STREAMS_MAX + BYTES_PER_STREAM_MAX * streams as u64;
    let most = most.min(MORE_BYTES_MAX);
    report_within(most, "streams without a body", &server, idle, longest);
    assert!(server.stop().await.success());
}

async fn clients_of(server: &Server) -> Option<v1::GetStatusResponse> {
    let connected = tonic::transport::Endpoint::from_shared(format!("http://{}", server.address));
    let channel = connected.ok()?.connect().await.ok()?;
    let mut admin = v1::admin_service_client::AdminServiceClient::new(channel);
    admin.get_status(v1::GetStatusRequest::default()).await.ok().map(tonic::Response::into_inner)
}

/// A connection that hears nothing of the server until it is to.
async fn deaf(server: &Server) -> (h2::client::SendRequest<Bytes>, oneshot::Sender<()>) {
    let stream = tokio::net::TcpStream::connect(address(server)).await.expect("connected");
    let (mut from_server, mut to_server) = stream.into_split();
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let (mut from_client, mut to_client) = tokio::io::split(theirs);
    tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let (hear, heard) = oneshot::channel();
    tokio::spawn(async move {
        drop(heard.await);
        drop(tokio::io::copy(&mut from_server, &mut to_client).await);
        drop(to_client.shutdown().await);
    });
    let streams = STREAMS_PER_CONNECTION;
    let client = h2::client::Builder::new().initial_max_send_streams(streams).handshake(ours);
    let (sender, connection) = client.await.expect("HTTP/2");
    tokio::spawn(async move { drop(connection.await) });
    (sender, hear)
}

/// A connection was ended, with all its calls, when the bodies of calls came that were refused by
/// their headers.
#[tokio::test]
async fn bodies_of_refused_calls_that_come_late_cost_no_connection() {
    let data = tempfile::tempdir().expect("a directory");
    let flags = ["--calls-max", "1", "--metrics-listen", "127.0.0.1:0"];
    let server = Server::start(data.path(), &flags);
    let metrics = metrics_address(&server).await;
    server.logs(" ready ").await;
    let (mut sender, hear) = deaf(&server).await;
    let mut calls = Vec::new();
    for _ in 0..STREAMS_PER_CONNECTION {
        sender = sender.ready().await.expect("room");
        calls.push(sender.send_request(post(), false).expect("sent"));
    }
    let refused = (STREAMS_PER_CONNECTION - 1) as f64;
    let deadline = Instant::now() + STOPS_WITHIN;
    while refusals(&metrics) < refused {
        assert!(Instant::now() < deadline, "{} were refused", refusals(&metrics));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for (_, body) in &mut calls {
        body.send_data(Bytes::from_static(&[0; 5]), true).expect("sent");
    }
    // They are on their way before anything is heard.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    hear.send(()).expect("it waits");
    for (answer, _) in calls {
        answer.await.expect("an answer");
    }
    sender = sender.ready().await.expect("the connection is there");
    let (answer, _) = sender.send_request(post(), true).expect("sent");
    answer.await.expect("an answer");
    assert!(server.stop().await.success());
}

/// How many calls were refused for lack of room.
fn refusals(metrics: &str) -> f64 {
    let (_, metrics) = get(metrics, "/metrics").expect("an answer");
    let is_one = |line: &&str| {
        line.starts_with("grpc_server_handled_total") && line.contains("\"ResourceExhausted\"")
    };
    let counts = metrics.lines().filter(is_one).filter_map(|line| line.rsplit(' ').next());
    counts.filter_map(|count| count.parse::<f64>().ok()).sum()
}

#[tokio::test]
async fn requests_that_never_come_whole_are_ended_and_cost_little() {
    let data = tempfile::tempdir().expect("a directory");
    let flags = ["--request-seconds-max", "3", "--requests-bytes-max", "8388608"];
    let (server, mut clients, idle) = started(data.path(), &flags).await;
    let mut waiting = Vec::new();
    for _ in 0..4 * times() {
        let mut sender = raw(&server).await;
        for _ in 0..100 {
            sender = sender.ready().await.expect("room");
            let (answer, mut body) = sender.send_request(post(), false).expect("sent");
            body.send_data(begun(), false).expect("sent");
            waiting.push((answer, body));
        }
    }
    let waited = behave(&mut clients, 0).await;
    for (answer, _body) in waiting {
        let answer = answer.await.expect("an answer");
        let status = tonic::Status::from_header_map(answer.headers()).expect("a status");
        let codes = [Code::DeadlineExceeded, Code::ResourceExhausted];
        assert!(codes.contains(&status.code()), "{status}");
    }
    report("slow requests", &server, idle, waited);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn a_peer_that_resets_what_it_begins_loses_its_connection() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients, idle) = started(data.path(), &[]).await;
    let mut ended = 0;
    for _ in 0..4 * times() {
        let mut sender = raw(&server).await;
        for _ in 0..20_000 {
            let Ok(ready) = sender.ready().await else {
                ended += 1;
                break;
            };
            sender = ready;
            let Ok((answer, mut body)) = sender.send_request(post(), false) else {
                ended += 1;
                break;
            };
            body.send_reset(h2::Reason::CANCEL);
            drop(answer);
        }
    }
    let waited = behave(&mut clients, 0).await;
    println!("{ended} connections were ended");
    report("resets", &server, idle, waited);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn what_unfolds_to_much_more_than_was_sent_is_refused_in_words() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients, idle) = started(data.path(), &[]).await;
    for _ in 0..4 * times() {
        let events = vec![v1::IncidentEvent::default(); 2_000_000];
        let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
        let refused = clients.incidents.record_events(request).await.expect_err("too much");
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
        assert!(refused.message().contains("more than 50000 fields"), "{refused}");
        let phases = vec![99; 3_000_000];
        let request = v1::ListClocksRequest { tenant: TENANT.into(), phases, ..Default::default() };
        let refused = clients.clocks.list_clocks(request).await.expect_err("wrong");
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    }
    let waited = behave(&mut clients, 0).await;
    report("unfolding", &server, idle, waited);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn a_server_stops_in_time_with_all_of_them_attached_and_loses_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients, _) = started(data.path(), &[]).await;
    let _silent: Vec<_> = (0..100).map(|_| silent(&server)).collect();
    let mut attached = Vec::new();
    let mut sender = raw(&server).await;
    for _ in 0..100 {
        sender = sender.ready().await.expect("room");
        let (answer, mut body) = sender.send_request(post(), false).expect("sent");
        body.send_data(begun(), false).expect("sent");
        attached.push((answer, body));
    }
    behave(&mut clients, 0).await;
    let began = Instant::now();
    assert!(server.stop().await.success());
    assert!(began.elapsed() < STOPS_WITHIN, "{:?}", began.elapsed());
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    for number in 0..20 {
        let request = v1::EvaluateIncidentRequest {
            tenant: TENANT.into(),
            incident_id: format!("I0-{number}"),
            ..Default::default()
        };
        clients.clocks.evaluate_incident(request).await.expect("it was acknowledged");
    }
    server.stop().await;
}

/// Twelve windows a day and a holiday on another date in each revision, which comes into effect a
/// minute after the one before.
async fn put_revision(clients: &mut Clients, number: usize) {
    let window = |half: usize| v1::WeeklyWindow {
        days: (1..=7).collect(),
        opens: format!("{:02}:{:02}", half / 2, half % 2 * 30),
        closes: format!("{:02}:{:02}", half / 2, half % 2 * 30 + 15),
    };
    let date = |year| format!("{year}-{:02}-{:02}", number / 24 % 12 + 1, number % 24 + 4);
    let holiday = |year| v1::Holiday { date: date(year), name: format!("revision {number}") };
    let calendar = v1::Calendar {
        id: "often".into(),
        weekly: (0..12).map(window).collect(),
        holidays: (2020..2060).map(holiday).collect(),
        ..office()
    };
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(calendar),
        effective_time: Some(effective(number)),
        ..Default::default()
    };
    clients.calendars.put_calendar(request).await.expect("it is put");
}

fn effective(number: usize) -> prost_types::Timestamp {
    let first = at("2027-01-01T00:00:00Z");
    let minutes = i64::try_from(number).expect("few");
    prost_types::Timestamp { seconds: first.seconds + 60 * minutes, ..first }
}

/// Asks the revision about three days of the years before and after.
async fn use_revision(clients: &mut Clients, number: usize) {
    for year in [2025, 2026, 2027, 2028] {
        let (start, end) = (format!("{year}-01-29T00:00:00Z"), format!("{year}-02-01T00:00:00Z"));
        let request = v1::MeasureElapsedRequest {
            tenant: TENANT.into(),
            hours: Some(v1::measure_elapsed_request::Hours::CalendarId("often".into())),
            start_time: Some(at(&start)),
            end_time: Some(at(&end)),
            as_of_time: Some(effective(number)),
            ..Default::default()
        };
        let measured = clients.calendars.measure_elapsed(request).await.expect("an answer");
        assert_eq!(measured.into_inner().elapsed, Some(hours(3 * 3)));
    }
}

/// Attack A6: 24 MB for each revision in use, for ever, again after a restart.
#[tokio::test]
async fn revisions_of_calendars_in_use_take_no_more_than_their_cache() {
    let data = tempfile::tempdir().expect("a directory");
    let (mut server, mut clients, idle) = started(data.path(), &[]).await;
    let revisions = 200 * times();
    for number in 0..revisions {
        put_revision(&mut clients, number).await;
        use_revision(&mut clients, number).await;
    }
    let waited = behave(&mut clients, 0).await;
    report("calendars in use", &server, idle, waited);
    assert!(server.stop().await.success());
    server = Server::start(data.path(), &[]);
    clients = server.clients().await;
    for number in 0..revisions {
        use_revision(&mut clients, number).await;
    }
    let waited = behave(&mut clients, 1).await;
    report("calendars in use, after a restart", &server, idle, waited);
    assert!(server.stop().await.success());
}
