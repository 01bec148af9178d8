//! Starting: open the log, open the views, fold what they lack.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::cache::Cache;
use super::engine::Engine;
use super::first_zones::adopt_first;
use super::job::Group;
use super::learner::Learner;
use super::learning::Learnings;
use super::memory_budget::MemoryBudget;
use super::name_store::NameStore;
use super::open_log::{Held, OpenedLog};
use super::opening::{self, Opening};
use super::outage_log::OutageLog;
use super::progress::{Loss, Progress};
use super::projector::{IndexPosition, Projector};
use super::queue::Queue;
use super::replay::{self, Chunk, ReplayError};
use super::scrub::Scrub;
use super::settled_time::SettledTime;
use super::sources::Sources;
use super::store_options::{StartError, StoreOptions};
use super::wall_clock;
use super::writer::Writer;
use crate::codec::store::names::Names;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::journal::{Damage, Log, LogSource, OpenError, ReadError};
use crate::views::{Found, Identity, Views, ViewsError};

/// How often progress is logged.
const LOGGED_EVERY: Duration = Duration::from_secs(2);
/// The niceness of threads whose work can wait.
const NICENESS_BEHIND: i32 = 10;

impl Engine {
    /// Opens the store in `options.directory` and folds what its views lack. Blocks; must be called
    /// within a tokio runtime, on which answers are handed out. Local time is read by the time zone
    /// database that the store has adopted; a store that has none yet adopts `zones`.
    ///
    /// If the journal is damaged, the engine answers only what was known before the damage; see
    /// [`Engine::loss`].
    pub fn start(options: &StoreOptions, zones: ZoneDatabase) -> Result<Engine, StartError> {
        if options.read_only && !options.directory.join("journal").is_dir() {
            return Err(OpenError::Missing(options.directory.clone()).into());
        }
        let memory = options.memory;
        let found = opening::views_of(options);
        let Opening { opened, note, shared } = opening::log_of(options, found.durable())?;
        let last = opened.end().filter(|end| end.sequence > 0).map(|end| end.record_time);
        // Where nothing is recorded, no record can be dated wrongly.
        wall_clock::check_start(last, options.accept_clock || options.read_only)?;
        let (shared, names_left) = shared.unzip();
        let (names_file, names) = opening::names_of(options, &opened, names_left)?;
        let identity = identity(&opened, &zones);
        let (views, cache) = restored(found, &identity, &zones, &names, &memory)?;
        let record_time = opened.end().map_or(Instant::MAX, |end| end.record_time);
        let projected = IndexPosition::whole(views.applied()?, record_time);
        let (source, store_id) = (Arc::clone(&opened.source), opened.store_id);
        let projector = Arc::new(Projector::new(Arc::clone(&source), projected, memory.projecting));
        let projecting = spawn("projector", {
            let (projector, cache, views) =
                (Arc::clone(&projector), Arc::clone(&cache), Arc::clone(&views));
            move || projector.run(&cache, &views)
        })?;
        let (mut log, loss) = match replay(opened, &cache, &views, &projector, &zones, &names)? {
            Replayed::Whole(log) => (Some(log), None),
            Replayed::Damaged(loss) => (None, Some(loss)),
        };
        if let Some(Held::ToWrite(log)) = &mut log {
            adopt_first(&mut **log, &cache, &views, &projector, &zones)?;
        }
        let followed = Arc::default();
        let sources = Sources { cache, views, projector, zones, names, log: source, followed };
        let learnings = Arc::<Learnings>::default();
        let learner = Learner::new(sources.clone(), Arc::clone(&learnings), memory.learnt);
        let learning = spawn_behind("learner", move || learner.run())?;
        let mut engine = Engine {
            sources,
            learnings,
            memory,
            queue: Arc::new(Queue::new(memory.waiting)),
            measures: Arc::default(),
            settled: Arc::new(SettledTime::new(shared.is_some())),
            node: shared.as_ref().map(|shared| shared.node.clone()),
            store_id,
            scrub: Arc::new(Scrub::new(loss, note)),
            is_poisoned: Arc::default(),
            folded: Arc::default(),
            writing: Mutex::default(),
            projecting: Mutex::new(Some(projecting)),
            learning: Mutex::new(Some(learning)),
            scrubbing: Mutex::default(),
            unchanging: Mutex::default(),
            is_read_only: options.read_only,
            directory: options.directory.clone(),
        };
        match log {
            None => return Ok(engine),
            Some(Held::ToWrite(log)) => {
                let shared_names = shared.map(|shared| shared.names);
                let names = NameStore::new(engine.sources.names.clone(), names_file, shared_names);
                engine.write_to(log, names, options.events_an_incident_max)?;
            }
            Some(Held::ToRead(journal)) => *engine.unchanging.get_mut() = Some(journal),
        }
        engine.scrub_at(options.scrub_bytes_a_second)?;
        Ok(engine)
    }

    fn scrub_at(&mut self, rate: u64) -> Result<(), StartError> {
        if rate == 0 {
            return Ok(());
        }
        let (scrub, log) = (Arc::clone(&self.scrub), Arc::clone(&self.sources.log));
        let cache = Arc::clone(&self.sources.cache);
        *self.scrubbing.get_mut() =
            Some(spawn_behind("scrub", move || scrub.run(rate, &*log, &cache))?);
        Ok(())
    }

