//! Holds a clock's life against service hours and limits.

use super::judge::Calendars;
use super::life::{Activity, Cycle, End, Stretch};
use super::{Outcome, Phase, Segment, SegmentKind, Warning};
use crate::domain::calendar::hours::ServiceHours;
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
}

/// A limit with the hours it is measured in.
#[derive(Clone, Copy)]
struct Ruling<'a> {
    limit: Span,
    calendar_id: &'a str,
    hours: &'a ServiceHours,
    calendar_revision: u32,
}

/// A share of the limit and when it was reached.
struct Mark {
    percent: u8,
    reached: Option<Instant>,
}

const WHOLE_LIMIT: u8 = 100;

/// Measures a cycle of `target`'s clock. `None`: no priority the incident had has a limit.
pub(super) fn measure<'a>(
    cycle: &Cycle<'a>,
    target: &'a Target,
    calendars: &'a dyn Calendars,
) -> Option<Measured<'a>> {
    let rulings = Rulings { target, calendars, start: cycle.started };
    let is_frozen =
        target.on_priority_change == OnPriorityChange::Frozen && cycle.started.is_some();
    let last = if is_frozen { cycle.first_priority } else { cycle.last_priority };
    let is_withdrawn = !is_frozen && rulings.of(last).is_none();
    let withdrawn = is_withdrawn.then(|| withdrawal(cycle, &rulings)).flatten();
    let ruling_priority = withdrawn.map_or(last, |(_, before)| before);
    let ruling = rulings.of(ruling_priority)?;
    let counts_from_start = target.on_priority_change == OnPriorityChange::FromStart;
    let first = rulings.of(cycle.first_priority);
    let original_due_time = cycle.started.and_then(|start| first.unwrap_or(ruling).due(start));
    let counts_at_once = match counts_from_start || cycle.started.is_none() {
        true => ruling,
        false => first.unwrap_or(ruling.unlimited()),
    };
    let mut meter = Meter::new(target, counts_at_once);
    meter.due = original_due_time;
    let mut priority = cycle.first_priority;
    for stretch in
        cycle.stretches.iter().take_while(|s| withdrawn.is_none_or(|(at, _)| s.start < at))
    {
        if stretch.from_zero {
            meter.adjust(stretch, Span::ZERO);
        }
        let is_changed = stretch.context.priority != priority && !is_frozen;
        if is_changed && obeys_priority(stretch, cycle) {
            priority = stretch.context.priority;
            if let Some(ruling) = rulings.of(priority) {
                meter.change_priority(ruling, stretch, counts_from_start);
            }
        }
        meter.take(stretch);
    }
    let ended = withdrawn.map(|(at, _)| (at, End::Cancelled)).or(cycle.ended);
    Some(meter.finish(cycle, ended, ruling_priority, original_due_time))
}

/// Whether a change of priority is felt: not before the start, nor in a gap that does not count,
/// where the clock stands ended. It is felt when the clock goes on.
fn obeys_priority(stretch: &Stretch<'_>, cycle: &Cycle<'_>) -> bool {
    let has_started = cycle.started.is_some_and(|started| started <= stretch.start);
    has_started && stretch.activity != Activity::Gap
}

/// When the incident got a priority the target has no limit for, for good, and the one before.
fn withdrawal<'a>(cycle: &Cycle<'a>, rulings: &Rulings<'a>) -> Option<(Instant, &'a str)> {
    let limited = |stretch: &&Stretch<'a>| rulings.of(stretch.context.priority).is_some();
    let last_limited = cycle.stretches.iter().rev().find(limited)?;
    Some((last_limited.end, last_limited.context.priority))
}

struct Rulings<'a> {
    target: &'a Target,
    calendars: &'a dyn Calendars,
    start: Option<Instant>,
}

impl<'a> Rulings<'a> {
    fn of(&self, priority: &str) -> Option<Ruling<'a>> {
        let limit = self.target.limit(priority)?;
        let start = self.start.unwrap_or(Instant::MAX);
        let calendar = self.calendars.in_force(&limit.calendar_id, start)?;
        Some(Ruling {
            limit: limit.limit,
            calendar_id: &limit.calendar_id,
            hours: calendar.hours,
            calendar_revision: calendar.revision,
        })
    }
}

impl Ruling<'_> {
    /// The same hours with a limit that is never reached: a priority without one breaches nothing.
    fn unlimited(self) -> Self {
        Ruling { limit: Span::MAX, ..self }
    }

    fn due(&self, start: Instant) -> Option<Instant> {
        self.hours.add(start, self.limit)
    }

    /// The service time at which a mark is reached, rounded down to the nanosecond.
    fn amount(&self, percent: u8) -> Span {
        let percent = Span::from_nanos(i64::from(percent));
        self.limit.scaled(percent, Span::from_nanos(i64::from(WHOLE_LIMIT)))
    }
}

