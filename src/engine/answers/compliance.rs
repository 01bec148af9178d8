//! The compliance of a contract over a period: entries grouped, and objectives evaluated on them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::counted::{CountedEntry, CountedIncident};
use super::credit::{CreditedPeriods, all_attainments, all_experience, all_on_services, whole};
use super::objective::Ruling;
use super::ruled::KnownContract;
use crate::domain::clock::{Evaluation, counted_missing};
use crate::domain::compliance::{
    ContractLife, Coverage, CoverageKey, LocalDays, Membership, Period, Tally,
};
use crate::domain::contract::{Contract, PeriodKind, Revision};
use crate::domain::experience::{ExperienceTotals, Figure, figure};
use crate::domain::incident::History;
use crate::domain::service::{ServiceEvent, in_effect};
use crate::domain::time::{Instant, Span};
use crate::engine::catalog::Known;
use crate::engine::ledger::Ledger;
use crate::engine::period::{days, local_days, midnight, period};
use crate::engine::rejection::Rejection;
use crate::engine::tally::{Contribution, Day, Dimension};
use crate::engine::times::Times;

mod open_at_end;
mod part;

pub use super::group_key::GroupKey;
pub use super::objective::{Attainment, ExperienceResult, OnService};
pub use super::service_objective::{ExcludedUptime, ServiceResult, Uptime};
pub use crate::engine::period::{PeriodQuery, period_of};

/// A question about the compliance of one contract over one period.
#[derive(Clone, Debug)]
pub struct Question {
    /// The id of the contract.
    pub contract_id: String,
    /// Which period.
    pub period: PeriodQuery,
    /// The keys to group by, each at most once.
    pub group_by: Vec<GroupKey>,
    /// Whether the credits of the periods within it are wanted as well.
    pub contained_credits: bool,
}

/// The compliance of a contract over a period, from the entries added so far.
#[derive(Debug)]
pub struct Compliance<'c> {
    /// The revision in force as the period begins, or else the first to take effect.
    pub ruling: &'c Revision<Contract>,
    /// The period.
    pub period: Period,
    /// The tallies of the entries, by the values of the requested keys in the order of request.
    pub groups: BTreeMap<Vec<String>, Tally>,
    /// How many incidents opened in the period it does not measure, and why.
    pub coverage: Coverage,
    /// The objectives on attainment.
    pub attainments: Vec<Attainment<'c>>,
    /// The objectives on experience.
    pub experiences: Vec<ExperienceResult<'c>>,
    /// The objectives on services.
    pub on_services: Vec<OnService<'c>>,
    /// The periods that the credits of this one depend on, and of those within it.
    pub credited: CreditedPeriods<'c>,
    /// When the contract is in force.
    pub life: ContractLife,
    pub(super) contract_id: String,
    group_by: Vec<GroupKey>,
    /// What the objectives are grouped by as well.
    pub(super) objectives_by: Option<GroupKey>,
    pub(super) local_days: LocalDays,
    known: Known<'c>,
    pub(super) as_of: Instant,
}

