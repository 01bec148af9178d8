//! What is known of an open clock at an instant, and nothing that was learnt later.

use super::effort::Effort;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Clock, Outcome, Phase};
use crate::domain::contract::Metric;
use crate::domain::experience::Work;
use crate::domain::incident::{History, State, WaitingOn};
use crate::domain::same_text::is_same_text;
use crate::domain::time::{Instant, Span};

/// Who holds the incident, as forecasts distinguish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// Nobody has taken it up.
    Queue,
    /// The provider works on it.
    Provider,
    /// The client must act.
    Client,
    /// A third party must act.
    ThirdParty,
    /// It waits inside the provider, or for nobody.
    Internal,
}

/// Every holder.
pub const HOLDERS: [Holder; 5] =
    [Holder::Queue, Holder::Provider, Holder::Client, Holder::ThirdParty, Holder::Internal];

impl Holder {
    /// Who holds an incident in this state, which was opened with a status. A provider that waits
    /// for a reason waits inside.
    pub fn of(state: &State<'_>, opened_with: &str) -> Holder {
        match state.waiting_on {
            WaitingOn::Client => Holder::Client,
            WaitingOn::ThirdParty => Holder::ThirdParty,
            WaitingOn::Nobody => Holder::Internal,
            WaitingOn::Provider if !state.reason.is_empty() => Holder::Internal,
            WaitingOn::Provider if is_queued(state, opened_with) => Holder::Queue,
            WaitingOn::Provider => Holder::Provider,
        }
    }

    /// In plain words: `it waits for the client`.
    pub fn words(self) -> &'static str {
        match self {
            Holder::Queue => "nobody has taken it up",
            Holder::Provider => "the provider has it",
            Holder::Client => "it waits for the client",
            Holder::ThirdParty => "it waits for a third party",
            Holder::Internal => "it waits inside the provider",
        }
    }
}

/// Whether nobody has taken up an incident yet, whatever its backend calls that: it has the status
/// with which it was opened, and was not answered. Without statuses, nobody is assigned.
fn is_queued(state: &State<'_>, opened_with: &str) -> bool {
    let is_as_opened = is_same_text(state.status, opened_with) && state.responded.is_none();
    is_as_opened && (!state.status.is_empty() || state.assignee.is_empty())
}

/// The fields of an incident that a forecast uses, and the words that explain it. Whoever keeps
/// these of an incident can forecast it without its facts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeatureFields<'e> {
    /// The backend's category.
    pub category: &'e str,
    /// The group it is assigned to.
    pub group: &'e str,
    /// The person it is assigned to.
    pub assignee: &'e str,
    /// Who must act now.
    pub waiting_on: WaitingOn,
    /// The third party that must act.
    pub third_party: &'e str,
    /// The work that was left when it was last estimated.
    pub effort_remaining: Option<Span>,
}

impl<'e> FeatureFields<'e> {
    /// Those of an incident in a state.
    pub fn of(state: &State<'e>) -> FeatureFields<'e> {
        FeatureFields {
            category: state.category,
            group: state.group,
            assignee: state.assignee,
            waiting_on: state.waiting_on,
            third_party: state.third_party,
            effort_remaining: state.effort_remaining,
        }
    }
}

/// What a forecast uses of an incident's facts up to an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IncidentFeatures<'e> {
    /// The incident's fields.
    pub state: FeatureFields<'e>,
    /// Who holds the incident.
    pub holder: Holder,
    /// When something last happened.
    pub last_event_time: Instant,
    /// Since when its status and its holder have been what they are.
    pub in_state_since: Instant,
    /// Since when it has had its holder, whatever its status.
    pub held_since: Instant,
    /// At how many instants something happened.
    pub event_count: u32,
    /// How often it went from one group to another.
    pub reassignment_count: u32,
}

impl<'e> IncidentFeatures<'e> {
    /// The features of a history up to an instant; `None` before anything happened.
    pub fn up_to(history: &History<'e>, time: Instant) -> Option<IncidentFeatures<'e>> {
        let first = history.moments(time).next()?;
        let mut state = State::default();
        let mut incident = IncidentFeatures {
            state: FeatureFields::default(),
            holder: Holder::Queue,
            last_event_time: first.time,
            in_state_since: first.time,
            held_since: first.time,
            event_count: 0,
            reassignment_count: 0,
        };
        let mut opened_with = None;
        for moment in history.moments(time) {
            let (group, status) = (state.group, state.status);
            state.apply(&moment);
            let opened_with = *opened_with.get_or_insert(state.status);
            let holder = Holder::of(&state, opened_with);
            if holder != incident.holder || !is_same_text(state.status, status) {
                incident.in_state_since = moment.time;
            }
            if holder != incident.holder {
                incident.held_since = moment.time;
            }
            let is_new_instant =
                moment.time > incident.last_event_time || incident.event_count == 0;
            incident.event_count += u32::from(is_new_instant);
            let went_on = !group.is_empty() && state.group != group;
            incident.reassignment_count += u32::from(went_on);
            (incident.holder, incident.last_event_time) = (holder, moment.time);
        }
        incident.state = FeatureFields::of(&state);
        Some(incident)
    }
}

/// A clock as a forecast sees it.
#[derive(Clone, Debug)]
pub struct Snapshot<'e> {
    /// The instant it is taken at.
    pub time: Instant,
    /// The clock's contract.
    pub contract_id: &'e str,
    /// Its target.
    pub target_id: &'e str,
    /// What that measures.
    pub metric: Metric,
    /// The priority it is measured by.
    pub priority: &'e str,
    /// Pending, running, paused or ended.
    pub phase: Phase,
    /// Its outcome against the limit.
    pub outcome: Outcome,
    /// The service time it may take.
    pub limit: Span,
    /// The service time that counts against the limit.
    pub elapsed: Span,
    /// When it is due if it runs from now on; `None`: beyond 2199.
    pub due_time: Option<Instant>,
    /// The wall-clock hours until it is due if it runs on. While it is paused they are taken at the
    /// beginning of its state, since waiting alone moves no due time.
    pub hours_to_due: f32,
    /// Whether the last fact fell outside service hours.
    pub is_off_hours: bool,
    /// The backend's category.
    pub category: &'e str,
    /// What the incident's facts contribute.
    pub incident: IncidentFeatures<'e>,
}

