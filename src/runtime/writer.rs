//! The one writer: decides what waits, records it as one group of the log, folds it in.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::draft::{Draft, Staged};
use super::inbox::Inbox;
use super::job::{
    Asker, DeedAnswer, Finished, Group, Job, Receipt, Results, Sent, TermsAnswer, TermsJob,
    WriteError,
};
use super::keeper::Keeper;
use super::memory::{FoldError, Memory};
use super::progress::Progress;
use super::trouble::Trouble;
use crate::codec;
use crate::domain::incident::IncidentEvent;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::engine::command::{decide_event, decide_service_event, decide_terms};
use crate::engine::deed::{DeedDecision, DoDeed, decide_deed};
use crate::engine::ledger::Dedup;
use crate::engine::record::{Entry, Record};
use crate::engine::refusal::Refusal;
use crate::journal::{CommitError, Log, LogSource, StageError};
use crate::views::{IncidentKey, Views, ViewsError};

/// The writer, on a thread of its own.
pub(super) struct Writer {
    pub log: Box<dyn Log>,
    /// Reads again what the log holds and the fold lacks.
    pub source: Arc<dyn LogSource>,
    pub memory: Arc<Memory>,
    pub views: Arc<Views>,
    pub keeper: Arc<Keeper>,
    pub inbox: Arc<Inbox<Job>>,
    pub finished: mpsc::UnboundedSender<Group>,
    pub is_poisoned: Arc<watch::Sender<bool>>,
    pub events_an_incident_max: usize,
    pub trouble: Trouble,
}

impl Writer {
    /// Works until the inbox is closed and empty.
    pub fn run(mut self) {
        while let Some(jobs) = self.inbox.take() {
            let mut jobs = jobs.into_iter().peekable();
            while jobs.peek().is_some() {
                self.write_group(&mut jobs);
            }
        }
    }

    /// Writes as many jobs as one sync should bear.
    fn write_group(&mut self, jobs: &mut impl Iterator<Item = Job>) {
        if let Err(error) = self.catch_up() {
            jobs.for_each(|job| job.fail(error.clone()));
            return;
        }
        let has_room = self.keeper.wait_for_room(&self.memory);
        let mut draft = Draft::after(self.memory.progress());
        let mut finished = Vec::new();
        let mut decided = Ok(());
        while decided.is_ok()
            && draft.has_room(self.log.group_bytes())
            && let Some(job) = jobs.next()
        {
            let (job, result) = self.decide(job, &mut draft);
            finished.push(job);
            decided = result;
        }
        let is_new = !draft.records.is_empty();
        let outcome = match decided {
            Ok(()) if is_new && !has_room => Err(WriteError::Behind),
            decided => decided.and_then(|()| self.record(draft)),
        };
        if outcome.is_err() {
            self.log.discard_staged();
        }
        // The runtime has gone when nobody listens: then nobody waits either.
        let _ = self.finished.send(Group { jobs: finished, outcome });
    }

    fn record(&mut self, draft: Draft) -> Result<Progress, WriteError> {
        if draft.records.is_empty() {
            return Ok(self.memory.progress());
        }
        let Draft { records, incidents, services, .. } = draft;
        // The fold adds to these ledgers: whoever still shares them would make it copy them whole.
        drop((incidents, services));
        let end = self.log.commit().map_err(|error| self.refused(&error))?;
        self.trouble.end();
        crash_point!("fold-before");
        let folded = self.memory.fold(records, end.head, &self.views);
        folded.map_err(|error| self.unfolded(error.into()))?;
        crash_point!("fold-after");
        self.keeper.notice_progress(&self.memory);
        Ok(self.memory.progress())
    }

