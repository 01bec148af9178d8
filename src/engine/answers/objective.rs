//! A contract's objectives over a period: what each rests on, and its result.

use crate::domain::calendar::Calendars;
use crate::domain::compliance::attainment::{self, AttainmentResult, Verdict};
use crate::domain::compliance::availability::{
    self, Agreed, Availability, AvailabilityResult, OutagesResult,
};
use crate::domain::compliance::performance::{self, PerformanceResult};
use crate::domain::compliance::{ContractLife, Period, Tally, experience};
use crate::domain::contract::{
    AgreedService, AttainmentPromise, Contract, ExperiencePromise, Objective, Promise,
};
use crate::domain::experience::ExperienceTotals;
use crate::domain::forecast::{Budget, BurnWindow};
use crate::domain::service::{ServiceEvent, in_effect};
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::Known;

/// An objective on attainment, and the entries it rests on.
#[derive(Debug)]
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
    /// The index of the objective and its own period among those of the requested period.
    pub place: usize,
    promise: &'c AttainmentPromise,
    held: Held,
}

/// An objective on experience, and what it rests on.
#[derive(Debug)]
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
    held: Held,
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
    held: Held,
}

/// The result of an objective on a service.
#[derive(Debug)]
pub enum ServiceResult {
    /// Of an objective on availability.
    Availability(AvailabilityResult, Uptime),
    /// Of an objective on outages.
    Outages(OutagesResult, Uptime),
    /// Of an objective on performance.
    Performance(PerformanceResult),
}

impl ServiceResult {
    /// The verdict, and the share reached, for objectives on a share.
    pub fn verdict(&self) -> (Verdict, Option<Share>) {
        match self {
            ServiceResult::Availability(result, _) => (result.verdict, result.uptime),
            ServiceResult::Outages(result, _) => (result.verdict, None),
            ServiceResult::Performance(result) => (result.verdict, None),
        }
    }
}

/// How a service was up, and by which calendar revision.
#[derive(Debug)]
pub struct Uptime {
    /// The revision of the calendar in force when the period began.
    pub calendar_revision: u32,
    /// The availability figures.
    pub figures: Availability,
}

/// An objective, and which part of which period it rules.
#[derive(Clone, Debug)]
pub struct Ruling<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The number of the contract revision that words it.
    pub revision: u32,
    /// Its own period: the month, say, of an objective on months.
    pub period: Period,
    /// What of that these words rule.
    pub part: Period,
    /// The end of the requested period: what comes later is not seen.
    pub seen_until: Instant,
    /// The index of the objective and its own period among those of the requested period.
    pub place: usize,
}

/// How far an objective holds over its part of a period.
#[derive(Clone, Debug)]
struct Held {
    /// The end of the part.
    end: Instant,
    /// The end of the requested period: what comes later is not seen.
    seen_until: Instant,
    /// Whether the contract is in force in it.
    is_in_force: bool,
}

impl<'c> Ruling<'c> {
    /// An objective that rules a whole period, all of which is seen.
    pub fn new(objective: &'c Objective, revision: u32, period: Period) -> Ruling<'c> {
        let (part, seen_until) = (period.clone(), period.end);
        Ruling { objective, revision, period, part, seen_until, place: 0 }
    }

    /// What is seen of its part.
    fn seen(&self) -> Period {
        let end = self.part.end.min(self.seen_until).max(self.part.start);
        Period { end, ..self.part.clone() }
    }

    fn held(&self) -> Held {
        Held { end: self.part.end, seen_until: self.seen_until, is_in_force: true }
    }
}

impl Held {
    /// The last instant that is looked at, as of another one.
    fn until(&self, as_of: Instant) -> Instant {
        as_of.min(self.seen_until)
    }

    /// Whether its part is over, as far as is looked.
    fn is_over(&self, as_of: Instant) -> bool {
        self.end <= self.until(as_of)
    }

