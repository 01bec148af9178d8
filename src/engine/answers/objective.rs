//! A contract's objectives over a period: what each rests on, and its result.

use std::collections::BTreeMap;

use super::ruling::HeldPart;
pub use super::ruling::Ruling;
use super::service_objective::{Observed, ServiceResult};
use crate::domain::compliance::attainment::{self, Verdict};
use crate::domain::compliance::backlog::BacklogFigures;
use crate::domain::compliance::{
    ContractLife, Counts, OutageExclusions, Period, Tally, backlog, experience, mean_time,
};
use crate::domain::contract::{
    ClockPromise, Contract, ExperienceMeasure, ExperiencePromise, Objective, Promise,
};
use crate::domain::experience::{ExperienceTotals, TimeSum};
use crate::domain::forecast::{Budget, BurnWindow};
use crate::domain::service::ServiceEvent;
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::Known;

/// An objective on clocks, and the entries it rests on.
#[derive(Clone, Debug)]
pub struct Attainment<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The contract revision that words it.
    pub contract_revision: u32,
    /// Its own period, of which it is the whole or a part.
    pub own_period: Period,
    /// What counts of that: up to the end of the requested period.
    pub period: Period,
    /// The tally of the entries that count for it.
    pub tally: Tally,
    /// The same by the value of the key that objectives are grouped by; empty: by none.
    pub groups: BTreeMap<String, Tally>,
    /// The index of the objective and its own period among those of the requested period.
    pub place: usize,
    promise: ClockPromise<'c>,
    held: HeldPart,
}

/// The result of an objective on clocks.
#[derive(Clone, Copy, Debug)]
pub struct ClocksResult {
    /// The verdict.
    pub verdict: Verdict,
    /// The attainment; `None` when nothing was decided, or another figure is promised.
    pub attainment: Option<Share>,
    /// For an attainment: how many more breaches it can take before it is missed; for the number
    /// of a backlog: how many more may be too old; else 0.
    pub breach_allowance: i64,
    /// For a mean time: the mean; `None` when nothing was decided.
    pub mean_time: Option<TimeSum>,
    /// For a backlog: what is open.
    pub backlog: BacklogFigures,
}

impl ClocksResult {
    /// A verdict without figures.
    fn nothing(verdict: Verdict) -> ClocksResult {
        ClocksResult {
            verdict,
            attainment: None,
            breach_allowance: 0,
            mean_time: None,
            backlog: BacklogFigures::default(),
        }
    }
}

/// An objective on experience, and what it rests on.
#[derive(Clone, Debug)]
pub struct ExperienceResult<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The contract revision that words it.
    pub contract_revision: u32,
    /// Its own period, of which it is the whole or a part.
    pub own_period: Period,
    /// What counts of that: up to the end of the requested period.
    pub period: Period,
    /// What the period's incidents cost people.
    pub experience_totals: ExperienceTotals,
    /// What was promised.
    pub promise: ExperiencePromise,
    /// How many people the contract serves; 0: not reported.
    pub people: u32,
    /// The index of the objective and its own period among those of the requested period.
    pub place: usize,
    held: HeldPart,
}

/// An objective on a service, and its result.
#[derive(Debug)]
pub struct OnService<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The contract revision that words it.
    pub contract_revision: u32,
    /// Its own period, of which it is the whole or a part.
    pub own_period: Period,
    /// What of that it is evaluated over: while the contract is in force.
    pub period: Period,
    /// The result; `None` before it is evaluated, when its calendar's time zone is unknown, or when
    /// the contract is not in force.
    pub result: Option<ServiceResult>,
    /// The index of the objective and its own period among those of the requested period.
    pub place: usize,
    held: HeldPart,
}

/// What objectives of every kind say of themselves.
pub trait Evaluated {
    /// Whether its period goes on, so that its verdict is one so far.
    fn is_provisional(&self, as_of: Instant) -> bool;
    /// Whether the contract is in force in its period.
    fn is_in_force(&self) -> bool;
}

macro_rules! evaluated {
    ($($kind:ident),+) => {$(
        impl Evaluated for $kind<'_> {
            fn is_provisional(&self, as_of: Instant) -> bool {
                !self.held.is_over(as_of)
            }

            fn is_in_force(&self) -> bool {
                self.held.is_in_force
            }
        }
    )+};
}

