//! From when to when there was activity about an incident: within that time, and only there, it
//! may stand otherwise than its index entry shows.
//!
//! An index entry is evaluated as of the end of time, by all that is recorded. As of an instant
//! after everything that occurred it shows what holds; as of one before all of it, there was no
//! incident. In between it may be wrong. The same is so by what was known at an instant: after the
//! last record, before the first, and in between.

use super::catalog::Known;
use super::evaluate::evaluate_incident;
use super::ledger::Ledger;
use crate::domain::clock::{Clock, Evaluation, Outcome, Phase};
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};

/// When there was activity about an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// When its first fact in effect occurred, and when the last did, or terms moved it after that,
    /// or may have; `None`: no fact is in effect.
    pub occurred: Option<(Instant, Instant)>,
    /// When the first fact about it was recorded, and the last; `None`: none was.
    pub recorded: Option<(Instant, Instant)>,
}

impl Activity {
    /// The activity about an incident with this whole history, by its facts alone.
    pub(super) fn by_facts(ledger: &Ledger, whole: &History<'_>) -> Activity {
        let (facts, records) = (whole.effective(), ledger.events.as_slice());
        let occurred = facts.first().zip(facts.last());
        let recorded = records.first().zip(records.last());
        Activity {
            occurred: occurred.map(|(one, other)| (one.value.occur_time, other.value.occur_time)),
            recorded: recorded.map(|(one, other)| (one.record_time, other.record_time)),
        }
    }

    /// The same with the last that terms did to its clocks; `None`: nothing.
    pub(super) fn moved(self, last_move: Option<Instant>) -> Activity {
        let until = |last: Instant| last_move.map_or(last, |moved| last.max(moved));
        Activity { occurred: self.occurred.map(|(first, last)| (first, until(last))), ..self }
    }
}

/// As many changes of terms are evaluated at most: each costs as much as the incident, and a
/// contract may have been revised hundreds of times since its last fact.
const CHANGES_EVALUATED_MAX: usize = 4;

/// When terms last moved an incident's clocks after its last fact: a revision took effect, or a
/// contract ended; of very many changes possibly a later one, which moved nothing. `None`: none
/// moved them. The evaluation is as of the end of time.
pub(super) fn last_move(
    history: &History<'_>,
    evaluation: &Evaluation<'_>,
    known: Known<'_>,
    last_fact: Instant,
) -> Option<Instant> {
    let ids = history.contract_ids(Instant::MAX).into_iter();
    let changes = ids.flat_map(|id| {
        let revisions = known.contract(id).all().iter().map(|revision| revision.effective_time);
        revisions.chain(known.contract_end(id))
    });
    let mut changes: Vec<_> = changes.filter(|time| last_fact < *time).collect();
    changes.sort_unstable();
    changes.dedup();
    let moves = |time: &Instant| {
        let before = time.checked_add(-Span::from_nanos(1)).unwrap_or(*time);
        !stand_alike(&evaluate_incident(history, &known, before), evaluation)
    };
    let (unknown, last) = changes.split_at(changes.len().saturating_sub(CHANGES_EVALUATED_MAX));
    last.iter().rev().find(|time| moves(time)).or(unknown.last()).copied()
}

/// Whether the index shows the same of two evaluations: unless facts or terms move an incident, it
/// is the same whatever the instants they are of.
fn stand_alike(one: &Evaluation<'_>, other: &Evaluation<'_>) -> bool {
    let clocks = one.clocks.iter().map(standing).eq(other.clocks.iter().map(standing));
    clocks && one.missing == other.missing
}

type Ended = (bool, bool, bool);
type ClockTimes = [Option<Instant>; 3];

/// Where a clock stands: which it is, how it has ended, and its times.
fn standing<'c>(clock: &'c Clock<'_>) -> ((&'c str, &'c str, u32), Ended, ClockTimes) {
    let time = if clock.is_open() { clock.due_time } else { clock.decide_time() };
    let is_late = clock.phase == Phase::Stopped && clock.outcome == Outcome::Breached;
    let has_ended = (clock.is_open(), clock.phase == Phase::Cancelled, is_late);
    (clock.key(), has_ended, [time, clock.start_time, clock.stop_time])
}
