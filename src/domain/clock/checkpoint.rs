//! Places against a clock's limit: where its target warns, and the limit itself.

use super::WarnAt;
use super::ruling::WHOLE_LIMIT;
use crate::domain::contract::Target;
use crate::domain::time::{Instant, Span};

/// A place against the limit, and when it was reached.
pub(super) struct Checkpoint {
    pub at: WarnAt,
    pub reached: Option<Instant>,
}

/// How many times a target warns after it was due at most.
const ESCALATIONS_MAX: i64 = 31;

/// The places that are noted, the limit itself first.
pub(super) fn checkpoints(target: &Target) -> Vec<Checkpoint> {
    let shares = target.warn_at_percent.iter().map(|percent| WarnAt::Percent(*percent));
    let before = target.warn_before.iter().map(|before| WarnAt::BeforeDue(*before));
    let every = target.escalate_every.into_iter().flat_map(|every| {
        let times = move |times| every.scaled(Span::from_nanos(times), Span::from_nanos(1));
        (1..=ESCALATIONS_MAX).map(move |count| WarnAt::AfterDue(times(count)))
    });
    let all = [WHOLE_LIMIT].into_iter().chain(shares).chain(before).chain(every);
    all.map(|at| Checkpoint { at, reached: None }).collect()
}