evaluated!(Attainment, ExperienceResult, OnService);

impl<'c> Attainment<'c> {
    /// The same without entries.
    pub(super) fn part(&self) -> Attainment<'c> {
        let (tally, groups) = (Tally::default(), BTreeMap::new());
        Attainment { tally, groups, ..self.clone() }
    }

    /// The objective, if it is on clocks.
    pub(super) fn of(ruling: &Ruling<'c>) -> Option<Attainment<'c>> {
        let promise = ruling.objective.promise.clocks()?;
        Some(Attainment {
            objective: ruling.objective,
            contract_revision: ruling.revision,
            own_period: ruling.period.clone(),
            period: ruling.seen(),
            tally: Tally::default(),
            groups: BTreeMap::new(),
            place: ruling.place,
            promise,
            held: ruling.held(),
        })
    }

    /// Notes whether the contract is in force in its period. A clock counts where it is decided,
    /// also after the contract's end: it started before.
    ///
    /// A backlog is what is open as the contract ends, if that comes before the period's end.
    pub(super) fn hold_to(&mut self, life: &ContractLife) {
        self.held.is_in_force = life.touches(&self.period);
        let within = life.within(self.period.start, self.period.end);
        if let (ClockPromise::Backlog(_), Some((_, end))) = (self.promise, within)
            && end < self.period.end
        {
            self.held.end = end;
            self.period.end = end;
        }
    }

    /// Adds a tally bucket of its period, if it counts, with its value if those are grouped.
    pub(super) fn add_tally_bucket(
        &mut self,
        [value, target, priority]: &[String; 3],
        tally: &Tally,
        is_grouped: bool,
    ) {
        if self.promise.covers(target, priority) {
            self.add(is_grouped.then_some(value), tally);
        }
    }

    /// Adds a tally, with the value of its group, if they are grouped.
    pub(super) fn add(&mut self, group: Option<&str>, tally: &Tally) {
        self.change(group, |changed| changed.add(tally));
    }

    /// Adds a target that is open, of which only an objective on the backlog takes account.
    pub(super) fn add_to_backlog(&mut self, group: Option<&str>, age: Span) {
        self.change(group, |changed| changed.add_to_backlog(age));
    }

    /// Adds counts alone, which are all that a promise of attainment goes by.
    pub(super) fn add_counts(&mut self, group: Option<&str>, counts: &Counts) {
        self.change(group, |changed| changed.contractual.add(counts));
    }

    fn change(&mut self, group: Option<&str>, change: impl Fn(&mut Tally)) {
        change(&mut self.tally);
        let Some(value) = group else { return };
        match self.groups.get_mut(value) {
            Some(of_group) => change(of_group),
            None => change(self.groups.entry(value.to_owned()).or_default()),
        }
    }

    /// Removes a tally again.
    pub(super) fn remove(&mut self, group: Option<&str>, tally: &Tally) {
        let of_group = group.and_then(|value| self.groups.get_mut(value));
        [&mut self.tally].into_iter().chain(of_group).for_each(|changed| changed.remove(tally));
    }

    /// Removes counts again.
    pub(super) fn remove_counts(&mut self, group: Option<&str>, counts: &Counts) {
        let of_group = group.and_then(|value| self.groups.get_mut(value));
        [&mut self.tally].into_iter().chain(of_group).for_each(|of| of.contractual.remove(counts));
    }

    /// The end of the part of its period that it rules.
    pub fn end(&self) -> Instant {
        self.held.end
    }

    /// The same objective of a group's entries alone.
    pub fn of_group(&self, value: &str) -> Attainment<'c> {
        let tally = self.groups.get(value).cloned().unwrap_or_default();
        Attainment { tally, groups: BTreeMap::new(), ..self.clone() }
    }

    /// Whether it is on the backlog.
    pub(super) fn goes_by_backlog(&self) -> bool {
        matches!(self.promise, ClockPromise::Backlog(_))
    }

    /// What is promised.
    pub fn promise(&self) -> ClockPromise<'c> {
        self.promise
    }

    /// Its result as of an instant.
    pub fn result(&self, as_of: Instant) -> ClocksResult {
        let is_over = self.held.is_over(as_of);
        let result = match self.promise {
            ClockPromise::Attainment(promise) => {
                let result = attainment::evaluate(promise, &self.tally.contractual, is_over);
                ClocksResult {
                    attainment: result.attainment,
                    breach_allowance: result.breach_allowance,
                    ..ClocksResult::nothing(result.verdict)
                }
            }
            ClockPromise::MeanTime(promise) => {
                let result = mean_time::evaluate(promise, &self.tally, is_over);
                ClocksResult { mean_time: result.mean, ..ClocksResult::nothing(result.verdict) }
            }
            ClockPromise::Backlog(promise) => {
                let result = backlog::evaluate(promise, &self.tally.backlog_ages, is_over);
                ClocksResult {
                    breach_allowance: result.found.allowance,
                    backlog: result.found,
                    ..ClocksResult::nothing(result.verdict)
                }
            }
        };
        ClocksResult { verdict: self.held.verdict(result.verdict), ..result }
    }
}

