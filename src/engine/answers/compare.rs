//! Compares an incident's verdicts between two states of knowledge, and finds the records that
//! changed them.

use std::collections::BTreeMap;

use crate::domain::clock::Outcome;
use crate::domain::ids::ClockId;
use crate::domain::stop::Stop;
use crate::domain::time::Instant;
use crate::engine::catalog::Catalog;
use crate::engine::evaluate::{evaluate_incident, history};
use crate::engine::ledger::Ledger;
use crate::engine::times::Times;

/// Two states of knowledge, both evaluated at the same instant.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// The instant both are evaluated at.
    pub as_of: Instant,
    /// The `known_time` of the first.
    pub earlier: Instant,
    /// The `known_time` of the second.
    pub later: Instant,
}

/// A clock whose verdict differs between the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which clock.
    pub clock: ClockId,
    /// Each record that changed its verdict, in the order they were recorded.
    pub steps: Vec<Step>,
}

/// The change of a verdict by one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When the record was recorded; record times are unique.
    pub record_time: Instant,
    /// The verdict before it; `None`: there was no such clock.
    pub before: Option<Outcome>,
    /// The verdict after it; `None`: there is no such clock.
    pub after: Option<Outcome>,
}

/// The clocks of an incident whose verdict changed. `terms` are the record times of the contracts
/// and calendars recorded between the two states. Once it is stopped, what it finds is wrong.
pub fn compare(
    incident_id: &str,
    ledger: &Ledger,
    (catalog, terms): (&Catalog, &[Instant]),
    comparison: Comparison,
    stop: &dyn Stop,
) -> Vec<Change> {
    let Comparison { earlier, later, .. } = comparison;
    let facts = ledger.events.iter().map(|event| event.record_time);
    let facts = facts.filter(|time| earlier < *time && *time <= later);
    let mut moments: Vec<Instant> = facts.chain(terms.iter().copied()).collect();
    moments.sort_unstable();
    let at = |known| {
        let times = Times { as_of: comparison.as_of, known };
        outcomes(incident_id, ledger, catalog, times, stop)
    };
    let (before, after) = (at(earlier), at(later));
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(name)));
    let changed = names.filter(|name| before.get(name) != after.get(name)).cloned();
    let mut changes: Vec<Change> =
        changed.map(|clock| Change { clock, steps: Vec::new() }).collect();
    if changes.is_empty() || moments.is_empty() {
        return Vec::new();
    }
    changes.sort_by(|a, b| a.clock.cmp(&b.clock));
    let mut known = before;
    for record_time in moments {
        if stop.is_stopped() {
            break;
        }
        let now = at(record_time);
        for change in &mut changes {
            let (before, after) = (known.get(&change.clock), now.get(&change.clock));
            if before != after {
                let (before, after) = (before.copied(), after.copied());
                change.steps.push(Step { record_time, before, after });
            }
        }
        known = now;
    }
    changes
}

fn outcomes(
    incident_id: &str,
    ledger: &Ledger,
    catalog: &Catalog,
    times: Times,
    stop: &dyn Stop,
) -> BTreeMap<ClockId, Outcome> {
    let Some(history) = history(ledger, times) else { return BTreeMap::new() };
    let history = history.until(stop);
    let known = catalog.known(times.known);
    let evaluation = evaluate_incident(&history, &known, times.as_of);
    evaluation.clocks.iter().map(|clock| (clock.id(incident_id), clock.verdict())).collect()
}
