//! What is known of each call: its request id, the lines of the log it stands in, and its spans, as
//! a collector receives them.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use slx::codec::v1;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataMap;
use tonic::transport::{Identity, Server as CollectorServer, ServerTlsConfig};
use tonic::{Code, Request, Response, Status};

use crate::telemetry::{get, metrics_address};
use crate::testing::{Clients, Server, TENANT, contract, event, opened};

pub const REQUEST_ID: &str = "x-request-id";
const WITHIN: Duration = Duration::from_secs(60);
pub const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
pub const PARENT: &str = "b7ad6b7169203331";

/// A collector that keeps what it receives.
#[derive(Clone, Default)]
pub struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    headers: Arc<Mutex<Vec<MetadataMap>>>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let (headers, _, request) = request.into_parts();
        self.headers.lock().expect("headers").push(headers);
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        self.spans.lock().expect("spans").extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    pub async fn start() -> (Collector, SocketAddr) {
        Collector::start_as(CollectorServer::builder()).await
    }

    /// Starts one that speaks TLS as localhost, by the certificate of a name.
    async fn start_with_tls(name: &str) -> (Collector, SocketAddr) {
        let [chain, key] = ["pem", "key"]
            .map(|kind| std::fs::read(certificate(&format!("{name}.{kind}"))).expect("readable"));
        let tls = ServerTlsConfig::new().identity(Identity::from_pem(chain, key));
        let server = CollectorServer::builder().tls_config(tls).expect("a certificate");
        Collector::start_as(server).await
    }

    async fn start_as(mut server: CollectorServer) -> (Collector, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let collector = Collector::default();
        let service = TraceServiceServer::new(collector.clone());
        let incoming = TcpListenerStream::new(listener);
        tokio::spawn(server.add_service(service).serve_with_incoming(incoming));
        (collector, address)
    }

    fn named(&self, name: &str) -> Vec<Span> {
        let spans = self.spans.lock().expect("spans");
        spans.iter().filter(|span| span.name == name).cloned().collect()
    }

    /// The spans of a name in the caller's trace, once so many are there.
    pub async fn of_the_caller<const N: usize>(&self, name: &str) -> [Span; N] {
        let deadline = Instant::now() + WITHIN;
        loop {
            let mut spans = self.named(name);
            spans.retain(|span| hexadecimal(&span.trace_id) == TRACE);
            let spans: Result<[Span; N], Vec<Span>> = spans.try_into();
            match spans {
                Ok(spans) => return spans,
                Err(found) => {
                    assert!(found.len() < N && Instant::now() < deadline, "{name}: {found:?}");
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn certificate(file: &str) -> String {
    format!("{}/tests/identity/certificates/{file}", env!("CARGO_MANIFEST_DIR"))
}

pub fn attribute(span: &Span, name: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == name);
    let value = found.and_then(|attribute| attribute.value.clone()?.value);
    match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{name}: {other:?}"),
    }
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request with headers.
fn with<R>(message: R, headers: &[(&'static str, &str)]) -> Request<R> {
    let mut request = Request::new(message);
    for (name, value) in headers {
        request.metadata_mut().insert(*name, value.parse().expect("a header"));
    }
    request
}

fn echoed(headers: &MetadataMap) -> String {
    let values: Vec<_> = headers.get_all(REQUEST_ID).iter().collect();
    assert_eq!(values.len(), 1, "{headers:?}");
    values[0].to_str().expect("a text").to_owned()
}

fn list() -> v1::ListCalendarsRequest {
    v1::ListCalendarsRequest { tenant: TENANT.into(), ..Default::default() }
}

fn evaluate(incident: &str) -> v1::EvaluateIncidentRequest {
    v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: incident.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn every_answer_has_the_request_id_of_its_call() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let sent = [(REQUEST_ID, "backend-1/7")];
    let listed = clients.calendars.list_calendars(with(list(), &sent)).await.expect("listed");
    assert_eq!(echoed(listed.metadata()), "backend-1/7");
    let refused = clients.clocks.evaluate_incident(with(evaluate("none"), &sent)).await;
    assert_eq!(echoed(refused.expect_err("refused").metadata()), "backend-1/7");
    let streamed = clients.incidents.stream_events(with(tokio_stream::empty(), &sent)).await;
    assert_eq!(echoed(streamed.expect("a stream").metadata()), "backend-1/7");
    let message = v1::StreamEventsRequest { tenant: "a\nb".into(), events: vec![] };
    let streamed = clients.incidents.stream_events(with(tokio_stream::iter([message]), &sent));
    let mut answers = streamed.await.expect("a stream");
    assert_eq!(echoed(answers.metadata()), "backend-1/7");
    answers.get_mut().message().await.expect_err("refused later");
}

#[tokio::test]
async fn a_request_id_that_is_none_is_replaced_by_one() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let long = "x".repeat(4_000);
    let mut made = Vec::new();
    for hostile in ["", "a b", "a\tb", "a, b", &long] {
        let sent = with(list(), &[(REQUEST_ID, hostile)]);
        let listed = clients.calendars.list_calendars(sent).await.expect("listed");
        made.push(echoed(listed.metadata()));
    }
    let mut twice = with(list(), &[(REQUEST_ID, "first")]);
    twice.metadata_mut().append(REQUEST_ID, "second".parse().expect("a header"));
    made.push(echoed(clients.calendars.list_calendars(twice).await.expect("listed").metadata()));
    made.push(echoed(clients.calendars.list_calendars(list()).await.expect("listed").metadata()));
    let is_made = |id: &String| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(made.iter().all(is_made), "{made:?}");
    made.sort();
    made.dedup();
    assert_eq!(made.len(), 7, "each has its own");
    assert!(!server.log().contains(&long));
}

#[tokio::test]
async fn a_log_of_json_is_an_object_a_line_that_says_of_which_call_it_is() {
    check_log_of_json(&[]).await;
    check_log_of_json(&["--otlp-endpoint", "http://127.0.0.1:1"]).await;
}

/// Starts a server that logs JSON, with more flags, and has it audit a call.
async fn check_log_of_json(more: &[&str]) {
    let data = tempfile::tempdir().expect("a directory");
    let flags = ["serve", "--log-format", "json", "--listen", "127.0.0.1:0", "--data-dir"];
    let mut server = Command::new(env!("CARGO_BIN_EXE_slx"))
        .env_clear()
        .args(flags)
        .arg(data.path())
        .args(more)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = Lines::of(&mut server);
    let address = lines.find(|line| line["message"] == "listening")["address"].clone();
    lines.find(|line| line["message"] == "ready");
    let address = format!("http://{}", address.as_str().expect("an address"));
    let channel = tonic::transport::Channel::from_shared(address).expect("an address");
    let mut clients = Clients::of(channel.connect_lazy());
    let request = v1::PutContractRequest { tenant: TENANT.into(), ..Default::default() };
    let put = clients.contracts.put_contract(with(request, &[(REQUEST_ID, "put\"7")])).await;
    put.expect_err("it names no contract");
    let audited = lines.find(|line| line["target"] == "audit");
    assert_eq!(audited["span"]["request_id"], "put\"7", "{audited}");
    assert_eq!(audited["span"]["method"], "slx.v1.ContractService/PutContract");
    let written = audited["message"].as_str().expect("a line of the audit log");
    let written: serde_json::Value = serde_json::from_str(written).expect("JSON");
    assert_eq!(written["request_id"], "put\"7");
    stop(&mut server);
    lines.find(|line| line["message"] == "stopped");
}

/// The lines of a log of JSON, each of which is read whole.
struct Lines(std::sync::mpsc::Receiver<serde_json::Value>);

impl Lines {
    fn of(server: &mut std::process::Child) -> Lines {
        use std::io::{BufRead, BufReader};
        let (sender, receiver) = std::sync::mpsc::channel();
        let log = BufReader::new(server.stderr.take().expect("a log"));
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let read = serde_json::from_str(&line);
                let read = read.unwrap_or(serde_json::Value::String(line));
                if sender.send(read).is_err() {
                    return;
                }
            }
        });
        Lines(receiver)
    }

    fn find(&self, is_it: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        loop {
            let line = self.0.recv_timeout(WITHIN).expect("it is logged");
            assert!(line.is_object(), "no JSON: {line}");
            if is_it(&line) {
                return line;
            }
        }
    }
}

fn stop(server: &mut std::process::Child) {
    let killed = Command::new("kill").args(["-TERM", &server.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    assert!(server.wait().expect("it ends").success());
}

#[tokio::test]
async fn a_collector_receives_the_spans_of_each_call_in_the_trace_of_its_caller() {
    let (collector, address) = Collector::start().await;
    let data = tempfile::tempdir().expect("a directory");
    let flags = ["--otlp-endpoint", &format!("http://{address}")];
    let environment = [("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20collectors")];
    let mut server = Server::start_with(data.path(), &flags, &environment);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let headers = [("traceparent", parent.as_str()), (REQUEST_ID, "of-the-backend")];
    let events = vec![event("I", "open", "2026-11-02T09:00:00Z", opened("C", "P1"))];
    let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
    clients.incidents.record_events(with(request, &headers)).await.expect("recorded");
    clients.clocks.evaluate_incident(with(evaluate("I"), &headers)).await.expect("evaluated");
    let refused = clients.clocks.evaluate_incident(with(evaluate("none"), &headers)).await;
    assert_eq!(refused.expect_err("refused").code(), Code::NotFound);
    let streamed = clients.incidents.stream_events(with(tokio_stream::empty(), &headers)).await;
    let mut streamed = streamed.expect("a stream").into_inner();
    assert!(streamed.message().await.expect("its end").is_none());

    let [recorded] = collector.of_the_caller("slx.v1.IncidentService/RecordEvents").await;
    assert_eq!(hexadecimal(&recorded.parent_span_id), PARENT);
    assert_eq!(recorded.kind, 2, "a server's");
    for (name, value) in [
        ("rpc.system", "grpc"),
        ("rpc.service", "slx.v1.IncidentService"),
        ("rpc.method", "RecordEvents"),
        ("rpc.grpc.status_code", "0"),
    ] {
        assert_eq!(attribute(&recorded, name), value);
    }
    let [record] = collector.of_the_caller("record").await;
    let calls: [_; 4] = collector.of_the_caller("call").await;
    let within = calls.iter().find(|call| call.span_id == record.parent_span_id);
    let within = within.expect("it is in the call's span");
    assert_eq!(within.parent_span_id, recorded.span_id);
    assert_eq!(attribute(within, "request_id"), "of-the-backend");
    let [sync] = collector.of_the_caller("sync").await;
    assert_eq!(sync.parent_span_id, record.span_id);
    assert_eq!(attribute(&sync, "records"), "1");
    let mut evaluated = collector.of_the_caller::<2>("slx.v1.ClockService/EvaluateIncident").await;
    evaluated.sort_by_key(|span| attribute(span, "rpc.grpc.status_code"));
    let codes = evaluated.each_ref().map(|span| attribute(span, "rpc.grpc.status_code"));
    assert_eq!(codes, ["0", "5"]);
    // What the caller did wrong is no error of the server.
    let states = evaluated.each_ref().map(|span| span.status.clone().unwrap_or_default().code);
    assert_eq!(states, [StatusCode::Unset as i32; 2]);
    let [_streamed] = collector.of_the_caller("slx.v1.IncidentService/StreamEvents").await;
    let headers = collector.headers.lock().expect("headers")[0].clone();
    assert_eq!(headers.get("authorization").expect("a token"), "Bearer collectors");
    assert!(!server.log().contains("collectors"));
    let texts = format!("{:?}", collector.spans.lock().expect("spans"));
    assert!(!texts.contains(TENANT) && !texts.contains("P1"), "{texts}");
}

#[tokio::test]
async fn a_collector_that_is_gone_neither_stops_calls_nor_the_end() {
    // Of one nothing listens; of the other nobody answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addresses = [&silent, &gone].map(|listener| listener.local_addr().expect("an address"));
    drop(gone);
    for address in addresses {
        let data = tempfile::tempdir().expect("a directory");
        let mut server =
            Server::start(data.path(), &["--otlp-endpoint", &format!("http://{address}")]);
        let mut clients = server.clients().await;
        for _ in 0..200 {
            clients.calendars.list_calendars(list()).await.expect("listed");
        }
        server.logs("spans can't be sent").await;
        let begun = Instant::now();
        let (ended, log) = server.stop_and_read().await;
        assert!(ended.success() && begun.elapsed() < Duration::from_secs(10), "{log}");
        assert_eq!(log.matches("spans can't be sent").count(), 1, "{log}");
    }
}

/// What a server counts, once it is something.
async fn counted(address: &str, name: &str) -> u64 {
    let deadline = Instant::now() + WITHIN;
    loop {
        let (_, metrics) = get(address, "/metrics").expect("an answer");
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value: f64 = line.expect("it is exported").parse().expect("a number");
        if value > 0.0 {
            return value as u64;
        }
        assert!(Instant::now() < deadline, "{metrics}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn spans_that_a_collector_takes_and_those_that_are_lost_are_counted() {
    let (collector, there) = Collector::start().await;
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nowhere = gone.local_addr().expect("an address");
    drop(gone);
    for (endpoint, name, other) in [
        (there, "slx_spans_sent_total", "slx_spans_lost_total{reason=\"not_taken\"}"),
        (nowhere, "slx_spans_lost_total{reason=\"not_taken\"}", "slx_spans_sent_total"),
    ] {
        let data = tempfile::tempdir().expect("a directory");
        let endpoint = format!("http://{endpoint}");
        let flags = ["--otlp-endpoint", &endpoint, "--metrics-listen", "127.0.0.1:0"];
        let mut server = Server::start(data.path(), &flags);
        let mut clients = server.clients().await;
        clients.calendars.list_calendars(list()).await.expect("listed");
        let metrics = metrics_address(&server).await;
        let count = counted(&metrics, name).await;
        let received = collector.spans.lock().expect("spans").len() as u64;
        assert!(count <= received || name != "slx_spans_sent_total", "{count} {received}");
        let (_, all) = get(&metrics, "/metrics").expect("an answer");
        assert!(all.contains(&format!("{other} 0.0\n")), "{all}");
        assert!(server.stop().await.success());
    }
}

/// A collector by `https://` is one that an authority of the system vouches for, or of the file
/// that `SSL_CERT_FILE` names.
#[tokio::test]
async fn a_collector_with_tls_receives_spans_if_an_authority_vouches_for_it_and_nothing_otherwise()
{
    let (collector, address) = Collector::start_with_tls("server").await;
    let count = |collector: &Collector| collector.spans.lock().expect("spans").len();
    for (authority, name) in [
        ("stranger.pem", "slx_spans_lost_total{reason=\"not_taken\"}"),
        ("authority.pem", "slx_spans_sent_total"),
    ] {
        let data = tempfile::tempdir().expect("a directory");
        let endpoint = format!("https://localhost:{}", address.port());
        let flags = ["--otlp-endpoint", &endpoint, "--metrics-listen", "127.0.0.1:0"];
        let environment = [("SSL_CERT_FILE", &*certificate(authority))];
        let mut server = Server::start_with(data.path(), &flags, &environment);
        let mut clients = server.clients().await;
        clients.calendars.list_calendars(list()).await.expect("listed");
        assert!(counted(&metrics_address(&server).await, name).await > 0, "{authority}");
        assert_eq!(count(&collector) > 0, authority == "authority.pem", "{authority}");
        assert!(server.stop().await.success());
    }
}

#[tokio::test]
async fn only_calls_that_are_sampled_are_traced() {
    let (collector, address) = Collector::start().await;
    let data = tempfile::tempdir().expect("a directory");
    let endpoint = format!("http://{address}");
    let flags = ["--otlp-endpoint", &endpoint, "--otlp-sample-one-in", "4294967295"];
    let mut server = Server::start(data.path(), &flags);
    let mut clients = server.clients().await;
    let unsampled = format!("00-{TRACE}-{PARENT}-00");
    let sampled = format!("00-{TRACE}-{PARENT}-01");
    for parent in [unsampled.as_str(), "hostile", "00-0-0-01", sampled.as_str()] {
        let request = with(list(), &[("traceparent", parent)]);
        clients.calendars.list_calendars(request).await.expect("listed");
    }
    assert!(server.stop().await.success());
    let spans = collector.named("slx.v1.CalendarService/ListCalendars");
    assert_eq!(spans.len(), 1);
    assert_eq!(hexadecimal(&spans[0].trace_id), TRACE);
}
