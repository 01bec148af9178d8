//! Exporting clocks: every incident of a contract, or of all, judged one by one.
//!
//! What is seen is fixed before the first row, so that an export is of one piece however long it
//! takes; the index is held only to find the next incidents.

use super::{Engine, Sight, sight};
use crate::domain::clock::Clock;
use crate::domain::incident::State;
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::compliance::{PeriodAsked, period_of};
use crate::engine::ledger::Ledger;
use crate::engine::query::{history, judge_incident, judge_under};
use crate::engine::refusal::Refusal;
use crate::runtime::Reckoned;

/// Which clocks are wanted.
#[derive(Clone, Debug)]
pub struct Export {
    /// Only this contract's; empty: of all.
    pub contract_id: String,
    /// Only those decided in it; by its name only for one contract.
    pub period: PeriodAsked,
    /// Also those that are open and within their limits.
    pub include_open: bool,
}

/// Who takes the rows.
pub trait Rows {
    /// What all rows rest on; told before the first. False: nobody wants any.
    fn begin(&mut self, sight: Sight) -> bool;
    /// One clock, with its incident. False: no more are wanted.
    fn add(&mut self, incident: &str, clock: &Clock<'_>, state: &State<'_>) -> bool;
}

impl Engine {
    /// Tells `rows` the clocks that are wanted, by everything recorded up to the sequence
    /// `settled`, in the order of their incidents' ids. Blocks.
    pub fn export(
        &self,
        settled: u64,
        tenant: &str,
        export: &Export,
        asked: (Option<Instant>, Option<Instant>),
        rows: &mut impl Rows,
    ) -> Reckoned<()> {
        let carried = *self.keeper.index(settled)?;
        // Looked up after the index, it knows all that the index does.
        let catalog = self.memory.catalog(tenant);
        let sight = sight(carried.sequence, carried.record_time, asked.0, asked.1);
        let known = catalog.known(sight.times.known);
        let span = match self.decided_in(export, known) {
            Ok(span) => span,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let exporting = Exporting { export, known, sight, span };
        if !rows.begin(sight) {
            return Ok(Ok(()));
        }
        let mut after = String::new();
        loop {
            let ids = self.ids_after(carried.sequence, tenant, &export.contract_id, &after)?;
            let Some(last) = ids.last() else { return Ok(Ok(())) };
            after.clone_from(last);
            for id in ids {
                let ledger = self.listed_ledger(tenant, &id)?;
                if !exporting.tell(&id, &ledger, rows) {
                    return Ok(Ok(()));
                }
            }
        }
    }

    /// The stretch of time in which wanted clocks were decided; what is unbounded ends with time.
    fn decided_in(&self, export: &Export, known: Known<'_>) -> Result<(Instant, Instant), Refusal> {
        if let (PeriodAsked::Between(start, end), "") = (&export.period, &*export.contract_id) {
            return Ok((*start, *end));
        }
        let period = period_of(&export.period, &export.contract_id, known, &self.zones)?;
        Ok((period.start, period.end))
    }
}

struct Exporting<'e> {
    export: &'e Export,
    known: Known<'e>,
    sight: Sight,
    span: (Instant, Instant),
}

impl Exporting<'_> {
    /// Tells an incident's clocks; false: no more are wanted.
    fn tell(&self, incident: &str, ledger: &Ledger, rows: &mut impl Rows) -> bool {
        let Some(history) = history(ledger, self.sight.times) else { return true };
        let as_of = self.sight.times.as_of;
        let judgement = match &*self.export.contract_id {
            "" => judge_incident(&history, &self.known, as_of),
            contract => judge_under(&history, contract, &self.known, as_of),
        };
        let state = history.state(as_of);
        let mut wanted = judgement.clocks.iter().filter(|clock| self.wants(clock));
        wanted.all(|clock| rows.add(incident, clock, &state))
    }

    fn wants(&self, clock: &Clock<'_>) -> bool {
        let (start, end) = self.span;
        match clock.decide_time() {
            Some(time) => start <= time && (time < end || end == Instant::MAX),
            None => self.export.include_open,
        }
    }
}
