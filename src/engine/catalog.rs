//! A tenant's contracts and calendars, in all their revisions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::adoption::{Adopted, Adoption};
use super::terms_entry::TermsEntry;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::calendar::{Calendar, CalendarInForce, Calendars, Places, Unbounded};
use crate::domain::clock::Agreement;
use crate::domain::compliance::{ContractLife, LocalDays};
use crate::domain::contract::{Condition, Contract, Effective, Revision, Revisions};
use crate::domain::time::Instant;
use crate::domain::zone::{Zone, ZoneDatabase};

/// A tenant's contracts and calendars.
#[derive(Clone, Debug)]
pub struct Catalog {
    adopted: Adopted,
    places: Arc<dyn Places>,
    contracts: BTreeMap<String, ContractEntry>,
    calendars: BTreeMap<String, Revisions<Arc<CalendarEntry>>>,
}

/// A contract's revisions and ends, as they were recorded.
#[derive(Clone, Debug, Default)]
struct ContractEntry {
    revisions: Revisions<Contract>,
    ends: Vec<(Instant, Instant)>,
}

/// A calendar revision.
#[derive(Debug)]
pub struct CalendarEntry {
    /// The calendar as this revision words it.
    pub calendar: Arc<Calendar>,
    places: Arc<dyn Places>,
    compiled: Vec<Compiled>,
}

/// The hours of a calendar by one time zone database.
#[derive(Debug)]
struct Compiled {
    zones: ZoneDatabase,
    hours: Arc<OnceLock<Option<ServiceHours>>>,
}

impl CalendarEntry {
    /// The same, by all time zone databases adopted. What is compiled already is not again where
    /// the rules of its zone are the same.
    fn compiled_by(&self, adopted: &Adopted) -> CalendarEntry {
        let name = self.calendar.time_zone();
        let mut compiled: Vec<Compiled> = Vec::new();
        for zones in adopted.all() {
            let zone = zones.zone(name);
            let before = self.compiled.iter().chain(&compiled);
            let mut same = before.filter(|before| before.zones.zone(name) == zone);
            let hours = same.next().map(|same| Arc::clone(&same.hours)).unwrap_or_default();
            compiled.push(Compiled { zones: zones.clone(), hours });
        }
        let (calendar, places) = (Arc::clone(&self.calendar), Arc::clone(&self.places));
        CalendarEntry { calendar, places, compiled }
    }

    /// Its service hours by one of the time zone databases adopted; `None` when that does not know
    /// its zone.
    pub fn hours(&self, zones: &ZoneDatabase) -> Option<&ServiceHours> {
        let compiled = self.compiled.iter().rev().find(|compiled| compiled.zones.is(zones))?;
        let hours = || {
            let (places, calendar) = (Arc::clone(&self.places), Arc::clone(&self.calendar));
            ServiceHours::kept_in(places, calendar, zones).ok()
        };
        compiled.hours.get_or_init(hours).as_ref()
    }
}

