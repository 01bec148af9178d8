//! Forecasts of how the objectives of a period will end.
//!
//! They cost by the clocks that are open, each of which is forecast, and by the days that the
//! tallies of the period and of the weeks before are of. As of another time the incidents that were
//! decided in these are evaluated instead.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use chrono::NaiveDate;

use super::compliance::{PeriodEvaluator, Rest};
use super::open_forecasts::Open;
use super::{IndexReader, QueryError, ReadView};
use crate::domain::clock::Outcome;
use crate::domain::compliance::Tally;
use crate::domain::contract::AttainmentPromise;
use crate::domain::ids::IncidentId;
use crate::domain::service::in_effect;
use crate::domain::time::{Instant, Span};
use crate::engine::answers::compliance::{
    Attainment, Compliance, GroupKey, OnService, PeriodQuery, Question,
};
use crate::engine::answers::experience::entries_of;
use crate::engine::answers::period_outlook::{
    AttainmentForecast, BudgetOutlook, OpenClockForecast, Past, PeriodInProgress, PeriodOutlook,
    forecast_attainment, past_dates,
};
use crate::engine::evaluate::evaluate_under;
use crate::engine::tally::{Dimension, day};

const DAY: Span = Span::from_hours(24);
const WEEK: Span = Span::from_hours(7 * 24);

/// How the objectives of a named period of a contract will end; also for each group, if a key is
/// given.
pub fn evaluate<'v>(
    view: &'v ReadView<'_>,
    index: Option<IndexReader<'_>>,
    (contract, period): (&str, &str),
    group_by: Option<GroupKey>,
) -> Result<PeriodOutlook<'v>, QueryError> {
    view.check_contract(contract)?;
    let question = Question {
        contract_id: contract.to_owned(),
        period: PeriodQuery::Named(period.to_owned()),
        group_by: Vec::new(),
        contained_credits: false,
    };
    let mut period = Compliance::new(&question, view.known(), view.times())?;
    let index = index.and_then(|index| index.of(period.contract_id()));
    period.group_objectives(group_by);
    let gathered = Gathered::new(view, index.as_ref(), &mut period, group_by)?;
    drop(index);
    gathered.evaluate(view, period)
}

/// What the index holds of a period that goes on, and of the days before.
struct Gathered<'p> {
    rest: Rest,
    open: Open,
    past: PastSource<'p>,
    group_by: Option<GroupKey>,
}

/// Where the past days are found.
enum PastSource<'p> {
    /// In the tallies, by the places of the objectives.
    Tallies(BTreeMap<usize, PastDays<'p>>),
    /// In these incidents.
    Incidents(BTreeSet<IncidentId>),
    /// In all incidents: the index does not show what is queried.
    All,
}

impl<'p> Gathered<'p> {
    fn new(
        view: &ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        period: &mut Compliance<'p>,
        group_by: Option<GroupKey>,
    ) -> Result<Gathered<'p>, QueryError> {
        let contract = period.contract_id().to_owned();
        let past = match index {
            Some(index) if index.has_tallies() => {
                PastSource::Tallies(past_by_tallies(view, index, period)?)
            }
            Some(index) => PastSource::Incidents(past_incidents(view, index, &contract)?),
            None => PastSource::All,
        };
        let open = Open::gather(view, index, period, group_by)?;
        let rest = open.rest(view, index, period)?;
        Ok(Gathered { rest, open, past, group_by })
    }

    fn evaluate(
        self,
        view: &'p ReadView<'_>,
        mut compliance: Compliance<'p>,
    ) -> Result<PeriodOutlook<'p>, QueryError> {
        let group_by = self.group_by;
        let open = self.open.forecast(view, self.rest, group_by, &mut compliance)?;
        let past = match self.past {
            PastSource::Tallies(past) => past,
            PastSource::Incidents(ids) => {
                past_one_by_one(view, &compliance, group_by, ids.into_iter().map(Ok))?
            }
            PastSource::All => {
                let ids = view.incident_ids(compliance.contract_id(), "");
                past_one_by_one(view, &compliance, group_by, ids)?
            }
        };
        let ahead = Ahead { view, contract_id: compliance.contract_id(), group_by, open: &open };
        let (mut attainments, mut groups) = (BTreeMap::new(), BTreeMap::new());
        for attainment in &compliance.attainments {
            let Some(promise) = attainment.promise().attainment() else { continue };
            let past = past.get(&attainment.place);
            ahead.forecast((attainment, promise), past, &mut attainments, &mut groups);
        }
        let mut budgets = BTreeMap::new();
        for on in &compliance.on_services {
            budgets.extend(
                budget(view, compliance.contract_id(), on)?.map(|budget| (on.place, budget)),
            );
        }
        Ok(PeriodOutlook { compliance, attainments, budgets, grouped_by: group_by, groups })
    }
}

