//! Incidents as though each fact had been recorded when it occurred.
//!
//! A history that was imported at once was not known until its end. What could have been learnt
//! from it by some instant is what had occurred by then.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;

use super::catalog::Known;
use super::fold::{Fold, Learned, Ledgers, Unobserved, Upto};
use super::ledger::Ledger;
use super::times::Times;
use crate::domain::incident::RecordedEvent;
use crate::domain::time::Instant;

/// Incidents by their ids, each fact recorded when it occurred.
#[derive(Debug, Default)]
pub struct OccurredIncidents(pub BTreeMap<String, Arc<Ledger>>);

/// Reads ledgers as though each fact had been recorded when it occurred: of those facts that were
/// recorded by one instant, those that had occurred by another.
#[derive(Debug)]
pub struct AsOccurred<L> {
    ledgers: L,
    times: Times,
}

impl<L: Ledgers> AsOccurred<L> {
    /// The facts that had occurred by `times.as_of`, of those recorded by `times.known`.
    pub fn new(ledgers: L, times: Times) -> AsOccurred<L> {
        AsOccurred { ledgers, times }
    }

    /// What incidents teach of a contract's clocks, by the terms as they are known. Of the ledgers
    /// only some are held at once.
    ///
    /// # Errors
    /// Those of reading an id or a ledger.
    pub fn learned<I: Deref<Target = str>>(
        mut self,
        ids: impl Iterator<Item = Result<I, L::Error>>,
        contract_id: &str,
        known: Known<'_>,
    ) -> Result<Arc<Learned>, L::Error> {
        let mut fold = Fold::default();
        for id in ids {
            let id = id?;
            let ledger = self.ledger(&id)?;
            let times = ledger.events.iter().map(|fact| fact.value.occur_time);
            if let Some(first) = times.min() {
                fold.note(&Arc::from(&*id), first);
            }
        }
        let upto = Upto { until: self.times.as_of, by: (u64::MAX, Instant::MAX), known };
        while !fold.advance_a_step(upto, &mut self)? {}
        Ok(fold.of(contract_id))
    }
}

impl<L: Ledgers> Ledgers for AsOccurred<L> {
    type Error = L::Error;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, L::Error> {
        let ledger = self.ledgers.ledger(incident_id)?;
        Ok(Arc::new(occurred(&ledger, self.times)))
    }
}

/// The facts of a ledger that had occurred, as recorded when they did.
fn occurred(ledger: &Ledger, times: Times) -> Ledger {
    let known = ledger.recorded_by(times.known);
    let occurred = known.filter(|known| known.value.occur_time <= times.as_of);
    let recorded = occurred
        .map(|known| RecordedEvent { record_time: known.value.occur_time, ..known.clone() });
    recorded.collect()
}

impl OccurredIncidents {
    /// The facts of these incidents that had occurred by `times.as_of`, of those that were recorded
    /// by `times.known`.
    pub fn of<'l>(
        ledgers: impl IntoIterator<Item = (String, &'l Ledger)>,
        times: Times,
    ) -> OccurredIncidents {
        let occurred = |(id, ledger): (String, &Ledger)| (id, Arc::new(occurred(ledger, times)));
        OccurredIncidents(ledgers.into_iter().map(occurred).collect())
    }

    /// A fold of them that has learnt nothing yet.
    pub fn fold(&self) -> Fold {
        let first = |ledger: &Ledger| {
            let times = ledger.events.iter().map(|fact| fact.value.occur_time);
            times.min().unwrap_or(Instant::MIN)
        };
        let fresh = self.0.iter().map(|(id, ledger)| (first(ledger), Arc::from(id.as_str())));
        Fold { fresh: fresh.collect(), ..Fold::default() }
    }

    /// What they teach of a contract's clocks, by the terms as they are known: what was decided by
    /// an instant.
    pub fn learned(mut self, contract_id: &str, known: Known<'_>, as_of: Instant) -> Arc<Learned> {
        let mut fold = self.fold();
        let upto = Upto { until: as_of, by: (u64::MAX, Instant::MAX), known };
        let Ok(()) = fold.advance(upto, &mut self, &mut Unobserved);
        fold.of(contract_id)
    }
}

impl Ledgers for OccurredIncidents {
    type Error = Infallible;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Infallible> {
        Ok(self.0.get(incident_id).cloned().unwrap_or_default())
    }
}
