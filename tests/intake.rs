//! The intake: what tools post becomes the same clocks as plain events, once, whoever posts it; and
//! nobody else's posts do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::identity::calling::{Tokens, eventually};
use crate::imports::plain_events;
use crate::telemetry::{get, metrics_address};
use crate::testing::{Clients, Server, TENANT, at, contract, event, opened, run, slx};
use crate::traces::{Collector, PARENT, REQUEST_ID, TRACE, attribute, hexadecimal};

/// After everything below.
const AS_OF: &str = "2026-10-07T12:00:00Z";
const JIRA_SECRET: &str = "It's a secret";
const ZENDESK_SECRET: &str = "another secret";

/// The sources of all tools, of which none signs.
const UNSIGNED: [&str; 7] =
    ["jira", "zendesk", "servicenow", "zammad", "freshservice", "topdesk", "glpi"];

/// A file of sources, and whatever it names.
struct Sources {
    folder: tempfile::TempDir,
}

impl Sources {
    fn new(text: &str) -> Sources {
        let folder = tempfile::tempdir().expect("a directory");
        fs::write(folder.path().join("sources.toml"), text).expect("written");
        fs::write(folder.path().join("jira.secret"), JIRA_SECRET).expect("written");
        fs::write(folder.path().join("zendesk.secret"), ZENDESK_SECRET).expect("written");
        Sources { folder }
    }

    /// One for each tool, which signs nothing.
    fn unsigned() -> Sources {
        let source = |tool: &str| {
            format!(
                "[[source]]\nname = \"{tool}\"\ntenant = \"{TENANT}\"\nfrom = \"{tool}\"\n\
                 contract = \"C\"\n"
            )
        };
        Sources::new(&UNSIGNED.map(source).concat())
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("sources.toml")
    }

    /// The flags of a server that listens for them.
    fn flags(&self) -> Vec<String> {
        let sources = format!("--intake-sources={}", self.file().display());
        vec!["--intake-listen=127.0.0.1:0".to_owned(), sources]
    }
}

/// A server with an intake.
struct Served {
    server: Server,
    clients: Clients,
    intake: String,
}

impl Served {
    /// With the contract C: resolution in 8 office hours for P2 and 4 for P1, paused while the
    /// client must act; response in one.
    async fn start(data: &Path, sources: &Sources, more: &[&str]) -> Served {
        let mut served = Served::begin(data, sources, more).await;
        served.clients.put_office().await;
        let request = v1::PutContractRequest {
            tenant: TENANT.into(),
            contract: Some(contract("C")),
            effective_time: Some(at("2026-01-01T00:00:00Z")),
            ..Default::default()
        };
        served.clients.contracts.put_contract(request).await.expect("put");
        served
    }

    async fn begin(data: &Path, sources: &Sources, more: &[&str]) -> Served {
        let flags = sources.flags();
        let flags: Vec<&str> =
            flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let mut server = Server::start(data, &flags);
        let clients = server.clients_of_any().await;
        let intake = intake_address(&server).await;
        Served { server, clients, intake }
    }

    async fn post(&self, source: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        post(&self.intake, source, headers, body).await
    }

    /// Posts what must be taken.
    async fn deliver(&self, source: &str, body: &str) -> Value {
        let answer = self.post(source, &[], body).await;
        assert_eq!(answer.status, 200, "{source}: {answer:?}\n{body}");
        answer.json()
    }

    async fn clocks(&mut self, incident: &str, target: &str) -> Vec<String> {
        self.clients.clocks_of(incident, target, AS_OF).await
    }

    async fn sequence(&mut self) -> i64 {
        self.clients.status().await.stamp.expect("a stamp").sequence
    }
}

/// Where a server listens for posts.
async fn intake_address(server: &Server) -> String {
    server.logs(" intake address=").await;
    let log = server.log();
    let (_, after) = log.split_once(" intake address=").expect("it was logged");
    after.split_whitespace().next().expect("an address").to_owned()
}

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn read(text: &str) -> Answer {
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_lowercase(), value.trim().to_owned()))
        };
        let status = status.expect("a status");
        Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

async fn post(address: &str, source: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    exchange(address, &posted(address, source, headers, body)).await
}

