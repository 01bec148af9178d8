//! Counts service time against a clock's limit, and notes when warnings and the limit are reached.

use super::checkpoint::{Checkpoint, checkpoints};
use super::ruling::{Ruling, WHOLE_LIMIT};
use super::timeline::{Activity, Cycle, End, Stretch};
use super::{Outcome, Phase, Segment, SegmentKind, WarnAt, Warning};
use crate::domain::contract::{DueAt, OnPriorityChange, Target};
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
    pub notes: Vec<String>,
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
    /// How long all pauses together may still be, in service time; `None`: they have no maximum.
    pauses_left: Option<Span>,
    /// The due time by what was known at the start.
    original_due_time: Option<Instant>,
    /// The due time after the segments so far.
    due: Option<Instant>,
    /// From when on its limit counts, where that is not the start.
    from: Option<Instant>,
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
        Meter {
            target,
            ruling,
            elapsed: Span::ZERO,
            breach_time: None,
            marks: checkpoints(target),
            segments: Vec::new(),
            pause: None,
            pauses_left: target.pauses_maximum,
            original_due_time,
            due: original_due_time,
            from: None,
            note: None,
        }
    }

    /// The same count, to see what it comes to without its segments and warnings.
    pub fn fork(&self) -> Meter<'a> {
        Meter {
            target: self.target,
            ruling: self.ruling,
            elapsed: self.elapsed,
            breach_time: self.breach_time,
            marks: Vec::new(),
            segments: Vec::new(),
            pause: self.pause,
            pauses_left: self.pauses_left,
            original_due_time: None,
            due: None,
            from: self.from,
            note: None,
        }
    }

    /// When it went over its limit so far.
    pub fn breach_time(&self) -> Option<Instant> {
        self.breach_time
    }

    /// Lets a breach stand that the count under the present priority has later or not at all.
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
        self.pauses_left = self.pauses_left.map(|left| left - used);
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
        let pause =
            same.unwrap_or_else(|| PauseUnderWay { rule, left: maximum(), is_exhausted: false });
        let left = [pause.left, self.pauses_left].into_iter().flatten().min();
        PauseUnderWay { left, ..pause }
    }

    fn count(&mut self, stretch: &Stretch<'a>, kind: SegmentKind) {
        let counted = self.service_time(stretch);
        let elapsed = self.elapsed + counted;
        for mark in &mut self.marks {
            let amount = self.ruling.amount(mark.at);
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

    /// Applies another priority's ruling from the beginning of `stretch`, by a policy.
    pub fn change_priority(
        &mut self,
        ruling: Ruling<'a>,
        policy: OnPriorityChange,
        stretch: &Stretch<'a>,
    ) {
        if policy == OnPriorityChange::FromStart {
            return self.adjust(stretch, self.elapsed);
        }
        if policy == OnPriorityChange::FromChange {
            self.from = Some(stretch.start);
        }
        let ruling = self.from.map_or(ruling, |from| ruling.counted_from(from));
        let old_limit = std::mem::replace(&mut self.ruling, ruling).limit;
        let elapsed = match policy {
            OnPriorityChange::FromChange => Span::ZERO,
            OnPriorityChange::CarryFraction if old_limit < Span::MAX => {
                self.elapsed.scaled(ruling.limit, old_limit)
            }
            _ => self.elapsed,
        };
        self.adjust(stretch, elapsed);
    }

    /// Counts again from zero, from the beginning of `stretch` on.
    pub fn begin_anew(&mut self, stretch: &Stretch<'a>) {
        self.from = Some(stretch.start);
        self.ruling = self.ruling.counted_from(stretch.start);
        self.adjust(stretch, Span::ZERO);
    }

    /// Sets the elapsed time to `elapsed` at the beginning of `stretch`.
    pub fn adjust(&mut self, stretch: &Stretch<'a>, elapsed: Span) {
        let counted = elapsed - self.elapsed;
        self.elapsed = elapsed;
        for mark in &mut self.marks {
            let is_reached = elapsed >= self.ruling.amount(mark.at);
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
            calendar_id: self.ruling.calendar_id,
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

    /// When what is not reached yet will be, if the clock runs on from `end`.
    fn project(&self, end: Instant, at: WarnAt) -> Option<Instant> {
        self.ruling.hours.add(end, self.ruling.amount(at) - self.elapsed)
    }

    fn reached(&self, at: WarnAt) -> Option<Instant> {
        self.marks.iter().find(|mark| mark.at == at).and_then(|mark| mark.reached)
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
            notes: self
                .from
                .or(cycle.started)
                .and_then(|from| self.ruling.in_words(from))
                .into_iter()
                .chain(self.note)
                .collect(),
            segments: self.segments,
        }
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

fn gap(after: End) -> SegmentKind {
    match after {
        End::Stopped => SegmentKind::ResolvedGap,
        End::Cancelled | End::Transferred => SegmentKind::CancelledGap,
    }
}
