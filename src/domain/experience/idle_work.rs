//! Work that is idle although nothing stands in its way: of open clocks, and of those that stopped.

use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Clock, Phase};
use crate::domain::incident::{Fact, History};
use crate::domain::time::{Instant, Span};

/// Idle for less, in service time, is not left idle.
const IDLE_LEAST: Span = Span::from_minutes(30);

/// What is known of a clock's work at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// As of when.
    pub time: Instant,
    /// Pending, running, paused or ended.
    pub phase: Phase,
    /// It is the provider's to act.
    pub is_providers: bool,
    /// When something last happened to the incident.
    pub last_event_time: Instant,
    /// When the clock is due if it runs from now on; `None`: beyond 2199.
    pub due_time: Option<Instant>,
    /// What is left of its limit, in service time.
    pub remaining: Span,
    /// The work that was left when it was last estimated; `None`: it was not.
    pub effort_remaining: Option<Span>,
}

/// How an open clock stands against the work still estimated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urgency {
    /// The work still estimated.
    pub effort_remaining: Span,
    /// Work must begin by then, or the estimate no longer fits before the due instant.
    pub latest_start_time: Option<Instant>,
    /// Service time left beyond the work; negative: it no longer fits.
    pub slack: Span,
    /// The service time for which it now is the provider's to act and nothing happens.
    pub idle_time: Span,
    /// It lies although the estimated work is shorter than what it has lain, and would fit.
    pub has_idle_work: bool,
}

impl Urgency {
    /// Of a clock's work; `None` where none is estimated, or the clock has ended.
    pub fn of(work: &Work, hours: &ServiceHours) -> Option<Urgency> {
        let effort_remaining = work.effort_remaining?;
        if !matches!(work.phase, Phase::Running | Phase::Paused) {
            return None;
        }
        let due = work.due_time;
        let slack = work.remaining - effort_remaining;
        let idle_time = work.idle_time(hours);
        let lies = idle_time >= IDLE_LEAST.max(effort_remaining);
        Some(Urgency {
            effort_remaining,
            latest_start_time: due.and_then(|due| hours.subtract(due, effort_remaining)),
            slack,
            idle_time,
            has_idle_work: lies && effort_remaining > Span::ZERO && slack > Span::ZERO,
        })
    }

    /// Why it is flagged, in plain words; `None` when it is not.
    pub fn reason(&self) -> Option<String> {
        self.has_idle_work.then(|| {
            format!(
                "{} of work is left and nothing has happened for {} of service time",
                self.effort_remaining, self.idle_time
            )
        })
    }
}

impl Work {
    /// The service time for which it now is the provider's to act and nothing happens.
    pub fn idle_time(&self, hours: &ServiceHours) -> Span {
        match (self.phase, self.is_providers) {
            (Phase::Running, true) => hours.elapsed(self.last_event_time, self.time),
            _ => Span::ZERO,
        }
    }
}

/// When a decided clock's work could have been done, had it been begun when it was first known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avoidable {
    /// When the work was first estimated.
    pub estimate_time: Instant,
    /// The work that was estimated then.
    pub effort: Span,
    /// Begun at once and never paused, it would have been ready by then.
    pub ready_time: Instant,
    /// The service time from then to when it stopped.
    pub lost_time: Span,
}

impl Avoidable {
    /// What could have been, in plain words.
    pub fn reason(&self) -> String {
        format!(
            "done at once, it could have been ready at {}; {} of service time were avoidable",
            self.ready_time, self.lost_time
        )
    }

    /// Its work was left idle: at least for as long as the work takes.
    pub fn has_idle_work(&self) -> bool {
        self.lost_time >= IDLE_LEAST.max(self.effort)
    }
}

/// What was avoidable of a stopped clock's time; `None` where no work was estimated while it ran,
/// it stopped no later than it had to, or it does not run until the work is done.
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
