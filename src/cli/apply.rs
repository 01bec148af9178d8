//! `slx apply`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use prost_types::Timestamp;

use super::connection::{Channel, Connection, refused};
use super::json;
use super::show::choice;
use super::webhooks;
use crate::codec::store::v1::TermsFile;
use crate::codec::text;
use crate::codec::v1;
use crate::codec::v1::calendar_service_client::CalendarServiceClient;
use crate::codec::v1::contract_service_client::ContractServiceClient;
use crate::codec::v1::webhook_service_client::WebhookServiceClient;

/// Puts the calendars, contracts and webhooks of a YAML file onto the server.
#[derive(Args, Debug)]
pub(super) struct Apply {
    /// The file: `calendars`, `contracts` and `webhooks` with the fields of the API's messages; -
    /// for standard input. `effective_time` of the file holds for all in it that have none of
    /// their own, and a contract's `end_time` ends it then. The secret of a new webhook is shown
    /// only now.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,

    /// Checks everything and records nothing. Contracts are checked against the calendars that the
    /// server has already.
    #[arg(long)]
    validate_only: bool,

    /// Prints the answers as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Apply {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let text = read(&self.file)?;
        let channel = self.connection.open().await?;
        let applied = apply(&text, &self.connection.tenant, channel, self.validate_only).await;
        let applied = applied.with_context(|| self.file.display().to_string())?;
        match self.json {
            true => say!("{}", as_json(&applied)?),
            false => print(&applied, self.validate_only)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What became of what a file holds.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub calendars: Vec<v1::PutCalendarResponse>,
    pub contracts: Vec<v1::PutContractResponse>,
    /// The ends of contracts that the file dates.
    pub ends: Vec<v1::EndContractResponse>,
    pub webhooks: Vec<v1::PutWebhookResponse>,
}

/// Puts everything a text says, calendars first and webhooks last.
pub(super) async fn apply(
    yaml: &str,
    tenant: &str,
    channel: Channel,
    validate_only: bool,
) -> anyhow::Result<Applied> {
    let files: Vec<TermsFile> = text::from_yaml(yaml, "slx.store.v1.TermsFile")?;
    let is_empty = |file: &TermsFile| {
        file.calendars.is_empty() && file.contracts.is_empty() && file.webhooks.is_empty()
    };
    if files.iter().all(is_empty) {
        bail!(
            "it holds neither calendars nor contracts nor webhooks: see docs/concepts.md for what \
             to write"
        );
    }
    let mut applied = Applied::default();
    for file in files {
        let tenant = if file.tenant.is_empty() { tenant } else { &file.tenant };
        let mut putting = Putting { tenant, validate_only, channel: channel.clone() };
        for calendar in file.calendars {
            let effective_time = calendar.effective_time.or(file.effective_time);
            applied.calendars.push(putting.calendar(calendar, effective_time).await?);
        }
        for contract in file.contracts {
            let effective_time = contract.effective_time.or(file.effective_time);
            let (id, end_time) = (contract.id.clone(), contract.end_time);
            applied.contracts.push(putting.contract(contract, effective_time).await?);
            if end_time.is_some() && !validate_only {
                applied.ends.push(putting.end(id, end_time).await?);
            }
        }
        for webhook in file.webhooks {
            applied.webhooks.push(putting.webhook(webhook).await?);
        }
    }
    Ok(applied)
}

/// Puts what a file holds of one tenant.
struct Putting<'t> {
    tenant: &'t str,
    validate_only: bool,
    channel: Channel,
}