    fn write_to(
        &mut self,
        mut log: Box<dyn Log>,
        names: NameStore,
        events_an_incident_max: usize,
    ) -> Result<(), StartError> {
        let (finished, groups) = mpsc::unbounded_channel();
        tokio::spawn(answer(groups));
        let wake = || {
            let queue = Arc::clone(&self.queue);
            Box::new(move || queue.wake())
        };
        log.wake_with(wake());
        names.wake_with(wake());
        // What has come by now woke nobody.
        self.queue.wake();
        let writer = Writer {
            log,
            source: Arc::clone(&self.sources.log),
            cache: Arc::clone(&self.sources.cache),
            views: Arc::clone(&self.sources.views),
            projector: Arc::clone(&self.sources.projector),
            learnings: Arc::clone(&self.learnings),
            queue: Arc::clone(&self.queue),
            measures: Arc::clone(&self.measures),
            settled: Arc::clone(&self.settled),
            finished,
            is_poisoned: Arc::clone(&self.is_poisoned),
            folded: Arc::clone(&self.folded),
            events_an_incident_max,
            outage_log: OutageLog::default(),
            names,
            is_overtaken: false,
        };
        *self.writing.get_mut() = Some(spawn("writer", move || writer.run())?);
        Ok(())
    }
}

/// The views, and the state that they hold. Views of which not even that can be read are put aside
/// for new ones: sled syncs no row of more than some 128 KiB, so that a cut of the power may take
/// such a row out of views that were left in good order.
fn restored(
    found: Found,
    identity: &Identity,
    zones: &ZoneDatabase,
    names: &Names,
    memory: &MemoryBudget,
) -> Result<(Arc<Views>, Arc<Cache>), ViewsError> {
    let anew = found.anew();
    let of = |found: Found| {
        let views = found.of(identity)?.with_names(names.clone());
        let cache = Cache::restored(&views, zones.clone(), names.clone(), memory)?;
        Ok((Arc::new(views), Arc::new(cache)))
    };
    of(found).or_else(|error: ViewsError| {
        tracing::warn!(%error, "views put aside");
        of(anew)
    })
}

fn identity(opened: &OpenedLog, zones: &ZoneDatabase) -> Identity {
    Identity {
        store_id: opened.store_id,
        time_zone_database: zones.digest().to_string(),
        last_sequence: last_sequence(opened),
    }
}

/// Up to where the log may be folded: a damaged one as far as it is readable.
fn last_sequence(opened: &OpenedLog) -> u64 {
    opened.end().map_or(u64::MAX, |end| end.sequence)
}

/// What a log turned out to be when it was folded.
enum Replayed {
    /// Whole: it may be written on.
    Whole(Held),
    /// Damaged: only what was known before is answered.
    Damaged(Loss),
}

/// Folds what the journal holds beyond the views. What is damaged is not written to any more.
fn replay(
    opened: OpenedLog,
    cache: &Cache,
    views: &Views,
    projector: &Projector,
    zones: &ZoneDatabase,
    names: &Names,
) -> Result<Replayed, StartError> {
    let last = last_sequence(&opened);
    let OpenedLog { source, log, .. } = opened;
    let damage = fold_up_to(last, &*source, cache, views, projector, zones, names)?;
    let damage = match (damage, log) {
        (None, Ok(log)) => {
            cache.set_progress(log.end());
            return Ok(Replayed::Whole(log));
        }
        (Some(damage), _) | (None, Err(damage)) => damage,
    };
    let loss = Loss::of(&*source, damage)?;
    cache.set_progress(loss.before);
    tracing::error!(%loss, "DATA LOSS: nothing is recorded any more; slx repair saves the rest");
    Ok(Replayed::Damaged(loss))
}

/// Folds up to the record of a sequence, or the first that is damaged, which is returned.
fn fold_up_to(
    last: u64,
    log: &dyn LogSource,
    cache: &Cache,
    views: &Views,
    projector: &Projector,
    zones: &ZoneDatabase,
    names: &Names,
) -> Result<Option<Damage>, StartError> {
    let first = cache.progress().sequence + 1;
    if first > last {
        return Ok(None);
    }
    tracing::info!(from = first, "folding the journal");
    let mut logged = std::time::Instant::now();
    for chunk in replay::chunks(log, first, last, zones, names)? {
        let Chunk { records, head } = match chunk {
            Ok(chunk) => chunk,
            Err(ReplayError::Read(ReadError::Damaged(damage))) => return Ok(Some(damage)),
            Err(error) => return Err(error.into()),
        };
        projector.wait_for_room(cache);
        cache.fold(records, head, views)?;
        projector.notice_progress(cache);
        if logged.elapsed() >= LOGGED_EVERY {
            logged = std::time::Instant::now();
            let Progress { sequence, .. } = cache.progress();
            let percent = (last < u64::MAX).then(|| sequence * 100 / last);
            tracing::info!(sequence, percent, "folding the journal");
        }
    }
    tracing::info!(records = cache.progress().sequence + 1 - first, "folded the journal");
    Ok(None)
}

/// Wakes the responders of each group, on the runtime's own thread, where that costs little.
async fn answer(mut groups: mpsc::UnboundedReceiver<Group>) {
    while let Some(group) = groups.recv().await {
        group.answer();
    }
}

/// Starts a thread for what can wait: it has little of the processor while others want it.
fn spawn_behind(
    name: &'static str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StartError> {
    spawn(name, move || {
        // Linux takes no process for the thread that asks (setpriority(2)).
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS_BEHIND) {
            tracing::debug!(%error, name, "it has as much of the processor as all others");
        }
        work();
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StartError::Thread)
}
