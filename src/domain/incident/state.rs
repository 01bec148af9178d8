//! An incident's fields after its facts up to an instant.

use std::collections::BTreeMap;

use super::fact::{Cause, DetailsChange, Fact, IncidentEvent, Opened, Waiting, WaitingOn};
use super::moment::Moment;
use crate::domain::time::{Instant, Span};

/// An incident's fields after some of its facts, from which it borrows.
#[derive(Clone, Debug, Default)]
pub struct State<'e> {
    /// The opening and when it was; `None`: its opening is not known yet, or still to come.
    pub opened: Option<(Instant, &'e Opened)>,
    /// The contracts it falls under.
    pub contract_ids: &'e [String],
    /// The service it hit.
    pub service: &'e str,
    /// The backend's category.
    pub category: &'e str,
    /// The changes since the opening, of which some may set attributes.
    pub changes: Vec<&'e DetailsChange>,
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
    /// How many people it hits now; `None`: nobody said.
    pub affected_users: Option<u32>,
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
    /// How often the provider reported a response.
    pub response_count: u32,
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
    /// Applies the facts of a moment, in their order. A status that changes in the instant of
    /// a reopening holds from it on.
    pub fn apply(&mut self, moment: &Moment<'_, 'e>) {
        let mut reported = None;
        let mut is_reopened = false;
        for recorded in moment.events {
            match &recorded.value.fact {
                Fact::StatusChanged(waiting) => reported = Some(waiting),
                Fact::Reopened => is_reopened = true,
                _ => {}
            }
            self.take(&recorded.value);
        }
        if let Some(waiting) = reported.filter(|_| is_reopened) {
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

    /// What else is known of it, by name: as it was opened with, and changed since.
    pub fn attributes(&self) -> BTreeMap<&'e str, &'e str> {
        let pairs = |map: &'e BTreeMap<String, String>| {
            map.iter().map(|(name, value)| (name.as_str(), value.as_str()))
        };
        let mut held: BTreeMap<_, _> =
            self.opened.iter().flat_map(|(_, opened)| pairs(&opened.attributes)).collect();
        for change in &self.changes {
            change.removed_attributes.iter().for_each(|name| {
                held.remove(name.as_str());
            });
            held.extend(pairs(&change.attributes));
        }
        held
    }

    fn take(&mut self, event: &'e IncidentEvent) {
        let time = event.occur_time;
        match &event.fact {
            Fact::Opened(opened) => self.open(time, opened),
            Fact::Responded => {
                self.response_count += 1;
                self.respond(time);
            }
            Fact::StatusChanged(waiting) => self.wait(waiting),
            Fact::PriorityChanged(priority) => self.priority = priority,
            Fact::Assigned { group, assignee } => {
                self.group = group.as_deref().unwrap_or(self.group);
                self.assignee = assignee.as_deref().unwrap_or(self.assignee);
            }
            Fact::ClientUpdated { .. } => {
                self.update_count += 1;
                self.respond(time);
            }
            Fact::ClientReplied => self.client_waits = true,
            Fact::WorkLogged { duration, .. } => self.touch_time += *duration,
            Fact::EffortEstimated(remaining) => self.effort_remaining = Some(*remaining),
            Fact::ImpactChanged { affected_users, productivity_loss } => {
                self.affected_users = affected_users.or(self.affected_users);
                self.productivity_loss = productivity_loss.unwrap_or(self.productivity_loss);
            }
            Fact::DetailsChanged(change) => self.describe(change),
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
            self.contract_ids = &opened.contract_ids;
            (self.service, self.category) = (&opened.service, &opened.category);
            self.changes.clear();
            self.priority = &opened.priority;
            self.affected_users = opened.affected_users;
            self.productivity_loss = 100;
            self.act_next(WaitingOn::Provider);
        }
    }

    fn describe(&mut self, change: &'e DetailsChange) {
        self.contract_ids = change.contract_ids.as_deref().unwrap_or(self.contract_ids);
        self.service = change.service.as_deref().unwrap_or(self.service);
        self.category = change.category.as_deref().unwrap_or(self.category);
        self.changes.push(change);
    }

    /// A reason belongs to who must act: it outlives no change of that. Once the incident is closed
    /// or cancelled nobody is waited on, whatever its status says.
    fn wait(&mut self, waiting: &'e Waiting) {
        self.status = waiting.status.as_deref().unwrap_or(self.status);
        if self.is_final() {
            return;
        }
        let party = (waiting.waiting_on, waiting.third_party.as_str());
        let is_same = party == (self.waiting_on, self.third_party);
        let before = if is_same { self.reason } else { "" };
        (self.waiting_on, self.third_party) = party;
        self.reason = waiting.reason.as_deref().unwrap_or(before);
    }

    /// Whether nothing is left to wait for. Of one that is resolved its closing is: a client may
    /// have to confirm the solution.
    fn is_final(&self) -> bool {
        self.closed.is_some() || self.cancelled.is_some() || self.merged_into.is_some()
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
