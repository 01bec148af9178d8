//! History evaluated again under proposed terms, beside the present ones.

use std::collections::BTreeSet;

use super::catalog::{Catalog, Known};
use super::command::check_sound;
use super::compliance::{Compliance, Question};
use super::experience::entries_of;
use super::period_result::PeriodResult;
use super::query::evaluate_under;
use super::rejection::Rejection;
use super::times::Times;
use crate::domain::calendar::Calendar;
use crate::domain::clock::Outcome;
use crate::domain::compliance::Entry;
use crate::domain::contract::{Contract, Finding};
use crate::domain::incident::History;
use crate::domain::zone::ZoneDatabase;

/// Verdicts that differ which are listed one by one; the rest are counted.
const VERDICT_CHANGES_LISTED_MAX: usize = 1_000;

/// What is to be borne in mind with every simulation.
const CAVEAT: &str = "These are the facts of the past, evaluated by other terms. Under other terms \
     people would have worked otherwise: take it for a bound, not for a forecast.";

/// Terms that are thought of.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// What the contract would say, from ever on.
    pub contract: Contract,
    /// Calendars that would stand in the place of those in force, from ever on.
    pub calendars: Vec<(String, Calendar)>,
}

/// A period under the present terms and under proposed ones.
#[derive(Debug)]
pub struct Simulation<'c> {
    /// As it is.
    pub present: Compliance<'c>,
    /// As it would be.
    pub proposed: Compliance<'c>,
    /// The first verdicts that would differ, by incident and target.
    pub verdict_changes: Vec<VerdictChange>,
    /// How many would differ.
    pub verdict_change_count: u64,
    /// What the lint warns of in the proposal.
    pub findings: Vec<Finding>,
    present_terms: Known<'c>,
    proposed_terms: Known<'c>,
    times: Times,
}

/// A simulation, worked out.
#[derive(Debug)]
pub struct SimulationResult<'c> {
    /// As it is.
    pub present: PeriodResult<'c>,
    /// As it would be.
    pub proposed: PeriodResult<'c>,
    /// The first verdicts that would differ, by incident and target.
    pub verdict_changes: Vec<VerdictChange>,
    /// How many would differ.
    pub verdict_change_count: u64,
    /// What the lint warns of in the proposal.
    pub findings: Vec<Finding>,
    /// What is to be borne in mind.
    pub caveat: &'static str,
}

/// A target whose verdict would be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// The incident.
    pub incident_id: String,
    /// The target.
    pub target_id: String,
    /// The verdict under the present terms; `None`: the period has none.
    pub present: Option<Outcome>,
    /// The verdict under the proposed terms; `None`: the period would have none.
    pub proposed: Option<Outcome>,
}

impl Proposal {
    /// The catalog in which the proposal rules.
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
    /// Nothing yet. The proposal must be sound, as it must be to be put.
    pub fn new(
        question: &Question,
        proposal: &Proposal,
        [present_terms, proposed_terms]: [Known<'c>; 2],
        zones: &ZoneDatabase,
        times: Times,
    ) -> Result<Simulation<'c>, Rejection> {
        Ok(Simulation {
            present: Compliance::new(question, present_terms, zones, times)?,
            findings: check_sound(proposed_terms, &proposal.contract)?,
            proposed: Compliance::new(question, proposed_terms, zones, times)?,
            verdict_changes: Vec::new(),
            verdict_change_count: 0,
            present_terms,
            proposed_terms,
            times,
        })
    }

    /// Takes in an incident, evaluated under both.
    pub fn add(&mut self, incident: &str, history: &History<'_>) {
        let as_of = self.times.as_of;
        let terms = [self.present_terms, self.proposed_terms];
        let contract_id = &self.present.contract_id;
        let [present, proposed] = terms.each_ref().map(|known| {
            let evaluation = evaluate_under(history, contract_id, known, as_of);
            entries_of(history, &evaluation, known, as_of)
        });
        present.iter().for_each(|entry| self.present.add(entry));
        proposed.iter().for_each(|entry| self.proposed.add(entry));
        self.note_verdict_changes(incident, &present, &proposed);
    }

    fn note_verdict_changes(
        &mut self,
        incident: &str,
        present: &[Entry<'_>],
        proposed: &[Entry<'_>],
    ) {
        let targets: BTreeSet<_> = present.iter().chain(proposed).map(|e| e.target_id).collect();
        for target in targets {
            let before = self.present.verdict(present, target);
            let after = self.proposed.verdict(proposed, target);
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

    /// What it came to, when all incidents are taken in.
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
