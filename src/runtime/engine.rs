//! The running engine: what the service layer calls.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tracing::{Instrument, info_span};

use super::calendar_cache::CalendarCacheUse;
use super::job::{
    ActionAnswer, AdoptionAnswer, Answer, Body, Job, Responder, Results, Sent, TermsAnswer,
    TermsJob, WriteError,
};
use super::learning::Learnings;
use super::measures::{CacheUse, Measures};
use super::memory_budget::MemoryBudget;
use super::node::Node;
use super::progress::{Loss, Progress};
use super::query_error::QueryError;
use super::queue::{Backlog, Queue};
use super::read_point::ReadRequest;
use super::read_view::{self, Origin, ReadView, Reading};
use super::scrub::{Scrub, ScrubState};
use super::settled_time::SettledTime;
use super::sources::Sources;
use super::spans::TRACES;
use crate::codec::store::names::Names;
use crate::codec::store::record::{encode_incident_event, encode_service_event};
use crate::domain::ids::TenantId;
use crate::domain::incident::IncidentEvent;
use crate::domain::service::ServiceEvent;
use crate::domain::zone::ZoneDatabase;
use crate::engine::action::TakeAction;
use crate::engine::adoption::{AdoptZones, Adopted};
use crate::engine::catalog::Catalog;
use crate::engine::decide::ChangeTerms;
use crate::journal::{LogSource, StoreId, Unchanging};
use crate::views::ViewsError;

/// The running engine. All its methods may be called from any task.
#[derive(Debug)]
pub struct Engine {
    pub(super) sources: Sources,
    pub(super) learnings: Arc<Learnings>,
    pub(super) memory: MemoryBudget,
    pub(super) queue: Arc<Queue<Job>>,
    pub(super) measures: Arc<Measures>,
    pub(super) settled: Arc<SettledTime>,
    /// The node that it is of several; `None`: it is the only one.
    pub(super) node: Option<Arc<Node>>,
    pub(super) store_id: StoreId,
    pub(super) scrub: Arc<Scrub>,
    pub(super) is_poisoned: Arc<watch::Sender<bool>>,
    /// The sequence up to which the log is folded.
    pub(super) folded: Arc<watch::Sender<u64>>,
    pub(super) writing: Mutex<Option<JoinHandle<()>>>,
    pub(super) projecting: Mutex<Option<JoinHandle<()>>>,
    pub(super) learning: Mutex<Option<JoinHandle<()>>>,
    pub(super) scrubbing: Mutex<Option<JoinHandle<()>>>,
    /// Keeps everybody from writing to a journal that is only read.
    pub(super) unchanging: Mutex<Option<Unchanging>>,
    pub(super) is_read_only: bool,
    /// Where the store is.
    pub(super) directory: PathBuf,
}

impl Engine {
    /// Records events about incidents; answered when they are durable. Like every write, it is not
    /// begun after `until`.
    pub async fn record_events(
        &self,
        tenant: TenantId,
        events: Vec<IncidentEvent>,
        until: Option<Instant>,
    ) -> Answer<Results> {
        self.submit(until, |responder| self.events_job(tenant, events, responder)).await
    }

    /// Hands events in as soon as there is room; the answer comes when they are durable.
    pub async fn hand_in_events(
        &self,
        tenant: TenantId,
        events: Vec<IncidentEvent>,
    ) -> Result<oneshot::Receiver<Answer<Results>>, WriteError> {
        self.check_writable()?;
        let (responder, answer) = Responder::new();
        let job = self.events_job(tenant, events, responder);
        let (tenant, ticket) = (job.tenant().clone(), job.ticket(None));
        self.queue.put_patiently(&tenant, ticket, job).await?;
        Ok(answer)
    }

    /// Looks whether so many events of a tenant would be taken in at present, before they are
    /// decoded and encoded.
    ///
    /// # Errors
    /// When too much waits already.
    pub fn check_room(&self, tenant: &TenantId, events: usize) -> Result<(), WriteError> {
        Ok(self.queue.check_room(tenant, events as u64).inspect_err(|_| self.note_refused())?)
    }

    /// Notes that something was refused for lack of room: what can wait gives way.
    pub fn note_refused(&self) {
        self.learnings.give_way();
    }

    pub(super) async fn submit<T>(
        &self,
        until: Option<Instant>,
        job: impl FnOnce(Responder<T>) -> Job,
    ) -> Answer<T> {
        self.wait_for(until, job).instrument(info_span!(target: TRACES, "record")).await
    }

