//! `slx review`.

mod charts;
mod page;
mod people;
mod talks;
mod terminal;
mod wording;

pub(super) use terminal::show;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tonic::transport::Channel;

use super::connection::{Connection, refused};
use super::read_times::ReadTimes;
use super::show::Shown;
use crate::codec::v1::compliance_service_client::ComplianceServiceClient;
use crate::codec::{text, v1};

/// Shows the service review of a contract for a period, for the meeting with the client.
///
/// It has both accounts, contractual and experienced, the trend of up to twelve periods, the clocks
/// to discuss and why, what pauses contributed, the causes, the credits, and what is to be settled.
#[derive(Args, Debug)]
pub(super) struct Review {
    /// The id of the contract.
    #[arg(value_name = "CONTRACT")]
    contract: String,

    /// The period, in the contract's time zone: a month 2026-10, a quarter 2026-Q3 or a year 2026.
    #[arg(value_name = "PERIOD")]
    period: String,

    /// Shows the review as it was last signed, whatever was recorded since.
    #[arg(long, conflicts_with_all = ["as_of_time", "known_time"])]
    as_signed: bool,

    /// Writes the review into a self-contained HTML file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Prints the answer as JSON.
    #[arg(long)]
    json: bool,

    /// How many clocks of each kind (late, excluded, watermelon, left idle) to list.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    clocks: usize,

    #[command(flatten)]
    read_times: ReadTimes,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    connection: Connection,
}

/// Requests a review, however long.
pub(super) async fn query(
    request: v1::GetServiceReviewRequest,
    channel: Channel,
) -> anyhow::Result<v1::GetServiceReviewResponse> {
    let client = ComplianceServiceClient::new(channel);
    let mut client = client.max_decoding_message_size(usize::MAX);
    Ok(client.get_service_review(request).await.map_err(refused)?.into_inner())
}

impl Review {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let request = v1::GetServiceReviewRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract.clone(),
            period: self.period.clone(),
            as_signed: self.as_signed,
            as_of_time: self.read_times.as_of_time,
            known_time: self.read_times.known_time,
            ..Default::default()
        };
        let review = query(request, self.connection.open().await?).await?;
        let times = self.shown.times()?;
        if let Some(file) = &self.html {
            let page = page::page(&review, &times, self.clocks)?;
            std::fs::write(file, page)
                .with_context(|| format!("{} can't be written", file.display()))?;
            say!("{} is written", file.display());
        }
        match (self.json, &self.html) {
            (true, _) => say!("{}", text::to_json(&review, "slx.v1.GetServiceReviewResponse")?),
            (false, None) => say!("{}", show(&review, &times, self.clocks)),
            (false, Some(_)) => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}
