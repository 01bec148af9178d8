//! Which outages are left out of what an objective counts, and why.
//!
//! The last recorded decision on an outage rules; without one, the contract's rules do, by what is
//! known of its cause. Nothing is deleted: what is left out stays visible with the reason, beside
//! what the period would have come to with it.

use super::outages::Outage;
use crate::domain::contract::ExclusionRule;
use crate::domain::service::{OutageDecision, ServiceEvent, ServiceFact};
use crate::domain::time::{Instant, Span};

/// What leaves outages out of what an objective counts.
#[derive(Clone, Copy, Debug)]
pub struct OutageExclusions<'a> {
    /// The id of the contract.
    pub contract_id: &'a str,
    /// The id of the objective.
    pub objective_id: &'a str,
    /// The contract's rules.
    pub rules: &'a [ExclusionRule],
}

/// Why an outage is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutageExclusion<'a> {
    /// The first rule of the contract that holds.
    Rule(&'a ExclusionRule),
    /// A recorded decision, which precedes the rules.
    Decision {
        /// The event that recorded it.
        event_id: &'a str,
        /// What was decided.
        decision: &'a OutageDecision,
    },
}

/// An outage that is left out, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludedOutage {
    /// The service.
    pub service: String,
    /// The first event that began it.
    pub event_id: String,
    /// What its facts name it; empty: nothing.
    pub outage_id: String,
    /// Whether the service only worked worse.
    pub is_degradation: bool,
    /// When it began.
    pub start: Instant,
    /// When it ended; `None`: it goes on.
    pub end: Option<Instant>,
    /// The agreed service time of the period in it.
    pub time: Span,
    /// The id of the rule; empty: it was decided.
    pub rule_id: String,
    /// The event that recorded the decision; empty: it follows from a rule.
    pub decision_event_id: String,
    /// Who decided; empty: it follows from a rule.
    pub decided_by: String,
    /// The title of the rule, or why it was decided.
    pub reason: String,
}

impl<'a> OutageExclusions<'a> {
    /// Why an outage is left out, by the events in effect; `None`: it counts.
    pub fn of(
        &self,
        outage: &Outage<'_>,
        events: &[&'a ServiceEvent],
    ) -> Option<OutageExclusion<'a>> {
        let about_it = |event: &ServiceEvent, id: &str| {
            event.service == outage.service && outage.event_ids.contains(&id)
        };
        let decided = events.iter().filter_map(|event| match &event.fact {
            ServiceFact::OutageExclusionDecided(decision)
                if about_it(event, &decision.outage_event_id) && self.is_meant_by(decision) =>
            {
                Some((*event, decision))
            }
            _ => None,
        });
        if let Some((event, decision)) = decided.max_by_key(|(event, _)| order_key(event)) {
            let event_id = &event.event_id;
            let excluded = OutageExclusion::Decision { event_id, decision };
            return decision.is_excluded.then_some(excluded);
        }
        let causes = events.iter().filter_map(|event| match &event.fact {
            ServiceFact::OutageAttributed(cause) if about_it(event, &cause.outage_event_id) => {
                Some((*event, cause))
            }
            _ => None,
        });
        let (_, cause) = causes.max_by_key(|(event, _)| order_key(event))?;
        let mut rules = self.rules.iter();
        let rule = rules.find(|rule| rule.holds_for_outage(self.objective_id, cause))?;
        Some(OutageExclusion::Rule(rule))
    }

    fn is_meant_by(&self, decision: &OutageDecision) -> bool {
        let is_its = [self.objective_id, ""].contains(&decision.objective_id.as_str());
        decision.contract_id == self.contract_id && is_its
    }
}

impl ExcludedOutage {
    /// An outage with the reason, and how much of the period's agreed service time it is.
    pub fn of(outage: &Outage<'_>, why: OutageExclusion<'_>, time: Span) -> ExcludedOutage {
        let (rule_id, decision_event_id, decided_by, reason) = match why {
            OutageExclusion::Rule(rule) => (rule.id.as_str(), "", "", &rule.title),
            OutageExclusion::Decision { event_id, decision } => {
                ("", event_id, decision.decided_by.as_str(), &decision.reason)
            }
        };
        ExcludedOutage {
            service: outage.service.to_owned(),
            event_id: outage.event_ids.first().copied().unwrap_or_default().to_owned(),
            outage_id: outage.outage_id.to_owned(),
            is_degradation: outage.is_degradation,
            start: outage.start,
            end: Some(outage.end).filter(|end| *end < Instant::MAX),
            time,
            rule_id: rule_id.to_owned(),
            decision_event_id: decision_event_id.to_owned(),
            decided_by: decided_by.to_owned(),
            reason: reason.clone(),
        }
    }
}

/// Facts of one instant follow their order, then their ids.
fn order_key(event: &ServiceEvent) -> (Instant, i64, &str) {
    (event.occur_time, event.occur_order, &event.event_id)
}
