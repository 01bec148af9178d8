//! The one writer: decides what waits, records it as one group of the log, folds it in.

use std::iter::Peekable;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::batch::{Batch, Staged};
use super::cache::{Cache, FoldError};
use super::job::{
    ActionAnswer, AdoptionAnswer, Body, Finished, Group, Job, Receipt, Responder, Results, Sent,
    TermsAnswer, TermsJob, WriteError, syncing,
};
use super::learning::Learnings;
use super::measures::Measures;
use super::names_file::NamesFile;
use super::outage_log::OutageLog;
use super::progress::Progress;
use super::projector::Projector;
use super::queue::Queue;
use super::settled_time::SettledTime;
use crate::codec;
use crate::codec::store::kept_name::KeptName;
use crate::codec::store::names::Names;
use crate::domain::ids::{NO_TENANT, TenantId};
use crate::domain::incident::IncidentEvent;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::engine::action::{ActionDecision, TakeAction, decide_action};
use crate::engine::adoption::{AdoptZones, decide_adoption};
use crate::engine::decide::{decide_event, decide_service_event, decide_terms};
use crate::engine::erasing::check_erasable;
use crate::engine::ledger::Dedup;
use crate::engine::record::{Entry, Record};
use crate::engine::rejection::Rejection;
use crate::journal::{CommitError, Log, LogSource};
use crate::views::{IncidentKey, Views};

/// The writer, on a thread of its own.
pub(super) struct Writer {
    pub log: Box<dyn Log>,
    /// Reads again what the log holds and the fold lacks.
    pub source: Arc<dyn LogSource>,
    pub cache: Arc<Cache>,
    pub views: Arc<Views>,
    pub projector: Arc<Projector>,
    pub learnings: Arc<Learnings>,
    pub queue: Arc<Queue<Job>>,
    pub measures: Arc<Measures>,
    pub settled: Arc<SettledTime>,
    pub finished: mpsc::UnboundedSender<Group>,
    pub is_poisoned: Arc<watch::Sender<bool>>,
    pub events_an_incident_max: usize,
    pub outage_log: OutageLog,
    pub names: Names,
    pub names_file: NamesFile,
    /// A text is erased from the disk, and memory may hold it.
    pub must_forget: bool,
}

impl Writer {
    /// Writes until the queue is closed and empty.
    pub fn run(mut self) {
        while let Some(taken) = self.queue.take() {
            let begun = std::time::Instant::now();
            let cost = taken.iter().map(|(_, ticket)| ticket.cost).sum();
            let mut jobs =
                taken.into_iter().filter_map(|(job, ticket)| job.if_wanted(ticket)).peekable();
            while jobs.peek().is_some() {
                self.write_group(&mut jobs);
            }
            self.queue.measure(cost, begun.elapsed());
        }
    }

    /// Writes as many jobs as one sync should make durable.
    fn write_group(&mut self, jobs: &mut Peekable<impl Iterator<Item = Job>>) {
        if let Err(error) = self.catch_up() {
            jobs.for_each(|job| job.fail(error.clone()));
            return;
        }
        let has_room = self.projector.wait_for_room(&self.cache);
        let progress = self.cache.progress();
        let settled = Arc::clone(&self.settled);
        let _under_way = settled.begin(progress.record_time);
        let mut batch = Batch::after(progress, Arc::clone(&settled));
        let mut finished = Vec::new();
        let mut decided = Ok(());
        while decided.is_ok()
            && batch.has_room(self.log.group_bytes())
            && let Some(job) = jobs.next_if(|job| finished.is_empty() || !job.erases())
        {
            let (job, result) = self.decide(job, &mut batch);
            finished.push(job);
            decided = result;
        }
        let is_new = !batch.records.is_empty();
        let outcome = match decided {
            Ok(()) if is_new && !has_room => Err(WriteError::Behind),
            decided => decided.and_then(|()| self.record(batch, &finished)),
        };
        if outcome.is_err() {
            self.log.discard_staged();
        }
        // The runtime has gone when nobody listens: then nobody waits either.
        let _ = self.finished.send(Group { jobs: finished, outcome });
    }