/// A post as it is written.
fn posted(address: &str, source: &str, headers: &[(&str, &str)], body: &str) -> String {
    let kind = [("content-type", "application/json")];
    let has_kind = headers.iter().any(|(name, _)| *name == "content-type");
    let headers = kind.iter().filter(|_| !has_kind).chain(headers);
    let headers: String = headers.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "POST /v1/intake/{source} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\
         content-length: {length}\r\n\r\n"
    );
    format!("{head}{body}")
}

/// Sends a request, and reads the answer until the connection ends.
async fn exchange(address: &str, request: &str) -> Answer {
    exchange_on(TcpStream::connect(address).await.expect("connected"), request).await
}

async fn exchange_on<C>(connection: C, request: &str) -> Answer
where
    C: AsyncRead + AsyncWrite + Send + 'static,
{
    let (mut reading, mut writing) = tokio::io::split(connection);
    let request = request.to_owned();
    // Whoever is refused early may not read all of it.
    let sending = tokio::spawn(async move {
        let _ = writing.write_all(request.as_bytes()).await;
        writing
    });
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(60), reading.read_to_end(&mut answer));
    let _ = read.await.expect("the connection ends");
    drop(sending);
    Answer::read(&String::from_utf8(answer).expect("text"))
}

/// The payloads of a tool, in the order in which it posts them.
fn payloads(tool: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/webhooks");
    let text = fs::read_to_string(path.join(format!("{tool}.jsonl"))).expect("readable");
    text.lines().map(str::to_owned).collect()
}

