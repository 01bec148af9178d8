//! What a measured cycle comes to.

use super::Meter;
use crate::domain::clock::checkpoint::Checkpoint;
use crate::domain::clock::ruling::WHOLE_LIMIT;
use crate::domain::clock::timeline::{Activity, Cycle, End};
use crate::domain::clock::{Outcome, Overrun, Phase, Segment, WarnAt, Warning};
use crate::domain::contract::DueAt;
use crate::domain::time::{Instant, Span};

/// The figures of one cycle.
#[derive(Debug)]
pub(in crate::domain::clock) struct Measured<'a> {
    pub priority: &'a str,
    pub phase: Phase,
    pub outcome: Outcome,
    pub limit: Span,
    pub elapsed: Span,
    pub stop_time: Option<Instant>,
    pub original_due_time: Option<Instant>,
    pub due_time: Option<Instant>,
    pub breach_time: Option<Instant>,
    pub calendar_id: &'a str,
    pub calendar_revision: u32,
    pub segments: Vec<Segment<'a>>,
    pub overruns: Vec<Overrun>,
    pub warnings: Vec<Warning>,
    /// What a reader of the figures should know.
    pub notes: Vec<String>,
}

impl<'a> Meter<'a> {
    /// The figures of the cycle. `ended` is when and how it ended, and `None` while it goes on;
    /// `priority` is the one it was last measured by.
    pub fn finish(
        self,
        cycle: &Cycle<'a>,
        ended: Option<(Instant, End)>,
        priority: &'a str,
    ) -> Measured<'a> {
        let phase = self.phase(cycle, ended);
        let runs_on = self.runs_on(cycle, ended);
        let stop_time = ended.map(|(at, _)| at);
        let due_from = stop_time.filter(|_| phase == Phase::Stopped).or(runs_on);
        let end = self.segments.last().map(|segment| segment.end);
        let overruns = self.overruns(end.unwrap_or(Instant::MAX));
        Measured {
            priority,
            phase,
            outcome: self.outcome(phase, ended),
            limit: self.ruling.limit,
            elapsed: self.elapsed,
            stop_time,
            original_due_time: self.shown(self.original_due_time),
            due_time: self.shown(self.reached_or_projected(WHOLE_LIMIT, due_from)),
            breach_time: self.breach_time,
            calendar_id: self.ruling.calendar_id,
            calendar_revision: self.ruling.calendar_revision,
            warnings: self.warnings(runs_on),
            notes: self.notes(cycle, &overruns),
            segments: self.segments,
            overruns,
        }
    }

    /// What a reader of the figures should know: how working days became a limit, and why it is
    /// breached where its count is within the limit.
    fn notes(&self, cycle: &Cycle<'_>, overruns: &[Overrun]) -> Vec<String> {
        let days = self.from.or(cycle.started).and_then(|from| self.ruling.in_words(from));
        let is_within = self.breach_time.is_some() && self.elapsed <= self.ruling.limit;
        let most = overruns.iter().map(|overrun| overrun.most).max();
        let remains = || {
            let most = most.filter(|_| is_within)?;
            Some(format!("it was {most} over its limit before it counted otherwise: that remains"))
        };
        days.into_iter().chain(self.note.clone().or_else(remains)).collect()
    }

    fn outcome(&self, phase: Phase, ended: Option<(Instant, End)>) -> Outcome {
        match (self.breach_time, phase, ended) {
            (Some(_), ..) => Outcome::Breached,
            (None, Phase::Stopped, _) => Outcome::Met,
            (None, _, Some((_, End::Transferred))) => Outcome::Transferred,
            (None, ..) => Outcome::Undecided,
        }
    }

    /// The warnings, in the order in which they are reached. Of those that repeat after it was due,
    /// only the first that is not reached.
    fn warnings(&self, runs_on: Option<Instant>) -> Vec<Warning> {
        let mut marks: Vec<_> = self.marks.iter().filter(|mark| mark.at != WHOLE_LIMIT).collect();
        marks.sort_by_key(|mark| self.ruling.amount(mark.at));
        let mut is_next = true;
        marks.retain(|mark| match (mark.at, mark.reached) {
            (WarnAt::AfterDue(_), None) => std::mem::replace(&mut is_next, false),
            _ => true,
        });
        let warning = |mark: &Checkpoint| Warning {
            at: mark.at,
            time: self.reached_or_projected(mark.at, runs_on),
            reached: mark.reached.is_some(),
        };
        marks.into_iter().map(warning).collect()
    }

    /// When a place against the limit was reached, or will be if the clock runs on from an instant.
    fn reached_or_projected(&self, at: WarnAt, from: Option<Instant>) -> Option<Instant> {
        self.reached(at).or_else(|| self.project(from?, at))
    }

    /// A due time as the target shows it.
    fn shown(&self, due: Option<Instant>) -> Option<Instant> {
        let hours = self.ruling.hours;
        match self.target.due_at {
            DueAt::NextOpening => due.map(|due| match hours.is_open(due) {
                true => due,
                false => hours.next_opening(due).unwrap_or(due),
            }),
            DueAt::Closing => due,
        }
    }

    fn phase(&self, cycle: &Cycle<'a>, ended: Option<(Instant, End)>) -> Phase {
        match (ended, cycle.now) {
            (Some((_, End::Stopped)), _) => Phase::Stopped,
            (Some((_, End::Cancelled | End::Transferred)), _) => Phase::Cancelled,
            (None, Some(Activity::Paused(_))) if !self.pause_is_exhausted() => Phase::Paused,
            (None, Some(Activity::Pending) | None) => Phase::Pending,
            (None, _) => Phase::Running,
        }
    }

    fn pause_is_exhausted(&self) -> bool {
        self.pause.is_some_and(|pause| pause.is_exhausted)
    }

    /// From which instant on the clock runs if nothing changes: the end of the last segment, or the
    /// instant at which the present pause reaches its maximum. `None` when it has ended, is
    /// pending, or is paused without a maximum.
    fn runs_on(&self, cycle: &Cycle<'a>, ended: Option<(Instant, End)>) -> Option<Instant> {
        let end = self.segments.last().map(|segment| segment.end).or(cycle.started)?;
        match (ended, cycle.now, self.pause) {
            (Some(_), ..) | (None, None | Some(Activity::Pending), _) => None,
            (None, Some(Activity::Paused(_)), Some(pause)) if !pause.is_exhausted => {
                self.ruling.hours.add(end, pause.left?)
            }
            _ => Some(end),
        }
    }
}
