//! `slx erase`.

use std::process::ExitCode;

use clap::Args;

use super::connection::{Connection, refused};
use crate::codec::v1;
use crate::codec::v1::incident_service_client::IncidentServiceClient;

/// Erases a text that names a person: a pseudonym is read in its place from then on.
///
/// It is erased wherever an assignee, a name of who decided, signed, opened or recorded something,
/// or a note is exactly this text. No clock, no figure and no head of the journal changes. It can't
/// be undone; backups made before still hold it.
#[derive(Args, Debug)]
pub(super) struct Erase {
    /// The text, exactly as it was recorded.
    #[arg(long, value_name = "TEXT")]
    subject: String,

    /// Only says how many records name it.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Erase {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let request = v1::ErasePersonalDataRequest {
            tenant: self.connection.tenant.clone(),
            subject: self.subject,
            validate_only: self.dry_run,
        };
        let mut client = IncidentServiceClient::new(self.connection.open().await?);
        let answer = client.erase_personal_data(request).await.map_err(refused)?.into_inner();
        let done =
            if self.dry_run { "name it: nothing is erased" } else { "named it: it is erased" };
        say!("{} records {done}", answer.records);
        if answer.records_in_plain_text > 0 {
            let plain = answer.records_in_plain_text;
            say!("{plain} older records hold it in plain text, where it stays");
        }
        Ok(ExitCode::SUCCESS)
    }
}
