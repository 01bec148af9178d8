//! Folds an incident's recorded events into a history: the effective ones, in the order they
//! occurred.

use std::collections::HashMap;

use super::fact::{Fact, IncidentEvent, RecordedEvent};
use super::moment::Moment;
use super::state::State;
use crate::domain::stop::Stop;
use crate::domain::time::Instant;

/// What is known of an incident, in the order it occurred. It borrows from the recorded events.
#[derive(Clone, Debug)]
pub struct History<'e> {
    effective: Vec<&'e RecordedEvent>,
    voided: Vec<(&'e RecordedEvent, &'e str)>,
    /// Ends its moments early once nobody waits for what is made of them.
    stop: Option<&'e dyn Stop>,
}

impl<'e> History<'e> {
    /// The history by what was recorded up to `known_time`.
    ///
    /// A fact that another retracts or corrects has no effect, even if that other is itself
    /// retracted or corrected later, so the order in which such facts arrive does not matter. A
    /// correction of an unknown fact is an ordinary fact.
    pub fn fold(
        recorded: impl IntoIterator<Item = &'e RecordedEvent>,
        known_time: Instant,
    ) -> History<'e> {
        let known: Vec<_> =
            recorded.into_iter().filter(|event| event.record_time <= known_time).collect();
        let voiding = voiding(&known);
        let mut history =
            History { effective: Vec::with_capacity(known.len()), voided: Vec::new(), stop: None };
        for event in known {
            match voiding.get(event.value.event_id.as_str()) {
                Some(by) => history.voided.push((event, by)),
                None => history.effective.push(event),
            }
        }
        history.effective.sort_by_key(|recorded| order_key(&recorded.value));
        history
    }

    /// The same history, whose moments end early once they are no longer wanted.
    pub fn until(self, stop: &'e dyn Stop) -> History<'e> {
        History { stop: Some(stop), ..self }
    }

    /// The part of it that occurred before an instant.
    pub fn before(&self, end: Instant) -> History<'e> {
        let occurred = self.effective.iter().copied();
        let effective = occurred.filter(|event| event.value.occur_time < end).collect();
        History { effective, voided: self.voided.clone(), stop: self.stop }
    }

    /// The events in effect, in the order they occurred.
    pub fn effective(&self) -> &[&'e RecordedEvent] {
        &self.effective
    }

    /// The events without effect, each with the id of the event that voids it.
    pub fn voided(&self) -> &[(&'e RecordedEvent, &'e str)] {
        &self.voided
    }

    /// All events in the order they occurred, each with the id of the event that voids it.
    pub fn all(&self) -> Vec<(&'e RecordedEvent, Option<&'e str>)> {
        let effective = self.effective.iter().map(|event| (*event, None));
        let voided = self.voided.iter().map(|(event, by)| (*event, Some(*by)));
        let mut all: Vec<_> = effective.chain(voided).collect();
        all.sort_by_key(|(recorded, _)| order_key(&recorded.value));
        all
    }

    /// Whether nothing is known of the incident.
    pub fn is_empty(&self) -> bool {
        self.effective.is_empty() && self.voided.is_empty()
    }

    /// The opening in effect: the first by occurrence.
    pub fn opening(&self) -> Option<&'e RecordedEvent> {
        self.effective.iter().find(|e| matches!(e.value.fact, Fact::Opened(_))).copied()
    }

    /// When the incident was opened or, without an opening, when its first fact occurred.
    pub fn begin(&self) -> Instant {
        let first = self.opening().or_else(|| self.effective.first().copied());
        first.map_or(Instant::MIN, |recorded| recorded.value.occur_time)
    }

    /// The moments up to `as_of`, in order.
    pub fn moments(&self, as_of: Instant) -> impl Iterator<Item = Moment<'_, 'e>> {
        self.effective
            .chunk_by(|a, b| moment_key(&a.value) == moment_key(&b.value))
            .filter_map(|events| {
                events.first().map(|first| Moment { time: first.value.occur_time, events })
            })
            .take_while(move |moment| moment.time <= as_of && !self.is_stopped())
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_some_and(Stop::is_stopped)
    }

    /// The incident's fields as of an instant.
    pub fn state(&self, as_of: Instant) -> State<'e> {
        let mut state = State::default();
        for moment in self.moments(as_of) {
            state.apply(&moment);
        }
        state
    }
}

/// The ids of facts that others void, each with the least id of those.
fn voiding<'e>(known: &[&'e RecordedEvent]) -> HashMap<&'e str, &'e str> {
    let mut voiding = HashMap::new();
    for event in known {
        let by = event.value.event_id.as_str();
        let Some(voided) = event.value.voids().filter(|voided| *voided != by) else { continue };
        let least = voiding.entry(voided).or_insert(by);
        *least = by.min(*least);
    }
    voiding
}

fn moment_key(event: &IncidentEvent) -> (Instant, i64) {
    (event.occur_time, event.occur_order)
}

