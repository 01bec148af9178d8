//! The schedule of an incident: when something happens to its clocks by time alone.

use std::collections::BTreeSet;

use super::catalog::Known;
use super::evaluate::clocks_of;
use super::ledger::Ledger;
use super::notices::{effects, just_before};
use crate::domain::clock::{Clock, Evaluation};
use crate::domain::incident::History;
use crate::domain::time::Instant;

/// Effects to come that are looked ahead over: each costs an evaluation.
const EFFECTS_AHEAD_MAX: usize = 32;

/// The instants, from the last record of an incident on, at which something happens to its clocks
/// if nothing is recorded any more. [`Instant::MIN`] alone: so much of it was recorded ahead, or so
/// many revisions take it over, that it must be looked at whenever time has passed.
///
/// `whole` is its evaluation as of the end of time, by everything known.
pub fn schedule(ledger: &Ledger, known: Known<'_>, whole: &Evaluation<'_>) -> Vec<Instant> {
    let Some(last) = ledger.events.iter().map(|event| event.record_time).max() else {
        return Vec::new();
    };
    let is_ahead = |time: &Instant| last < *time;
    // Beyond its last fact most revisions are for other incidents.
    let last_fact = ledger.events.iter().map(|event| event.value.occur_time).max();
    let by_facts = effects(ledger, known).into_iter().filter(|time| Some(*time) <= last_fact);
    let taken_over = whole.turns.taken_over.iter().copied();
    let effects: BTreeSet<_> = by_facts.chain(taken_over).filter(is_ahead).collect();
    if effects.len() > EFFECTS_AHEAD_MAX {
        return vec![Instant::MIN];
    }
    let mut found: BTreeSet<_> = whole.turns.excluded.iter().copied().filter(is_ahead).collect();
    if effects.is_empty() {
        found.extend(times(&whole.clocks, last));
    } else {
        let history = History::fold(&ledger.events, Instant::MAX);
        let starts = [last].into_iter().chain(effects.iter().copied());
        let ends = effects.iter().map(|effect| just_before(*effect)).chain([Instant::MAX]);
        for (start, end) in starts.zip(ends) {
            found.extend(times(&clocks_of(&history, &known, end), start));
        }
        found.extend(effects);
    }
    found.into_iter().collect()
}

/// When something happened to clocks from an instant on.
fn times(clocks: &[Clock<'_>], from: Instant) -> Vec<Instant> {
    let occurrences = clocks.iter().flat_map(Clock::occurrences);
    occurrences.filter_map(|one| one.time).filter(|time| from <= *time).collect()
}
