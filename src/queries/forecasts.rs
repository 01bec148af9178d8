//! Forecasts of open clocks, the most urgent first, and how earlier ones turned out.
//!
//! They cost by the clocks that are open, of which the incidents are kept from one question to the
//! next. What they rest on is learnt already as of now; as of another time it may be learnt anew,
//! from every incident of the contract.

use std::collections::{BTreeSet, HashSet};

use super::clocks::{Candidates, ClockFilter, EvaluatedIncidents, FoundClock, List};
use super::open_incidents::GatheredIncidents;
use super::outlooks::{FORECAST_PHASES, Outlooks};
use super::{IndexReader, QueryError, ReadPoint, ReadView, Reading};
use crate::domain::clock::{Clock, Outcome};
use crate::domain::forecast::{FeatureFields, IncidentFeatures};
use crate::domain::ids::{ContractId, IncidentId, TargetId};
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};
use crate::engine::answers::compliance::{PeriodQuery, period_of};
use crate::engine::answers::named_terms::{check_priority, check_target};
use crate::engine::answers::outlook::{Outlook, WhatIf, outlook_of};
use crate::engine::answers::period_outlook::months_of;
use crate::engine::evaluate::{Times, evaluate_under, history};
use crate::engine::kept::KeptIncident;
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

/// What forecasts of clocks have in common.
#[derive(Clone, Copy, Debug)]
pub struct ForecastsHead {
    /// The read point they are computed at.
    pub point: ReadPoint,
    /// How many clocks are left out since they have long been over their limits.
    pub long_breached: u64,
}

/// Takes what was made of one forecast after another; false: no more are wanted.
pub type Take<'t, T> = dyn FnMut(&ForecastsHead, T) -> bool + 't;

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

    /// Those that a query wants of some incidents.
    fn of_incidents(
        wanted: &ForecastQuery,
        incidents: impl IntoIterator<Item = IncidentId>,
    ) -> OpenClocks {
        OpenClocks { filter: filter(wanted), candidates: Candidates::of_incidents(incidents) }
    }

    /// Those of some incidents, which are evaluated by themselves.
    pub fn among(contract: &str, incidents: &BTreeSet<IncidentId>) -> OpenClocks {
        let wanted = ForecastQuery { contract_id: contract.into(), ..ForecastQuery::default() };
        OpenClocks::of_incidents(&wanted, incidents.iter().cloned())
    }

    /// The incidents that have them.
    pub fn incidents(&self) -> HashSet<&IncidentId> {
        self.candidates.incidents()
    }

    /// Whether a clock is one of them, if its incident is.
    pub fn includes(&self, clock: &Clock<'_>) -> bool {
        self.filter.wants(clock)
    }

    /// The same of a query, with their places; nothing is made of clocks that are left out since
    /// they have long been over their limits.
    fn list<T>(
        &self,
        view: &ReadView<'_>,
        wanted: &ForecastQuery,
        make: impl Fn(&Learned, &str, &Clock<'_>, Outlook) -> Option<T>,
    ) -> Result<Vec<FoundClock<Option<T>>>, QueryError> {
        let as_of = view.times().as_of;
        let outlooks = Outlooks::of_contract(view, &self.filter.contract_id)?;
        self.each_found(view, |incident, clock, history| {
            if wanted.leaves_out(clock, as_of) {
                return Ok(Some(None));
            }
            let outlook = outlooks.of(clock, history)?;
            let made = outlook.and_then(|(learned, o)| make(&learned, incident, clock, o));
            Ok(made.map(Some))
        })
    }

    /// Makes something of each of them, in order.
    fn each<T>(
        &self,
        view: &ReadView<'_>,
        make: impl Fn(&str, &Clock<'_>, &History<'_>) -> Result<Option<T>, QueryError>,
    ) -> Result<Vec<T>, QueryError> {
        Ok(self.each_found(view, make)?.into_iter().map(|found| found.made).collect())
    }

    /// The same, each with its place.
    fn each_found<T>(
        &self,
        view: &ReadView<'_>,
        make: impl Fn(&str, &Clock<'_>, &History<'_>) -> Result<Option<T>, QueryError>,
    ) -> Result<Vec<FoundClock<T>>, QueryError> {
        let list = List { view, filter: &self.filter, after: None };
        let found =
            list.evaluate(&self.candidates, usize::MAX, &mut EvaluatedIncidents::default(), &make)?;
        let made = found.into_iter().filter_map(|FoundClock { mark, made }| {
            Some(made.transpose()?.map(|made| FoundClock { mark, made }))
        });
        made.collect()
    }
}

