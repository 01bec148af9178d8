//! `slx verify`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::copying::Noted;
use crate::journal::{self, Hash, Verified};
use crate::wire::scalar::{hash, hexadecimal};

/// Walks a journal and checks every record against its hash chain.
#[derive(Args, Debug)]
pub(super) struct Verify {
    /// The data directory.
    #[arg(value_name = "DIR")]
    data_dir: PathBuf,

    /// Proves that the journal extends the one that had this head: 64 hexadecimal digits, as
    /// GetStatus, slx verify or slx backup told it.
    #[arg(long, value_name = "HEAD", value_parser = hash)]
    until_head: Option<Hash>,

    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

const RECORDS_A_TICK: u64 = 10_000;

impl Verify {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let style = ProgressStyle::with_template("{spinner} {human_pos} records, {per_sec}")?;
        let progress = ProgressBar::new_spinner().with_style(style);
        let mut noted = None;
        let verified = journal::verify(&self.data_dir.join("journal"), |record, tree| {
            if record.sequence % RECORDS_A_TICK == 0 {
                progress.set_position(record.sequence);
            }
            if noted.is_none() && self.until_head.is_some_and(|head| head == tree.root()) {
                noted = Some((record.sequence, record.record_time));
            }
        });
        progress.finish_and_clear();
        let verified = verified?;
        if let Some(noted) = Noted::read(&self.data_dir)?
            && noted.records > verified.records
        {
            let (records, last) = (noted.records, verified.records);
            bail!("DATA_LOSS: record {}: the backup held {records}, it ends with {last}", last + 1);
        }
        match self.json {
            true => say!("{:#}", as_json(&verified, noted.map(|(sequence, _)| sequence))),
            false => print(&verified)?,
        }
        match (self.until_head, noted) {
            (None, _) => {}
            (Some(_), Some((sequence, time))) if !self.json => say!(
                "it extends the journal of that head: record {sequence}, of {time}, and {} since",
                verified.records - sequence
            ),
            (Some(_), Some(_)) => {}
            (Some(head), None) => bail!(
                "NOT THE SAME JOURNAL: it never had the head {}, so it was cut off before that, \
                 is of another store, or was changed",
                hexadecimal(&head)
            ),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(verified: &Verified) -> anyhow::Result<()> {
    let segments = match verified.segments {
        1 => "1 segment".to_owned(),
        many => format!("{many} segments"),
    };
    say!("{} records in {segments}, all sound", verified.records);
    if let (Some(first), Some(last)) = (verified.first_time, verified.last_time) {
        say!("recorded from {first} to {last}");
    }
    say!("head {}", hexadecimal(&verified.head));
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

fn as_json(verified: &Verified, noted: Option<u64>) -> serde_json::Value {
    json!({
        "untilHeadSequence": noted,
        "records": verified.records,
        "segments": verified.segments,
        "firstTime": verified.first_time.map(|time| time.to_string()),
        "lastTime": verified.last_time.map(|time| time.to_string()),
        "head": hexadecimal(&verified.head),
        "tornTailBytes": verified.torn_tail.as_ref().map(|torn| torn.bytes),
    })
}