struct Meter<'a> {
    target: &'a Target,
    ruling: Ruling<'a>,
    elapsed: Span,
    breach_time: Option<Instant>,
    marks: Vec<Mark>,
    segments: Vec<Segment<'a>>,
    pause: Option<PauseUnderWay>,
    /// The due instant as the segments so far leave it.
    due: Option<Instant>,
}

/// One pause, over however many stretches.
#[derive(Clone, Copy)]
struct PauseUnderWay {
    rule: Option<usize>,
    /// What it may still last, in service time; `None`: it has no maximum.
    left: Option<Span>,
    /// It has reached its maximum: the clock runs on.
    is_exhausted: bool,
}

impl<'a> Meter<'a> {
    fn new(target: &'a Target, ruling: Ruling<'a>) -> Meter<'a> {
        let percents = target.warn_at_percent.iter().copied().chain([WHOLE_LIMIT]);
        Meter {
            target,
            ruling,
            elapsed: Span::ZERO,
            breach_time: None,
            marks: percents.map(|percent| Mark { percent, reached: None }).collect(),
            segments: Vec::new(),
            pause: None,
            due: None,
        }
    }

    fn take(&mut self, stretch: &Stretch<'a>) {
        if !matches!(stretch.activity, Activity::Paused(_)) {
            self.pause = None;
        }
        match stretch.activity {
            Activity::Pending => self.stand_still(stretch, SegmentKind::Pending),
            Activity::Running => self.count(stretch, SegmentKind::Running),
            Activity::Gap => self.stand_still(stretch, SegmentKind::ResolvedGap),
            Activity::CountedGap => self.count(stretch, SegmentKind::ResolvedGap),
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

    fn change_priority(&mut self, ruling: Ruling<'a>, stretch: &Stretch<'a>, from_start: bool) {
        if from_start {
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

    /// Puts the count to `elapsed` at the beginning of `stretch`.
    fn adjust(&mut self, stretch: &Stretch<'a>, elapsed: Span) {
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

    /// The due instant if a segment that ended at `end` moved it.
    fn move_due(&mut self, end: Instant, kind: SegmentKind) -> Option<Instant> {
        let moves = !matches!(kind, SegmentKind::Running | SegmentKind::Pending);
        if !moves || (self.reached(WHOLE_LIMIT).is_some() && kind != SegmentKind::Adjustment) {
            return None;
        }
        let due = self.reached(WHOLE_LIMIT).or_else(|| self.project(end, WHOLE_LIMIT));
        (std::mem::replace(&mut self.due, due) != due).then_some(due).flatten()
    }

    /// When a mark not reached yet will be, if the clock runs on from `end`.
    fn project(&self, end: Instant, percent: u8) -> Option<Instant> {
        self.ruling.hours.add(end, self.ruling.amount(percent) - self.elapsed)
    }

    fn reached(&self, percent: u8) -> Option<Instant> {
        self.marks.iter().find(|mark| mark.percent == percent).and_then(|mark| mark.reached)
    }

    fn service_time(&self, stretch: &Stretch<'a>) -> Span {
        self.ruling.hours.elapsed(stretch.start, stretch.end)
    }

    fn finish(
        self,
        cycle: &Cycle<'a>,
        ended: Option<(Instant, End)>,
        priority: &'a str,
        original_due_time: Option<Instant>,
    ) -> Measured<'a> {
        let phase = self.phase(cycle, ended);
        let outcome = match (self.breach_time, phase) {
            (Some(_), _) => Outcome::Breached,
            (None, Phase::Stopped) => Outcome::Met,
            (None, _) => Outcome::Undecided,
        };
        let runs_on = self.runs_on(cycle, ended);
        let due_from = ended.map(|(at, _)| at).filter(|_| phase == Phase::Stopped).or(runs_on);
        let due_time = self
            .reached(WHOLE_LIMIT)
            .or_else(|| due_from.and_then(|from| self.project(from, WHOLE_LIMIT)));
        let warnings = self.marks.iter().filter(|mark| mark.percent != WHOLE_LIMIT);
        let warnings = warnings.map(|mark| Warning {
            percent: mark.percent,
            time: mark.reached.or_else(|| self.project(runs_on?, mark.percent)),
            reached: mark.reached.is_some(),
        });
        Measured {
            priority,
            phase,
            outcome,
            limit: self.ruling.limit,
            elapsed: self.elapsed,
            stop_time: ended.map(|(at, _)| at),
            original_due_time,
            due_time,
            breach_time: self.breach_time,
            calendar_id: self.ruling.calendar_id,
            calendar_revision: self.ruling.calendar_revision,
            warnings: warnings.collect(),
            segments: self.segments,
        }
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

    /// From when on the clock runs if nothing changes: from the last segment's end, or from the
    /// instant the present pause reaches its maximum.
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
