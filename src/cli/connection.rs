//! A connection to a server, and its errors as a person reads them.

use anyhow::{Context, anyhow, bail};
use clap::Args;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt;

/// The server and the tenant.
#[derive(Args, Clone, Debug)]
pub(super) struct Connection {
    /// The URL of the server.
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
}

impl Connection {
    /// Connects.
    pub async fn open(&self) -> anyhow::Result<Channel> {
        let address = plaintext_url(&self.address)?;
        let endpoint = Endpoint::from_shared(address.clone())
            .with_context(|| format!("{address:?} is not an address: write http://HOST:PORT"))?;
        let channel = endpoint.tcp_nodelay(true).connect().await;
        channel.with_context(|| format!("no server answers at {address}: start one with slx serve"))
    }
}

/// The URL of an address, whose scheme may be left out. Only `http` is spoken: whoever asks for
/// another expects more than plaintext.
fn plaintext_url(address: &str) -> anyhow::Result<String> {
    match address.split_once("://") {
        None => Ok(format!("http://{address}")),
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => Ok(address.to_owned()),
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => bail!(
            "{address}: slx speaks no TLS yet, and does not fall back to plaintext: write \
             http://HOST:PORT on a trusted network, or use a TLS tunnel"
        ),
        Some((scheme, _)) => {
            bail!("{address}: {scheme} is not a scheme of slx: write http://HOST:PORT")
        }
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
        "TENANT_NOT_FOUND" => ": slx tenants lists those there are",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::plaintext_url;

    /// I4: other schemes spoke plaintext.
    #[test]
    fn only_http_is_spoken_and_nothing_else_becomes_plaintext() {
        for address in ["127.0.0.1:7459", "http://127.0.0.1:7459", "HTTP://127.0.0.1:7459"] {
            assert!(plaintext_url(address).unwrap().ends_with("://127.0.0.1:7459"), "{address}");
        }
        for address in ["https://h:1", "HTTPS://h:1", "ftp://h:1", "grpc://h:1", "://h:1"] {
            let refused = plaintext_url(address).unwrap_err().to_string();
            assert!(refused.contains("write http://HOST:PORT"), "{refused}");
        }
    }
}
