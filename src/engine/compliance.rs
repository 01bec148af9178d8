//! How a contract's period complied: entries grouped, and objectives held against them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::NaiveTime;

use super::catalog::Known;
use super::credit::{Credited, credited, whole};
use super::ledger::ServiceLedger;
use super::query::Times;
use super::refusal::Refusal;
use super::tally::{Counted, CountedTarget, Day, Dimension, day};
use crate::domain::clock::{Calendars, Outcome};
use crate::domain::compliance::attainment::{Standing, Verdict, stand};
use crate::domain::compliance::availability::{
    self, Agreed, Availability, AvailabilityStanding, OutagesStanding,
};
use crate::domain::compliance::performance::{self, PerformanceStanding};
use crate::domain::compliance::{Entry, Period, PeriodError, Tally, lived};
use crate::domain::contract::{
    AgreedService, AttainmentPromise, Contract, ExperiencePromise, Objective, PeriodKind, Promise,
    Revision,
};
use crate::domain::experience::{Figure, Toll, figure};
use crate::domain::forecast::{Budget, Stretch};
use crate::domain::service::{ServiceEvent, in_effect};
use crate::domain::share::Share;
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
    /// The revision that rules the end of the period.
    pub ruling: &'c Revision<Contract>,
    /// The period asked about.
    pub period: Period,
    /// The entries that agree in the keys asked for, by their values in the order they were asked.
    pub groups: BTreeMap<Vec<String>, Tally>,
    /// The objectives that are judged by clocks.
    pub attainments: Vec<Attainment<'c>>,
    /// The objectives on what people went through.
    pub experiences: Vec<Lived<'c>>,
    /// The objectives that are judged by facts about services.
    pub on_services: Vec<OnService<'c>>,
    /// What is credited for the period, and the periods before that it rests on.
    pub credited: Vec<Credited<'c>>,
    pub(super) contract_id: String,
    group_by: Vec<GroupKey>,
    zone: Zone,
    known: Known<'c>,
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
    /// Its place among the contract's objectives.
    pub place: usize,
    promise: &'c AttainmentPromise,
}

/// An objective on what people went through, and what it rests on.
#[derive(Debug)]
pub struct Lived<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The revision that words it.
    pub contract_revision: u32,
    /// The period it is judged over.
    pub period: Period,
    /// What the period's incidents cost people.
    pub toll: Toll,
    /// What was promised.
    pub promise: ExperiencePromise,
    /// How many people the contract serves; 0: it is not told.
    pub people: u32,
    /// Its place among the contract's objectives.
    pub place: usize,
}

/// An objective on a service, and how it stands.
#[derive(Debug)]
pub struct OnService<'c> {
    /// The objective.
    pub objective: &'c Objective,
    /// The revision that words it.
    pub contract_revision: u32,
    /// The period it is judged over.
    pub period: Period,
    /// How it stands; `None` where the time zone database no longer knows its calendar's zone.
    pub standing: Option<ServiceStanding>,
    /// Its place among the contract's objectives.
    pub place: usize,
}

/// How an objective on a service stands.
#[derive(Debug)]
pub enum ServiceStanding {
    /// One on availability.
    Availability(AvailabilityStanding, Uptime),
    /// One on outages.
    Outages(OutagesStanding, Uptime),
    /// One on performance.
    Performance(PerformanceStanding),
}

impl ServiceStanding {
    /// The verdict, and what was reached where that is a share.
    pub fn verdict(&self) -> (Verdict, Option<Share>) {
        match self {
            ServiceStanding::Availability(standing, _) => (standing.verdict, standing.uptime),
            ServiceStanding::Outages(standing, _) => (standing.verdict, None),
            ServiceStanding::Performance(standing) => (standing.verdict, None),
        }
    }
}

/// How a service was up, and by which hours.
#[derive(Debug)]
pub struct Uptime {
    /// The revision of the calendar in force when the period began.
    pub calendar_revision: u32,
    /// How it was up.
    pub figures: Availability,
}