impl<'e> Snapshot<'e> {
    /// The snapshot of a clock evaluated as of `time`, with its service hours and the features of
    /// its incident up to then.
    pub fn new(
        incident: IncidentFeatures<'e>,
        clock: &Clock<'e>,
        hours: &ServiceHours,
        time: Instant,
    ) -> Snapshot<'e> {
        Snapshot::gone_on(incident, clock, clock.elapsed, hours, time)
    }

    /// The same of a clock evaluated before `time`, that has used `elapsed` of its limit by then
    /// and changed in nothing else.
    pub fn gone_on(
        incident: IncidentFeatures<'e>,
        clock: &Clock<'e>,
        elapsed: Span,
        hours: &ServiceHours,
        time: Instant,
    ) -> Snapshot<'e> {
        let since = waits_since(&incident, clock.phase, time);
        let remaining = clock.limit - elapsed;
        Snapshot {
            time,
            contract_id: clock.contract_id,
            target_id: clock.target_id,
            metric: clock.metric,
            priority: clock.priority,
            phase: clock.phase,
            outcome: clock.outcome,
            limit: clock.limit,
            elapsed,
            due_time: hours.add(time, remaining),
            hours_to_due: hours_to_due(since, remaining, hours),
            is_off_hours: !hours.is_open(incident.last_event_time),
            category: incident.state.category,
            incident,
        }
    }

    /// The same clock under another limit.
    pub fn with_limit(&self, limit: Span, hours: &ServiceHours) -> Snapshot<'e> {
        let due_time = hours.add(self.time, limit - self.elapsed);
        let since = waits_since(&self.incident, self.phase, self.time);
        let hours_to_due = hours_to_due(since, limit - self.elapsed, hours);
        Snapshot { limit, due_time, hours_to_due, ..self.clone() }
    }

    /// The limit less the elapsed time; negative when it is exceeded.
    pub fn remaining(&self) -> Span {
        self.limit - self.elapsed
    }

    /// The share of the limit used, 0 to 1.
    pub fn share_used(&self) -> f32 {
        let limit = self.limit.nanos().max(1) as f64;
        (self.elapsed.nanos() as f64 / limit).clamp(0.0, 1.0) as f32
    }

    /// The work that was left when it was last estimated, if this clock runs until it is done.
    pub fn effort_remaining(&self) -> Option<Span> {
        self.incident.state.effort_remaining.filter(|_| self.metric.runs_until_done())
    }

    /// The same beside what is left of the limit, with the group that has the incident.
    pub fn effort(&self) -> Option<Effort> {
        let team = self.incident.state.group.to_owned();
        Some(Effort { team, left: self.effort_remaining()?, slack: self.remaining() })
    }

    /// What is known of the work left.
    pub fn work(&self) -> Work {
        Work {
            time: self.time,
            phase: self.phase,
            is_providers: matches!(self.incident.holder, Holder::Queue | Holder::Provider),
            last_event_time: self.incident.last_event_time,
            due_time: self.due_time,
            remaining: self.remaining(),
            effort_remaining: self.effort_remaining(),
        }
    }

    /// Hours since something last happened.
    pub fn idle_hours(&self) -> f32 {
        hours(self.time.since(self.incident.last_event_time))
    }

    /// Hours it has been in its present status with its present holder.
    pub fn hours_in_state(&self) -> f32 {
        hours(self.time.since(self.incident.in_state_since))
    }
}

fn waits_since(incident: &IncidentFeatures<'_>, phase: Phase, time: Instant) -> Instant {
    if phase == Phase::Paused { incident.in_state_since } else { time }
}

fn hours_to_due(from: Instant, remaining: Span, service: &ServiceHours) -> f32 {
    let due = service.add(from, remaining);
    due.map_or(f32::INFINITY, |due| hours(due.since(from)))
}

/// In hours; never negative.
pub(super) fn hours(span: Span) -> f32 {
    (span.nanos().max(0) as f64 / 3.6e12) as f32
}
