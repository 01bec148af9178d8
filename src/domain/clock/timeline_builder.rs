//! Derives a clock's timeline from a history, by conditions and policies, without durations.

use super::timeline::{Activity, Context, Cycle, End, Halt, Stretch, Timeline};
use super::triggers::Triggers;
use crate::domain::contract::{ClockAction, Metric, OnReopen, Target};
use crate::domain::incident::{History, Moment};
use crate::domain::time::Instant;

/// When a target's clock may start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    /// The target is in force from here on...
    pub from: Instant,
    /// ... until before here.
    pub until: Option<Instant>,
    /// When the contract ends: from then on no cycle begins.
    pub end: Option<Instant>,
    /// With `starts_after`: when the clock before it stopped, if it has.
    pub after: Option<Option<Instant>>,
}

/// The timeline of `target`'s clock up to `as_of`; without cycles when the target does not apply.
pub(super) fn timeline<'a>(
    target: &Target,
    history: &History<'a>,
    admission: Admission,
    as_of: Instant,
) -> Timeline<'a> {
    let mut builder = TimelineBuilder {
        target,
        admission,
        triggers: Triggers::new(target),
        timeline: Timeline::default(),
        current: None,
        gap: Vec::new(),
        could_start: false,
    };
    for moment in history.moments(as_of) {
        builder.observe(&moment);
    }
    builder.finish(as_of)
}

struct TimelineBuilder<'t, 'a> {
    target: &'t Target,
    admission: Admission,
    triggers: Triggers<'t, 'a>,
    timeline: Timeline<'a>,
    /// The present stretch of the last cycle; `None` before the opening and after an end.
    current: Option<Stretch<'a>>,
    /// The time since the last end, one stretch for each context. It becomes a gap if the clock
    /// goes on.
    gap: Vec<Stretch<'a>>,
    could_start: bool,
}

