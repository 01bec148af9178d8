//! `slx import`.

mod explain;
mod input;
mod notes;
mod rejects;
mod report;
mod send;
mod summary;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::connection::{Channel, Connection};
use super::coverage::{self, Lacks};
use super::show::counted;
use input::Input;
use rejects::write_rejects;
use report::ImportReport;
use summary::as_json;

use crate::codec::v1;
use crate::mapping::{Mapping, Overrides, ReadExport, RowFormat, Tool};
use crate::runtime::zones::{self, Choice};

pub(super) use summary::{Summary, print};

/// Imports incidents from CSV or JSON, as a mapping file describes them.
///
/// Importing the same again changes nothing. Try a mapping out with --dry-run and --explain. Exits
/// with 1 when a row or an event is refused, or there is none; what can be taken is taken all the
/// same.
#[derive(Args, Debug)]
pub(super) struct Import {
    /// The file with the rows: .csv, .json, .jsonl or .ndjson, also compressed as .gz or .zst; -
    /// for standard input.
    #[arg(short, long, value_name = "FILE", required_unless_present = "show_mapping")]
    file: Option<PathBuf>,

    /// The mapping file, which says what the columns mean: see docs/imports.md.
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["from", "show_mapping"])]
    mapping: Option<PathBuf>,

    /// Takes the mapping that ships with slx for this tool's export, instead of a mapping file.
    #[arg(long, value_enum, value_name = "TOOL", conflicts_with = "mapping")]
    from: Option<Tool>,

    /// Prints the mapping that ships with slx for this tool's export, to be copied and changed.
    #[arg(long, value_enum, value_name = "TOOL", exclusive = true)]
    show_mapping: Option<Tool>,

    /// A contract that every incident falls under, besides those of the mapping; can be repeated.
    #[arg(long, value_name = "ID")]
    contract: Vec<String>,

    /// The IANA zone of instants without an offset, instead of the mapping's.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,

    /// Reads everything and reports what it would become, and sends nothing.
    #[arg(long)]
    dry_run: bool,

    /// Shows what one row becomes and why, and sends nothing: by the line on which it begins, or
    /// by its place in a JSON document.
    #[arg(long, value_name = "ROW", conflicts_with_all = ["dry_run", "json", "rejects"])]
    explain: Option<u64>,

    /// How the rows are written [default: as the mapping says, or the file's name].
    #[arg(long, value_enum)]
    format: Option<RowFormat>,

    /// The file for rows that can't be imported, each with its line and the reason
    /// [default: the file's name with .rejects.csv behind it].
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Prints the summary as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Import {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(tool) = self.show_mapping {
            say!("{}", tool.mapping().trim_end());
            return Ok(ExitCode::SUCCESS);
        }
        let mapping = self.mapping()?;
        let input = Input::of(self.file.clone().context("name a file: --file")?);
        let reading = ReadExport::of(&input.name(), input.read()?, self.format, &mapping)?;
        if let Some(row) = self.explain {
            say!("{}", explain::explain(&reading, row)?);
            return Ok(ExitCode::SUCCESS);
        }
        let summary = match self.dry_run {
            true => try_out(&reading),
            false => {
                let channel = self.connection.open().await?;
                send(&reading, &self.connection.tenant, channel).await?
            }
        };
        self.report(&summary, &input)
    }

    fn mapping(&self) -> anyhow::Result<Mapping> {
        let overrides =
            Overrides { contracts: self.contract.clone(), time_zone: self.time_zone.clone() };
        let zones = zones::open(&Choice::Automatic)?;
        match (&self.mapping, self.from) {
            (Some(path), _) => {
                let text = fs::read_to_string(path)
                    .with_context(|| format!("can't read {}", path.display()))?;
                let read = Mapping::read_with(&text, overrides, &zones);
                read.with_context(|| path.display().to_string())
            }
            (None, Some(tool)) => {
                let mapping = Mapping::read_with(tool.mapping(), overrides, &zones)?;
                if !mapping.names_contracts() {
                    bail!("name the contract that incidents fall under: --contract ID");
                }
                Ok(mapping)
            }
            (None, None) => bail!("name a mapping file: --mapping, or a tool: --from"),
        }
    }

    fn report(&self, summary: &Summary, input: &Input) -> anyhow::Result<ExitCode> {
        if !summary.rejects.is_empty() {
            let path = self.rejects.clone().unwrap_or_else(|| input.rejects());
            write_rejects(&path, &summary.rejects)
                .with_context(|| format!("can't write {}", path.display()))?;
            let (rows, path) = (counted(summary.rejects.len(), "row"), path.display());
            let _ = writeln!(io::stderr(), "{rows} could not be taken: see {path}");
        }
        match self.json {
            true => say!("{:#}", as_json(summary)),
            false => print(summary)?,
        }
        // A pipeline must notice that something did not come in.
        Ok(if summary.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Imports the rows of a file called `name`.
pub(super) async fn import(
    name: &str,
    bytes: &[u8],
    mapping: &Mapping,
    tenant: &str,
    channel: Channel,
) -> anyhow::Result<Summary> {
    send(&ReadExport::of(name, bytes.to_vec(), None, mapping)?, tenant, channel).await
}

/// What an export would become.
fn try_out(reading: &ReadExport<'_>) -> Summary {
    let mut report = ImportReport::default();
    for rows in &reading.stamped.incidents {
        report.add(&reading.facts(rows));
    }
    Summary { is_dry_run: true, ..Summary::of(reading, report, Vec::new()) }
}

/// Sends the facts of an export, and says what became of it.
async fn send(reading: &ReadExport<'_>, tenant: &str, channel: Channel) -> anyhow::Result<Summary> {
    let mut report = ImportReport::default();
    let events = reading.stamped.incidents.iter().flat_map(|rows| {
        let found = reading.facts(rows);
        report.add(&found);
        found.facts
    });
    let progress = progress(reading.rows as u64)?;
    let sent = send::send(events, tenant, channel.clone(), &progress).await?;
    progress.finish_and_clear();
    let mut summary = Summary {
        accepted: sent.accepted,
        duplicates: sent.duplicates,
        refused: sent.rejects.len(),
        took: sent.took,
        ..Summary::of(reading, report, sent.rejects)
    };
    if summary.accepted + summary.duplicates > 0 {
        summary.lacks = lacks(&summary.report.incidents, tenant, channel).await?;
    }
    Ok(summary)
}

/// What the imported incidents lack of clocks, now that all is recorded.
async fn lacks(ids: &BTreeSet<String>, tenant: &str, channel: Channel) -> anyhow::Result<Lacks> {
    let request = v1::ListIncidentsRequest { tenant: tenant.to_owned(), ..Default::default() };
    let listed = coverage::list(request, channel).await?;
    Ok(coverage::lacks(listed.iter().filter(|incident| ids.contains(&incident.id))))
}

fn progress(rows: u64) -> anyhow::Result<ProgressBar> {
    let shown = std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = "{bar:40} {human_pos} of {human_len} rows, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style)?;
    Ok(ProgressBar::with_draw_target(Some(rows), target).with_style(style))
}