type Forecasts = BTreeMap<usize, AttainmentForecast>;

/// The clocks that are open, and what they are forecast for.
struct Ahead<'a> {
    view: &'a ReadView<'a>,
    contract_id: &'a str,
    group_by: Option<GroupKey>,
    open: &'a [OpenClockForecast],
}

impl Ahead<'_> {
    /// Forecasts an objective for the whole contract and for its groups.
    fn forecast(
        &self,
        (on, promise): (&Attainment<'_>, &AttainmentPromise),
        past: Option<&PastDays<'_>>,
        attainments: &mut Forecasts,
        groups: &mut BTreeMap<String, Forecasts>,
    ) {
        let nothing = Past::new();
        let whole = past.map_or(&nothing, |past| &past.past);
        take(attainments, on.place, self.one((&on.tally, on.end()), promise, (self.open, whole)));
        if self.group_by.is_none() {
            return;
        }
        let mut open: BTreeMap<&str, Vec<OpenClockForecast>> = BTreeMap::new();
        for clock in self.open {
            open.entry(clock.group.as_str()).or_default().push(clock.clone());
        }
        let values: BTreeSet<&str> =
            on.groups.keys().map(String::as_str).chain(open.keys().copied()).collect();
        for value in values {
            let tally = on.groups.get(value).cloned().unwrap_or_default();
            let past = past.and_then(|past| past.groups.get(value)).unwrap_or(&nothing);
            let open = open.get(value).map(Vec::as_slice).unwrap_or_default();
            let forecast = self.one((&tally, on.end()), promise, (open, past));
            take(groups.entry(value.to_owned()).or_default(), on.place, forecast);
        }
    }

    fn one(
        &self,
        (tally, end): (&Tally, Instant),
        promise: &AttainmentPromise,
        (open, past): (&[OpenClockForecast], &Past),
    ) -> AttainmentForecast {
        let counts = &tally.contractual;
        let in_progress = PeriodInProgress {
            contract_id: self.contract_id,
            promise,
            as_of: self.view.times().as_of,
            end,
            decided: counts.met + counts.breached,
            breached: counts.breached,
            is_of_group: self.group_by == Some(GroupKey::Group),
        };
        forecast_attainment(&in_progress, open, past, &self.view.known())
    }
}

/// Takes the forecast of a part of a period: the part that is missed most probably decides.
fn take(forecasts: &mut Forecasts, place: usize, forecast: AttainmentForecast) {
    let missed = |of: &AttainmentForecast| of.period.miss_probability;
    if forecasts.get(&place).is_none_or(|before| missed(before) < missed(&forecast)) {
        forecasts.insert(place, forecast);
    }
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
    dates: Rc<[NaiveDate]>,
    past: Past,
    /// The same of each group.
    groups: BTreeMap<String, Past>,
}

impl<'p> PastDays<'p> {
    fn new(promise: &'p AttainmentPromise, dates: &Rc<[NaiveDate]>) -> PastDays<'p> {
        let dates = Rc::clone(dates);
        PastDays { promise, dates, past: Past::new(), groups: BTreeMap::new() }
    }

    /// Adds what a date decided, with the value of its group if they are grouped.
    fn add(
        &mut self,
        group: Option<&str>,
        (target, priority): (&str, &str),
        date: NaiveDate,
        counts: (u64, u64),
    ) {
        // What was decided on other days says nothing, not even of which priorities there are.
        if !self.promise.covers(target, priority) || !self.dates.contains(&date) {
            return;
        }
        let group = group.map(|value| self.groups.entry(value.to_owned()).or_default());
        for past in [&mut self.past].into_iter().chain(group) {
            if !past.contains_key(priority) {
                let none = self.dates.iter().map(|date| (*date, (0, 0)));
                past.insert(priority.to_owned(), none.collect());
            }
            if let Some(sum) = past.get_mut(priority).and_then(|days| days.get_mut(&date)) {
                sum.0 += counts.0;
                sum.1 += counts.1;
            }
        }
    }
}

/// Nothing of the past days of each objective on attainment that goes on, by its place.
fn no_past<'p>(
    period: &Compliance<'p>,
    dates: &Rc<[NaiveDate]>,
    as_of: Instant,
) -> BTreeMap<usize, PastDays<'p>> {
    let goes_on = period.attainments.iter().filter(|on| as_of < on.end());
    let past =
        goes_on.filter_map(|on| Some((on.place, PastDays::new(on.promise().attainment()?, dates))));
    past.collect()
}

