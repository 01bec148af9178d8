//! An incident's fields after its facts up to an instant.

use super::fact::{Cause, Fact, IncidentEvent, Opened, Waiting, WaitingOn};
use super::moment::Moment;
use crate::domain::time::{Instant, Span};

/// An incident's fields after some of its facts, from which it borrows.
#[derive(Clone, Debug, Default)]
pub struct State<'e> {
    /// The opening and when it was; `None`: its opening is not known yet, or still to come.
    pub opened: Option<(Instant, &'e Opened)>,
    /// The priority as the backend names it.
    pub priority: &'e str,
    /// The backend's status.
    pub status: &'e str,
    /// Who must act now: from the opening and from each reopening on the provider, from each end on
    /// nobody, until a status says otherwise.
    pub waiting_on: WaitingOn,
    /// The third party that must act.
    pub third_party: &'e str,
    /// Why it waits.
    pub reason: &'e str,
    /// The group it is assigned to.
    pub group: &'e str,
    /// The person it is assigned to.
    pub assignee: &'e str,
    /// How many people it hits now.
    pub affected_users: u32,
    /// How much of their work they can't do, in percent.
    pub productivity_loss: u32,
    /// When the provider first answered the client: responded, or gave an update.
    pub responded: Option<Instant>,
    /// When the service was restored, unless reopened since; a resolution is a restoration too.
    pub restored: Option<Instant>,
    /// When it was resolved, unless reopened since; a closure is a resolution too.
    pub resolved: Option<Instant>,
    /// When it was closed, unless reopened since.
    pub closed: Option<Instant>,
    /// When it was cancelled, unless reopened since.
    pub cancelled: Option<Instant>,
    /// The incident it was merged into, unless reopened since.
    pub merged_into: Option<&'e str>,
    /// How often it was reopened.
    pub reopen_count: u32,
    /// How often the client received an update.
    pub update_count: u32,
    /// Whether the client has replied and got no response or update since.
    pub client_waits: bool,
    /// The work that was left when it was last estimated.
    pub effort_remaining: Option<Span>,
    /// The time of the work logged, added up.
    pub touch_time: Span,
    /// The last decision on its scope; `None`: there was none.
    pub in_scope: Option<bool>,
    /// The last attribution of its cause; `None`: there was none.
    pub cause: Option<&'e Cause>,
}

/// How far an incident has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Facts are known, but not its opening.
    AwaitingOpening,
    /// Open.
    Open,
    /// Resolved.
    Resolved,
    /// Closed.
    Closed,
    /// Cancelled.
    Cancelled,
    /// Merged into another.
    Merged,
}

impl<'e> State<'e> {
    /// Applies the facts of a moment, in their order. A status that is told in the instant of a
    /// reopening holds from it on.
    pub fn apply(&mut self, moment: &Moment<'_, 'e>) {
        let mut told = None;
        let mut is_reopened = false;
        for recorded in moment.events {
            match &recorded.value.fact {
                Fact::StatusChanged(waiting) => told = Some(waiting),
                Fact::Reopened => is_reopened = true,
                _ => {}
            }
            self.take(&recorded.value);
        }
        if let Some(waiting) = told.filter(|_| is_reopened) {
            self.wait(waiting);
        }
    }

    /// Applies only the opening among the facts of a moment, if there is one.
    pub fn apply_opening(&mut self, moment: &Moment<'_, 'e>) {
        let opening = moment.events.iter().find(|e| matches!(e.value.fact, Fact::Opened(_)));
        if let Some(opening) = opening {
            self.take(&opening.value);
        }
    }

    /// Whether the incident is at an end: resolved, closed, cancelled or merged into another.
    pub fn is_ended(&self) -> bool {
        self.resolved.is_some() || self.cancelled.is_some() || self.merged_into.is_some()
    }

    /// How far the incident has come.
    pub fn stage(&self) -> Stage {
        match self {
            State { opened: None, .. } => Stage::AwaitingOpening,
            State { merged_into: Some(_), .. } => Stage::Merged,
            State { cancelled: Some(_), .. } => Stage::Cancelled,
            State { closed: Some(_), .. } => Stage::Closed,
            State { resolved: Some(_), .. } => Stage::Resolved,
            _ => Stage::Open,
        }
    }

    fn take(&mut self, event: &'e IncidentEvent) {
        let time = event.occur_time;
        match &event.fact {
            Fact::Opened(opened) => self.open(time, opened),
            Fact::Responded => self.respond(time),
            Fact::StatusChanged(waiting) => self.wait(waiting),
            Fact::PriorityChanged(priority) => self.priority = priority,
            Fact::Assigned { group, assignee } => (self.group, self.assignee) = (group, assignee),
            Fact::ClientUpdated { .. } => {
                self.update_count += 1;
                self.respond(time);
            }
            Fact::ClientReplied => self.client_waits = true,
            Fact::WorkLogged { duration, .. } => self.touch_time += *duration,
            Fact::EffortEstimated(remaining) => self.effort_remaining = Some(*remaining),
            Fact::ImpactChanged { affected_users, productivity_loss } => {
                self.affected_users = *affected_users;
                self.productivity_loss = *productivity_loss;
            }
            Fact::Restored => {
                self.restored.get_or_insert(time);
            }
            Fact::Resolved => self.resolve(time),
            Fact::Closed => {
                self.resolve(time);
                self.closed.get_or_insert(time);
            }
            Fact::Cancelled => {
                self.cancelled = Some(time);
                self.act_next(WaitingOn::Nobody);
            }
            Fact::Merged(into) => {
                self.merged_into = Some(into);
                self.act_next(WaitingOn::Nobody);
            }
            Fact::Reopened => self.reopen(),
            Fact::CauseAttributed(cause) => self.cause = Some(cause),
            Fact::ScopeJudged { in_scope, .. } => self.in_scope = Some(*in_scope),
            Fact::Surveyed { .. } | Fact::ExclusionDecided(_) | Fact::Retracted(_) => {}
        }
    }

    fn open(&mut self, time: Instant, opened: &'e Opened) {
        if self.opened.is_none() {
            self.opened = Some((time, opened));
            self.priority = &opened.priority;
            self.affected_users = opened.affected_users;
            self.productivity_loss = 100;
            self.act_next(WaitingOn::Provider);
        }
    }

    fn wait(&mut self, waiting: &'e Waiting) {
        self.status = &waiting.status;
        self.waiting_on = waiting.waiting_on;
        self.third_party = &waiting.third_party;
        self.reason = &waiting.reason;
    }

    /// Whatever it waited for before is over.
    fn act_next(&mut self, who: WaitingOn) {
        (self.waiting_on, self.third_party, self.reason) = (who, "", "");
    }

    fn respond(&mut self, time: Instant) {
        self.responded.get_or_insert(time);
        self.client_waits = false;
    }

    fn resolve(&mut self, time: Instant) {
        self.restored.get_or_insert(time);
        self.resolved.get_or_insert(time);
        self.act_next(WaitingOn::Nobody);
    }

    fn reopen(&mut self) {
        self.reopen_count += 1;
        (self.restored, self.resolved, self.closed) = (None, None, None);
        (self.cancelled, self.merged_into) = (None, None);
        self.act_next(WaitingOn::Provider);
    }
}