    fn record(&mut self, batch: Batch, finished: &[Finished]) -> Result<Progress, WriteError> {
        if batch.records.is_empty() {
            return Ok(self.cache.progress());
        }
        let Batch { records, incidents, services, .. } = batch;
        // The fold adds to these ledgers: whoever still shares them would make it copy them whole.
        drop((incidents, services));
        let syncing = syncing(finished, records.len());
        let begun = std::time::Instant::now();
        self.keep_names()?;
        crash_point!("names-kept");
        let end = self.log.commit().map_err(|error| self.refused(&error))?;
        drop(syncing);
        self.measures.note_group(records.len(), begun.elapsed());
        self.outage_log.end();
        crash_point!("fold-before");
        let folded = self.cache.fold(records, end.head, &self.views);
        folded.map_err(|error| self.unfolded(error.into()))?;
        crash_point!("fold-after");
        self.projector.notice_progress(&self.cache);
        self.learnings.notice_progress();
        Ok(self.cache.progress())
    }

    /// Makes the names durable that the staged records refer to.
    fn keep_names(&mut self) -> Result<(), WriteError> {
        self.names_file.keep(&self.names).map_err(|error| {
            let error = error.to_string();
            self.outage_log.begin(&error, false);
            WriteError::Journal(error)
        })
    }

    /// Erases a text of a tenant; nothing waits to be recorded. The views refer to it as records
    /// do, so only the file of names and what is in memory have it. A repeat ends what a
    /// failure left undone. Returns the token that stands for it.
    fn erase(&mut self, tenant: &TenantId, text: &str) -> Result<Option<String>, WriteError> {
        check_erasable(&self.cache.catalog(tenant), text)?;
        let token = self.names.token(tenant, text);
        if token.is_none() && !self.must_forget {
            return Ok(None);
        }
        // What is in memory still has the text: it must not get into the views.
        let held = self.projector.hold(self.cache.progress().sequence)?;
        let failed = |error: String| WriteError::Journal(error);
        let erasure = KeptName::erasure(tenant).map_err(|error| failed(error.to_string()))?;
        self.must_forget = true;
        let erased = self.names_file.erase(&self.names, tenant, text, erasure);
        erased.map_err(|error| failed(error.to_string()))?;
        self.cache.forget(&self.views)?;
        self.must_forget = false;
        drop(held);
        self.learnings.notice_progress();
        Ok(token)
    }

    /// Folds what is durable though its fold failed: whatever is decided must know of it, and
    /// what is folded after it must not hide that it is missing.
    fn catch_up(&mut self) -> Result<(), WriteError> {
        let last = self.log.end().sequence;
        if self.cache.progress().sequence == last {
            return Ok(());
        }
        let caught_up = self.cache.catch_up(last, &*self.source, &self.views);
        caught_up.map_err(|error| self.unfolded(error))?;
        self.projector.notice_progress(&self.cache);
        self.learnings.notice_progress();
        Ok(())
    }

    fn refused(&mut self, error: &CommitError) -> WriteError {
        let lasts = error.is_lasting();
        self.outage_log.begin(&error.to_string(), lasts);
        if lasts {
            self.is_poisoned.send_replace(true);
        }
        WriteError::Journal(error.to_string())
    }

    fn unfolded(&mut self, error: FoldError) -> WriteError {
        self.outage_log.begin(&format!("what is recorded can't be folded yet: {error}"), false);
        match error {
            FoldError::Views(error) => error.into(),
            other => WriteError::Journal(other.to_string()),
        }
    }

