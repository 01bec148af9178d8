//! Counts service time against a clock's limit, and notes when warnings and the limit are reached.

use super::checkpoint::{Checkpoint, checkpoints};
use super::ruling::{Ruling, WHOLE_LIMIT};
use super::timeline::{Activity, End, Stretch};
use super::{Overrun, Segment, SegmentKind, WarnAt};
use crate::domain::contract::{OnPriorityChange, Target};
use crate::domain::time::{Instant, Span};

mod measured;

pub(super) use measured::Measured;

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
    /// Since when it counts as it does now, without a change to the limit or the time.
    unchanged_since: Option<Instant>,
    /// How far it was over limits that count no longer.
    overruns: Vec<Overrun>,
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
            unchanged_since: None,
            overruns: Vec::new(),
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
            unchanged_since: self.unchanged_since,
            overruns: self.overruns.clone(),
            note: None,
        }
    }

    /// When it went over its limit so far.
    pub fn breach_time(&self) -> Option<Instant> {
        self.breach_time
    }

    /// Lets a breach stand that the count under the present priority has later or not at all, and
    /// how far it was over the limit then.
    pub fn let_stand(&mut self, stands: RemainingBreach<'_>) {
        let RemainingBreach { breach_time, priority, overruns } = stands;
        self.overruns.extend(overruns);
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
        self.leave_behind(stretch.start);
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
        self.leave_behind(stretch.start);
        self.from = Some(stretch.start);
        self.ruling = self.ruling.counted_from(stretch.start);
        self.adjust(stretch, Span::ZERO);
    }

    /// Notes how far it is over its limit by an instant from which on it counts otherwise.
    fn leave_behind(&mut self, time: Instant) {
        self.overruns.extend(self.overrun(time));
        self.unchanged_since = Some(time);
    }

    /// How far it is over its limit by an instant, if it is.
    fn overrun(&self, time: Instant) -> Option<Overrun> {
        let (since, most) = (self.unchanged_since, self.elapsed - self.ruling.limit);
        (most > Span::ZERO).then_some(Overrun { since, until: time, most })
    }

    /// How far it was over its limits, the present one included, by an instant.
    pub fn overruns(&self, time: Instant) -> Vec<Overrun> {
        self.overruns.iter().copied().chain(self.overrun(time)).collect()
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
}

/// What a cycle had come to when it ended, and went on from.
pub(super) struct RemainingBreach<'a> {
    /// When it went over its limit.
    pub breach_time: Instant,
    /// The priority whose limit that was.
    pub priority: &'a str,
    /// How far it was over it.
    pub overruns: Vec<Overrun>,
}

fn gap(after: End) -> SegmentKind {
    match after {
        End::Stopped => SegmentKind::ResolvedGap,
        End::Cancelled | End::Transferred => SegmentKind::CancelledGap,
    }
}
