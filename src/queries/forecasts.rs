//! Forecasts of open clocks, the most urgent first, and how earlier ones turned out.

use super::clocks::{Candidates, ClockFilter, List};
use super::{IndexReader, QueryError, ReadPoint, ReadView};
use crate::domain::clock::{Clock, Phase};
use crate::domain::forecast::IncidentFeatures;
use crate::domain::ids::ContractId;
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::answers::compliance::{PeriodQuery, period_of};
use crate::engine::answers::outlook::{Outlook, WhatIf, outlook, outlook_of};
use crate::engine::answers::period_outlook::months_of;
use crate::engine::evaluate::{Times, evaluate_under, history};
use crate::engine::learning::{ForecastScore, Learned};
use crate::engine::rejection::Rejection;

/// Which clocks to forecast.
#[derive(Clone, Debug)]
pub struct ForecastQuery {
    /// The contract.
    pub contract_id: ContractId,
    /// Only clocks due before this instant, or over their limits.
    pub due_before: Option<Instant>,
    /// Only clocks that breach with at least this probability.
    pub minimum_probability: f64,
    /// Only clocks of one incident, as these changes would make them.
    pub what_if: Option<WhatIf>,
}

/// Forecasts a contract's open clocks, the most urgent first, and makes of each what the caller
/// needs; also returns what the forecasts rest on.
pub fn of_clocks<T>(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    wanted: &ForecastQuery,
    make: impl Fn(&Learned, &str, &Clock<'_>, &Outlook) -> T,
) -> Result<(ReadPoint, Vec<T>), QueryError> {
    view.check_contract(&wanted.contract_id)?;
    let make = |learned: &Learned, incident: &str, clock: &Clock<'_>, outlook: &Outlook| {
        let is_wanted = outlook.forecast.breach_probability >= wanted.minimum_probability;
        is_wanted.then(|| make(learned, incident, clock, outlook))
    };
    if let Some(what_if) = &wanted.what_if {
        drop(index);
        return if_so(view, &wanted.contract_id, what_if, make);
    }
    let open = OpenClocks::gather(view, index.as_ref(), &wanted.contract_id, wanted.due_before)?;
    drop(index);
    Ok((view.point(), open.forecast(view, make)?))
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
    let months = match period {
        "" => None,
        name => {
            let named = PeriodQuery::Named(name.to_owned());
            let period = period_of(&named, contract, known, view.zones())?;
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
    /// Gathers where they are; those due before an instant, if it is given.
    pub fn gather(
        view: &ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        contract: &str,
        due_before: Option<Instant>,
    ) -> Result<OpenClocks, QueryError> {
        let filter = ClockFilter {
            contract_id: contract.into(),
            phases: vec![Phase::Running, Phase::Paused],
            due_before,
            ..ClockFilter::default()
        };
        let list = List { view, filter: &filter, after: None };
        let candidates = list.gather(index, usize::MAX)?;
        Ok(OpenClocks { filter, candidates })
    }

    /// Makes of each of them, in order, what the caller wants of its forecast.
    pub fn forecast<T>(
        &self,
        view: &ReadView<'_>,
        make: impl Fn(&Learned, &str, &Clock<'_>, &Outlook) -> Option<T>,
    ) -> Result<Vec<T>, QueryError> {
        let learned = view.learned(&self.filter.contract_id)?;
        let (known, as_of) = (view.known(), view.times().as_of);
        let make = |incident: &str, clock: &Clock<'_>, history: &History<'_>| {
            let outlook = outlook(&learned, clock, history, known, as_of)?;
            make(&learned, incident, clock, &outlook)
        };
        let list = List { view, filter: &self.filter, after: None };
        let found = list.evaluate(&self.candidates, usize::MAX, &make)?;
        Ok(found.into_iter().filter_map(|found| found.made).collect())
    }
}

/// Forecasts the open clocks of one incident as it would be.
fn if_so<T>(
    view: &ReadView<'_>,
    contract: &str,
    what_if: &WhatIf,
    make: impl Fn(&Learned, &str, &Clock<'_>, &Outlook) -> Option<T>,
) -> Result<(ReadPoint, Vec<T>), QueryError> {
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
    let open = evaluation.clocks.iter().filter(|clock| clock.is_open());
    let made = open.filter_map(|clock| {
        // What is thought of is in the state; only what would happen counts as something that did.
        let happened = IncidentFeatures::up_to(&happened, times.as_of)?;
        let supposed = IncidentFeatures { state: history.state(times.as_of), ..happened };
        let outlook = outlook_of(&learned, clock, supposed, known, times.as_of)?;
        make(&learned, incident, clock, &outlook)
    });
    let made = made.collect();
    Ok((ReadPoint { times, ..view.point() }, made))
}
