//! Clocks: a history under terms, at an instant.
//!
//! A clock is worked out in two steps. `timeline_builder` reads off the history *what it did when*:
//! pending, running, paused, in a gap after a resolution. It knows conditions (`triggers`) and
//! policies of reopening, but no durations. `measure` then holds those stretches against service
//! hours and limits (`ruling`, `meter`): segments, elapsed, due, breached, and the policies of
//! priority. So a change of priority that counts from the start only measures the same timeline
//! again. `evaluate` does both for each target and revision of a contract.

#[cfg(test)]
mod edge_cases;
mod evaluate;
mod exclusion;
mod exclusion_evaluator;
mod measure;
mod meter;
#[cfg(test)]
pub(in crate::domain) mod properties;
#[cfg(test)]
mod reference_model;
mod ruling;
#[cfg(test)]
pub(crate) mod testing;
mod timeline;
mod timeline_builder;
mod triggers;
mod verdict;

pub use evaluate::{Agreement, Evaluation, evaluate};
pub use exclusion::Exclusion;
pub use verdict::TargetVerdict;

use crate::domain::contract::Metric;
use crate::domain::incident::WaitingOn;
use crate::domain::time::{Instant, Span};

/// One target applied to one incident: one cycle of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock<'a> {
    /// The contract.
    pub contract_id: &'a str,
    /// The revision that rules it.
    pub contract_revision: u32,
    /// The target.
    pub target_id: &'a str,
    /// What the target measures.
    pub metric: Metric,
    /// Counts from 1.
    pub cycle: u32,
    /// The priority that rules it.
    pub priority: &'a str,
    /// How it stands.
    pub phase: Phase,
    /// How it stands against its limit, whether it is excluded or not.
    pub outcome: Outcome,
    /// Why it is left out of the contractual figures, if it is.
    pub exclusion: Option<Exclusion<'a>>,
    /// What was promised, in service time.
    pub limit: Span,
    /// What counts against it.
    pub elapsed: Span,
    /// When it started; `None` while pending.
    pub start_time: Option<Instant>,
    /// When it stopped or was cancelled.
    pub stop_time: Option<Instant>,
    /// When it would have been due by what was known at its start.
    pub original_due_time: Option<Instant>,
    /// When it is due if nothing changes, or was when it stopped; `None` while pending, while a
    /// pause without a maximum lasts, and beyond 2199.
    pub due_time: Option<Instant>,
    /// When it went over its limit.
    pub breach_time: Option<Instant>,
    /// The calendar it is measured by.
    pub calendar_id: &'a str,
    /// That calendar's revision.
    pub calendar_revision: u32,
    /// Its life piece by piece: it partitions the time from the opening (or the cycle before) to
    /// its end, and what counts adds up to `elapsed`.
    pub segments: Vec<Segment<'a>>,
    /// The target's warnings.
    pub warnings: Vec<Warning>,
    /// Conditions that could not be evaluated, and why.
    pub notes: Vec<String>,
}

/// How a clock stands.
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
    /// It was cancelled.
    Cancelled,
}

/// What a clock's verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Open and within its limit, or cancelled within it.
    Undecided,
    /// Stopped within its limit; reaching it exactly is met.
    Met,
    /// Over its limit.
    Breached,
    /// Left out of the contractual figures.
    Excluded,
}

/// One stretch of a clock's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// From here.
    pub start: Instant,
    /// To here.
    pub end: Instant,
    /// What the clock did.
    pub kind: SegmentKind,
    /// Who had to act.
    pub waiting_on: WaitingOn,
    /// The third party that had to act.
    pub third_party: &'a str,
    /// Why it waited.
    pub reason: &'a str,
    /// The service hours in it.
    pub service_time: Span,
    /// What of it counts.
    pub counted: Span,
    /// The event that began it; empty: time alone did.
    pub event_id: &'a str,
    /// The incident's priority in it.
    pub priority: &'a str,
    /// The due instant after it, where it moved that.
    pub moved_due: Option<Instant>,
}

/// What a clock did for a while.
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
    /// Between resolution and reopening.
    ResolvedGap,
    /// Of no length: the count was put to another figure; `counted` is the difference.
    Adjustment,
}

/// A warning at a share of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The share, in percent.
    pub percent: u8,
    /// When it is or was reached if nothing changes.
    pub time: Option<Instant>,
    /// It has been reached.
    pub reached: bool,
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
    /// What is left of the limit; negative when over.
    pub fn remaining(&self) -> Span {
        self.limit - self.elapsed
    }

    /// Its contractual verdict: `outcome`, unless it is excluded.
    pub fn verdict(&self) -> Outcome {
        if self.exclusion.is_some() { Outcome::Excluded } else { self.outcome }
    }

    /// It can still change by time alone or by ordinary facts.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Pending | Phase::Running | Phase::Paused)
    }

    /// The instant that decided it: it went over its limit, or ended.
    pub fn decide_time(&self) -> Option<Instant> {
        self.breach_time.or(self.stop_time)
    }
}
