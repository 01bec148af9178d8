//! `slx sign`.

use std::process::ExitCode;

use clap::Args;

use super::connection::{Connection, refused};
use super::read_times::ReadTimes;
use super::show::Shown;
use crate::codec::v1;
use crate::codec::v1::compliance_service_client::ComplianceServiceClient;

/// Signs the service review of a period that has ended.
///
/// What is recorded later changes nothing that was signed: `slx review` shows what has changed
/// since, and `slx review --as-signed` shows the review as it was signed.
#[derive(Args, Debug)]
pub(super) struct Sign {
    /// The id of the contract.
    #[arg(value_name = "CONTRACT")]
    contract: String,

    /// The period, in the contract's time zone: a month 2026-10, a quarter 2026-Q3 or a year 2026.
    #[arg(value_name = "PERIOD")]
    period: String,

    /// Who signs.
    #[arg(long, value_name = "NAME")]
    by: String,

    /// Their remarks.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,

    /// The id of the signature; default: made from the contract, the period and who signs.
    #[arg(long, value_name = "ID")]
    id: Option<String>,

    #[command(flatten)]
    read_times: ReadTimes,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    connection: Connection,
}

impl Sign {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let read = self.read_times.in_zone(&self.shown)?;
        let request = v1::SignServiceReviewRequest {
            tenant: self.connection.tenant.clone(),
            signature_id: self.id.clone().unwrap_or_else(|| self.default_id()),
            contract_id: self.contract,
            period: self.period,
            signed_by: self.by,
            note: self.note,
            as_of_time: read.as_of_time,
            known_time: read.known_time,
        };
        let mut client = ComplianceServiceClient::new(self.connection.open().await?);
        let answer = client.sign_service_review(request).await.map_err(refused)?.into_inner();
        let signature = answer.signature.unwrap_or_default();
        let times = self.shown.times()?;
        let already = if answer.duplicate { "had been" } else { "is" };
        let (id, by) = (&signature.signature_id, &signature.signed_by);
        let known = times.show(signature.known_time);
        say!("{} of {} {already} signed by {by}", signature.period, signature.contract_id);
        say!("by what was recorded up to {known}: signature {id}");
        Ok(ExitCode::SUCCESS)
    }

    /// An id may hold fewer letters than a name.
    fn default_id(&self) -> String {
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let by: String = self.by.chars().map(plain).collect();
        format!("review:{}:{}:{by}", self.contract, self.period)
    }
}
