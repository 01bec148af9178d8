//! Verdicts that changed between two states of knowledge.
//!
//! They cost by the incidents about which something was recorded in between; where terms were,
//! which may have moved any incident, by all.

use super::{IndexReader, QueryError, ReadView};
use crate::domain::clock::Clock;
use crate::domain::ids::ClockId;
use crate::domain::incident::{History, IncidentEvent};
use crate::domain::stop::Stop;
use crate::domain::time::Instant;
use crate::engine::answers::compare::{Change, Comparison, Step, compare};
use crate::engine::catalog::{Catalog, TermsName};
use crate::engine::evaluate::{Times, evaluate_incident, history};
use crate::engine::ledger::Ledger;

/// A clock whose verdict changed.
#[derive(Debug)]
pub struct ChangedClock<'c> {
    /// The incident.
    pub incident: &'c str,
    /// The clock by what was known earlier; `None`: there was no such clock.
    pub before: Option<&'c Clock<'c>>,
    /// The clock by what is known later; `None`: there is none any more.
    pub after: Option<&'c Clock<'c>>,
    /// Each record that changed its verdict, in the order they were recorded.
    pub steps: Vec<(Step, Option<ChangedBy<'c>>)>,
}

/// What a record that changed a verdict says.
#[derive(Clone, Copy, Debug)]
pub enum ChangedBy<'c> {
    /// A fact about the incident.
    Event(&'c IncidentEvent),
    /// Other terms.
    Terms(TermsName<'c>),
}

/// Visits each clock whose verdict is another than by what was known at `earlier`, in the order of
/// the incidents' ids, until `visit` says stop. `contract` leaves out the incidents of others;
/// empty: of all.
pub fn each(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    (contract, earlier): (&str, Instant),
    mut visit: impl FnMut(&ChangedClock<'_>) -> bool,
) -> Result<(), QueryError> {
    view.check_contract(contract)?;
    let Times { as_of, known: later } = view.times();
    let comparison = Comparison { as_of, earlier, later };
    let terms = view.catalog().recorded_between(earlier, later);
    let terms: Vec<_> = terms.into_iter().map(|(time, _)| time).collect();
    let index = index.filter(|_| terms.is_empty());
    let recorded = index.as_ref().map(|index| index.recorded_in((earlier, later))).transpose()?;
    drop(index);
    let every = recorded.is_none().then(|| view.incident_ids(contract, ""));
    let recorded = recorded.into_iter().flatten().map(Ok);
    for id in recorded.chain(every.into_iter().flatten()) {
        let id = id?;
        let ledger = view.scanned_ledger(&id)?;
        if !ledger.was_under(contract) {
            continue;
        }
        let (catalog, stop) = (view.catalog(), view.stop());
        let incident = Compared { id: &id, ledger: &ledger, catalog, comparison, stop };
        let changes = compare(&id, &ledger, (catalog, &terms), comparison, stop);
        view.check_wanted()?;
        let goes_on = changes.is_empty() || incident.each(changes, &mut visit);
        view.check_wanted()?;
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// An incident whose clocks are compared.
struct Compared<'c> {
    id: &'c str,
    ledger: &'c Ledger,
    catalog: &'c Catalog,
    comparison: Comparison,
    stop: &'c dyn Stop,
}

impl Compared<'_> {
    /// Visits its changed clocks; false: no more are wanted.
    fn each(
        &self,
        changes: Vec<Change>,
        visit: &mut impl FnMut(&ChangedClock<'_>) -> bool,
    ) -> bool {
        let Compared { ledger, catalog, comparison, stop, .. } = *self;
        let Comparison { as_of, earlier, later } = comparison;
        let [before, after] = [earlier, later].map(|known| catalog.known(known));
        let of = |known| Some(history(ledger, Times { as_of, known })?.until(stop));
        let histories = [earlier, later].map(of);
        let [old, new] = histories.each_ref().map(Option::as_ref);
        let old = old.map(|history: &History<'_>| evaluate_incident(history, &before, as_of));
        let new = new.map(|history: &History<'_>| evaluate_incident(history, &after, as_of));
        let [old, new] = [old, new].map(Option::unwrap_or_default);
        if stop.is_stopped() {
            return false;
        }
        changes.into_iter().all(|change| {
            let steps = change.steps.into_iter().map(|step| (step, self.cause(&step)));
            visit(&ChangedClock {
                incident: self.id,
                before: named(&old.clocks, &change.clock),
                after: named(&new.clocks, &change.clock),
                steps: steps.collect(),
            })
        })
    }

    /// What was recorded at a step.
    fn cause(&self, step: &Step) -> Option<ChangedBy<'_>> {
        let at = step.record_time;
        let event = self.ledger.events.iter().find(|event| event.record_time == at);
        let terms = || self.catalog.recorded_between(Instant::MIN, at).pop();
        let event = event.map(|event| ChangedBy::Event(&event.value));
        event.or_else(|| terms().map(|(_, name)| ChangedBy::Terms(name)))
    }
}

fn named<'c>(clocks: &'c [Clock<'c>], id: &ClockId) -> Option<&'c Clock<'c>> {
    clocks.iter().find(|clock| clock.key() == id.key())
}
