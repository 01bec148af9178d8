//! Counts service time against a clock's limit, and notes when warnings and the limit are reached.

use super::ruling::{Ruling, WHOLE_LIMIT};
use super::timeline::{Activity, Cycle, End, Stretch};
use super::{Outcome, Phase, Segment, SegmentKind, Warning};
use crate::domain::contract::{OnPriorityChange, Target};
use crate::domain::time::{Instant, Span};

/// The figures of one cycle.
#[derive(Debug)]
pub(super) struct Measured<'a> {
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
    pub warnings: Vec<Warning>,
    /// What a reader of the figures should know.
    pub note: Option<String>,
}

/// A share of the limit in percent, and when it was reached.
struct Checkpoint {
    percent: u8,
    reached: Option<Instant>,
}

/// The count of one cycle so far.
pub(super) struct Meter<'a> {
    target: &'a Target,
    ruling: Ruling<'a>,
    elapsed: Span,
    breach_time: Option<Instant>,
    marks: Vec<Checkpoint>,
    segments: Vec<Segment<'a>>,
    pause: Option<PauseUnderWay>,
    /// The due time by what was known at the start.
    original_due_time: Option<Instant>,
    /// The due time after the segments so far.
    due: Option<Instant>,
    note: Option<String>,
}

/// The present pause, which may span several stretches.
#[derive(Clone, Copy)]
struct PauseUnderWay {
    rule: Option<usize>,
    /// How long it may still last, in service time; `None`: it has no maximum.
    left: Option<Span>,
    /// Whether it has reached its maximum, so that the clock runs on.
    is_exhausted: bool,
}

