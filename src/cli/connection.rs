//! A connection to a server, and its errors as a person reads them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{self, Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};
use tonic_types::StatusExt;

/// The server, the tenant, and what says who calls.
#[derive(Args, Clone, Debug)]
pub(super) struct Connection {
    /// The URL of the server: https://HOST:PORT speaks TLS, http://HOST:PORT plaintext.
    #[arg(
        long,
        env = "SLX_ADDRESS",
        value_name = "URL",
        default_value = "http://127.0.0.1:7459",
        global = true
    )]
    pub address: String,

    /// The id of the tenant.
    #[arg(long, env = "SLX_TENANT", default_value = "default", global = true)]
    pub tenant: String,

    /// The file with the token that says who calls: of slx token new, or a JSON Web Token.
    #[arg(long, env = "SLX_TOKEN_FILE", value_name = "FILE", global = true)]
    pub token_file: Option<PathBuf>,

    /// The certificate authorities to trust, in PEM [default: those of the system].
    #[arg(long, env = "SLX_CA", value_name = "FILE", global = true)]
    pub ca: Option<PathBuf>,

    /// The client's certificate chain, in PEM, where the server wants one.
    #[arg(
        long,
        env = "SLX_CLIENT_CERT",
        value_name = "FILE",
        requires = "client_key",
        global = true
    )]
    pub client_cert: Option<PathBuf>,

    /// The private key of the client's certificate, in PEM.
    #[arg(
        long,
        env = "SLX_CLIENT_KEY",
        value_name = "FILE",
        requires = "client_cert",
        global = true
    )]
    pub client_key: Option<PathBuf>,
}

/// A connection that sends its token with every call.
pub(super) type Channel = InterceptedService<transport::Channel, Bearer>;

/// The token of a connection, if it has one.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    value: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.value {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

impl Bearer {
    fn read(file: Option<&Path>) -> anyhow::Result<Bearer> {
        let Some(file) = file else { return Ok(Bearer { value: None }) };
        let text = read(file)?;
        let token = String::from_utf8(text).unwrap_or_default();
        let token = token.trim();
        let mut value: MetadataValue<Ascii> = match token.contains(char::is_whitespace) {
            false if !token.is_empty() => format!("Bearer {token}").parse().ok(),
            _ => None,
        }
        .with_context(|| format!("{} does not hold one token", file.display()))?;
        // Nothing that shows a request shows it.
        value.set_sensitive(true);
        Ok(Bearer { value: Some(value) })
    }
}

impl Connection {
    /// Connects.
    pub async fn open(&self) -> anyhow::Result<Channel> {
        let (address, has_tls) = url(&self.address)?;
        let bearer = Bearer::read(self.token_file.as_deref())?;
        let mut endpoint = Endpoint::from_shared(address.clone())
            .with_context(|| format!("{address:?} is not an address: write http://HOST:PORT"))?;
        match has_tls {
            true => endpoint = endpoint.tls_config(self.tls()?)?,
            false if self.ca.is_some() || self.client_cert.is_some() => {
                bail!("{address} is plaintext, where certificates say nothing: write https://...")
            }
            false if bearer.value.is_some() && !is_local(&endpoint) => {
                tracing::warn!("the token travels to {address} in plaintext: write https://...");
            }
            false => {}
        }
        let channel = endpoint.tcp_nodelay(true).connect().await;
        let channel = channel
            .with_context(|| format!("no server answers at {address}: start one with slx serve"))?;
        Ok(InterceptedService::new(channel, bearer))
    }

    fn tls(&self) -> anyhow::Result<ClientTlsConfig> {
        let tls = ClientTlsConfig::new();
        let tls = match &self.ca {
            None => tls.with_native_roots(),
            Some(ca) => tls.ca_certificate(Certificate::from_pem(read(ca)?)),
        };
        match self.client_cert.as_deref().zip(self.client_key.as_deref()) {
            None => Ok(tls),
            Some((cert, key)) => Ok(tls.identity(Identity::from_pem(read(cert)?, read(key)?))),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("can't read {}", path.display()))
}

fn is_local(endpoint: &Endpoint) -> bool {
    let host = endpoint.uri().host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Connects to a server of this process.
pub(super) async fn open_plaintext(address: &str) -> anyhow::Result<Channel> {
    let channel = Endpoint::from_shared(address.to_owned())?.tcp_nodelay(true).connect().await?;
    Ok(InterceptedService::new(channel, Bearer { value: None }))
}

/// The URL of an address, whose scheme may be left out, and whether it speaks TLS. Nothing but
/// `http` becomes plaintext: whoever writes another scheme expects more.
fn url(address: &str) -> anyhow::Result<(String, bool)> {
    match address.split_once("://") {
        None => Ok((format!("http://{address}"), false)),
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => Ok((address.to_owned(), false)),
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => Ok((address.to_owned(), true)),
        Some((scheme, _)) => bail!(
            "{address}: {scheme} is not a scheme of slx: write https://HOST:PORT or \
             http://HOST:PORT"
        ),
    }
}

/// What the server refused and why: its message, then each wrong field on a line of its own.
pub(super) fn refused(status: Status) -> anyhow::Error {
    let details = status.get_error_details();
    let mut text = status.message().to_owned();
    let is_new = |description: &str| !status.message().contains(description);
    if let Some(request) = details.bad_request() {
        for wrong in request.field_violations.iter().filter(|w| is_new(&w.description)) {
            text += &format!("\n  {}: {}", wrong.field, wrong.description);
        }
    }
    if let Some(failure) = details.precondition_failure() {
        for wrong in failure.violations.iter().filter(|w| is_new(&w.description)) {
            text += &format!("\n  {}: {}", wrong.subject, wrong.description);
        }
    }
    let reason = details.error_info().map(|info| info.reason.as_str()).unwrap_or_default();
    anyhow!("{text}{}", what_there_is(reason))
}

/// The command that lists what there is of that which was not found.
fn what_there_is(reason: &str) -> &'static str {
    match reason {
        "CONTRACT_NOT_FOUND" => ": slx contracts lists those of the tenant",
        "CALENDAR_NOT_FOUND" => ": slx calendars lists those of the tenant",
        "INCIDENT_NOT_FOUND" => ": slx incidents lists those of the tenant",
        "WEBHOOK_NOT_FOUND" => ": slx webhooks lists those of the tenant",
        "TENANT_NOT_FOUND" => ": slx tenants lists those there are",
        "UNAUTHENTICATED" => " (--token-file FILE or SLX_TOKEN_FILE)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::url;

    /// I4: other schemes spoke plaintext.
    #[test]
    fn only_http_becomes_plaintext_and_only_https_is_spoken_beside_it() {
        for address in ["127.0.0.1:7459", "http://127.0.0.1:7459", "HTTP://127.0.0.1:7459"] {
            let (url, has_tls) = url(address).unwrap();
            assert!(url.ends_with("://127.0.0.1:7459") && !has_tls, "{address}");
        }
        for address in ["https://h:1", "HTTPS://h:1"] {
            assert_eq!(url(address).unwrap(), (address.to_owned(), true));
        }
        for address in ["ftp://h:1", "grpc://h:1", "://h:1", "unix:///x"] {
            let refused = url(address).unwrap_err().to_string();
            assert!(refused.contains("write https://HOST:PORT"), "{refused}");
        }
    }
}
