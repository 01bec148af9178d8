//! Starting: open the journal, open the views, fold what they lack.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::Engine;
use super::keeper::{Carried, Keeper};
use super::memory::{Memory, Progress};
use super::writer::{Group, Inbox, Writer};
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::record::Entry;
use crate::journal::{Journal, OpenError, Opened, Options, ReadError, Reader, Report};
use crate::views::{Identity, Views, ViewsError};
use crate::wire::record::{self, Unreadable};

/// Records folded between two messages about progress.
const RECORDS_A_MESSAGE: u64 = 1_000_000;
/// Records folded under one hold of the lock.
const RECORDS_A_FOLD: usize = 1_000;

/// How the store is kept.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Where: the journal lies in `journal` beneath it, the views in `views`.
    pub directory: PathBuf,
    /// The size set aside for each segment of the journal.
    pub segment_bytes: u64,
    /// Events an incident may hold.
    pub events_an_incident_max: usize,
}

/// Why the engine can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The views can't be opened or written.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// A record means nothing to this version.
    #[error("record {sequence} can't be read: {source}")]
    Record {
        /// Which record.
        sequence: u64,
        /// Why.
        source: Unreadable,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// The system gives no thread.
    #[error("can't start a thread: {0}")]
    Thread(std::io::Error),
}

impl Engine {
    /// Opens the store in `options.directory` and folds what its views lack. Blocks; must be called
    /// within a tokio runtime, on which answers are handed out.
    pub fn start(options: &StoreOptions, zones: ZoneDatabase) -> Result<Engine, StartError> {
        let mut new_store_id = [0; 16];
        getrandom::fill(&mut new_store_id).map_err(StartError::Random)?;
        let directory = options.directory.join("journal");
        let journal_options = Options { segment_bytes: options.segment_bytes, new_store_id };
        let Opened { writer: journal, report } = Journal::open(&directory, journal_options)?;
        if let Some(cut) = &report.cut {
            tracing::warn!(
                segment = %cut.segment.display(), offset = cut.offset, bytes = cut.bytes,
                "cut a torn tail: a crash left a record half-written, never acknowledged"
            );
        }
        let identity = Identity {
            store_id: report.store_id,
            time_zone_database: zones.version().to_owned(),
            last_sequence: report.last_sequence,
        };
        let views = Arc::new(Views::open(&options.directory.join("views"), &identity)?);
        let (memory, keeper) = restore(&views, &report, &zones)?;
        let keeping = spawn("keeper", {
            let (keeper, memory, views) =
                (Arc::clone(&keeper), Arc::clone(&memory), Arc::clone(&views));
            move || keeper.run(&memory, &views)
        })?;
        replay(&directory, &report, &memory, &views, &keeper, &zones)?;

        let inbox = Arc::new(Inbox::default());
        let (finished, groups) = mpsc::unbounded_channel();
        tokio::spawn(answer(groups));
        let writer = Writer {
            journal,
            memory: Arc::clone(&memory),
            views: Arc::clone(&views),
            keeper: Arc::clone(&keeper),
            inbox: Arc::clone(&inbox),
            finished,
            events_an_incident_max: options.events_an_incident_max,
        };
        let writing = spawn("writer", move || writer.run())?;
        let threads = Mutex::new(vec![writing, keeping]);
        let store_id = report.store_id;
        Ok(Engine { memory, views, keeper, inbox, zones, store_id, threads })
    }
}

/// What the views hold already.
fn restore(
    views: &Views,
    report: &Report,
    zones: &ZoneDatabase,
) -> Result<(Arc<Memory>, Arc<Keeper>), StartError> {
    let applied = views.applied()?;
    let nothing = Progress { sequence: applied, record_time: Instant::MIN, head: [0; 32] };
    let memory = Memory::new(zones.clone(), nothing);
    for row in views.terms(zones) {
        let (sequence, record_time, record) = row?;
        if let (Entry::Terms(entry), true) = (record.entry, sequence <= applied) {
            memory.restore_terms(record_time, record.tenant, entry);
        }
    }
    let record_time = report.last_record_time.unwrap_or(Instant::MIN);
    if applied == report.last_sequence {
        memory.set_progress(Progress { sequence: applied, record_time, head: report.head });
    }
    let keeper = Keeper::new(Carried { sequence: applied, record_time });
    Ok((Arc::new(memory), Arc::new(keeper)))
}

/// Folds what the journal holds beyond the views.
fn replay(
    directory: &std::path::Path,
    report: &Report,
    memory: &Memory,
    views: &Views,
    keeper: &Keeper,
    zones: &ZoneDatabase,
) -> Result<(), StartError> {
    let first = memory.progress().sequence + 1;
    if first > report.last_sequence {
        return Ok(());
    }
    tracing::info!(from = first, to = report.last_sequence, "folding the journal");
    let mut reader = Reader::open(directory, first)?.until(report.last_sequence);
    loop {
        let mut records = Vec::with_capacity(RECORDS_A_FOLD);
        for kept in reader.by_ref().take(RECORDS_A_FOLD) {
            let kept = kept?;
            let sequence = kept.sequence;
            let record = record::decode(&kept.body, zones)
                .map_err(|source| StartError::Record { sequence, source })?;
            records.push((sequence, kept.record_time, record));
        }
        if records.is_empty() {
            return Ok(());
        }
        keeper.wait_for_room(memory);
        memory.fold(records, reader.head(), views)?;
        keeper.notice_progress(memory);
        let sequence = memory.progress().sequence;
        if sequence % RECORDS_A_MESSAGE < RECORDS_A_FOLD as u64 {
            tracing::info!(sequence, of = report.last_sequence, "folding the journal");
        }
    }
}

/// Wakes the askers of each group, on the runtime's own thread, where that costs little.
async fn answer(mut groups: mpsc::UnboundedReceiver<Group>) {
    while let Some(group) = groups.recv().await {
        group.answer();
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StartError::Thread)
}