fn hmac(secret: &str, content: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(content.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn signed_by_jira(secret: &str, body: &str) -> String {
    let digits: String = hmac(secret, body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

fn signed_by_zendesk(time: &str, body: &str) -> String {
    STANDARD.encode(hmac(ZENDESK_SECRET, &format!("{time}{body}")))
}

fn now(offset_seconds: i64) -> String {
    let time = chrono::Utc::now() + chrono::TimeDelta::seconds(offset_seconds);
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A tool's incidents that plain events describe too, and whether it says when was answered.
const TOOLS: [(&str, [&str; 2], bool); 7] = [
    ("jira", ["HELP-1", "HELP-2"], false),
    ("zendesk", ["101", "102"], true),
    ("servicenow", ["INC0000001", "INC0000002"], false),
    ("zammad", ["1", "2"], true),
    ("freshservice", ["301", "302"], true),
    ("topdesk", ["I 2610 0001", "I 2610 0002"], true),
    ("glpi", ["401", "402"], false),
];

async fn check_clocks(served: &mut Served) {
    for (tool, incidents, has_responses) in TOOLS {
        for (incident, plain) in incidents.into_iter().zip(["plain", "paused"]) {
            let expected = served.clocks(plain, "resolve").await;
            assert_eq!(served.clocks(incident, "resolve").await, expected, "{tool} {incident}");
            if has_responses {
                let expected = served.clocks(plain, "respond").await;
                assert_eq!(served.clocks(incident, "respond").await, expected, "{tool} {incident}");
            }
        }
    }
}

#[tokio::test]
async fn an_incident_has_the_same_clocks_whichever_tool_posts_it() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let mut served = Served::start(data.path(), &sources, &[]).await;
    served.clients.record(plain_events()).await;
    for tool in UNSIGNED {
        for payload in payloads(tool) {
            let answer = served.deliver(tool, &payload).await;
            assert_eq!(answer["unknown"], json!([]), "{tool}: {answer}");
            // Two events of one update say the same.
            let is_new = answer["recorded"].as_u64() > Some(0);
            assert!(is_new || tool == "zendesk", "{tool}: {answer} {payload}");
        }
    }
    check_clocks(&mut served).await;
    // Whatever is sent again changes nothing.
    let before = served.sequence().await;
    for tool in UNSIGNED {
        for payload in payloads(tool).into_iter().rev() {
            let answer = served.deliver(tool, &payload).await;
            assert_eq!(answer["recorded"], 0, "{tool}: {answer}");
            assert!(answer["duplicates"].as_u64() > Some(0), "{tool}: {answer}");
        }
    }
    assert_eq!(served.sequence().await, before);
    assert!(served.server.stop().await.success());
}

#[tokio::test]
async fn deliveries_that_overtake_each_other_come_to_the_same() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let mut served = Served::start(data.path(), &sources, &[]).await;
    served.clients.record(plain_events()).await;
    for tool in UNSIGNED {
        for payload in payloads(tool).iter().rev() {
            served.deliver(tool, payload).await;
        }
    }
    check_clocks(&mut served).await;
}

fn jira_issue(key: &str, updated: &str, status: &str, priority: &str, change: Value) -> String {
    let time = |time: &str| format!("2026-10-05T{time}:00.000+0000");
    json!({
        "webhookEvent": "jira:issue_updated",
        "issue": {"key": key, "fields": {
            "created": time("07:00"), "updated": time(updated), "status": {"name": status},
            "priority": {"name": priority}, "issuetype": {"name": "Incident"},
            "customfield_10001": [{"nobody": "reads this"}],
        }},
        "changelog": {"id": "1", "items": change},
    })
    .to_string()
}

/// The first delivery is lost, and the incident is reopened.
#[tokio::test]
async fn a_reopening_is_seen_by_the_state_before_and_a_lost_delivery_is_made_up_for() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let mut served = Served::start(data.path(), &sources, &[]).await;
    let status = |status: &str, waiting_on: v1::WaitingOn| {
        Fact::StatusChanged(v1::StatusChanged {
            status: Some(status.into()),
            waiting_on: waiting_on as i32,
            ..Default::default()
        })
    };
    let day = |time: &str| format!("2026-10-05T{time}:00Z");
    let plain = vec![
        event("plain", "1", &day("07:00"), opened("C", "P2")),
        event("plain", "2", &day("08:00"), Fact::Resolved(v1::Resolved {})),
        event("plain", "3", &day("09:00"), Fact::Reopened(v1::Reopened {})),
        event("plain", "4", &day("09:00"), status("Waiting", v1::WaitingOn::Client)),
        event("plain", "5", &day("10:00"), status("Open", v1::WaitingOn::Provider)),
        event("plain", "6", &day("11:00"), Fact::Resolved(v1::Resolved {})),
    ];
    served.clients.record(plain).await;
    let change =
        |from: &str, to: &str| json!([{"field": "status", "fromString": from, "toString": to}]);
    let deliveries = [
        ("08:00", "Resolved", change("Open", "Resolved")),
        ("09:00", "Waiting for customer", change("Resolved", "Waiting for customer")),
        ("10:00", "Open", change("Waiting for customer", "Open")),
        ("11:00", "Done", change("Open", "Done")),
    ];
    for (time, status, change) in deliveries {
        served.deliver("jira", &jira_issue("HELP-7", time, status, "High", change)).await;
    }
    let expected = served.clocks("plain", "resolve").await;
    assert_eq!(served.clocks("HELP-7", "resolve").await, expected);
}

/// A workflow fills in states as names or as numbers.
#[tokio::test]
async fn a_reopening_is_seen_by_names_and_by_numbers() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let mut served = Served::start(data.path(), &sources, &[]).await;
    let ended = [json!(4), json!("4"), json!("Resolved")];
    let then = [(json!(2), true), (json!("2"), true), (json!("Open"), true), (json!(5), false)];
    for (number, (previous, (status, is_reopened))) in
        ended.iter().flat_map(|previous| then.iter().map(move |then| (previous, then))).enumerate()
    {
        let payload = json!({
            "id": number, "created_at": "2026-10-05T07:00:00Z",
            "updated_at": "2026-10-05T08:00:00Z", "status": status, "previous_status": previous,
            "priority": 2, "group": "Desk", "agent": "",
        });
        let answer = served.deliver("freshservice", &payload.to_string()).await;
        assert_eq!(answer["unknown"], json!([]), "{payload}");
        let request = v1::ListEventsRequest {
            tenant: TENANT.into(),
            incident_id: number.to_string(),
            ..Default::default()
        };
        let listed = served.clients.incidents.list_events(request).await.expect("listed");
        let mut facts = listed.into_inner().events.into_iter().filter_map(|one| one.event?.fact);
        let found = facts.any(|fact| matches!(fact, Fact::Reopened(_)));
        assert_eq!(found, *is_reopened, "{payload}");
    }
}

#[tokio::test]
async fn what_the_mapping_does_not_know_is_reported_and_counted_and_no_state_is_guessed() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let more = ["--metrics-listen=127.0.0.1:0"];
    let mut served = Served::start(data.path(), &sources, &more).await;
    let payload = jira_issue("HELP-9", "08:00", "Dreaming", "Blocker", json!([]));
    let answer = served.deliver("jira", &payload).await;
    let unknown = answer["unknown"].as_array().expect("a list");
    let shown: Vec<_> =
        unknown.iter().map(|one| (&one["field"], &one["path"], &one["value"])).collect();
    let text = |text: &str| Value::from(text);
    assert_eq!(
        shown,
        [
            (&text("state"), &text("issue.fields.status.name"), &text("Dreaming")),
            (&text("priority"), &text("issue.fields.priority.name"), &text("Blocker")),
        ]
    );
    let request = v1::ListEventsRequest {
        tenant: TENANT.into(),
        incident_id: "HELP-9".into(),
        ..Default::default()
    };
    let listed = served.clients.incidents.list_events(request).await.expect("listed");
    let events = listed.into_inner().events.into_iter().filter_map(|one| one.event?.fact);
    let mut has_opened = false;
    for fact in events {
        match fact {
            Fact::Opened(opened) => {
                assert_eq!(opened.priority, "");
                has_opened = true;
            }
            Fact::Assigned(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(has_opened);
    served.server.logs("does not know a value").await;
    let metrics = metrics_address(&served.server).await;
    let (_, exported) = get(&metrics, "/metrics").expect("an answer");
    for line in [
        "slx_intake_requests_total{source=\"jira\",code=\"200\"} 1",
        "slx_intake_unknown_values_total{source=\"jira\",field=\"state\"} 1",
        "slx_intake_unknown_values_total{source=\"jira\",field=\"priority\"} 1",
    ] {
        assert!(exported.lines().any(|shown| shown == line), "{line}: {exported}");
    }
}

/// A post to a source: its headers and its body.
type Attempt<'p> = (&'p str, Vec<(&'p str, String)>, &'p str);

/// Three sources of one tenant, of which two sign.
const SIGNED: &str = r#"
[[source]]
name = "help"
tenant = "acme"
from = "jira"
contract = "C"
signature = "jira"
secret_file = "jira.secret"

[[source]]
name = "desk"
tenant = "acme"
from = "zendesk"
contract = "C"
signature = "zendesk"
secret_file = "zendesk.secret"

[[source]]
name = "now"
tenant = "acme"
from = "servicenow"
contract = "C"
"#;

#[tokio::test]
async fn who_may_not_post_is_refused_alike_and_who_signs_or_has_a_token_is_not() {
    let mut tokens = Tokens::new();
    let records = tokens.add("records", &["acme"], "record,administer,read");
    let other = tokens.add("other", &["globex"], "record");
    let reads = tokens.add("reads", &["acme"], "read");
    let audit = tokens.file().with_file_name("audit.jsonl");
    let audit_flag = format!("--audit-log={}", audit.display());
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::new(SIGNED));
    let flags: Vec<String> = sources.flags();
    let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    flags.extend(tokens.flags());
    flags.push(&audit_flag);
    let server = Server::start(data.path(), &flags);
    server.wait_until_healthy().await;
    let intake = intake_address(&server).await;

    let [jira, zendesk, now_body] =
        ["jira", "zendesk", "servicenow"].map(|tool| payloads(tool).remove(0));
    let wrong = signed_by_jira("guessed", &jira);
    let of_another = signed_by_jira(JIRA_SECRET, &zendesk);
    let (old, future, at_once) = (now(-600), now(600), now(0));
    let old_signature = signed_by_zendesk(&old, &zendesk);
    let future_signature = signed_by_zendesk(&future, &zendesk);
    let bearer = |token: &str| format!("Bearer {token}");
    let basic = |token: &str| format!("Basic {}", STANDARD.encode(format!("slx:{token}")));
    let (signature, time) =
        ("x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp");
    let large = "x".repeat(2 << 20);
    let refused: Vec<Attempt<'_>> = vec![
        ("help", vec![], &jira),
        ("help", vec![("x-hub-signature", wrong.clone())], &jira),
        // Nobody learns by the size of a body which sources sign.
        ("help", vec![("x-hub-signature", wrong.clone())], &large),
        ("now", vec![("x-hub-signature", wrong.clone())], &large),
        ("nothing", vec![("x-hub-signature", wrong.clone())], &large),
        ("help", vec![("x-hub-signature", of_another)], &jira),
        // A wrong signature is wrong whatever else is sent.
        ("help", vec![("x-hub-signature", wrong), ("authorization", bearer(&records))], &jira),
        ("help", vec![("authorization", bearer(&other))], &jira),
        ("desk", vec![(signature, old_signature), (time, old)], &zendesk),
        ("desk", vec![(signature, future_signature), (time, future)], &zendesk),
        ("desk", vec![(signature, signed_by_zendesk("", &zendesk))], &zendesk),
        ("now", vec![], &now_body),
        ("now", vec![("authorization", bearer("slx_wrong"))], &now_body),
        ("now", vec![("authorization", bearer(&other))], &now_body),
        ("now", vec![("authorization", basic(&other))], &now_body),
        ("now", vec![("authorization", bearer(&reads))], &now_body),
        ("nothing", vec![("authorization", bearer(&records))], &now_body),
        ("nothing", vec![], "no JSON"),
    ];
    let mut alike = None;
    for (source, headers, body) in &refused {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut answer = post(&intake, source, &headers, body).await;
        assert_eq!(answer.status, 401, "{source} {headers:?}: {answer:?}");
        for own in ["date", "x-request-id"] {
            assert!(answer.headers.remove(own).is_some(), "no {own}");
        }
        assert_eq!(&answer, alike.get_or_insert_with(|| answer.clone()), "{source} {headers:?}");
    }

    let right: Vec<Attempt<'_>> = vec![
        ("help", vec![("x-hub-signature", signed_by_jira(JIRA_SECRET, &jira))], &jira),
        ("help", vec![("authorization", bearer(&records))], &jira),
        (
            "desk",
            vec![(signature, signed_by_zendesk(&at_once, &zendesk)), (time, at_once)],
            &zendesk,
        ),
        ("now", vec![("authorization", bearer(&records))], &now_body),
        ("now", vec![("authorization", basic(&records))], &now_body),
    ];
    let mut recorded = Vec::new();
    for (source, headers, body) in &right {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = post(&intake, source, &headers, body).await;
        assert_eq!(answer.status, 200, "{source} {headers:?}: {answer:?}");
        recorded.push(answer.json()["recorded"].as_u64() > Some(0));
    }
    assert_eq!(recorded, [true, false, true, true, false], "the second says the same as the first");

    let lines = || fs::read_to_string(&audit).unwrap_or_default();
    eventually(async || lines().matches("/v1/intake/").count() == refused.len()).await;
    for reason in [
        "the signature is wrong",
        "too long ago",
        "the tenant is lacking",
        "no such source",
        "too large",
    ] {
        assert!(lines().contains(reason), "{reason}: {}", lines());
    }
    for secret in [JIRA_SECRET, ZENDESK_SECRET, &records, &other] {
        assert!(!lines().contains(secret) && !server.log().contains(secret), "a secret is written");
    }
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn a_post_stands_in_the_trace_of_its_caller_and_in_the_log_as_a_call_does() {
    let (collector, address) = Collector::start().await;
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let served =
        Served::start(data.path(), &sources, &[&format!("--otlp-endpoint=http://{address}")]).await;
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let headers = [("traceparent", parent.as_str()), (REQUEST_ID, "of-the-desk")];
    let payload = jira_issue("HELP-9", "08:00", "Dreaming", "High", json!([]));
    assert_eq!(served.post("jira", &headers, &payload).await.status, 200);
    assert_eq!(served.post("nobody", &headers, &payload).await.status, 404);
    let [taken] = collector.of_the_caller("intake/jira").await;
    assert_eq!(hexadecimal(&taken.parent_span_id), PARENT);
    assert_eq!(attribute(&taken, "http.response.status_code"), "200");
    let [unknown] = collector.of_the_caller("intake/unknown").await;
    assert_eq!(attribute(&unknown, "http.response.status_code"), "404");
    let [record] = collector.of_the_caller("record").await;
    let within: [_; 2] = collector.of_the_caller("call").await;
    let within = within.iter().find(|call| call.span_id == record.parent_span_id);
    let within = within.expect("it is recorded in the post's span");
    assert_eq!(within.parent_span_id, taken.span_id);
    assert_eq!(attribute(within, "request_id"), "of-the-desk");
    served.server.logs("Dreaming").await;
    let log = served.server.log();
    let line = log.lines().find(|line| line.contains("Dreaming")).expect("it is logged");
    assert!(line.contains("request_id=\"of-the-desk\""), "{line}");
}

#[tokio::test]
async fn what_is_too_large_too_slow_or_not_understood_is_refused_and_changes_nothing() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let mut served = Served::start(data.path(), &sources, &["--request-seconds-max=3"]).await;
    let before = served.sequence().await;
    let payload = payloads("jira").remove(0);
    let large = format!("{{\"padding\": \"{}\"}}", "x".repeat(2 << 20));
    assert_eq!(served.post("jira", &[], &large).await.status, 413);
    let fits = payload.replacen('{', &format!("{{\"pad\": \"{}\",", "x".repeat(1 << 19)), 1);

    // A body that never comes, and one of which no length is said.
    let slow = "POST /v1/intake/jira HTTP/1.1\r\nhost: slx\r\nconnection: close\r\n\
                content-type: application/json\r\ncontent-length: 100\r\n\r\n{\"issue\"";
    assert_eq!(exchange(&served.intake, slow).await.status, 408);
    let slow = slow.replace("content-length: 100", "transfer-encoding: chunked");
    assert_eq!(
        exchange(&served.intake, &slow.replace("{\"issue\"", "1\r\n{\r\n")).await.status,
        408
    );

    let wrong = served.post("jira", &[], "{\n\"issue\": }").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("line 2 column 10"), "{wrong:?}");
    let wrong = payload.replace("2026-10-05T09:00:00.000+0200", "yesterday");
    let wrong = served.post("jira", &[], &wrong).await;
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let reason = wrong.json()["rows"][0]["reason"].clone();
    let reason = reason.as_str().expect("a reason");
    assert!(reason.starts_with("issue.fields.") && reason.contains("\"yesterday\""), "{reason}");
    // Of two in one payload one can't be understood: neither is recorded.
    let both = payloads("servicenow");
    let both = format!(
        "{{\"result\": [{}, {}]}}",
        both[0],
        both[1].replace("\"sys_mod_count\": \"1\"", "\"sys_mod_count\": \"one\"")
    );
    let wrong = served.post("servicenow", &[], &both).await;
    assert_eq!((wrong.status, &wrong.json()["rows"][0]["row"]), (400, &json!(2)), "{wrong:?}");

    assert_eq!(served.post("jira", &[("content-type", "text/plain")], &payload).await.status, 415);
    let packed = [("content-encoding", "gzip")];
    assert_eq!(served.post("jira", &packed, &payload).await.status, 415);
    assert_eq!(served.post("nothing", &[], &payload).await.status, 404);
    let got = "GET /v1/intake/jira HTTP/1.1\r\nhost: slx\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(&served.intake, got).await.status, 405);
    // What is of no incident is taken and is nothing.
    let of_no_incident = served.deliver("jira", "{\"webhookEvent\": \"project_created\"}").await;
    assert_eq!(of_no_incident["recorded"], 0);
    assert_eq!(served.sequence().await, before);
    let answer = served.deliver("jira", &fits).await;
    assert!(answer["recorded"].as_u64() > Some(0), "{answer}");
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash_and_a_copy_takes_nothing_in() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let mut served = Served::start(data.path(), &sources, &[]).await;
    served.clients.record(plain_events()).await;
    for tool in UNSIGNED {
        for payload in payloads(tool) {
            served.deliver(tool, &payload).await;
        }
    }
    served.server.kill();
    let mut served = Served::begin(data.path(), &sources, &[]).await;
    check_clocks(&mut served).await;
    assert!(served.server.stop().await.success());
    let served = Served::begin(data.path(), &sources, &["--read-only"]).await;
    let answer =
        served.post("jira", &[], &jira_issue("N-1", "08:00", "Open", "High", json!([]))).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.headers.get("retry-after").map(String::as_str), Some("1"));
}

