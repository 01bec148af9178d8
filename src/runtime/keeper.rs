//! The keeper: carries what is new over to the views, in its own time.
//!
//! Nothing waits for it but questions to the index, which ask it to hurry, and a writer that is
//! too far ahead of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock, RwLockReadGuard};
use tokio::sync::watch;

use super::memory::{FreshIncident, Load, Memory, RenewError};
use crate::domain::time::Instant;
use crate::engine::index;
use crate::views::{Changes, IncidentKey, Views, ViewsError};

/// How long what is new may wait, so that an incident's events are filed together.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many new events end the patience.
const EVENTS_WAITING_MAX: usize = 50_000;
/// How many new events make the writer wait.
const EVENTS_AHEAD_MAX: usize = 200_000;
/// How long views that failed are left before they are tried again.
const MENDED_EVERY: Duration = Duration::from_secs(1);
/// How often in a row the views may fail right after they were opened again.
const FAILURES_MAX: u32 = 3;
/// How many incidents are filed between two writes to the views.
const INCIDENTS_A_WRITE: usize = 2_000;

/// The keeper's errands.
#[derive(Debug)]
pub(super) struct Keeper {
    journal: PathBuf,
    errands: Mutex<Errands>,
    called: Condvar,
    has_room: Condvar,
    carried: watch::Sender<u64>,
    /// Held for writing while the views change, for reading while the index is read.
    index: RwLock<Carried>,
}

/// How far the views are complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    /// Up to this sequence.
    pub sequence: u64,
    /// Which was recorded then.
    pub record_time: Instant,
}

#[derive(Debug, Default)]
struct Errands {
    something_is_new: bool,
    hurry: bool,
    is_closed: bool,
    has_failed: bool,
}

impl Keeper {
    /// A keeper of views that are complete up to `carried`.
    pub fn new(journal: &Path, carried: Carried) -> Keeper {
        Keeper {
            journal: journal.to_owned(),
            errands: Mutex::default(),
            called: Condvar::new(),
            has_room: Condvar::new(),
            carried: watch::Sender::new(carried.sequence),
            index: RwLock::new(carried),
        }
    }

