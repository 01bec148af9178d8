//! Clocks: an incident's history measured against a contract's targets, at an instant.
//!
//! A clock is computed in two steps. `timeline_builder` derives from the history *what the clock
//! did when*: pending, running, paused, in a gap after a resolution. It knows conditions
//! (`triggers`) and reopening policies, but no durations. `measure` then counts those stretches in
//! service hours against limits (`ruling`, `meter`): segments, elapsed, due and breach times, and
//! the priority policies. A change of priority that counts from the start therefore only measures
//! the same timeline again. `evaluate` does both for each target and revision of a contract.
//! `occurrence` lists what happened to a clock, for those who want to hear of it.

mod admission;
mod checkpoint;
mod clip;
#[cfg(test)]
mod edge_cases;
mod evaluate;
mod exclusion;
mod exclusion_evaluator;
mod gap;
mod measure;
mod meter;
mod missing;
mod missing_finder;
mod occurrence;
#[cfg(test)]
mod overruns;
#[cfg(test)]
pub(in crate::domain) mod properties;
#[cfg(test)]
mod reference_model;
#[cfg(test)]
mod reopenings;
mod ruling;
#[cfg(test)]
mod terms_of_clocks;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;
mod timeline_builder;
#[cfg(test)]
mod transfers;
mod triggers;
mod verdict;
#[cfg(test)]
mod working_days;

pub use evaluate::{Agreement, Evaluation, RevisionTurns, evaluate};
pub use exclusion::Exclusion;
pub use missing::{MissingClock, MissingReason, meant, meant_priority};
pub use missing_finder::{counted_missing, missing_clocks};
pub use occurrence::{Occurrence, OccurrenceKind};
pub use verdict::TargetVerdict;

use crate::domain::contract::Metric;
use crate::domain::ids::ClockId;
use crate::domain::incident::WaitingOn;
use crate::domain::time::{Instant, Span};

/// One target applied to one incident: one cycle of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock<'a> {
    /// The id of the contract.
    pub contract_id: &'a str,
    /// The revision that rules it.
    pub contract_revision: u32,
    /// The id of the target, unique within its contract.
    pub target_id: &'a str,
    /// What the target measures.
    pub metric: Metric,
    /// Counts from 1.
    pub cycle: u32,
    /// The priority it is measured by, in the backend's words.
    pub priority: &'a str,
    /// Whether it is pending, running, paused or ended.
    pub phase: Phase,
    /// Its outcome against the limit, whether it is excluded or not; never `Excluded`.
    pub outcome: Outcome,
    /// Why it is left out of the contractual figures, if it is.
    pub exclusion: Option<Exclusion<'a>>,
    /// The service time it may take. Reaching it exactly is met.
    pub limit: Span,
    /// The service time that counts against the limit.
    pub elapsed: Span,
    /// When it started; `None` while pending.
    pub start_time: Option<Instant>,
    /// When it stopped or was cancelled.
    pub stop_time: Option<Instant>,
    /// When the contract took the incident over, if it counts from before that.
    pub taken_over: Option<Instant>,
    /// When the revision that governs it took effect, if that was after its start.
    pub governed_since: Option<Instant>,
    /// The due time by what was known when it started.
    pub original_due_time: Option<Instant>,
    /// When it is due if nothing changes, or was when it stopped; `None` while pending, while a
    /// pause without a maximum lasts, and beyond 2199.
    pub due_time: Option<Instant>,
    /// When it went over its limit: the instant after which more than the limit had elapsed.
    pub breach_time: Option<Instant>,
    /// The calendar it is measured by.
    pub calendar_id: &'a str,
    /// That calendar's revision.
    pub calendar_revision: u32,
    /// Its segments in order. They partition the time from the opening (or the end of the cycle
    /// before) to its end or the instant evaluated at, and their `counted` adds up to `elapsed`.
    pub segments: Vec<Segment<'a>>,
    /// How far it has been over its limits.
    pub overruns: Vec<Overrun>,
    /// The warnings that its target sets, in the order in which they are reached.
    pub warnings: Vec<Warning>,
    /// Conditions that could not be evaluated and why, and a breach that its figures don't show.
    pub notes: Vec<String>,
}

/// How far a clock was over a limit that it counted against: the present one, or one before the
/// priority changed or it began again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun {
    /// Since when it counted against that limit; `None`: since its start.
    pub since: Option<Instant>,
    /// Until when.
    pub until: Instant,
    /// How much more than the limit it had counted by then: more than nothing.
    pub most: Span,
}

/// What a clock is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// It has not started.
    Pending,
    /// It runs.
    Running,
    /// It is paused.
    Paused,
    /// It was stopped.
    Stopped,
    /// It was cancelled, or the incident left its contract.
    Cancelled,
}

/// How a clock turned out against its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Open and within its limit, or cancelled within it.
    Undecided,
    /// Stopped within its limit; reaching it exactly is met.
    Met,
    /// Over its limit.
    Breached,
    /// Within its limit when the incident left the contract: neither met nor breached.
    Transferred,
    /// Left out of the contractual figures.
    Excluded,
}

