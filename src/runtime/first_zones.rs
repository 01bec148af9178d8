//! The first adoption of a store's time zone database, which the server records by itself.

use std::sync::Arc;

use super::batch::Batch;
use super::cache::Cache;
use super::projector::Projector;
use crate::codec;
use crate::domain::ids::NO_TENANT;
use crate::domain::recorded::Recorded;
use crate::domain::zone::ZoneDatabase;
use crate::engine::adoption::Adoption;
use crate::engine::record::{Entry, Record};
use crate::journal::{CommitError, Log, LogPosition, StageError};
use crate::views::{Views, ViewsError};

/// Why it can't be recorded.
#[derive(Debug, thiserror::Error)]
enum NotRecorded {
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Records the time zone database found as that of the store, unless one is recorded. A store that
/// can't be written is read by the one that was found, and the next start tries again.
pub(super) fn adopt_first(
    log: &mut dyn Log,
    cache: &Cache,
    views: &Views,
    projector: &Projector,
    zones: &ZoneDatabase,
) -> Result<(), ViewsError> {
    if cache.adopted().is_first_adopted() {
        return Ok(());
    }
    let files = Arc::clone(zones.files());
    let adoption = Adoption { files, effective_time: None, recorded_by: String::new() };
    let value = Record { tenant: NO_TENANT.clone(), entry: Entry::Adoption(adoption) };
    let record_time = Batch::after(cache.progress(), Arc::default()).tick();
    let recorded = Recorded { sequence: log.end().sequence + 1, record_time, value };
    match record(log, &recorded) {
        Ok(end) => {
            cache.fold([recorded], end.head, views)?;
            projector.notice_progress(cache);
            let (release, digest) = (zones.version(), zones.digest());
            tracing::info!(release, %digest, "time zone database of the store recorded");
        }
        // It is folded with what the other has appended.
        Err(NotRecorded::Commit(CommitError::Conflict)) => log.discard_staged(),
        Err(error) => {
            log.discard_staged();
            tracing::warn!(%error, "the store's time zone database can't be recorded yet");
        }
    }
    Ok(())
}

fn record(log: &mut dyn Log, recorded: &Recorded<Record>) -> Result<LogPosition, NotRecorded> {
    log.stage(recorded.record_time, &codec::store::record::encode(&recorded.value))?;
    Ok(log.commit()?)
}
