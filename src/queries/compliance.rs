//! The compliance of a contract over periods.
//!
//! As of now, it is read from the tallies, and only what the passing of time may have decided is
//! evaluated: open clocks, and incidents with facts still to come. As of another time, by what was
//! known at one, for parts of days, or grouped by more than the tallies distinguish, incidents are
//! evaluated one by one.

use std::collections::BTreeSet;
use std::slice;

use super::{IndexReader, QueryError, ReadView};
use crate::domain::ids::IncidentId;
use crate::domain::time::Instant;
use crate::engine::answers::compliance::{Compliance, Question};
use crate::engine::answers::experience::entries_of;
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_under;
use crate::engine::index::{INDEX_BUCKETS, IndexBucket};
use crate::engine::tally::Dimension;
use crate::views::ViewsError;

/// All of time.
const ALWAYS: (Instant, Instant) = (Instant::MIN, Instant::MAX);

/// The compliance of a contract over a period.
pub fn evaluate<'v>(
    view: &'v ReadView<'_>,
    index: Option<IndexReader<'_>>,
    question: &Question,
) -> Result<Compliance<'v>, QueryError> {
    let mut period = Compliance::new(question, view.known(), view.zones(), view.times())?;
    let evaluator = PeriodEvaluator::new(view);
    let rest = evaluator.gather(index.as_ref(), slice::from_mut(&mut period))?;
    drop(index);
    evaluator.evaluate(rest, slice::from_mut(&mut period))?;
    Ok(period)
}

/// Evaluates periods of a tenant's contracts as a view shows them.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeriodEvaluator<'v> {
    view: &'v ReadView<'v>,
    known: Known<'v>,
}

/// What is left to evaluate of some periods, once the index has given what it can.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The periods, with what the tallies could add to them.
    has_tallies: bool,
    /// Incidents with facts still to come, which the tallies do not count yet.
    future_dated: BTreeSet<IncidentId>,
    /// Incidents with open clocks, of which the tallies lack only those.
    open: BTreeSet<IncidentId>,
    /// Incidents that may belong to periods which the tallies can't answer.
    of_others: BTreeSet<IncidentId>,
}

