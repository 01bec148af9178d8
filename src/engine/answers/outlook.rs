//! The outlook of open clocks: forecast, urgency and reasons.

use crate::domain::calendar::Calendars;
use crate::domain::clock::{Clock, Outcome};
use crate::domain::experience::Urgency;
use crate::domain::forecast::{
    FeatureVector, Forecast, Forecaster, IncidentFeatures, Passed, Reason, Snapshot, Stratum,
    explain, explain_effort, summary,
};
use crate::domain::incident::{
    Fact, History, IncidentEvent, RecordedEvent, State, Waiting, WaitingOn,
};
use crate::domain::time::{Instant, Span};
use crate::domain::wording::LocalTime;
use crate::engine::catalog::Known;
use crate::engine::learning::Learned;
use crate::engine::ledger::Ledger;
use crate::engine::times::Times;

/// The most reasons listed with a forecast.
const REASONS_MAX: usize = 5;

/// The outlook of an open clock.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Its breach probability and its expected stop.
    pub forecast: Forecast,
    /// The time it has left beside the estimated work; `None`: no work is estimated.
    pub urgency: Option<Urgency>,
    /// The service time for which the provider has been to act and nothing has happened.
    pub idle_time: Span,
    /// What moved the probability, the strongest first; empty when it is decided.
    pub reasons: Vec<Reason>,
    /// How it stands, who holds it since when, and how clocks like it turned out, in words.
    pub summary: String,
    /// How many decided clocks were like it, and how many of them breached.
    pub alike: Passed,
}

/// The outlook of a clock of an incident with this history; `None` when it has not started, or its
/// calendar is unknown.
pub fn outlook(
    learned: &Learned,
    clock: &Clock<'_>,
    history: &History<'_>,
    known: Known<'_>,
    as_of: Instant,
) -> Option<Outlook> {
    outlook_of(learned, clock, IncidentFeatures::up_to(history, as_of)?, known, as_of)
}

/// The forecast of a clock alone, without a word about it.
pub fn forecast_of<'h>(
    learned: &Learned,
    clock: &Clock<'h>,
    incident: IncidentFeatures<'h>,
    known: Known<'_>,
    as_of: Instant,
) -> Option<Forecast> {
    let hours = known.in_force(clock.calendar_id, clock.start_time?)?.hours;
    let snapshot = Snapshot::new(incident, clock, hours, as_of);
    let features = FeatureVector::of(&snapshot);
    Some(learned.forecaster.forecast(&snapshot, &features, hours))
}

/// The outlook with the features of its incident.
pub fn outlook_of<'h>(
    learned: &Learned,
    clock: &Clock<'h>,
    incident: IncidentFeatures<'h>,
    known: Known<'_>,
    as_of: Instant,
) -> Option<Outlook> {
    let hours = known.in_force(clock.calendar_id, clock.start_time?)?.hours;
    let snapshot = Snapshot::new(incident, clock, hours, as_of);
    let features = FeatureVector::of(&snapshot);
    let forecast = learned.forecaster.forecast(&snapshot, &features, hours);
    let alike = learned.forecaster.alike.of(Stratum::of(&snapshot));
    let local = LocalTime::new(known.zone(clock.contract_id, as_of), as_of);
    Some(Outlook {
        urgency: Urgency::of(&snapshot.work(), hours),
        idle_time: snapshot.work().idle_time(hours),
        reasons: reasons(learned, &snapshot, &features, forecast.breach_probability, &local),
        summary: summary(&snapshot, clock.breach_time, alike, hours, &local),
        alike,
        forecast,
    })
}

/// What moved a clock's probability, the strongest first. One that is over its limit has none: its
/// probability does not come from the model.
fn reasons(
    learned: &Learned,
    snapshot: &Snapshot<'_>,
    features: &FeatureVector,
    probability: f64,
    local: &LocalTime,
) -> Vec<Reason> {
    if snapshot.outcome != Outcome::Undecided || snapshot.elapsed > snapshot.limit {
        return Vec::new();
    }
    let Forecaster { model, estimates, .. } = &learned.forecaster;
    let effort = snapshot.effort().map(|effort| {
        let without = model.probability(features);
        explain_effort(estimates, &effort, without, probability)
    });
    // The estimate is always among them: it is what somebody said of this very incident.
    let most = REASONS_MAX - usize::from(effort.is_some());
    let mut reasons = explain(model, snapshot, features, local, most);
    reasons.extend(effort);
    reasons.sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()));
    reasons
}

