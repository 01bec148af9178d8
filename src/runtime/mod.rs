//! The running engine: the only place with tasks, threads and channels.
//!
//! One writer thread decides and records; one keeper thread carries what is new over to the views;
//! the network's tasks hand jobs to the first and read beside the second.

mod backup;
mod comparing;
mod complying;
mod decide_error;
mod draft;
mod errands;
mod exporting;
mod forecasting;
mod inbox;
mod job;
mod keeper;
mod learning;
mod listing;
mod memory;
mod open_log;
mod recount;
mod replay;
mod reviewing;
mod settling;
mod simulating;
mod start;
mod sync;
mod trouble;
pub mod wall;
mod writer;
pub mod zones;

use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use crate::domain::incident::IncidentEvent;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::catalog::Catalog;
use crate::engine::command::ChangeTerms;
use crate::engine::deed::DoDeed;
use crate::engine::ledger::Ledger;
use crate::engine::query::Times;
use crate::engine::refusal::Refusal;
use crate::journal::LogSource;
use crate::views::{IncidentKey, Views, ViewsError};
use crate::wire;
use inbox::Inbox;
use job::{Asker, Job, Sent, TermsJob};
use keeper::Keeper;
use learning::Learnings;
use memory::Memory;

pub use backup::{BackUpError, Portion};
pub use complying::Reckoned;
pub use exporting::{Export, Rows};
pub use forecasting::ForecastAsked;
pub use job::{Answer, DeedAnswer, Recorded, Results, TermsAnswer, WriteError};
pub use listing::{ClockFilter, ClockMark, FoundClock};
pub use memory::Progress;
pub use recount::{Difference, Recount, RecountError, recount};
pub use replay::{Loss, ReplayError};
pub use reviewing::ReviewAsked;
pub use start::{StartError, StoreOptions};

/// The running engine. All its methods may be called from any task.
#[derive(Debug)]
pub struct Engine {
    memory: Arc<Memory>,
    views: Arc<Views>,
    keeper: Arc<Keeper>,
    inbox: Arc<Inbox<Job>>,
    zones: ZoneDatabase,
    store_id: [u8; 16],
    log: Arc<dyn LogSource>,
    loss: Option<Loss>,
    learnings: Learnings,
    is_poisoned: Arc<watch::Sender<bool>>,
    writing: Mutex<Option<JoinHandle<()>>>,
    keeping: Mutex<Option<JoinHandle<()>>>,
}

/// What a question may see: the journal up to a sequence, at two times.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// The last sequence seen.
    pub sequence: u64,
    /// The instant to evaluate at, and the one up to which things are known.
    pub times: Times,
}

impl Engine {
    /// Records events about incidents; answered when they are durable.
    pub async fn record_events(
        &self,
        tenant: String,
        events: Vec<IncidentEvent>,
    ) -> Answer<Results> {
        self.ask(|asker| events_job(tenant, events, asker)).await
    }

    /// Hands events in and returns at once; the answer comes when they are durable.
    pub fn hand_in_events(
        &self,
        tenant: String,
        events: Vec<IncidentEvent>,
    ) -> Result<oneshot::Receiver<Answer<Results>>, WriteError> {
        let (asker, answer) = oneshot::channel();
        self.hand_in(events_job(tenant, events, asker))?;
        Ok(answer)
    }

    async fn ask<T>(&self, job: impl FnOnce(Asker<T>) -> Job) -> Answer<T> {
        let (asker, answer) = oneshot::channel();
        self.hand_in(job(asker))?;
        answer.await.unwrap_or(Err(WriteError::Stopping))
    }

    fn hand_in(&self, job: Job) -> Result<(), WriteError> {
        match &self.loss {
            Some(loss) => Err(WriteError::Damaged(loss.clone())),
            None => Ok(self.inbox.put(job)?),
        }
    }

    /// Records facts about services; answered when they are durable.
    pub async fn record_service_events(
        &self,
        tenant: String,
        events: Vec<ServiceEvent>,
    ) -> Answer<Results> {
        let sent = events.into_iter().map(|event| {
            let body = wire::record::encode_service_event(&tenant, &event);
            Sent { event, body }
        });
        let sent = sent.collect();
        self.ask(|asker| Job::ServiceEvents(tenant, sent, asker)).await
    }

