//! A connection to a server, and its errors as a person reads them.

use anyhow::{Context, anyhow};
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
        let address = match self.address.contains("://") {
            true => self.address.clone(),
            false => format!("http://{}", self.address),
        };
        let endpoint = Endpoint::from_shared(address.clone())
            .with_context(|| format!("{address:?} is not an address: write http://HOST:PORT"))?;
        let channel = endpoint.tcp_nodelay(true).connect().await;
        channel.with_context(|| format!("no server answers at {address}: start one with slx serve"))
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
    anyhow!("{text}")
}