impl<'a> Meter<'a> {
    /// Starts counting under a ruling. The clock is due at `original_due_time` until a segment
    /// moves that.
    pub fn new(
        target: &'a Target,
        ruling: Ruling<'a>,
        original_due_time: Option<Instant>,
    ) -> Meter<'a> {
        let percents = target.warn_at_percent.iter().copied().chain([WHOLE_LIMIT]);
        Meter {
            target,
            ruling,
            elapsed: Span::ZERO,
            breach_time: None,
            marks: percents.map(|percent| Checkpoint { percent, reached: None }).collect(),
            segments: Vec::new(),
            pause: None,
            original_due_time,
            due: original_due_time,
            note: None,
        }
    }

    /// When it went over its limit so far.
    pub fn breach_time(&self) -> Option<Instant> {
        self.breach_time
    }

    /// Lets a breach stand that the count under the present priority does not have, or not as early.
    pub fn let_stand(&mut self, breach_time: Instant, priority: &str) {
        if self.breach_time.is_none_or(|own| breach_time < own) {
            self.breach_time = Some(breach_time);
            let text = format!("over its limit of priority {priority:?} when it had ended before");
            self.note = Some(text + ": that breach remains");
        }
    }

    /// Counts the next stretch.
    pub fn take(&mut self, stretch: &Stretch<'a>) {
        if !matches!(stretch.activity, Activity::Paused(_)) {
            self.pause = None;
        }
        match stretch.activity {
            Activity::Pending => self.stand_still(stretch, SegmentKind::Pending),
            Activity::Running => self.count(stretch, SegmentKind::Running),
            Activity::Gap { after, counts: true } => self.count(stretch, gap(after)),
            Activity::Gap { after, counts: false } => self.stand_still(stretch, gap(after)),
            Activity::Paused(rule) => self.pause(stretch, rule),
        }
    }

    /// A pause stands still until its maximum, then the clock runs on.
    fn pause(&mut self, stretch: &Stretch<'a>, rule: Option<usize>) {
        let pause = self.pause_under_way(rule);
        let exhausted = match pause {
            PauseUnderWay { is_exhausted: true, .. } => stretch.start,
            PauseUnderWay { left: Some(left), .. } => {
                let exceeded = self.ruling.hours.exceeds_at(stretch.start, left);
                exceeded.map_or(stretch.end, |at| at.clamp(stretch.start, stretch.end))
            }
            PauseUnderWay { left: None, .. } => stretch.end,
        };
        let paused = Stretch { end: exhausted, ..*stretch };
        let used = self.service_time(&paused);
        self.pause = Some(PauseUnderWay {
            rule,
            left: pause.left.map(|left| left - used),
            is_exhausted: pause.is_exhausted || exhausted < stretch.end,
        });
        self.stand_still(&paused, SegmentKind::Paused);
        if exhausted < stretch.end {
            let event_id = if exhausted == stretch.start { stretch.event_id } else { "" };
            let running = Stretch { start: exhausted, event_id, ..*stretch };
            self.count(&running, SegmentKind::PauseExhausted);
        }
    }

    fn pause_under_way(&self, rule: Option<usize>) -> PauseUnderWay {
        let maximum = || rule.and_then(|rule| self.target.pauses.get(rule)?.maximum);
        let same = self.pause.filter(|pause| pause.rule == rule);
        same.unwrap_or_else(|| PauseUnderWay { rule, left: maximum(), is_exhausted: false })
    }

    fn count(&mut self, stretch: &Stretch<'a>, kind: SegmentKind) {
        let counted = self.service_time(stretch);
        let elapsed = self.elapsed + counted;
        for mark in &mut self.marks {
            let amount = self.ruling.amount(mark.percent);
            if mark.reached.is_none() && elapsed >= amount {
                mark.reached = self.ruling.hours.add(stretch.start, amount - self.elapsed);
            }
        }
        let limit = self.ruling.limit;
        if self.breach_time.is_none() && elapsed > limit {
            self.breach_time = self.ruling.hours.exceeds_at(stretch.start, limit - self.elapsed);
        }
        self.elapsed = elapsed;
        self.push(stretch, kind, counted, counted);
    }

    fn stand_still(&mut self, stretch: &Stretch<'a>, kind: SegmentKind) {
        let service_time = self.service_time(stretch);
        self.push(stretch, kind, service_time, Span::ZERO);
    }

    /// Applies another priority's ruling from the beginning of `stretch`, by the target's policy.
    pub fn change_priority(&mut self, ruling: Ruling<'a>, stretch: &Stretch<'a>) {
        if self.target.on_priority_change == OnPriorityChange::FromStart {
            return self.adjust(stretch, self.elapsed);
        }
        let old_limit = std::mem::replace(&mut self.ruling, ruling).limit;
        let elapsed = match self.target.on_priority_change {
            OnPriorityChange::FromChange => Span::ZERO,
            OnPriorityChange::CarryFraction if old_limit < Span::MAX => {
                self.elapsed.scaled(ruling.limit, old_limit)
            }
            _ => self.elapsed,
        };
        self.adjust(stretch, elapsed);
    }

    /// Sets the elapsed time to `elapsed` at the beginning of `stretch`.
    pub fn adjust(&mut self, stretch: &Stretch<'a>, elapsed: Span) {
        let counted = elapsed - self.elapsed;
        self.elapsed = elapsed;
        for mark in &mut self.marks {
            let is_reached = elapsed >= self.ruling.amount(mark.percent);
            mark.reached = is_reached.then(|| mark.reached.unwrap_or(stretch.start));
        }
        if self.breach_time.is_none() && elapsed > self.ruling.limit {
            self.breach_time = Some(stretch.start);
        }
        let moment = Stretch { end: stretch.start, ..*stretch };
        self.push(&moment, SegmentKind::Adjustment, Span::ZERO, counted);
    }

    fn push(
        &mut self,
        stretch: &Stretch<'a>,
        kind: SegmentKind,
        service_time: Span,
        counted: Span,
    ) {
        if stretch.start == stretch.end && kind != SegmentKind::Adjustment {
            return;
        }
        let moved_due = self.move_due(stretch.end, kind);
        self.segments.push(Segment {
            start: stretch.start,
            end: stretch.end,
            kind,
            waiting_on: stretch.context.waiting_on,
            third_party: stretch.context.third_party,
            reason: stretch.context.reason,
            service_time,
            counted,
            event_id: stretch.event_id,
            priority: stretch.context.priority,
            moved_due,
        });
    }

    /// The new due time, if a segment that ends at `end` moves it.
    fn move_due(&mut self, end: Instant, kind: SegmentKind) -> Option<Instant> {
        let moves = !matches!(kind, SegmentKind::Running | SegmentKind::Pending);
        if !moves || (self.reached(WHOLE_LIMIT).is_some() && kind != SegmentKind::Adjustment) {
            return None;
        }
        let due = self.reached(WHOLE_LIMIT).or_else(|| self.project(end, WHOLE_LIMIT));
        (std::mem::replace(&mut self.due, due) != due).then_some(due).flatten()
    }

    /// When a share not reached yet will be, if the clock runs on from `end`.
    fn project(&self, end: Instant, percent: u8) -> Option<Instant> {
        self.ruling.hours.add(end, self.ruling.amount(percent) - self.elapsed)
    }

    fn reached(&self, percent: u8) -> Option<Instant> {
        self.marks.iter().find(|mark| mark.percent == percent).and_then(|mark| mark.reached)
    }

    fn service_time(&self, stretch: &Stretch<'a>) -> Span {
        self.ruling.hours.elapsed(stretch.start, stretch.end)
    }

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
        Measured {
            priority,
            phase,
            outcome: self.outcome(phase),
            limit: self.ruling.limit,
            elapsed: self.elapsed,
            stop_time,
            original_due_time: self.original_due_time,
            due_time: self.reached_or_projected(WHOLE_LIMIT, due_from),
            breach_time: self.breach_time,
            calendar_id: self.ruling.calendar_id,
            calendar_revision: self.ruling.calendar_revision,
            warnings: self.warnings(runs_on),
            segments: self.segments,
            note: self.note,
        }
    }

    fn outcome(&self, phase: Phase) -> Outcome {
        match (self.breach_time, phase) {
            (Some(_), _) => Outcome::Breached,
            (None, Phase::Stopped) => Outcome::Met,
            (None, _) => Outcome::Undecided,
        }
    }

    fn warnings(&self, runs_on: Option<Instant>) -> Vec<Warning> {
        let marks = self.marks.iter().filter(|mark| mark.percent != WHOLE_LIMIT);
        let warning = |mark: &Checkpoint| Warning {
            percent: mark.percent,
            time: self.reached_or_projected(mark.percent, runs_on),
            reached: mark.reached.is_some(),
        };
        marks.map(warning).collect()
    }

    /// When a share was reached, or will be if the clock runs on from an instant.
    fn reached_or_projected(&self, percent: u8, from: Option<Instant>) -> Option<Instant> {
        self.reached(percent).or_else(|| self.project(from?, percent))
    }

    fn phase(&self, cycle: &Cycle<'a>, ended: Option<(Instant, End)>) -> Phase {
        match (ended, cycle.now) {
            (Some((_, End::Stopped)), _) => Phase::Stopped,
            (Some((_, End::Cancelled)), _) => Phase::Cancelled,
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

fn gap(after: End) -> SegmentKind {
    match after {
        End::Stopped => SegmentKind::ResolvedGap,
        End::Cancelled => SegmentKind::CancelledGap,
    }
}
