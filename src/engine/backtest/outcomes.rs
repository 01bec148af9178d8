//! The outcomes that forecasts of periods are scored against.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::tested::{Test, is_under};
use super::week::Week;
use crate::domain::clock::Outcome;
use crate::domain::compliance::{Entry, entries};
use crate::domain::contract::AttainmentPromise;
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::domain::zone::Zone;
use crate::engine::answers::period_outlook::Past;
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_under;
use crate::engine::ledger::Ledger;
use crate::engine::occurred::OccurredIncidents;
use crate::engine::times::Times;

/// A kind of incident: its service and its category.
pub(super) type Kind = (String, String);

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

/// How many clocks were decided, and how many of them breached.
pub(super) type DayCounts = (u64, u64);

/// The outcomes by the end of a test.
pub(super) struct Outcomes {
    /// What each day decided, by kind of incident and by the promise's index.
    pub days: BTreeMap<(Kind, usize), Past>,
    /// The last instant at which anything about each incident changed; [`Instant::MAX`] when one of
    /// its targets is undecided.
    pub changed: BTreeMap<String, Instant>,
}

impl Outcomes {
    /// The outcomes of these incidents by the end of a test.
    pub fn of(
        incidents: &OccurredIncidents,
        promises: &[&AttainmentPromise],
        test: Test<'_>,
        known: &Known<'_>,
        zone: &Zone,
    ) -> Outcomes {
        let mut outcomes = Outcomes { days: BTreeMap::new(), changed: BTreeMap::new() };
        for (id, ledger) in &incidents.0 {
            let history = History::fold(&ledger.events, test.until);
            let evaluated = evaluate_under(&history, test.contract_id, known, test.until);
            let mut changed = ledger.events.iter().map(|fact| fact.record_time).max();
            for entry in entries(&evaluated, &history.state(test.until), &[]) {
                changed = changed.max(Some(entry.decide_time.unwrap_or(Instant::MAX)));
                let Some(date) = entry.decide_time.map(|time| zone.local(time).date()) else {
                    continue;
                };
                for place in covering(promises, &entry) {
                    let past = outcomes.days.entry((kind(&entry), place)).or_default();
                    let days = past.entry(entry.priority.to_owned()).or_default();
                    count(days.entry(date).or_default(), &entry);
                }
            }
            outcomes.changed.insert(id.clone(), changed.unwrap_or(Instant::MIN));
        }
        outcomes
    }

    /// The counts of a week.
    pub fn week(&self, of: &(Kind, usize), week: Week) -> DayCounts {
        let days = self.days.get(of).into_iter().flat_map(Past::values);
        sum(days.flat_map(|days| week.dates().filter_map(|date| days.get(&date))))
    }

    /// The counts of these dates, by priority.
    pub fn past(&self, of: &(Kind, usize), dates: &[NaiveDate]) -> Past {
        let day = |days: &BTreeMap<_, _>, date| days.get(date).copied().unwrap_or_default();
        let of_dates = |days| dates.iter().map(|date| (*date, day(days, date))).collect();
        let all = self.days.get(of).into_iter().flatten();
        all.map(|(priority, days)| (priority.clone(), of_dates(days))).collect()
    }
}

/// The sum of counts.
pub(super) fn sum<'c>(counts: impl IntoIterator<Item = &'c DayCounts>) -> DayCounts {
    counts.into_iter().fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1))
}

/// The kind of incident an entry belongs to.
pub(super) fn kind(entry: &Entry<'_>) -> Kind {
    (entry.service.to_owned(), entry.category.to_owned())
}

/// The indices of the promises that an entry counts for; none when it is excluded.
pub(super) fn covering(promises: &[&AttainmentPromise], entry: &Entry<'_>) -> Vec<usize> {
    let covers = |promise: &AttainmentPromise| promise.covers(entry.target_id, entry.priority);
    let counts = promises.iter().enumerate().filter(|(_, of)| !entry.is_excluded && covers(of));
    counts.map(|(place, _)| place).collect()
}

/// DayCounts an entry.
pub(super) fn count(counts: &mut DayCounts, entry: &Entry<'_>) {
    counts.0 += 1;
    counts.1 += u64::from(entry.verdict() == Outcome::Breached);
}
