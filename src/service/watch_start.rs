//! Where a watch may begin: how far back notices can be gone on from.

use std::time::Duration;

use crate::domain::ids::TenantId;
use crate::domain::time::{Instant, Span};
use crate::queries::notices::NoticeProgress;
use crate::queries::{QueryError, ReadRequest};
use crate::runtime::{Engine, wall_clock};

/// Whether notices can be gone on from there, for so long.
///
/// # Errors
/// Why not.
pub(super) fn check_resumable(
    progress: &NoticeProgress,
    engine: &Engine,
    resume: Duration,
) -> Result<(), &'static str> {
    if progress.at.times.as_of < earliest(resume) {
        return Err("it is too long ago");
    }
    let goal = progress.pass.as_ref().map_or(progress.at, |pass| pass.goal);
    match goal.sequence > engine.progress().sequence {
        true => Err("the journal does not reach so far: it may be an older copy"),
        false => Ok(()),
    }
}

/// The earliest place that notices can be gone on from. Reads the journal where what it needs is
/// not in memory: blocks.
///
/// # Errors
/// What keeps it from being read.
pub(super) fn earliest_resumable(
    tenant: &TenantId,
    engine: &Engine,
    resume: Duration,
) -> Result<NoticeProgress, QueryError> {
    let time = Some(earliest(resume));
    let request = ReadRequest { as_of: time, known: time, ..ReadRequest::default() };
    Ok(NoticeProgress::after(engine.view(tenant, request)?.point()))
}

fn earliest(resume: Duration) -> Instant {
    let ago = Span::from_nanos(i64::try_from(resume.as_nanos()).unwrap_or(i64::MAX));
    wall_clock::now().checked_add(-ago).unwrap_or(Instant::MIN)
}