#[test]
fn an_intake_that_can_not_work_or_lets_everybody_in_does_not_start() {
    let sources = Sources::unsigned();
    let data = tempfile::tempdir().expect("a directory");
    let serve = |listen: &str, sources: &Path| {
        let mut command = slx();
        command.args(["serve", "--listen=127.0.0.1:0", "--data-dir"]).arg(data.path());
        command.arg(format!("--intake-listen={listen}")).arg("--intake-sources").arg(sources);
        run(&mut command)
    };
    let (success, said) = serve("0.0.0.0:0", &sources.file());
    assert!(!success && said.contains("whoever connects may record"), "{said}");
    let (success, said) = serve("127.0.0.1:0", &sources.file().with_file_name("none.toml"));
    assert!(
        !success && said.contains("intake_sources: ") && said.contains("can't be read"),
        "{said}"
    );
}

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identity/certificates").join(name)
}

/// A client that trusts the authority of the tests and shows the certificate of a name.
fn tls_client(name: &str) -> TlsConnector {
    let chain = |name: &str| {
        let chain = CertificateDer::pem_file_iter(certificate(name)).expect("a chain");
        chain.collect::<Result<Vec<_>, _>>().expect("certificates")
    };
    let mut roots = RootCertStore::empty();
    for authority in chain("authority.pem") {
        roots.add(authority).expect("an authority");
    }
    let key = PrivateKeyDer::from_pem_file(certificate(&format!("{name}.key"))).expect("a key");
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_client_auth_cert(chain(&format!("{name}.pem")), key)
        .expect("a certificate");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn posts_come_by_tls_and_the_certificate_of_the_connection_says_whose_they_are() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::unsigned());
    let identities = sources.file().with_file_name("identities.toml");
    let entry = "[[certificate]]\nname = \"backend\"\nsan = \"spiffe://slx.test/backend\"\n\
                 tenants = [\"acme\"]\nscopes = [\"record\"]\n";
    fs::write(&identities, entry).expect("written");
    let flag = |name: &str, file: PathBuf| format!("--{name}={}", file.display());
    let mut flags = sources.flags();
    flags.extend([
        flag("identities", identities),
        flag("tls-certificate", certificate("server.pem")),
        flag("tls-key", certificate("server.key")),
        flag("client-ca", certificate("authority.pem")),
    ]);
    let server = Server::start(data.path(), &flags.iter().map(String::as_str).collect::<Vec<_>>());
    server.logs(" ready ").await;
    let intake = intake_address(&server).await;
    let payload = payloads("jira").remove(0);
    let by = async |name: &str| {
        let connection = TcpStream::connect(&intake).await.expect("connected");
        let host = ServerName::try_from("localhost").expect("a name");
        let connection = tls_client(name).connect(host, connection).await.expect("a handshake");
        exchange_on(connection, &posted(&intake, "jira", &[], &payload)).await
    };
    let answer = by("client").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(by("server").await.status, 401, "nobody's certificate");
    assert!(server.stop().await.success());
}

