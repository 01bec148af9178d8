//! Forecasts of open clocks, the most urgent first, and how earlier ones turned out.
//!
//! They cost by the clocks that are open, of which the incidents are kept from one question to the
//! next. What they rest on is learnt already as of now; as of another time it may be learnt anew,
//! from every incident of the contract.

use super::clocks::FoundClock;
use super::kept_forecasts::KeptClocks;
use super::open_clocks::OpenClocks;
pub use super::open_clocks::{ForecastQuery, ForecastsHead, Take};
use super::open_incidents::GatheredIncidents;
use super::outlooks::Outlooks;
use super::{IndexReader, QueryError, ReadPoint, ReadView, Reading};
use crate::domain::clock::{Clock, Outcome};
use crate::domain::forecast::{FeatureFields, IncidentFeatures};
use crate::domain::ids::IncidentId;
use crate::domain::incident::History;
use crate::engine::answers::compliance::{PeriodQuery, period_of};
use crate::engine::answers::named_terms::{check_priority, check_target};
use crate::engine::answers::outlook::{Outlook, WhatIf, outlook_of};
use crate::engine::answers::period_outlook::months_of;
use crate::engine::evaluate::{Times, evaluate_under, history};
use crate::engine::learning::{ForecastScore, Learned};
use crate::engine::rejection::Rejection;

/// Forecasts a contract's open clocks, the most urgent first, and makes of each what the caller
/// takes.
pub fn of_clocks<T>(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    wanted: &ForecastQuery,
    make: impl Fn(&Learned, &str, &Clock<'_>, Outlook) -> T,
    take: &mut Take<'_, T>,
) -> Result<ForecastsHead, QueryError> {
    check_named(view, wanted)?;
    let index = index.and_then(|index| index.of(&wanted.contract_id));
    let make = |learned: &Learned, incident: &str, clock: &Clock<'_>, outlook: Outlook| {
        let is_wanted = outlook.forecast.breach_probability >= wanted.minimum_probability;
        is_wanted.then(|| make(learned, incident, clock, outlook))
    };
    if let Some(what_if) = &wanted.what_if {
        drop(index);
        return if_so(view, wanted, what_if, make, take);
    }
    if !wanted.incident_ids.is_empty() {
        drop(index);
        check_incidents(view, &wanted.incident_ids)?;
        let open = OpenClocks::of_incidents(wanted, wanted.incident_ids.iter().cloned());
        return take_all(view, open.list(view, wanted, make)?, take);
    }
    if let Some(kept) = GatheredIncidents::gather(view, index.as_ref(), &wanted.contract_id)? {
        drop(index);
        return KeptClocks { view, wanted, make }.list(kept, take);
    }
    let open = OpenClocks::wanted(view, index.as_ref(), wanted)?;
    drop(index);
    take_all(view, open.list(view, wanted, make)?, take)
}

/// Takes clocks that were found; of those that are left out, nothing was made.
fn take_all<T>(
    view: &ReadView<'_>,
    found: Vec<FoundClock<Option<T>>>,
    take: &mut Take<'_, T>,
) -> Result<ForecastsHead, QueryError> {
    let long_breached = found.iter().filter(|found| found.made.is_none()).count() as u64;
    let head = ForecastsHead { point: view.point(), long_breached };
    found.into_iter().filter_map(|found| found.made).all(|made| take(&head, made));
    Ok(head)
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

/// Forecasts the open clocks of one incident as it would be.
fn if_so<T>(
    view: &ReadView<'_>,
    wanted: &ForecastQuery,
    what_if: &WhatIf,
    make: impl Fn(&Learned, &str, &Clock<'_>, Outlook) -> Option<T>,
    take: &mut Take<'_, T>,
) -> Result<ForecastsHead, QueryError> {
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
    let mut made = open.filter_map(|clock| {
        // What is thought of is in the state; only what would happen counts as something that did.
        let happened = IncidentFeatures::up_to(&happened, times.as_of)?;
        let state = FeatureFields::of(&history.state(times.as_of));
        let supposed = IncidentFeatures { state, ..happened };
        let outlook = outlook_of(&learned, clock, supposed, known, times.as_of)?;
        make(&learned, incident, clock, outlook)
    });
    let head = ForecastsHead { point: ReadPoint { times, ..view.point() }, long_breached: 0 };
    made.all(|made| take(&head, made));
    Ok(head)
}