    async fn wait_for<T>(
        &self,
        until: Option<Instant>,
        job: impl FnOnce(Responder<T>) -> Job,
    ) -> Answer<T> {
        self.check_writable()?;
        let (responder, answer) = Responder::new();
        let job = job(responder);
        let (tenant, ticket) = (job.tenant().clone(), job.ticket(until));
        let handed_in = self.queue.put(&tenant, ticket, job).map_err(|(unwanted, _)| unwanted);
        handed_in.inspect_err(|_| self.note_refused())?;
        answer.await.unwrap_or(Err(WriteError::Stopping))
    }

    fn check_writable(&self) -> Result<(), WriteError> {
        match self.loss() {
            Some(loss) => Err(WriteError::Damaged(loss.clone())),
            None if self.is_read_only => Err(WriteError::ReadOnly),
            None => Ok(()),
        }
    }

    /// Whether nothing is recorded since the journal was opened only to be read.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// How much waits to be recorded.
    pub fn backlog(&self) -> Backlog {
        self.queue.backlog()
    }

    /// What the writer has measured since the start.
    pub fn measures(&self) -> &Measures {
        &self.measures
    }

    /// What is kept of compiled calendars.
    pub fn calendar_cache_use(&self) -> CalendarCacheUse {
        self.sources.cache.calendars.used()
    }

    /// Bytes that each part of the memory budget takes that is counted, about.
    pub fn memory_use(&self) -> [(&'static str, usize); 7] {
        [
            ("incidents", self.sources.cache.incident_bytes()),
            ("names", self.sources.names.bytes()),
            ("calendars", self.calendar_cache_use().bytes),
            ("waiting", self.backlog().bytes()),
            ("projecting", self.sources.cache.fresh_bytes()),
            ("learnt", self.learning().bytes),
            ("open", self.sources.cache.kept_evaluations.bytes()),
        ]
    }

    /// How the memory it may use is divided.
    pub fn memory_budget(&self) -> MemoryBudget {
        self.memory
    }

    /// How often an incident that was looked up was in memory.
    pub fn cache_use(&self) -> CacheUse {
        self.sources.cache.lookups.counted()
    }

    /// Records facts about services; answered when they are durable.
    pub async fn record_service_events(
        &self,
        tenant: TenantId,
        events: Vec<ServiceEvent>,
        until: Option<Instant>,
    ) -> Answer<Results> {
        let sent = events.into_iter().map(|event| {
            let body = self.body(|names| encode_service_event(&tenant, &event, names));
            Sent { event, body }
        });
        let sent = sent.collect();
        self.submit(until, |responder| Job::ServiceEvents(tenant, sent, responder)).await
    }

    /// Changes contracts or calendars, or only checks that they could be; answered when durable.
    pub async fn change_terms(
        &self,
        tenant: TenantId,
        change: ChangeTerms,
        validate_only: bool,
        until: Option<Instant>,
    ) -> Answer<TermsAnswer> {
        let job = Box::new(TermsJob { tenant, change, validate_only });
        self.submit(until, |responder| Job::Terms(job, responder)).await
    }

    /// Records an action of a person; answered when it is durable.
    pub async fn take_action(
        &self,
        tenant: TenantId,
        action: TakeAction,
        until: Option<Instant>,
    ) -> Answer<ActionAnswer> {
        self.submit(until, |responder| Job::Action(tenant, Box::new(action), responder)).await
    }

    /// Erases a text that may name a person, wherever it is a personal text of the tenant: from
    /// then on a pseudonym is read in its place. Answered when it is gone from the disk, with the
    /// token that stands for it in records; `None`: it was not there, and nothing is changed.
    pub async fn erase(
        &self,
        tenant: TenantId,
        text: String,
        until: Option<Instant>,
    ) -> Answer<Option<String>> {
        self.submit(until, |responder| Job::Erase(tenant, text, responder)).await
    }

    fn events_job(
        &self,
        tenant: TenantId,
        events: Vec<IncidentEvent>,
        responder: Responder<Results>,
    ) -> Job {
        let sent = events.into_iter().map(|event| {
            let body = self.body(|names| encode_incident_event(&tenant, &event, names));
            Sent { event, body }
        });
        let sent = sent.collect();
        Job::Events(tenant, sent, responder)
    }

    fn body(&self, encode: impl FnOnce(&Names) -> Option<Vec<u8>>) -> Body {
        let names = &self.sources.names;
        let erasures = names.erasures();
        Body { erasures, bytes: encode(names) }
    }

    /// Opens a view of everything folded so far. It waits for nothing.
    pub fn view(
        &self,
        tenant: &TenantId,
        request: ReadRequest,
    ) -> Result<ReadView<'_>, QueryError> {
        self.check(request)?;
        Ok(self.origin().present(tenant.clone(), request)?)
    }

