//! `slx apply`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tonic::transport::Channel;

use super::connection::{Connection, refused};
use super::show::choice;
use crate::codec::store::v1::TermsFile;
use crate::codec::text;
use crate::codec::v1;
use crate::codec::v1::calendar_service_client::CalendarServiceClient;
use crate::codec::v1::contract_service_client::ContractServiceClient;

/// Puts the calendars and contracts of a YAML file onto the server.
#[derive(Args, Debug)]
pub(super) struct Apply {
    /// The file: `calendars` and `contracts` with the fields of the API's messages; - for standard
    /// input.
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
            true => say!("{}", json(&applied)?),
            false => print(&applied, self.validate_only)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What became of a file's calendars and contracts.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub calendars: Vec<v1::PutCalendarResponse>,
    pub contracts: Vec<v1::PutContractResponse>,
}

/// Puts everything a text says, calendars first.
pub(super) async fn apply(
    yaml: &str,
    tenant: &str,
    channel: Channel,
    validate_only: bool,
) -> anyhow::Result<Applied> {
    let files: Vec<TermsFile> = text::from_yaml(yaml, "slx.store.v1.TermsFile")?;
    let mut calendars = CalendarServiceClient::new(channel.clone());
    let mut contracts = ContractServiceClient::new(channel);
    let mut applied = Applied::default();
    for file in files {
        let tenant = if file.tenant.is_empty() { tenant } else { &file.tenant };
        for calendar in file.calendars {
            let request = v1::PutCalendarRequest {
                tenant: tenant.to_owned(),
                calendar: Some(calendar),
                effective_time: file.effective_time,
                expected_revision: None,
                validate_only,
            };
            let answer = calendars.put_calendar(request).await.map_err(refused)?;
            applied.calendars.push(answer.into_inner());
        }
        for contract in file.contracts {
            let request = v1::PutContractRequest {
                tenant: tenant.to_owned(),
                contract: Some(contract),
                effective_time: file.effective_time,
                expected_revision: None,
                validate_only,
            };
            let answer = contracts.put_contract(request).await.map_err(refused)?;
            applied.contracts.push(answer.into_inner());
        }
    }
    Ok(applied)
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

fn json(applied: &Applied) -> anyhow::Result<String> {
    let calendars = applied.calendars.iter();
    let calendars = calendars.map(|answer| text::to_json(answer, "slx.v1.PutCalendarResponse"));
    let contracts = applied.contracts.iter();
    let contracts = contracts.map(|answer| text::to_json(answer, "slx.v1.PutContractResponse"));
    let all = calendars.chain(contracts).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("[{}]", all.join(",\n")))
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
