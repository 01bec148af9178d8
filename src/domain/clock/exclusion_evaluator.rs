//! Finds which clocks are left out of the contractual figures.

use std::cell::OnceCell;

use super::{Clock, Exclusion};
use crate::domain::contract::{ExclusionRule, Terms};
use crate::domain::incident::{ExclusionDecision, Fact, History, State};
use crate::domain::time::Instant;

/// What decides the exclusions of one incident's clocks, as of an instant.
#[derive(Debug)]
pub(super) struct ExclusionEvaluator<'h, 'a> {
    history: &'h History<'a>,
    /// The incident's fields, which only rules need.
    state: OnceCell<State<'a>>,
    as_of: Instant,
}

impl<'h, 'a> ExclusionEvaluator<'h, 'a> {
    pub fn new(history: &'h History<'a>, as_of: Instant) -> ExclusionEvaluator<'h, 'a> {
        ExclusionEvaluator { history, state: OnceCell::new(), as_of }
    }

    /// Whether it may exclude any clock under these terms.
    pub fn may_apply(&self, terms: &Terms) -> bool {
        let mut facts = self.history.effective().iter().map(|recorded| &recorded.value.fact);
        !terms.exclusions.is_empty() || facts.any(|fact| matches!(fact, Fact::ExclusionDecided(_)))
    }

    /// Sets the clock's exclusion: by the last decision on it or, without one, by the first rule
    /// that matches.
    pub fn apply(&self, clock: &mut Clock<'a>, rules: &'a [ExclusionRule]) {
        clock.exclusion = match self.decision(clock) {
            Some((event_id, decision)) => {
                decision.is_excluded.then_some(Exclusion::Decision { event_id, decision })
            }
            None => self.rule(clock, rules),
        };
    }

    fn decision(&self, clock: &Clock<'a>) -> Option<(&'a str, &'a ExclusionDecision)> {
        let known = self.history.effective().iter().rev();
        let known = known.filter(|recorded| recorded.value.occur_time <= self.as_of);
        let decisions = known.filter_map(|recorded| match &recorded.value.fact {
            Fact::ExclusionDecided(decision) => Some((recorded.value.event_id.as_str(), decision)),
            _ => None,
        });
        decisions.into_iter().find(|(_, decision)| {
            decision.contract_id == clock.contract_id
                && (decision.target_id.is_empty() || decision.target_id == clock.target_id)
        })
    }

    fn state(&self) -> &State<'a> {
        self.state.get_or_init(|| self.history.state(self.as_of))
    }

    fn rule(&self, clock: &mut Clock<'a>, rules: &'a [ExclusionRule]) -> Option<Exclusion<'a>> {
        rules
            .iter()
            .find(|rule| match rule.holds(clock.target_id, self.state(), self.as_of) {
                Ok(holds) => holds,
                Err(error) => {
                    clock.notes.push(format!("exclusion {:?}: {error}", rule.id));
                    false
                }
            })
            .map(Exclusion::Rule)
    }
}
