//! The outlook of open clocks: forecast, urgency and reasons.

use crate::domain::calendar::Calendars;
use crate::domain::clock::Clock;
use crate::domain::experience::Urgency;
use crate::domain::forecast::{
    FeatureVector, Forecast, Forecaster, IncidentFeatures, Reason, Snapshot, explain,
};
use crate::domain::incident::{Fact, History, IncidentEvent, RecordedEvent, Waiting, WaitingOn};
use crate::domain::time::{Instant, Span};
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
    /// What moved the probability, the strongest first; empty when it is certain.
    pub reasons: Vec<Reason>,
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
    let hours = known.in_force(clock.calendar_id, clock.start_time?)?.hours;
    let snapshot = Snapshot::new(IncidentFeatures::up_to(history, as_of)?, clock, hours, as_of);
    let features = FeatureVector::of(&snapshot);
    let Forecaster { model, .. } = &learned.forecaster;
    let forecast = learned.forecaster.forecast(&snapshot, &features, hours);
    // A certain probability does not come from the model, so no reasons are listed.
    let reasons_max = if forecast.breach_probability < 1.0 { REASONS_MAX } else { 0 };
    Some(Outlook {
        forecast,
        urgency: Urgency::of(&snapshot.work(), hours),
        idle_time: snapshot.work().idle_time(hours),
        reasons: explain(model, &snapshot, &features, reasons_max),
    })
}

/// The urgency of an open clock; `None` when no work is estimated, or it neither runs nor is
/// paused.
pub fn urgency(
    clock: &Clock<'_>,
    history: &History<'_>,
    known: &Known<'_>,
    as_of: Instant,
) -> Option<Urgency> {
    let hours = known.in_force(clock.calendar_id, clock.start_time?)?.hours;
    let snapshot = Snapshot::new(IncidentFeatures::up_to(history, as_of)?, clock, hours, as_of);
    Urgency::of(&snapshot.work(), hours)
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

    /// The known facts of a ledger, followed by the hypothetical ones.
    pub fn ledger(&self, ledger: &Ledger, times: Times) -> Ledger {
        let mut facts = Vec::new();
        facts.extend(self.effort_remaining.map(|left| (times.as_of, Fact::EffortEstimated(left))));
        facts.extend(self.priority.clone().map(|to| (times.as_of, Fact::PriorityChanged(to))));
        facts.extend(self.wait_end.map(|end| (end, goes_on())));
        let last = ledger.last_sequence();
        let hypothetical = facts.into_iter().zip(1..).map(|((occur_time, fact), place)| {
            let event = IncidentEvent {
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
