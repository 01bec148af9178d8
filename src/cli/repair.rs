//! `slx repair`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::private_files::keep_to_this_user;
use super::show::counted;
use crate::codec::store::record::encode;
use crate::domain::ids::TenantId;
use crate::engine::record::{Entry, Record};
use crate::journal::{SEGMENT_BYTES_DEFAULT, salvage};
use crate::runtime::copy_names;

/// Saves the intact records of a damaged journal into a new data directory, and lists what is lost.
///
/// Every record keeps its sequence and its record time. Each lost record is replaced by one that
/// marks the loss, so heads noted after it no longer match. The damaged journal is only read.
#[derive(Args, Debug)]
pub(super) struct Repair {
    /// The damaged data directory.
    #[arg(value_name = "DIR")]
    damaged: PathBuf,

    /// The new data directory.
    #[arg(value_name = "NEW_DIR")]
    directory: PathBuf,
}

impl Repair {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        keep_to_this_user();
        let (from, to) = (self.damaged.join("journal"), self.directory.join("journal"));
        let lost_body = encode(&Record { tenant: TenantId::default(), entry: Entry::Lost });
        let salvaged = salvage(&from, &to, SEGMENT_BYTES_DEFAULT, &lost_body)?;
        copy_names(&self.damaged, &self.directory)?;
        for (range, flaw) in &salvaged.lost {
            match range.start() == range.end() {
                true => say!("LOST record {}: {flaw}", range.start()),
                false => say!("LOST records {} to {}: {flaw}", range.start(), range.end()),
            }
        }
        let lost = salvaged.lost_records();
        say!("{} saved, {lost} lost", counted(salvaged.last_sequence - lost, "record"));
        say!("head {}", salvaged.head);
        match lost {
            0 => say!("nothing was damaged: every record is as it was"),
            _ => say!(
                "whatever was acknowledged after record {} is lost too",
                salvaged.last_sequence
            ),
        }
        Ok(ExitCode::SUCCESS)
    }
}
