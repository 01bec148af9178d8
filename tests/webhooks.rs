//! Webhooks: whatever a receiver does and however the server ends, each notice comes at least once,
//! in order for each incident, signed, or is a dead letter.

pub mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use prost_types::Timestamp;
use serde_json::{Value, json};
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tonic::Code;
use tonic_types::StatusExt;

use crate::random::{Dice, setting};
use crate::testing::{Clients, Server, TENANT, apply, contract, run, slx, succeed, waiting};
use crate::wall_clock::FalseClock;
use receiver::{Received, Receiver, Reply, always};

const WITHIN: Duration = Duration::from_secs(120);
const PRIVATE: &[&str] = &["--webhook-private-addresses"];

fn now() -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let nanos = i32::try_from(now.subsec_nanos()).expect("nanoseconds");
    Timestamp { seconds: now.as_secs() as i64, nanos }
}

fn event(incident: &str, event_id: &str, fact: Fact) -> v1::IncidentEvent {
    v1::IncidentEvent {
        event_id: event_id.into(),
        incident_id: incident.into(),
        occur_time: Some(now()),
        fact: Some(fact),
        ..Default::default()
    }
}

fn opened() -> Fact {
    crate::testing::opened("C", "P1")
}

/// A pause, and going on after it, by turns.
fn turn(number: usize) -> Fact {
    waiting(match number % 2 {
        0 => v1::WaitingOn::Client,
        _ => v1::WaitingOn::Provider,
    })
}

/// A contract whose clocks run round the clock for hours.
fn lasting() -> v1::Contract {
    let mut contract = contract("C");
    for target in &mut contract.terms.as_mut().expect("terms").targets {
        for limit in &mut target.limits {
            limit.calendar_id = "always".into();
        }
    }
    contract
}

async fn served(data: &Path, flags: &[&str]) -> (Server, Clients) {
    let mut server = Server::start(data, flags);
    let mut clients = server.clients_of_any().await;
    clients.put_always().await;
    clients.put_contract(lasting()).await;
    (server, clients)
}

fn webhook(id: &str, url: &str) -> v1::Webhook {
    v1::Webhook { id: id.into(), url: url.into(), ..Default::default() }
}

/// Puts a webhook, and returns its secret.
async fn put(clients: &mut Clients, webhook: v1::Webhook) -> String {
    let (tenant, webhook) = (TENANT.into(), Some(webhook));
    let request = v1::PutWebhookRequest { tenant, webhook, validate_only: false };
    clients.webhooks.put_webhook(request).await.expect("it is put").into_inner().secret
}

async fn dead_letters(clients: &mut Clients, id: &str) -> Vec<v1::DeadLetter> {
    let mut request = v1::ListDeadLettersRequest {
        tenant: TENANT.into(),
        webhook_id: id.into(),
        page_size: 2,
        ..Default::default()
    };
    let mut letters = Vec::new();
    loop {
        let page = clients.webhooks.list_dead_letters(request.clone()).await;
        let page = page.expect("they are listed").into_inner();
        letters.extend(page.dead_letters);
        if page.next_page_token.is_empty() {
            return letters;
        }
        request.page_token = page.next_page_token;
    }
}

