//! The keeper: carries what is new over to the views, in its own time.
//!
//! Nothing waits for it but questions to the index, which ask it to hurry, and a writer that is
//! too far ahead of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{RwLock, RwLockReadGuard};

use super::errands::Errands;
use super::memory::{FoldError, FreshIncident, Load, Memory};
use super::progress::Progress;
use crate::domain::time::Instant;
use crate::engine::index::{self, Filed};
use crate::journal::LogSource;
use crate::views::{Changes, IncidentKey, Views, ViewsError, Writing};

/// How many new events end the patience.
const EVENTS_WAITING_MAX: usize = 50_000;
/// How many new events make the writer wait.
const EVENTS_AHEAD_MAX: usize = 200_000;
/// How long views that failed are left before they are tried again.
const MENDED_EVERY: Duration = Duration::from_secs(1);
/// How often in a row the views may fail right after they were opened again, before they are left
/// alone for longer.
const FAILURES_MAX: u32 = 3;
/// For how long.
const LEFT_ALONE: Duration = Duration::from_secs(10);
/// How many incidents are filed between two writes to the views.
const INCIDENTS_A_WRITE: usize = 2_000;

/// The one who carries over.
#[derive(Debug)]
pub(super) struct Keeper {
    log: Arc<dyn LogSource>,
    errands: Errands,
    /// Held for writing while the views change, for reading while the index is read.
    index: RwLock<Carried>,
    /// The sequence in it, for those who must not wait for it.
    sequence: AtomicU64,
}

/// How far the views are complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    /// Up to this sequence.
    pub sequence: u64,
    /// Which was recorded then.
    pub record_time: Instant,
    /// Rows and tallies agree: nothing was being carried over when the views failed.
    is_whole: bool,
}

impl Carried {
    /// Rows and tallies that agree, up to a sequence that was recorded then.
    pub fn whole(sequence: u64, record_time: Instant) -> Carried {
        Carried { sequence, record_time, is_whole: true }
    }
}

impl From<Progress> for Carried {
    fn from(progress: Progress) -> Carried {
        Carried::whole(progress.sequence, progress.record_time)
    }
}

impl Keeper {
    /// A keeper of views that are complete up to `carried`.
    pub fn new(log: Arc<dyn LogSource>, carried: Carried) -> Keeper {
        Keeper {
            log,
            errands: Errands::new(carried.sequence),
            index: RwLock::new(carried),
            sequence: AtomicU64::new(carried.sequence),
        }
    }

    /// Works until closed, and carries over what is left then.
    pub fn run(&self, memory: &Memory, views: &Views) {
        let mut failures = 0;
        loop {
            let is_closed = self.errands.wait();
            match self.carry_over(memory, views) {
                Ok(()) if is_closed && memory.fresh_events() == 0 => return,
                Ok(()) => failures = 0,
                Err(error) => {
                    failures += 1;
                    tracing::error!(%error, "the views can't be written: lists are refused");
                    self.errands.tell_failure();
                    let is_over =
                        failures > FAILURES_MAX && self.errands.is_closed_within(LEFT_ALONE);
                    if is_over || !self.mend(memory, views) {
                        tracing::error!("the views stay behind: the next start folds them anew");
                        return;
                    }
                }
            }
        }
    }

    /// Opens the views again, as soon as that is possible; false: not before the next start.
    fn mend(&self, memory: &Memory, views: &Views) -> bool {
        let mut is_told = false;
        loop {
            match self.renew(memory, views) {
                Ok(()) => return true,
                Err(FoldError::TooFarBehind) => return false,
                Err(error) if !is_told => tracing::warn!(%error, "the views don't open again yet"),
                Err(_) => {}
            }
            is_told = true;
            if self.errands.is_closed_within(MENDED_EVERY) {
                return false;
            }
        }
    }

    fn renew(&self, memory: &Memory, views: &Views) -> Result<(), FoldError> {
        let mut index = self.index.write();
        let renewed = memory.renew(views, &*self.log)?;
        views.catch_cells_up()?;
        self.set(&mut index, renewed);
        self.errands.tell_recovery(index.sequence);
        tracing::info!(sequence = index.sequence, "the views are open again");
        Ok(())
    }