/// The clocks of incidents as they are kept, of which a caller makes something.
struct KeptClocks<'k, M> {
    view: &'k ReadView<'k>,
    wanted: &'k ForecastQuery,
    make: M,
}

/// Where a clock is found that is to be forecast.
enum Found<'k, T> {
    /// Among those of an incident that is kept.
    Kept(&'k KeptIncident, usize),
    /// It was evaluated by itself.
    Made(FoundClock<T>),
}

impl<T> Found<'_, T> {
    /// Its place among all.
    fn place(&self) -> Option<(Instant, &str, &str, u32)> {
        match self {
            Found::Kept(incident, place) => incident.clock_place(*place),
            Found::Made(FoundClock { mark, .. }) => {
                let clock = &mark.clock;
                Some((mark.time, &clock.incident_id, &clock.target_id, clock.cycle))
            }
        }
    }
}

impl<M> KeptClocks<'_, M> {
    /// Forecasts them, the most urgent first, one after another as they are taken.
    fn list<T>(
        self,
        kept: GatheredIncidents,
        take: &mut Take<'_, T>,
    ) -> Result<ForecastsHead, QueryError>
    where
        M: Fn(&Learned, &str, &Clock<'_>, Outlook) -> Option<T>,
    {
        let KeptClocks { view, wanted, make } = self;
        let outlooks = Outlooks::of_contract(view, &wanted.contract_id)?;
        let apart = OpenClocks::of_incidents(wanted, kept.apart().iter().cloned());
        let apart = apart.list(view, wanted, &make)?;
        let kept = kept.evaluate(view)?;
        let (known, as_of) = (view.known(), view.times().as_of);
        let (contract, now) = (wanted.contract_id.as_str(), (&known, as_of));
        let filter = filter(wanted);
        let mut long_breached = 0;
        let mut found = Vec::new();
        for one in apart {
            match one.made {
                Some(made) => found.push(Found::Made(FoundClock { mark: one.mark, made })),
                None => long_breached += 1,
            }
        }
        for incident in kept.iter() {
            for place in 0..incident.clock_count() {
                match incident.clock(place, contract, now).filter(|clock| filter.wants(clock)) {
                    Some(clock) if wanted.leaves_out(&clock, as_of) => long_breached += 1,
                    Some(_) => found.push(Found::Kept(incident, place)),
                    None => {}
                }
            }
        }
        found.sort_unstable_by(|a, b| a.place().cmp(&b.place()));
        let head = ForecastsHead { point: view.point(), long_breached };
        for found in found {
            let made = match found {
                Found::Made(FoundClock { made, .. }) => Some(made),
                Found::Kept(incident, place) => {
                    view.check_wanted()?;
                    let Some(clock) = incident.clock(place, contract, now) else { continue };
                    let outlook = outlooks.of_features(&clock, &incident.features())?;
                    let id = incident.incident_id();
                    outlook.and_then(|(learned, outlook)| make(&learned, id, &clock, outlook))
                }
            };
            if made.is_some_and(|made| !take(&head, made)) {
                break;
            }
        }
        Ok(head)
    }
}

impl ForecastQuery {
    /// Whether a clock is left out, since it has long been over its limit: unless the query
    /// includes such clocks, or names their incidents.
    fn leaves_out(&self, clock: &Clock<'_>, as_of: Instant) -> bool {
        let is_long = |breach: Instant| as_of.since(breach) > LONG_BREACHED;
        let with_all = self.with_long_breached || !self.incident_ids.is_empty();
        !with_all && clock.breach_time.is_some_and(is_long)
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