impl Putting<'_> {
    async fn calendar(
        &mut self,
        calendar: v1::Calendar,
        effective_time: Option<Timestamp>,
    ) -> anyhow::Result<v1::PutCalendarResponse> {
        let request = v1::PutCalendarRequest {
            tenant: self.tenant.to_owned(),
            calendar: Some(calendar),
            effective_time,
            expected_revision: None,
            validate_only: self.validate_only,
        };
        let mut client = CalendarServiceClient::new(self.channel.clone());
        Ok(client.put_calendar(request).await.map_err(refused)?.into_inner())
    }

    async fn contract(
        &mut self,
        contract: v1::Contract,
        effective_time: Option<Timestamp>,
    ) -> anyhow::Result<v1::PutContractResponse> {
        let request = v1::PutContractRequest {
            tenant: self.tenant.to_owned(),
            contract: Some(contract),
            effective_time,
            expected_revision: None,
            validate_only: self.validate_only,
        };
        let mut client = ContractServiceClient::new(self.channel.clone());
        Ok(client.put_contract(request).await.map_err(refused)?.into_inner())
    }

    async fn webhook(&mut self, webhook: v1::Webhook) -> anyhow::Result<v1::PutWebhookResponse> {
        let request = v1::PutWebhookRequest {
            tenant: self.tenant.to_owned(),
            webhook: Some(webhook),
            validate_only: self.validate_only,
        };
        let mut client = WebhookServiceClient::new(self.channel.clone());
        Ok(client.put_webhook(request).await.map_err(refused)?.into_inner())
    }

    async fn end(
        &mut self,
        contract_id: String,
        end_time: Option<Timestamp>,
    ) -> anyhow::Result<v1::EndContractResponse> {
        let request =
            v1::EndContractRequest { tenant: self.tenant.to_owned(), contract_id, end_time };
        let mut client = ContractServiceClient::new(self.channel.clone());
        Ok(client.end_contract(request).await.map_err(refused)?.into_inner())
    }
}

/// Reports what was put, and what the lint found.
pub(super) fn print(applied: &Applied, validate_only: bool) -> anyhow::Result<()> {
    let became = |duplicate: bool, revision: i32| match (validate_only, duplicate, revision) {
        (true, _, _) => "would be put".to_owned(),
        (_, true, _) => "unchanged".to_owned(),
        (_, _, 1) => "created".to_owned(),
        (_, _, revision) => format!("revision {revision}"),
    };
    for answer in &applied.calendars {
        let calendar = answer.calendar.clone().unwrap_or_default();
        say!("calendar {}: {}", calendar.id, became(answer.duplicate, calendar.revision));
    }
    for answer in &applied.contracts {
        let contract = answer.contract.clone().unwrap_or_default();
        say!("contract {}: {}", contract.id, became(answer.duplicate, contract.revision));
        print_findings(&answer.findings)?;
    }
    for answer in &applied.ends {
        let contract = answer.contract.clone().unwrap_or_default();
        let end = contract.end_time.map(|time| time.to_string()).unwrap_or_default();
        let already = if answer.duplicate { " (unchanged)" } else { "" };
        say!("contract {}: ends {end}{already}", contract.id);
    }
    for answer in &applied.webhooks {
        say!("{}", webhooks::became(answer, validate_only));
        if !answer.secret.is_empty() {
            say!("  its secret, which is shown only now: {}", answer.secret);
        }
    }
    Ok(())
}

/// Reports what the lint found.
pub(super) fn print_findings(findings: &[v1::Finding]) -> anyhow::Result<()> {
    for finding in findings {
        let severity = choice(finding.severity().as_str_name(), "FINDING_SEVERITY_");
        say!("  {severity}: {}: {}", finding.field, finding.description);
    }
    Ok(())
}

fn as_json(applied: &Applied) -> anyhow::Result<String> {
    Ok(json::object(&[
        ("calendars", json::list(&applied.calendars, "slx.v1.PutCalendarResponse")?),
        ("contracts", json::list(&applied.contracts, "slx.v1.PutContractResponse")?),
        ("ends", json::list(&applied.ends, "slx.v1.EndContractResponse")?),
        ("webhooks", json::list(&applied.webhooks, "slx.v1.PutWebhookResponse")?),
    ]))
}

/// The text of a file; of standard input for -.
pub(super) fn read(path: &Path) -> anyhow::Result<String> {
    if path != Path::new("-") {
        return fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
    Ok(text)
}