/// The features of an incident whose work is estimated; `None`: no clock of it has an urgency.
pub fn estimated<'h>(history: &History<'h>, as_of: Instant) -> Option<IncidentFeatures<'h>> {
    history.state(as_of).effort_remaining?;
    IncidentFeatures::up_to(history, as_of)
}

/// The urgency of an open clock of an incident whose work is estimated; `None` when it neither runs
/// nor is paused.
pub fn urgency<'h>(
    clock: &Clock<'h>,
    estimated: IncidentFeatures<'h>,
    known: &Known<'_>,
    as_of: Instant,
) -> Option<Urgency> {
    let hours = known.in_force(clock.calendar_id, clock.start_time?)?.hours;
    Urgency::of(&Snapshot::new(estimated, clock, hours, as_of).work(), hours)
}

/// Hypothetical facts about an incident.
#[derive(Clone, Debug, Default)]
pub struct WhatIf {
    /// The id of the incident, as the backend sent it.
    pub incident_id: String,
    /// This much work is left.
    pub effort_remaining: Option<Span>,
    /// The provider is to act again from this instant on.
    pub wait_end: Option<Instant>,
    /// Its priority changes to this.
    pub priority: Option<String>,
}

impl WhatIf {
    /// The first instant, not before `times.as_of`, at which all hypothetical facts have occurred.
    pub fn as_of(&self, times: Times) -> Instant {
        self.wait_end.map_or(times.as_of, |end| end.max(times.as_of))
    }

    /// Only what would change an incident that is in a state: what it already is changes nothing.
    pub fn changing(&self, state: &State<'_>) -> WhatIf {
        let waits = state.waiting_on != WaitingOn::Provider || !state.reason.is_empty();
        WhatIf {
            incident_id: self.incident_id.clone(),
            effort_remaining: self
                .effort_remaining
                .filter(|left| Some(*left) != state.effort_remaining),
            wait_end: self.wait_end.filter(|_| waits),
            priority: self.priority.clone().filter(|priority| priority != state.priority),
        }
    }

    /// Only what would happen, which is the end of a wait: nothing happens to an incident because
    /// its priority or its work are thought to be other ones.
    pub fn happening(&self) -> WhatIf {
        let (incident_id, wait_end) = (self.incident_id.clone(), self.wait_end);
        WhatIf { incident_id, wait_end, ..WhatIf::default() }
    }

    /// The known facts of a ledger, followed by the hypothetical ones.
    pub fn ledger(&self, ledger: &Ledger, times: Times) -> Ledger {
        let mut facts = Vec::new();
        facts.extend(self.effort_remaining.map(|left| (times.as_of, Fact::EffortEstimated(left))));
        facts.extend(self.priority.clone().map(|to| (times.as_of, Fact::PriorityChanged(to))));
        facts.extend(self.wait_end.map(|end| (end, goes_on())));
        let last = ledger.last_sequence();
        let hypothetical = facts.into_iter().zip(1..).map(|((occur_time, fact), place)| {
            let event = IncidentEvent {
                recorded_by: None,
                event_id: format!("what-if-{place}"),
                incident_id: self.incident_id.clone(),
                occur_time,
                occur_order: i64::MAX,
                source: String::new(),
                corrects_event_id: String::new(),
                fact,
            };
            RecordedEvent { sequence: last + place, record_time: times.known, value: event }
        });
        ledger.recorded_by(times.known).cloned().chain(hypothetical).collect()
    }
}

/// The provider must act, and the status stays.
fn goes_on() -> Fact {
    let waiting_on = WaitingOn::Provider;
    Fact::StatusChanged(Waiting { waiting_on, ..Waiting::default() })
}
