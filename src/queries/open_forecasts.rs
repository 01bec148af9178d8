//! The open clocks of a contract as the forecasts of its objectives take them, and what their
//! incidents add to the period.
//!
//! While all periods in question go on, only incidents that are not over now are in progress at
//! their ends: so what is kept of these says all. Otherwise each incident is evaluated.

use std::collections::HashSet;
use std::slice;

use super::compliance::{PeriodEvaluator, Rest};
use super::open_clocks::OpenClocks;
use super::open_incidents::{GatheredIncidents, KeptPlace, PresentIncidents};
use super::outlooks::Outlooks;
use super::{IndexReader, QueryError, ReadView};
use crate::domain::clock::Clock;
use crate::domain::contract::AttainmentPromise;
use crate::domain::forecast::IncidentFeatures;
use crate::domain::ids::IncidentId;
use crate::domain::incident::History;
use crate::engine::answers::compliance::{Compliance, GroupKey};
use crate::engine::answers::period_outlook::OpenClockForecast;
use crate::engine::evaluate::clocks_under;

/// How often it is checked that somebody waits, in clocks.
const CHECKED_EVERY: usize = 1_000;

/// Where the open clocks are found.
pub(super) enum Open {
    /// In what is kept, and evaluated by themselves.
    Kept(GatheredIncidents),
    /// By the index.
    Each(OpenClocks),
}

impl Open {
    /// Gathers where those of a period's contract are found.
    pub fn gather(
        view: &ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        period: &Compliance<'_>,
        group_by: Option<GroupKey>,
    ) -> Result<Open, QueryError> {
        let contract = period.contract_id();
        let are_kept = period.dimension().is_some()
            && period.ends_after(view.times().as_of)
            && group_by.is_none_or(GroupKey::is_of_incidents);
        let kept = match are_kept {
            true => GatheredIncidents::gather(view, index, contract)?,
            false => None,
        };
        Ok(match kept {
            Some(kept) => Open::Kept(kept),
            None => Open::Each(OpenClocks::gather(view, index, contract)?),
        })
    }

    /// Takes in what the index has added up for the period.
    pub fn rest(
        &self,
        view: &ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        period: &mut Compliance<'_>,
    ) -> Result<Rest, QueryError> {
        let apart = match self {
            Open::Kept(kept) => Some(kept.apart()),
            Open::Each(_) => None,
        };
        PeriodEvaluator::new(view).gather_beside(index, slice::from_mut(period), apart)
    }

    /// Forecasts them, those due first before others, and takes in what else belongs to the period.
    pub fn forecast(
        self,
        view: &ReadView<'_>,
        rest: Rest,
        group_by: Option<GroupKey>,
        compliance: &mut Compliance<'_>,
    ) -> Result<Vec<OpenClockForecast>, QueryError> {
        let contract = compliance.contract_id().to_owned();
        let promises = compliance.attainments.iter().filter_map(|on| on.promise().attainment());
        let promises: Vec<_> = promises.collect();
        let outlooks = Outlooks::of_contract(view, &contract)?;
        let (forecasts, contract) = (Vec::new(), contract.as_str());
        let mut open = Forecasting { view, contract, promises, group_by, outlooks, forecasts };
        match self {
            Open::Kept(kept) => {
                let clocks = OpenClocks::among(contract, kept.apart());
                let kept = kept.evaluate(view)?;
                compliance.put_kept(kept.iter());
                open.take_kept(&kept)?;
                open.take_each(&clocks, rest, compliance)?;
            }
            Open::Each(clocks) => open.take_each(&clocks, rest, compliance)?,
        }
        let mut forecasts = open.forecasts;
        forecasts.sort_by(|a, b| a.place().cmp(&b.place()));
        Ok(forecasts)
    }
}

/// Forecasts the open clocks of a contract.
struct Forecasting<'f> {
    view: &'f ReadView<'f>,
    contract: &'f str,
    promises: Vec<&'f AttainmentPromise>,
    group_by: Option<GroupKey>,
    outlooks: Outlooks<'f>,
    forecasts: Vec<OpenClockForecast>,
}

impl Forecasting<'_> {
    /// Takes the clocks of incidents as they are kept, those due first before others: what is in
    /// order already is sorted at once.
    fn take_kept(&mut self, incidents: &PresentIncidents) -> Result<(), QueryError> {
        let (known, as_of) = (self.view.known(), self.view.times().as_of);
        let contract = self.contract;
        let mut clocks = incidents.clocks(contract, &known, |clock| self.counts(clock));
        clocks.sort_unstable_by(|a, b| a.due.cmp(&b.due).then_with(|| a.id().cmp(&b.id())));
        self.forecasts.reserve(clocks.len());
        for (count, KeptPlace { incident, place, .. }) in clocks.into_iter().enumerate() {
            if count % CHECKED_EVERY == 0 {
                self.view.check_wanted()?;
            }
            let group = self.group_by.map(|key| incident.group(key)).unwrap_or_default();
            if let Some(clock) = incident.clock(place, contract, (&known, as_of)) {
                self.take(incident.incident_id(), &clock, &incident.features(), group)?;
            }
        }
        Ok(())
    }

    /// Takes those that are found by the index, and what else belongs to the period. An incident
    /// that is open is part of both, and evaluated once.
    fn take_each(
        &mut self,
        clocks: &OpenClocks,
        rest: Rest,
        compliance: &mut Compliance<'_>,
    ) -> Result<(), QueryError> {
        let (known, as_of) = (self.view.known(), self.view.times().as_of);
        let (view, contract) = (self.view, self.contract);
        let mut left: HashSet<&IncidentId> = clocks.incidents();
        let mut visit = |incident: &str, evaluated: &[Clock<'_>], history: &History<'_>| {
            let Some(features) = IncidentFeatures::up_to(history, as_of) else { return Ok(()) };
            let state = history.state(as_of);
            let group = self.group_by.map(|key| key.of_incident(&state)).unwrap_or_default();
            let open = evaluated.iter().filter(|clock| clocks.includes(clock));
            for clock in open {
                if self.counts(clock) {
                    self.take(incident, clock, &features, group)?;
                }
            }
            Ok(())
        };
        PeriodEvaluator::new(view).visit(
            rest,
            slice::from_mut(compliance),
            &mut |incident, clocks, history| match left.remove(incident) {
                true => visit(incident, clocks, history),
                false => Ok(()),
            },
        )?;
        for incident in left {
            let visited = view.with_history(incident, |history| {
                visit(incident, &clocks_under(history, contract, &known, as_of), history)
            })?;
            visited.unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    /// Whether a clock counts: of those that no promise covers, only their groups are of interest.
    fn counts(&self, clock: &Clock<'_>) -> bool {
        let mut promises = self.promises.iter();
        let covers = |of: &&AttainmentPromise| of.covers(clock.target_id, clock.priority);
        self.group_by.is_some() || promises.any(covers)
    }

    fn take<'c>(
        &mut self,
        incident: &str,
        clock: &Clock<'c>,
        features: &IncidentFeatures<'c>,
        group: &str,
    ) -> Result<(), QueryError> {
        if let Some(forecast) = self.outlooks.forecast(clock, features)? {
            let mut open = OpenClockForecast::of(incident, clock, &forecast);
            group.clone_into(&mut open.group);
            self.forecasts.push(open);
        }
        Ok(())
    }
}