    /// The verdict, unless the contract is not in force.
    fn verdict(&self, verdict: Verdict) -> Verdict {
        if self.is_in_force { verdict } else { Verdict::NoData }
    }
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
    /// The objective, if it is on attainment.
    pub(super) fn of(ruling: &Ruling<'c>) -> Option<Attainment<'c>> {
        let Promise::Attainment(promise) = &ruling.objective.promise else { return None };
        Some(Attainment {
            objective: ruling.objective,
            contract_revision: ruling.revision,
            own_period: ruling.period.clone(),
            period: ruling.seen(),
            tally: Tally::default(),
            place: ruling.place,
            promise,
            held: ruling.held(),
        })
    }

    /// Notes whether the contract is in force in its period. A clock counts where it is decided,
    /// also after the contract's end: it started before.
    pub(super) fn hold_to(&mut self, life: &ContractLife) {
        self.held.is_in_force = life.touches(&self.period);
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
        let is_over = self.held.is_over(as_of);
        let result = attainment::evaluate(self.promise, &self.tally.contractual, is_over);
        AttainmentResult { verdict: self.held.verdict(result.verdict), ..result }
    }
}

impl<'c> ExperienceResult<'c> {
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
        ruling.objective.service()?;
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

    /// Evaluates it as of an instant, by everything known about its service.
    pub(super) fn evaluate<'e>(
        &mut self,
        events: impl Iterator<Item = &'e ServiceEvent> + Clone,
        (known, life): (Known<'_>, ContractLife),
        as_of: Instant,
    ) {
        let until = self.held.until(as_of);
        let events = in_effect(events, until);
        let result = self.evaluated(&events, (known, life), until);
        self.result = result.filter(|_| self.held.is_in_force);
    }

    fn evaluated(
        &self,
        events: &[&ServiceEvent],
        (known, life): (Known<'_>, ContractLife),
        until: Instant,
    ) -> Option<ServiceResult> {
        let uptime =
            |agreed, weight| uptime(events, (known, life), (&self.period, until), agreed, weight);
        match &self.objective.promise {
            Promise::Attainment(_) | Promise::Experience(_) => None,
            Promise::Availability(promise) => {
                let uptime = uptime(&promise.agreed, promise.degradation_weight)?;
                let result = availability::evaluate(promise, &uptime.figures);
                Some(ServiceResult::Availability(result, uptime))
            }
            Promise::Outages(promise) => {
                let uptime = uptime(&promise.agreed, Share::NONE)?;
                let result = availability::evaluate_outages(promise, &uptime.figures);
                Some(ServiceResult::Outages(result, uptime))
            }
            Promise::Performance(promise) => {
                let is_over = self.held.is_over(until);
                let result = performance::evaluate(promise, events, &self.period, is_over);
                Some(ServiceResult::Performance(result))
            }
        }
    }

    /// The window of the last `length` before an instant, if it is an objective on availability.
    pub fn last(
        &self,
        length: Span,
        events: &[&ServiceEvent],
        (known, life): (Known<'_>, ContractLife),
        as_of: Instant,
    ) -> Option<BurnWindow> {
        let Promise::Availability(promise) = &self.objective.promise else { return None };
        let start = as_of.checked_add(-length).unwrap_or(Instant::MIN);
        let period = Period { name: String::new(), start, end: as_of };
        let weight = promise.degradation_weight;
        let figures =
            uptime(events, (known, life), (&period, as_of), &promise.agreed, weight)?.figures;
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

/// How a service was up over a period, as of an instant; `None` when its calendar is unknown.
fn uptime(
    events: &[&ServiceEvent],
    (known, life): (Known<'_>, ContractLife),
    (period, as_of): (&Period, Instant),
    agreed: &AgreedService,
    degradation_weight: Share,
) -> Option<Uptime> {
    let calendar = known.in_force(&agreed.calendar_id, period.start)?;
    let maintenance_notice = agreed.maintenance_notice;
    let hours = calendar.hours;
    let agreed = Agreed { hours, maintenance_notice, degradation_weight, life };
    let figures = Availability::evaluate(events, agreed, period, as_of);
    Some(Uptime { calendar_revision: calendar.revision, figures })
}
