//! Derives a clock's timeline from a history, by conditions and policies, without durations.

use super::admission::{Admission, TakeOver};
use super::gap::Gap;
use super::timeline::{Activity, Context, Cycle, End, Stretch, Timeline};
use super::triggers::Triggers;
use crate::domain::contract::{ClockAction, Metric, OnReopen, Target};
use crate::domain::incident::{Fact, History, Moment};
use crate::domain::time::Instant;

/// The timeline of `target`'s clock up to `as_of`; without cycles when the target does not apply.
pub(super) fn timeline<'a>(
    target: &Target,
    history: &History<'a>,
    admission: Admission<'a>,
    as_of: Instant,
) -> Timeline<'a> {
    let mut builder = TimelineBuilder {
        target,
        admission,
        triggers: Triggers::new(target),
        timeline: Timeline::default(),
        current: None,
        gap: Gap::default(),
        could_start: false,
        opened: None,
        take_over: admission.take_over,
        takes_over: false,
        was_refused: false,
        restart_due: false,
    };
    let stays =
        |moment: &Moment<'_, 'a>| admission.leaves.is_none_or(|(place, _)| moment.place() <= place);
    for moment in history.moments(as_of).take_while(stays) {
        builder.take_over_before(&moment);
        builder.observe(&moment);
    }
    builder.take_over_by(as_of);
    builder.leave(as_of);
    builder.finish(as_of)
}

