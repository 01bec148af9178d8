//! Idle work: estimated work that fits before the due time and that nobody touches. For open clocks
//! as urgency, for stopped ones as avoidable time.

use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Clock, Phase};
use crate::domain::incident::{Fact, History};
use crate::domain::time::{Instant, Span};
use crate::domain::wording::service_time;

/// Work is not flagged before it has been idle for this much service time.
const IDLE_LEAST: Span = Span::from_minutes(30);

/// What is known of a clock's work at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// The instant this is known at.
    pub time: Instant,
    /// Pending, running, paused or ended.
    pub phase: Phase,
    /// Whether the provider is to act.
    pub is_providers: bool,
    /// When something last happened to the incident.
    pub last_event_time: Instant,
    /// When the clock is due if it runs from now on; `None`: beyond 2199.
    pub due_time: Option<Instant>,
    /// The limit less the elapsed time, in service time.
    pub remaining: Span,
    /// The work that was left when it was last estimated; `None`: it was not.
    pub effort_remaining: Option<Span>,
}

/// The time an open clock has left beside the estimated work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urgency {
    /// The work still estimated.
    pub effort_remaining: Span,
    /// Work must begin by then, or the estimate no longer fits before the due time; `None`: there
    /// is no due time.
    pub latest_start_time: Option<Instant>,
    /// The remaining service time less the work; negative when the work no longer fits.
    pub slack: Span,
    /// The service time for which the provider has been to act and nothing has happened.
    pub idle_time: Span,
    /// Whether it has been idle for longer than the estimated work takes, and the work still fits.
    pub has_idle_work: bool,
}

impl Urgency {
    /// The urgency of a clock's work; `None` when none is estimated, or the clock neither runs nor
    /// is paused.
    pub fn of(work: &Work, hours: &ServiceHours) -> Option<Urgency> {
        let effort_remaining = work.effort_remaining?;
        if !matches!(work.phase, Phase::Running | Phase::Paused) {
            return None;
        }
        let due = work.due_time;
        let slack = work.remaining - effort_remaining;
        let idle_time = work.idle_time(hours);
        let is_idle = idle_time >= IDLE_LEAST.max(effort_remaining);
        Some(Urgency {
            effort_remaining,
            latest_start_time: due.and_then(|due| hours.subtract(due, effort_remaining)),
            slack,
            idle_time,
            has_idle_work: is_idle && effort_remaining > Span::ZERO && slack > Span::ZERO,
        })
    }

    /// Why it is flagged as idle work, as a sentence; `None` when it is not.
    pub fn reason(&self) -> Option<String> {
        self.has_idle_work.then(|| {
            let (left, idle) = (service_time(self.effort_remaining), service_time(self.idle_time));
            format!("{left} of work is left and nothing has happened for {idle} of service time")
        })
    }
}

impl Work {
    /// The service time for which the provider has been to act and nothing has happened; zero
    /// unless the clock runs.
    pub fn idle_time(&self, hours: &ServiceHours) -> Span {
        match (self.phase, self.is_providers) {
            (Phase::Running, true) => hours.elapsed(self.last_event_time, self.time),
            _ => Span::ZERO,
        }
    }
}

/// When a stopped clock's work could have been done, had it begun when it was first estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avoidable {
    /// When the work was first estimated.
    pub estimate_time: Instant,
    /// The work that was estimated then.
    pub effort: Span,
    /// When it would have been ready, begun at once and never paused.
    pub ready_time: Instant,
    /// The service time from `ready_time` until the clock stopped.
    pub lost_time: Span,
}

impl Avoidable {
    /// When it could have been ready, as a sentence.
    pub fn reason(&self) -> String {
        format!(
            "done at once, it could have been ready at {}; {} of service time were avoidable",
            self.ready_time, self.lost_time
        )
    }

    /// Whether its work was left idle: for at least as long as the work takes.
    pub fn has_idle_work(&self) -> bool {
        self.lost_time >= IDLE_LEAST.max(self.effort)
    }
}

/// The avoidable time of a stopped clock; `None` when no work was estimated, it stopped no later
/// than the work takes, or its metric does not run until the work is done.
pub fn avoidable(
    history: &History<'_>,
    clock: &Clock<'_>,
    hours: &ServiceHours,
) -> Option<Avoidable> {
    let stop = clock.stop_time.filter(|_| clock.metric.runs_until_done())?;
    let (estimate_time, effort) =
        history.effective().iter().find_map(|recorded| match recorded.value.fact {
            Fact::EffortEstimated(effort) => Some((recorded.value.occur_time, effort)),
            _ => None,
        })?;
    let begin = estimate_time.max(clock.start_time?);
    let ready_time = hours.add(begin, effort).filter(|ready| *ready < stop)?;
    Some(Avoidable {
        estimate_time,
        effort,
        ready_time,
        lost_time: hours.elapsed(ready_time, stop),
    })
}
