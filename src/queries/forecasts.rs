//! Forecasts of open clocks, the most urgent first, and how earlier ones turned out.
//!
//! They cost by the clocks that are open. What they rest on is learnt already as of now; as of
//! another time it may be learnt anew, from every incident of the contract.

use std::collections::HashSet;

use super::clocks::{Candidates, ClockFilter, EvaluatedIncidents, List};
use super::outlooks::{FORECAST_PHASES, Outlooks};
use super::{IndexReader, QueryError, ReadPoint, ReadView, Reading};
use crate::domain::clock::{Clock, Outcome};
use crate::domain::forecast::IncidentFeatures;
use crate::domain::ids::{ContractId, IncidentId, TargetId};
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};
use crate::engine::answers::compliance::{PeriodQuery, period_of};
use crate::engine::answers::named_terms::{check_priority, check_target};
use crate::engine::answers::outlook::{Outlook, WhatIf, outlook_of};
use crate::engine::answers::period_outlook::months_of;
use crate::engine::evaluate::{Times, evaluate_under, history};
use crate::engine::learning::{ForecastScore, Learned};
use crate::engine::rejection::Rejection;

/// For longer than this over its limit a clock is listed only on request: nothing about it is open
/// to a forecast, and whoever works in shifts has seen it all week.
const LONG_BREACHED: Span = Span::from_hours(7 * 24);

/// Which clocks to forecast.
#[derive(Clone, Debug, Default)]
pub struct ForecastQuery {
    /// The contract.
    pub contract_id: ContractId,
    /// Only clocks of this target; empty: of all.
    pub target_id: TargetId,
    /// Only clocks of this priority; empty: of all.
    pub priority: String,
    /// Only clocks of these incidents; empty: of all.
    pub incident_ids: Vec<IncidentId>,
    /// Only clocks due before this instant, or over their limits.
    pub due_before: Option<Instant>,
    /// Only clocks that breach with at least this probability.
    pub minimum_probability: f64,
    /// Also clocks that have long been over their limits.
    pub with_long_breached: bool,
    /// Only clocks of one incident, as these changes would make them.
    pub what_if: Option<WhatIf>,
}

/// Forecasts of clocks.
#[derive(Clone, Debug)]
pub struct ClockForecasts<T> {
    /// The read point they were computed at.
    pub point: ReadPoint,
    /// What was made of each, the most urgent first.
    pub made: Vec<T>,
    /// How many clocks are left out since they have long been over their limits.
    pub long_breached: u64,
}

/// Forecasts a contract's open clocks, the most urgent first, and makes of each what the caller
/// needs.
pub fn of_clocks<T>(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    wanted: &ForecastQuery,
    make: impl Fn(&Learned, &str, &Clock<'_>, Outlook) -> T,
) -> Result<ClockForecasts<T>, QueryError> {
    check_named(view, wanted)?;
    let index = index.and_then(|index| index.of(&wanted.contract_id));
    let make = |learned: &Learned, incident: &str, clock: &Clock<'_>, outlook: Outlook| {
        let is_wanted = outlook.forecast.breach_probability >= wanted.minimum_probability;
        is_wanted.then(|| make(learned, incident, clock, outlook))
    };
    if let Some(what_if) = &wanted.what_if {
        drop(index);
        return if_so(view, wanted, what_if, make);
    }
    let open = match wanted.incident_ids.as_slice() {
        [] => OpenClocks::wanted(view, index.as_ref(), wanted)?,
        ids => {
            drop(index);
            check_incidents(view, ids)?;
            return OpenClocks::of_incidents(wanted).list(view, wanted, make);
        }
    };
    drop(index);
    open.list(view, wanted, make)
}

