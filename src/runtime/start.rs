//! Starting: open the journal, open the views, fold what they lack.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::engine::Engine;
use super::job::Group;
use super::keeper::{Carried, Keeper};
use super::learning::Learnings;
use super::memory::Memory;
use super::progress::{Loss, Progress};
use super::replay::{self, Piece, ReplayError};
use super::sources::Sources;
use super::trouble::Trouble;
use super::writer::Writer;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::journal::{
    self, Damage, Durable, Journal, OpenError, Opened, Options, ReadError, Report,
};
use crate::views::{Identity, Views, ViewsError};

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(2);

/// How the store is kept.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Where: the journal lies in `journal` beneath it, the views in `views`.
    pub directory: PathBuf,
    /// The size set aside for each segment of the journal.
    pub segment_bytes: u64,
    /// How long the views may take to open before they are given up and folded anew.
    pub views_patience: Duration,
    /// Events an incident may hold.
    pub events_an_incident_max: usize,
}

/// Why the engine can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal can't be read or folded.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The views can't be opened or written.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// The system gives no thread.
    #[error("can't start a thread: {0}")]
    Thread(std::io::Error),
}

impl From<ReadError> for StartError {
    fn from(error: ReadError) -> StartError {
        StartError::Replay(error.into())
    }
}

impl Engine {
    /// Opens the store in `options.directory` and folds what its views lack. Blocks; must be called
    /// within a tokio runtime, on which answers are handed out.
    ///
    /// If the journal is damaged, the engine answers only what was known before the damage; see
    /// [`Engine::loss`].
    pub fn start(options: &StoreOptions, zones: ZoneDatabase) -> Result<Engine, StartError> {
        let journal = options.directory.join("journal");
        let found = Views::find(&options.directory.join("views"), options.views_patience);
        let opened = open_journal(&journal, options.segment_bytes, found.durable())?;
        let views = Arc::new(found.of(&opened.identity(&zones))?);
        let memory = Arc::new(Memory::restored(&views, zones.clone())?);
        let record_time = opened.end.map_or(Instant::MAX, |end| end.record_time);
        let carried = Carried::whole(views.applied()?, record_time);
        let keeper = Arc::new(Keeper::new(&journal, carried));
        let keeping = spawn("keeper", {
            let (keeper, memory, views) =
                (Arc::clone(&keeper), Arc::clone(&memory), Arc::clone(&views));
            move || keeper.run(&memory, &views)
        })?;
        let store_id = opened.store_id;
        let (writer, loss) = replay(&journal, opened, &memory, &views, &keeper, &zones)?;
        let mut engine = Engine {
            sources: Sources { memory, views, keeper, zones, journal },
            learnings: Learnings::default(),
            inbox: Arc::default(),
            store_id,
            loss,
            is_poisoned: Arc::default(),
            writing: Mutex::default(),
            keeping: Mutex::new(Some(keeping)),
        };
        if let Some(writer) = writer {
            engine.write_with(writer, options.events_an_incident_max)?;
        }
        Ok(engine)
    }

    fn write_with(
        &mut self,
        journal: journal::Writer,
        events_an_incident_max: usize,
    ) -> Result<(), StartError> {
        let (finished, groups) = mpsc::unbounded_channel();
        tokio::spawn(answer(groups));
        let writer = Writer {
            journal,
            memory: Arc::clone(&self.sources.memory),
            views: Arc::clone(&self.sources.views),
            keeper: Arc::clone(&self.sources.keeper),
            inbox: Arc::clone(&self.inbox),
            finished,
            is_poisoned: Arc::clone(&self.is_poisoned),
            events_an_incident_max,
            trouble: Trouble::default(),
        };
        *self.writing.get_mut() = Some(spawn("writer", move || writer.run())?);
        Ok(())
    }
}

/// A journal, as far as it could be opened.
struct OpenedJournal {
    store_id: [u8; 16],
    /// Where it ends; none: it is damaged.
    end: Option<Progress>,
    writer: Result<journal::Writer, Damage>,
}