/// A post that stands still once its head and so many bytes of its body are sent.
async fn begin_post(address: &str, signature: &str, bytes: usize) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.expect("connected");
    let head = format!(
        "POST /v1/intake/help HTTP/1.1\r\nhost: slx\r\nconnection: close\r\n\
         content-type: application/json\r\nx-hub-signature: {signature}\r\n\
         content-length: {}\r\n\r\n",
        bytes + 1
    );
    let sent = [head.into_bytes(), vec![b' '; bytes]].concat();
    // Whoever is refused early may not read all of it.
    let _ = connection.write_all(&sent).await;
    connection
}

/// Nobody knows whose a signed body is before it is there: whoever signs wrongly takes what there
/// is for such, and nothing of what there is for others.
#[tokio::test]
async fn bodies_of_nobody_keep_those_out_that_are_not_verified_yet_and_nobody_else() {
    const LARGE: usize = 900 << 10;
    const AT_ONCE: usize = 8;
    let mut tokens = Tokens::new();
    let records = tokens.add("records", &["acme"], "record");
    let (data, sources) = (tempfile::tempdir().expect("a directory"), Sources::new(SIGNED));
    let flags: Vec<String> = sources.flags();
    let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    flags.extend(tokens.flags());
    // Four of them are less.
    flags.push("--requests-bytes-max=4194304");
    let server = Server::start(data.path(), &flags);
    server.wait_until_healthy().await;
    let intake = intake_address(&server).await;
    let mut refused = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let intake = intake.clone();
        refused.spawn(async move {
            let mut connection = begin_post(&intake, &signed_by_jira("guessed", ""), LARGE).await;
            let mut status = [0; 12];
            connection.read_exact(&mut status).await.expect("an answer");
            assert_eq!(&status, b"HTTP/1.1 429");
        });
    }
    for _ in 0..AT_ONCE / 2 {
        refused.join_next().await.expect("there are more").expect("it is refused");
    }
    let body = payloads("servicenow").remove(0);
    let body = body.replacen('{', &format!("{{\"pad\": \"{}\",", "x".repeat(LARGE)), 1);
    let token = format!("Bearer {records}");
    let answer = post(&intake, "now", &[("authorization", &token)], &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// A source whose instants are local.
fn local_sources() -> Sources {
    Sources::new(
        "[[source]]\nname = \"now\"\ntenant = \"acme\"\nfrom = \"servicenow\"\n\
         contract = \"C\"\ntime_zone = \"Europe/Amsterdam\"\n",
    )
}

fn now_incident(number: &str, opened: &str, updated: &str) -> Value {
    json!({
        "number": number, "opened_at": format!("{opened}:00"),
        "sys_updated_on": format!("{updated}:00"), "sys_mod_count": "1", "state": "2",
        "priority": "2",
    })
}

#[tokio::test]
async fn an_answer_lists_some_of_many_values_and_so_much_of_each() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), local_sources());
    let served = Served::start(data.path(), &sources, &[]).await;
    let row = |number: usize| {
        let mut row = now_incident(&number.to_string(), "2026-10-05 09:00", "2026-10-05 09:00");
        row["state"] = format!("{number}{}", "\u{e4}\"".repeat(500)).into();
        row
    };
    let rows: Vec<_> = (0..300).map(row).collect();
    let answer = served.post("now", &[], &json!({ "result": rows }).to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.len() < 40_000, "{}", answer.body.len());
    let shown = answer.json();
    let unknown = shown["unknown"].as_array().expect("a list");
    assert_eq!((unknown.len(), &shown["unknown_more"]), (20, &json!(280)));
    let value = unknown[0]["value"].as_str().expect("a text");
    assert!(value.starts_with("0\u{e4}\"") && value.ends_with('\u{2026}'), "{value}");

    let wrong = |mut row: Value| {
        row["sys_updated_on"] = "yesterday".repeat(100).into();
        row
    };
    let rows: Vec<_> = (0..300).map(row).map(wrong).collect();
    let answer = served.post("now", &[], &json!({ "result": rows }).to_string()).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.body.len() < 20_000, "{}", answer.body.len());
    assert_eq!(answer.json()["rows_more"], 280);
    let few = served.deliver("now", &row(7).to_string()).await;
    assert_eq!(few.get("unknown_more"), None, "{few}");
    assert!(served.server.stop().await.success());
}

