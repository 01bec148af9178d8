//! Coverage counts: how many incidents of a contract lack a clock, by the local day of opening.
//!
//! They are kept as the tallies are: what an incident adds is remembered with it, so that a late
//! fact or other terms take it out again.

use super::catalog::Known;
use super::tally::{MissingContribution, local_day};
use crate::domain::clock::{Evaluation, MissingClock, counted};
use crate::domain::compliance::CoverageKey;
use crate::domain::incident::History;
use crate::domain::time::Instant;

/// What an incident adds to the counts.
pub fn missing_contributions(
    history: &History<'_>,
    evaluation: &Evaluation<'_>,
    known: Known<'_>,
) -> Vec<MissingContribution> {
    let opened = begin(history);
    let contribution = |missing: &MissingClock<'_>| MissingContribution {
        contract_id: missing.contract_id.into(),
        key: CoverageKey::of(missing),
        day: local_day(known, missing.contract_id, opened),
    };
    counted(evaluation).iter().map(contribution).collect()
}

/// When an incident was opened or, without an opening, when its first fact occurred.
pub fn begin(history: &History<'_>) -> Instant {
    let first = history.opening().or_else(|| history.effective().first().copied());
    first.map_or(Instant::MIN, |recorded| recorded.value.occur_time)
}