    /// Folds what is durable though its fold failed: whatever is decided must know of it, and
    /// what is folded after it must not hide that it is missing.
    fn catch_up(&mut self) -> Result<(), WriteError> {
        let last = self.log.end().sequence;
        if self.memory.progress().sequence == last {
            return Ok(());
        }
        let caught_up = self.memory.catch_up(last, &*self.source, &self.views);
        caught_up.map_err(|error| self.unfolded(error))?;
        self.keeper.notice_progress(&self.memory);
        Ok(())
    }

    fn refused(&mut self, error: &CommitError) -> WriteError {
        let lasts = error.is_lasting();
        self.trouble.tell(&error.to_string(), lasts);
        if lasts {
            self.is_poisoned.send_replace(true);
        }
        WriteError::Journal(error.to_string())
    }

    fn unfolded(&mut self, error: FoldError) -> WriteError {
        self.trouble.tell(&format!("what is recorded can't be folded yet: {error}"), false);
        match error {
            FoldError::Views(error) => error.into(),
            other => WriteError::Journal(other.to_string()),
        }
    }

    fn decide(&mut self, job: Job, draft: &mut Draft) -> (Finished, Result<(), WriteError>) {
        match job {
            Job::Events(tenant, events, asker) => {
                let decided = events.into_iter().map(|sent| self.event(&tenant, sent, draft));
                finished(asker, results(decided))
            }
            Job::ServiceEvents(tenant, events, asker) => {
                let decided =
                    events.into_iter().map(|sent| self.service_event(&tenant, sent, draft));
                finished(asker, results(decided))
            }
            Job::Terms(job, asker) => finished(asker, self.terms(*job, draft)),
            Job::Deed(tenant, deed, asker) => finished(asker, self.deed(tenant, *deed, draft)),
        }
    }

    fn event(
        &mut self,
        tenant: &str,
        sent: Sent<IncidentEvent>,
        draft: &mut Draft,
    ) -> Result<Receipt, WriteError> {
        let key = IncidentKey::new(tenant, &sent.event.incident_id);
        if !draft.incidents.contains_key(&key) {
            let recorded = self.memory.ledger(&key, &self.views)?;
            draft.incidents.insert(key.clone(), Staged { recorded, added: Vec::new() });
        }
        let standing = draft.incidents.get(&key).map(|staged| {
            let event_id = &sent.event.event_id;
            let before = staged.recorded.find(event_id).map(|known| (known.sequence, &known.value));
            let recorded = before.or_else(|| draft.added_event(&staged.added, event_id));
            let count = staged.recorded.events.len() + staged.added.len();
            decide_event(recorded, &sent.event, count, self.events_an_incident_max)
        });
        let entry = Entry::IncidentEvent(sent.event);
        let place = draft.records.len();
        let result = self.admit(standing, tenant, entry, &sent.body, draft)?;
        if draft.records.len() > place
            && let Some(staged) = draft.incidents.get_mut(&key)
        {
            staged.added.push(place);
        }
        Ok(result)
    }

    fn service_event(
        &mut self,
        tenant: &str,
        sent: Sent<ServiceEvent>,
        draft: &mut Draft,
    ) -> Result<Receipt, WriteError> {
        let key = format!("{tenant}\0{}", sent.event.service);
        if !draft.services.contains_key(&key) {
            let service = &sent.event.service;
            let recorded = self.memory.service_ledger(tenant, service, &self.views)?;
            draft.services.insert(key.clone(), Staged { recorded, added: Vec::new() });
        }
        let standing = draft.services.get(&key).map(|staged| {
            let event_id = &sent.event.event_id;
            let before = staged.recorded.find(event_id).map(|known| (known.sequence, &known.value));
            let recorded = before.or_else(|| draft.added_service_event(&staged.added, event_id));
            decide_service_event(recorded, &sent.event)
        });
        let entry = Entry::ServiceEvent(sent.event);
        let place = draft.records.len();
        let result = self.admit(standing, tenant, entry, &sent.body, draft)?;
        if draft.records.len() > place
            && let Some(staged) = draft.services.get_mut(&key)
        {
            staged.added.push(place);
        }
        Ok(result)
    }