    /// Changes contracts or calendars, or only checks that they could be; answered when durable.
    pub async fn change_terms(
        &self,
        tenant: String,
        change: ChangeTerms,
        validate_only: bool,
    ) -> Answer<Result<TermsAnswer, Refusal>> {
        let job = Box::new(TermsJob { tenant, change, validate_only });
        self.ask(|asker| Job::Terms(job, asker)).await
    }

    /// Records what somebody did about the figures; answered when it is durable.
    pub async fn do_deed(
        &self,
        tenant: String,
        deed: DoDeed,
    ) -> Answer<Result<DeedAnswer, Refusal>> {
        self.ask(|asker| Job::Deed(tenant, Box::new(deed), asker)).await
    }

    /// What a question asked now sees, if it asks for these times. What is lost is not answered.
    pub fn sight(&self, as_of: Option<Instant>, known: Option<Instant>) -> Result<Sight, &Loss> {
        if let Some(loss) = &self.loss
            && known.is_none_or(|known| known > loss.before.record_time)
        {
            return Err(loss);
        }
        let progress = self.memory.progress();
        Ok(sight(progress.sequence, progress.record_time, as_of, known))
    }

    /// What of the journal is lost, if it is damaged.
    pub fn loss(&self) -> Option<&Loss> {
        self.loss.as_ref()
    }

    /// Becomes true when the journal can't be written any more until the next start.
    pub fn poisoned(&self) -> watch::Receiver<bool> {
        self.is_poisoned.subscribe()
    }

    /// The log, to be read.
    fn log(&self) -> &dyn LogSource {
        &*self.log
    }

    /// A tenant's contracts and calendars.
    pub fn catalog(&self, tenant: &str) -> Arc<Catalog> {
        self.memory.catalog(tenant)
    }

    /// Everything recorded about an incident; nothing, when it is not known.
    pub fn ledger(&self, tenant: &str, incident: &str) -> Result<Arc<Ledger>, ViewsError> {
        self.memory.ledger(&IncidentKey::new(tenant, incident), &self.views)
    }

    /// How far the journal is folded.
    pub fn progress(&self) -> Progress {
        self.memory.progress()
    }

    /// Up to which sequence the views are complete.
    pub fn views_sequence(&self) -> u64 {
        self.keeper.carried().sequence
    }

    /// The time zone database in use.
    pub fn zones(&self) -> &ZoneDatabase {
        &self.zones
    }

    /// The store's secret id.
    pub fn store_id(&self) -> &[u8; 16] {
        &self.store_id
    }

    /// Takes no more writes, finishes those that wait, and completes the views. Blocks.
    pub fn stop(&self) {
        self.inbox.close();
        join(&self.writing);
        self.keeper.close();
        join(&self.keeping);
        self.learnings.keep(&self.views);
        if let Err(error) = self.views.close() {
            tracing::warn!(%error, "the views can't be closed: they will be folded anew");
        }
    }
}

fn events_job(tenant: String, events: Vec<IncidentEvent>, asker: Asker<Results>) -> Job {
    let sent = events.into_iter().map(|event| {
        let body = wire::record::encode_incident_event(&tenant, &event);
        Sent { event, body }
    });
    let sent = sent.collect();
    Job::Events(tenant, sent, asker)
}

fn join(thread: &Mutex<Option<JoinHandle<()>>>) {
    if thread.lock().take().is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("a thread of the engine panicked");
    }
}

/// The times asked for, or now: never before the last record, even if the clock was set back.
fn sight(
    sequence: u64,
    record_time: Instant,
    as_of: Option<Instant>,
    known: Option<Instant>,
) -> Sight {
    let as_of = as_of.unwrap_or_else(|| wall::now().max(record_time));
    let known = known.map_or(record_time, |known| known.min(record_time));
    Sight { sequence, times: Times { as_of, known } }
}