    /// Works until closed, and carries over what is left then.
    pub fn run(&self, memory: &Memory, views: &Views) {
        let mut failures = 0;
        loop {
            let is_closed = self.wait();
            match self.carry_over(memory, views) {
                Ok(()) if is_closed && memory.fresh_events() == 0 => return,
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::error!(%error, "the views can't be written: lists are refused");
                    self.fail();
                    if failures > FAILURES_MAX || !self.mend(memory, views) {
                        tracing::error!("the views stay behind: the next start folds them anew");
                        return;
                    }
                }
            }
        }
    }

    /// Lets nobody wait for the views.
    fn fail(&self) {
        self.errands.lock().has_failed = true;
        self.has_room.notify_all();
        self.carried.send_replace(u64::MAX);
    }

    /// Opens the views again, as soon as that is possible; false: not before the next start.
    fn mend(&self, memory: &Memory, views: &Views) -> bool {
        loop {
            match self.renew(memory, views) {
                Ok(()) => return true,
                Err(RenewError::TooFarBehind) => return false,
                Err(error) => tracing::warn!(%error, "the views don't open again yet"),
            }
            let mut errands = self.errands.lock();
            if !errands.is_closed {
                self.called.wait_for(&mut errands, MENDED_EVERY);
            }
            if errands.is_closed {
                return false;
            }
        }
    }

    fn renew(&self, memory: &Memory, views: &Views) -> Result<(), RenewError> {
        let mut index = self.index.write();
        index.sequence = memory.renew(views, &self.journal)?;
        self.carried.send_replace(index.sequence);
        let mut errands = self.errands.lock();
        (errands.has_failed, errands.something_is_new) = (false, true);
        tracing::info!(sequence = index.sequence, "the views are open again");
        Ok(())
    }

    /// Something was folded.
    pub fn notice_progress(&self, memory: &Memory) {
        let many = memory.fresh_events() >= EVENTS_WAITING_MAX;
        let mut errands = self.errands.lock();
        errands.hurry |= many;
        if !std::mem::replace(&mut errands.something_is_new, true) || many {
            self.called.notify_one();
        }
    }

    /// Waits while the views are too far behind; false: they won't come nearer.
    pub fn wait_for_room(&self, memory: &Memory) -> bool {
        while memory.fresh_events() >= EVENTS_AHEAD_MAX {
            let mut errands = self.errands.lock();
            if errands.has_failed {
                return false;
            }
            errands.hurry = true;
            self.called.notify_one();
            self.has_room.wait_for(&mut errands, PATIENCE);
        }
        true
    }

    /// Waits until the views are complete up to `sequence`; false: they won't be.
    pub async fn catch_up(&self, sequence: u64) -> bool {
        {
            let mut errands = self.errands.lock();
            if errands.has_failed {
                return false;
            }
            if *self.carried.borrow() >= sequence {
                return true;
            }
            (errands.something_is_new, errands.hurry) = (true, true);
            self.called.notify_one();
        }
        let mut carried = self.carried.subscribe();
        let has_come = carried.wait_for(|carried| *carried >= sequence).await.is_ok();
        has_come && !self.errands.lock().has_failed
    }

    /// The index as it stands; it does not change while this is held.
    pub fn index(&self) -> RwLockReadGuard<'_, Carried> {
        self.index.read()
    }

    /// Carries over what is new, then stops.
    pub fn close(&self) {
        self.errands.lock().is_closed = true;
        self.called.notify_one();
    }

    /// Waits for something to do; true: it is to be the last.
    fn wait(&self) -> bool {
        let mut errands = self.errands.lock();
        while !errands.something_is_new && !errands.is_closed {
            self.called.wait(&mut errands);
        }
        while !errands.hurry && !errands.is_closed {
            if self.called.wait_for(&mut errands, PATIENCE).timed_out() {
                break;
            }
        }
        (errands.something_is_new, errands.hurry) = (false, false);
        errands.is_closed
    }

    fn carry_over(&self, memory: &Memory, views: &Views) -> Result<(), ViewsError> {
        let Load { incidents, services, terms, refile, progress } = memory.load();
        self.has_room.notify_all();
        let mut index = self.index.write();
        let mut changes = Changes::default();
        for (sequence, record_time, record) in &terms {
            changes.keep_terms(*sequence, *record_time, record);
        }
        for ((tenant, service), ledger) in &services {
            changes.keep_service(tenant, service, ledger);
        }
        let mut filed = Vec::new();
        for some in incidents.chunks(INCIDENTS_A_WRITE) {
            filed.extend(
                some.iter().map(|incident| (incident.clone(), file(incident, &mut changes))),
            );
            views.write(std::mem::take(&mut changes), index.sequence)?;
        }
        memory.carried(filed, services);
        for (tenant, contract) in refile {
            self.refile(&tenant, &contract, index.sequence, memory, views)?;
        }
        views.write(changes, progress.sequence)?;
        index.sequence = progress.sequence;
        index.record_time = progress.record_time;
        self.carried.send_replace(progress.sequence);
        Ok(())
    }

    /// Files every incident of a contract anew, after its terms changed.
    fn refile(
        &self,
        tenant: &str,
        contract: &str,
        applied: u64,
        memory: &Memory,
        views: &Views,
    ) -> Result<(), ViewsError> {
        let mut after = String::new();
        loop {
            let ids = views.attached_ids(tenant, contract, &after).take(INCIDENTS_A_WRITE);
            let ids = ids.collect::<Result<Vec<_>, _>>()?;
            let Some(last) = ids.last() else { return Ok(()) };
            after.clone_from(last);
            let mut changes = Changes::default();
            let mut filed = Vec::new();
            for id in &ids {
                let incident = memory.incident(IncidentKey::new(tenant, id), views)?;
                let keys = file(&incident, &mut changes);
                filed.push((incident, keys));
            }
            views.write(changes, applied)?;
            memory.carried(filed, Vec::new());
        }
    }
}

fn file(incident: &FreshIncident, changes: &mut Changes) -> Vec<Vec<u8>> {
    let catalog = incident.catalog.known(Instant::MAX);
    let standing = index::standing(&incident.ledger, catalog);
    changes.file_incident(&incident.key, &incident.ledger, &standing, &incident.filed)
}
