//! `slx verify`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::journal::{self, Verified};

/// Walks a journal and checks every record against its hash chain.
#[derive(Args, Debug)]
pub(super) struct Verify {
    /// The data directory.
    #[arg(value_name = "DIR")]
    data_dir: PathBuf,

    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

const RECORDS_A_TICK: u64 = 10_000;

impl Verify {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let style = ProgressStyle::with_template("{spinner} {human_pos} records, {per_sec}")?;
        let progress = ProgressBar::new_spinner().with_style(style);
        let verified = journal::verify(&self.data_dir.join("journal"), |record, _| {
            if record.sequence % RECORDS_A_TICK == 0 {
                progress.set_position(record.sequence);
            }
        });
        progress.finish_and_clear();
        let verified = verified?;
        match self.json {
            true => say!("{:#}", as_json(&verified)),
            false => print(&verified)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
            "a torn tail of {} bytes at byte {} of {}: never acknowledged, cut at the next start",
            torn.bytes,
            torn.offset,
            torn.segment.display()
        );
    }
    Ok(())
}

fn as_json(verified: &Verified) -> serde_json::Value {
    json!({
        "records": verified.records,
        "segments": verified.segments,
        "firstTime": verified.first_time.map(|time| time.to_string()),
        "lastTime": verified.last_time.map(|time| time.to_string()),
        "head": hexadecimal(&verified.head),
        "tornTailBytes": verified.torn_tail.as_ref().map(|torn| torn.bytes),
    })
}