/// An objective, the revision that words it, the period it is judged over, and its place.
pub(super) type Ruling<'c> = (&'c Objective, u32, Period, usize);

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
        let objectives = objectives(ruling, &zone, last)?;
        Ok(Compliance {
            ruling,
            attainments: objectives.iter().filter_map(Attainment::of).collect(),
            experiences: objectives.iter().filter_map(|o| Lived::of(o, &ruling.content)).collect(),
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

    /// The version of the time zone database it is reckoned with.
    pub fn time_zone_database(&self) -> &'c str {
        self.known.time_zone_database()
    }

    /// The stretch in which entries that matter were decided.
    pub fn span(&self) -> (Instant, Instant) {
        let periods = self.attainments.iter().map(|attainment| &attainment.period);
        let before = self.credited.iter().map(|credited| &credited.period);
        let lived = self.experiences.iter().map(|lived| &lived.period);
        let all = periods.chain(before).chain(lived).chain([&self.period]);
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

    /// The local days of the period.
    pub fn days(&self) -> Range<Day> {
        days(&self.period, &self.zone)
    }

    /// The local days, from one up to another, of each period that something is judged over.
    pub fn days_held(&mut self) -> BTreeSet<(Day, Day)> {
        let zone = &self.zone;
        let of = |period: &Period| {
            let days = days(period, zone);
            (days.start, days.end)
        };
        let attainments = held(&mut self.attainments, &mut self.credited);
        let mut found: BTreeSet<_> = attainments.map(|attainment| of(&attainment.period)).collect();
        let lived = all_lived(&mut self.experiences, &mut self.credited);
        found.extend(lived.map(|lived| of(&lived.period)));
        found
    }

    /// Takes in the cells of such days, of the dimension of all clocks, wherever they are judged.
    pub fn hold_cells(&mut self, held_days: (Day, Day), cells: &[([String; 3], Tally)]) {
        let zone = &self.zone;
        let is_over_them = |period: &Period| days(period, zone) == (held_days.0..held_days.1);
        for attainment in held(&mut self.attainments, &mut self.credited) {
            if is_over_them(&attainment.period) {
                cells.iter().for_each(|(texts, tally)| attainment.add_cell(texts, tally));
            }
        }
        for lived in all_lived(&mut self.experiences, &mut self.credited) {
            if is_over_them(&lived.period) {
                cells.iter().for_each(|(_, tally)| lived.toll.add(&tally.toll));
            }
        }
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
            if self.days().contains(&target.day) {
                let of = |key: &GroupKey| counted_value(*key, counted, target).to_owned();
                let key: Vec<_> = self.group_by.iter().map(of).collect();
                self.groups.entry(key).or_default().remove(&target.tally);
            }
            for attainment in held(&mut self.attainments, &mut self.credited) {
                if attainment.promise.covers(&target.target_id, &target.priority)
                    && days(&attainment.period, &self.zone).contains(&target.day)
                {
                    attainment.tally.remove(&target.tally);
                }
            }
            for lived in all_lived(&mut self.experiences, &mut self.credited) {
                if days(&lived.period, &self.zone).contains(&target.day) {
                    lived.toll.remove(&target.tally.toll);
                }
            }
        }
    }

    /// What the period's incidents cost people.
    pub fn toll(&self) -> Toll {
        let mut toll = Toll::default();
        self.groups.values().for_each(|group| toll.add(&group.toll));
        toll
    }

    /// The SLX figure of the period, or of as much of it as has passed, if the contract weighs one.
    pub fn slx_figure(&self) -> Option<Figure> {
        let passed = self.period.end.min(self.as_of).since(self.period.start);
        figure(self.ruling.content.terms.experience.as_deref()?, &self.toll(), passed)
    }

    /// The services that objectives are about.
    pub fn services(&self) -> BTreeSet<String> {
        let credited = self.credited.iter().flat_map(|credited| &credited.on_services);
        let all = self.on_services.iter().chain(credited);
        all.filter_map(|on| on.objective.service()).map(str::to_owned).collect()
    }

    /// Judges the objectives on a service, by everything recorded about it up to `known_time`.
    pub fn judge_service(&mut self, service: &str, ledger: &ServiceLedger, known_time: Instant) {
        let events = in_effect(ledger.known(known_time), self.as_of);
        let about_it = |on: &&mut OnService<'_>| on.objective.service() == Some(service);
        let credited = self.credited.iter_mut().flat_map(|credited| &mut credited.on_services);
        for on_service in self.on_services.iter_mut().chain(credited).filter(about_it) {
            on_service.standing = on_service.judged(&events, self.known, self.as_of);
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
        for attainment in held(&mut self.attainments, &mut self.credited) {
            if attainment.promise.covers(entry.target_id, entry.priority)
                && attainment.period.takes(entry, self.as_of)
            {
                attainment.tally.add(&Tally::of(entry));
            }
        }
        for lived in all_lived(&mut self.experiences, &mut self.credited) {
            if lived.period.takes(entry, self.as_of) {
                entry.toll.iter().for_each(|toll| lived.toll.add(toll));
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

impl<'c> Attainment<'c> {
    /// An objective over a period, if it is one on attainment.
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

    /// Takes in a cell of its period, of the dimension of all clocks.
    fn add_cell(&mut self, [_, target, priority]: &[String; 3], tally: &Tally) {
        if self.promise.covers(target, priority) {
            self.tally.add(tally);
        }
    }

    /// What is promised.
    pub fn promise(&self) -> &'c AttainmentPromise {
        self.promise
    }

    /// How it stands as of an instant.
    pub fn standing(&self, as_of: Instant) -> Standing {
        stand(self.promise, &self.tally.contractual, self.period.end <= as_of)
    }
}

impl<'c> Lived<'c> {
    /// An objective over a period, if it is one on experience, of a contract that reads so.
    pub(super) fn of(
        (objective, revision, period, place): &Ruling<'c>,
        contract: &Contract,
    ) -> Option<Lived<'c>> {
        let Promise::Experience(promise) = objective.promise else { return None };
        Some(Lived {
            objective,
            contract_revision: *revision,
            period: period.clone(),
            toll: Toll::default(),
            promise,
            people: contract.terms.experience.as_ref().map_or(0, |terms| terms.people),
            place: *place,
        })
    }

    /// How it stands as of an instant.
    pub fn verdict(&self, as_of: Instant) -> Verdict {
        lived::stand(&self.promise, &self.toll, self.people, self.period.end <= as_of)
    }
}

impl<'c> OnService<'c> {
    /// An objective over a period, if it is one on a service.
    pub(super) fn of((objective, revision, period, place): &Ruling<'c>) -> Option<OnService<'c>> {
        objective.service()?;
        let (contract_revision, period, place) = (*revision, period.clone(), *place);
        Some(OnService { objective, contract_revision, period, standing: None, place })
    }

    /// How it stands as of an instant, by the events in effect then.
    fn judged(
        &self,
        events: &[&ServiceEvent],
        known: Known<'_>,
        as_of: Instant,
    ) -> Option<ServiceStanding> {
        let uptime = |agreed, weight| uptime(events, known, (&self.period, as_of), agreed, weight);
        match &self.objective.promise {
            Promise::Attainment(_) | Promise::Experience(_) => None,
            Promise::Availability(promise) => {
                let uptime = uptime(&promise.agreed, promise.degradation_weight)?;
                let standing = availability::stand(promise, &uptime.figures);
                Some(ServiceStanding::Availability(standing, uptime))
            }
            Promise::Outages(promise) => {
                let uptime = uptime(&promise.agreed, Share::NONE)?;
                let standing = availability::stand_outages(promise, &uptime.figures);
                Some(ServiceStanding::Outages(standing, uptime))
            }
            Promise::Performance(promise) => {
                let is_over = self.period.end <= as_of;
                let standing = performance::stand(promise, events, &self.period, is_over);
                Some(ServiceStanding::Performance(standing))
            }
        }
    }

    /// What was down of the agreed time of the last `length` before an instant, if it is an
    /// objective on availability.
    pub fn last(
        &self,
        length: Span,
        events: &[&ServiceEvent],
        known: Known<'_>,
        as_of: Instant,
    ) -> Option<Stretch> {
        let Promise::Availability(promise) = &self.objective.promise else { return None };
        let start = as_of.checked_add(-length).unwrap_or(Instant::MIN);
        let period = Period { name: String::new(), start, end: as_of };
        let weight = promise.degradation_weight;
        let figures = uptime(events, known, (&period, as_of), &promise.agreed, weight)?.figures;
        Some(Stretch { agreed: figures.agreed, down: figures.downtime() })
    }

    /// How the downtime it allows is used up, likewise.
    pub fn budget(&self) -> Option<Budget> {
        let Promise::Availability(promise) = &self.objective.promise else { return None };
        let Some(ServiceStanding::Availability(_, uptime)) = &self.standing else { return None };
        let (agreed, down) = (uptime.figures.agreed_in_period, uptime.figures.downtime());
        Some(Budget { promised: promise.share, agreed, down })
    }
}

/// How a service was up over a period, as of an instant.
fn uptime(
    events: &[&ServiceEvent],
    known: Known<'_>,
    (period, as_of): (&Period, Instant),
    agreed: &AgreedService,
    degradation_weight: Share,
) -> Option<Uptime> {
    let calendar = known.in_force(&agreed.calendar_id, period.start)?;
    let maintenance_notice = agreed.maintenance_notice;
    let agreed = Agreed { hours: calendar.hours, maintenance_notice, degradation_weight };
    let figures = Availability::reckon(events, agreed, period, as_of);
    Some(Uptime { calendar_revision: calendar.revision, figures })
}

/// The period that is asked for of a contract, by what was `known`.
pub fn period_of(
    asked: &PeriodAsked,
    contract_id: &str,
    known: Known<'_>,
    zones: &ZoneDatabase,
) -> Result<Period, Refusal> {
    let revisions = known.contract(contract_id).all();
    let first = revisions.first();
    let first = first.ok_or_else(|| Refusal::ContractNotFound(contract_id.to_owned()))?;
    let zone = known.zone(contract_id).ok_or_else(|| unknown_zone(&first.content, zones))?;
    period(asked, &zone)
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
pub(super) fn last_instant(period: &Period, as_of: Instant) -> Instant {
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(Instant::MIN);
    last.min(as_of).max(period.start)
}

fn objectives<'c>(
    ruling: &'c Revision<Contract>,
    zone: &Zone,
    last: Instant,
) -> Result<Vec<Ruling<'c>>, Refusal> {
    let ruled = |(place, objective): (usize, &'c Objective)| {
        let period = Period::around(objective.period, last, zone);
        let period = period.map_err(|error| Refusal::TimeOutOfRange(error.to_string()))?;
        Ok((objective, ruling.number, period, place))
    };
    ruling.content.terms.objectives.iter().enumerate().map(ruled).collect()
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

/// All that entries are held against: the objectives, and those of the periods credits rest on.
fn held<'h, 'c>(
    attainments: &'h mut [Attainment<'c>],
    credited: &'h mut [Credited<'c>],
) -> impl Iterator<Item = &'h mut Attainment<'c>> {
    let before = credited.iter_mut().flat_map(|credited| &mut credited.attainments);
    attainments.iter_mut().chain(before)
}

/// All that is held against what people went through: the objectives, and those credits rest on.
fn all_lived<'h, 'c>(
    experiences: &'h mut [Lived<'c>],
    credited: &'h mut [Credited<'c>],
) -> impl Iterator<Item = &'h mut Lived<'c>> {
    let before = credited.iter_mut().flat_map(|credited| &mut credited.experiences);
    experiences.iter_mut().chain(before)
}
