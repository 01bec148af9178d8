//! Simulations: a period's incidents evaluated under proposed terms beside the present ones.

use std::collections::BTreeSet;

use super::compliance::{Compliance, Question};
use super::counted::CountedIncident;
use super::period_result::PeriodResult;
use crate::domain::calendar::Calendar;
use crate::domain::compliance::CountedAs;
use crate::domain::contract::{Contract, Finding};
use crate::domain::incident::History;
use crate::engine::catalog::{Catalog, Known};
use crate::engine::decide::check_sound;
use crate::engine::rejection::Rejection;
use crate::engine::times::Times;

/// How many differing verdicts are listed; the rest are counted.
const VERDICT_CHANGES_LISTED_MAX: usize = 1_000;

/// The caveat that every simulation carries.
const CAVEAT: &str = "These are the facts of the past, evaluated by other terms. Under other terms \
     people would have worked otherwise: take it for a bound, not for a forecast.";

/// Proposed terms.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The contract as proposed, taken to be in force always.
    pub contract: Contract,
    /// Calendars that replace those of the same id, taken to be in force always.
    pub calendars: Vec<(String, Calendar)>,
}

/// A period under the present terms and under proposed ones.
#[derive(Debug)]
pub struct Simulation<'c> {
    /// The period under the present terms.
    pub present: Compliance<'c>,
    /// The period under the proposed terms.
    pub proposed: Compliance<'c>,
    /// The first verdicts that would differ, by incident and target.
    pub verdict_changes: Vec<VerdictChange>,
    /// How many verdicts would differ in all.
    pub verdict_change_count: u64,
    /// The warnings of the lint for the proposal.
    pub findings: Vec<Finding>,
    present_terms: Known<'c>,
    proposed_terms: Known<'c>,
    times: Times,
}

/// The result of a simulation.
#[derive(Debug)]
pub struct SimulationResult<'c> {
    /// The period under the present terms.
    pub present: PeriodResult<'c>,
    /// The period under the proposed terms.
    pub proposed: PeriodResult<'c>,
    /// The first verdicts that would differ, by incident and target.
    pub verdict_changes: Vec<VerdictChange>,
    /// How many verdicts would differ in all.
    pub verdict_change_count: u64,
    /// The warnings of the lint for the proposal.
    pub findings: Vec<Finding>,
    /// What to bear in mind when reading it.
    pub caveat: &'static str,
}

/// A target whose verdict would differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// The id of the incident, as the backend sent it.
    pub incident_id: String,
    /// The id of the target, unique within its contract.
    pub target_id: String,
    /// How the period counts it under the present terms; `None`: it does not.
    pub present: Option<CountedAs>,
    /// How the period would count it under the proposed terms; `None`: it would not.
    pub proposed: Option<CountedAs>,
}

impl Proposal {
    /// A catalog with the proposal in the place of the present terms.
    pub fn catalog(&self, present: &Catalog) -> Catalog {
        let mut catalog = present.clone();
        for (id, calendar) in &self.calendars {
            catalog.replace_calendar(id, calendar.clone());
        }
        catalog.replace_contract(self.contract.clone());
        catalog
    }
}

impl<'c> Simulation<'c> {
    /// The simulation before any incident is added.
    ///
    /// # Errors
    /// A [`Rejection`] as for [`Compliance::new`], or when the lint finds errors in the proposal.
    pub fn new(
        question: &Question,
        proposal: &Proposal,
        [present_terms, proposed_terms]: [Known<'c>; 2],
        times: Times,
    ) -> Result<Simulation<'c>, Rejection> {
        Ok(Simulation {
            present: Compliance::new(question, present_terms, times)?,
            findings: check_sound(proposed_terms, &proposal.contract)?,
            proposed: Compliance::new(question, proposed_terms, times)?,
            verdict_changes: Vec::new(),
            verdict_change_count: 0,
            present_terms,
            proposed_terms,
            times,
        })
    }

    /// Adds an incident, evaluated under both terms.
    pub fn add(&mut self, incident: &str, history: &History<'_>) {
        let as_of = self.times.as_of;
        let terms = [self.present_terms, self.proposed_terms];
        let is_meant = |id: &str| id == self.present.contract_id;
        let [present, proposed] = terms.each_ref().map(|known| {
            let periods = self.present.periods().chain(self.proposed.periods());
            CountedIncident::of(history, is_meant, known, as_of, periods)
        });
        self.present.add(&present);
        self.proposed.add(&proposed);
        self.present.add_missing(history, &present.present.evaluation);
        self.proposed.add_missing(history, &proposed.present.evaluation);
        self.note_verdict_changes(incident, &present, &proposed);
    }

    /// A part of it to which no incident is added yet.
    pub fn part(&self) -> Simulation<'c> {
        Simulation {
            present: self.present.part(),
            proposed: self.proposed.part(),
            verdict_changes: Vec::new(),
            verdict_change_count: 0,
            findings: Vec::new(),
            present_terms: self.present_terms,
            proposed_terms: self.proposed_terms,
            times: self.times,
        }
    }

    /// Adds the incidents that were added to a part of it, as though they were added one by one.
    pub fn add_part(&mut self, part: Simulation<'c>) {
        let Simulation { present, proposed, verdict_changes, verdict_change_count, .. } = part;
        self.present.add_part(present);
        self.proposed.add_part(proposed);
        self.verdict_change_count += verdict_change_count;
        let left = VERDICT_CHANGES_LISTED_MAX - self.verdict_changes.len();
        self.verdict_changes.extend(verdict_changes.into_iter().take(left));
    }

    fn note_verdict_changes(
        &mut self,
        incident: &str,
        present: &CountedIncident<'_>,
        proposed: &CountedIncident<'_>,
    ) {
        let entries = present.present.entries.iter().chain(&proposed.present.entries);
        let targets: BTreeSet<_> = entries.map(|entry| entry.target_id).collect();
        for target in targets {
            let name = (self.present.contract_id(), target);
            let before = present.counted_as(name, &self.present.period);
            let name = (self.proposed.contract_id(), target);
            let after = proposed.counted_as(name, &self.proposed.period);
            if before == after {
                continue;
            }
            self.verdict_change_count += 1;
            if self.verdict_changes.len() < VERDICT_CHANGES_LISTED_MAX {
                self.verdict_changes.push(VerdictChange {
                    incident_id: incident.to_owned(),
                    target_id: target.to_owned(),
                    present: before,
                    proposed: after,
                });
            }
        }
    }

    /// The result, when all incidents are added.
    pub fn result(self) -> SimulationResult<'c> {
        let as_of = self.times.as_of;
        SimulationResult {
            present: PeriodResult::of(self.present, as_of),
            proposed: PeriodResult::of(self.proposed, as_of),
            verdict_changes: self.verdict_changes,
            verdict_change_count: self.verdict_change_count,
            findings: self.findings,
            caveat: CAVEAT,
        }
    }
}
