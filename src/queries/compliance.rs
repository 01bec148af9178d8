//! The compliance of a contract over periods.
//!
//! As of now, it is read from the tallies, and only those incidents are evaluated that were not
//! over at the end of a period, or have facts still to come: it costs by the days, groups and open
//! incidents of a period. As of another time, by what was known at one, for parts of days, or
//! grouped by more than the tallies distinguish, the incidents of the period are evaluated one by
//! one, and those that there was activity about at these times. Only by what was known before the
//! terms of the contract changed, all incidents of it are.

use std::collections::BTreeSet;
use std::ops::Range;
use std::slice;

use itertools::Itertools;

use super::{IndexReader, QueryError, ReadView};
use crate::domain::clock::Clock;
use crate::domain::ids::IncidentId;
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::answers::compliance::{Compliance, Question};
use crate::engine::answers::counted::CountedIncident;
use crate::engine::catalog::Known;
use crate::engine::index::IndexBucket;
use crate::engine::tally::Day;

/// How many of the targets that are left open are added at once.
const LEFT_OPEN_AT_ONCE: usize = 1_000;

/// The compliance of a contract over a period.
pub fn evaluate<'v>(
    view: &'v ReadView<'_>,
    index: Option<IndexReader<'_>>,
    question: &Question,
) -> Result<Compliance<'v>, QueryError> {
    let mut period = Compliance::new(question, view.known(), view.times())?;
    let index = index.and_then(|index| index.of(period.contract_id()));
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
    /// The incidents of the periods were gathered from the index.
    is_indexed: bool,
    /// The tallies were, of those periods that they describe.
    has_tallies: bool,
    /// Incidents that the tallies do not describe: not over at the end of one of these periods,
    /// with facts still to come, or changed since the read point.
    apart: BTreeSet<IncidentId>,
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
    ) -> Result<Rest, QueryError> {
        self.gather_beside(index, periods, None)
    }

    /// The same where the incidents that were not over at the ends of the periods are counted
    /// otherwise: of those that the tallies do not describe, only `apart` are evaluated.
    pub fn gather_beside(
        &self,
        index: Option<&IndexReader<'_>>,
        periods: &mut [Compliance<'_>],
        apart: Option<&BTreeSet<IncidentId>>,
    ) -> Result<Rest, QueryError> {
        let mut rest = Rest::default();
        let Some(index) = index else { return Ok(rest) };
        (rest.is_indexed, rest.has_tallies) = (true, index.has_tallies());
        let (mut tallied, mut others) = rest.split(periods);
        if let Some(contract) = contract_of(&tallied) {
            rest.apart = match apart {
                Some(apart) => apart.clone(),
                None => self.not_described(index, &contract, &tallied)?,
            };
            take_tallies(index, &rest.apart, &mut tallied)?;
        }
        for period in &others {
            rest.of_others.extend(self.incidents_within(index, period)?);
        }
        if apart.is_none() {
            take_left_open(index, &rest.apart, &mut tallied)?;
            take_left_open(index, &rest.of_others, &mut others)?;
        }
        Ok(rest)
    }

    /// Takes in whatever else belongs to them; each incident is evaluated once for all.
    pub fn evaluate(&self, rest: Rest, periods: &mut [Compliance<'_>]) -> Result<(), QueryError> {
        let (mut tallied, mut others) = rest.split(periods);
        self.add_all(rest.apart.iter().cloned().map(Ok), &mut tallied)?;
        self.add_all(rest.of_others.iter().cloned().map(Ok), &mut others)?;
        if let Some(contract) = contract_of(&others).filter(|_| !rest.is_indexed) {
            self.add_all(self.view.incident_ids(&contract, ""), &mut others)?;
        }
        self.finish(periods)
    }

    /// The same, one incident after the other: `visit` sees the clocks of each that is evaluated.
    pub fn visit(
        &self,
        rest: Rest,
        periods: &mut [Compliance<'_>],
        visit: &mut Visit<'_>,
    ) -> Result<(), QueryError> {
        let (mut tallied, mut others) = rest.split(periods);
        for incident in &rest.apart {
            self.add(incident, &mut tallied, visit)?;
        }
        for incident in &rest.of_others {
            self.add(incident, &mut others, visit)?;
        }
        if let Some(contract) = contract_of(&others).filter(|_| !rest.is_indexed) {
            for incident in self.view.incident_ids(&contract, "") {
                self.add(&incident?, &mut others, visit)?;
            }
        }
        self.finish(periods)
    }

    fn finish(&self, periods: &mut [Compliance<'_>]) -> Result<(), QueryError> {
        for period in periods {
            self.add_services(period)?;
            period.groups.retain(|_, tally| !tally.is_empty());
        }
        Ok(())
    }

    /// The incidents that the tallies of a contract's periods do not describe: not over at the end
    /// of one, or evaluated by themselves.
    fn not_described(
        &self,
        index: &IndexReader<'_>,
        contract: &str,
        periods: &[&mut Compliance<'_>],
    ) -> Result<BTreeSet<IncidentId>, QueryError> {
        let mut apart = index.apart(self.view.times().as_of)?;
        let days: BTreeSet<_> = periods.iter().flat_map(|period| period.days_after()).collect();
        for day in days {
            apart.extend(index.over(contract, day)?);
        }
        let days = periods.iter().map(|period| period.whole_days().0);
        let days = days.reduce(|one, other| one.start.min(other.start)..one.end.max(other.end));
        apart.extend(index.left_open_ids(contract, days.unwrap_or_default())?);
        Ok(apart)
    }

    /// The incidents that a contract's period, or those of its objectives, may count: a clock was
    /// decided in them, they were not over as these began or ended, have facts still to come, or
    /// were opened in them and lack a clock. Those are not among them that leave targets open since
    /// before: [`take_left_open`] counts these.
    pub fn incidents_within(
        &self,
        index: &IndexReader<'_>,
        period: &Compliance<'_>,
    ) -> Result<BTreeSet<IncidentId>, QueryError> {
        self.incidents_of_days(index, period.contract_id(), period.whole_days())
    }

    /// The same of whole local days of a contract, which are a span of time.
    pub fn incidents_of_days(
        &self,
        index: &IndexReader<'_>,
        contract: &str,
        (days, span): (Range<Day>, (Instant, Instant)),
    ) -> Result<BTreeSet<IncidentId>, QueryError> {
        let mut found = index.apart(self.view.times().as_of)?;
        for day in [days.start, days.end] {
            found.extend(index.over(contract, day)?);
        }
        found.extend(index.left_open_ids(contract, days)?);
        for bucket in [IndexBucket::Met, IndexBucket::Breached, IndexBucket::Cancelled] {
            found.extend(index.incidents_on(contract, bucket, span)?);
        }
        found.extend(index.missing(contract, span)?);
        Ok(found)
    }

    /// Takes in what an incident's targets come to.
    fn add(
        &self,
        incident: &IncidentId,
        periods: &mut [&mut Compliance<'_>],
        visit: &mut Visit<'_>,
    ) -> Result<(), QueryError> {
        let Some(contract) = contract_of(periods) else { return Ok(()) };
        let known = self.known;
        let visited = self.view.with_history(incident, |history| {
            let periods = periods.iter_mut().map(|period| &mut **period);
            let counted = self.add_history(&known, &contract, history, periods.collect());
            visit(incident, &counted.present.evaluation.clocks, history)
        })?;
        visited.unwrap_or(Ok(()))
    }

    /// Takes in what the targets of many incidents come to.
    fn add_all(
        &self,
        incidents: impl Iterator<Item = Result<IncidentId, QueryError>>,
        periods: &mut [&mut Compliance<'_>],
    ) -> Result<(), QueryError> {
        let Some(contract) = contract_of(periods) else { return Ok(()) };
        let (blank, known): (Vec<_>, _) =
            (periods.iter().map(|period| period.part()).collect(), self.known);
        let begin = || blank.iter().map(Compliance::part).collect::<Vec<_>>();
        let add = |parts: &mut Vec<Compliance<'_>>, _: &str, history: &History<'_>| {
            self.add_history(&known, &contract, history, parts.iter_mut().collect());
        };
        self.view.walk(incidents, begin, add, |parts| {
            periods.iter_mut().zip(parts).for_each(|(whole, part)| whole.add_part(part));
            Ok(true)
        })
    }

    /// Takes in what the targets of an incident come to under a contract.
    fn add_history<'a>(
        &self,
        known: &'a Known<'a>,
        contract: &str,
        history: &History<'a>,
        mut periods: Vec<&mut Compliance<'_>>,
    ) -> CountedIncident<'a> {
        let (is_meant, as_of) = (|id: &str| id == contract, self.view.times().as_of);
        let counted_in = periods.iter().flat_map(|period| period.periods());
        let counted = CountedIncident::of(history, is_meant, known, as_of, counted_in);
        for period in &mut periods {
            period.add(&counted);
            period.add_missing(history, &counted.present.evaluation);
        }
        counted
    }

    /// Takes in the objectives on services.
    pub fn add_services(&self, period: &mut Compliance<'_>) -> Result<(), QueryError> {
        let ledgers = self.view.service_ledgers(period.services())?;
        let ledgers = ledgers.iter().map(|(id, ledger)| (id.clone(), ledger.as_ref()));
        period.evaluate_services(&ledgers.collect(), self.view.times().known);
        Ok(())
    }
}

/// Sees an incident, its clocks under a contract and its history.
pub(super) type Visit<'f> =
    dyn FnMut(&IncidentId, &[Clock<'_>], &History<'_>) -> Result<(), QueryError> + 'f;

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

/// Takes in the tally buckets of a contract's periods, but not what some incidents have added to
/// them.
fn take_tallies(
    index: &IndexReader<'_>,
    apart: &BTreeSet<IncidentId>,
    periods: &mut [&mut Compliance<'_>],
) -> Result<(), QueryError> {
    for period in periods.iter_mut() {
        add_tally_buckets(index, period)?;
    }
    for incident in apart {
        let contribution = index.contribution(incident)?;
        periods.iter_mut().for_each(|period| period.subtract(&contribution));
    }
    Ok(())
}

/// Takes in what incidents leave open since before a contract's periods, or those of their
/// objectives, but for those incidents that are evaluated.
pub(super) fn take_left_open(
    index: &IndexReader<'_>,
    evaluated: &BTreeSet<IncidentId>,
    periods: &mut [&mut Compliance<'_>],
) -> Result<(), QueryError> {
    let Some(contract) = contract_of(periods) else { return Ok(()) };
    let last = periods.iter().map(|period| period.last_first_day()).max();
    let mut left_open = index.left_open(&contract, Day::MIN..last.unwrap_or(Day::MIN)).peekable();
    while left_open.peek().is_some() {
        let some = left_open.by_ref().take(LEFT_OPEN_AT_ONCE);
        let some = some.filter_map_ok(|(incident, since, target)| {
            (!evaluated.contains(&incident)).then_some((since, target))
        });
        let some: Vec<_> = some.try_collect()?;
        periods.iter_mut().for_each(|period| period.add_left_open(&some));
    }
    Ok(())
}

fn add_tally_buckets(
    index: &IndexReader<'_>,
    period: &mut Compliance<'_>,
) -> Result<(), QueryError> {
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
        let dimension = period.objective_dimension();
        let tally_buckets = index.tally_buckets(&contract, dimension, days.0..days.1);
        period.add_objective_buckets(days, &tally_buckets.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(())
}
