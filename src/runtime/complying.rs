//! How a contract's period complied.

use std::collections::BTreeSet;

use super::{Engine, Sight, sight};
use crate::domain::compliance::entries;
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::compliance::{Compliance, Question};
use crate::engine::index::{SHELVES, Shelf};
use crate::engine::query::{history, judge_incident};
use crate::engine::refusal::Refusal;
use crate::views::{ClockKey, ViewsError};

/// A period's compliance, or why it can't be told.
pub type Reckoned<T> = Result<Result<T, Refusal>, ViewsError>;

impl Engine {
    /// Reckons how a period complied, by everything recorded up to the sequence `settled`, and
    /// makes of it what the caller needs. Blocks.
    pub fn compliance<T>(
        &self,
        settled: u64,
        tenant: &str,
        question: &Question,
        asked: (Option<Instant>, Option<Instant>),
        make: impl FnOnce(Sight, Compliance<'_>) -> T,
    ) -> Reckoned<T> {
        let catalog = self.memory.catalog(tenant);
        let index = self.keeper.index(settled)?;
        let sight = sight(index.sequence, index.record_time, asked.0, asked.1);
        let is_now =
            sight.times.known == index.record_time && sight.times.as_of >= index.record_time;
        let known = catalog.known(sight.times.known);
        let mut compliance = match Compliance::new(question, known, &self.zones, sight.times) {
            Ok(compliance) => compliance,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let contract = &question.contract_id;
        let incidents = match is_now {
            true => self.decided_or_open(tenant, contract, compliance.span(), sight)?,
            false => self.views.attached_ids(tenant, contract, "").collect::<Result<_, _>>()?,
        };
        for incident in &incidents {
            self.add_incident(tenant, incident, known, sight, &mut compliance)?;
        }
        Ok(Ok(make(sight, compliance)))
    }

    /// The incidents with clocks that were decided in a span of time, that are open, or that have
    /// facts still to come.
    fn decided_or_open(
        &self,
        tenant: &str,
        contract: &str,
        (start, end): (Instant, Instant),
        sight: Sight,
    ) -> Result<BTreeSet<String>, ViewsError> {
        let unsettled = self.views.unsettled_ids(tenant, sight.times.as_of);
        let mut found: BTreeSet<_> = unsettled.collect::<Result<_, _>>()?;
        // An open clock is filed under when it is due, but may be over its limit since long before.
        let from = |shelf| if shelf == Shelf::Open { Instant::MIN } else { start };
        for shelf in SHELVES {
            let from = ClockKey { tenant, contract, shelf, time: from(shelf), incident: "" };
            for filed in self.views.clocks(&from) {
                let filed = filed?;
                if shelf != Shelf::Open && filed.time >= end {
                    break;
                }
                found.insert(filed.incident);
            }
        }
        Ok(found)
    }

    fn add_incident(
        &self,
        tenant: &str,
        incident: &str,
        known: Known<'_>,
        sight: Sight,
        compliance: &mut Compliance<'_>,
    ) -> Result<(), ViewsError> {
        let ledger = self.listed_ledger(tenant, incident)?;
        let Some(history) = history(&ledger, sight.times) else { return Ok(()) };
        let judgement = judge_incident(&history, &known, sight.times.as_of);
        let state = history.state(sight.times.as_of);
        for entry in entries(&judgement, &state) {
            compliance.add(&entry);
        }
        Ok(())
    }
}
