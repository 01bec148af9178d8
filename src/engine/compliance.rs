//! How a contract's period complied: entries grouped, and objectives held against them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveTime;

use super::catalog::Known;
use super::credit::{Credited, credited, whole};
use super::ledger::Ledger;
use super::objective::objectives;
use super::period::{days, last_instant, period, unknown_zone};
use super::rejection::Rejection;
use super::tally::{Contribution, Day, Dimension};
use super::times::Times;
use crate::domain::clock::Outcome;
use crate::domain::compliance::{Entry, Period, Tally};
use crate::domain::contract::{Contract, PeriodKind, Revision};
use crate::domain::experience::{ExperienceTotals, Figure, figure};
use crate::domain::service::{ServiceEvent, in_effect};
use crate::domain::time::Instant;
use crate::domain::zone::{Zone, ZoneDatabase};

pub use super::group_key::GroupKey;
pub use super::objective::{Attainment, ExperienceResult, OnService, ServiceResult, Uptime};
pub use super::period::{PeriodQuery, period_of};

/// What is queried a contract.
#[derive(Clone, Debug)]
pub struct Question {
    /// The contract.
    pub contract_id: String,
    /// The period.
    pub period: PeriodQuery,
    /// What to group by, each key once.
    pub group_by: Vec<GroupKey>,
}

/// What a period came to, as far as entries were added.
#[derive(Debug)]
pub struct Compliance<'c> {
    /// The revision that rules the end of the period.
    pub ruling: &'c Revision<Contract>,
    /// The period queried.
    pub period: Period,
    /// The entries that agree in the keys requested, by their values in the order they were
    /// requested.
    pub groups: BTreeMap<Vec<String>, Tally>,
    /// The objectives that are evaluated by clocks.
    pub attainments: Vec<Attainment<'c>>,
    /// The objectives on what people went through.
    pub experiences: Vec<ExperienceResult<'c>>,
    /// The objectives that are evaluated by facts about services.
    pub on_services: Vec<OnService<'c>>,
    /// What is credited for the period, and the periods before that it rests on.
    pub credited: Vec<Credited<'c>>,
    pub(super) contract_id: String,
    group_by: Vec<GroupKey>,
    zone: Zone,
    known: Known<'c>,
    as_of: Instant,
}

impl<'c> Compliance<'c> {
    /// Nothing yet; `known` is what was known of contracts then.
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

    /// The version of the time zone database it is computed with.
    pub fn time_zone_database(&self) -> &'c str {
        self.known.time_zone_database()
    }

    /// The stretch in which entries that matter were decided.
    pub fn span(&self) -> (Instant, Instant) {
        let periods = self.attainments.iter().map(|attainment| &attainment.period);
        let before = self.credited.iter().map(|credited| &credited.period);
        let experience = self.experiences.iter().map(|experience| &experience.period);
        let all = periods.chain(before).chain(experience).chain([&self.period]);
        all.fold((Instant::MAX, Instant::MIN), |(start, end), period| {
            (start.min(period.start), end.max(period.end))
        })
    }

    /// The dimension whose tally buckets hold all that is queried, if there is one: whole days are
    /// queried, and at most one key beside target and priority.
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

    /// The local days, from one up to another, of each period that something is evaluated over.
    pub fn days_held(&mut self) -> BTreeSet<(Day, Day)> {
        let zone = &self.zone;
        let of = |period: &Period| {
            let days = days(period, zone);
            (days.start, days.end)
        };
        let attainments = held(&mut self.attainments, &mut self.credited);
        let mut found: BTreeSet<_> = attainments.map(|attainment| of(&attainment.period)).collect();
        let experience = all_experience(&mut self.experiences, &mut self.credited);
        found.extend(experience.map(|experience| of(&experience.period)));
        found
    }

    /// Takes in the tally buckets of such days, of the dimension of all clocks, wherever they are
    /// evaluated.
    pub fn hold_tally_buckets(
        &mut self,
        held_days: (Day, Day),
        tally_buckets: &[([String; 3], Tally)],
    ) {
        let zone = &self.zone;
        let is_over_them = |period: &Period| days(period, zone) == (held_days.0..held_days.1);
        for attainment in held(&mut self.attainments, &mut self.credited) {
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

    /// Takes in a tally bucket of the period, of the dimension that holds all that is queried.
    pub fn add_tally_bucket(&mut self, [value, target, priority]: &[String; 3], tally: &Tally) {
        let of = |key: &GroupKey| match key {
            GroupKey::Target => target.clone(),
            GroupKey::Priority => priority.clone(),
            _ => value.clone(),
        };
        let key = self.group_by.iter().map(of).collect();
        self.groups.entry(key).or_default().add(tally);
    }

    /// Takes out what an incident has added to tally buckets that were taken in.
    pub fn subtract(&mut self, contribution: &Contribution) {
        for target in contribution.targets.iter().filter(|t| *t.contract_id == *self.contract_id) {
            if self.days().contains(&target.day) {
                let of = |key: &GroupKey| key.counted_value(contribution, target).to_owned();
                let key: Vec<_> = self.group_by.iter().map(of).collect();
                self.groups.entry(key).or_default().remove(&target.tally);
            }
            for attainment in held(&mut self.attainments, &mut self.credited) {
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

    /// What the period's incidents cost people.
    pub fn experience_totals(&self) -> ExperienceTotals {
        let mut experience_totals = ExperienceTotals::default();
        self.groups.values().for_each(|group| experience_totals.add(&group.experience_totals));
        experience_totals
    }

    /// The SLX figure of the period, or of as much of it as has passed, if the contract weighs one.
    pub fn slx_figure(&self) -> Option<Figure> {
        let passed = self.period.end.min(self.as_of).since(self.period.start);
        figure(self.ruling.content.terms.experience.as_deref()?, &self.experience_totals(), passed)
    }

    /// The services that objectives are about.
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

    /// Takes an entry in, wherever it belongs.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if entry.contract_id != self.contract_id {
            return;
        }
        if self.period.takes(entry, self.as_of) {
            let key = self.group_by.iter().map(|key| key.value(entry).to_owned()).collect();
            self.groups.entry(key).or_default().add(&Tally::of(entry));
        }
        for attainment in held(&mut self.attainments, &mut self.credited) {
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

    /// What kind of period it is, if it is a month, quarter or year.
    pub(super) fn kind(&self) -> Option<PeriodKind> {
        whole(&self.period, &self.zone).map(|(kind, _)| kind)
    }

    /// What a target came to in the period, if it belongs there.
    pub(super) fn verdict(&self, entries: &[Entry<'_>], target_id: &str) -> Option<Outcome> {
        let of_target = |entry: &&Entry<'_>| entry.target_id == target_id && self.takes(entry);
        entries.iter().find(of_target).map(Entry::verdict)
    }
}

/// All that entries are held against: the objectives, and those of the periods credits rest on.
fn held<'h, 'c>(
    attainments: &'h mut [Attainment<'c>],
    credited: &'h mut [Credited<'c>],
) -> impl Iterator<Item = &'h mut Attainment<'c>> {
    let before = credited.iter_mut().flat_map(|credited| &mut credited.attainments);
    attainments.iter_mut().chain(before)
}

/// All that is held against what people went through: the objectives, and those credits rest on.
fn all_experience<'h, 'c>(
    experiences: &'h mut [ExperienceResult<'c>],
    credited: &'h mut [Credited<'c>],
) -> impl Iterator<Item = &'h mut ExperienceResult<'c>> {
    let before = credited.iter_mut().flat_map(|credited| &mut credited.experiences);
    experiences.iter_mut().chain(before)
}