/// The open clocks of a contract that are not breached, and what is made of those that somebody
/// wants to know of.
pub fn of_undecided<T>(
    Reading { view, index }: Reading<'_>,
    contract: &str,
    make: impl Fn(&Learned, &str, (&Clock<'_>, &History<'_>), &Outlook) -> Option<T>,
) -> Result<Vec<T>, QueryError> {
    view.check_contract(contract)?;
    let index = index.and_then(|index| index.of(contract));
    let open = OpenClocks::gather(&view, index.as_ref(), contract)?;
    drop(index);
    let outlooks = Outlooks::of_contract(&view, contract)?;
    open.each(&view, |incident, clock, history| {
        if clock.outcome == Outcome::Breached {
            return Ok(None);
        }
        let outlook = outlooks.of(clock, history)?;
        Ok(outlook.and_then(|(learned, o)| make(&learned, incident, (clock, history), &o)))
    })
}

/// Refuses what the contract does not have.
fn check_named(view: &ReadView<'_>, wanted: &ForecastQuery) -> Result<(), QueryError> {
    view.check_contract(&wanted.contract_id)?;
    let (known, contract) = (view.known(), &wanted.contract_id);
    check_target(known, contract, ("target_id", &wanted.target_id))?;
    check_priority(known, contract, ("priority", &wanted.priority))?;
    let thought_of = wanted.what_if.as_ref().and_then(|what_if| what_if.priority.as_deref());
    check_priority(known, contract, ("what_if.priority", thought_of.unwrap_or_default()))?;
    Ok(())
}

/// Refuses incidents of which nothing is known, naming all of them.
fn check_incidents(view: &ReadView<'_>, ids: &[IncidentId]) -> Result<(), QueryError> {
    let mut unknown = Vec::new();
    for id in ids {
        if view.with_history(id, |_| ())?.is_none() {
            unknown.push(id.to_string());
        }
    }
    match unknown.len() {
        0 => Ok(()),
        1 => Err(Rejection::IncidentNotFound(unknown.remove(0)).into()),
        _ => Err(Rejection::IncidentsNotFound(unknown).into()),
    }
}

/// How a contract's forecasts turned out, of one target or ("") all, and of the clocks decided
/// in a period or ("") since ever; `None`: none is scored.
pub fn quality(
    view: &ReadView<'_>,
    contract: &str,
    target: &str,
    period: &str,
) -> Result<Option<ForecastScore>, QueryError> {
    view.check_contract(contract)?;
    let known = view.known();
    check_target(known, contract, ("target_id", target))?;
    let months = match period {
        "" => None,
        name => {
            let named = PeriodQuery::Named(name.to_owned());
            let period = period_of(&named, contract, known)?;
            known.local_days(contract).map(|days| months_of(&period, &days))
        }
    };
    Ok(view.learned(contract)?.record.quality(target, months))
}

/// A contract's open clocks that are to be forecast.
pub(super) struct OpenClocks {
    filter: ClockFilter,
    candidates: Candidates,
}

impl OpenClocks {
    /// Gathers where they are.
    pub fn gather(
        view: &ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        contract: &str,
    ) -> Result<OpenClocks, QueryError> {
        let contract_id = contract.into();
        let wanted = ForecastQuery { contract_id, ..ForecastQuery::default() };
        OpenClocks::wanted(view, index, &wanted)
    }

    /// Gathers where those are that a query wants.
    fn wanted(
        view: &ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        wanted: &ForecastQuery,
    ) -> Result<OpenClocks, QueryError> {
        let filter = filter(wanted);
        let list = List { view, filter: &filter, after: None };
        let candidates = list.gather(index, usize::MAX)?;
        Ok(OpenClocks { filter, candidates })
    }

    /// Those of the incidents of a query.
    fn of_incidents(wanted: &ForecastQuery) -> OpenClocks {
        let candidates = Candidates::of_incidents(wanted.incident_ids.iter().cloned());
        OpenClocks { filter: filter(wanted), candidates }
    }

    /// The incidents that have them.
    pub fn incidents(&self) -> HashSet<&IncidentId> {
        self.candidates.incidents()
    }

    /// Whether a clock is one of them, if its incident is.
    pub fn includes(&self, clock: &Clock<'_>) -> bool {
        self.filter.wants(clock)
    }

