//! The one writer: decides what waits, records it as one group of the log, folds it in.

use std::iter::Peekable;
use std::sync::Arc;
use std::vec;

use tokio::sync::{mpsc, watch};

use super::batch::Batch;
use super::cache::Cache;
use super::fold_error::FoldError;
use super::job::{Finished, Group, Job, WriteError, syncing};
use super::learning::Learnings;
use super::measures::Measures;
use super::name_store::NameStore;
use super::outage_log::OutageLog;
use super::progress::Progress;
use super::projector::Projector;
use super::queue::Queue;
use super::replay::decoded;
use super::settled_time::SettledTime;
use crate::domain::ids::TenantId;
use crate::engine::erasing::check_erasable;
use crate::journal::{CommitError, Log, LogSource};
use crate::views::Views;

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
    pub folded: Arc<watch::Sender<u64>>,
    pub events_an_incident_max: usize,
    pub outage_log: OutageLog,
    pub names: NameStore,
    /// Somebody else has appended to the log before the group that was decided last.
    pub is_overtaken: bool,
}

impl Writer {
    /// Writes until the queue is closed and empty.
    pub fn run(mut self) {
        while let Some(taken) = self.queue.take() {
            let begun = std::time::Instant::now();
            let cost = taken.iter().map(|(_, ticket)| ticket.cost).sum();
            let jobs = taken.into_iter().filter_map(|(job, ticket)| job.if_wanted(ticket));
            self.write(jobs.collect());
            self.queue.measure(cost, begun.elapsed());
        }
    }

    /// Writes jobs, in as many groups as it takes. There may be none: then only what others have
    /// appended is folded.
    fn write(&mut self, jobs: Vec<Job>) {
        let mut jobs = jobs.into_iter().peekable();
        loop {
            if let Err(error) = self.catch_up() {
                return jobs.for_each(|job| job.fail(error.clone()));
            }
            if jobs.peek().is_none() {
                return;
            }
            let mut overtaken = self.write_group(&mut jobs);
            if !overtaken.is_empty() {
                overtaken.extend(jobs);
                overtaken.retain(|job| !job.is_unwanted());
                jobs = overtaken.into_iter().peekable();
            }
        }
    }

    /// Writes as many jobs as one sync should make durable. Returns them if somebody else has
    /// appended to the log first: they are to be decided anew.
    fn write_group(&mut self, jobs: &mut Peekable<vec::IntoIter<Job>>) -> Vec<Job> {
        let has_room = self.projector.wait_for_room(&self.cache);
        let progress = self.cache.progress();
        let settled = Arc::clone(&self.settled);
        let _under_way = settled.begin(progress.record_time);
        let mut batch = Batch::after(progress, Arc::clone(&settled));
        let (mut finished, mut as_handed_in) = (Vec::new(), Vec::new());
        let mut decided = Ok(());
        while decided.is_ok()
            && batch.has_room(self.log.group_bytes())
            && let Some(job) = jobs.next_if(|job| finished.is_empty() || !job.erases())
        {
            if self.log.is_shared() {
                as_handed_in.push(job.clone());
            }
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
        if std::mem::take(&mut self.is_overtaken) {
            return as_handed_in;
        }
        // The runtime has gone when nobody listens: then nobody waits either.
        let _ = self.finished.send(Group { jobs: finished, outcome });
        Vec::new()
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
        self.notice_progress();
        Ok(self.cache.progress())
    }

    /// Makes the names durable that the staged records refer to.
    fn keep_names(&mut self) -> Result<(), WriteError> {
        self.names.keep().map_err(|error| {
            self.outage_log.begin(&error, false);
            WriteError::Journal(error)
        })
    }

    /// Erases a text of a tenant; nothing waits to be recorded. The views refer to it as records
    /// do, so only the file of names and what is in memory have it. A repeat ends what a
    /// failure left undone. Returns the token that stands for it.
    pub(super) fn erase(
        &mut self,
        tenant: &TenantId,
        text: &str,
    ) -> Result<Option<String>, WriteError> {
        check_erasable(&self.cache.catalog(tenant), text)?;
        if !self.names.is_to_erase(tenant, text) {
            return Ok(None);
        }
        let token = self.names.names.token(tenant, text);
        self.forget(|names| names.erase(tenant, text))?;
        Ok(token)
    }

    /// Erases names, and makes memory forget them.
    fn forget(
        &mut self,
        erase: impl FnOnce(&mut NameStore) -> Result<(), String>,
    ) -> Result<(), WriteError> {
        // What is in memory still has the text: it must not get into the views.
        let held = self.projector.hold(self.cache.progress().sequence)?;
        erase(&mut self.names).map_err(WriteError::Journal)?;
        self.cache.forget(&self.views)?;
        self.names.forgotten();
        drop(held);
        self.learnings.notice_progress();
        Ok(())
    }

    /// Folds what is durable though it is not folded: whatever is decided must know of it, and
    /// what is folded after it must not hide that it is missing.
    fn catch_up(&mut self) -> Result<(), WriteError> {
        self.fold_missing()?;
        while self.log.is_shared() {
            // Views that can't be written keep no more in memory: the node is behind then.
            if !self.projector.wait_for_room(&self.cache) {
                return Err(WriteError::Behind);
            }
            let taken = self.log.take_in();
            let records = taken.map_err(|error| self.refused(&error))?;
            self.take_in_names()?;
            if records.is_empty() {
                break;
            }
            let decoded = decoded(records, &self.cache.zones(), &self.names.names);
            let records = decoded.map_err(|error| self.unfolded(error.into()))?;
            let folded = self.cache.fold(records, self.log.end().head, &self.views);
            folded.map_err(|error| self.unfolded(error.into()))?;
            self.notice_progress();
        }
        Ok(())
    }

    /// Folds what is durable though its fold failed.
    fn fold_missing(&mut self) -> Result<(), WriteError> {
        let last = self.log.end().sequence;
        if self.cache.progress().sequence == last {
            return Ok(());
        }
        let caught_up = self.cache.catch_up(last, &*self.source, &self.views);
        caught_up.map_err(|error| self.unfolded(error))?;
        self.notice_progress();
        Ok(())
    }

    /// Keeps and erases the names that other nodes have.
    fn take_in_names(&mut self) -> Result<(), WriteError> {
        match self.names.must_erase().map_err(WriteError::Journal)? {
            true => self.forget(NameStore::take_in),
            false => self.names.take_in().map_err(WriteError::Journal),
        }
    }

    fn notice_progress(&self) {
        self.folded.send_replace(self.cache.progress().sequence);
        self.projector.notice_progress(&self.cache);
        self.learnings.notice_progress();
    }

    fn refused(&mut self, error: &CommitError) -> WriteError {
        if *error == CommitError::Conflict {
            self.is_overtaken = true;
            return WriteError::Journal(error.to_string());
        }
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
}

#[cfg(test)]
mod tests;
