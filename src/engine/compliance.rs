//! How a contract's period complied: entries grouped, and objectives held against them.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveTime;

use super::catalog::Known;
use super::query::Times;
use super::refusal::Refusal;
use super::tally::{Counted, CountedTarget, Day, Dimension, day};
use crate::domain::clock::Outcome;
use crate::domain::compliance::attainment::{Standing, stand};
use crate::domain::compliance::{Entry, Period, PeriodError, Tally};
use crate::domain::contract::{AttainmentPromise, Contract, Objective, Promise, Revision};
use crate::domain::time::{Instant, Span};
use crate::domain::zone::{Zone, ZoneDatabase};

/// What is asked about a contract.
#[derive(Clone, Debug)]
pub struct Question {
    /// The contract.
    pub contract_id: String,
    /// The period.
    pub period: PeriodAsked,
    /// What to group by, each key once.
    pub group_by: Vec<GroupKey>,
}

/// A period as it is asked for.
#[derive(Clone, Debug)]
pub enum PeriodAsked {
    /// By its name, in the contract's time zone.
    Named(String),
    /// From an instant up to another.
    Between(Instant, Instant),
}

/// What entries may be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKey {
    /// The target.
    Target,
    /// The priority.
    Priority,
    /// The incident's service.
    Service,
    /// Its category.
    Category,
    /// The group it is assigned to.
    Group,
    /// Who its cause is attributed to.
    Party,
}

/// What a period came to, as far as entries were added.
#[derive(Debug)]
pub struct Compliance<'c> {
    /// The period asked about.
    pub period: Period,
    /// The entries that agree in the keys asked for, by their values in the order they were asked.
    pub groups: BTreeMap<Vec<String>, Tally>,
    /// The objectives that are judged by clocks.
    pub attainments: Vec<Attainment<'c>>,
    contract_id: String,
    group_by: Vec<GroupKey>,
    zone: Zone,
    as_of: Instant,
}

/// An objective on attainment, and the entries it rests on.
#[derive(Debug)]
pub struct Attainment<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The revision that words it.
    pub contract_revision: u32,
    /// The period it is judged over.
    pub period: Period,
    /// The entries it rests on.
    pub tally: Tally,
    promise: &'c AttainmentPromise,
}

impl<'c> Compliance<'c> {
    /// Nothing yet; `known` is what was known of contracts then.
    pub fn new(
        question: &Question,
        known: Known<'c>,
        zones: &ZoneDatabase,
        times: Times,
    ) -> Result<Compliance<'c>, Refusal> {
        let contract_id = question.contract_id.clone();
        let revisions = known.contract(&contract_id);
        let newest = revisions.at(times.as_of).or_else(|| revisions.all().first());
        let newest = newest.ok_or_else(|| Refusal::ContractNotFound(contract_id.clone()))?;
        let zone = known.zone(&contract_id).ok_or_else(|| unknown_zone(&newest.content, zones))?;
        let period = period(&question.period, &zone)?;
        let last = last_instant(&period, times.as_of);
        let ruling = revisions.at(last).unwrap_or(newest);
        Ok(Compliance {
            attainments: attainments(ruling, &zone, last)?,
            zone,
            groups: BTreeMap::new(),
            contract_id,
            group_by: question.group_by.clone(),
            as_of: times.as_of,
            period,
        })
    }

    /// The stretch in which entries that matter were decided.
    pub fn span(&self) -> (Instant, Instant) {
        let periods = self.attainments.iter().map(|attainment| &attainment.period);
        let all = periods.chain([&self.period]);
        all.fold((Instant::MAX, Instant::MIN), |(start, end), period| {
            (start.min(period.start), end.max(period.end))
        })
    }

    /// The dimension whose cells hold all that is asked about, if there is one: whole days are
    /// asked about, and at most one key beside target and priority.
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

    /// The local days of a period.
    pub fn days(&self, period: &Period) -> Range<Day> {
        days(period, &self.zone)
    }

    /// Takes in a cell of the period, of the dimension that holds all that is asked about.
    pub fn add_cell(&mut self, [value, target, priority]: &[String; 3], tally: &Tally) {
        let of = |key: &GroupKey| match key {
            GroupKey::Target => target.clone(),
            GroupKey::Priority => priority.clone(),
            _ => value.clone(),
        };
        let key = self.group_by.iter().map(of).collect();
        self.groups.entry(key).or_default().add(tally);
    }

    /// Takes out what an incident has added to cells that were taken in.
    pub fn take_out(&mut self, counted: &Counted) {
        for target in counted.targets.iter().filter(|t| t.contract_id == self.contract_id) {
            if self.days(&self.period).contains(&target.day) {
                let of = |key: &GroupKey| counted_value(*key, counted, target).to_owned();
                let key: Vec<_> = self.group_by.iter().map(of).collect();
                self.groups.entry(key).or_default().remove(&target.tally);
            }
            for attainment in &mut self.attainments {
                if attainment.promise.covers(&target.target_id, &target.priority)
                    && days(&attainment.period, &self.zone).contains(&target.day)
                {
                    attainment.tally.remove(&target.tally);
                }
            }
        }
    }

    /// Takes an entry in, wherever it belongs.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if entry.contract_id != self.contract_id {
            return;
        }
        if self.period.takes(entry, self.as_of) {
            let key = self.group_by.iter().map(|key| value(*key, entry).to_owned()).collect();
            self.groups.entry(key).or_default().add(&Tally::of(entry));
        }
        for attainment in &mut self.attainments {
            if attainment.promise.covers(entry.target_id, entry.priority)
                && attainment.period.takes(entry, self.as_of)
            {
                attainment.tally.add(&Tally::of(entry));
            }
        }
    }
}