/// The name of a contract, a calendar or a time zone database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsName<'c> {
    /// A contract, or its end.
    Contract(&'c str),
    /// A calendar.
    Calendar(&'c str),
    /// A time zone database, by its release.
    TimeZones(&'c str),
}

/// A catalog as it was known at an instant. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Known<'c> {
    catalog: &'c Catalog,
    known_time: Instant,
}

impl Catalog {
    /// An empty catalog whose calendars are compiled with `zones`; what is compiled, it keeps.
    pub fn new(zones: ZoneDatabase) -> Catalog {
        Catalog::kept_in(Arc::new(Unbounded), zones)
    }

    /// The same, of which `places` keeps what is compiled.
    pub fn kept_in(places: Arc<dyn Places>, zones: ZoneDatabase) -> Catalog {
        Catalog::by(Adopted::new(zones), places)
    }

    /// An empty catalog whose calendars are compiled with the time zone databases adopted.
    pub(super) fn by(adopted: Adopted, places: Arc<dyn Places>) -> Catalog {
        Catalog { adopted, places, contracts: BTreeMap::new(), calendars: BTreeMap::new() }
    }

    fn entry(&self, calendar: Calendar) -> Arc<CalendarEntry> {
        let (calendar, places) = (Arc::new(calendar), Arc::clone(&self.places));
        let entry = CalendarEntry { calendar, places, compiled: Vec::new() };
        Arc::new(entry.compiled_by(&self.adopted))
    }

    /// Applies the next record. Record times never decrease.
    pub fn apply(&mut self, record_time: Instant, entry: TermsEntry) {
        match entry {
            TermsEntry::Contract { effective_time, contract } => {
                let entry = self.contracts.entry(contract.id.clone()).or_default();
                entry.revisions.push(effective_time, record_time, *contract);
            }
            TermsEntry::ContractEnd { contract_id, end_time } => {
                self.contracts.entry(contract_id).or_default().ends.push((record_time, end_time));
            }
            TermsEntry::Calendar { id, effective_time, calendar } => {
                let entry = self.entry(calendar);
                let revisions = self.calendars.entry(id).or_default();
                revisions.push(effective_time, record_time, entry);
            }
        }
    }

    /// Applies the adoption of a time zone database. Record times never decrease.
    pub fn adopt(&mut self, record_time: Instant, adoption: &Adoption) {
        self.adopted.apply(record_time, adoption);
        for revisions in self.calendars.values_mut() {
            *revisions = revisions.with(|entry| Arc::new(entry.compiled_by(&self.adopted)));
        }
    }

    /// Replaces all revisions of a calendar by one that was always in force and always known.
    pub(super) fn replace_calendar(&mut self, id: &str, calendar: Calendar) {
        let mut revisions = Revisions::default();
        revisions.push(Instant::MIN, Instant::MIN, self.entry(calendar));
        self.calendars.insert(id.to_owned(), revisions);
    }

    /// Replaces all revisions of a contract by one that was always known, and in force from the
    /// first of them on; its end stays.
    pub(super) fn replace_contract(&mut self, contract: Contract) {
        let entry = self.contracts.entry(contract.id.clone()).or_default();
        let first = entry.revisions.known(Instant::MAX).ruling(Instant::MIN);
        let start = first.map_or(Instant::MIN, |first| first.effective_time);
        entry.revisions = Revisions::default();
        entry.revisions.push(start, Instant::MIN, contract);
    }

    /// The terms and time zone databases recorded in `(after, until]` and when, in the order of
    /// recording.
    pub fn recorded_between(
        &self,
        after: Instant,
        until: Instant,
    ) -> Vec<(Instant, TermsName<'_>)> {
        let contracts = self.contracts.iter().flat_map(|(id, entry)| {
            let revisions = entry.revisions.known(until).all().iter().map(|r| r.record_time);
            let ends = entry.ends.iter().map(|(record_time, _)| *record_time);
            revisions.chain(ends).map(|time| (time, TermsName::Contract(id)))
        });
        let calendars = self.calendars.iter().flat_map(|(id, revisions)| {
            let revisions = revisions.known(until).all().iter();
            revisions.map(|revision| (revision.record_time, TermsName::Calendar(id)))
        });
        let adopted = self.adopted.recorded().map(|(time, r)| (time, TermsName::TimeZones(r)));
        let mut found: Vec<_> = contracts
            .chain(calendars)
            .chain(adopted)
            .filter(|(record_time, _)| after < *record_time && *record_time <= until)
            .collect();
        found.sort_unstable_by_key(|(record_time, _)| *record_time);
        found
    }

    /// Whether terms or a time zone database were recorded in `(after, until]` that may have moved
    /// the clocks of a contract, or ("") of any.
    pub fn has_moved(&self, contract_id: &str, after: Instant, until: Instant) -> bool {
        let is_new = |time: Instant| after < time && time <= until;
        let revised = |entry: &ContractEntry| {
            let revisions = entry.revisions.known(until).all().iter();
            revisions.map(|revision| revision.record_time).any(is_new)
                || entry.ends.iter().any(|(record_time, _)| is_new(*record_time))
        };
        let measured_anew = || {
            let revised = self.calendars.iter().filter(|(_, revisions)| {
                let revisions = revisions.known(until).all().iter();
                revisions.map(|revision| revision.record_time).any(is_new)
            });
            let mut measured = revised.flat_map(|(id, _)| self.contracts_measured_by(id));
            measured.any(|id| id == contract_id)
        };
        match contract_id {
            "" => self.known(until).has_changed_since(after),
            id => {
                self.contracts.get(id).is_some_and(revised)
                    || measured_anew()
                    || self.adopted.has_changed(after, until)
            }
        }
    }

    /// The catalog as it was known at `known_time`.
    pub fn known(&self, known_time: Instant) -> Known<'_> {
        Known { catalog: self, known_time }
    }

    /// The time zone databases adopted.
    pub fn adopted(&self) -> &Adopted {
        &self.adopted
    }

    /// The ids of the contracts whose clocks or periods another database may move, by the names of
    /// the zones whose rules it changes.
    pub fn contracts_in(&self, zones: &[String]) -> BTreeSet<&str> {
        let is_moved = |zone: &str| zones.iter().any(|moved| moved == zone);
        let calendars = self.calendars.iter().filter(|(_, revisions)| {
            let mut revisions = revisions.known(Instant::MAX).all().iter();
            revisions.any(|revision| is_moved(revision.content.calendar.time_zone()))
        });
        let measured = calendars.flat_map(|(id, _)| self.contracts_measured_by(id));
        let placed = self.contracts.iter().filter(|(_, entry)| {
            let mut revisions = entry.revisions.known(Instant::MAX).all().iter();
            revisions.any(|revision| is_moved(&revision.content.time_zone))
        });
        measured.chain(placed.map(|(id, _)| id.as_str())).collect()
    }

    /// The ids of the contracts whose clocks a change of terms may move.
    pub fn contracts_touched_by(&self, entry: &TermsEntry) -> Vec<String> {
        match entry {
            TermsEntry::Contract { contract, .. } => vec![contract.id.clone()],
            TermsEntry::ContractEnd { contract_id, .. } => vec![contract_id.clone()],
            TermsEntry::Calendar { id, .. } => {
                self.contracts_measured_by(id).map(str::to_owned).collect()
            }
        }
    }

    /// The conditions of all revisions of contracts that were recorded by an instant, each with the
    /// id of its contract.
    pub fn conditions(&self, known_time: Instant) -> impl Iterator<Item = (&str, &Condition)> {
        self.contracts.iter().flat_map(move |(id, entry)| {
            let revisions = entry.revisions.known(known_time).all().iter();
            let conditions = revisions.flat_map(|revision| {
                let terms = &revision.content.terms;
                let targets = terms.targets.iter().flat_map(|target| target.conditions());
                let exclusions = terms.exclusions.iter().filter_map(|rule| rule.when.as_ref());
                targets.map(|(_, condition)| condition).chain(exclusions)
            });
            conditions.map(move |condition| (id.as_str(), condition))
        })
    }

    /// The ids of the contracts with a revision that measures by this calendar.
    pub fn contracts_measured_by<'c>(
        &'c self,
        calendar_id: &'c str,
    ) -> impl Iterator<Item = &'c str> {
        let measures = move |revision: &Revision<Contract>| {
            let terms = &revision.content.terms;
            let mut limits = terms.targets.iter().flat_map(|t| &t.limits);
            limits.any(|limit| limit.calendar_id == calendar_id)
                || terms.experience.as_ref().is_some_and(|e| e.calendar_id == calendar_id)
        };
        self.contracts
            .iter()
            .filter(move |(_, entry)| {
                entry.revisions.known(Instant::MAX).all().iter().any(measures)
            })
            .map(|(id, _)| id.as_str())
    }
}