/// Clocks are set back at three on that day.
#[tokio::test]
async fn of_an_hour_that_is_shown_twice_that_is_meant_which_is_not_before_the_opening() {
    let (data, sources) = (tempfile::tempdir().expect("a directory"), local_sources());
    let mut served = Served::start(data.path(), &sources, &[]).await;
    let certain = now_incident("certain", "2026-10-25 02:50", "2026-10-25 02:10");
    let answer = served.deliver("now", &certain.to_string()).await;
    assert_eq!(answer.get("odd"), None, "{answer}");
    let request = v1::ListEventsRequest {
        tenant: TENANT.into(),
        incident_id: "certain".into(),
        ..Default::default()
    };
    let listed = served.clients.incidents.list_events(request).await.expect("listed").into_inner();
    let events = listed.events.into_iter().filter_map(|recorded| recorded.event);
    let times: BTreeMap<bool, String> = events
        .map(|event| (matches!(event.fact, Some(Fact::Opened(_))), event.occur_time))
        .map(|(is_opening, time)| (is_opening, time.expect("an instant").to_string()))
        .collect();
    let expected = [(false, "2026-10-25T01:10:00Z"), (true, "2026-10-25T00:50:00Z")];
    assert_eq!(times, expected.map(|(is_opening, time)| (is_opening, time.to_owned())).into());

    let either = now_incident("either", "2026-10-25 02:10", "2026-10-25 02:50");
    let after = now_incident("after", "2026-10-25 02:10", "2026-10-25 09:00");
    let skipped = now_incident("skipped", "2026-03-29 02:30", "2026-03-29 09:00");
    let both = json!({ "result": [certain, either, after, skipped] });
    let answer = served.deliver("now", &both.to_string()).await;
    let odd = answer["odd"].as_array().expect("a list");
    let rows: Vec<_> = odd.iter().map(|one| one["row"].as_u64()).collect();
    assert_eq!(rows, [Some(2), Some(3), Some(4)], "{answer}");
    assert!(odd[0]["reason"].as_str().is_some_and(|why| why.contains("read as the first")));
    assert!(odd[2]["reason"].as_str().is_some_and(|why| why.contains("skipped")));
}
