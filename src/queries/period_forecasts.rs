//! Forecasts of how the objectives of a period will end.

use std::collections::BTreeMap;
use std::slice;

use chrono::NaiveDate;

use super::compliance::{PeriodEvaluator, Rest};
use super::forecasts::OpenClocks;
use super::{IndexReader, QueryError, ReadView};
use crate::domain::clock::{Clock, Outcome};
use crate::domain::contract::AttainmentPromise;
use crate::domain::service::in_effect;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::Zone;
use crate::engine::answers::compliance::{
    Attainment, Compliance, OnService, PeriodQuery, Question,
};
use crate::engine::answers::experience::entries_of;
use crate::engine::answers::outlook::Outlook;
use crate::engine::answers::period_outlook::{
    AttainmentForecast, BudgetOutlook, OpenClockForecast, Past, PeriodInProgress, PeriodOutlook,
    forecast_attainment, past_dates,
};
use crate::engine::evaluate::evaluate_under;
use crate::engine::learning::Learned;
use crate::engine::tally::{Dimension, day};

const DAY: Span = Span::from_hours(24);
const WEEK: Span = Span::from_hours(7 * 24);

/// How the objectives of a named period of a contract will end.
pub fn evaluate<'v>(
    view: &'v ReadView<'_>,
    index: Option<IndexReader<'_>>,
    contract: &str,
    period: &str,
) -> Result<PeriodOutlook<'v>, QueryError> {
    let question = Question {
        contract_id: contract.to_owned(),
        period: PeriodQuery::Named(period.to_owned()),
        group_by: Vec::new(),
        contained_credits: false,
    };
    let mut period = Compliance::new(&question, view.known(), view.zones(), view.times())?;
    let gathered = Gathered::new(view, index.as_ref(), &mut period)?;
    drop(index);
    Ok(gathered.evaluate(view, period)?)
}

/// What the index holds of a period that goes on, and of the days before.
struct Gathered {
    rest: Rest,
    open: OpenClocks,
    /// By the places of the objectives; `None`: the index does not show what is queried.
    past: Option<BTreeMap<usize, Past>>,
}

impl Gathered {
    fn new(
        view: &ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        period: &mut Compliance<'_>,
    ) -> Result<Gathered, QueryError> {
        let contract = period.contract_id().to_owned();
        let past = index.map(|index| past_by_tallies(view, index, period)).transpose()?;
        let open = OpenClocks::gather(view, index, &contract, None)?;
        let rest = PeriodEvaluator::new(view).gather(index, slice::from_mut(period))?;
        Ok(Gathered { rest, open, past })
    }

    fn evaluate<'v>(
        self,
        view: &'v ReadView<'_>,
        mut compliance: Compliance<'v>,
    ) -> Result<PeriodOutlook<'v>, QueryError> {
        let open_clock = |_: &Learned, incident: &str, clock: &Clock<'_>, outlook: &Outlook| {
            Some(OpenClockForecast::of(incident, clock, outlook))
        };
        let open = self.open.forecast(view, open_clock)?;
        PeriodEvaluator::new(view).evaluate(self.rest, slice::from_mut(&mut compliance))?;
        let past = match self.past {
            Some(past) => past,
            None => past_one_by_one(view, &compliance)?,
        };
        let mut attainments = BTreeMap::new();
        for attainment in &compliance.attainments {
            let Some(promise) = attainment.promise().attainment() else { continue };
            if let Some(past) = past.get(&attainment.place) {
                let forecast =
                    forecast(view, compliance.contract_id(), (attainment, promise), &open, past);
                attainments.insert(attainment.place, forecast);
            }
        }
        let mut budgets = BTreeMap::new();
        for on in &compliance.on_services {
            budgets.extend(
                budget(view, compliance.contract_id(), on)?.map(|budget| (on.place, budget)),
            );
        }
        Ok(PeriodOutlook { compliance, attainments, budgets })
    }
}

