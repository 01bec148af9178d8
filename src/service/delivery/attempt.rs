//! One attempt to send an event: one request on a connection of its own, to an address that was
//! checked.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::endpoint::{Endpoint, not_public};
use super::lookups::Lookups;
use super::pause::retry_after;
use super::public_address::is_public;
use crate::runtime::wall_clock;

/// How long an attempt may take, from resolving a name to the head of the answer.
const WITHIN: Duration = Duration::from_secs(10);
/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 4;
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
const USER_AGENT: &str = concat!("slx/", env!("CARGO_PKG_VERSION"));
const PROTOCOL: &[u8] = b"http/1.1";

/// What is sent: its headers by the scheme of Standard Webhooks, and its body.
#[derive(Clone, Debug)]
pub(super) struct SignedEvent {
    pub id: String,
    pub timestamp: i64,
    pub signatures: String,
    pub body: String,
}

/// Why an event was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AttemptError {
    pub text: String,
    /// Whether it may be taken when it is sent again.
    pub may_pass: bool,
    /// After which time, as the receiver said.
    pub retry_after: Option<Duration>,
}

/// Sends events.
#[derive(Clone)]
pub(super) struct EventSender {
    tls: Arc<ClientConfig>,
    lookups: Lookups,
    are_private_allowed: bool,
}

impl AttemptError {
    fn passing(text: impl Into<String>) -> AttemptError {
        AttemptError { text: text.into(), may_pass: true, retry_after: None }
    }

    pub fn lasting(text: impl Into<String>) -> AttemptError {
        AttemptError { text: text.into(), may_pass: false, retry_after: None }
    }
}

impl EventSender {
    /// One that trusts the authorities of the system, and those of a file in PEM.
    ///
    /// # Errors
    /// The file can't be read, or holds no certificate.
    pub fn new(
        authorities: Option<&Path>,
        are_private_allowed: bool,
    ) -> anyhow::Result<EventSender> {
        let mut roots = RootCertStore::empty();
        // What the system has that can't be read is not trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = authorities {
            for authority in certificates(path)? {
                roots.add(authority).with_context(|| format!("{}", path.display()))?;
            }
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        let mut tls = builder.with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(EventSender { tls: Arc::new(tls), lookups: Lookups::new(), are_private_allowed })
    }

    /// Sends an event once.
    pub async fn attempt(
        &self,
        endpoint: &Endpoint,
        event: SignedEvent,
    ) -> Result<(), AttemptError> {
        let attempt = tokio::time::timeout(WITHIN, self.call(endpoint, event));
        let too_late = || AttemptError::passing(format!("no answer within {WITHIN:?}"));
        let response = attempt.await.map_err(|_| too_late())??;
        // What else it answers is not read: it says nothing that is needed, and whoever can put
        // webhooks is not to read through them what only the server can.
        outcome(&response)
    }

    async fn call(
        &self,
        endpoint: &Endpoint,
        event: SignedEvent,
    ) -> Result<Response<Incoming>, AttemptError> {
        let request = request(endpoint, event)?;
        let connection = self.connect(endpoint).await?;
        if !endpoint.is_tls {
            return send(connection, request).await;
        }
        let name = ServerName::try_from(endpoint.host.clone());
        let name = name.map_err(|_| AttemptError::lasting("its host is no name of a server"))?;
        let shaken = TlsConnector::from(Arc::clone(&self.tls)).connect(name, connection).await;
        let connection =
            shaken.map_err(|error| AttemptError::passing(format!("TLS failed: {error}")))?;
        send(connection, request).await
    }

