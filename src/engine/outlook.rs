//! What is to be expected of open clocks.

use super::catalog::Known;
use super::learning::Learned;
use super::ledger::Ledger;
use super::times::Times;
use crate::domain::calendar::Calendars;
use crate::domain::clock::Clock;
use crate::domain::experience::Urgency;
use crate::domain::forecast::{
    FeatureVector, Forecast, Forecaster, IncidentFeatures, Reason, Snapshot, explain,
};
use crate::domain::incident::{Fact, History, IncidentEvent, RecordedEvent, Waiting, WaitingOn};
use crate::domain::time::{Instant, Span};

/// Reasons listed with a forecast.
const REASONS_MAX: usize = 5;

/// What is to be expected of an open clock.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Its probability and its stop.
    pub forecast: Forecast,
    /// How it stands against the work estimated; `None`: nothing is.
    pub urgency: Option<Urgency>,
    /// The service time for which it now is the provider's to act and nothing happens.
    pub idle_time: Span,
    /// What moved the probability, the strongest first; nothing: it is certain.
    pub reasons: Vec<Reason>,
}

/// What is to be expected of a clock of an incident with this history; `None`: it has not started,
/// or its calendar is not known.
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
    // What is certain was moved by nothing that is weighed.
    let reasons_described = if forecast.breach_probability < 1.0 { REASONS_MAX } else { 0 };
    Some(Outlook {
        forecast,
        urgency: Urgency::of(&snapshot.work(), hours),
        idle_time: snapshot.work().idle_time(hours),
        reasons: explain(model, &snapshot, &features, reasons_described),
    })
}

/// How an open clock stands against the work estimated; `None`: nothing is, or it is not open.
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

/// What might become so of an incident.
#[derive(Clone, Debug, Default)]
pub struct WhatIf {
    /// The incident.
    pub incident_id: String,
    /// So much work is left.
    pub effort_remaining: Option<Span>,
    /// It is the provider's to act again from then on.
    pub wait_end: Option<Instant>,
    /// Its priority becomes this.
    pub priority: Option<String>,
}

impl WhatIf {
    /// The instant at which all of it would be so.
    pub fn as_of(&self, times: Times) -> Instant {
        self.wait_end.map_or(times.as_of, |end| end.max(times.as_of))
    }

    /// The facts of a ledger, and those that are thought of.
    pub fn ledger(&self, ledger: &Ledger, times: Times) -> Ledger {
        let mut facts = Vec::new();
        facts.extend(self.effort_remaining.map(|left| (times.as_of, Fact::EffortEstimated(left))));
        facts.extend(self.priority.clone().map(|to| (times.as_of, Fact::PriorityChanged(to))));
        facts.extend(self.wait_end.map(|end| (end, self.goes_on(ledger, times))));
        let last = ledger.last_sequence();
        let thought = facts.into_iter().zip(1..).map(|((occur_time, fact), place)| {
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
        ledger.recorded_by(times.known).cloned().chain(thought).collect()
    }

    /// It goes on in the status it is in, but it is the provider's to act.
    fn goes_on(&self, ledger: &Ledger, times: Times) -> Fact {
        let state = History::fold(&ledger.events, times.known);
        let status = state.state(times.as_of).status.to_owned();
        let (waiting_on, third_party, reason) = (WaitingOn::Provider, String::new(), String::new());
        Fact::StatusChanged(Waiting { status, waiting_on, third_party, reason })
    }
}