    fn decide(&mut self, job: Job, batch: &mut Batch) -> (Finished, Result<(), WriteError>) {
        match job {
            Job::Events(tenant, events, responder) => {
                let decided = events.into_iter().map(|sent| self.event(&tenant, sent, batch));
                finished(responder, results(decided))
            }
            Job::ServiceEvents(tenant, events, responder) => {
                let decided =
                    events.into_iter().map(|sent| self.service_event(&tenant, sent, batch));
                finished(responder, results(decided))
            }
            Job::Terms(job, responder) => finished(responder, self.terms(*job, batch)),
            Job::Action(tenant, action, responder) => {
                finished(responder, self.action(tenant, *action, batch))
            }
            Job::Webhook(job, responder) => finished(responder, self.webhook(*job, batch)),
            Job::Adoption(adopt, responder) => finished(responder, self.adoption(*adopt, batch)),
            Job::Erase(tenant, text, responder) => {
                batch.is_closed = true;
                finished(responder, self.erase(&tenant, &text))
            }
        }
    }

    fn event(
        &mut self,
        tenant: &TenantId,
        sent: Sent<IncidentEvent>,
        batch: &mut Batch,
    ) -> Result<Receipt, WriteError> {
        let key = IncidentKey::new(tenant, &sent.event.incident_id);
        if !batch.incidents.contains_key(&key) {
            let recorded = self.cache.ledger(&key, &self.views)?;
            batch.incidents.insert(key.clone(), Staged { recorded, added: Vec::new() });
        }
        let dedup = batch.incidents.get(&key).map(|staged| {
            let event_id = &sent.event.event_id;
            let before = staged.recorded.find(event_id).map(|known| (known.sequence, &known.value));
            let recorded = before.or_else(|| batch.added_event(&staged.added, event_id));
            let count = staged.recorded.events.len() + staged.added.len();
            decide_event(recorded, &sent.event, count, self.events_an_incident_max)
        });
        let entry = Entry::IncidentEvent(sent.event);
        let place = batch.records.len();
        let result = self.admit(dedup, tenant, entry, sent.body, batch)?;
        if batch.records.len() > place
            && let Some(staged) = batch.incidents.get_mut(&key)
        {
            staged.added.push(place);
        }
        Ok(result)
    }

    fn service_event(
        &mut self,
        tenant: &TenantId,
        sent: Sent<ServiceEvent>,
        batch: &mut Batch,
    ) -> Result<Receipt, WriteError> {
        let key = format!("{tenant}\0{}", sent.event.service);
        if !batch.services.contains_key(&key) {
            let service = &sent.event.service;
            let recorded = self.cache.service_ledger(tenant, service, &self.views)?;
            batch.services.insert(key.clone(), Staged { recorded, added: Vec::new() });
        }
        let dedup = batch.services.get(&key).map(|staged| {
            let event_id = &sent.event.event_id;
            let before = staged.recorded.find(event_id).map(|known| (known.sequence, &known.value));
            let recorded = before.or_else(|| batch.added_service_event(&staged.added, event_id));
            decide_service_event(recorded, &sent.event)
        });
        let entry = Entry::ServiceEvent(sent.event);
        let place = batch.records.len();
        let result = self.admit(dedup, tenant, entry, sent.body, batch)?;
        if batch.records.len() > place
            && let Some(staged) = batch.services.get_mut(&key)
        {
            staged.added.push(place);
        }
        Ok(result)
    }

    /// Stages what is new.
    fn admit(
        &mut self,
        dedup: Option<Result<Dedup, Rejection>>,
        tenant: &TenantId,
        entry: Entry,
        body: Body,
        batch: &mut Batch,
    ) -> Result<Receipt, WriteError> {
        if let Some(Dedup::Duplicate(sequence)) = dedup.transpose()? {
            return Ok(Receipt { sequence, is_duplicate: true });
        }
        let record = Record { tenant: tenant.clone(), entry };
        let body = match body.bytes.filter(|_| body.erasures == self.names.erasures()) {
            Some(bytes) => bytes,
            None => self.encode(&record)?,
        };
        let sequence = self.stage(batch.tick(), record, &body, batch)?;
        Ok(Receipt { sequence, is_duplicate: false })
    }

