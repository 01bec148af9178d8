//! The compliance of a contract over a period: entries grouped, and objectives evaluated on them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveTime;

use super::credit::{Credited, credited, whole};
use super::objective::objectives;
use crate::domain::clock::{Evaluation, Outcome, counted};
use crate::domain::compliance::{Coverage, CoverageKey, Entry, Period, Tally};
use crate::domain::contract::{Contract, PeriodKind, Revision};
use crate::domain::experience::{ExperienceTotals, Figure, figure};
use crate::domain::incident::History;
use crate::domain::service::{ServiceEvent, in_effect};
use crate::domain::time::Instant;
use crate::domain::zone::{Zone, ZoneDatabase};
use crate::engine::catalog::Known;
use crate::engine::coverage::begin;
use crate::engine::ledger::Ledger;
use crate::engine::period::{days, last_instant, period, unknown_zone};
use crate::engine::rejection::Rejection;
use crate::engine::tally::{Contribution, Day, Dimension};
use crate::engine::times::Times;

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
}

/// The compliance of a contract over a period, from the entries added so far.
#[derive(Debug)]
pub struct Compliance<'c> {
    /// The revision in force at the end of the period, or now while it goes on.
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
    /// The periods that the credits of this one depend on, this one first.
    pub credited: Vec<Credited<'c>>,
    pub(super) contract_id: String,
    group_by: Vec<GroupKey>,
    zone: Zone,
    known: Known<'c>,
    as_of: Instant,
}

