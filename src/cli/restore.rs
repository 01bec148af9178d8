//! `slx restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;

use super::copying::{Copying, Noted};
use super::given_time::{GivenTime, time};
use super::private_files::keep_to_this_user;
use super::show::{Shown, counted};
use crate::codec::scalar::optional_instant;
use crate::domain::time::Instant;
use crate::journal::{self, JournalFiles, LogSource, ReadError};
use crate::runtime::copy_names;

/// Restores a backup, or the data directory of a stopped server, into a new data directory.
///
/// The views are rebuilt when a server is first started on it.
#[derive(Args, Debug)]
pub(super) struct Restore {
    /// The directory of the backup.
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,

    /// The new data directory.
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Restores only the records up to this sequence.
    #[arg(long, value_name = "SEQUENCE", conflicts_with = "until_time")]
    until_sequence: Option<u64>,

    /// Restores only what was recorded by this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until_time: Option<GivenTime>,

    #[command(flatten)]
    shown: Shown,
}

const DAMAGED: &str = "the backup is damaged: slx repair saves the rest";
const RECORDS_PER_COMMIT: u64 = 1_000;

impl Restore {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        keep_to_this_user();
        let (from, to) = (self.backup.join("journal"), self.directory.join("journal"));
        let source = JournalFiles::at(&from);
        let time = optional_instant(self.shown.instant(self.until_time)?)
            .map_err(|_| anyhow!("--until-time is out of range"))?;
        let until = match (self.until_sequence, time) {
            (Some(sequence), _) => sequence,
            (None, Some(time)) => last_recorded_by(&source, time)?,
            (None, None) => u64::MAX,
        };
        let verified = journal::verify(&from, |_, _| {}).map_err(|error| match error {
            ReadError::Damaged(_) => anyhow!(error).context(DAMAGED),
            other => anyhow!(other).context(format!("{} can't be restored", self.backup.display())),
        })?;
        let end = verified.records;
        let is_whole = Noted::read(&self.backup)?.is_none_or(|noted| noted.records <= end);
        if until > end && (verified.torn_tail.is_some() || !is_whole) {
            bail!(
                "the backup is damaged behind record {end}: --until-sequence {end} leaves that out"
            );
        }
        let (mut copy, report) = Copying::open(&to, source.store_id()?)?;
        if report.last_sequence > 0 {
            bail!("{} holds records already: name a new directory", self.directory.display());
        }
        let mut reader = source.read(1..=until)?;
        let mut records = 0;
        while let Some(record) = reader.next() {
            let record = record?;
            copy.add_record(&record)?;
            records = record.sequence;
            if records % RECORDS_PER_COMMIT == 0 {
                copy.settle(&reader.head())?;
            }
        }
        copy.settle(&reader.head())?;
        copy_names(&self.backup, &self.directory)?;
        if self.until_sequence.is_some_and(|until| until > records) {
            bail!("the backup ends with record {records}: everything of it was restored");
        }
        say!("{} restored, all sound", counted(records, "record"));
        say!("head {}", reader.head());
        Ok(ExitCode::SUCCESS)
    }
}

fn last_recorded_by(log: &dyn LogSource, time: Instant) -> anyhow::Result<u64> {
    let mut last = 0;
    for record in log.read(1..=u64::MAX)? {
        let record = record?;
        if record.record_time > time {
            break;
        }
        last = record.sequence;
    }
    Ok(last)
}