fn forecast(
    view: &ReadView<'_>,
    contract_id: &str,
    (attainment, promise): (&Attainment<'_>, &AttainmentPromise),
    open: &[OpenClockForecast],
    past: &Past,
) -> AttainmentForecast {
    let as_of = view.times().as_of;
    let counts = &attainment.tally.contractual;
    let (decided, breached) = (counts.met + counts.breached, counts.breached);
    let end = attainment.own_period.end;
    let in_progress = PeriodInProgress { contract_id, promise, as_of, end, decided, breached };
    forecast_attainment(&in_progress, open, past, &view.known())
}

/// How the downtime that an objective allows is used up, if it is one on availability.
fn budget(
    view: &ReadView<'_>,
    contract_id: &str,
    on: &OnService<'_>,
) -> Result<Option<BudgetOutlook>, QueryError> {
    let Some(budget) = on.budget() else { return Ok(None) };
    let as_of = view.times().as_of;
    let ledgers = view.service_ledgers(on.objective.services().iter().cloned())?;
    let known =
        ledgers.values().flat_map(|ledger| in_effect(ledger.known(view.times().known), as_of));
    let events: Vec<_> = known.collect();
    let last = |length| on.last(length, &events, (view.known(), contract_id), as_of);
    let (short, long) = (last(DAY), last(WEEK));
    Ok(Some(BudgetOutlook { budget, short, long }))
}

/// How many of the clocks a promise covers were decided on each of some days, and how many of them
/// breached, by priority.
struct PastDays<'p> {
    promise: &'p AttainmentPromise,
    dates: Vec<NaiveDate>,
    past: Past,
}

impl<'p> PastDays<'p> {
    fn new(promise: &'p AttainmentPromise, zone: &Zone, as_of: Instant) -> PastDays<'p> {
        PastDays { promise, dates: past_dates(zone, as_of), past: Past::new() }
    }

    fn add(&mut self, (target, priority): (&str, &str), date: NaiveDate, decided: u64, late: u64) {
        if !self.promise.covers(target, priority) {
            return;
        }
        if !self.past.contains_key(priority) {
            let none = self.dates.iter().map(|date| (*date, (0, 0)));
            self.past.insert(priority.to_owned(), none.collect());
        }
        if let Some(counts) = self.past.get_mut(priority).and_then(|days| days.get_mut(&date)) {
            counts.0 += decided;
            counts.1 += late;
        }
    }
}

/// The past days of each objective on attainment, by its place.
fn past_by_tallies(
    view: &ReadView<'_>,
    index: &IndexReader<'_>,
    period: &Compliance<'_>,
) -> Result<BTreeMap<usize, Past>, QueryError> {
    let mut found = BTreeMap::new();
    let contract = period.contract_id();
    let Some(zone) = view.known().zone(contract, view.times().as_of) else { return Ok(found) };
    for attainment in &period.attainments {
        let Some(promise) = attainment.promise().attainment() else { continue };
        let mut days = PastDays::new(promise, &zone, view.times().as_of);
        for date in days.dates.clone() {
            let number = day(date);
            for tally_bucket in index.tally_buckets(contract, Dimension::All, number..number + 1) {
                let ([_, target, priority], tally) = tally_bucket?;
                let counts = &tally.contractual;
                let decided = counts.met + counts.breached;
                days.add((&target, &priority), date, decided, counts.breached);
            }
        }
        found.insert(attainment.place, days.past);
    }
    Ok(found)
}

/// The same where the index can't answer: each incident is evaluated once for all objectives.
fn past_one_by_one(
    view: &ReadView<'_>,
    period: &Compliance<'_>,
) -> Result<BTreeMap<usize, Past>, QueryError> {
    let (contract, known, as_of) = (period.contract_id(), view.known(), view.times().as_of);
    let Some(zone) = known.zone(contract, as_of) else { return Ok(BTreeMap::new()) };
    let days = period
        .attainments
        .iter()
        .filter_map(|on| Some((on.place, PastDays::new(on.promise().attainment()?, &zone, as_of))));
    let mut found: Vec<_> = days.collect();
    if found.is_empty() {
        return Ok(BTreeMap::new());
    }
    for incident in view.incident_ids(contract, "") {
        view.with_history(&incident?, |history| {
            let evaluation = evaluate_under(history, contract, &known, as_of);
            for entry in entries_of(history, &evaluation, &known, as_of) {
                let Some(decided) = entry.decide_time.filter(|_| !entry.is_excluded) else {
                    continue;
                };
                let late = u64::from(entry.verdict() != Outcome::Met);
                let date = zone.local(decided).date();
                for (_, days) in &mut found {
                    days.add((entry.target_id, entry.priority), date, 1, late);
                }
            }
        })?;
    }
    Ok(found.into_iter().map(|(place, days)| (place, days.past)).collect())
}