fn order_key(event: &IncidentEvent) -> (Instant, i64, u8, &str) {
    (event.occur_time, event.occur_order, event.fact.rank(), &event.event_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::{Waiting, WaitingOn};

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap_or_default()
    }

    fn recorded(sequence: u64, event_id: &str, seconds: i64, fact: Fact) -> RecordedEvent {
        RecordedEvent {
            sequence,
            record_time: at(1_000_000 + sequence as i64),
            value: IncidentEvent {
                recorded_by: None,
                event_id: event_id.into(),
                incident_id: "I".into(),
                occur_time: at(seconds),
                occur_order: 0,
                source: String::new(),
                corrects_event_id: String::new(),
                fact,
            },
        }
    }

    #[test]
    fn a_retracted_fact_never_happened_whichever_arrives_first() {
        let events = [
            recorded(1, "r", 50, Fact::Retracted("p".into())),
            recorded(2, "p", 10, Fact::PriorityChanged("P1".into())),
            recorded(3, "o", 0, Fact::Opened(Default::default())),
        ];
        let history = History::fold(&events, Instant::MAX);
        assert_eq!(history.state(Instant::MAX).priority, "");
        assert_eq!(history.voided().len(), 1);
        let before = History::fold(&events[1..], Instant::MAX);
        assert_eq!(before.state(Instant::MAX).priority, "P1");
    }

    #[test]
    fn a_correction_stands_in_the_place_of_the_fact_it_names() {
        let mut correction = recorded(2, "o2", 0, Fact::Opened(opened("P2")));
        correction.value.corrects_event_id = "o".into();
        let events = [recorded(1, "o", 0, Fact::Opened(opened("P1"))), correction];
        assert_eq!(History::fold(&events, Instant::MAX).state(at(9)).priority, "P2");
        assert_eq!(History::fold(&events, at(1_000_001)).state(at(9)).priority, "P1");
    }

    #[test]
    fn a_fact_that_names_itself_stands() {
        let mut event = recorded(1, "o", 0, Fact::Opened(opened("P1")));
        event.value.corrects_event_id = "o".into();
        let events = [event];
        assert!(History::fold(&events, Instant::MAX).opening().is_some());
    }

    #[test]
    fn facts_of_one_instant_follow_their_order_then_their_kind_then_their_id() {
        let mut reopened = recorded(1, "a", 5, Fact::Reopened);
        reopened.value.occur_order = 1;
        let mut resolved_again = recorded(2, "b", 5, Fact::Resolved);
        resolved_again.value.occur_order = 2;
        let events = [
            resolved_again,
            reopened,
            recorded(3, "d", 5, Fact::Resolved),
            recorded(4, "c", 5, Fact::Assigned { group: Some("G".into()), assignee: None }),
        ];
        let history = History::fold(&events, Instant::MAX);
        let ids: Vec<_> = history.effective().iter().map(|e| e.value.event_id.as_str()).collect();
        assert_eq!(ids, ["c", "d", "a", "b"]);
        assert_eq!(history.moments(Instant::MAX).count(), 3);
    }

    /// P13: what a fact does not say does not change.
    #[test]
    fn what_a_fact_does_not_say_stays_as_it_was() {
        let assigned = |group: Option<&str>, assignee: Option<&str>| Fact::Assigned {
            group: group.map(str::to_owned),
            assignee: assignee.map(str::to_owned),
        };
        let events = [
            recorded(1, "o", 0, Fact::Opened(opened("P1"))),
            recorded(2, "a", 1, assigned(Some("desk"), Some("ann"))),
            recorded(3, "b", 2, assigned(None, Some("bob"))),
            recorded(4, "c", 3, assigned(Some("field"), None)),
            recorded(5, "d", 4, assigned(None, Some(""))),
        ];
        let history = History::fold(&events, Instant::MAX);
        let held = |seconds| {
            let state = history.state(at(seconds));
            (state.group, state.assignee)
        };
        assert_eq!([held(2), held(3), held(4)], [("desk", "bob"), ("field", "bob"), ("field", "")]);
    }

    /// P13: a reason that is not sent lasts as long as the same party must act.
    #[test]
    fn a_reason_that_is_not_sent_stays_while_the_same_party_must_act() {
        let waits = |status: Option<&str>, waiting_on, reason: Option<&str>| {
            Fact::StatusChanged(Waiting {
                status: status.map(str::to_owned),
                waiting_on,
                third_party: String::new(),
                reason: reason.map(str::to_owned),
            })
        };
        let events = [
            recorded(1, "o", 0, Fact::Opened(opened("P1"))),
            recorded(2, "a", 1, waits(Some("held"), WaitingOn::Client, Some("approval"))),
            recorded(3, "b", 2, waits(None, WaitingOn::Client, None)),
            recorded(4, "c", 3, waits(None, WaitingOn::Client, Some(""))),
            recorded(5, "d", 4, waits(Some("open"), WaitingOn::Provider, Some("parts"))),
            recorded(6, "e", 5, waits(None, WaitingOn::Client, None)),
        ];
        let history = History::fold(&events, Instant::MAX);
        let held = |seconds| {
            let state = history.state(at(seconds));
            (state.status, state.reason)
        };
        assert_eq!(held(2), ("held", "approval"));
        assert_eq!(held(3), ("held", ""));
        assert_eq!(held(5), ("open", ""));
    }

    /// P13: an event sent again is the same, though it was recorded before fields said whether they
    /// were sent.
    #[test]
    fn an_event_sent_again_is_the_same_as_one_recorded_with_zeros() {
        let impact = |affected_users, productivity_loss| Fact::ImpactChanged {
            affected_users,
            productivity_loss,
        };
        let event = |fact| recorded(1, "i", 5, fact).value;
        let sent = event(impact(Some(20), None));
        assert!(sent.clone().with_unsent_as_zero().is_same(&sent));
        assert_eq!(sent.clone().with_unsent_as_zero().fact, impact(Some(20), Some(0)));
        assert!(!event(impact(Some(20), Some(50))).is_same(&sent));
        assert!(!IncidentEvent { source: "another".into(), ..sent.clone() }.is_same(&sent));
    }

    fn opened(priority: &str) -> crate::domain::incident::Opened {
        crate::domain::incident::Opened { priority: priority.into(), ..Default::default() }
    }
}