    /// The same of a query, without clocks that have long been over their limits unless the query
    /// includes them or names their incidents.
    fn list<T>(
        &self,
        view: &ReadView<'_>,
        wanted: &ForecastQuery,
        make: impl Fn(&Learned, &str, &Clock<'_>, Outlook) -> Option<T>,
    ) -> Result<ClockForecasts<T>, QueryError> {
        let as_of = view.times().as_of;
        let with_all = wanted.with_long_breached || !wanted.incident_ids.is_empty();
        let is_left_out = |clock: &Clock<'_>| {
            let is_long = |breach: Instant| as_of.since(breach) > LONG_BREACHED;
            !with_all && clock.breach_time.is_some_and(is_long)
        };
        let outlooks = Outlooks::of_contract(view, &self.filter.contract_id)?;
        let listed = self.each(view, |incident, clock, history| {
            if is_left_out(clock) {
                return Ok(Some(None));
            }
            let outlook = outlooks.of(clock, history)?;
            let made = outlook.and_then(|(learned, o)| make(&learned, incident, clock, o));
            Ok(made.map(Some))
        })?;
        let long_breached = listed.iter().filter(|made| made.is_none()).count() as u64;
        let made = listed.into_iter().flatten().collect();
        Ok(ClockForecasts { point: view.point(), made, long_breached })
    }

    /// Makes something of each of them, in order.
    fn each<T>(
        &self,
        view: &ReadView<'_>,
        make: impl Fn(&str, &Clock<'_>, &History<'_>) -> Result<Option<T>, QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        let list = List { view, filter: &self.filter, after: None };
        let found =
            list.evaluate(&self.candidates, usize::MAX, &mut EvaluatedIncidents::default(), &make)?;
        found.into_iter().filter_map(|found| found.made.transpose()).collect()
    }
}

/// Which clocks of the index a query wants.
fn filter(wanted: &ForecastQuery) -> ClockFilter {
    ClockFilter {
        contract_id: wanted.contract_id.clone(),
        target_id: wanted.target_id.clone(),
        priority: wanted.priority.clone(),
        phases: FORECAST_PHASES.to_vec(),
        due_before: wanted.due_before,
        ..ClockFilter::default()
    }
}

/// Forecasts the open clocks of one incident as it would be.
fn if_so<T>(
    view: &ReadView<'_>,
    wanted: &ForecastQuery,
    what_if: &WhatIf,
    make: impl Fn(&Learned, &str, &Clock<'_>, Outlook) -> Option<T>,
) -> Result<ClockForecasts<T>, QueryError> {
    let contract = &wanted.contract_id;
    let incident = &what_if.incident_id;
    let not_found = || Rejection::IncidentNotFound(incident.clone());
    let now = view.times();
    if what_if.wait_end.is_some_and(|end| end < now.as_of) {
        let text = "lies before as_of_time: what has passed can't be otherwise";
        return Err(Rejection::field("what_if.wait_end_time", text).into());
    }
    let ledger = view.scanned_ledger(incident)?;
    let present = history(&ledger, now).ok_or_else(not_found)?.state(now.as_of);
    let what_if = what_if.changing(&present);
    let thought_of = what_if.ledger(&ledger, now);
    let happened = what_if.happening().ledger(&ledger, now);
    let times = Times { as_of: what_if.as_of(now), ..now };
    let happened = history(&happened, times).ok_or_else(not_found)?;
    let history = history(&thought_of, times).ok_or_else(not_found)?;
    let learned = view.learned(contract)?;
    let known = view.known();
    let evaluation = evaluate_under(&history, contract, &known, times.as_of);
    let target = &wanted.target_id;
    let open = evaluation
        .clocks
        .iter()
        .filter(|clock| clock.is_open() && (target.is_empty() || **target == *clock.target_id));
    let made = open.filter_map(|clock| {
        // What is thought of is in the state; only what would happen counts as something that did.
        let happened = IncidentFeatures::up_to(&happened, times.as_of)?;
        let supposed = IncidentFeatures { state: history.state(times.as_of), ..happened };
        let outlook = outlook_of(&learned, clock, supposed, known, times.as_of)?;
        make(&learned, incident, clock, outlook)
    });
    let point = ReadPoint { times, ..view.point() };
    Ok(ClockForecasts { point, made: made.collect(), long_breached: 0 })
}
