//! `slx import`.

mod facts;
#[cfg(test)]
mod fuzz;
mod mapping;
mod rejects;
mod row_length;
mod rows;
mod send;
mod summary;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::connection::{Channel, Connection};
use super::coverage::{self, Lacks};
use super::show::counted;
pub(super) use mapping::Mapping;
use rejects::{Reject, RejectedRow, rejects_beside, write_rejects};
use rows::RowFormat;
use summary::as_json;

use crate::codec::v1;

pub(super) use summary::{Summary, print};

/// Imports incidents from CSV or JSON lines, as a mapping file describes them. Importing the same
/// again changes nothing. Exits with 1 when nothing of the file could be taken.
#[derive(Args, Debug)]
pub(super) struct Import {
    /// The file with the rows: .csv, .jsonl or .ndjson, also compressed as .zst.
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,

    /// The mapping file, which says what the columns mean: see docs/imports.md.
    #[arg(short, long, value_name = "FILE")]
    mapping: PathBuf,

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
        let mapping = fs::read_to_string(&self.mapping)
            .with_context(|| format!("can't read {}", self.mapping.display()))?;
        let mapping =
            Mapping::read(&mapping).with_context(|| self.mapping.display().to_string())?;
        let bytes =
            fs::read(&self.file).with_context(|| format!("can't read {}", self.file.display()))?;
        let channel = self.connection.open().await?;
        let name = self.file.to_string_lossy();
        let summary = import(&name, &bytes, &mapping, &self.connection.tenant, channel).await?;
        if !summary.rejects.is_empty() {
            let path = self.rejects.clone().unwrap_or_else(|| rejects_beside(&self.file));
            write_rejects(&path, &summary.rejects)
                .with_context(|| format!("can't write {}", path.display()))?;
            let (rows, path) = (counted(summary.rejects.len(), "row"), path.display());
            let _ = writeln!(io::stderr(), "{rows} could not be taken: see {path}");
        }
        match self.json {
            true => say!("{:#}", as_json(&summary)),
            false => print(&summary)?,
        }
        // A pipeline must notice that nothing came in.
        let nothing_taken = summary.accepted + summary.duplicates == 0;
        Ok(if nothing_taken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
    let text = rows::decompress(name, bytes)?;
    let format = RowFormat::of(name)?;
    let (taken, mut rejects) = rows::read(format, &text, mapping)?;
    let rows = taken.len() + rejects.len();
    let incidents = facts::by_incident(taken);
    let ids = incidents.iter().filter_map(|rows| rows.first());
    let ids: BTreeSet<String> = ids.map(|row| row.incident.clone()).collect();
    let mut summary = Summary { rows, incidents: incidents.len(), ..Summary::default() };
    let events = incidents.iter().flat_map(|rows| facts::facts(rows, mapping));
    let progress = progress(rows as u64)?;
    let sent = send::send(events, tenant, channel.clone(), &progress).await?;
    progress.finish_and_clear();
    (summary.accepted, summary.duplicates) = (sent.accepted, sent.duplicates);
    (summary.refused, summary.took) = (sent.rejects.len(), sent.took);
    rejects.extend(sent.rejects);
    rejects.sort_by_key(|reject| reject.line);
    // A row gives several events; the first that is refused says why.
    rejects.dedup_by_key(|reject| reject.line);
    summary.rejects = with_rows(rejects, format, &text);
    if summary.accepted + summary.duplicates > 0 {
        summary.lacks = lacks(&ids, tenant, channel).await?;
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

fn with_rows(rejects: Vec<Reject>, format: RowFormat, text: &[u8]) -> Vec<RejectedRow> {
    let lines: Vec<u64> = rejects.iter().map(|reject| reject.line).collect();
    let mut written = rows::as_written(format, text, &lines);
    let row = |reject: Reject| {
        let row = written.remove(&reject.line).unwrap_or_default();
        RejectedRow { reject, row }
    };
    rejects.into_iter().map(row).collect()
}