impl Outcome {
    /// Whether it says that the limit was kept or not.
    pub fn is_verdict(self) -> bool {
        !matches!(self, Outcome::Undecided | Outcome::Transferred)
    }
}

/// A stretch of a clock's timeline with one phase, party and way of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Its first instant.
    pub start: Instant,
    /// The first instant after it.
    pub end: Instant,
    /// What the clock did.
    pub kind: SegmentKind,
    /// Who had to act.
    pub waiting_on: WaitingOn,
    /// The third party that had to act; empty: none, or one without a name.
    pub third_party: &'a str,
    /// Why it waited, in the backend's words; empty: no reason was given.
    pub reason: &'a str,
    /// The calendar whose hours it was counted in.
    pub calendar_id: &'a str,
    /// The service time in it.
    pub service_time: Span,
    /// How much of that counts against the limit; of an adjustment, the change, which may be
    /// negative.
    pub counted: Span,
    /// The event that began it; empty: time alone did.
    pub event_id: &'a str,
    /// The incident's priority in it.
    pub priority: &'a str,
    /// The new due time, where the segment moved it.
    pub moved_due: Option<Instant>,
}

/// What a clock did in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// It had not started.
    Pending,
    /// It ran.
    Running,
    /// It was paused.
    Paused,
    /// It ran although it would have been paused: the pause had reached its maximum.
    PauseExhausted,
    /// Between its stop and its going on, as a rule a resolution and a reopening.
    ResolvedGap,
    /// Between its cancellation and its going on.
    CancelledGap,
    /// Of no length: the elapsed time was set to another value; `counted` is the difference.
    Adjustment,
}

/// Where a warning stands against the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarnAt {
    /// At a share of the limit, in percent; above 100 after it is due.
    Percent(u16),
    /// So much service time before it is due; before the start: at the start.
    BeforeDue(Span),
    /// So much service time after it was due.
    AfterDue(Span),
}

/// A warning that a target sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where it stands against the limit.
    pub at: WarnAt,
    /// When it is or was reached if nothing changes.
    pub time: Option<Instant>,
    /// Whether it has been reached.
    pub reached: bool,
}

impl SegmentKind {
    /// Whether the clock had ended in it, and went on later.
    pub fn is_gap(self) -> bool {
        matches!(self, SegmentKind::ResolvedGap | SegmentKind::CancelledGap)
    }
}

impl Segment<'_> {
    /// The service hours in it that did not count since the clock was paused.
    pub fn paused(&self) -> Span {
        match self.kind {
            SegmentKind::Paused => self.service_time - self.counted,
            _ => Span::ZERO,
        }
    }
}

impl Clock<'_> {
    /// Its identity. A clock does not hold the incident it was evaluated for.
    pub fn id(&self, incident_id: &str) -> ClockId {
        ClockId {
            incident_id: incident_id.into(),
            contract_id: self.contract_id.into(),
            target_id: self.target_id.into(),
            cycle: self.cycle,
        }
    }

    /// Its contract, target and cycle, which no other clock of its incident shares.
    pub fn key(&self) -> (&str, &str, u32) {
        (self.contract_id, self.target_id, self.cycle)
    }

    /// The limit less the elapsed time; negative when it is exceeded.
    pub fn remaining(&self) -> Span {
        self.limit - self.elapsed
    }

    /// Its contractual verdict: `outcome`, unless it is excluded.
    pub fn verdict(&self) -> Outcome {
        if self.exclusion.is_some() { Outcome::Excluded } else { self.outcome }
    }

    /// Whether it has neither stopped nor been cancelled.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Pending | Phase::Running | Phase::Paused)
    }

    /// When it was decided: when it went over its limit, or else ended. `None` while it is open
    /// within its limit. Nobody breaches what is not agreed yet: where it was over its limit by
    /// then, it is when the contract took it over, or the revision took effect that makes it so.
    pub fn decide_time(&self) -> Option<Instant> {
        self.breach_time.map(|breach| self.agreed_at(breach)).or(self.stop_time)
    }

    /// The instant of a breach, but not before what it breaches was agreed.
    pub fn agreed_at(&self, breach: Instant) -> Instant {
        let agreed = self.taken_over.max(self.governed_since);
        agreed.map_or(breach, |agreed| agreed.max(breach))
    }

    /// How late it is: the most that it has been over a limit it counted against. A breach remains
    /// when the priority is lowered, or the clock begins again, and so does this.
    pub fn lateness(&self) -> Span {
        let overruns = self.overruns.iter().map(|overrun| overrun.most);
        overruns.max().unwrap_or(Span::ZERO)
    }

    /// Since when it is a clock of the contract: its start or, if it counts from before, when it
    /// was taken over. `None` while it is pending.
    pub fn begin_time(&self) -> Option<Instant> {
        let start = self.start_time?;
        Some(self.taken_over.map_or(start, |taken_over| taken_over.max(start)))
    }
}
