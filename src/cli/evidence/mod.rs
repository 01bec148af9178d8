//! `slx evidence`: a file that proves one incident's records and verdict.

mod check;
mod evaluated;
mod file;
#[cfg(test)]
mod fuzz;
mod gather;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Args;

use super::read_times::ReadTimes;
use super::show::Shown;
use crate::codec::scalar::{hash, optional_instant};
use crate::domain::ids::{IncidentId, TenantId};
use crate::journal::{ChainHash, JournalFiles};
use crate::runtime::{read_names, wall_clock, zones};

use check::check;
use evaluated::Subject;
use file::{FORMAT, File};
use gather::{Wanted, gather};

/// Writes an evidence file that proves an incident's records and verdict, or checks one.
///
/// The file holds the incident's records as the journal has them, and for each the path of hashes
/// from it to the journal's head. With a head that was noted before, the file alone proves that
/// each record was in the journal, and that the verdict follows from them.
#[derive(Args, Debug)]
pub(super) struct Evidence {
    /// The id of the incident.
    #[arg(value_name = "INCIDENT", required_unless_present = "check")]
    incident: Option<IncidentId>,

    /// The data directory (also of a running server), or a backup.
    #[arg(long, env = "SLX_DATA_DIR", value_name = "DIR", default_value = "slx-data")]
    data_dir: PathBuf,

    /// The id of the tenant.
    #[arg(long, env = "SLX_TENANT", default_value = "default")]
    tenant: TenantId,

    #[command(flatten)]
    read_times: ReadTimes,

    #[command(flatten)]
    shown: Shown,

    /// The file to write; default: standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Checks this file instead of writing one.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["incident", "output"])]
    check: Option<PathBuf>,

    /// With --check: the journal's head that was noted, which the file must match.
    #[arg(long, value_name = "HEAD", value_parser = hash, requires = "check")]
    head: Option<ChainHash>,
}

impl Evidence {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let zones = zones::open(&zones::Choice::Automatic)?;
        if let Some(path) = &self.check {
            let text = fs::read_to_string(path)
                .with_context(|| format!("can't read {}", path.display()))?;
            let file: File =
                FORMAT.read(&text).with_context(|| format!("can't check {}", path.display()))?;
            say!("{}", check(&file, self.head.as_ref(), &zones)?);
            return Ok(ExitCode::SUCCESS);
        }
        let read = self.read_times.in_zone(&self.shown)?;
        let time = |time| optional_instant(time).map_err(|_| anyhow!("a time is out of range"));
        let wanted = Wanted {
            subject: Subject { tenant: self.tenant, incident: self.incident.unwrap_or_default() },
            as_of: time(read.as_of_time)?.unwrap_or_else(wall_clock::now),
            known: time(read.known_time)?,
        };
        let log = JournalFiles::at(self.data_dir.join("journal"));
        let file = gather(&log, &wanted, &zones, &read_names(&self.data_dir)?)?;
        let text = serde_json::to_string_pretty(&file)?;
        match &self.output {
            None => say!("{text}"),
            Some(path) => {
                fs::write(path, text + "\n")
                    .with_context(|| format!("can't write {}", path.display()))?;
                let (facts, terms) = (file.facts.len(), file.terms.len());
                say!("{}: {facts} facts, {terms} revisions of terms", path.display());
                say!("head {} after record {}", file.journal.head, file.journal.records);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