impl<'c> Compliance<'c> {
    /// The compliance before any entry is added; `known` are the terms as known at `times.known`.
    ///
    /// # Errors
    /// A [`Rejection`] when the contract or its time zone is unknown, or the period is not one.
    pub fn new(
        question: &Question,
        known: Known<'c>,
        times: Times,
    ) -> Result<Compliance<'c>, Rejection> {
        let contract_id = question.contract_id.clone();
        let revisions = known.contract(&contract_id);
        if revisions.all().is_empty() {
            return Err(Rejection::ContractNotFound(contract_id));
        }
        let local_days = local_days(&contract_id, known)?;
        let period = period(&question.period, &local_days)?;
        let contract =
            KnownContract { id: &contract_id, known, days: &local_days, as_of: times.as_of };
        let (ruling, life) = (contract.ruling(&period), known.life(&contract_id));
        let Some((ruling, life)) = ruling.zip(life) else {
            return Err(Rejection::ContractNotFound(contract_id));
        };
        let rulings = contract.objectives(&period)?;
        let experience = |o: &Ruling<'c>| {
            let revision = revisions.numbered(o.revision)?;
            ExperienceResult::of(o, &revision.content)
        };
        let mut compliance = Compliance {
            ruling,
            attainments: rulings.iter().filter_map(Attainment::of).collect(),
            experiences: rulings.iter().filter_map(experience).collect(),
            on_services: rulings.iter().filter_map(OnService::of).collect(),
            credited: CreditedPeriods::of(&contract, &period, question.contained_credits),
            life,
            known,
            local_days,
            groups: BTreeMap::new(),
            coverage: Coverage::default(),
            contract_id,
            group_by: question.group_by.clone(),
            objectives_by: None,
            as_of: times.as_of,
            period,
        };
        compliance.hold_to_life();
        Ok(compliance)
    }

    /// Counts the objectives on clocks by a key as well, from now on.
    pub fn group_objectives(&mut self, by: Option<GroupKey>) {
        self.objectives_by = by;
    }

    /// The dimension of the tally buckets that the objectives take.
    pub fn objective_dimension(&self) -> Dimension {
        self.objectives_by.and_then(GroupKey::dimension).unwrap_or(Dimension::All)
    }

    /// The objectives over the periods of their own within this one that have not begun.
    pub(super) fn rulings_to_come(&self) -> Vec<Ruling<'c>> {
        let (id, known, days) = (self.contract_id.as_str(), self.known, &self.local_days);
        KnownContract { id, known, days, as_of: self.as_of }.rulings_to_come(&self.period)
    }

    /// Holds the contract to its objectives only while it is in force.
    fn hold_to_life(&mut self) {
        let life = self.life;
        all_on_services(&mut self.on_services, &mut self.credited).for_each(|on| on.hold_to(&life));
        all_attainments(&mut self.attainments, &mut self.credited)
            .for_each(|attainment| attainment.hold_to(&life));
        all_experience(&mut self.experiences, &mut self.credited)
            .for_each(|experience| experience.hold_to(&life));
    }

    /// The release of the time zone database it is computed with.
    pub fn time_zone_database(&self) -> &'c str {
        self.known.time_zone_database()
    }

    /// All periods in which entries are counted: this one, and those of the objectives.
    pub fn periods(&self) -> impl Iterator<Item = &Period> {
        let before = self.credited.all().map(|credited| &credited.period);
        self.counted_periods().chain(before).chain([&self.period])
    }

    /// The whole local days that hold all its periods, and the interval of these days.
    pub fn whole_days(&self) -> (Range<Day>, (Instant, Instant)) {
        let all = self.periods().fold((Instant::MAX, Instant::MIN), |(start, end), period| {
            (start.min(period.start), end.max(period.end))
        });
        let days =
            days(&Period { name: String::new(), start: all.0, end: all.1 }, &self.local_days);
        let start = midnight(days.start, &self.local_days).unwrap_or(Instant::MIN).min(all.0);
        let end = midnight(days.end, &self.local_days).unwrap_or(Instant::MAX).max(all.1);
        (days, (start, end))
    }

    /// What is counted for each objective on clocks.
    fn counted_periods(&self) -> impl Iterator<Item = &Period> {
        let credited = || self.credited.all();
        let attainments = credited().flat_map(|credited| &credited.attainments);
        let experiences = credited().flat_map(|credited| &credited.experiences);
        let attainments = self.attainments.iter().chain(attainments).map(|on| &on.period);
        attainments.chain(self.experiences.iter().chain(experiences).map(|on| &on.period))
    }

    /// The dimension whose tally buckets answer the question, if there is one: for whole days
    /// grouped by at most one key beside target and priority.
    pub fn dimension(&self) -> Option<Dimension> {
        let is_midnight =
            |instant: Instant| self.local_days.begin(self.local_days.date(instant)) == Ok(instant);
        let others = self.group_by.iter().filter_map(|key| key.dimension());
        let dimensions: Vec<_> = others.collect();
        let mut periods = self.counted_periods().chain([&self.period]);
        let are_days = periods.all(|p| is_midnight(p.start) && is_midnight(p.end));
        match dimensions.as_slice() {
            _ if !are_days => None,
            [] => Some(Dimension::All),
            [one] => Some(*one),
            _ => None,
        }
    }

    /// The local days of the period.
    pub fn days(&self) -> Range<Day> {
        days(&self.period, &self.local_days)
    }

    /// The local days, from one up to but not including another, of each period that an objective
    /// is evaluated over.
    pub fn objective_days(&self) -> BTreeSet<(Day, Day)> {
        let of = |period: &Period| {
            let days = days(period, &self.local_days);
            (days.start, days.end)
        };
        self.counted_periods().map(of).collect()
    }

    /// Adds the tally buckets of such days, of the dimension that
    /// [`Compliance::objective_dimension`] gives, to every objective whose period has these days.
    pub fn add_objective_buckets(
        &mut self,
        objective_days: (Day, Day),
        tally_buckets: &[([String; 3], Tally)],
    ) {
        let (local_days, is_grouped) = (self.local_days.clone(), self.objectives_by.is_some());
        let is_over_them =
            |period: &Period| days(period, &local_days) == (objective_days.0..objective_days.1);
        for attainment in all_attainments(&mut self.attainments, &mut self.credited) {
            if is_over_them(&attainment.period) {
                tally_buckets.iter().for_each(|(texts, tally)| {
                    attainment.add_tally_bucket(texts, tally, is_grouped)
                });
            }
        }
        for experience in all_experience(&mut self.experiences, &mut self.credited) {
            if is_over_them(&experience.period) {
                tally_buckets.iter().for_each(|(_, tally)| {
                    experience.experience_totals.add(&tally.experience_totals)
                });
            }
        }
    }

    /// Adds a tally bucket of the period, of the dimension that [`Compliance::dimension`] gives.
    pub fn add_tally_bucket(&mut self, [value, target, priority]: &[String; 3], tally: &Tally) {
        let of = |key: &GroupKey| match key {
            GroupKey::Target => target.clone(),
            GroupKey::Priority => priority.clone(),
            _ => value.clone(),
        };
        let key = self.group_by.iter().map(of).collect();
        self.groups.entry(key).or_default().add(tally);
    }

    /// Adds a count of incidents that were opened on days of the period and lack a clock.
    pub fn add_coverage_bucket(&mut self, key: CoverageKey, incidents: u64) {
        self.coverage.add(key, incidents);
    }

    /// Counts the clocks that an incident lacks, if it was opened in the period.
    pub fn add_missing(&mut self, history: &History<'_>, evaluation: &Evaluation<'_>) {
        if evaluation.missing.is_empty() || !self.period.contains(history.begin()) {
            return;
        }
        for missing in counted_missing(evaluation) {
            if missing.contract_id == self.contract_id {
                self.coverage.add(CoverageKey::of(&missing), 1);
            }
        }
    }

    /// Subtracts what an incident has contributed to the tally buckets that were added.
    pub fn subtract(&mut self, contribution: &Contribution) {
        let missing = contribution.missing.iter();
        for missing in missing.filter(|missing| *missing.contract_id == *self.contract_id) {
            if missing.day.is_some_and(|day| self.days().contains(&day)) {
                self.coverage.remove(&missing.key, 1);
            }
        }
        for target in contribution.targets.iter().filter(|t| *t.contract_id == *self.contract_id) {
            if self.days().contains(&target.day) {
                let of = |key: &GroupKey| key.counted_value(contribution, target).to_owned();
                let key: Vec<_> = self.group_by.iter().map(of).collect();
                self.groups.entry(key).or_default().remove(&target.tally);
            }
            for attainment in all_attainments(&mut self.attainments, &mut self.credited) {
                if attainment.promise().covers(&target.target_id, &target.priority)
                    && days(&attainment.period, &self.local_days).contains(&target.day)
                {
                    let group = self.objectives_by;
                    let group = group.map(|key| key.counted_value(contribution, target));
                    attainment.remove(group, &target.tally);
                }
            }
            for experience in all_experience(&mut self.experiences, &mut self.credited) {
                if days(&experience.period, &self.local_days).contains(&target.day) {
                    experience.experience_totals.remove(&target.tally.experience_totals);
                }
            }
        }
    }

    /// What the period's incidents cost people, over all groups.
    pub fn experience_totals(&self) -> ExperienceTotals {
        let mut totals = ExperienceTotals::default();
        self.groups.values().for_each(|group| totals.add(&group.experience_totals));
        totals
    }

    /// The SLX figure of the period, or of as much of it as has passed, while the contract is in
    /// force; `None` when the contract sets no weights.
    pub fn slx_figure(&self) -> Option<Figure> {
        let until = self.period.end.min(self.as_of);
        let within = self.life.within(self.period.start, until);
        let passed = within.map_or(Span::ZERO, |(start, end)| end.since(start));
        figure(self.ruling.content.terms.experience.as_deref()?, &self.experience_totals(), passed)
    }

    /// The ids of the services that objectives are about.
    pub fn services(&self) -> BTreeSet<String> {
        let credited = self.credited.all().flat_map(|credited| &credited.on_services);
        let all = self.on_services.iter().chain(credited);
        all.flat_map(|on| on.objective.services()).cloned().collect()
    }

    /// Evaluates the objectives on services, by everything recorded about these up to `known_time`.
    pub fn evaluate_services(
        &mut self,
        ledgers: &BTreeMap<String, &Ledger<ServiceEvent>>,
        known_time: Instant,
    ) {
        let (known, as_of, contract_id) = (self.known, self.as_of, self.contract_id.clone());
        let in_effect_by = |on: &OnService<'_>| -> Vec<_> {
            let its = on.objective.services().iter().filter_map(|id| ledgers.get(id));
            let events = its.flat_map(|ledger| in_effect(ledger.known(known_time), as_of));
            let is_seen = |event: &&ServiceEvent| {
                event.occur_time <= on.until(as_of) || event.is_about_exclusion()
            };
            events.filter(is_seen).collect()
        };
        for on_service in all_on_services(&mut self.on_services, &mut self.credited) {
            let events = in_effect_by(on_service);
            on_service.evaluate(&events, (known, &contract_id), as_of);
        }
    }

    /// Adds an incident to every group and objective it belongs to.
    pub fn add(&mut self, incident: &CountedIncident<'_>) {
        let contract_id = &self.contract_id;
        for CountedEntry { entry, membership } in incident.counted(contract_id, &self.period) {
            let key = self.group_by.iter().map(|key| key.value(entry).to_owned()).collect();
            self.groups.entry(key).or_default().add(&Tally::membership(entry, membership));
        }
        for (entry, age) in incident.backlog(contract_id, &self.period) {
            let key = self.group_by.iter().map(|key| key.value(entry).to_owned()).collect();
            self.groups.entry(key).or_default().add_to_backlog(age);
        }
        for attainment in all_attainments(&mut self.attainments, &mut self.credited) {
            let (promise, period) = (attainment.promise(), attainment.period.clone());
            for CountedEntry { entry, membership } in incident.counted(contract_id, &period) {
                if promise.covers(entry.target_id, entry.priority) {
                    let group = self.objectives_by.map(|key| key.value(entry));
                    attainment.add(group, &Tally::membership(entry, membership));
                }
            }
            let is_on_it = attainment.goes_by_backlog();
            for (entry, age) in incident.backlog(contract_id, &period).filter(|_| is_on_it) {
                if promise.covers(entry.target_id, entry.priority) {
                    let group = self.objectives_by.map(|key| key.value(entry));
                    attainment.add_to_backlog(group, age);
                }
            }
        }
        for experience in all_experience(&mut self.experiences, &mut self.credited) {
            for CountedEntry { entry, membership } in
                incident.counted(contract_id, &experience.period)
            {
                let totals = entry.experience_totals.iter();
                totals
                    .filter(|_| membership == Membership::Placed)
                    .for_each(|totals| experience.experience_totals.add(totals));
            }
        }
    }
}

impl Compliance<'_> {
    /// The contract.
    pub fn contract_id(&self) -> &str {
        &self.contract_id
    }

    /// The kind of the period, if it is a month, quarter or year.
    pub(super) fn kind(&self) -> Option<PeriodKind> {
        whole(&self.period, &self.local_days).map(|(kind, _)| kind)
    }
}
