//! Coverage counts: how many incidents of a contract lack a clock, by the local day of opening.
//!
//! They are kept as the tallies are: what an incident adds is remembered with it, so that a late
//! fact or other terms take it out again.

use super::catalog::Known;
use super::tally::{MissingContribution, local_day};
use crate::domain::clock::{Evaluation, MissingClock, counted_missing};
use crate::domain::compliance::CoverageKey;
use crate::domain::incident::History;

/// What an incident adds to the counts.
pub fn missing_contributions(
    history: &History<'_>,
    evaluation: &Evaluation<'_>,
    known: Known<'_>,
) -> Vec<MissingContribution> {
    let opened = history.begin();
    let contribution = |missing: &MissingClock<'_>| MissingContribution {
        contract_id: missing.contract_id.into(),
        key: CoverageKey::of(missing),
        day: local_day(known, missing.contract_id, opened),
    };
    counted_missing(evaluation).iter().map(contribution).collect()
}
