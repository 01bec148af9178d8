//! The open clocks of a contract that are to be forecast: which a query wants, where the index has
//! them, and what is made of each once its incident is evaluated.

use std::collections::{BTreeSet, HashSet};

use super::clocks::{Candidates, ClockFilter, EvaluatedIncidents, FoundClock, List};
use super::outlooks::{FORECAST_PHASES, Outlooks};
use super::{IndexReader, QueryError, ReadPoint, ReadView};
use crate::domain::clock::Clock;
use crate::domain::ids::{ContractId, IncidentId, TargetId};
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};
use crate::engine::answers::outlook::{Outlook, WhatIf};
use crate::engine::learning::Learned;

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

/// A contract's open clocks that are to be forecast.
#[derive(Debug)]
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
    pub fn wanted(
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
    pub fn of_incidents(
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
    pub fn list<T>(
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
    pub fn each<T>(
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

impl ForecastQuery {
    /// Whether a clock is left out, since it has long been over its limit: unless the query
    /// includes such clocks, or names their incidents.
    pub(super) fn leaves_out(&self, clock: &Clock<'_>, as_of: Instant) -> bool {
        let is_long = |breach: Instant| as_of.since(breach) > LONG_BREACHED;
        let with_all = self.with_long_breached || !self.incident_ids.is_empty();
        !with_all && clock.breach_time.is_some_and(is_long)
    }
}

/// Which clocks of the index a query wants.
pub(super) fn filter(wanted: &ForecastQuery) -> ClockFilter {
    ClockFilter {
        contract_id: wanted.contract_id.clone(),
        target_id: wanted.target_id.clone(),
        priority: wanted.priority.clone(),
        phases: FORECAST_PHASES.to_vec(),
        due_before: wanted.due_before,
        ..ClockFilter::default()
    }
}
