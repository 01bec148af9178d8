//! Evaluates a target's metric and conditions on an incident's fields, moment by moment.

use crate::domain::contract::{Condition, Metric, OnReopen, Target};
use crate::domain::incident::{Fact, Moment, State, WaitingOn};
use crate::domain::time::Instant;

/// An incident's fields as its facts change them, and the clock actions they trigger.
pub(super) struct Triggers<'t, 'a> {
    target: &'t Target,
    state: State<'a>,
    /// The fields before the present moment, and for its opening those it was opened with.
    before: State<'a>,
    /// Whether the client was answered, by what the target counts as an answer, since the target
    /// last began to wait for one.
    answered: bool,
    /// Whether the present moment holds such an answer.
    is_answered_now: bool,
    /// Whether the client has replied and got no such answer since.
    client_waits: bool,
    /// When the present cycle began.
    began: Option<Instant>,
    /// Whether `stop_when` or `cancel_when` held in an instant and reads what changed in it: it
    /// then holds until a reopening or another cycle.
    was_stopped: bool,
    was_cancelled: bool,
    /// Whether `restart_when` held after the moment before; `None`: there was none.
    held_restart: Option<bool>,
    /// Conditions that could not be evaluated, and why.
    notes: Vec<String>,
}

/// Whether a condition sees what changed in the present moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Changes {
    Seen,
    /// It is evaluated as though nothing had changed.
    Unseen,
}

impl<'t, 'a> Triggers<'t, 'a> {
    pub fn new(target: &'t Target) -> Triggers<'t, 'a> {
        Triggers {
            target,
            state: State::default(),
            before: State::default(),
            answered: false,
            is_answered_now: false,
            client_waits: false,
            began: None,
            was_stopped: false,
            was_cancelled: false,
            held_restart: None,
            notes: Vec::new(),
        }
    }

    /// Applies the facts of a moment.
    pub fn apply(&mut self, moment: &Moment<'_, 'a>) {
        self.before = self.state.clone();
        if self.before.opened.is_none() {
            self.before.apply_opening(moment);
        }
        self.state.apply(moment);
        self.is_answered_now = false;
        for recorded in moment.events {
            self.note_answers(&recorded.value.fact);
        }
        if has(moment, |fact| matches!(fact, Fact::Reopened)) {
            (self.was_stopped, self.was_cancelled) = (false, false);
            if self.target.on_reopen == OnReopen::NewCycle && self.before.is_ended() {
                self.await_an_answer();
            }
        }
    }

    fn note_answers(&mut self, fact: &Fact) {
        if matches!(fact, Fact::ClientReplied) {
            self.client_waits = true;
        } else if self.target.is_answered_by(fact) {
            self.client_waits = false;
            (self.answered, self.is_answered_now) = (true, true);
        }
    }

    /// Forgets the answers before the present moment: the target waits for another.
    fn await_an_answer(&mut self) {
        self.answered = self.is_answered_now;
    }

    /// Notes that a cycle begins.
    pub fn begin_cycle(&mut self, time: Instant) {
        self.began = Some(time);
        (self.was_stopped, self.was_cancelled) = (false, false);
    }