    /// Something was folded.
    pub fn notice_progress(&self, memory: &Memory) {
        self.errands.call(memory.fresh_events() >= EVENTS_WAITING_MAX);
    }

    /// Waits while the views are too far behind; false: they won't come nearer.
    pub fn wait_for_room(&self, memory: &Memory) -> bool {
        self.errands.wait_for_room(|| memory.fresh_events() >= EVENTS_AHEAD_MAX)
    }

    /// Waits until the views are complete up to `sequence`; false: they won't be.
    pub async fn catch_up(&self, sequence: u64) -> bool {
        self.errands.catch_up(sequence).await
    }

    /// Up to which sequence the views are complete. It waits for nothing.
    pub fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Relaxed)
    }

    /// The index, complete up to `sequence` at least; it does not change while this is held.
    pub fn index(&self, sequence: u64) -> Result<RwLockReadGuard<'_, Carried>, ViewsError> {
        let index = self.index.read();
        // They may have failed since they were, and been opened again as they had been before.
        match index.sequence >= sequence && index.is_whole {
            true => Ok(index),
            false => Err(ViewsError::Behind),
        }
    }

    fn set(&self, index: &mut Carried, progress: Progress) {
        *index = progress.into();
        self.sequence.store(progress.sequence, Ordering::Relaxed);
    }

    /// Carries over what is new, then stops.
    pub fn close(&self) {
        self.errands.close();
    }

    /// Whether somebody reads the index.
    #[cfg(test)]
    pub fn is_read(&self) -> bool {
        self.index.try_write().is_none()
    }

    pub(super) fn carry_over(&self, memory: &Memory, views: &Views) -> Result<(), ViewsError> {
        let Load { incidents, services, kept, refile, progress } = memory.load();
        self.errands.tell_room();
        let mut index = self.index.write();
        let mut writing = views.begin()?;
        index.is_whole = false;
        let mut changes = Changes::default();
        for recorded in &kept {
            changes.keep_record(recorded);
        }
        for ((tenant, service), ledger) in &services {
            changes.keep_service(tenant, service, ledger);
        }
        let mut filed = Vec::new();
        for some in incidents.chunks(INCIDENTS_A_WRITE) {
            filed.extend(
                some.iter()
                    .map(|incident| (incident.clone(), file(incident, progress, &mut changes))),
            );
            writing.write(std::mem::take(&mut changes))?;
        }
        // Only what the views hold may be let go of: readers of memory and views wait for nobody.
        writing.write(changes)?;
        memory.carried(filed, services);
        for (tenant, contract) in refile {
            file_anew(&tenant, &contract, progress, memory, views, &mut writing)?;
        }
        writing.finish(progress.sequence)?;
        self.set(&mut index, progress);
        self.errands.tell_carried(progress.sequence);
        Ok(())
    }
}

/// Files every incident of a contract anew, after its terms changed.
fn file_anew(
    tenant: &str,
    contract: &str,
    progress: Progress,
    memory: &Memory,
    views: &Views,
    writing: &mut Writing,
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
            let now = file(&incident, progress, &mut changes);
            filed.push((incident, now));
        }
        writing.write(changes)?;
        memory.carried(filed, Vec::new());
    }
}

/// Files an incident by what the index will tell of, not by what was recorded since: that is fresh,
/// and filed the next time.
fn file(incident: &FreshIncident, progress: Progress, changes: &mut Changes) -> Filed {
    let catalog = incident.catalog.known(progress.record_time);
    let ledger = incident.ledger_up_to(progress.sequence);
    let standing = index::standing(&ledger, catalog);
    changes.file_incident(&incident.key, &incident.ledger, standing, &incident.filed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::InMemoryLog;

    #[test]
    fn tallies_that_a_failure_left_behind_the_rows_are_refused_and_not_read() {
        shuttle::check_random(
            || {
                let log = Arc::new(InMemoryLog::new(0, 0));
                let keeper = Keeper::new(log, Carried::whole(7, Instant::MIN));
                assert!(keeper.index(7).is_ok() && keeper.index(8).is_err());
                keeper.index.write().is_whole = false;
                assert!(matches!(keeper.index(7), Err(ViewsError::Behind)));
            },
            1,
        );
    }
}
