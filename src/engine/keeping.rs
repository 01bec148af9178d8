//! Keeps incidents: evaluates them, and says for how long what it keeps holds.

use std::collections::HashSet;
use std::sync::Arc;

use super::answers::counted::over_time;
use super::answers::experience::entries_of;
use super::catalog::Known;
use super::evaluate::evaluate_under;
use super::kept::{
    KeptAddition, KeptClock, KeptContribution, KeptExclusion, KeptFeatures, KeptIncident,
    KeptTarget,
};
use super::tally::{Contribution, TargetContribution};
use crate::domain::calendar::Calendars;
use crate::domain::clock::{Clock, Evaluation, Exclusion, Phase};
use crate::domain::compliance::{Counts, Entry};
use crate::domain::experience::Passages;
use crate::domain::forecast::IncidentFeatures;
use crate::domain::ids::ContractId;
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};

/// Where it is found what an incident has added to the tallies.
#[derive(Clone, Copy, Debug)]
pub enum Added<'a> {
    /// The index says it.
    Indexed(&'a Contribution),
    /// It is the same as when it was kept before: nothing has been indexed since.
    AsBefore(&'a KeptIncident),
}

/// Keeps incidents under a contract, as they stand at an instant.
#[derive(Debug)]
pub struct Keeping<'k> {
    contract_id: &'k str,
    known: Known<'k>,
    as_of: Instant,
    /// When terms of the contract next take effect, or it ends.
    next_terms: Instant,
    /// Whether a rule on what is excluded goes by the time it is read at.
    is_by_now: bool,
    texts: HashSet<Arc<str>>,
}

