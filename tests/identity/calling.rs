//! Calls as somebody: tokens and identities files, channels that send a token, raw calls of any
//! method, and a tenant with something of everything.

use std::path::{Path, PathBuf};
use std::time::Duration;

use slx::codec::v1;
use slx::codec::v1::calendar_service_client::CalendarServiceClient;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use slx::codec::v1::incident_service_client::IncidentServiceClient;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::raw::Raw;
use crate::testing::{Server, contract, event, office, opened, slx, succeed};

/// An identities file in the making.
pub struct Tokens {
    folder: tempfile::TempDir,
    flag: String,
}

impl Tokens {
    pub fn new() -> Tokens {
        let folder = tempfile::tempdir().expect("a directory");
        let flag = format!("--identities={}", folder.path().join("identities.toml").display());
        Tokens { folder, flag }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("identities.toml")
    }

    /// The flags of a server that knows these tokens.
    pub fn flags(&self) -> Vec<&str> {
        vec![&self.flag]
    }

    /// A server that knows these tokens, and writes its audit log into a file beside theirs.
    pub async fn audited(&self, data: &Path, audit: &str) -> (Server, PathBuf) {
        let audit = self.file().with_file_name(audit);
        let flag = format!("--audit-log={}", audit.display());
        let mut flags = self.flags();
        flags.push(&flag);
        let server = Server::start(data, &flags);
        server.wait_until_healthy().await;
        (server, audit)
    }

    /// Makes a token, and adds it to the file.
    pub fn add(&mut self, name: &str, tenants: &[&str], scopes: &str) -> String {
        let secret = self.folder.path().join(format!("{name}.token"));
        let mut command = slx();
        command.args(["token", "new", "--name", name, "--scope", scopes, "--output"]).arg(&secret);
        command.arg("--add-to").arg(self.file());
        for tenant in tenants {
            command.args(["--tenant", tenant]);
        }
        succeed(&mut command);
        read(&secret).trim().to_owned()
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("readable")
}

/// Sends a token, or none.
#[derive(Clone)]
pub struct Bearer(Option<AsciiMetadataValue>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

pub type CallerChannel = InterceptedService<Channel, Bearer>;

/// A channel that sends a token with each call.
pub fn sending(channel: Channel, token: Option<&str>) -> CallerChannel {
    let value = token.map(|token| format!("Bearer {token}").parse().expect("a header"));
    InterceptedService::new(channel, Bearer(value))
}

/// A plaintext channel to a server that sends a token.
pub fn as_caller(server: &Server, token: Option<&str>) -> CallerChannel {
    sending(server.channel(), token)
}

/// Waits until something is so.
pub async fn eventually(is_so: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "it never came to be");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Calls any method with one message, and gives the messages of its answer.
pub async fn call(
    channel: CallerChannel,
    path: &str,
    message: Vec<u8>,
) -> Result<Vec<Vec<u8>>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.expect("connected");
    let is_watch = path.ends_with("/WatchClocks");
    let path = PathAndQuery::try_from(format!("/{path}")).expect("a path");
    let answer = client.server_streaming(Request::new(message), path, Raw).await?;
    let (mut messages, mut all) = (answer.into_inner(), Vec::new());
    while let Some(message) = messages.message().await? {
        all.push(message);
        // A stream of notices has no end.
        if is_watch {
            break;
        }
    }
    Ok(all)
}

/// Puts and records something of everything for a tenant; `mark` is in all that can hold it.
pub async fn populate(server: &Server, token: &str, tenant: &str, mark: &str) {
    let channel = as_caller(server, Some(token));
    let request = v1::PutCalendarRequest {
        tenant: tenant.into(),
        calendar: Some(office()),
        ..Default::default()
    };
    CalendarServiceClient::new(channel.clone()).put_calendar(request).await.expect("put");
    let contract = v1::Contract { title: format!("Workplace {mark}"), ..contract("C") };
    let request = v1::PutContractRequest {
        tenant: tenant.into(),
        contract: Some(contract),
        ..Default::default()
    };
    ContractServiceClient::new(channel.clone()).put_contract(request).await.expect("put");
    let mut opened = event("I", "o", "2026-10-05T09:00:00Z", opened("C", "P1"));
    opened.source = mark.into();
    let request = v1::RecordEventsRequest { tenant: tenant.into(), events: vec![opened] };
    IncidentServiceClient::new(channel).record_events(request).await.expect("recorded");
}
