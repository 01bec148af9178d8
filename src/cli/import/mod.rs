//! `slx import`.

mod facts;
#[cfg(test)]
mod fuzz;
mod mapping;
mod rows;
mod send;

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tonic::transport::Channel;

use super::connection::Connection;
use mapping::Mapping;
use rows::Format;

/// Imports incidents from CSV or JSON lines, by a mapping file. Importing twice changes nothing.
#[derive(Args, Debug)]
pub(super) struct Import {
    /// The rows: .csv, .jsonl or .ndjson, also compressed as .zst.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,

    /// What the columns mean: see docs/imports.md.
    #[arg(short, long, value_name = "FILE")]
    mapping: PathBuf,

    /// Where rows go that can't be taken, each with its line and the reason
    /// [default: the file's name with .rejects.csv behind it].
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Prints the summary as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// A row that could not be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reject {
    /// The line it begins on.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// A rejected row, as it stands in the file.
#[derive(Clone, Debug)]
pub(super) struct RejectedRow {
    pub reject: Reject,
    pub row: String,
}

/// What became of an import.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub rows: usize,
    pub incidents: usize,
    pub accepted: usize,
    pub duplicates: usize,
    /// Events the server would not take.
    pub refused: usize,
    /// The rows these and the unreadable ones are, each once.
    pub rejects: Vec<RejectedRow>,
    pub took: Duration,
}

impl Summary {
    /// Events a second, those the server knew already included.
    pub fn events_a_second(&self) -> u64 {
        let events = (self.accepted + self.duplicates) as u128;
        let rate = events * 1_000_000 / self.took.as_micros().max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

impl Import {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mapping = fs::read_to_string(&self.mapping)
            .with_context(|| format!("can't read {}", self.mapping.display()))?;
        let bytes =
            fs::read(&self.file).with_context(|| format!("can't read {}", self.file.display()))?;
        let channel = self.connection.open().await?;
        let name = self.file.to_string_lossy();
        let summary = import(&name, &bytes, &mapping, &self.connection.tenant, channel).await?;
        if !summary.rejects.is_empty() {
            let path = self.rejects.clone().unwrap_or_else(|| rejects_beside(&self.file));
            write_rejects(&path, &summary.rejects)
                .with_context(|| format!("can't write {}", path.display()))?;
            eprintln!("{} rows could not be taken: see {}", summary.rejects.len(), path.display());
        }
        match self.json {
            true => say!("{:#}", as_json(&summary)),
            false => print(&summary)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Imports the rows of a file called `name`.
pub(super) async fn import(
    name: &str,
    bytes: &[u8],
    mapping: &str,
    tenant: &str,
    channel: Channel,
) -> anyhow::Result<Summary> {
    let mapping = Mapping::read(mapping)?;
    let text = rows::decompress(name, bytes)?;
    let format = Format::of(name)?;
    let (taken, mut rejects) = rows::read(format, &text, &mapping)?;
    let rows = taken.len() + rejects.len();
    let incidents = facts::by_incident(taken);
    let mut summary = Summary { rows, incidents: incidents.len(), ..Summary::default() };
    let events = incidents.iter().flat_map(|rows| facts::facts(rows, &mapping));
    let progress = progress(rows as u64)?;
    let sent = send::send(events, tenant, channel, &progress).await?;
    progress.finish_and_clear();
    (summary.accepted, summary.duplicates) = (sent.accepted, sent.duplicates);
    (summary.refused, summary.took) = (sent.rejects.len(), sent.took);
    rejects.extend(sent.rejects);
    rejects.sort_by_key(|reject| reject.line);
    // A row gives several events; the first that is refused says why.
    rejects.dedup_by_key(|reject| reject.line);
    summary.rejects = with_rows(rejects, format, &text);
    Ok(summary)
}

fn with_rows(rejects: Vec<Reject>, format: Format, text: &[u8]) -> Vec<RejectedRow> {
    let lines: Vec<u64> = rejects.iter().map(|reject| reject.line).collect();
    let mut written = rows::as_written(format, text, &lines);
    let row = |reject: Reject| {
        let row = written.remove(&reject.line).unwrap_or_default();
        RejectedRow { reject, row }
    };
    rejects.into_iter().map(row).collect()
}

fn progress(rows: u64) -> anyhow::Result<ProgressBar> {
    let shown = std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = "{bar:40} {human_pos} of {human_len} rows, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style)?;
    Ok(ProgressBar::with_draw_target(Some(rows), target).with_style(style))
}

/// Tells what became of an import.
pub(super) fn print(summary: &Summary) -> anyhow::Result<()> {
    let Summary { rows, incidents, accepted, duplicates, refused, rejects, took } = summary;
    say!("{rows} rows of {incidents} incidents; {} could not be taken", rejects.len());
    say!(
        "{accepted} events recorded, {duplicates} known already, {refused} refused, \
         in {:.1} s: {} a second",
        took.as_secs_f64(),
        summary.events_a_second()
    );
    Ok(())
}

fn as_json(summary: &Summary) -> serde_json::Value {
    json!({
        "rows": summary.rows,
        "incidents": summary.incidents,
        "accepted": summary.accepted,
        "duplicates": summary.duplicates,
        "refused": summary.refused,
        "rejects": summary.rejects.len(),
        "seconds": summary.took.as_secs_f64(),
    })
}

fn rejects_beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".rejects.csv");
    name.into()
}

fn write_rejects(path: &Path, rejects: &[RejectedRow]) -> anyhow::Result<()> {
    let mut file = csv::Writer::from_writer(File::create(path)?);
    file.write_record(["line", "reason", "row"])?;
    for RejectedRow { reject: Reject { line, reason }, row } in rejects {
        file.write_record([line.to_string().as_str(), reason, row])?;
    }
    file.into_inner().map_err(|error| error.into_error())?.flush()?;
    Ok(())
}