impl<'k> Keeping<'k> {
    /// Keeps incidents under a contract.
    pub fn new(contract_id: &'k str, known: Known<'k>, as_of: Instant) -> Keeping<'k> {
        let revisions = known.contract(contract_id);
        let to_come = revisions.taking_effect(as_of, Instant::MAX).into_iter();
        let to_come = to_come.map(|revision| revision.effective_time);
        let end = known.contract_end(contract_id).filter(|end| as_of < *end);
        let mut rules =
            revisions.all().iter().flat_map(|revision| &revision.content.terms.exclusions);
        Keeping {
            contract_id,
            known,
            as_of,
            next_terms: to_come.chain(end).min().unwrap_or(Instant::MAX),
            is_by_now: rules.any(|rule| rule.when.as_ref().is_some_and(|when| when.reads_now())),
            texts: HashSet::new(),
        }
    }

    /// What is to be kept of an incident; `None`: nothing of it goes on under the contract.
    pub fn keep(
        &mut self,
        incident_id: &str,
        history: &History<'_>,
        added: Added<'_>,
    ) -> Option<KeptIncident> {
        let known = self.known;
        let evaluation = evaluate_under(history, self.contract_id, &known, self.as_of);
        let clocks = &evaluation.clocks;
        let has_started = clocks.iter().any(|clock| clock.start_time.is_some());
        if !has_started || over_time(clocks, &Passages::of(history, self.as_of)).is_some() {
            return None;
        }
        let features = IncidentFeatures::up_to(history, self.as_of)?;
        let entries = entries_of(history, &evaluation, &known, self.as_of);
        let until = self.holds_until(history, &evaluation);
        let is_forecast =
            |clock: &&Clock<'_>| matches!(clock.phase, Phase::Running | Phase::Paused);
        let clocks = clocks.iter().filter(is_forecast);
        let clocks = clocks.filter_map(|clock| self.clock(clock)).collect();
        Some(KeptIncident {
            incident_id: incident_id.into(),
            from: self.as_of,
            until,
            service: self.text(history.state(self.as_of).service),
            features: self.features(&features),
            clocks,
            targets: entries.iter().map(|entry| self.target(entry)).collect(),
            contributed: match added {
                Added::Indexed(contribution) => self.contributed(contribution),
                Added::AsBefore(kept) => kept.contributed.clone(),
            },
        })
    }

    /// Up to when the clocks of an evaluation change in nothing but how much of their limits is
    /// used; where that is not known, it is the instant evaluated at.
    fn holds_until(&self, history: &History<'_>, evaluation: &Evaluation<'_>) -> Instant {
        let is_total = evaluation.verdicts.iter().any(|verdict| verdict.cycle == 0);
        if self.is_by_now || is_total {
            return self.as_of;
        }
        let facts = history.effective().iter().map(|fact| fact.value.occur_time);
        let fact = facts.filter(|time| self.as_of < *time).min();
        let clocks = evaluation.clocks.iter().map(|clock| self.is_same_until(clock));
        clocks.chain(fact).chain([self.next_terms]).min().unwrap_or(self.as_of)
    }

    /// Up to when a clock is the same but for what it has used, if neither facts nor terms move it.
    fn is_same_until(&self, clock: &Clock<'_>) -> Instant {
        match clock.phase {
            Phase::Stopped | Phase::Cancelled | Phase::Pending => Instant::MAX,
            Phase::Running => self.runs_alike_until(clock).unwrap_or(self.as_of),
            Phase::Paused if self.waits_without_end(clock) => Instant::MAX,
            Phase::Paused => self.as_of,
        }
    }

    /// Up to when a clock that runs does not reach its limit, nor a warning; `None`: it is not
    /// known.
    fn runs_alike_until(&self, clock: &Clock<'_>) -> Option<Instant> {
        let hours = self.known.in_force(clock.calendar_id, clock.start_time?)?.hours;
        let left = clock.remaining();
        if left == Span::ZERO {
            return None;
        }
        let due = (left > Span::ZERO).then(|| hours.add(self.as_of, left)).flatten();
        let warnings = clock.warnings.iter().filter(|warning| !warning.reached);
        let warnings = warnings.filter_map(|warning| warning.time);
        due.into_iter().chain(warnings).chain([Instant::MAX]).min()
    }

    /// Whether no pause of a clock has a maximum.
    fn waits_without_end(&self, clock: &Clock<'_>) -> bool {
        let revision = self.known.contract(self.contract_id).numbered(clock.contract_revision);
        let target = revision.and_then(|revision| revision.content.terms.target(clock.target_id));
        target.is_some_and(|target| {
            let has_maximum = target.pauses.iter().any(|pause| pause.maximum.is_some());
            target.pauses_maximum.is_none() && !has_maximum
        })
    }

    fn clock(&mut self, clock: &Clock<'_>) -> Option<KeptClock> {
        Some(KeptClock {
            contract_revision: clock.contract_revision,
            calendar_revision: clock.calendar_revision,
            cycle: clock.cycle,
            metric: clock.metric,
            phase: clock.phase,
            outcome: clock.outcome,
            target_id: self.text(clock.target_id),
            priority: self.text(clock.priority),
            calendar_id: self.text(clock.calendar_id),
            limit: clock.limit,
            elapsed: clock.elapsed,
            start_time: clock.start_time?,
            taken_over: clock.taken_over,
            governed_since: clock.governed_since,
            original_due_time: clock.original_due_time,
            due_time: clock.due_time,
            breach_time: clock.breach_time,
            exclusion: self.exclusion(clock),
            warnings: clock.warnings.as_slice().into(),
            notes: clock.notes.as_slice().into(),
        })
    }

    fn exclusion(&self, clock: &Clock<'_>) -> Option<KeptExclusion> {
        match clock.exclusion? {
            Exclusion::Rule(rule) => {
                let revision =
                    self.known.contract(self.contract_id).numbered(clock.contract_revision)?;
                let mut rules = revision.content.terms.exclusions.iter();
                rules.position(|other| std::ptr::eq(other, rule)).map(KeptExclusion::Rule)
            }
            Exclusion::Decision { event_id, decision } => {
                let by = (event_id.to_owned(), decision.clone());
                Some(KeptExclusion::Decision(Box::new(by)))
            }
        }
    }

    fn features(&mut self, incident: &IncidentFeatures<'_>) -> KeptFeatures {
        KeptFeatures {
            category: self.text(incident.state.category),
            group: self.text(incident.state.group),
            assignee: self.text(incident.state.assignee),
            third_party: self.text(incident.state.third_party),
            waiting_on: incident.state.waiting_on,
            effort_remaining: incident.state.effort_remaining,
            holder: incident.holder,
            last_event_time: incident.last_event_time,
            in_state_since: incident.in_state_since,
            held_since: incident.held_since,
            event_count: incident.event_count,
            reassignment_count: incident.reassignment_count,
        }
    }

    fn target(&mut self, entry: &Entry<'_>) -> KeptTarget {
        KeptTarget {
            target_id: self.text(entry.target_id),
            priority: self.text(entry.priority),
            begin_time: entry.begin_time,
            place_time: entry.place_time(),
            placed: Counts::of_placed(entry),
            open: Counts::of_open(entry.is_excluded),
        }
    }

    fn contributed(&mut self, contribution: &Contribution) -> Option<Box<KeptContribution>> {
        let contract_id = self.contract_id;
        let its = |id: &ContractId| id.as_str() == contract_id;
        let targets = contribution.targets.iter().filter(|target| its(&target.contract_id));
        let targets: Box<[_]> = targets.map(|target| self.addition(target)).collect();
        if targets.is_empty() {
            return None;
        }
        Some(Box::new(KeptContribution {
            service: self.text(&contribution.service),
            category: self.text(&contribution.category),
            group: self.text(&contribution.group),
            targets,
        }))
    }

    fn addition(&mut self, target: &TargetContribution) -> KeptAddition {
        KeptAddition {
            target_id: self.text(&target.target_id),
            priority: self.text(&target.priority),
            day: target.day,
            counts: target.tally.contractual,
        }
    }

    /// A text, which incidents share.
    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&text));
        text
    }
}

#[cfg(test)]
mod tests;
