//! How a contract's period complied.
//!
//! As of now, it is read off the tallies, and only what time alone may have decided is judged:
//! open clocks, and incidents with facts still to come. As of another time, by what was known at
//! one, for parts of days, or grouped by more than the tallies tell apart, incidents are judged
//! one by one.

use std::collections::BTreeSet;

use super::{Engine, Sight, sight};
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::compliance::{Compliance, Question};
use crate::engine::experience::entries_of;
use crate::engine::index::{SHELVES, Shelf};
use crate::engine::query::{history, judge_under};
use crate::engine::refusal::Refusal;
use crate::engine::tally::Dimension;
use crate::views::{ClockKey, IncidentKey, ViewsError};

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
        let index = self.keeper.index(settled)?;
        // Looked up after the index, it knows all that the index does.
        let catalog = self.memory.catalog(tenant);
        let sight = sight(index.sequence, index.record_time, asked.0, asked.1);
        let is_now = is_now(sight, index.record_time);
        let known = catalog.known(sight.times.known);
        let mut compliance = match Compliance::new(question, known, &self.zones, sight.times) {
            Ok(compliance) => compliance,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let reckoning = Reckoning { engine: self, tenant, known, sight, is_now };
        reckoning.reckon(std::slice::from_mut(&mut compliance))?;
        Ok(Ok(make(sight, compliance)))
    }

    /// Judges the objectives on services.
    pub(super) fn judge_services(
        &self,
        tenant: &str,
        known: Instant,
        compliance: &mut Compliance<'_>,
    ) -> Result<(), ViewsError> {
        for service in compliance.services() {
            let ledger = self.memory.service_ledger(tenant, &service, &self.views)?;
            compliance.judge_service(&service, &ledger, known);
        }
        Ok(())
    }
}

/// Whether the tallies tell what is asked about: what is known now, as of now or later.
pub(super) fn is_now(sight: Sight, record_time: Instant) -> bool {
    sight.times.known == record_time && sight.times.as_of >= record_time
}

/// A tenant's periods, as they are reckoned at two times. The index does not change meanwhile.
#[derive(Clone, Copy)]
pub(super) struct Reckoning<'r> {
    pub engine: &'r Engine,
    pub tenant: &'r str,
    pub known: Known<'r>,
    pub sight: Sight,
    pub is_now: bool,
}

