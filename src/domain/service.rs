//! Services: the facts monitors report about them.

use std::collections::BTreeSet;

use super::incident::Party;
use super::time::{Instant, Span};

/// One fact about a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// The monitor's own id of the fact, unique within the service for ever.
    pub event_id: String,
    /// The id of the service, as the monitor or backend names it.
    pub service: String,
    /// When it happened.
    pub occur_time: Instant,
    /// The order of facts of one instant, ascending, for monitors with coarse clocks.
    pub occur_order: i64,
    /// The monitor or person that reports it; empty: not said.
    pub source: String,
    /// The identity that recorded a decision, an attribution, or what takes a fact back; `None`:
    /// none was checked.
    pub recorded_by: Option<Box<str>>,
    /// What happened.
    pub fact: ServiceFact,
}

/// What happened to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceFact {
    /// The outage of this name began; empty: the one without a name.
    OutageStarted(String),
    /// The outage of this name ended.
    OutageEnded(String),
    /// The degradation of this name began; empty: the one without a name.
    DegradationStarted(String),
    /// The degradation of this name ended.
    DegradationEnded(String),
    /// Planned maintenance was announced.
    MaintenanceScheduled {
        /// When it begins.
        start: Instant,
        /// When it ends.
        end: Instant,
        /// When it was announced.
        announced: Instant,
    },
    /// Something was measured.
    Measured {
        /// The indicator as the monitor names it.
        indicator: String,
        /// The value, in thousandths of the indicator's unit.
        value: i64,
        /// How many times it was measured; at least 1.
        count: i64,
    },
    /// Requests to the service were counted.
    RequestsCounted(Requests),
    /// The cause of an outage or degradation was attributed.
    OutageAttributed(OutageCause),
    /// It was decided whether an outage or degradation is left out of what a contract counts.
    OutageExclusionDecided(OutageDecision),
    /// The event with this id is taken back.
    Retracted(String),
}

/// Requests that were counted over a stretch of time, which ends when the event occurred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// How many requests there were.
    pub requests: u64,
    /// How many of them failed; never more.
    pub failed: u64,
    /// How long the stretch is; zero: not reported.
    pub duration: Span,
}

/// Why a service was down, or worked worse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutageCause {
    /// An event with which the outage or degradation started.
    pub outage_event_id: String,
    /// Whose cause it is; `None`: not stated.
    pub party: Option<Party>,
    /// The third party's name.
    pub third_party: String,
    /// Why, in the words that contracts exclude by, such as `force majeure`.
    pub reason: String,
    /// Anything to add for people.
    pub note: String,
}

/// A person's decision that an outage is left out of what a contract counts, or is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutageDecision {
    /// An event with which the outage or degradation started.
    pub outage_event_id: String,
    /// The id of the contract.
    pub contract_id: String,
    /// Only for this objective; empty: for all of the contract.
    pub objective_id: String,
    /// Whether it is left out; otherwise it counts, whatever the contract's rules are.
    pub is_excluded: bool,
    /// Who decided.
    pub decided_by: String,
    /// Why.
    pub reason: String,
}

/// The events of those known about a service that are in effect and occurred up to `as_of`.
///
/// A fact that another retracts has no effect, even if that other is itself retracted later or
/// occurred after `as_of`, so the order in which such facts arrive does not matter.
pub fn in_effect<'e>(
    known: impl Iterator<Item = &'e ServiceEvent> + Clone,
    as_of: Instant,
) -> Vec<&'e ServiceEvent> {
    let retracted: BTreeSet<&str> = known.clone().filter_map(ServiceEvent::retracts).collect();
    let is_in_effect = |event: &&ServiceEvent| {
        event.occur_time <= as_of && !retracted.contains(event.event_id.as_str())
    };
    known.filter(is_in_effect).collect()
}

impl ServiceEvent {
    /// Whether it says why an outage is left out, or that it is not. What is known of that counts
    /// whenever it was found or decided: also after the period that the outage lies in.
    pub fn is_about_exclusion(&self) -> bool {
        use ServiceFact::{OutageAttributed, OutageExclusionDecided};
        matches!(self.fact, OutageAttributed(_) | OutageExclusionDecided(_))
    }

    /// Whether it holds what somebody decided or attributed, or takes an event back.
    pub fn is_decision(&self) -> bool {
        self.is_about_exclusion() || self.retracts().is_some()
    }

    /// Whether another event is this one sent again, whoever recorded it.
    pub fn is_same(&self, other: &ServiceEvent) -> bool {
        let bare = |event: &ServiceEvent| ServiceEvent { recorded_by: None, ..event.clone() };
        self == other || bare(self) == bare(other)
    }

    /// The id of the event that this one takes back.
    pub fn retracts(&self) -> Option<&str> {
        match &self.fact {
            ServiceFact::Retracted(event_id) => Some(event_id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cause_or_a_decision_is_about_an_exclusion() {
        let start = ServiceFact::OutageStarted(String::new());
        assert!(!event("down", 0, start).is_about_exclusion());
        let cause = ServiceFact::OutageAttributed(OutageCause::default());
        assert!(event("cause", 0, cause).is_about_exclusion());
        let decision = ServiceFact::OutageExclusionDecided(OutageDecision::default());
        assert!(event("decision", 0, decision).is_about_exclusion());
    }

    fn event(event_id: &str, seconds: i64, fact: ServiceFact) -> ServiceEvent {
        let occur_time = Instant::from_seconds(seconds).unwrap_or_default();
        let (service, source) = ("mail".into(), String::new());
        let event_id = event_id.into();
        ServiceEvent {
            recorded_by: None,
            event_id,
            service,
            occur_time,
            occur_order: 0,
            source,
            fact,
        }
    }

    fn ids(events: &[ServiceEvent], as_of: i64) -> Vec<&str> {
        let as_of = Instant::from_seconds(as_of).unwrap_or_default();
        in_effect(events.iter(), as_of).iter().map(|event| event.event_id.as_str()).collect()
    }

    #[test]
    fn what_is_retracted_never_happened_whichever_arrives_first_and_stays_so() {
        let retracted = |id: &str| ServiceFact::Retracted(id.into());
        let mut events = vec![
            event("r", 50, retracted("down")),
            event("down", 10, ServiceFact::OutageStarted(String::new())),
            event("up", 20, ServiceFact::OutageEnded(String::new())),
            event("undo", 60, retracted("r")),
        ];
        assert_eq!(ids(&events, 30), ["up"], "also before it was taken back");
        events.reverse();
        assert_eq!(ids(&events, 60), ["undo", "up"]);
        assert_eq!(ids(&events[1..3], 60), ["up", "down"], "before it is known");
    }
}
