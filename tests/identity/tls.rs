//! TLS: who is let in, certificates that are renewed while the server serves, and clients that are
//! not ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use slx::codec::v1;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::calling::{Tokens, eventually, sending};
use crate::testing::{Server, slx, succeed};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identity/certificates").join(name)
}

fn pem(name: &str) -> Vec<u8> {
    fs::read(fixture(name)).expect("readable")
}

/// A server's certificate and key in a folder, where they can be renewed.
struct Files {
    folder: tempfile::TempDir,
    flags: Vec<String>,
}

impl Files {
    fn new(more: &[String]) -> Files {
        let folder = tempfile::tempdir().expect("a directory");
        let flag =
            |name: &str, file: &str| format!("--{name}={}", folder.path().join(file).display());
        let mut flags = vec![flag("tls-certificate", "chain.pem"), flag("tls-key", "key.pem")];
        flags.extend(more.iter().cloned());
        let files = Files { folder, flags };
        files.put("server");
        files
    }

    fn put(&self, name: &str) {
        fs::copy(fixture(&format!("{name}.key")), self.folder.path().join("key.pem")).expect("put");
        fs::copy(fixture(&format!("{name}.pem")), self.folder.path().join("chain.pem"))
            .expect("put");
    }

    fn start(&self, data: &Path) -> Server {
        Server::start(data, &self.flags.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

async fn connect(
    server: &Server,
    authority: &str,
    client: Option<&str>,
) -> Result<Channel, tonic::transport::Error> {
    let mut tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(pem(authority)))
        .domain_name("localhost");
    if let Some(name) = client {
        let (chain, key) = (pem(&format!("{name}.pem")), pem(&format!("{name}.key")));
        tls = tls.identity(Identity::from_pem(chain, key));
    }
    let endpoint = Channel::from_shared(format!("https://{}", server.address)).expect("an address");
    endpoint.tls_config(tls)?.connect().await
}

async fn is_healthy(channel: Channel) -> bool {
    let request = HealthCheckRequest { service: String::new() };
    let answer = HealthClient::new(channel).check(request).await;
    answer.is_ok_and(|answer| answer.into_inner().status == 1)
}

async fn serves(server: &Server, authority: &str, client: Option<&str>) -> bool {
    match connect(server, authority, client).await {
        Ok(channel) => is_healthy(channel).await,
        Err(_) => false,
    }
}

async fn list(channel: Channel, token: Option<&str>) -> Code {
    let mut client = ContractServiceClient::new(sending(channel, token));
    let request = v1::ListContractsRequest { tenant: "acme".into(), ..Default::default() };
    client.list_contracts(request).await.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn a_certificate_is_renewed_while_the_server_serves() {
    let files = Files::new(&[]);
    let data = tempfile::tempdir().expect("a directory");
    let server = files.start(data.path());
    eventually(async || serves(&server, "authority.pem", None).await).await;
    assert!(!serves(&server, "stranger.pem", None).await, "of an authority that is not trusted");
    assert!(!server_speaks_plaintext(&server).await);
    let before = connect(&server, "authority.pem", None).await.expect("connected");
    files.put("renewed");
    eventually(async || serves(&server, "stranger.pem", None).await).await;
    assert!(is_healthy(before).await, "connections go on");
    // Half of a renewal leaves what was.
    fs::write(files.folder.path().join("chain.pem"), "not a certificate").expect("written");
    server.logs("can't be read again").await;
    assert!(serves(&server, "stranger.pem", None).await);
}

async fn server_speaks_plaintext(server: &Server) -> bool {
    let endpoint = Channel::from_shared(format!("http://{}", server.address)).expect("an address");
    match endpoint.connect().await {
        Ok(channel) => is_healthy(channel).await,
        Err(_) => false,
    }
}

#[tokio::test]
async fn a_client_certificate_is_demanded_and_names_an_identity() {
    let mut tokens = Tokens::new();
    let token = tokens.add("token", &["other"], "read");
    let mut text = fs::read_to_string(tokens.file()).expect("readable");
    text += "\n[[certificate]]\nname = \"backend\"\nsan = \"spiffe://slx.test/backend\"\n\
             tenants = [\"acme\"]\nscopes = [\"read\"]\n";
    fs::write(tokens.file(), text).expect("written");
    let more = [
        tokens.flags()[0].to_owned(),
        format!("--client-ca={}", fixture("authority.pem").display()),
    ];
    let files = Files::new(&more);
    let data = tempfile::tempdir().expect("a directory");
    let server = files.start(data.path());
    eventually(async || serves(&server, "authority.pem", Some("client")).await).await;
    assert!(!serves(&server, "authority.pem", None).await, "without a certificate");
    assert!(!serves(&server, "authority.pem", Some("intruder")).await, "of another authority");
    let channel = connect(&server, "authority.pem", Some("client")).await.expect("connected");
    assert_eq!(list(channel.clone(), None).await, Code::Ok, "let in by its certificate");
    assert_eq!(
        list(channel.clone(), Some(&token)).await,
        Code::PermissionDenied,
        "a token decides"
    );
    assert_eq!(list(channel, Some("slx_wrong")).await, Code::Unauthenticated);
    let other = connect(&server, "authority.pem", Some("server")).await;
    assert!(
        matches!(other, Ok(channel) if list(channel.clone(), None).await == Code::Unauthenticated)
    );

    let mut command = slx();
    let secret = tokens.file().with_file_name("token.token");
    command.args(["contracts", "--tenant", "other", "--token-file"]).arg(&secret);
    command.arg("--ca").arg(fixture("authority.pem"));
    command.arg("--client-cert").arg(fixture("client.pem"));
    command.arg("--client-key").arg(fixture("client.key"));
    let port = server.address.rsplit(':').next().expect("a port");
    command.args(["--address", &format!("https://localhost:{port}")]);
    let output = command.output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn certificates_are_refused_for_plaintext() {
    let mut command = slx();
    command.args(["contracts", "--address", "http://127.0.0.1:1", "--ca"]);
    let output = command.arg(fixture("authority.pem")).output().expect("it runs");
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(shown.contains("write https://"), "{shown}");
}

/// What a client in Python needs: the authority's certificate and a token.
const CLIENT: &str = r#"
import sys
import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)

address, authority, token_file = sys.argv[1:]
token = open(token_file).read().strip()
credentials = grpc.composite_channel_credentials(
    grpc.ssl_channel_credentials(open(authority, "rb").read()),
    grpc.access_token_call_credentials(token))
channel = grpc.secure_channel(address, credentials)
pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
message = lambda name: GetMessageClass(pool.FindMessageTypeByName("slx.v1." + name))
put = channel.unary_unary("/slx.v1.CalendarService/PutCalendar",
    message("PutCalendarRequest").SerializeToString, message("PutCalendarResponse").FromString)
calendar = message("Calendar")(id="always", time_zone="Europe/Amsterdam", always_open=True)
print("put", put(message("PutCalendarRequest")(tenant="acme", calendar=calendar)).calendar.id)
try:
    put(message("PutCalendarRequest")(tenant="other", calendar=calendar))
except grpc.RpcError as error:
    print(error.code().name, error.details())
"#;

#[tokio::test]
async fn a_python_client_calls_with_tls_and_a_token() {
    let mut tokens = Tokens::new();
    tokens.add("python", &["acme"], "administer");
    let files = Files::new(&[tokens.flags()[0].to_owned()]);
    let data = tempfile::tempdir().expect("a directory");
    let server = files.start(data.path());
    eventually(async || serves(&server, "authority.pem", None).await).await;
    let python = std::env::var("SLX_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let port = server.address.rsplit(':').next().expect("a port");
    let mut command = Command::new(python);
    command.args(["-c", CLIENT, &format!("localhost:{port}")]).arg(fixture("authority.pem"));
    let shown = succeed(command.arg(tokens.file().with_file_name("python.token")));
    assert!(shown.contains("put always"), "{shown}");
    assert!(shown.contains("PERMISSION_DENIED the identity lacks the scope administer"), "{shown}");
}