impl<'c> ExperienceResult<'c> {
    /// The same without incidents.
    pub(super) fn part(&self) -> ExperienceResult<'c> {
        ExperienceResult { experience_totals: ExperienceTotals::default(), ..self.clone() }
    }

    /// The objective, if it is on experience; `contract` gives the number of people served.
    pub(super) fn of(ruling: &Ruling<'c>, contract: &Contract) -> Option<ExperienceResult<'c>> {
        let Promise::Experience(promise) = ruling.objective.promise else { return None };
        Some(ExperienceResult {
            objective: ruling.objective,
            contract_revision: ruling.revision,
            own_period: ruling.period.clone(),
            period: ruling.seen(),
            experience_totals: ExperienceTotals::default(),
            promise,
            people: contract.terms.experience.as_ref().map_or(0, |terms| terms.people),
            place: ruling.place,
            held: ruling.held(),
        })
    }

    /// Notes whether the contract is in force in its period.
    pub(super) fn hold_to(&mut self, life: &ContractLife) {
        self.held.is_in_force = life.touches(&self.period);
    }

    /// The share reached, for measures that are a share.
    pub fn reached(&self) -> Option<Share> {
        match self.promise.measure {
            ExperienceMeasure::FirstContact(_) => self.experience_totals.first_contact_share(),
            _ => None,
        }
    }

    /// Its verdict as of an instant.
    pub fn verdict(&self, as_of: Instant) -> Verdict {
        let is_over = self.held.is_over(as_of);
        let totals = &self.experience_totals;
        let verdict = experience::evaluate(&self.promise, totals, self.people, is_over);
        self.held.verdict(verdict)
    }
}

impl<'c> OnService<'c> {
    /// The objective, if it is on a service.
    pub(super) fn of(ruling: &Ruling<'c>) -> Option<OnService<'c>> {
        ruling.objective.services().first()?;
        Some(OnService {
            objective: ruling.objective,
            contract_revision: ruling.revision,
            own_period: ruling.period.clone(),
            period: ruling.part.clone(),
            result: None,
            place: ruling.place,
            held: ruling.held(),
        })
    }

    /// Holds the service only to the time in which the contract is in force.
    pub(super) fn hold_to(&mut self, life: &ContractLife) {
        let seen = self.period.end.min(self.held.seen_until);
        self.held.is_in_force = life.within(self.period.start, seen).is_some();
        if let Some((start, end)) = life.within(self.period.start, self.period.end) {
            self.held.end = end;
            self.period = Period { name: self.period.name.clone(), start, end };
        }
    }

    /// The stretch of its own period that was evaluated.
    pub fn seen(&self) -> Period {
        let end = self.period.end.min(self.held.seen_until).max(self.period.start);
        Period { end, ..self.period.clone() }
    }

    /// The last instant that is looked at, as of another one.
    pub(super) fn until(&self, as_of: Instant) -> Instant {
        self.held.until(as_of)
    }

    /// Evaluates it as of an instant, by the events of its services in effect by [`Self::until`]
    /// then, with the terms that are known and the contract it is of.
    pub(super) fn evaluate(
        &mut self,
        events: &[&ServiceEvent],
        (known, contract_id): (Known<'_>, &str),
        as_of: Instant,
    ) {
        let exclusions = self.exclusions(known, contract_id);
        let (period, as_of) = (&self.period, self.held.until(as_of));
        let observed = Observed { events, known, exclusions, period, as_of };
        let result = observed.result(&self.objective.promise);
        self.result = result.filter(|_| self.held.is_in_force);
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
