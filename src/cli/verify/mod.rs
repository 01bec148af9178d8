//! `slx verify`.

mod tallies;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::copying::Noted;
use super::show::counted;
use crate::codec::scalar::hash;
use crate::domain::time::Instant;
use crate::journal::{self, ChainHash, JournalFiles, LogSource, Verified};
use crate::runtime::zones::{self, Choice};
use crate::runtime::{Recount, durable_by_views, read_names, recount};

/// Checks every record of a journal against its hash chain.
#[derive(Args, Debug)]
pub(super) struct Verify {
    /// The data directory.
    #[arg(value_name = "DIR")]
    data_dir: PathBuf,

    /// Proves that the journal extends the one that had this head: 64 hexadecimal digits, as
    /// GetStatus, slx verify or slx backup printed it.
    #[arg(long, value_name = "HEAD", value_parser = hash)]
    until_head: Option<ChainHash>,

    /// Also recounts every incident and compares the result with the stored tallies of a stopped
    /// server. Needs room for a copy of the views in TMPDIR, and all events in memory.
    #[arg(long)]
    tallies: bool,

    /// With --tallies: the time zone database of the server, as slx serve takes it.
    #[arg(long, env = "SLX_ZONEINFO", value_name = "CHOICE", default_value = "automatic")]
    zoneinfo: Choice,

    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

const RECORDS_PER_TICK: u64 = 10_000;

impl Verify {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let (verified, noted) = self.walk()?;
        if let Some(noted) = Noted::read(&self.data_dir)?
            && noted.records > verified.records
        {
            let (records, last) = (noted.records, verified.records);
            bail!("DATA_LOSS: record {}: the backup held {records}, it ends with {last}", last + 1);
        }
        self.check_durable(verified.records)?;
        let recount = match self.tallies {
            true => Some(self.recount()?),
            false => None,
        };
        match self.json {
            true => say!("{:#}", as_json(&verified, noted, recount.as_ref())),
            false => self.print(&verified, noted, recount.as_ref())?,
        }
        if let (Some(head), None) = (self.until_head, noted) {
            bail!(
                "NOT THE SAME JOURNAL: it never had the head {}, so it was cut off before that, \
                 is of another store, or was changed",
                head
            );
        }
        recount.iter().try_for_each(tallies::check)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Holds the journal against the views of a stopped server, as a start does: what they hold was
    /// durable, so a journal that ends before it was cut off.
    fn check_durable(&self, last: u64) -> anyhow::Result<()> {
        let views = durable_by_views(&self.data_dir.join("views"));
        let views = views.context("the views can't be copied to a temporary directory")?;
        let Some((store_id, sequence)) = views else { return Ok(()) };
        let store = JournalFiles::at(self.data_dir.join("journal")).store_id()?;
        if store == store_id && sequence > last {
            bail!(
                "DATA_LOSS: record {}: the journal held {sequence}, it ends with {last}",
                last + 1
            );
        }
        Ok(())
    }

    fn recount(&self) -> anyhow::Result<Recount> {
        let views = self.data_dir.join("views");
        if !views.is_dir() {
            let served = "slx serve makes them from the journal when it starts";
            bail!("there are no views in {}, so no tallies: {served}", self.data_dir.display());
        }
        let log = JournalFiles::at(self.data_dir.join("journal"));
        let names = read_names(&self.data_dir)?;
        Ok(recount(&log, &views, &zones::open(&self.zoneinfo)?, &names)?)
    }

    /// Walks the journal; also returns the record with which it had the head it is to extend.
    fn walk(&self) -> anyhow::Result<(Verified, Option<SequenceAndTime>)> {
        let style = ProgressStyle::with_template("{spinner} {human_pos} records, {per_sec}")?;
        let progress = ProgressBar::new_spinner().with_style(style);
        let mut noted = None;
        let verified = journal::verify(&self.data_dir.join("journal"), |record, tree| {
            if record.sequence % RECORDS_PER_TICK == 0 {
                progress.set_position(record.sequence);
            }
            if noted.is_none() && self.until_head.is_some_and(|head| head == tree.root()) {
                noted = Some((record.sequence, record.record_time));
            }
        });
        progress.finish_and_clear();
        Ok((verified?, noted))
    }

    fn print(
        &self,
        verified: &Verified,
        noted: Option<SequenceAndTime>,
        recount: Option<&Recount>,
    ) -> anyhow::Result<()> {
        print(verified)?;
        if let (Some(_), Some((sequence, time))) = (self.until_head, noted) {
            say!(
                "it extends the journal of that head: record {sequence}, of {time}, and {} since",
                verified.records - sequence
            );
        }
        if let Some(recount) = recount {
            say!("{}", tallies::show(recount));
        }
        Ok(())
    }
}

/// A record's sequence and time.
type SequenceAndTime = (u64, Instant);

fn print(verified: &Verified) -> anyhow::Result<()> {
    let records = counted(verified.records, "record");
    say!("{records} in {}, all sound", counted(verified.segments, "segment"));
    if let (Some(first), Some(last)) = (verified.first_time, verified.last_time) {
        say!("recorded from {first} to {last}");
    }
    say!("head {}", verified.head);
    if let Some(torn) = &verified.torn_tail {
        say!(
            "behind it, {} bytes from byte {} of {} on: what a crash left of a commit that was \
             never acknowledged, or damage to the last commit; cut at the next start",
            torn.bytes,
            torn.offset,
            torn.segment.display()
        );
    }
    Ok(())
}

fn as_json(
    verified: &Verified,
    noted: Option<SequenceAndTime>,
    recount: Option<&Recount>,
) -> serde_json::Value {
    json!({
        "untilHeadSequence": noted.map(|(sequence, _)| sequence),
        "records": verified.records,
        "segments": verified.segments,
        "firstTime": verified.first_time.map(|time| time.to_string()),
        "lastTime": verified.last_time.map(|time| time.to_string()),
        "head": verified.head.to_string(),
        "tornTailBytes": verified.torn_tail.as_ref().map(|torn| torn.bytes),
        "tallies": recount.map(tallies::as_json),
    })
}