    fn terms(&mut self, job: TermsJob, batch: &mut Batch) -> Result<TermsAnswer, WriteError> {
        let TermsJob { tenant, change, validate_only } = job;
        let record_time = batch.tick();
        let catalog = self.cache.catalog(&tenant);
        let decision = decide_terms(&catalog, change, record_time)?;
        if let Some(entry) = decision.entry.clone().filter(|_| !validate_only) {
            let record = Record { tenant, entry: Entry::Terms(entry) };
            let body = self.encode(&record)?;
            self.stage(record_time, record, &body, batch)?;
            batch.is_closed = true;
        }
        Ok(TermsAnswer { decision, validate_only })
    }

    fn action(
        &mut self,
        tenant: TenantId,
        action: TakeAction,
        batch: &mut Batch,
    ) -> Result<ActionAnswer, WriteError> {
        let last = batch.last_time;
        let record_time = batch.tick();
        let (catalog, actions) = (self.cache.catalog(&tenant), self.cache.actions(&tenant));
        let action = match decide_action(&catalog, &actions, action, record_time, last)? {
            ActionDecision::New(action) => action,
            ActionDecision::Duplicate(recorded) => {
                return Ok(ActionAnswer { recorded, is_duplicate: true });
            }
        };
        let record = Record { tenant, entry: Entry::Action(action.clone()) };
        let body = self.encode(&record)?;
        let sequence = self.stage(record_time, record, &body, batch)?;
        batch.is_closed = true;
        let recorded = Recorded { sequence, record_time, value: action };
        Ok(ActionAnswer { recorded, is_duplicate: false })
    }

    fn adoption(
        &mut self,
        adopt: AdoptZones,
        batch: &mut Batch,
    ) -> Result<AdoptionAnswer, WriteError> {
        let record_time = batch.tick();
        let adoption = decide_adoption(&self.cache.adopted(), adopt, record_time)?;
        if let Some(adoption) = adoption.clone() {
            let record = Record { tenant: NO_TENANT.clone(), entry: Entry::Adoption(adoption) };
            let body = self.encode(&record)?;
            self.stage(record_time, record, &body, batch)?;
            batch.is_closed = true;
        }
        Ok(adoption)
    }

    pub(super) fn encode(&self, record: &Record) -> Result<Vec<u8>, WriteError> {
        let encoded = codec::store::record::encode_sealed(record, &self.names);
        encoded.map_err(|error| WriteError::Journal(error.to_string()))
    }

    pub(super) fn stage(
        &mut self,
        record_time: Instant,
        record: Record,
        body: &[u8],
        batch: &mut Batch,
    ) -> Result<u64, WriteError> {
        let sequence = self.log.stage(record_time, body)?;
        batch.bytes += body.len();
        batch.records.push(Recorded { sequence, record_time, value: record });
        Ok(sequence)
    }
}

/// The results of a call's events: one that is refused stops none of the others.
fn results(
    decided: impl Iterator<Item = Result<Receipt, WriteError>>,
) -> Result<Results, WriteError> {
    let mut results = Results::new();
    for decided in decided {
        match decided {
            Err(WriteError::Rejected(rejection)) => results.push(Err(rejection)),
            decided => results.push(Ok(decided?)),
        }
    }
    Ok(results)
}

/// A job, and whether it could be decided. What is refused is decided.
fn finished<T: Send + 'static>(
    responder: Responder<T>,
    decided: Result<T, WriteError>,
) -> (Finished, Result<(), WriteError>) {
    let outcome = match &decided {
        Ok(_) | Err(WriteError::Rejected(_)) => Ok(()),
        Err(error) => Err(error.clone()),
    };
    (Finished::new(responder, decided), outcome)
}

#[cfg(test)]
mod tests;