/// Waits until so many dead letters are there.
async fn until_dead(clients: &mut Clients, id: &str, count: usize) -> Vec<v1::DeadLetter> {
    let deadline = tokio::time::Instant::now() + WITHIN;
    loop {
        let letters = dead_letters(clients, id).await;
        if letters.len() == count {
            return letters;
        }
        assert!(tokio::time::Instant::now() < deadline, "not {count}: {letters:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A place in the notices, to follow them from.
async fn place(clients: &mut Clients) -> String {
    let request = v1::WatchClocksRequest { tenant: TENANT.into(), ..Default::default() };
    let stream = clients.clocks.watch_clocks(request).await.expect("a watch");
    let first = stream.into_inner().message().await.expect("a message").expect("a message");
    first.resume_token
}

/// The notices since a place, up to what is recorded now: the ids of each incident in their order.
async fn notices(clients: &mut Clients, place: &str) -> BTreeMap<String, Vec<String>> {
    let last = clients.status().await.stamp.expect("a stamp").sequence;
    let request = v1::WatchClocksRequest {
        tenant: TENANT.into(),
        resume_token: place.into(),
        heartbeat_interval: Some(crate::testing::seconds(1)),
        ..Default::default()
    };
    let mut stream = clients.clocks.watch_clocks(request).await.expect("a watch").into_inner();
    let mut found = BTreeMap::<String, Vec<String>>::new();
    loop {
        let message = stream.message().await.expect("a message").expect("a message");
        for notice in &message.notices {
            found.entry(notice.incident_id.clone()).or_default().push(notice.id.clone());
        }
        let reached = message.stamp.expect("a stamp").sequence >= last;
        if message.notices.is_empty() && reached {
            return found;
        }
    }
}

fn ids(notices: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    notices.values().flatten().cloned().collect()
}

fn taken(received: &[Received]) -> BTreeSet<String> {
    received.iter().filter(|one| one.is_taken()).map(Received::id).collect()
}

/// What came of each incident, each event where it first came.
fn order(received: &[Received]) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for one in received {
        let of = found.entry(one.incident()).or_default();
        let id = one.id();
        if !of.contains(&id) {
            of.push(id);
        }
    }
    found
}

/// What the library of Standard Webhooks says of requests, by a secret.
fn verified(secret: &str, received: &[Received]) -> Vec<String> {
    let python = std::env::var("SLX_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/webhooks/verify.py");
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python} doesn't run: {error}"));
    let mut input = child.stdin.take().expect("an input");
    for one in received {
        let line = json!({ "secret": secret, "headers": one.headers, "body": one.body });
        // One that has ended says below what it lacked.
        let _ = writeln!(input, "{line}");
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{python} {script} failed; has it standardwebhooks?");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn each_event_comes_in_order_to_a_receiver_that_fails_hangs_is_late_and_redirects() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = served(data.path(), PRIVATE).await;
    let script = |one: &Received| match (one.incident().as_str(), one.before) {
        ("fails", 0) => Reply::Now(503, "retry-after: 1\r\n".into()),
        ("fails", 1) => Reply::Now(429, String::new()),
        ("hangs", 0) => Reply::Never,
        ("late", 0) => Reply::OnceSentAgain(200),
        ("redirects", _) => Reply::Now(307, "location: http://127.0.0.1:1/\r\n".into()),
        _ => Reply::Now(204, String::new()),
    };
    let receiver = Receiver::start(script).await;
    let place = place(&mut clients).await;
    let secret = put(&mut clients, webhook("w", &receiver.url())).await;
    let incidents = ["fails", "hangs", "late", "redirects", "fine"];
    for incident in incidents {
        clients.record(vec![event(incident, &format!("{incident}-open"), opened())]).await;
    }
    for incident in incidents {
        clients.record(vec![event(incident, &format!("{incident}-turn"), turn(0))]).await;
    }
    let notices = notices(&mut clients, &place).await;
    assert_eq!(notices.len(), incidents.len());
    assert!(notices.values().all(|of| of.len() >= 3), "{notices:?}");
    let redirected: BTreeSet<_> = notices["redirects"].iter().cloned().collect();
    let expected: BTreeSet<_> = ids(&notices).difference(&redirected).cloned().collect();
    let received = receiver.until(|come| expected.is_subset(&taken(come))).await;

    let letters = until_dead(&mut clients, "w", redirected.len()).await;
    for letter in &letters {
        assert_eq!(letter.last_error, "it answered 307: redirects are not followed");
        assert_eq!((letter.attempts, letter.incident_id.as_str()), (1, "redirects"));
        let body: Value = serde_json::from_str(&letter.body).expect("JSON");
        assert!(redirected.contains(body["id"].as_str().expect("an id")), "{body}");
    }
    let received = receiver.until(|come| come.len() >= received.len()).await;
    assert_eq!(order(&received), notices);
    // None came before the one before it was taken or given up.
    for incident in incidents {
        let of = received.iter().filter(|one| one.incident() == incident).map(Received::id);
        let mut of: Vec<_> = of.collect();
        of.dedup();
        assert_eq!(of, notices[incident], "{incident}");
    }
    for one in &received {
        assert_eq!(one.head, "POST /hooks?key=1 HTTP/1.1");
        let event = one.event();
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["source"], "/slx/tenants/acme");
        assert_eq!(event["data"]["id"], event["id"]);
        let content_type = one.headers["content-type"].as_str();
        assert!(content_type.starts_with("application/cloudevents+json"), "{content_type}");
    }
    let kinds: BTreeSet<_> = received
        .iter()
        .map(|one| one.event()["type"].as_str().expect("a type").to_owned())
        .collect();
    assert!(kinds.contains("slx.v1.clock.started") && kinds.contains("slx.v1.clock.paused"));
    assert_eq!(verified(&secret, &received), vec!["ok"; received.len()]);
    let other = secret.replace("whsec_", "whsec_AAAA");
    assert_eq!(verified(&other, &received[..1]), ["wrong"]);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn nothing_is_missing_however_often_the_server_is_killed() {
    let seed = setting("SLX_WEBHOOK_SEED", 1);
    println!("SLX_WEBHOOK_SEED={seed}");
    let mut dice = Dice::new(seed);
    let data = tempfile::tempdir().expect("a directory");
    let (mut server, mut clients) = served(data.path(), PRIVATE).await;
    let fails = std::sync::atomic::AtomicUsize::new(0);
    let script = move |one: &Received| {
        let count = fails.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match one.before == 0 && count.is_multiple_of(5) {
            true => Reply::Now(500, String::new()),
            false => Reply::Now(200, String::new()),
        }
    };
    let receiver = Receiver::start(script).await;
    let place = place(&mut clients).await;
    put(&mut clients, webhook("w", &receiver.url())).await;
    for round in 0..5 {
        let before = receiver.received().len();
        for number in 0..10 + dice.below(10) as usize {
            let incident = format!("I{}", number % 4);
            let fact = if round == 0 && number < 4 { opened() } else { turn(round + number / 4) };
            clients.record(vec![event(&incident, &format!("{round}-{number}"), fact)]).await;
        }
        // Each round has four incidents, of each of which something comes.
        let some = dice.below(4) as usize;
        receiver.until(|come| come.len() >= before + some).await;
        server.kill();
        server = Server::start(data.path(), PRIVATE);
        clients = server.clients_of_any().await;
    }
    let notices = notices(&mut clients, &place).await;
    let expected = ids(&notices);
    assert!(expected.len() > 25, "{}", expected.len());
    let received = receiver.until(|come| expected.is_subset(&taken(come))).await;
    assert_eq!(taken(&received), expected);
    assert_eq!(order(&received), notices);
    assert_eq!(dead_letters(&mut clients, "w").await, []);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn dead_letters_are_listed_kept_and_sent_again() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = served(data.path(), PRIVATE).await;
    let receiver = Receiver::start(always(410)).await;
    let place = place(&mut clients).await;
    put(&mut clients, webhook("w", &receiver.url())).await;
    clients.record(vec![event("I", "open", opened())]).await;
    clients.record(vec![event("J", "open-j", opened())]).await;
    let notices = notices(&mut clients, &place).await;
    let all = ids(&notices);
    let letters = until_dead(&mut clients, "w", all.len()).await;
    assert!(letters.iter().all(|letter| letter.last_error == "it answered 410"), "{letters:?}");
    assert!(server.stop().await.success());

    let mut server = Server::start(data.path(), PRIVATE);
    let mut clients = server.clients_of_any().await;
    let kept = until_dead(&mut clients, "w", all.len()).await;
    assert_eq!(kept, letters);
    let request = |ids: Vec<String>| v1::ResendDeadLettersRequest {
        tenant: TENANT.into(),
        webhook_id: "w".into(),
        ids,
    };
    // Still refused: it stays a dead letter, sent once more.
    let first = kept[0].id.clone();
    let resent = clients.webhooks.resend_dead_letters(request(vec![first.clone()])).await;
    assert_eq!(resent.expect("it is sent").into_inner().resent, 1);
    let deadline = tokio::time::Instant::now() + WITHIN;
    loop {
        let letters = dead_letters(&mut clients, "w").await;
        let again = letters.iter().find(|letter| letter.id == first).expect("it is one");
        if again.attempts == 2 {
            assert_eq!(again.first_attempt_time, kept[0].first_attempt_time);
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{letters:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    receiver.answer(always(200));
    let shown = succeed(
        slx()
            .args(["webhooks", "dead-letters", "w", "--tenant", TENANT])
            .args(["--address", &server.address]),
    );
    assert!(shown.contains(&first) && shown.contains("it answered 410"), "{shown}");
    let said = succeed(
        slx()
            .args(["webhooks", "resend", "w", "--tenant", TENANT])
            .args(["--address", &server.address]),
    );
    assert_eq!(said, format!("{} dead letters sent again\n", all.len()));
    let received = receiver.until(|come| taken(come) == all).await;
    until_dead(&mut clients, "w", 0).await;
    let again: BTreeSet<_> = received.iter().map(|one| one.headers["webhook-id"].clone()).collect();
    assert_eq!(again, kept.iter().map(|letter| letter.id.clone()).collect());
    assert!(server.stop().await.success());
    let mut server = Server::start(data.path(), PRIVATE);
    let mut clients = server.clients_of_any().await;
    assert_eq!(dead_letters(&mut clients, "w").await, []);
}

/// Every byte below a directory.
fn files(directory: &Path, found: &mut Vec<(std::path::PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
        match entry.path().is_dir() {
            true => files(&entry.path(), found),
            false => found.push((entry.path(), std::fs::read(entry.path()).expect("readable"))),
        }
    }
}

#[tokio::test]
async fn a_secret_is_given_once_and_is_in_no_log_list_or_file() {
    let data = tempfile::tempdir().expect("a directory");
    let environment = [("RUST_LOG", "debug,h2=info,hyper=info")];
    let mut server = Server::start_with(data.path(), PRIVATE, &environment);
    let mut clients = server.clients_of_any().await;
    clients.put_always().await;
    clients.put_contract(lasting()).await;
    let receiver = Receiver::start(always(200)).await;
    let first = put(&mut clients, webhook("w", &receiver.url())).await;
    assert!(first.starts_with("whsec_"), "{first}");
    assert_eq!(put(&mut clients, webhook("w", &receiver.url())).await, "");
    clients.record(vec![event("I", "open", opened())]).await;
    let before = receiver.until(|come| !come.is_empty()).await;
    assert_eq!(verified(&first, &before[..1]), ["ok"]);

    let (tenant, webhook_id) = (TENANT.to_owned(), "w".to_owned());
    let request = v1::RotateWebhookSecretRequest { tenant, webhook_id };
    let rotated = clients.webhooks.rotate_webhook_secret(request).await;
    let second = rotated.expect("another").into_inner().secret;
    assert_ne!(second, first);
    let count = receiver.received().len();
    // The courier takes the secret over soon; until then events bear the old one alone.
    let mut number = 0;
    let deadline = tokio::time::Instant::now() + WITHIN;
    let both = loop {
        clients.record(vec![event("I", &format!("turn-{number}"), turn(number))]).await;
        number += 1;
        let come = receiver.until(|come| come.len() >= count + number).await;
        let last = come.last().expect("one").clone();
        if last.headers["webhook-signature"].split(' ').count() == 2 {
            break last;
        }
        assert!(tokio::time::Instant::now() < deadline, "{last:?}");
    };
    for secret in [&first, &second] {
        assert_eq!(verified(secret, std::slice::from_ref(&both)), ["ok"]);
    }

    let request = v1::ListWebhooksRequest { tenant: TENANT.into(), ..Default::default() };
    let listed = clients.webhooks.list_webhooks(request).await.expect("a list").into_inner();
    let listed = format!("{listed:?}");
    let (_, log) = server.stop_and_read().await;
    let mut found = Vec::new();
    files(data.path(), &mut found);
    assert!(found.iter().any(|(path, _)| path.to_string_lossy().contains("webhooks")));
    for secret in [first, second] {
        let key = secret.trim_start_matches("whsec_");
        assert!(!listed.contains(key) && !log.contains(key));
        let raw = base64::engine::general_purpose::STANDARD.decode(key).expect("base64");
        for (path, bytes) in &found {
            let holds = |part: &[u8]| bytes.windows(part.len()).any(|bytes| bytes == part);
            assert!(!holds(key.as_bytes()) && !holds(&raw), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn private_addresses_are_not_called_unless_that_is_allowed() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = served(data.path(), &[]).await;
    let receiver = Receiver::start(always(200)).await;
    let port = receiver.port;
    for url in [receiver.url(), format!("https://127.0.0.1:{port}/"), "https://[::1]/".into()] {
        let (tenant, webhook) = (TENANT.into(), Some(webhook("w", &url)));
        let request = v1::PutWebhookRequest { tenant, webhook, validate_only: false };
        let refused = clients.webhooks.put_webhook(request).await.expect_err("it is private");
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        let request = refused.get_details_bad_request().expect("what is wrong");
        assert_eq!(request.field_violations[0].field, "webhook.url", "{url}");
    }
    // What a name means is seen when it is called.
    put(&mut clients, webhook("w", &format!("https://localhost:{port}/"))).await;
    clients.record(vec![event("I", "open", opened())]).await;
    let letters = until_dead(&mut clients, "w", 2).await;
    for letter in letters {
        assert!(letter.last_error.contains("is no public address"), "{}", letter.last_error);
    }
    assert!(receiver.received().is_empty());
    assert!(server.stop().await.success());
}

fn acceptor() -> TlsAcceptor {
    let read = |name: &str| {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/identity/certificates/");
        std::fs::read(format!("{directory}{name}")).expect("readable")
    };
    let chain = CertificateDer::pem_slice_iter(&read("server.pem")).collect::<Result<_, _>>();
    let key = PrivateKeyDer::from_pem_slice(&read("server.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain.expect("a chain"), key)
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn a_receiver_is_called_by_tls_and_must_have_a_certificate_that_is_trusted() {
    let data = tempfile::tempdir().expect("a directory");
    let authority =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/identity/certificates/authority.pem");
    let receiver = Receiver::start_with(always(200), Some(acceptor())).await;
    let url = format!("https://localhost:{}/in", receiver.port);
    // Not trusted: no retries, so that it is given up at once.
    let flags = ["--webhook-private-addresses", "--webhook-retry-seconds", "0"];
    let (server, mut clients) = served(data.path(), &flags).await;
    put(&mut clients, webhook("w", &url)).await;
    clients.record(vec![event("I", "open", opened())]).await;
    for letter in until_dead(&mut clients, "w", 2).await {
        assert!(letter.last_error.contains("TLS failed"), "{}", letter.last_error);
    }
    assert!(receiver.received().is_empty());
    assert!(server.stop().await.success());

    let mut server =
        Server::start(data.path(), &["--webhook-private-addresses", "--webhook-ca", authority]);
    let mut clients = server.clients_of_any().await;
    until_dead(&mut clients, "w", 2).await;
    let request = v1::ResendDeadLettersRequest {
        tenant: TENANT.into(),
        webhook_id: "w".into(),
        ids: Vec::new(),
    };
    clients.webhooks.resend_dead_letters(request).await.expect("they are sent");
    receiver.until(|come| taken(come).len() == 2).await;
    until_dead(&mut clients, "w", 0).await;
}

#[tokio::test]
async fn webhooks_are_put_by_files_filtered_listed_and_removed() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients) = served(data.path(), PRIVATE).await;
    let receiver = Receiver::start(always(200)).await;
    let url = receiver.url();
    let yaml = format!("webhooks:\n  - id: pager\n    url: {url}\n    kinds: [paused]\n");
    let said = apply(&server, &yaml);
    assert!(said.contains("webhook pager: created") && said.contains("whsec_"), "{said}");
    let said = apply(&server, &yaml);
    assert!(said.contains("webhook pager: unchanged") && !said.contains("whsec_"), "{said}");
    let call = |arguments: &[&str]| {
        run(slx()
            .arg("webhooks")
            .args(arguments)
            .args(["--tenant", TENANT])
            .args(["--address", &server.address]))
    };
    let (_, said) = call(&[]);
    assert!(said.contains("pager") && said.contains(&url) && said.contains("paused"), "{said}");
    let (is_taken, said) = call(&["put", "x", &url, "--contract", "none"]);
    assert!(!is_taken && said.contains("there is no contract \"none\""), "{said}");
    clients.record(vec![event("I", "open", opened())]).await;
    clients.record(vec![event("I", "turn", turn(0))]).await;
    let received = receiver.until(|come| !come.is_empty()).await;
    assert_eq!(received[0].event()["type"], "slx.v1.clock.paused");

    assert_eq!(call(&["remove", "pager"]), (true, "webhook pager: removed\n".into()));
    assert_eq!(call(&["remove", "pager"]), (true, "webhook pager: removed (unchanged)\n".into()));
    let (is_there, said) = call(&["dead-letters", "pager"]);
    assert!(!is_there && said.contains("there is no webhook \"pager\""), "{said}");
    let (_, said) = call(&[]);
    assert_eq!(said, "The tenant has no webhook.\n");
    let directory = data.path().join("webhooks");
    let deadline = tokio::time::Instant::now() + WITHIN;
    while std::fs::read_dir(&directory).is_ok_and(|files| files.count() > 0) {
        assert!(tokio::time::Instant::now() < deadline, "its files are still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(server.stop().await.success());
}

/// Of several who put it first at once, one creates it: only that one is given its secret.
#[tokio::test]
async fn a_secret_is_given_to_whoever_creates_the_webhook_and_to_nobody_else() {
    let data = tempfile::tempdir().expect("a directory");
    let (server, clients) = served(data.path(), PRIVATE).await;
    for round in 0..20 {
        let mut putting = tokio::task::JoinSet::new();
        for number in 0..8 {
            let mut clients = clients.clone();
            let url = format!("https://hooks.example.com/{number}");
            putting
                .spawn(async move { put(&mut clients, webhook(&format!("w{round}"), &url)).await });
        }
        let secrets = putting.join_all().await;
        let given: Vec<_> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
        assert_eq!(given.len(), 1, "{given:?}");
        assert!(given[0].starts_with("whsec_"), "{given:?}");
    }
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn a_restored_backup_has_its_webhooks_and_signs_as_before() {
    let place = tempfile::tempdir().expect("a directory");
    let path = |name: &str| place.path().join(name);
    let (server, mut clients) = served(&path("data"), PRIVATE).await;
    let receiver = Receiver::start(always(200)).await;
    let secret = put(&mut clients, webhook("w", &receiver.url())).await;
    let mut backup = slx();
    backup.args(["backup", "--address", &server.address]).arg(path("backup"));
    let backed_up = tokio::task::spawn_blocking(move || succeed(&mut backup)).await;
    backed_up.expect("it is backed up");
    assert!(server.stop().await.success());
    succeed(slx().arg("restore").arg(path("backup")).arg(path("restored")));

    let mut server = Server::start(&path("restored"), PRIVATE);
    let mut clients = server.clients_of_any().await;
    clients.record(vec![event("I", "open", opened())]).await;
    let received = receiver.until(|come| !come.is_empty()).await;
    assert_eq!(verified(&secret, &received[..1]), ["ok"]);
    assert!(server.stop().await.success());
}

/// How often the events of an incident came.
fn times_come(received: &[Received], incident: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for one in received.iter().filter(|one| one.incident() == incident) {
        *times.entry(one.id()).or_default() += 1;
    }
    times
}

/// What is too old to be gone on from is left out, and nothing else: neither where the position is
/// too old, nor where it is lost, as in a restored backup.
#[tokio::test]
async fn a_webhook_that_is_too_far_behind_goes_on_with_what_is_not_too_old() {
    const DAY: i64 = 24 * 3600;
    let (clock, data) = (FalseClock::new(), tempfile::tempdir().expect("a directory"));
    let flags = ["--webhook-private-addresses", "--accept-clock"];
    let mut server = clock.start(data.path(), &flags);
    let mut clients = server.clients_of_any().await;
    clients.put_always().await;
    clients.put_contract(lasting()).await;
    let receiver = Receiver::start(always(200)).await;
    put(&mut clients, webhook("w", &receiver.url())).await;
    clients.record(vec![event("old", "open", opened())]).await;
    receiver.until(|come| !times_come(come, "old").is_empty()).await;
    assert!(server.stop().await.success());
    let old = times_come(&receiver.received(), "old");

    // Nobody was there as its clocks were late.
    clock.set(9 * DAY);
    let mut server = clock.start(data.path(), &flags);
    let mut clients = server.clients_of_any().await;
    let late = v1::IncidentEvent {
        occur_time: Some(Timestamp { seconds: now().seconds + 9 * DAY, nanos: 0 }),
        ..event("new", "open", opened())
    };
    clients.record(vec![late]).await;
    receiver.until(|come| !times_come(come, "new").is_empty()).await;
    server.logs("RESUME_POINT_EXPIRED").await;
    assert!(server.stop().await.success());
    let new = times_come(&receiver.received(), "new");

    std::fs::remove_dir_all(data.path().join("webhooks")).expect("it is there");
    let server = clock.start(data.path(), &flags);
    let is_again = |come: &[Received]| {
        let come = times_come(come, "new");
        new.keys().all(|id| come.get(id).is_some_and(|times| *times > new[id]))
    };
    let received = receiver.until(is_again).await;
    server.logs("RESUME_POINT_EXPIRED").await;
    assert_eq!(times_come(&received, "old"), old);
    assert!(server.stop().await.success());
}