/// The past days of each objective on attainment, by its place.
fn past_by_tallies<'p>(
    view: &ReadView<'_>,
    index: &IndexReader<'_>,
    period: &Compliance<'p>,
) -> Result<BTreeMap<usize, PastDays<'p>>, QueryError> {
    let (contract, as_of) = (period.contract_id(), view.times().as_of);
    let Some(zone) = view.known().zone(contract, as_of) else { return Ok(BTreeMap::new()) };
    let dates: Rc<[NaiveDate]> = past_dates(&zone, as_of).into();
    let dimension = period.objective_dimension();
    let mut found = no_past(period, &dates, as_of);
    if found.is_empty() {
        return Ok(found);
    }
    for date in dates.iter() {
        let number = day(*date);
        for tally_bucket in index.tally_buckets(contract, dimension, number..number + 1) {
            let ([value, target, priority], tally) = tally_bucket?;
            let counts = &tally.contractual;
            let counts = (counts.met + counts.breached, counts.breached);
            let group = (dimension != Dimension::All).then_some(value.as_str());
            for days in found.values_mut() {
                days.add(group, (&target, &priority), *date, counts);
            }
        }
    }
    Ok(found)
}

/// The incidents of a contract that may have been decided on past days.
fn past_incidents(
    view: &ReadView<'_>,
    index: &IndexReader<'_>,
    contract: &str,
) -> Result<BTreeSet<IncidentId>, QueryError> {
    let as_of = view.times().as_of;
    let Some(zone) = view.known().zone(contract, as_of) else { return Ok(BTreeSet::new()) };
    let dates = past_dates(&zone, as_of);
    let Some(first) = dates.first() else { return Ok(BTreeSet::new()) };
    let days = day(*first)..day(zone.local(as_of).date());
    // No local day is twice as long as others.
    let length = Span::from_hours(24 * (dates.len() as i64 + 2));
    let span = (as_of.checked_add(-length).unwrap_or(Instant::MIN), as_of);
    PeriodEvaluator::new(view).incidents_of_days(index, contract, (days, span))
}

/// The same where the tallies can't answer: each incident is evaluated once for all objectives.
fn past_one_by_one<'p>(
    view: &ReadView<'_>,
    period: &Compliance<'p>,
    group_by: Option<GroupKey>,
    ids: impl Iterator<Item = Result<IncidentId, QueryError>>,
) -> Result<BTreeMap<usize, PastDays<'p>>, QueryError> {
    let (contract, known, as_of) = (period.contract_id(), view.known(), view.times().as_of);
    let Some(zone) = known.zone(contract, as_of) else { return Ok(BTreeMap::new()) };
    let mut found = no_past(period, &past_dates(&zone, as_of).into(), as_of);
    if found.is_empty() {
        return Ok(found);
    }
    for incident in ids {
        view.with_history(&incident?, |history| {
            let evaluation = evaluate_under(history, contract, &known, as_of);
            for entry in entries_of(history, &evaluation, &known, as_of) {
                // What is late and still open is in no tally yet, so it is not counted here either.
                let counts = !entry.is_excluded && !entry.is_open;
                let Some(decided) = entry.decide_time.filter(|_| counts) else { continue };
                let late = u64::from(entry.verdict() != Outcome::Met);
                let date = zone.local(decided).date();
                let group = group_by.map(|key| key.value(&entry));
                for days in found.values_mut() {
                    days.add(group, (entry.target_id, entry.priority), date, (1, late));
                }
            }
        })?;
    }
    Ok(found)
}
