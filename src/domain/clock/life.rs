//! What a clock did when: conditions and policies, no durations.

use crate::domain::contract::{ClockAction, Condition, Metric, OnReopen, Target};
use crate::domain::incident::{Fact, History, Moment, State, WaitingOn};
use crate::domain::time::Instant;

/// A stretch in which a clock did one thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch<'a> {
    pub start: Instant,
    pub end: Instant,
    pub activity: Activity,
    pub context: Surroundings<'a>,
    /// The event that began it.
    pub event_id: &'a str,
    /// The count begins again from zero with it.
    pub from_zero: bool,
}

/// What a clock did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// It had not started.
    Pending,
    /// It ran.
    Running,
    /// It was paused, by the rule at this place or by a condition.
    Paused(Option<usize>),
    /// Between resolution and reopening, not counted.
    Gap,
    /// Between resolution and reopening, counted.
    CountedGap,
}

/// The incident's fields a stretch is told with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Surroundings<'a> {
    pub waiting_on: WaitingOn,
    pub third_party: &'a str,
    pub reason: &'a str,
    pub priority: &'a str,
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    Cancelled,
}

/// One cycle of a clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Cycle<'a> {
    pub started: Option<Instant>,
    pub ended: Option<(Instant, End)>,
    /// What it does at the instant asked about, unless it has ended.
    pub now: Option<Activity>,
    /// In order, without holes. Only one that puts the count to zero and the last may be empty:
    /// what it tells counts as of its instant.
    pub stretches: Vec<Stretch<'a>>,
    /// The incident's priority at the start and at the end.
    pub first_priority: &'a str,
    pub last_priority: &'a str,
}

/// A clock's life: its cycles, and conditions that could not be evaluated.
#[derive(Clone, Debug, Default)]
pub(super) struct Life<'a> {
    pub cycles: Vec<Cycle<'a>>,
    /// When it first was stopped, also if a reopening made it run on.
    pub first_stop: Option<Instant>,
    pub notes: Vec<String>,
}

/// When a target's clock may start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission {
    /// The target is in force from here on...
    pub from: Instant,
    /// ... until before here.
    pub until: Option<Instant>,
    /// With `starts_after`: when the clock before it stopped, if it has.
    pub after: Option<Option<Instant>>,
}

/// The life of `target`'s clock up to `as_of`. No cycles: it does not apply.
pub(super) fn life<'a>(
    target: &Target,
    history: &History<'a>,
    admission: Admission,
    as_of: Instant,
) -> Life<'a> {
    let mut watch = Watch {
        target,
        admission,
        state: State::default(),
        life: Life::default(),
        current: None,
        gap: Vec::new(),
        could_start: false,
        did_restart: false,
    };
    for moment in history.moments(as_of) {
        watch.observe(&moment);
    }
    watch.finish(as_of)
}

struct Watch<'t, 'a> {
    target: &'t Target,
    admission: Admission,
    state: State<'a>,
    life: Life<'a>,
    /// The stretch under way, of the last cycle; `None` before the opening and after an end.
    current: Option<Stretch<'a>>,
    /// The time since the last end, a stretch for each priority: a gap, should the clock go on.
    gap: Vec<Stretch<'a>>,
    could_start: bool,
    did_restart: bool,
}

