//! A contract's objectives over a period: what each rests on, and its result.

use super::service_objective::{Observed, ServiceResult};
use crate::domain::compliance::attainment::{self, AttainmentResult, Verdict};
use crate::domain::compliance::{OutageExclusions, Period, Tally, experience};
use crate::domain::contract::{
    AttainmentPromise, Contract, ExperiencePromise, Objective, Promise, Revision,
};
use crate::domain::experience::ExperienceTotals;
use crate::domain::forecast::{Budget, BurnWindow};
use crate::domain::service::ServiceEvent;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::Zone;
use crate::engine::catalog::Known;
use crate::engine::rejection::Rejection;

/// An objective on attainment, and the entries it rests on.
#[derive(Debug)]
pub struct Attainment<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The contract revision that words it.
    pub contract_revision: u32,
    /// The period it is evaluated over.
    pub period: Period,
    /// The tally of the entries that count for it.
    pub tally: Tally,
    /// Its index among the contract's objectives.
    pub place: usize,
    promise: &'c AttainmentPromise,
}

/// An objective on experience, and what it rests on.
#[derive(Debug)]
pub struct ExperienceResult<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The contract revision that words it.
    pub contract_revision: u32,
    /// The period it is evaluated over.
    pub period: Period,
    /// What the period's incidents cost people.
    pub experience_totals: ExperienceTotals,
    /// What was promised.
    pub promise: ExperiencePromise,
    /// How many people the contract serves; 0: not reported.
    pub people: u32,
    /// Its index among the contract's objectives.
    pub place: usize,
}

/// An objective on a service, and its result.
#[derive(Debug)]
pub struct OnService<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The contract revision that words it.
    pub contract_revision: u32,
    /// The period it is evaluated over.
    pub period: Period,
    /// The result; `None` before it is evaluated, or when its calendar's time zone is unknown.
    pub result: Option<ServiceResult>,
    /// Its index among the contract's objectives.
    pub place: usize,
}

/// An objective, the revision that words it, the period it is evaluated over, and its index.
pub(super) type Ruling<'c> = (&'c Objective, u32, Period, usize);

impl<'c> Attainment<'c> {
    /// The objective, if it is on attainment.
    pub(super) fn of((objective, revision, period, place): &Ruling<'c>) -> Option<Attainment<'c>> {
        let Promise::Attainment(promise) = &objective.promise else { return None };
        Some(Attainment {
            objective,
            contract_revision: *revision,
            period: period.clone(),
            tally: Tally::default(),
            place: *place,
            promise,
        })
    }

    /// Adds a tally bucket of its period, of the dimension `Dimension::All`, if it counts.
    pub(super) fn add_tally_bucket(&mut self, [_, target, priority]: &[String; 3], tally: &Tally) {
        if self.promise.covers(target, priority) {
            self.tally.add(tally);
        }
    }

    /// What is promised.
    pub fn promise(&self) -> &'c AttainmentPromise {
        self.promise
    }

    /// Its result as of an instant.
    pub fn result(&self, as_of: Instant) -> AttainmentResult {
        attainment::evaluate(self.promise, &self.tally.contractual, self.period.end <= as_of)
    }
}

impl<'c> ExperienceResult<'c> {
    /// The objective, if it is on experience; `contract` gives the number of people served.
    pub(super) fn of(
        (objective, revision, period, place): &Ruling<'c>,
        contract: &Contract,
    ) -> Option<ExperienceResult<'c>> {
        let Promise::Experience(promise) = objective.promise else { return None };
        Some(ExperienceResult {
            objective,
            contract_revision: *revision,
            period: period.clone(),
            experience_totals: ExperienceTotals::default(),
            promise,
            people: contract.terms.experience.as_ref().map_or(0, |terms| terms.people),
            place: *place,
        })
    }

    /// Its verdict as of an instant.
    pub fn verdict(&self, as_of: Instant) -> Verdict {
        experience::evaluate(
            &self.promise,
            &self.experience_totals,
            self.people,
            self.period.end <= as_of,
        )
    }
}

impl<'c> OnService<'c> {
    /// The objective, if it is on a service.
    pub(super) fn of((objective, revision, period, place): &Ruling<'c>) -> Option<OnService<'c>> {
        objective.services().first()?;
        let (contract_revision, period, place) = (*revision, period.clone(), *place);
        Some(OnService { objective, contract_revision, period, result: None, place })
    }

    /// Its result as of an instant, by the events of its services in effect then; `contract_id` is
    /// the contract it is of.
    pub(super) fn evaluated(
        &self,
        events: &[&ServiceEvent],
        known: Known<'_>,
        contract_id: &str,
        as_of: Instant,
    ) -> Option<ServiceResult> {
        let exclusions = self.exclusions(known, contract_id);
        let observed = Observed { events, known, exclusions, period: &self.period, as_of };
        observed.result(&self.objective.promise)
    }

    /// What leaves outages out of it, under the contract it is of.
    fn exclusions<'a>(&'a self, known: Known<'a>, contract_id: &'a str) -> OutageExclusions<'a> {
        let revision = known.contract(contract_id).numbered(self.contract_revision);
        let rules = revision.map_or(&[][..], |revision| &revision.content.terms.exclusions);
        OutageExclusions { contract_id, objective_id: &self.objective.id, rules }
    }

    /// The window of the last `length` before an instant, if it is an objective on availability.
    pub fn last(
        &self,
        length: Span,
        events: &[&ServiceEvent],
        (known, contract_id): (Known<'_>, &str),
        as_of: Instant,
    ) -> Option<BurnWindow> {
        let Promise::Availability(promise) = &self.objective.promise else { return None };
        let start = as_of.checked_add(-length).unwrap_or(Instant::MIN);
        let period = Period { name: String::new(), start, end: as_of };
        let exclusions = self.exclusions(known, contract_id);
        let observed = Observed { events, known, exclusions, period: &period, as_of };
        let figures = observed.availability(promise)?.figures;
        Some(BurnWindow { agreed: figures.agreed, down: figures.downtime() })
    }

    /// Its error budget, if it is an evaluated objective on availability.
    pub fn budget(&self) -> Option<Budget> {
        let Promise::Availability(promise) = &self.objective.promise else { return None };
        let Some(ServiceResult::Availability(_, uptime)) = &self.result else { return None };
        let (agreed, down) = (uptime.figures.agreed_in_period, uptime.figures.downtime());
        Some(Budget { promised: promise.share, agreed, down })
    }
}

/// The objectives of a contract, each with its period that contains the instant `last`.
pub(super) fn objectives<'c>(
    ruling: &'c Revision<Contract>,
    zone: &Zone,
    last: Instant,
) -> Result<Vec<Ruling<'c>>, Rejection> {
    let ruled = |(place, objective): (usize, &'c Objective)| {
        let period = Period::around(objective.period, last, zone);
        let period = period.map_err(|error| Rejection::TimeOutOfRange(error.to_string()))?;
        Ok((objective, ruling.number, period, place))
    };
    ruling.content.terms.objectives.iter().enumerate().map(ruled).collect()
}
