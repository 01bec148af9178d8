//! The board's listener: the page and the API as gRPC-web, for whoever may, and for no other page.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use prost::Message;
use prost::bytes::Bytes;
use slx::codec::v1;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::codegen::http::request::Builder;
use tonic::codegen::http::{HeaderMap, Request, Response, StatusCode};

use crate::identity::calling::Tokens;
use crate::testing::{Clients, Server, TENANT, at, contract, event, opened};

const LISTEN: &str = "--web-listen=127.0.0.1:0";
const GRPC_WEB: &str = "application/grpc-web+proto";
const LIST: &str = "/slx.v1.ContractService/ListContracts";
const WATCH: &str = "/slx.v1.ClockService/WatchClocks";
const WITHIN: Duration = Duration::from_secs(60);

/// A request that is not sent yet.
type Call = Request<Full<Bytes>>;

/// Where the board of a server is.
async fn board(server: &Server) -> String {
    server.logs(" ready ").await;
    let log = server.log();
    let (_, after) = log.split_once(" board address=").expect("it was logged");
    after.split_whitespace().next().expect("an address").to_owned()
}

/// An answer, once all of it is there.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The code of a call, from its headers or from the trailers in its body.
    fn code(&self) -> tonic::Code {
        let in_headers = self.header("grpc-status").to_owned();
        let trailers = self.frames().into_iter().find(|(is_trailers, _)| *is_trailers);
        let text = trailers.map(|(_, text)| String::from_utf8_lossy(text).into_owned());
        let in_body = text.as_deref().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("grpc-status:"))?;
            Some(line.trim_start_matches("grpc-status:").trim().to_owned())
        });
        let code = in_body.unwrap_or(in_headers);
        tonic::Code::from_i32(code.parse().unwrap_or_else(|_| panic!("no status: {self:?}")))
    }

    /// The messages of a call, and its trailers.
    fn frames(&self) -> Vec<(bool, &[u8])> {
        let (mut rest, mut frames) = (&self.body[..], Vec::new());
        while let Some((prefix, after)) = rest.split_first_chunk::<5>() {
            let [kind, length @ ..] = *prefix;
            let length = usize::try_from(u32::from_be_bytes(length)).expect("a length");
            let Some((frame, after)) = after.split_at_checked(length) else { break };
            frames.push((kind & 0x80 != 0, frame));
            rest = after;
        }
        frames
    }

    fn message<M: Message + Default>(&self) -> M {
        let frames = self.frames();
        let (_, message) = frames.first().unwrap_or_else(|| panic!("no message: {self:?}"));
        M::decode(*message).expect("decoded")
    }
}

/// Sends a request, and waits for its answer to begin.
async fn send(address: &str, request: Request<Full<Bytes>>) -> Response<Incoming> {
    send_on(TcpStream::connect(address).await.expect("connected"), request).await
}

async fn send_on<C>(connection: C, request: Request<Full<Bytes>>) -> Response<Incoming>
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(connection)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    let answer = tokio::time::timeout(WITHIN, sender.send_request(request));
    answer.await.expect("in time").expect("answered")
}

async fn whole(response: Response<Incoming>) -> Answer {
    let (head, body) = response.into_parts();
    let body = tokio::time::timeout(WITHIN, body.collect()).await.expect("in time");
    Answer { status: head.status, headers: head.headers, body: body.expect("a body").to_bytes() }
}

async fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", address);
    }
    let request = with(request, headers).body(Full::default()).expect("a request");
    whole(send(address, request).await).await
}

fn with(mut request: Builder, headers: &[(&str, &str)]) -> Builder {
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}

/// A call as the page makes it.
fn call(address: &str, path: &str, message: &impl Message, headers: &[(&str, &str)]) -> Call {
    let has = |name: &str| headers.iter().any(|(given, _)| *given == name);
    let mut request = Request::post(path);
    for (name, value) in [("host", address), ("content-type", GRPC_WEB)] {
        if !has(name) {
            request = request.header(name, value);
        }
    }
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).expect("short").to_be_bytes();
    let framed = [&[0][..], &length, &message].concat();
    with(request, headers).body(Full::from(framed)).expect("a request")
}

fn list() -> v1::ListContractsRequest {
    v1::ListContractsRequest { tenant: TENANT.into(), ..Default::default() }
}

async fn listed(address: &str, headers: &[(&str, &str)]) -> Answer {
    whole(send(address, call(address, LIST, &list(), headers)).await).await
}

