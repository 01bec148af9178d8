//! A store for unit tests: they record into it and read it, without threads or a network.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;

use super::cache::Cache;
use super::learner::Learner;
use super::learning::Learnings;
use super::memory_budget::MemoryBudget;
use super::projector::{IndexPosition, Projector};
use super::read_point::ReadRequest;
use super::read_view::{Origin, Reading};
use super::rows_read::RowsRead;
use super::sources::Sources;
use crate::codec::store::names::Names;
use crate::codec::store::record::encode;
use crate::domain::recorded::Recorded;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::record::{Entry, Record};
use crate::journal::{self, Journal, JournalFiles, Log as _, LogSource, Options, StoreId, Syncing};
use crate::views::{Identity, Opening, Views, WriteCount};

pub const TENANT: &str = "tenant";
const STORE_ID: StoreId = StoreId::new(*b"a store of tests");
/// The scheduler's threads have small stacks, and sled needs a large one.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// A store whose projector works when a test wants it to.
pub struct Store {
    journal: Mutex<journal::Writer>,
    sources: Sources,
    learnings: Arc<Learnings>,
    learner: Mutex<Learner>,
    _directory: TempDir,
}

/// Runs a test once, where the scheduler's locks may be used.
pub fn run(test: impl Fn() + Send + Sync + 'static) {
    let mut config = shuttle::Config::new();
    config.stack_size = STACK_BYTES;
    let scheduler = shuttle::scheduler::RandomScheduler::new(1);
    shuttle::Runner::new(scheduler, config).run(test);
}

impl Store {
    pub fn new() -> Store {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("journal");
        let options = Options {
            segment_bytes: 1 << 16,
            new_store_id: STORE_ID,
            durable: None,
            syncing: Syncing::EachCommit,
        };
        let journal = Journal::open(&path, options).unwrap().writer;
        let zones = ZoneDatabase::bundled();
        let time_zone_database = zones.version().to_owned();
        let identity = Identity { store_id: STORE_ID, time_zone_database, last_sequence: 0 };
        let found =
            Views::find(&directory.path().join("views"), Opening::within(Duration::from_secs(60)));
        let views = Arc::new(found.of(&identity).unwrap());
        let memory = MemoryBudget::default();
        let cache = Cache::restored(&views, zones.clone(), Names::default(), &memory).unwrap();
        let cache = Arc::new(cache);
        let log: Arc<dyn LogSource> = Arc::new(JournalFiles::at(path));
        let whole = IndexPosition::whole(0, Instant::MIN);
        let projector = Arc::new(Projector::new(Arc::clone(&log), whole, memory.projecting));
        let (names, followed) = (Names::default(), Arc::default());
        let sources = Sources { cache, views, projector, zones, names, log, followed };
        let learnings = Arc::<Learnings>::default();
        let learner =
            Learner::new(sources.clone(), Arc::clone(&learnings), MemoryBudget::default().learnt);
        Store {
            journal: Mutex::new(journal),
            sources,
            learnings,
            learner: Mutex::new(learner),
            _directory: directory,
        }
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    pub fn zones(&self) -> &ZoneDatabase {
        &self.sources.zones
    }

    pub fn record(&self, record_time: Instant, entry: Entry) {
        self.record_all(vec![(record_time, entry)]);
    }

    /// Records at the times given, in one commit.
    pub fn record_all(&self, entries: Vec<(Instant, Entry)>) {
        let mut journal = self.journal.lock();
        let staged = entries.into_iter().map(|(record_time, entry)| {
            let value = Record { tenant: TENANT.into(), entry };
            let sequence = journal.stage(record_time, &encode(&value)).unwrap();
            Recorded { sequence, record_time, value }
        });
        let records: Vec<_> = staged.collect();
        let head = journal.commit().unwrap().head;
        let Sources { cache, views, .. } = &self.sources;
        cache.fold(records, head, views).unwrap();
    }

    /// What was written to the views.
    pub fn written(&self) -> WriteCount {
        self.sources.views.written().unwrap()
    }

    /// The projector brings the index up to date; it would wait for ever for one who holds it.
    pub fn project(&self) {
        let Sources { cache, views, projector, .. } = &self.sources;
        assert!(!projector.is_read());
        projector.project(cache, views).unwrap();
    }

    pub fn read(&self, request: ReadRequest) -> Reading<'_> {
        self.learn();
        let origin = Origin { sources: &self.sources, learnings: &self.learnings };
        origin.indexed(TENANT.into(), request, 0, RowsRead::default()).unwrap()
    }

    /// The same for who asks about now, where it is this instant.
    pub fn read_now(&self, now: Instant) -> Reading<'_> {
        let request = ReadRequest { as_of: Some(now), ..ReadRequest::default() };
        let Reading { view, index } = self.read(request);
        Reading { view, index: index.map(|index| index.of_now(&self.sources)) }
    }

    /// Forgets what was recorded of late, as a start does: from then on every time before the last
    /// record is the past.
    pub fn forget(&self) {
        let Sources { cache, views, .. } = &self.sources;
        cache.forget(views).unwrap();
    }

    /// The learner learns from everything recorded, in its way as long as nobody asks.
    pub fn learn(&self) {
        self.learner.lock().catch_up();
    }

    /// Whether somebody keeps the index from being brought up to date.
    pub fn index_is_read(&self) -> bool {
        self.sources.projector.is_read()
    }
}
