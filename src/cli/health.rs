//! `slx health`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::connection::{Connection, refused};

/// Asks a server whether it serves, as grpc.health.v1 says: for probes. Exits with 1 when it does
/// not. No token is needed.
#[derive(Args, Debug)]
pub(super) struct Health {
    /// The service in question, such as slx.v1.IncidentService [default: the server as a whole].
    #[arg(value_name = "SERVICE")]
    service: Option<String>,

    /// Seconds to wait for the answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    timeout: u64,

    #[command(flatten)]
    connection: Connection,
}

impl Health {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let within = Duration::from_secs(self.timeout);
        let answered = tokio::time::timeout(within, self.ask()).await;
        let status = answered.with_context(|| format!("no answer within {} s", self.timeout))??;
        say!("{}", status.as_str_name());
        Ok(match status {
            ServingStatus::Serving => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }

    async fn ask(&self) -> anyhow::Result<ServingStatus> {
        let mut client = HealthClient::new(self.connection.open().await?);
        let service = self.service.clone().unwrap_or_default();
        let answer = client.check(Request::new(HealthCheckRequest { service })).await;
        Ok(answer.map_err(refused)?.into_inner().status())
    }
}