impl OpenedJournal {
    fn identity(&self, zones: &ZoneDatabase) -> Identity {
        Identity {
            store_id: self.store_id,
            time_zone_database: zones.version().to_owned(),
            last_sequence: self.last_sequence(),
        }
    }

    fn last_sequence(&self) -> u64 {
        self.end.map_or(u64::MAX, |end| end.sequence)
    }
}

fn open_journal(
    directory: &Path,
    segment_bytes: u64,
    durable: Option<([u8; 16], u64)>,
) -> Result<OpenedJournal, StartError> {
    let mut new_store_id = [0; 16];
    getrandom::fill(&mut new_store_id).map_err(StartError::Random)?;
    let durable = durable.map(|(store_id, sequence)| Durable { store_id, sequence });
    match Journal::open(directory, Options { segment_bytes, new_store_id, durable }) {
        Ok(Opened { writer, report }) => {
            if let Some(cut) = &report.cut {
                tracing::warn!(
                    segment = %cut.segment.display(), offset = cut.offset, bytes = cut.bytes,
                    "cut a torn tail: a crash left a record half-written, never acknowledged"
                );
            }
            let Report { store_id, last_sequence: sequence, head, last_record_time, .. } = report;
            let record_time = last_record_time.unwrap_or(Instant::MIN);
            let end = Some(Progress { sequence, record_time, head });
            Ok(OpenedJournal { store_id, end, writer: Ok(writer) })
        }
        Err(OpenError::Damaged(damage)) => {
            let store_id = journal::store_id(directory)?;
            Ok(OpenedJournal { store_id, end: None, writer: Err(damage) })
        }
        Err(error) => Err(error.into()),
    }
}

/// Folds what the journal holds beyond the views. What is damaged is not written to any more.
fn replay(
    directory: &Path,
    opened: OpenedJournal,
    memory: &Memory,
    views: &Views,
    keeper: &Keeper,
    zones: &ZoneDatabase,
) -> Result<(Option<journal::Writer>, Option<Loss>), StartError> {
    let last = opened.last_sequence();
    let damage = fold_up_to(last, directory, memory, views, keeper, zones)?;
    let damage = match (damage, opened.writer) {
        (None, Ok(writer)) => {
            memory.set_progress(opened.end.unwrap_or(memory.progress()));
            return Ok((Some(writer), None));
        }
        (Some(damage), _) | (None, Err(damage)) => damage,
    };
    let loss = Loss::of(directory, damage)?;
    memory.set_progress(loss.before);
    tracing::error!(%loss, "DATA LOSS: nothing is recorded any more; slx repair saves the rest");
    Ok((None, Some(loss)))
}

/// Folds up to the record of a sequence, or the first that is damaged, which is returned.
fn fold_up_to(
    last: u64,
    directory: &Path,
    memory: &Memory,
    views: &Views,
    keeper: &Keeper,
    zones: &ZoneDatabase,
) -> Result<Option<Damage>, StartError> {
    let first = memory.progress().sequence + 1;
    if first > last {
        return Ok(None);
    }
    tracing::info!(from = first, "folding the journal");
    let mut told = std::time::Instant::now();
    for piece in replay::pieces(directory, first, last, zones)? {
        let Piece { records, head } = match piece {
            Ok(piece) => piece,
            Err(ReplayError::Read(ReadError::Damaged(damage))) => return Ok(Some(damage)),
            Err(error) => return Err(error.into()),
        };
        keeper.wait_for_room(memory);
        memory.fold(records, head, views)?;
        keeper.notice_progress(memory);
        if told.elapsed() >= TOLD_EVERY {
            told = std::time::Instant::now();
            let Progress { sequence, .. } = memory.progress();
            let percent = (last < u64::MAX).then(|| sequence * 100 / last);
            tracing::info!(sequence, percent, "folding the journal");
        }
    }
    tracing::info!(records = memory.progress().sequence + 1 - first, "folded the journal");
    Ok(None)
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