    /// Opens a view of what the index holds, which must be complete up to a sequence at least; see
    /// [`Engine::wait_for_index`]. Blocks while the index is brought up to date.
    pub fn read(
        &self,
        tenant: &TenantId,
        request: ReadRequest,
        sequence: u64,
    ) -> Result<Reading<'_>, QueryError> {
        Ok(self.origin().indexed(tenant.clone(), request, sequence, Default::default())?)
    }

    fn origin(&self) -> Origin<'_> {
        Origin { sources: &self.sources, learnings: &self.learnings }
    }

    /// Refuses a request for more than is recorded, or for what is lost.
    fn check(&self, request: ReadRequest) -> Result<(), QueryError> {
        read_view::check(request, &self.sources, self.loss())
    }

    /// Checks a request and waits until the index holds everything recorded so far; returns up to
    /// which sequence that is.
    pub async fn wait_for_index(&self, request: ReadRequest) -> Result<u64, QueryError> {
        self.wait_for_sequence(request.min_sequence).await;
        self.check(request)?;
        let sequence = self.progress().sequence;
        match self.sources.projector.catch_up(sequence).await {
            true => Ok(sequence),
            false => Err(ViewsError::Behind.into()),
        }
    }

    /// What of the journal is lost, if it is damaged.
    pub fn loss(&self) -> Option<&Loss> {
        self.scrub.loss()
    }

    /// Becomes true when the journal turns out to be damaged, at the start or later.
    pub fn damaged(&self) -> watch::Receiver<bool> {
        self.scrub.damaged()
    }

    /// How far the journal was read again for damage.
    pub fn scrub_state(&self) -> ScrubState {
        self.scrub.state()
    }

    /// Becomes true when the journal can't be written any more until the next start.
    pub fn poisoned(&self) -> watch::Receiver<bool> {
        self.is_poisoned.subscribe()
    }

    /// The log, to be read.
    pub(super) fn log(&self) -> &dyn LogSource {
        &*self.sources.log
    }

    /// The tenants of whom anything is recorded; complete once the index is, see
    /// [`Engine::wait_for_index`].
    pub fn tenants(&self) -> Result<BTreeSet<TenantId>, QueryError> {
        let mut tenants = self.sources.views.tenants()?;
        tenants.extend(self.sources.cache.tenants());
        Ok(tenants)
    }

    /// A tenant's contracts and calendars.
    pub fn catalog(&self, tenant: &TenantId) -> Arc<Catalog> {
        self.sources.cache.catalog(tenant)
    }

    /// How far the journal is folded.
    pub fn progress(&self) -> Progress {
        self.sources.cache.progress()
    }

    /// The time zone database in use.
    pub fn zones(&self) -> ZoneDatabase {
        self.sources.cache.zones()
    }

    /// The time zone database that was found at the start. It is used once it is adopted.
    pub fn zones_available(&self) -> &ZoneDatabase {
        &self.sources.zones
    }

    /// The same, if it is not in use.
    pub fn zones_not_adopted(&self) -> Option<&ZoneDatabase> {
        let available = self.zones_available();
        (available.digest() != self.zones().digest()).then_some(available)
    }

    /// The time zone databases adopted.
    pub fn zones_adopted(&self) -> Adopted {
        self.sources.cache.adopted()
    }

    /// Adopts a time zone database; answered when that is durable.
    pub async fn adopt_zones(
        &self,
        adopt: AdoptZones,
        until: Option<Instant>,
    ) -> Answer<AdoptionAnswer> {
        self.submit(until, |responder| Job::Adoption(Box::new(adopt), responder)).await
    }

    /// The names that records refer to.
    pub fn names(&self) -> &Names {
        &self.sources.names
    }

    /// The store's secret id.
    pub fn store_id(&self) -> &StoreId {
        &self.store_id
    }

    /// Takes no more writes, finishes those that wait, and completes the views. Blocks.
    pub fn stop(&self) {
        self.learnings.close();
        self.scrub.close();
        self.queue.close();
        join(&self.writing);
        join(&self.scrubbing);
        self.sources.projector.close();
        join(&self.projecting);
        join(&self.learning);
        if let Err(error) = self.sources.views.close() {
            tracing::warn!(%error, "the views can't be closed: they will be folded anew");
        }
        drop(self.unchanging.lock().take());
    }
}

fn join(thread: &Mutex<Option<JoinHandle<()>>>) {
    if thread.lock().take().is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("a thread of the engine panicked");
    }
}