impl<'a> Watch<'_, 'a> {
    fn observe(&mut self, moment: &Moment<'_, 'a>) {
        self.state.apply(moment);
        if self.state.opened.is_none() {
            return;
        }
        let time = moment.time;
        let event_id = moment.events.last().map_or("", |last| last.value.event_id.as_str());
        if self.life.cycles.is_empty() {
            self.life.cycles.push(Cycle::default());
            self.begin(time, Activity::Pending, event_id);
        }
        self.start(time, event_id);
        let restarts = self.restarts(moment);
        for action in self.target.same_instant_order {
            self.act(action, time, event_id, restarts);
        }
        self.notice_surroundings(time, event_id);
    }

    fn start(&mut self, time: Instant, event_id: &'a str) {
        let target = self.target;
        let can_start = self.can_start(time);
        let begins = can_start && !self.could_start;
        self.could_start = can_start;
        let Admission { from, until, .. } = self.admission;
        let admitted = from <= time && until.is_none_or(|until| time < until);
        if !begins || !admitted || self.activity() != Some(Activity::Pending) {
            return;
        }
        if self.asks(&target.applies_when, time).unwrap_or(true) {
            self.begin_cycle(time, event_id);
        }
    }

    fn act(&mut self, action: ClockAction, time: Instant, event_id: &'a str, restarts: bool) {
        let paused = matches!(self.activity(), Some(Activity::Paused(_)));
        let active = paused || self.activity() == Some(Activity::Running);
        match action {
            ClockAction::Stop if active && self.stops(time) => {
                self.end(time, End::Stopped, event_id);
            }
            ClockAction::Restart if active && restarts => {
                self.end(time, End::Stopped, event_id);
                self.next_cycle(time, event_id);
            }
            ClockAction::Restart if self.ended().is_some() => self.reopen(time, event_id),
            ClockAction::Cancel if active && self.cancels(time) => {
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

    /// What had ended goes on, as the target's policy says.
    fn reopen(&mut self, time: Instant, event_id: &'a str) {
        if self.stops(time) || self.cancels(time) {
            return;
        }
        if self.target.metric == Metric::NextReply {
            if self.can_start(time) {
                self.next_cycle(time, event_id);
            }
            return;
        }
        match self.target.on_reopen {
            OnReopen::Ignore => {}
            OnReopen::NewCycle => {
                self.life.cycles.push(Cycle::default());
                self.fill_gap(time, Activity::Gap);
                self.begin_cycle(time, event_id);
            }
            OnReopen::ContinueExcludingGap => self.go_on(time, Activity::Gap, event_id),
            OnReopen::ContinueCountingGap => self.go_on(time, Activity::CountedGap, event_id),
            OnReopen::Restart => {
                self.go_on(time, Activity::Gap, event_id);
                if let Some(current) = &mut self.current {
                    current.from_zero = true;
                }
            }
        }
    }

    fn go_on(&mut self, time: Instant, gap: Activity, event_id: &'a str) {
        if let Some(cycle) = self.life.cycles.last_mut() {
            cycle.ended = None;
        }
        self.fill_gap(time, gap);
        self.run(time, event_id);
    }

    fn next_cycle(&mut self, time: Instant, event_id: &'a str) {
        self.life.cycles.push(Cycle::default());
        self.fill_gap(time, Activity::Pending);
        self.begin_cycle(time, event_id);
    }

    fn fill_gap(&mut self, end: Instant, activity: Activity) {
        self.end_gap(end);
        for gap in std::mem::take(&mut self.gap) {
            if gap.start < gap.end {
                self.push(Stretch { activity, ..gap });
            }
        }
    }

    /// What of the gap comes after `time` is another stretch of it.
    fn divide_gap(&mut self, time: Instant, event_id: &'a str) {
        self.end_gap(time);
        let context = Surroundings {
            waiting_on: WaitingOn::Nobody,
            priority: self.state.priority,
            ..Surroundings::default()
        };
        let activity = Activity::Gap;
        let from_zero = false;
        self.gap.push(Stretch { start: time, end: time, activity, context, event_id, from_zero });
    }

    fn end_gap(&mut self, time: Instant) {
        if let Some(last) = self.gap.last_mut() {
            last.end = time;
        }
    }

    fn begin_cycle(&mut self, time: Instant, event_id: &'a str) {
        self.run(time, event_id);
        if let Some(cycle) = self.life.cycles.last_mut() {
            cycle.started = Some(time);
            cycle.first_priority = self.state.priority;
        }
    }

    /// It runs, or is paused from the first: whatever attaches late finds the pause in force.
    fn run(&mut self, time: Instant, event_id: &'a str) {
        let activity = self.pauses(time).unwrap_or(Activity::Running);
        self.begin(time, activity, event_id);
    }

    fn begin(&mut self, time: Instant, activity: Activity, event_id: &'a str) {
        self.close(time);
        let (context, from_zero) = (self.surroundings(), false);
        self.current =
            Some(Stretch { start: time, end: time, activity, context, event_id, from_zero });
    }

    /// The same activity in other surroundings is another stretch; so is the time after an end
    /// under another priority.
    fn notice_surroundings(&mut self, time: Instant, event_id: &'a str) {
        if let Some(Stretch { activity, context, .. }) = self.current
            && context != self.surroundings()
        {
            self.begin(time, activity, event_id);
        }
        if self.gap.last().is_some_and(|gap| gap.context.priority != self.state.priority) {
            self.divide_gap(time, event_id);
        }
    }

    fn end(&mut self, time: Instant, end: End, event_id: &'a str) {
        self.notice_surroundings(time, event_id);
        self.close_last(time);
        self.divide_gap(time, event_id);
        if let Some(cycle) = self.life.cycles.last_mut() {
            cycle.ended = Some((time, end));
            cycle.last_priority = self.state.priority;
        }
        if end == End::Stopped {
            self.life.first_stop.get_or_insert(time);
        }
    }

    fn close(&mut self, time: Instant) {
        if self.current.is_some_and(|stretch| stretch.start < time || stretch.from_zero) {
            self.close_last(time);
        }
    }

    /// Closes the stretch under way also when it is empty.
    fn close_last(&mut self, time: Instant) {
        if let Some(stretch) = self.current.take() {
            self.push(Stretch { end: time, ..stretch });
        }
    }

    fn push(&mut self, stretch: Stretch<'a>) {
        if let Some(cycle) = self.life.cycles.last_mut() {
            cycle.stretches.push(stretch);
        }
    }

    fn finish(mut self, as_of: Instant) -> Life<'a> {
        let now = self.activity();
        self.close_last(as_of);
        if let Some(cycle) = self.life.cycles.last_mut()
            && cycle.ended.is_none()
        {
            cycle.now = now;
            cycle.last_priority = self.state.priority;
        }
        // What could have started and did not, does not apply.
        if self.could_start && self.life.cycles.iter().all(|cycle| cycle.started.is_none()) {
            self.life.cycles.clear();
        }
        self.life
    }

    fn activity(&self) -> Option<Activity> {
        self.current.map(|stretch| stretch.activity)
    }

    fn ended(&self) -> Option<(Instant, End)> {
        self.life.cycles.last().and_then(|cycle| cycle.ended)
    }

    fn surroundings(&self) -> Surroundings<'a> {
        Surroundings {
            waiting_on: self.state.waiting_on,
            third_party: self.state.third_party,
            reason: self.state.reason,
            priority: self.state.priority,
        }
    }

    fn can_start(&mut self, time: Instant) -> bool {
        let target = self.target;
        let state = &self.state;
        let by_metric = match self.target.metric {
            Metric::NextReply => state.client_waits && state.resolved.is_none(),
            _ => true,
        };
        let condition_holds = self.asks(&target.start_when, time).unwrap_or(by_metric);
        condition_holds
            && self.admission.after.is_none_or(|stop| stop.is_some_and(|stop| stop <= time))
    }

    fn stops(&mut self, time: Instant) -> bool {
        let target = self.target;
        let state = &self.state;
        let by_metric = match self.target.metric {
            Metric::Response => state.responded.is_some(),
            Metric::Resolution | Metric::Update => state.resolved.is_some(),
            Metric::Restoration => state.restored.is_some(),
            Metric::NextReply => !state.client_waits || state.resolved.is_some(),
            Metric::Custom => false,
        };
        self.asks(&target.stop_when, time).unwrap_or(by_metric)
    }

    /// An update ends an update clock's cycle; so does `restart_when` when it becomes true.
    fn restarts(&mut self, moment: &Moment<'_, 'a>) -> bool {
        let target = self.target;
        let Some(holds) = self.asks(&target.restart_when, moment.time) else {
            return self.target.metric == Metric::Update
                && moment
                    .events
                    .iter()
                    .any(|e| matches!(e.value.fact, Fact::ClientUpdated { .. }));
        };
        !std::mem::replace(&mut self.did_restart, holds) && holds
    }

    fn cancels(&mut self, time: Instant) -> bool {
        let target = self.target;
        let state = &self.state;
        let by_incident = state.cancelled.is_some() || state.merged_into.is_some();
        by_incident || self.asks(&target.cancel_when, time).unwrap_or(false)
    }

    fn pauses(&mut self, time: Instant) -> Option<Activity> {
        let target = self.target;
        let rule = self.target.pause_rule(self.state.waiting_on, self.state.reason);
        let holds = rule.is_some() || self.asks(&target.pause_when, time).unwrap_or(false);
        holds.then_some(Activity::Paused(rule))
    }

    /// Whether a condition holds; one that can't be evaluated does not, and leaves a note.
    fn asks(&mut self, condition: &Option<Condition>, time: Instant) -> Option<bool> {
        let condition = condition.as_ref()?;
        Some(condition.holds(&self.state, time).unwrap_or_else(|error| {
            let note = format!("{:?} could not be evaluated: {error}", condition.source());
            if !self.life.notes.contains(&note) {
                self.life.notes.push(note);
            }
            false
        }))
    }
}