impl Compliance<'_> {
    /// What a target came to in the period, if it belongs there.
    pub(super) fn verdict(&self, entries: &[Entry<'_>], target_id: &str) -> Option<Outcome> {
        let of_target = |entry: &&Entry<'_>| {
            entry.contract_id == self.contract_id && entry.target_id == target_id
        };
        let entry = entries.iter().find(of_target)?;
        self.period.takes(entry, self.as_of).then_some(match entry.is_excluded {
            true => Outcome::Excluded,
            false => entry.contractual.outcome,
        })
    }
}

impl GroupKey {
    fn dimension(self) -> Option<Dimension> {
        match self {
            GroupKey::Target | GroupKey::Priority => None,
            GroupKey::Service => Some(Dimension::Service),
            GroupKey::Category => Some(Dimension::Category),
            GroupKey::Group => Some(Dimension::Group),
            GroupKey::Party => Some(Dimension::Party),
        }
    }
}

impl Attainment<'_> {
    /// Takes in a cell of its period, of the dimension of all clocks.
    pub fn add_cell(&mut self, [_, target, priority]: &[String; 3], tally: &Tally) {
        if self.promise.covers(target, priority) {
            self.tally.add(tally);
        }
    }

    /// How it stands as of an instant.
    pub fn standing(&self, as_of: Instant) -> Standing {
        stand(self.promise, &self.tally.contractual, self.period.end <= as_of)
    }
}

fn unknown_zone(contract: &Contract, zones: &ZoneDatabase) -> Refusal {
    let (name, version) = (&contract.time_zone, zones.version());
    let text = format!("is in {name:?}, which time zone database {version} does not know");
    Refusal::field("contract_id", text)
}

fn period(asked: &PeriodAsked, zone: &Zone) -> Result<Period, Refusal> {
    match asked {
        PeriodAsked::Named(name) => Period::named(name, zone).map_err(|error| match error {
            PeriodError::NotAPeriod(_) => Refusal::field("period", error.to_string()),
            PeriodError::OutOfRange(error) => Refusal::TimeOutOfRange(error.to_string()),
        }),
        PeriodAsked::Between(start, end) => {
            Ok(Period { name: String::new(), start: *start, end: *end })
        }
    }
}

/// The last instant of the period, or the present one while it goes on.
fn last_instant(period: &Period, as_of: Instant) -> Instant {
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(Instant::MIN);
    last.min(as_of).max(period.start)
}

fn attainments<'c>(
    ruling: &'c Revision<Contract>,
    zone: &Zone,
    last: Instant,
) -> Result<Vec<Attainment<'c>>, Refusal> {
    let on_clocks = ruling.content.terms.objectives.iter().filter_map(|objective| {
        let Promise::Attainment(promise) = &objective.promise else { return None };
        Some((objective, promise))
    });
    let attainment = |(objective, promise): (&'c Objective, &'c AttainmentPromise)| {
        let period = Period::around(objective.period, last, zone);
        let period = period.map_err(|error| Refusal::TimeOutOfRange(error.to_string()))?;
        let (contract_revision, tally) = (ruling.number, Tally::default());
        Ok(Attainment { objective, contract_revision, period, tally, promise })
    };
    on_clocks.map(attainment).collect()
}

fn value<'e>(key: GroupKey, entry: &Entry<'e>) -> &'e str {
    match key {
        GroupKey::Target => entry.target_id,
        GroupKey::Priority => entry.priority,
        GroupKey::Service => entry.service,
        GroupKey::Category => entry.category,
        GroupKey::Group => entry.group,
        GroupKey::Party => entry.party,
    }
}

fn counted_value<'c>(key: GroupKey, counted: &'c Counted, target: &'c CountedTarget) -> &'c str {
    match key {
        GroupKey::Target => &target.target_id,
        GroupKey::Priority => &target.priority,
        GroupKey::Service => &counted.service,
        GroupKey::Category => &counted.category,
        GroupKey::Group => &counted.group,
        GroupKey::Party => &counted.party,
    }
}

fn days(period: &Period, zone: &Zone) -> Range<Day> {
    let day_of = |instant| day(zone.local(instant).date());
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(period.start);
    day_of(period.start)..day_of(last) + 1
}