impl<'a> TimelineBuilder<'_, 'a> {
    fn observe(&mut self, moment: &Moment<'_, 'a>) {
        self.triggers.apply(moment);
        if self.triggers.state().opened.is_none() {
            return;
        }
        let time = moment.time;
        let event_id = moment.events.last().map_or("", |last| last.value.event_id.as_str());
        if self.timeline.cycles.is_empty() {
            self.timeline.cycles.push(Cycle::default());
            self.begin(time, Activity::Pending, event_id);
        }
        self.start(time, event_id);
        let restarts = self.triggers.restarts(moment);
        for action in self.target.same_instant_order {
            self.act(action, time, event_id, restarts);
        }
        self.notice_context(time, event_id);
    }

    fn start(&mut self, time: Instant, event_id: &'a str) {
        let can_start = self.can_start(time);
        let begins = can_start && !self.could_start;
        self.could_start = can_start && self.triggers.could_start(time);
        let Admission { from, until, .. } = self.admission;
        let admitted = from <= time && until.is_none_or(|until| time < until);
        if !begins || !admitted || self.activity() != Some(Activity::Pending) {
            return;
        }
        if self.triggers.applies(time) {
            self.begin_cycle(time, event_id);
        }
    }

    fn act(&mut self, action: ClockAction, time: Instant, event_id: &'a str, restarts: bool) {
        let paused = matches!(self.activity(), Some(Activity::Paused(_)));
        let active = paused || self.activity() == Some(Activity::Running);
        match action {
            ClockAction::Stop if active && self.triggers.stops(time) => {
                self.end(time, End::Stopped, event_id);
            }
            // What begins a cycle does not also end it: a cycle of no time is none.
            ClockAction::Restart if active && restarts && !self.began_at(time) => {
                self.end(time, End::Stopped, event_id);
                self.next_cycle(time, event_id);
            }
            ClockAction::Restart if self.ended().is_some() => self.go_on(time, event_id, restarts),
            ClockAction::Cancel if active && self.triggers.cancels(time) => {
                self.end(time, End::Cancelled, event_id);
            }
            ClockAction::Pause if active => {
                if let Some(pause) = self.pauses(time).filter(|p| self.activity() != Some(*p)) {
                    self.begin(time, pause, event_id);
                }
            }
            ClockAction::Resume if paused && self.pauses(time).is_none() => {
                self.begin(time, Activity::Running, event_id);
            }
            _ => {}
        }
    }

    /// Lets a clock that had ended go on, once nothing ends it any longer: in another cycle when it
    /// restarts, else by the target's reopening policy.
    fn go_on(&mut self, time: Instant, event_id: &'a str, restarts: bool) {
        if self.is_held_back(time) {
            return;
        }
        if restarts {
            return self.new_cycle(time, false, event_id);
        }
        let was_stopped = self.ended().is_some_and(|(_, end)| end == End::Stopped);
        if self.target.metric == Metric::NextReply && was_stopped {
            if self.can_start(time) {
                self.next_cycle(time, event_id);
            }
            return;
        }
        match self.target.on_reopen {
            OnReopen::Ignore => {}
            OnReopen::NewCycle => self.new_cycle(time, false, event_id),
            OnReopen::ContinueExcludingGap => self.resume(time, false, event_id),
            OnReopen::ContinueCountingGap => self.resume(time, true, event_id),
            OnReopen::Restart => {
                self.resume(time, false, event_id);
                if let Some(current) = &mut self.current {
                    current.from_zero = true;
                }
            }
        }
    }

    /// Whether the clock is stopped or cancelled by what holds at `time`.
    fn is_held_back(&mut self, time: Instant) -> bool {
        self.triggers.stops(time) || self.triggers.cancels(time)
    }

    fn resume(&mut self, time: Instant, counts: bool, event_id: &'a str) {
        if let Some(cycle) = self.timeline.cycles.last_mut() {
            cycle.ended = None;
            let (stretches, priority) = (cycle.stretches.len(), cycle.last_priority);
            cycle.halts.push(Halt { stretches, priority });
        }
        self.fill_gap(time, |after| Activity::Gap { after, counts });
        self.run(time, event_id);
    }

    /// Begins another cycle, unless the contract has ended or something ends it at once. The time
    /// since the last one ended was pending.
    fn next_cycle(&mut self, time: Instant, event_id: &'a str) {
        if !self.is_held_back(time) {
            self.new_cycle(time, true, event_id);
        }
    }

    /// Begins another cycle, unless the contract has ended. The time since the last one ended was
    /// pending, or a gap.
    fn new_cycle(&mut self, time: Instant, was_pending: bool, event_id: &'a str) {
        if self.admission.end.is_some_and(|end| end <= time) {
            return;
        }
        self.timeline.cycles.push(Cycle::default());
        self.fill_gap(time, |after| match was_pending {
            true => Activity::Pending,
            false => Activity::Gap { after, counts: false },
        });
        self.begin_cycle(time, event_id);
    }

    fn fill_gap(&mut self, end: Instant, becomes: impl Fn(End) -> Activity) {
        self.end_gap(end);
        for gap in std::mem::take(&mut self.gap) {
            if let Activity::Gap { after, .. } = gap.activity
                && gap.start < gap.end
            {
                self.push(Stretch { activity: becomes(after), ..gap });
            }
        }
    }

    /// Ends the last stretch of the gap at `time` and begins another.
    fn divide_gap(&mut self, time: Instant, after: End, event_id: &'a str) {
        self.end_gap(time);
        let (context, from_zero) = (self.context(), false);
        let activity = Activity::Gap { after, counts: false };
        self.gap.push(Stretch { start: time, end: time, activity, context, event_id, from_zero });
    }

    fn end_gap(&mut self, time: Instant) {
        if let Some(last) = self.gap.last_mut() {
            last.end = time;
        }
    }

    fn begin_cycle(&mut self, time: Instant, event_id: &'a str) {
        self.triggers.begin_cycle(time);
        self.run(time, event_id);
        if let Some(cycle) = self.timeline.cycles.last_mut() {
            cycle.started = Some(time);
            cycle.first_priority = self.triggers.state().priority;
        }
    }

    /// Lets the clock run, or be paused at once when a pause is in force already.
    fn run(&mut self, time: Instant, event_id: &'a str) {
        let activity = self.pauses(time).unwrap_or(Activity::Running);
        self.begin(time, activity, event_id);
    }

    fn begin(&mut self, time: Instant, activity: Activity, event_id: &'a str) {
        self.close(time);
        let (context, from_zero) = (self.context(), false);
        self.current =
            Some(Stretch { start: time, end: time, activity, context, event_id, from_zero });
    }

    /// Begins another stretch when the context has changed under the same activity, also of the gap.
    fn notice_context(&mut self, time: Instant, event_id: &'a str) {
        if let Some(Stretch { activity, context, .. }) = self.current
            && context != self.context()
        {
            self.begin(time, activity, event_id);
        }
        if let Some(Stretch { activity: Activity::Gap { after, .. }, context, .. }) =
            self.gap.last().copied()
            && context != self.context()
        {
            self.divide_gap(time, after, event_id);
        }
    }

    fn end(&mut self, time: Instant, end: End, event_id: &'a str) {
        self.notice_context(time, event_id);
        self.close_last(time);
        self.divide_gap(time, end, event_id);
        if let Some(cycle) = self.timeline.cycles.last_mut() {
            cycle.ended = Some((time, end));
            cycle.last_priority = self.triggers.state().priority;
        }
        if end == End::Stopped {
            self.timeline.first_stop.get_or_insert(time);
        }
    }

    fn close(&mut self, time: Instant) {
        if self.current.is_some_and(|stretch| stretch.start < time || stretch.from_zero) {
            self.close_last(time);
        }
    }

    /// Closes the present stretch, even when it is empty.
    fn close_last(&mut self, time: Instant) {
        if let Some(stretch) = self.current.take() {
            self.push(Stretch { end: time, ..stretch });
        }
    }

    fn push(&mut self, stretch: Stretch<'a>) {
        if let Some(cycle) = self.timeline.cycles.last_mut() {
            cycle.stretches.push(stretch);
        }
    }

    fn finish(mut self, as_of: Instant) -> Timeline<'a> {
        let now = self.activity();
        self.close_last(as_of);
        if let Some(cycle) = self.timeline.cycles.last_mut()
            && cycle.ended.is_none()
        {
            cycle.now = now;
            cycle.last_priority = self.triggers.state().priority;
        }
        // A clock that could have started and did not: the target does not apply.
        if self.could_start && self.timeline.cycles.iter().all(|cycle| cycle.started.is_none()) {
            self.timeline.cycles.clear();
        }
        self.timeline.notes = self.triggers.into_notes();
        self.timeline
    }

    fn activity(&self) -> Option<Activity> {
        self.current.map(|stretch| stretch.activity)
    }

    fn began_at(&self, time: Instant) -> bool {
        self.timeline.cycles.last().is_some_and(|cycle| cycle.started == Some(time))
    }

    fn ended(&self) -> Option<(Instant, End)> {
        self.timeline.cycles.last().and_then(|cycle| cycle.ended)
    }

    fn context(&self) -> Context<'a> {
        let state = self.triggers.state();
        Context {
            waiting_on: state.waiting_on,
            third_party: state.third_party,
            reason: state.reason,
            priority: state.priority,
        }
    }

    /// Whether the start condition holds and the clock that must stop first has stopped.
    fn can_start(&mut self, time: Instant) -> bool {
        let may_start = self.triggers.may_start(time);
        may_start && self.admission.after.is_none_or(|stop| stop.is_some_and(|stop| stop <= time))
    }

    /// The paused activity, if a pause is in force.
    fn pauses(&mut self, time: Instant) -> Option<Activity> {
        self.triggers.pauses(time).map(Activity::Paused)
    }
}
