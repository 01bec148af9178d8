//! The compliance of a contract over a period: entries grouped, and objectives evaluated on them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveTime;

use super::counted::{CountedEntry, CountedIncident};
use super::credit::{Credited, credited, whole};
use super::objective::objectives;
use crate::domain::compliance::{CountedAs, Membership, Period, Tally};
use crate::domain::contract::{Contract, PeriodKind, Revision};
use crate::domain::experience::{ExperienceTotals, Figure, figure};
use crate::domain::service::{ServiceEvent, in_effect};
use crate::domain::time::Instant;
use crate::domain::zone::{Zone, ZoneDatabase};
use crate::engine::catalog::Known;
use crate::engine::ledger::Ledger;
use crate::engine::period::{days, last_instant, midnight, period, unknown_zone};
use crate::engine::rejection::Rejection;
use crate::engine::tally::{Contribution, Day, Dimension};
use crate::engine::times::Times;

pub use super::group_key::GroupKey;
pub use super::objective::{Attainment, ExperienceResult, OnService, ServiceResult, Uptime};
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
            credited: credited(ruling, revisions, &period, &zone, times.as_of),
            known,
            zone,
            groups: BTreeMap::new(),
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

    /// All periods in which entries are counted: this one, and those of the objectives.
    pub fn periods(&self) -> impl Iterator<Item = &Period> {
        let periods = self.attainments.iter().map(|attainment| &attainment.period);
        let before = self.credited.iter().map(|credited| &credited.period);
        let experience = self.experiences.iter().map(|experience| &experience.period);
        periods.chain(before).chain(experience).chain([&self.period])
    }

    /// The whole local days that hold all its periods, and the interval of these days.
    pub fn whole_days(&self) -> (Range<Day>, (Instant, Instant)) {
        let all = self.periods().fold((Instant::MAX, Instant::MIN), |(start, end), period| {
            (start.min(period.start), end.max(period.end))
        });
        let days = days(&Period { name: String::new(), start: all.0, end: all.1 }, &self.zone);
        let start = midnight(days.start, &self.zone).unwrap_or(Instant::MIN).min(all.0);
        let end = midnight(days.end, &self.zone).unwrap_or(Instant::MAX).max(all.1);
        (days, (start, end))
    }

    /// The first local days after its periods. Who was open as one of them began is not counted by
    /// the tally buckets.
    pub fn days_after(&self) -> BTreeSet<Day> {
        self.periods().map(|period| days(period, &self.zone).end).collect()
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

    /// Subtracts what an incident has contributed to the tally buckets that were added.
    pub fn subtract(&mut self, contribution: &Contribution) {
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
        all.filter_map(|on| on.objective.service()).map(str::to_owned).collect()
    }

    /// Evaluates the objectives on a service, by everything recorded about it up to `known_time`.
    pub fn evaluate_service(
        &mut self,
        service: &str,
        ledger: &Ledger<ServiceEvent>,
        known_time: Instant,
    ) {
        let events = in_effect(ledger.known(known_time), self.as_of);
        let about_it = |on: &&mut OnService<'_>| on.objective.service() == Some(service);
        let credited = self.credited.iter_mut().flat_map(|credited| &mut credited.on_services);
        for on_service in self.on_services.iter_mut().chain(credited).filter(about_it) {
            on_service.result = on_service.evaluated(&events, self.known, self.as_of);
        }
    }

    /// Adds an incident to every group and objective it belongs to.
    pub fn add(&mut self, incident: &CountedIncident<'_>) {
        let contract_id = &self.contract_id;
        for CountedEntry { entry, membership } in incident.counted(contract_id, &self.period) {
            let key = self.group_by.iter().map(|key| key.value(entry).to_owned()).collect();
            self.groups.entry(key).or_default().add(&Tally::membership(entry, membership));
        }
        for attainment in all_attainments(&mut self.attainments, &mut self.credited) {
            let promise = attainment.promise();
            for CountedEntry { entry, membership } in
                incident.counted(contract_id, &attainment.period)
            {
                if promise.covers(entry.target_id, entry.priority) {
                    attainment.tally.add(&Tally::membership(entry, membership));
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
        whole(&self.period, &self.zone).map(|(kind, _)| kind)
    }

    /// How the period counts a target of an incident, if it does.
    pub(super) fn counted_as(
        &self,
        incident: &CountedIncident<'_>,
        target_id: &str,
    ) -> Option<CountedAs> {
        let mut counted = incident.counted(&self.contract_id, &self.period);
        counted
            .find(|counted| counted.entry.target_id == target_id)
            .map(|counted| counted.counted_as())
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
