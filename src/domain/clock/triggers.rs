//! Evaluates a target's metric and conditions on an incident's fields, moment by moment.

use crate::domain::contract::{Condition, Metric, Target};
use crate::domain::incident::{Fact, Moment, State};
use crate::domain::time::Instant;

/// An incident's fields as its facts change them, and the clock actions they trigger.
pub(super) struct Triggers<'t, 'a> {
    target: &'t Target,
    state: State<'a>,
    /// Whether `restart_when` held at the moment before.
    did_restart: bool,
    /// Conditions that could not be evaluated, and why.
    notes: Vec<String>,
}

impl<'t, 'a> Triggers<'t, 'a> {
    pub fn new(target: &'t Target) -> Triggers<'t, 'a> {
        Triggers { target, state: State::default(), did_restart: false, notes: Vec::new() }
    }

    /// Applies the facts of a moment.
    pub fn apply(&mut self, moment: &Moment<'_, 'a>) {
        self.state.apply(moment);
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
        let by_metric = match self.target.metric {
            Metric::NextReply => self.state.client_waits && self.state.resolved.is_none(),
            _ => true,
        };
        self.holds(&self.target.start_when, time).unwrap_or(by_metric)
    }

    /// Whether the target applies to the incident.
    pub fn applies(&mut self, time: Instant) -> bool {
        self.holds(&self.target.applies_when, time).unwrap_or(true)
    }

    /// Whether the clock stops.
    pub fn stops(&mut self, time: Instant) -> bool {
        let state = &self.state;
        let by_metric = match self.target.metric {
            Metric::Response => state.responded.is_some(),
            Metric::Resolution | Metric::Update => state.resolved.is_some(),
            Metric::Restoration => state.restored.is_some(),
            Metric::NextReply => !state.client_waits || state.resolved.is_some(),
            Metric::Custom => false,
        };
        self.holds(&self.target.stop_when, time).unwrap_or(by_metric)
    }

    /// Whether the cycle ends and the next begins: an update to the client does that for an update
    /// clock, and `restart_when` for any clock when it becomes true.
    pub fn restarts(&mut self, moment: &Moment<'_, 'a>) -> bool {
        match self.holds(&self.target.restart_when, moment.time) {
            Some(holds) => !std::mem::replace(&mut self.did_restart, holds) && holds,
            None => self.target.metric == Metric::Update && has_client_update(moment),
        }
    }

    /// Whether the clock is cancelled.
    pub fn cancels(&mut self, time: Instant) -> bool {
        let by_incident = self.state.cancelled.is_some() || self.state.merged_into.is_some();
        by_incident || self.holds(&self.target.cancel_when, time).unwrap_or(false)
    }

    /// Whether the clock is paused: by the rule at this place, or (`Some(None)`) by a condition.
    pub fn pauses(&mut self, time: Instant) -> Option<Option<usize>> {
        let rule = self.target.pause_rule(self.state.waiting_on, self.state.reason);
        let holds = rule.is_some() || self.holds(&self.target.pause_when, time).unwrap_or(false);
        holds.then_some(rule)
    }

    /// Whether a condition holds; one that can't be evaluated does not, and leaves a note.
    fn holds(&mut self, condition: &Option<Condition>, time: Instant) -> Option<bool> {
        let condition = condition.as_ref()?;
        Some(condition.holds(&self.state, time).unwrap_or_else(|error| {
            let note = format!("{:?} could not be evaluated: {error}", condition.source());
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
            false
        }))
    }
}

fn has_client_update(moment: &Moment<'_, '_>) -> bool {
    moment.events.iter().any(|e| matches!(e.value.fact, Fact::ClientUpdated { .. }))
}
