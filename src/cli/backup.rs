//! `slx backup`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::connection::{Connection, refused};
use super::copying::{Copying, Noted};
use super::private_files::keep_to_this_user;
use crate::codec::scalar::{hash, instant};
use crate::codec::store::kept_name::KeptName;
use crate::codec::v1;
use crate::codec::v1::admin_service_client::AdminServiceClient;
use crate::journal::{ChainHash, JournalFiles, LogSource as _, ReadError, StoreId};
use crate::runtime::NewNames;

/// Backs up the journal of a running server, or adds what is new to an earlier backup.
///
/// The backup is a data directory without views: slx verify checks it, slx restore restores it.
#[derive(Args, Debug)]
pub(super) struct Backup {
    /// The directory of the backup: a new one, or that of an earlier backup.
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    #[command(flatten)]
    connection: Connection,
}

/// How far a backup has come.
struct BackupState {
    store_id: Option<StoreId>,
    last_sequence: u64,
    head: ChainHash,
}

impl Backup {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        keep_to_this_user();
        let directory = self.directory.join("journal");
        // A note of a newer version is not to be replaced by one that knows less.
        Noted::read(&self.directory)?;
        let before = state_of(&directory)?;
        let request = v1::BackUpRequest {
            after_sequence: before.last_sequence as i64,
            after_head: before.head.to_string(),
        };
        let channel = self.connection.open().await?;
        let mut client = AdminServiceClient::new(channel).max_decoding_message_size(usize::MAX);
        let mut messages = client.back_up(request).await.map_err(refused)?.into_inner();
        let first = messages.message().await.map_err(refused)?;
        let first = first.context("the server sent nothing")?;
        let store_id = <[u8; 16]>::try_from(first.store_id.as_slice());
        let store_id = StoreId::new(store_id.map_err(|_| anyhow!("the server named no store"))?);
        if before.store_id.is_some_and(|id| id != store_id) {
            bail!("{} is a backup of another store", self.directory.display());
        }
        let (mut copy, _) = Copying::open(&directory, store_id)?;
        // All of them: what was erased since the last backup goes from this one too.
        let mut names = NewNames::begin(&self.directory)?;
        while let Some(message) = messages.message().await.map_err(refused)? {
            for name in &message.names {
                names.add(&KeptName::decode(name)?)?;
            }
            if !message.records.is_empty() {
                take(&mut copy, message)?;
            }
        }
        drop(copy);
        names.finish()?;
        let after = check(&directory, before.last_sequence)?;
        if after.last_sequence < first.last_sequence as u64 {
            let (got, all) = (after.last_sequence, first.last_sequence);
            bail!("the server sent up to record {got} of {all}: run the backup again");
        }
        say!(
            "{} new records; the backup holds {}, all sound",
            after.last_sequence - before.last_sequence,
            after.last_sequence
        );
        let head = after.head.to_string();
        say!("head {head}");
        Noted::new(after.last_sequence, head).write(&self.directory)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn take(copy: &mut Copying, message: v1::BackUpResponse) -> anyhow::Result<()> {
    for record in &message.records {
        let time = instant(record.record_time)
            .map_err(|_| anyhow!("record {} has no valid time", record.sequence))?;
        copy.add(record.sequence as u64, time, &record.body)?;
    }
    copy.settle(&hash(&message.head).map_err(anyhow::Error::msg)?)
}

fn state_of(directory: &Path) -> anyhow::Result<BackupState> {
    let nothing = BackupState { store_id: None, last_sequence: 0, head: ChainHash::ZERO };
    if !directory.exists() {
        return Ok(nothing);
    }
    match JournalFiles::at(directory).store_id() {
        Err(ReadError::NoJournal(_)) => Ok(nothing),
        Err(error) => Err(error.into()),
        Ok(store_id) => {
            // A backup that was broken off is taken up where it ended.
            let (_, report) = Copying::open(directory, store_id)?;
            let (last_sequence, head) = (report.last_sequence, report.head);
            Ok(BackupState { store_id: Some(store_id), last_sequence, head })
        }
    }
}

/// Reads what was added once more, as it lies on the disk.
fn check(directory: &Path, after: u64) -> anyhow::Result<BackupState> {
    let mut reader = JournalFiles::at(directory).read(after + 1..=u64::MAX)?;
    let mut last_sequence = after;
    for record in reader.by_ref() {
        last_sequence = record.context("the backup is damaged on its disk")?.sequence;
    }
    Ok(BackupState { store_id: None, last_sequence, head: reader.head() })
}