impl<'v> PeriodEvaluator<'v> {
    /// An evaluator over a view.
    pub fn new(view: &'v ReadView<'_>) -> PeriodEvaluator<'v> {
        PeriodEvaluator { view, known: view.known() }
    }

    /// Takes in what the index has added up for periods of one contract.
    pub fn gather(
        &self,
        index: Option<&IndexReader<'_>>,
        periods: &mut [Compliance<'_>],
    ) -> Result<Rest, ViewsError> {
        let mut rest = Rest::default();
        let Some(index) = index else { return Ok(rest) };
        rest.has_tallies = true;
        let (mut tallied, others) = rest.split(periods);
        if let Some(contract) = contract_of(&tallied) {
            let always = ALWAYS;
            rest.future_dated = self.take_tallies(index, &mut tallied)?;
            rest.open = index.incidents_on(&contract, IndexBucket::Open, always)?;
            rest.open.retain(|incident| !rest.future_dated.contains(incident));
        }
        let span = others.iter().map(|period| period.span());
        let span = span.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        if let Some((contract, span)) = contract_of(&others).zip(span) {
            rest.of_others = self.incidents_within(index, &contract, span)?;
        }
        Ok(rest)
    }

    /// Takes in whatever else belongs to them; each incident is evaluated once for all.
    pub fn evaluate(&self, rest: Rest, periods: &mut [Compliance<'_>]) -> Result<(), ViewsError> {
        let (mut tallied, mut others) = rest.split(periods);
        for incident in &rest.future_dated {
            self.add(incident, &mut tallied, false)?;
        }
        for incident in &rest.open {
            self.add(incident, &mut tallied, true)?;
        }
        for incident in &rest.of_others {
            self.add(incident, &mut others, false)?;
        }
        if let Some(contract) = contract_of(&others).filter(|_| !rest.has_tallies) {
            for incident in self.view.incident_ids(&contract, "") {
                self.add(&incident?, &mut others, false)?;
            }
        }
        for period in periods {
            self.add_services(period)?;
            period.groups.retain(|_, tally| !tally.is_empty());
        }
        Ok(())
    }

    /// Takes in the tally buckets of periods, but not what incidents with facts still to come have
    /// added to them; returns these incidents.
    fn take_tallies(
        &self,
        index: &IndexReader<'_>,
        periods: &mut [&mut Compliance<'_>],
    ) -> Result<BTreeSet<IncidentId>, ViewsError> {
        for period in periods.iter_mut() {
            add_tally_buckets(index, period)?;
        }
        let future_dated = index.future_dated(self.view.times().as_of)?;
        for incident in &future_dated {
            let contribution = index.contribution(incident)?;
            periods.iter_mut().for_each(|period| period.subtract(&contribution));
        }
        Ok(future_dated)
    }

    /// The incidents with clocks of a contract that were decided in a span of time, that are open,
    /// or that have facts still to come; and those opened in it that lack a clock.
    pub fn incidents_within(
        &self,
        index: &IndexReader<'_>,
        contract: &str,
        span: (Instant, Instant),
    ) -> Result<BTreeSet<IncidentId>, ViewsError> {
        let mut found = index.future_dated(self.view.times().as_of)?;
        for index_bucket in INDEX_BUCKETS {
            // An open clock is indexed under when it is due, but may be over its limit since
            // before.
            let span = if index_bucket == IndexBucket::Open { ALWAYS } else { span };
            found.extend(index.incidents_on(contract, index_bucket, span)?);
        }
        found.extend(index.missing(Some(contract), span)?);
        Ok(found)
    }

    /// Takes in what an incident's targets come to, or only those that are open.
    fn add(
        &self,
        incident: &str,
        periods: &mut [&mut Compliance<'_>],
        only_open: bool,
    ) -> Result<(), ViewsError> {
        let Some(contract) = contract_of(periods) else { return Ok(()) };
        let (known, as_of) = (self.known, self.view.times().as_of);
        self.view.with_history(incident, |history| {
            let evaluation = evaluate_under(history, &contract, &known, as_of);
            let entries = entries_of(history, &evaluation, &known, as_of);
            for entry in entries.iter().filter(|entry| entry.is_open || !only_open) {
                periods.iter_mut().for_each(|period| period.add(entry));
            }
            if !only_open {
                periods.iter_mut().for_each(|period| period.add_missing(history, &evaluation));
            }
        })?;
        Ok(())
    }

    /// Takes in the objectives on services.
    pub fn add_services(&self, period: &mut Compliance<'_>) -> Result<(), ViewsError> {
        let ledgers = self.view.service_ledgers(period.services())?;
        let ledgers = ledgers.iter().map(|(id, ledger)| (id.clone(), ledger.as_ref()));
        period.evaluate_services(&ledgers.collect(), self.view.times().known);
        Ok(())
    }
}

type Periods<'p, 'c> = Vec<&'p mut Compliance<'c>>;

impl Rest {
    /// The periods which the tallies answer, and the others.
    fn split<'p, 'c>(
        &self,
        periods: &'p mut [Compliance<'c>],
    ) -> (Periods<'p, 'c>, Periods<'p, 'c>) {
        let tallies_describe = |period: &&mut Compliance<'c>| period.dimension().is_some();
        periods.iter_mut().partition(|period| self.has_tallies && tallies_describe(period))
    }
}

/// The contract of some periods, if there are any.
fn contract_of(periods: &[&mut Compliance<'_>]) -> Option<String> {
    periods.first().map(|first| first.contract_id().to_owned())
}

fn add_tally_buckets(
    index: &IndexReader<'_>,
    period: &mut Compliance<'_>,
) -> Result<(), ViewsError> {
    let contract = period.contract_id().to_owned();
    if let Some(dimension) = period.dimension() {
        for tally_bucket in index.tally_buckets(&contract, dimension, period.days()) {
            let (texts, tally) = tally_bucket?;
            period.add_tally_bucket(&texts, &tally);
        }
        for bucket in index.coverage_buckets(&contract, period.days()) {
            let (key, incidents) = bucket?;
            period.add_coverage_bucket(key, incidents);
        }
    }
    for days in period.objective_days() {
        let tally_buckets = index.tally_buckets(&contract, Dimension::All, days.0..days.1);
        period.add_objective_buckets(days, &tally_buckets.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(())
}
