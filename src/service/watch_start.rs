//! Where a watch may begin: how far back notices can be gone on from.

use std::time::Duration;

use crate::domain::time::{Instant, Span};
use crate::queries::notices::NoticeProgress;
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
    let ago = Span::from_nanos(i64::try_from(resume.as_nanos()).unwrap_or(i64::MAX));
    let earliest = wall_clock::now().checked_add(-ago).unwrap_or(Instant::MIN);
    if progress.at.times.as_of < earliest {
        return Err("it is too long ago");
    }
    let goal = progress.pass.as_ref().map_or(progress.at, |pass| pass.goal);
    match goal.sequence > engine.progress().sequence {
        true => Err("the journal does not reach so far: it may be an older copy"),
        false => Ok(()),
    }
}