    /// The incident's fields after the moments applied so far.
    pub fn state(&self) -> &State<'a> {
        &self.state
    }

    /// The conditions that could not be evaluated.
    pub fn into_notes(self) -> Vec<String> {
        self.notes
    }

    /// Whether the clock may start.
    pub fn may_start(&mut self, time: Instant) -> bool {
        self.starts(time, Changes::Seen)
    }

    /// Whether it could still start if nothing more happened: by what holds, not by what changed.
    pub fn could_start(&mut self, time: Instant) -> bool {
        self.starts(time, Changes::Unseen)
    }

    fn starts(&mut self, time: Instant, changes: Changes) -> bool {
        let by_metric = match self.target.metric {
            Metric::NextReply => self.client_waits && self.state.resolved.is_none(),
            _ => true,
        };
        self.holds(&self.target.start_when, time, changes).unwrap_or(by_metric)
    }

    /// Whether the target applies to the incident.
    pub fn applies(&mut self, time: Instant) -> bool {
        self.holds(&self.target.applies_when, time, Changes::Unseen).unwrap_or(true)
    }

    /// Whether the clock stops.
    pub fn stops(&mut self, time: Instant) -> bool {
        let stops = self.stops_now(time);
        self.was_stopped |= stops && reads_changes(&self.target.stop_when);
        self.was_stopped || stops
    }

    fn stops_now(&mut self, time: Instant) -> bool {
        let state = &self.state;
        let by_metric = match self.target.metric {
            Metric::Response => self.answered,
            Metric::Resolution | Metric::Update => state.resolved.is_some(),
            Metric::Restoration => state.restored.is_some(),
            Metric::NextReply => !self.client_waits,
            Metric::Custom => false,
        };
        let holds = self.holds(&self.target.stop_when, time, self.ending_changes(time));
        holds.unwrap_or(by_metric)
    }

    /// Whether the cycle ends and the next begins: an update to the client does that for an update
    /// clock, and `restart_when` for any clock when it becomes true. What is true already when the
    /// incident is opened does not become so.
    pub fn restarts(&mut self, moment: &Moment<'_, 'a>) -> bool {
        let condition = &self.target.restart_when;
        let Some(holds) = self.holds(condition, moment.time, self.ending_changes(moment.time))
        else {
            return self.target.metric == Metric::Update && has_client_update(moment);
        };
        let rests = match reads_changes(condition) {
            true => self.holds(condition, moment.time, Changes::Unseen).unwrap_or(holds),
            false => holds,
        };
        let held = self.held_restart.replace(rests).unwrap_or(rests);
        let restarts = holds && !held;
        if restarts {
            self.await_an_answer();
        }
        restarts
    }

    /// Whether the clock is cancelled.
    pub fn cancels(&mut self, time: Instant) -> bool {
        let by_condition = self.cancel_condition_holds(time);
        self.was_cancelled |= by_condition && reads_changes(&self.target.cancel_when);
        self.was_cancelled || by_condition || self.is_void()
    }

    fn cancel_condition_holds(&mut self, time: Instant) -> bool {
        let changes = self.ending_changes(time);
        self.holds(&self.target.cancel_when, time, changes).unwrap_or(false)
    }

    fn is_void(&self) -> bool {
        self.state.cancelled.is_some() || self.state.merged_into.is_some()
    }

    /// Whether something stops or cancels the clock in this very instant, whatever changed before.
    pub fn ends_now(&mut self, time: Instant) -> bool {
        self.stops_now(time) || self.is_void() || self.cancel_condition_holds(time)
    }

    /// Whether the clock is paused: by the rule at this place, or (`Some(None)`) by a condition.
    /// That nobody must act since the incident has ended is no wait.
    pub fn pauses(&mut self, time: Instant) -> Option<Option<usize>> {
        let waiting_on = self.state.waiting_on;
        let is_over = waiting_on == WaitingOn::Nobody && self.state.is_ended();
        let rule = self.target.pause_rule(waiting_on, self.state.reason).filter(|_| !is_over);
        let condition = &self.target.pause_when;
        let holds = rule.is_some() || self.holds(condition, time, Changes::Unseen).unwrap_or(false);
        holds.then_some(rule)
    }

    /// What begins a cycle does not also end it: in its first instant nothing has changed yet.
    fn ending_changes(&self, time: Instant) -> Changes {
        if self.began == Some(time) { Changes::Unseen } else { Changes::Seen }
    }

    /// Whether a condition holds; one that can't be evaluated does not, and leaves a note.
    fn holds(
        &mut self,
        condition: &Option<Condition>,
        time: Instant,
        changes: Changes,
    ) -> Option<bool> {
        let condition = condition.as_ref()?;
        let before = if changes == Changes::Seen { &self.before } else { &self.state };
        Some(condition.holds_upon(&self.state, before, time).unwrap_or_else(|error| {
            let note = format!("{:?} could not be evaluated: {error}", condition.source());
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
            false
        }))
    }
}

fn reads_changes(condition: &Option<Condition>) -> bool {
    condition.as_ref().is_some_and(Condition::reads_changes)
}

fn has_client_update(moment: &Moment<'_, '_>) -> bool {
    has(moment, |fact| matches!(fact, Fact::ClientUpdated { .. }))
}

fn has(moment: &Moment<'_, '_>, is_it: impl Fn(&Fact) -> bool) -> bool {
    moment.events.iter().any(|recorded| is_it(&recorded.value.fact))
}