impl<'c> Compliance<'c> {
    /// The compliance before any entry is added; `known` are the terms as known at `times.known`.
    ///
    /// # Errors
    /// A [`Rejection`] when the contract or its time zone is unknown, or the period is not one.
    pub fn new(
        question: &Question,
        known: Known<'c>,
        zones: &ZoneDatabase,
        times: Times,
    ) -> Result<Compliance<'c>, Rejection> {
        let contract_id = question.contract_id.clone();
        let revisions = known.contract(&contract_id);
        let newest = revisions.at(times.as_of).or_else(|| revisions.all().first());
        let newest = newest.ok_or_else(|| Rejection::ContractNotFound(contract_id.clone()))?;
        let zone = known.zone(&contract_id).ok_or_else(|| unknown_zone(&newest.content, zones))?;
        let period = period(&question.period, &zone)?;
        let last = last_instant(&period, times.as_of);
        let ruling = revisions.at(last).unwrap_or(newest);
        let objectives = objectives(ruling, &zone, last)?;
        Ok(Compliance {
            ruling,
            attainments: objectives.iter().filter_map(Attainment::of).collect(),
            experiences: objectives
                .iter()
                .filter_map(|o| ExperienceResult::of(o, &ruling.content))
                .collect(),
            on_services: objectives.iter().filter_map(OnService::of).collect(),
            credited: credited(ruling, known.agreement(&contract_id), &period, &zone, times.as_of),
            known,
            zone,
            groups: BTreeMap::new(),
            coverage: Coverage::default(),
            contract_id,
            group_by: question.group_by.clone(),
            as_of: times.as_of,
            period,
        })
    }

    /// The release of the time zone database it is computed with.
    pub fn time_zone_database(&self) -> &'c str {
        self.known.time_zone_database()
    }

    /// The interval in which the entries that matter were decided: start and end, over all periods.
    pub fn span(&self) -> (Instant, Instant) {
        let credited = || self.credited.iter();
        let attainments =
            self.attainments.iter().chain(credited().flat_map(|credited| &credited.attainments));
        let experiences =
            self.experiences.iter().chain(credited().flat_map(|credited| &credited.experiences));
        let periods = attainments.map(|attainment| &attainment.period);
        let experience = experiences.map(|experience| &experience.period);
        let before = credited().map(|credited| &credited.period);
        let all = periods.chain(before).chain(experience).chain([&self.period]);
        all.fold((Instant::MAX, Instant::MIN), |(start, end), period| {
            (start.min(period.start), end.max(period.end))
        })
    }

    /// The dimension whose tally buckets answer the question, if there is one: for a period of
    /// whole days grouped by at most one key beside target and priority.
    pub fn dimension(&self) -> Option<Dimension> {
        let is_midnight = |instant: Instant| {
            let midnight = self.zone.local(instant).date().and_time(NaiveTime::MIN);
            self.zone.instant(midnight) == Ok(instant)
        };
        let others = self.group_by.iter().filter_map(|key| key.dimension());
        let dimensions: Vec<_> = others.collect();
        match dimensions.as_slice() {
            _ if !is_midnight(self.period.start) || !is_midnight(self.period.end) => None,
            [] => Some(Dimension::All),
            [one] => Some(*one),
            _ => None,
        }
    }

    /// The local days of the period.
    pub fn days(&self) -> Range<Day> {
        days(&self.period, &self.zone)
    }

    /// The local days, from one up to but not including another, of each period that an objective
    /// is evaluated over.
    pub fn objective_days(&mut self) -> BTreeSet<(Day, Day)> {
        let zone = &self.zone;
        let of = |period: &Period| {
            let days = days(period, zone);
            (days.start, days.end)
        };
        let attainments = all_attainments(&mut self.attainments, &mut self.credited);
        let mut found: BTreeSet<_> = attainments.map(|attainment| of(&attainment.period)).collect();
        let experience = all_experience(&mut self.experiences, &mut self.credited);
        found.extend(experience.map(|experience| of(&experience.period)));
        found
    }

    /// Adds the tally buckets of such days, of the dimension [`Dimension::All`], to every objective
    /// whose period has these days.
    pub fn add_objective_buckets(
        &mut self,
        objective_days: (Day, Day),
        tally_buckets: &[([String; 3], Tally)],
    ) {
        let zone = &self.zone;
        let is_over_them =
            |period: &Period| days(period, zone) == (objective_days.0..objective_days.1);
        for attainment in all_attainments(&mut self.attainments, &mut self.credited) {
            if is_over_them(&attainment.period) {
                tally_buckets
                    .iter()
                    .for_each(|(texts, tally)| attainment.add_tally_bucket(texts, tally));
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
        if evaluation.missing.is_empty() || !self.period.contains(begin(history)) {
            return;
        }
        for missing in counted(evaluation) {
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
                    && days(&attainment.period, &self.zone).contains(&target.day)
                {
                    attainment.tally.remove(&target.tally);
                }
            }
            for experience in all_experience(&mut self.experiences, &mut self.credited) {
                if days(&experience.period, &self.zone).contains(&target.day) {
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

    /// The SLX figure of the period, or of as much of it as has passed; `None` when the contract
    /// sets no weights.
    pub fn slx_figure(&self) -> Option<Figure> {
        let passed = self.period.end.min(self.as_of).since(self.period.start);
        figure(self.ruling.content.terms.experience.as_deref()?, &self.experience_totals(), passed)
    }

    /// The ids of the services that objectives are about.
    pub fn services(&self) -> BTreeSet<String> {
        let credited = self.credited.iter().flat_map(|credited| &credited.on_services);
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
        let events: BTreeMap<_, _> = ledgers
            .iter()
            .map(|(id, ledger)| (id, in_effect(ledger.known(known_time), as_of)))
            .collect();
        let credited = self.credited.iter_mut().flat_map(|credited| &mut credited.on_services);
        for on_service in self.on_services.iter_mut().chain(credited) {
            let its = on_service.objective.services().iter().filter_map(|id| events.get(id));
            let its: Vec<_> = its.flatten().copied().collect();
            on_service.result = on_service.evaluated(&its, known, &contract_id, as_of);
        }
    }

    /// Adds an entry to every group and objective it belongs to.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if entry.contract_id != self.contract_id {
            return;
        }
        if self.period.takes(entry, self.as_of) {
            let key = self.group_by.iter().map(|key| key.value(entry).to_owned()).collect();
            self.groups.entry(key).or_default().add(&Tally::of(entry));
        }
        for attainment in all_attainments(&mut self.attainments, &mut self.credited) {
            if attainment.promise().covers(entry.target_id, entry.priority)
                && attainment.period.takes(entry, self.as_of)
            {
                attainment.tally.add(&Tally::of(entry));
            }
        }
        for experience in all_experience(&mut self.experiences, &mut self.credited) {
            if experience.period.takes(entry, self.as_of) {
                entry.experience_totals.iter().for_each(|experience_totals| {
                    experience.experience_totals.add(experience_totals)
                });
            }
        }
    }
}

impl Compliance<'_> {
    /// The contract.
    pub fn contract_id(&self) -> &str {
        &self.contract_id
    }

    /// Whether an entry belongs to the period.
    pub(super) fn takes(&self, entry: &Entry<'_>) -> bool {
        entry.contract_id == self.contract_id && self.period.takes(entry, self.as_of)
    }

    /// The kind of the period, if it is a month, quarter or year.
    pub(super) fn kind(&self) -> Option<PeriodKind> {
        whole(&self.period, &self.zone).map(|(kind, _)| kind)
    }

    /// The verdict of a target among `entries`, if it belongs to the period.
    pub(super) fn verdict(&self, entries: &[Entry<'_>], target_id: &str) -> Option<Outcome> {
        let of_target = |entry: &&Entry<'_>| entry.target_id == target_id && self.takes(entry);
        entries.iter().find(of_target).map(Entry::verdict)
    }
}

/// All objectives on attainment: of the period, and of those that its credits depend on.
fn all_attainments<'h, 'c>(
    attainments: &'h mut [Attainment<'c>],
    credited: &'h mut [Credited<'c>],
) -> impl Iterator<Item = &'h mut Attainment<'c>> {
    let before = credited.iter_mut().flat_map(|credited| &mut credited.attainments);
    attainments.iter_mut().chain(before)
}

/// All objectives on experience: of the period, and of those that its credits depend on.
fn all_experience<'h, 'c>(
    experiences: &'h mut [ExperienceResult<'c>],
    credited: &'h mut [Credited<'c>],
) -> impl Iterator<Item = &'h mut ExperienceResult<'c>> {
    let before = credited.iter_mut().flat_map(|credited| &mut credited.experiences);
    experiences.iter_mut().chain(before)
}