struct TimelineBuilder<'t, 'a> {
    target: &'t Target,
    admission: Admission<'a>,
    triggers: Triggers<'t, 'a>,
    timeline: Timeline<'a>,
    /// The present stretch of the last cycle; `None` before the opening and after an end.
    current: Option<Stretch<'a>>,
    gap: Gap<'a>,
    could_start: bool,
    /// When the incident was opened.
    opened: Option<Instant>,
    /// The take-over still to come.
    take_over: Option<TakeOver<'a>>,
    /// Whether the clock may start at any moment, since it was not there at the opening.
    takes_over: bool,
    /// Whether it could have started, and the target did not apply then.
    was_refused: bool,
    /// Whether it restarts when it goes on, since that came due in this moment or since its end.
    restart_due: bool,
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
            self.opened = Some(time);
            self.timeline.cycles.push(Cycle::default());
            self.begin(time, Activity::Pending, event_id);
        }
        self.start(time, event_id);
        self.apply_late(moment);
        let restarts = self.triggers.restarts(moment);
        self.restart_due |= restarts;
        for action in self.target.same_instant_order {
            self.act(action, time, event_id, restarts);
        }
        self.restart_due &= self.timeline.ended().is_some();
        self.notice_context(time, event_id);
    }

    /// A target that did not apply when its clock could have started may do so once the details of
    /// the incident change: a request becomes an incident.
    fn apply_late(&mut self, moment: &Moment<'_, 'a>) {
        let mut facts = moment.events.iter().map(|recorded| &recorded.value.fact);
        let is_described = facts.any(|fact| matches!(fact, Fact::DetailsChanged(_)));
        if self.was_refused && is_described && self.triggers.applies(moment.time) {
            (self.was_refused, self.takes_over) = (false, true);
            let event_id = moment.events.last().map_or("", |last| last.value.event_id.as_str());
            self.start(moment.time, event_id);
        }
    }

    fn start(&mut self, time: Instant, event_id: &'a str) {
        let can_start = self.can_start(time);
        let begins = can_start && !self.could_start;
        if begins {
            self.was_refused = !self.triggers.applies(time);
        }
        let is_taken_over = can_start && self.takes_over && !self.is_held_back(time);
        self.could_start = can_start && self.triggers.could_start(time);
        let starts = match begins {
            true => !self.was_refused,
            false => is_taken_over && self.triggers.applies(time),
        };
        let is_pending = self.activity() == Some(Activity::Pending);
        if starts && is_pending && self.admission.is_in_force(time) {
            self.takes_over = false;
            self.begin_cycle(time, event_id);
        }
    }

    /// Takes the incident over before a moment, if the target is in force by then.
    fn take_over_before(&mut self, moment: &Moment<'_, 'a>) {
        match self.take_over {
            Some(TakeOver { at, .. }) if at.time < moment.time => self.take_over_by(at.time),
            Some(take_over) if take_over.at <= moment.place() => self.come_upon(take_over),
            _ => {}
        }
    }

    /// Takes the incident over at an instant without a fact, if the target is in force by `time`.
    fn take_over_by(&mut self, time: Instant) {
        let Some(take_over) = self.take_over.filter(|take_over| take_over.at.time <= time) else {
            return;
        };
        self.come_upon(take_over);
        if self.opened.is_some() {
            self.start(take_over.at.time, "");
        }
    }

    /// From here on the clock may start at any moment, if it has not started or what it measured
    /// had ended before.
    fn come_upon(&mut self, take_over: TakeOver<'a>) {
        self.take_over = None;
        let Some(opened) = self.opened else { return };
        let has_begun = self.timeline.has_begun();
        if has_begun && self.timeline.ended().is_none() {
            return self.note_take_over(take_over, opened);
        }
        self.takes_over = true;
        self.note_take_over(take_over, take_over.at.time);
        if has_begun {
            self.timeline.forget();
            self.fill_gap(take_over.at.time, |_| Activity::Pending);
            self.current = self.timeline.pop();
            if self.current.is_none() {
                self.begin(take_over.at.time, Activity::Pending, "");
            }
        }
    }

    fn note_take_over(&mut self, take_over: TakeOver<'a>, from: Instant) {
        self.timeline.came = Some(take_over.in_words(from));
    }

    /// Ends what is open where the incident leaves the contract.
    fn leave(&mut self, as_of: Instant) {
        let Some((place, event_id)) = self.admission.leaves.filter(|l| l.0.time <= as_of) else {
            return;
        };
        match self.activity() {
            Some(Activity::Running | Activity::Paused(_)) => {
                self.end(place.time, End::Transferred, event_id);
                let left = format!("the incident left the contract at {}", place.time);
                self.timeline.left = Some(format!("{left}, by event {event_id:?}"));
            }
            Some(_) => {
                self.current = None;
                self.timeline.cycles.pop();
            }
            None => {}
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
            ClockAction::Restart if active && restarts && !self.timeline.began_at(time) => {
                self.end(time, End::Stopped, event_id);
                self.next_cycle(time, event_id);
            }
            ClockAction::Restart if self.timeline.ended().is_some() => {
                self.leave_gap(time, event_id, restarts);
            }
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
    /// restarts, or was to since it ended, else by the target's reopening policy.
    fn leave_gap(&mut self, time: Instant, event_id: &'a str, restarts: bool) {
        let is_held_back = match restarts {
            true => self.triggers.ends_now(time),
            false => self.is_held_back(time),
        };
        if is_held_back {
            self.stop_cancelled(time, event_id);
        } else if self.restart_due {
            self.new_cycle(time, false, event_id);
        } else if self.target.metric == Metric::NextReply && !self.was_cancelled() {
            if self.can_start(time) {
                self.next_cycle(time, event_id);
            }
        } else {
            self.go_on(time, event_id);
        }
    }

    /// Stops a clock that is cancelled no longer and was stopped meanwhile: answered, say. It goes
    /// on by the target's reopening policy, never from zero, and ends in that instant.
    fn stop_cancelled(&mut self, time: Instant, event_id: &'a str) {
        let goes_on = self.target.on_reopen.goes_on();
        if goes_on && self.was_cancelled() && !self.restart_due && !self.triggers.cancels(time) {
            let counts = self.target.on_reopen == OnReopen::ContinueCountingGap;
            self.resume(time, counts, event_id);
            self.end(time, End::Stopped, event_id);
        }
    }

    fn was_cancelled(&self) -> bool {
        self.timeline.ended().is_some_and(|(_, end)| end == End::Cancelled)
    }

    fn go_on(&mut self, time: Instant, event_id: &'a str) {
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

    /// Whether the clock is, or would be at once, stopped or cancelled by what holds at `time`.
    fn is_held_back(&mut self, time: Instant) -> bool {
        self.triggers.stops(time) || self.triggers.cancels(time)
    }

    fn resume(&mut self, time: Instant, counts: bool, event_id: &'a str) {
        self.timeline.resume();
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
        for stretch in self.gap.fill(end, becomes) {
            self.timeline.push(stretch);
        }
    }

    fn begin_cycle(&mut self, time: Instant, event_id: &'a str) {
        self.restart_due = false;
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

    /// Begins another stretch, also of the gap, when the context has changed.
    fn notice_context(&mut self, time: Instant, event_id: &'a str) {
        if let Some(Stretch { activity, context, .. }) = self.current
            && context != self.context()
        {
            self.begin(time, activity, event_id);
        }
        if let Some((after, context)) = self.gap.last()
            && context != self.context()
        {
            self.gap.divide(time, after, self.context(), event_id);
        }
    }

    fn end(&mut self, time: Instant, end: End, event_id: &'a str) {
        self.notice_context(time, event_id);
        self.close_last(time);
        self.gap.divide(time, end, self.context(), event_id);
        self.timeline.end(time, end, self.triggers.state().priority);
    }

    fn close(&mut self, time: Instant) {
        if self.current.is_some_and(|stretch| stretch.start < time || stretch.from_zero) {
            self.close_last(time);
        }
    }

    /// Closes the present stretch, even when it is empty.
    fn close_last(&mut self, time: Instant) {
        if let Some(stretch) = self.current.take() {
            self.timeline.push(Stretch { end: time, ..stretch });
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
        if self.could_start && !self.timeline.has_begun() {
            self.timeline.cycles.clear();
        }
        let said = [self.timeline.came.take(), self.timeline.left.take()];
        self.timeline.notes = self.triggers.into_notes();
        self.timeline.notes.extend(said.into_iter().flatten());
        self.timeline
    }

    fn activity(&self) -> Option<Activity> {
        self.current.map(|stretch| stretch.activity)
    }

    fn context(&self) -> Context<'a> {
        Context::of(self.triggers.state())
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