    /// Connects to an address of the host, each of which is checked: a name may have others than it
    /// had when the webhook was put.
    async fn connect(&self, endpoint: &Endpoint) -> Result<TcpStream, AttemptError> {
        let host = &endpoint.host;
        let found = self.lookups.addresses(host, endpoint.port).await;
        let found: Vec<SocketAddr> = found
            .map_err(|error| AttemptError::passing(format!("{host} is not found: {error}")))?;
        let (called, refused): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|address| self.are_private_allowed || is_public(address.ip()));
        if called.is_empty()
            && let Some(address) = refused.first()
        {
            return Err(AttemptError::lasting(not_public(address.ip())));
        }
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in called.into_iter().take(ADDRESSES_MAX) {
            match TcpStream::connect(address).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(AttemptError::passing(format!("{host} can't be reached: {last}")))
    }
}

impl std::fmt::Debug for EventSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let are_private_allowed = &self.are_private_allowed;
        f.debug_struct("EventSender").field("are_private_allowed", are_private_allowed).finish()
    }
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| anyhow::anyhow!("{}: {error:?}", path.display()))?;
    if found.is_empty() {
        bail!("{} holds no certificate in PEM", path.display());
    }
    Ok(found)
}

fn request(endpoint: &Endpoint, event: SignedEvent) -> Result<Request<Full<Bytes>>, AttemptError> {
    let request = Request::post(&endpoint.path)
        .header(header::HOST, &endpoint.authority)
        .header(header::CONTENT_TYPE, CONTENT_TYPE)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONNECTION, "close")
        .header("webhook-id", event.id)
        .header("webhook-timestamp", event.timestamp.to_string())
        .header("webhook-signature", event.signatures);
    let request = request.body(Full::new(Bytes::from(event.body)));
    request.map_err(|error| AttemptError::lasting(format!("it can't be sent there: {error}")))
}

/// Sends a request, and returns the head of the answer.
async fn send(
    connection: impl AsyncRead + AsyncWrite + Send + Unpin,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, AttemptError> {
    let broken = |error: hyper::Error| AttemptError::passing(format!("no answer: {error}"));
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(connection)).await.map_err(broken)?;
    let (mut answer, connection) = (pin!(sender.send_request(request)), pin!(connection));
    tokio::select! {
        biased;
        answer = &mut answer => return answer.map_err(broken),
        // It ends with the answer, where that is all there is.
        _ = connection => {}
    }
    answer.await.map_err(broken)
}

/// What an answer says of the event.
fn outcome<B>(response: &Response<B>) -> Result<(), AttemptError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let may_pass = status.is_server_error()
        || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS]
            .contains(&status);
    let note = if status.is_redirection() { ": redirects are not followed" } else { "" };
    let header = response.headers().get(header::RETRY_AFTER).and_then(|after| after.to_str().ok());
    let now = wall_clock::reading().system.to_chrono();
    Err(AttemptError {
        text: format!("it answered {}{note}", status.as_u16()),
        may_pass,
        retry_after: header.and_then(|after| retry_after(after, now)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Result<(), AttemptError> {
        outcome(&Response::builder().status(status).header("retry-after", "7").body(()).unwrap())
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(answered(status), Ok(()), "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 599] {
            let error = answered(status).unwrap_err();
            assert!(error.may_pass, "{status}");
            assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
        }
        for status in [100, 301, 302, 303, 307, 308, 400, 401, 403, 404, 409, 410, 413, 422] {
            assert!(!answered(status).unwrap_err().may_pass, "{status}");
        }
        assert!(answered(302).unwrap_err().text.contains("redirects are not followed"));
    }

    /// A name may be resolved to a private address after its webhook was put.
    #[tokio::test]
    async fn a_private_address_is_refused_at_each_connection() {
        let sender = EventSender::new(None, false).unwrap();
        for host in ["localhost", "127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "2130706433"] {
            let (host, authority) = (host.to_owned(), host.to_owned());
            let endpoint = Endpoint { is_tls: true, host, port: 9, authority, path: "/".into() };
            let refused = sender.connect(&endpoint).await.unwrap_err();
            assert!(!refused.may_pass, "{refused:?}");
            assert!(refused.text.contains("is no public address"), "{refused:?}");
        }
    }
}