impl<'c> Known<'c> {
    /// The instant up to which things are known.
    pub fn time(self) -> Instant {
        self.known_time
    }

    /// What was known by another instant, if that is earlier.
    pub fn by(self, time: Instant) -> Known<'c> {
        Known { known_time: self.known_time.min(time), ..self }
    }

    /// Whether any terms known, or a time zone database, were recorded after an instant.
    pub fn has_changed_since(self, time: Instant) -> bool {
        let is_new = |recorded: Instant| time < recorded && recorded <= self.known_time;
        let contracts = self.catalog.contracts.values().any(|entry| {
            let revisions = entry.revisions.known(self.known_time);
            revisions.all().iter().any(|revision| is_new(revision.record_time))
                || entry.ends.iter().any(|(recorded, _)| is_new(*recorded))
        });
        let is_changed = |revisions: &Revisions<Arc<CalendarEntry>>| {
            let revisions = revisions.known(self.known_time);
            revisions.all().iter().any(|revision| is_new(revision.record_time))
        };
        contracts
            || self.catalog.calendars.values().any(is_changed)
            || self.catalog.adopted.has_changed(time, self.known_time)
    }

    /// A contract's revisions; empty when it is not known.
    pub fn contract(self, id: &str) -> Effective<'c, Contract> {
        self.catalog
            .contracts
            .get(id)
            .map_or_else(Effective::none, |entry| entry.revisions.known(self.known_time))
    }

    /// When a contract ends, by the last known end recorded for it; `None`: it has no end.
    pub fn contract_end(self, id: &str) -> Option<Instant> {
        let ends = &self.catalog.contracts.get(id)?.ends;
        let known = ends.iter().rev().find(|(record_time, _)| *record_time <= self.known_time);
        known.map(|(_, end_time)| *end_time)
    }

    /// The time zone database by which local time was known to be read.
    pub fn zones(self) -> &'c ZoneDatabase {
        self.catalog.adopted.known(self.known_time)
    }

    /// The release of that database.
    pub fn time_zone_database(self) -> &'c str {
        self.zones().version()
    }

    /// The time zone of a contract in force at an instant; before its first revision takes effect
    /// that of the first. `None` when the contract or its zone is unknown.
    pub fn zone(self, id: &str, at: Instant) -> Option<Zone> {
        self.zones().zone(&self.contract(id).ruling(at)?.content.time_zone)
    }

    /// The local days that a contract's periods are cut in: each begins in the zone in force then.
    /// `None` when the contract or one of its zones is unknown.
    pub fn local_days(self, id: &str) -> Option<LocalDays> {
        let mut by_effect = self.contract(id).by_effect();
        by_effect.dedup_by(|later, earlier| later.content.time_zone == earlier.content.time_zone);
        let zone = |revision: &&Revision<Contract>| {
            let zone = self.zones().zone(&revision.content.time_zone)?;
            Some((revision.effective_time, zone))
        };
        let zones: Option<Vec<_>> = by_effect.iter().map(zone).collect();
        let mut zones = zones?.into_iter();
        let (_, first) = zones.next()?;
        Some(LocalDays::new(first, zones.collect()))
    }

    /// When a contract is in force; `None` when it is not known.
    pub fn life(self, id: &str) -> Option<ContractLife> {
        let start = self.contract(id).ruling(Instant::MIN)?.effective_time;
        Some(ContractLife { start, end: self.contract_end(id) })
    }

    /// The agreement clocks are evaluated under.
    pub fn agreement(self, id: &str) -> Agreement<'c> {
        Agreement { revisions: self.contract(id), end_time: self.contract_end(id) }
    }

    /// The ids of the contracts known.
    pub fn contract_ids(self) -> impl Iterator<Item = &'c str> {
        let ids = self.catalog.contracts.keys().map(String::as_str);
        ids.filter(move |id| !self.contract(id).all().is_empty())
    }

    /// A calendar's revisions; empty when it is not known.
    pub fn calendar(self, id: &str) -> Effective<'c, Arc<CalendarEntry>> {
        let revisions = self.catalog.calendars.get(id);
        revisions.map_or_else(Effective::none, |revisions| revisions.known(self.known_time))
    }

    /// The ids of the calendars known.
    pub fn calendar_ids(self) -> impl Iterator<Item = &'c str> {
        let ids = self.catalog.calendars.keys().map(String::as_str);
        ids.filter(move |id| !self.calendar(id).all().is_empty())
    }
}

impl Calendars for Known<'_> {
    fn in_force(&self, calendar_id: &str, start: Instant) -> Option<CalendarInForce<'_>> {
        let revisions = self.calendar(calendar_id);
        let revision = revisions.at(start).or_else(|| revisions.all().first())?;
        let hours = revision.content.hours(self.zones())?;
        Some(CalendarInForce { revision: revision.number, hours })
    }
}