    /// Stages what is new.
    fn admit(
        &mut self,
        standing: Option<Result<Dedup, Refusal>>,
        tenant: &str,
        entry: Entry,
        body: &[u8],
        draft: &mut Draft,
    ) -> Result<Receipt, WriteError> {
        if let Some(Dedup::Duplicate(sequence)) = standing.transpose()? {
            return Ok(Receipt { sequence, is_duplicate: true });
        }
        let sequence = self.stage(draft.tick(), tenant.to_owned(), entry, body, draft)?;
        Ok(Receipt { sequence, is_duplicate: false })
    }

    fn terms(&mut self, job: TermsJob, draft: &mut Draft) -> Result<TermsAnswer, WriteError> {
        let TermsJob { tenant, change, validate_only } = job;
        let record_time = draft.tick();
        let catalog = self.memory.catalog(&tenant);
        let decision = decide_terms(&catalog, change, record_time)?;
        if let Some(entry) = decision.entry.clone().filter(|_| !validate_only) {
            let record = Record { tenant, entry: Entry::Terms(entry) };
            let body = codec::store::record::encode(&record);
            self.stage(record_time, record.tenant, record.entry, &body, draft)?;
            draft.is_closed = true;
        }
        Ok(TermsAnswer { decision, validate_only })
    }

    fn deed(
        &mut self,
        tenant: String,
        asked: DoDeed,
        draft: &mut Draft,
    ) -> Result<DeedAnswer, WriteError> {
        let last = draft.last_time;
        let record_time = draft.tick();
        let (catalog, book) = (self.memory.catalog(&tenant), self.memory.book(&tenant));
        let deed = match decide_deed(&catalog, &book, asked, record_time, last)? {
            DeedDecision::New(deed) => deed,
            DeedDecision::Duplicate(recorded) => {
                return Ok(DeedAnswer { recorded, is_duplicate: true });
            }
        };
        let record = Record { tenant, entry: Entry::Deed(deed.clone()) };
        let body = codec::store::record::encode(&record);
        let sequence = self.stage(record_time, record.tenant, record.entry, &body, draft)?;
        draft.is_closed = true;
        let recorded = Recorded { sequence, record_time, value: deed };
        Ok(DeedAnswer { recorded, is_duplicate: false })
    }

    fn stage(
        &mut self,
        record_time: Instant,
        tenant: String,
        entry: Entry,
        body: &[u8],
        draft: &mut Draft,
    ) -> Result<u64, WriteError> {
        let sequence = self.log.stage(record_time, body)?;
        draft.bytes += body.len();
        let value = Record { tenant, entry };
        draft.records.push(Recorded { sequence, record_time, value });
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
            Err(WriteError::Rejected(refusal)) => results.push(Err(refusal)),
            decided => results.push(Ok(decided?)),
        }
    }
    Ok(results)
}

/// A job, and whether it could be decided. What is refused is decided.
fn finished<T: Send + 'static>(
    asker: Asker<T>,
    decided: Result<T, WriteError>,
) -> (Finished, Result<(), WriteError>) {
    let outcome = match &decided {
        Ok(_) | Err(WriteError::Rejected(_)) => Ok(()),
        Err(error) => Err(error.clone()),
    };
    (Finished::new(asker, decided), outcome)
}

impl From<ViewsError> for WriteError {
    fn from(error: ViewsError) -> WriteError {
        let may_pass = error.may_pass();
        if !may_pass {
            tracing::error!(%error, "the views can't be read");
        }
        WriteError::Views { error: error.to_string(), may_pass }
    }
}

impl From<StageError> for WriteError {
    fn from(error: StageError) -> WriteError {
        match error {
            StageError::TooLarge { bytes_max: most, .. } => {
                Refusal::LimitExceeded { what: "a record", most, unit: "bytes" }.into()
            }
            StageError::TimeDecreases { .. } => WriteError::Journal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
