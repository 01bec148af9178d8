//! The outcomes that forecasts of periods are scored against.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::tested::{Test, is_under};
use crate::domain::clock::Outcome;
use crate::domain::compliance::{Entry, Period, entries};
use crate::domain::contract::AttainmentPromise;
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::domain::zone::Zone;
use crate::engine::answers::compliance::GroupKey;
use crate::engine::answers::period_outlook::Past;
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_under;
use crate::engine::ledger::Ledger;
use crate::engine::occurred::OccurredIncidents;
use crate::engine::times::Times;

/// What the promises of a contract are scored for; `None`: for the whole contract.
pub const GROUPINGS: [Option<GroupKey>; 4] =
    [None, Some(GroupKey::Service), Some(GroupKey::Category), Some(GroupKey::Group)];

/// Those of `ledgers` that were opened under the contract of a test, with what had occurred by its
/// end.
pub fn incidents<'l>(
    test: Test<'_>,
    ledgers: impl IntoIterator<Item = (&'l String, &'l Ledger)>,
) -> OccurredIncidents {
    let is_under_test = |(_, ledger): &(&String, &Ledger)| {
        is_under(&History::fold(&ledger.events, Instant::MAX), test.contract_id)
    };
    let under_test = ledgers.into_iter().filter(is_under_test);
    let times = Times { as_of: test.until, known: Instant::MAX };
    OccurredIncidents::of(under_test.map(|(id, ledger)| (id.clone(), ledger)), times)
}

/// A group of incidents, by its place among all groups.
pub(super) type Group = usize;
/// The group of an incident in each of [`GROUPINGS`].
pub(super) type GroupsOf = [Group; GROUPINGS.len()];
/// How many clocks were decided, and how many of them breached.
pub(super) type DayCounts = (u64, u64);

/// All groups of incidents, each with a place.
#[derive(Debug, Default)]
pub(super) struct Groups {
    places: BTreeMap<(Option<GroupKey>, String), Group>,
    names: Vec<(Option<GroupKey>, String)>,
}

impl Groups {
    /// The groups of an entry.
    pub fn of(&mut self, entry: &Entry<'_>) -> GroupsOf {
        GROUPINGS.map(|key| {
            let value = key.map_or("", |key| key.value(entry));
            let name = (key, value.to_owned());
            let next = self.names.len();
            *self.places.entry(name.clone()).or_insert_with(|| {
                self.names.push(name);
                next
            })
        })
    }

    /// What a group is grouped by, and its value.
    pub fn name(&self, group: Group) -> Option<&(Option<GroupKey>, String)> {
        self.names.get(group)
    }
}

/// A target of an incident that was met or breached.
#[derive(Clone, Debug)]
pub(super) struct Decided {
    /// When it was decided.
    pub time: Instant,
    /// Whether it breached.
    pub is_breached: bool,
    /// The places of the promises it counts for.
    pub promises: Vec<usize>,
    /// The groups it is counted in.
    pub groups: GroupsOf,
}

/// The outcomes by the end of a test.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    /// The groups.
    pub groups: Groups,
    /// What was decided, each with the last instant at which anything about its incident changed.
    pub decided: Vec<(Decided, Instant)>,
    /// What each day decided, by the group and by the promise's place.
    pub days: BTreeMap<(Group, usize), Past>,
    /// The last instant at which anything about each incident changed; [`Instant::MAX`] when one of
    /// its targets is undecided.
    pub changed: BTreeMap<String, Instant>,
}

impl Outcomes {
    /// The outcomes of these incidents by the end of a test.
    pub fn of(
        incidents: &OccurredIncidents,
        promises: &[(&str, &AttainmentPromise)],
        test: Test<'_>,
        known: &Known<'_>,
        zone: &Zone,
    ) -> Outcomes {
        let mut outcomes = Outcomes::default();
        for (id, ledger) in &incidents.0 {
            let history = History::fold(&ledger.events, test.until);
            let evaluated = evaluate_under(&history, test.contract_id, known, test.until);
            let entries = entries(&evaluated, &history.state(test.until), &[]);
            let decided = entries.iter().map(|entry| entry.decide_time.unwrap_or(Instant::MAX));
            let facts = ledger.events.iter().map(|fact| fact.record_time);
            let changed = decided.chain(facts).max().unwrap_or(Instant::MIN);
            for entry in &entries {
                outcomes.add(entry, promises, changed, zone);
            }
            outcomes.changed.insert(id.clone(), changed);
        }
        outcomes
    }

    fn add(
        &mut self,
        entry: &Entry<'_>,
        promises: &[(&str, &AttainmentPromise)],
        changed: Instant,
        zone: &Zone,
    ) {
        let groups = self.groups.of(entry);
        let Some(decided) = decided(entry, promises, groups) else { return };
        let date = zone.local(decided.time).date();
        for promise in &decided.promises {
            for group in groups {
                let past = self.days.entry((group, *promise)).or_default();
                let days = past.entry(entry.priority.to_owned()).or_default();
                count(days.entry(date).or_default(), decided.is_breached);
            }
        }
        self.decided.push((decided, changed));
    }

    /// What a period of a group and promise came to.
    pub fn counted(&self, of: (Group, usize), period: &Period, zone: &Zone) -> DayCounts {
        let (first, end) = (zone.local(period.start).date(), zone.local(period.end).date());
        let days = self.days.get(&of).into_iter().flat_map(Past::values);
        sum(days.flat_map(|days| days.range(first..end).map(|(_, counts)| counts)))
    }

    /// The counts of these dates, by priority.
    pub fn past(&self, of: (Group, usize), dates: &[NaiveDate]) -> Past {
        let day = |days: &BTreeMap<_, _>, date| days.get(date).copied().unwrap_or_default();
        let of_dates = |days| dates.iter().map(|date| (*date, day(days, date))).collect();
        let all = self.days.get(&of).into_iter().flatten();
        all.map(|(priority, days)| (priority.clone(), of_dates(days))).collect()
    }
}

/// What an entry counts as; `None` when it is excluded, or neither met nor breached.
pub(super) fn decided(
    entry: &Entry<'_>,
    promises: &[(&str, &AttainmentPromise)],
    groups: GroupsOf,
) -> Option<Decided> {
    let is_breached = match entry.verdict() {
        Outcome::Met => false,
        Outcome::Breached => true,
        _ => return None,
    };
    let covers =
        |(_, promise): &(&str, &AttainmentPromise)| promise.covers(entry.target_id, entry.priority);
    let covering = promises.iter().enumerate().filter(|(_, of)| !entry.is_excluded && covers(of));
    let promises = covering.map(|(place, _)| place).collect();
    Some(Decided { time: entry.decide_time?, is_breached, promises, groups })
}

/// Counts what was decided.
pub(super) fn count(counts: &mut DayCounts, is_breached: bool) {
    counts.0 += 1;
    counts.1 += u64::from(is_breached);
}

/// The sum of counts.
pub(super) fn sum<'c>(counts: impl IntoIterator<Item = &'c DayCounts>) -> DayCounts {
    counts.into_iter().fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1))
}
