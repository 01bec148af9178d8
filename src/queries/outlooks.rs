//! Outlooks of open clocks, by what was learnt of their contracts, which is looked up when the
//! first clock of a contract needs it, and not at all when none does. An outlook costs by the facts
//! of its incident; what was learnt as of another time may be learnt anew, as `forecasts` says.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::{QueryError, ReadView};
use crate::domain::clock::{Clock, Phase};
use crate::domain::forecast::{Forecast, IncidentFeatures};
use crate::domain::ids::ContractId;
use crate::domain::incident::History;
use crate::engine::answers::outlook::{Outlook, forecast_of, outlook_of};
use crate::engine::learning::Learned;

/// The phases of clocks that have an outlook.
pub const FORECAST_PHASES: [Phase; 2] = [Phase::Running, Phase::Paused];

/// The outlooks of clocks at a view's read point.
pub struct Outlooks<'v> {
    view: &'v ReadView<'v>,
    learned: RefCell<HashMap<ContractId, Arc<Learned>>>,
}

impl<'v> Outlooks<'v> {
    /// Those of a view; nothing is looked up yet.
    pub fn new(view: &'v ReadView<'v>) -> Outlooks<'v> {
        Outlooks { view, learned: RefCell::default() }
    }

    /// The same of one contract, which is looked up at once.
    pub fn of_contract(view: &'v ReadView<'v>, contract: &str) -> Result<Outlooks<'v>, QueryError> {
        let outlooks = Outlooks::new(view);
        outlooks.learned(contract)?;
        Ok(outlooks)
    }

    /// The outlook of a clock of an incident with this history, with what it rests on; `None` for
    /// one that neither runs nor is paused.
    pub fn of(
        &self,
        clock: &Clock<'_>,
        history: &History<'_>,
    ) -> Result<Option<(Arc<Learned>, Outlook)>, QueryError> {
        match IncidentFeatures::up_to(history, self.view.times().as_of) {
            Some(incident) => self.of_features(clock, &incident),
            None => Ok(None),
        }
    }

    /// The same with the features of its incident.
    pub fn of_features<'h>(
        &self,
        clock: &Clock<'h>,
        incident: &IncidentFeatures<'h>,
    ) -> Result<Option<(Arc<Learned>, Outlook)>, QueryError> {
        if !FORECAST_PHASES.contains(&clock.phase) {
            return Ok(None);
        }
        let learned = self.learned(clock.contract_id)?;
        let (known, as_of) = (self.view.known(), self.view.times().as_of);
        let outlook = outlook_of(&learned, clock, *incident, known, as_of);
        Ok(outlook.map(|outlook| (learned, outlook)))
    }

    /// The forecast of a clock alone, without a word about it, with the features of its incident.
    pub fn forecast<'h>(
        &self,
        clock: &Clock<'h>,
        incident: &IncidentFeatures<'h>,
    ) -> Result<Option<Forecast>, QueryError> {
        if !FORECAST_PHASES.contains(&clock.phase) {
            return Ok(None);
        }
        let learned = self.learned(clock.contract_id)?;
        let (known, as_of) = (self.view.known(), self.view.times().as_of);
        Ok(forecast_of(&learned, clock, *incident, known, as_of))
    }

    fn learned(&self, contract: &str) -> Result<Arc<Learned>, QueryError> {
        if let Some(learned) = self.learned.borrow().get(contract) {
            return Ok(Arc::clone(learned));
        }
        let learned = self.view.learned(contract)?;
        self.learned.borrow_mut().insert(contract.into(), Arc::clone(&learned));
        Ok(learned)
    }
}