async fn put_contract(clients: &mut Clients) {
    clients.put_office().await;
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract("C")),
        effective_time: Some(at("2026-01-01T00:00:00Z")),
        ..Default::default()
    };
    clients.contracts.put_contract(request).await.expect("put");
}

#[tokio::test]
async fn the_page_and_its_files_are_served_and_kept_by_what_they_hold() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &[LISTEN]);
    let address = board(&server).await;
    let page = get(&address, "/?view=month", &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    let again = get(&address, "/", &[("if-none-match", page.header("etag"))]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));

    let text = String::from_utf8(page.body.to_vec()).expect("text");
    assert!(!text.contains("<style") && !text.contains("style="), "{text}");
    let links = text.split('"').filter(|part| part.starts_with("/board-"));
    let links: Vec<&str> = links.collect();
    assert_eq!(links.len(), 3, "{text}");
    for path in links {
        let plain = get(&address, path, &[]).await;
        assert_eq!(plain.status, StatusCode::OK, "{path}");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        let packed = get(&address, path, &[("accept-encoding", "br, gzip")]).await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert!(packed.body.len() <= 150_000, "{path}: {} bytes", packed.body.len());
        let mut unpacked = Vec::new();
        let mut reading = flate2::read::GzDecoder::new(&packed.body[..]);
        std::io::Read::read_to_end(&mut reading, &mut unpacked).expect("gzip");
        assert_eq!(unpacked, plain.body, "{path}");
    }
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn what_is_no_file_and_no_call_is_refused() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &[LISTEN]);
    let address = board(&server).await;
    for path in ["/index.html", "/board-0.js", "/../Cargo.toml", "/metrics", "/%2e%2e/", LIST] {
        let answer = get(&address, path, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    for method in ["OPTIONS", "PUT", "DELETE", "TRACE"] {
        let request = Request::builder().method(method).uri(LIST).header("host", &address);
        let answer = whole(send(&address, request.body(Full::default()).expect("one")).await).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    for kind in ["application/grpc", "application/json", "text/plain", "application/grpc-web-text"]
    {
        let answer = listed(&address, &[("content-type", kind)]).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let unknown = call(&address, "/slx.v1.ContractService/Nothing", &list(), &[]);
    let unknown = whole(send(&address, unknown).await).await;
    assert_eq!(unknown.code(), tonic::Code::Unimplemented);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn no_other_page_calls_nor_one_that_takes_a_name_for_this_machine() {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &[LISTEN]);
    let address = board(&server).await;
    let own = format!("http://{address}");
    let own = listed(&address, &[("origin", &own), ("sec-fetch-site", "same-origin")]).await;
    assert_eq!(own.code(), tonic::Code::Ok);
    for foreign in [
        ("origin", "https://evil.example"),
        ("origin", "http://127.0.0.1:1"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(listed(&address, &[foreign]).await.status, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    // No identities are checked, so a name that somebody else made lead here does not.
    let rebound = [("host", "evil.example"), ("origin", "http://evil.example")];
    assert_eq!(listed(&address, &rebound).await.status, StatusCode::MISDIRECTED_REQUEST);
    let page = get(&address, "/", &rebound[..1]).await;
    assert_eq!(page.status, StatusCode::MISDIRECTED_REQUEST);
    let port = address.rsplit_once(':').expect("a port").1;
    let local = format!("localhost:{port}");
    assert_eq!(listed(&address, &[("host", &local)]).await.code(), tonic::Code::Ok);
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn calls_of_the_page_pass_the_gate_and_are_audited_as_all_are() {
    let data = tempfile::tempdir().expect("a directory");
    let mut tokens = Tokens::new();
    let reader = tokens.add("reader", &[TENANT], "read");
    let audit = tokens.file().with_file_name("audit.jsonl");
    let audit_flag = format!("--audit-log={}", audit.display());
    let mut flags = tokens.flags();
    flags.extend([LISTEN, &audit_flag]);
    let server = Server::start(data.path(), &flags);
    let address = board(&server).await;
    // The page is for anybody: it says nothing.
    assert_eq!(get(&address, "/", &[]).await.status, StatusCode::OK);
    let nobody = listed(&address, &[]).await;
    assert_eq!((nobody.status, nobody.code()), (StatusCode::OK, tonic::Code::Unauthenticated));
    assert_eq!(nobody.header("content-type"), GRPC_WEB);
    let wrong = listed(&address, &[("authorization", "Bearer slx_wrong")]).await;
    assert_eq!(wrong.code(), tonic::Code::Unauthenticated);
    let bearer = format!("Bearer {reader}");
    let known = [("authorization", bearer.as_str())];
    assert_eq!(listed(&address, &known).await.code(), tonic::Code::Ok);
    let other = v1::ListContractsRequest { tenant: "another".into(), ..Default::default() };
    let other = whole(send(&address, call(&address, LIST, &other, &known)).await).await;
    assert_eq!(other.code(), tonic::Code::PermissionDenied);
    let record = v1::RecordEventsRequest { tenant: TENANT.into(), ..Default::default() };
    let path = "/slx.v1.IncidentService/RecordEvents";
    let record = whole(send(&address, call(&address, path, &record, &known)).await).await;
    assert_eq!(record.code(), tonic::Code::PermissionDenied);
    assert!(server.stop().await.success());
    let audited = std::fs::read_to_string(&audit).expect("audited");
    assert_eq!(audited.matches("UNAUTHENTICATED").count(), 2, "{audited}");
    assert_eq!(audited.matches("PERMISSION_DENIED").count(), 2, "{audited}");
}

#[tokio::test]
async fn what_is_listed_and_watched_is_what_grpc_has() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[LISTEN]);
    let mut clients = server.clients_of_any().await;
    put_contract(&mut clients).await;
    let address = board(&server).await;
    let found: v1::ListContractsResponse = listed(&address, &[]).await.message();
    let plain = clients.contracts.list_contracts(list()).await.expect("listed").into_inner();
    assert_eq!(found.contracts, plain.contracts);

    let watch = v1::WatchClocksRequest { tenant: TENANT.into(), ..Default::default() };
    let mut watched = send(&address, call(&address, WATCH, &watch, &[])).await;
    assert_eq!(watched.status(), StatusCode::OK);
    // The first message says from where on it watches; what is recorded before may be left out.
    let begun = tokio::time::timeout(WITHIN, watched.body_mut().frame()).await;
    begun.expect("it begins").expect("it goes on").expect("a frame");
    let opening = event("INC1", "1", "2026-10-05T07:00:00Z", opened("C", "P2"));
    clients.record(vec![opening]).await;
    let mut seen = Vec::new();
    let is_reported = async {
        while !String::from_utf8_lossy(&seen).contains("INC1") {
            let frame = watched.body_mut().frame().await.expect("it goes on").expect("a frame");
            seen.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
        }
    };
    tokio::time::timeout(WITHIN, is_reported).await.expect("a notice");
    // Whoever watches learns that the server stops.
    let ended = tokio::spawn(watched.into_body().collect());
    assert!(server.stop().await.success());
    let ended = ended.await.expect("ended").expect("to its end").to_bytes();
    assert!(String::from_utf8_lossy(&ended).contains("grpc-status:14"), "{ended:?}");
}

fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identity/certificates").join(name)
}

#[tokio::test]
async fn the_board_is_behind_the_same_tls() {
    let data = tempfile::tempdir().expect("a directory");
    let flag = |name: &str, file: &str| format!("--{name}={}", certificate(file).display());
    let flags = [flag("tls-certificate", "server.pem"), flag("tls-key", "server.key")];
    let server = Server::start(data.path(), &[LISTEN, &flags[0], &flags[1]]);
    let address = board(&server).await;
    let mut authorities = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(certificate("authority.pem")).expect("read");
    authorities.add(authority).expect("one");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(authorities)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let connection = TcpStream::connect(&address).await.expect("connected");
    let host = ServerName::try_from("localhost").expect("a name");
    let connection = connector.connect(host, connection).await.expect("a handshake");
    let request = call(&address, LIST, &list(), &[("origin", &format!("https://{address}"))]);
    assert_eq!(whole(send_on(connection, request).await).await.code(), tonic::Code::Ok);
    assert!(server.stop().await.success());
}

#[test]
fn beyond_this_machine_the_board_wants_identities() {
    let data = tempfile::tempdir().expect("a directory");
    let mut command = crate::testing::slx();
    command.args(["serve", "--web-listen=0.0.0.0:0", "--data-dir"]).arg(data.path());
    let output = command.env("SLX_LISTEN", "127.0.0.1:0").output().expect("it ends");
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(log.contains("web_listen: 0.0.0.0:0 is open to other machines"), "{log}");
}