impl Reckoning<'_> {
    /// Takes in whatever belongs to periods of one contract; each incident is judged once for all.
    pub fn reckon(&self, periods: &mut [Compliance<'_>]) -> Result<(), ViewsError> {
        let tallies_tell =
            |period: &&mut Compliance<'_>| self.is_now && period.dimension().is_some();
        let (mut kept, mut judged): (Vec<_>, Vec<_>) = periods.iter_mut().partition(tallies_tell);
        self.read_tallies(&mut kept)?;
        self.judge_all(&mut judged)?;
        for period in periods {
            self.engine.judge_services(self.tenant, self.sight.times.known, period)?;
            period.groups.retain(|_, tally| !tally.is_empty());
        }
        Ok(())
    }

    fn read_tallies(&self, periods: &mut [&mut Compliance<'_>]) -> Result<(), ViewsError> {
        let Some(contract) = periods.first().map(|first| first.contract_id().to_owned()) else {
            return Ok(());
        };
        for period in periods.iter_mut() {
            self.read_cells(&contract, period)?;
        }
        let unsettled = self.unsettled()?;
        for incident in &unsettled {
            let key = IncidentKey::new(self.tenant, incident);
            let counted = self.engine.views.ledger(&key)?.1.counted;
            periods.iter_mut().for_each(|period| period.take_out(&counted));
            self.judge(incident, periods, false)?;
        }
        for incident in self.filed(&contract, Shelf::Open, Instant::MIN, Instant::MAX)? {
            if !unsettled.contains(&incident) {
                self.judge(&incident, periods, true)?;
            }
        }
        Ok(())
    }

    fn read_cells(&self, contract: &str, period: &mut Compliance<'_>) -> Result<(), ViewsError> {
        let cells =
            |dimension, days| self.engine.views.cells(self.tenant, contract, dimension, days);
        if let Some(dimension) = period.dimension() {
            for cell in cells(dimension, period.days()) {
                let (texts, tally) = cell?;
                period.add_cell(&texts, &tally);
            }
        }
        for days in period.days_held() {
            let all = cells(Dimension::All, days.0..days.1).collect::<Result<Vec<_>, _>>()?;
            period.hold_cells(days, &all);
        }
        Ok(())
    }

    fn judge_all(&self, periods: &mut [&mut Compliance<'_>]) -> Result<(), ViewsError> {
        let spans = periods.iter().map(|period| period.span());
        let whole = |one: (Instant, Instant), other: (Instant, Instant)| {
            (one.0.min(other.0), one.1.max(other.1))
        };
        let (Some(first), Some(span)) = (periods.first(), spans.reduce(whole)) else {
            return Ok(());
        };
        let incidents = self.incidents(first.contract_id(), span)?;
        incidents.iter().try_for_each(|incident| self.judge(incident, periods, false))
    }

    /// The incidents of a contract that matter to a span of time.
    pub fn incidents(
        &self,
        contract: &str,
        span: (Instant, Instant),
    ) -> Result<BTreeSet<String>, ViewsError> {
        match self.is_now {
            true => self.decided_or_open(contract, span),
            false => self.engine.views.attached_ids(self.tenant, contract, "").collect(),
        }
    }

    /// The incidents with facts still to come.
    fn unsettled(&self) -> Result<BTreeSet<String>, ViewsError> {
        self.engine.views.unsettled_ids(self.tenant, self.sight.times.as_of).collect()
    }

    /// The incidents with clocks that were decided in a span of time, that are open, or that have
    /// facts still to come.
    fn decided_or_open(
        &self,
        contract: &str,
        (start, end): (Instant, Instant),
    ) -> Result<BTreeSet<String>, ViewsError> {
        let mut found = self.unsettled()?;
        for shelf in SHELVES {
            // An open clock is filed under when it is due, but may be over its limit since before.
            let (from, until) = match shelf {
                Shelf::Open => (Instant::MIN, Instant::MAX),
                _ => (start, end),
            };
            found.extend(self.filed(contract, shelf, from, until)?);
        }
        Ok(found)
    }

    /// The incidents with clocks on a shelf from one instant up to another, the last of all
    /// included.
    fn filed(
        &self,
        contract: &str,
        shelf: Shelf,
        from: Instant,
        until: Instant,
    ) -> Result<BTreeSet<String>, ViewsError> {
        let from = ClockKey { tenant: self.tenant, contract, shelf, time: from, incident: "" };
        let mut found = BTreeSet::new();
        for filed in self.engine.views.clocks(&from) {
            let filed = filed?;
            if filed.time >= until && until < Instant::MAX {
                break;
            }
            found.insert(filed.incident);
        }
        Ok(found)
    }

    /// Takes in what an incident's targets come to, or only those that are open.
    fn judge(
        &self,
        incident: &str,
        periods: &mut [&mut Compliance<'_>],
        only_open: bool,
    ) -> Result<(), ViewsError> {
        let (known, as_of) = (self.known, self.sight.times.as_of);
        self.known(incident, |history| {
            let Some(contract) = periods.first().map(|first| first.contract_id()) else { return };
            let judgement = judge_under(history, contract, &known, as_of);
            let entries = entries_of(history, &judgement, &known, as_of);
            for entry in entries.iter().filter(|entry| entry.is_open || !only_open) {
                periods.iter_mut().for_each(|period| period.add(entry));
            }
        })
    }

    /// Visits what was known of an incident, if anything was.
    pub fn known(
        &self,
        incident: &str,
        visit: impl FnOnce(&History<'_>),
    ) -> Result<(), ViewsError> {
        let ledger = self.engine.listed_ledger(self.tenant, incident)?;
        if let Some(history) = history(&ledger, self.sight.times) {
            visit(&history);
        }
        Ok(())
    }
}
