//! The rows of `forecasts`.

use super::rows::{Rows, Visit};
use crate::codec::api::forecast::encode;
use crate::codec::tables::{ExportTable, FORECASTS, RowChange};
use crate::codec::v1::ClockForecast;
use crate::domain::clock::Clock;
use crate::engine::evaluate::Times;
use crate::engine::learning::Learned;
use crate::queries::forecasts::{self, ForecastQuery};
use crate::queries::{QueryError, Reading};

/// A row for each open clock of a contract, or ("") of all.
#[derive(Clone, Debug)]
pub(super) struct Forecasts(pub String);

impl Rows<ClockForecast> for Forecasts {
    fn table(&self) -> &'static ExportTable<ClockForecast> {
        &FORECASTS
    }

    fn each(
        &self,
        reading: Reading<'_>,
        visit: Visit<'_, ClockForecast>,
    ) -> Result<(), QueryError> {
        let view = reading.into_view();
        view.check_contract(&self.0)?;
        let contracts: Vec<String> = match self.0.as_str() {
            "" => view.known().contract_ids().map(str::to_owned).collect(),
            one => vec![one.to_owned()],
        };
        for contract_id in contracts {
            let wanted = ForecastQuery {
                contract_id: contract_id.into(),
                target_id: String::new().into(),
                priority: String::new(),
                incident_ids: Vec::new(),
                due_before: None,
                minimum_probability: 0.0,
                with_long_breached: true,
                what_if: None,
            };
            let Reading { view, index } = view.reading_at(view.times())?;
            let zones = view.zones().version().to_owned();
            let mut is_heard = true;
            let make = |learned: &Learned, incident: &str, clock: &Clock<'_>, outlook| {
                encode(learned, incident, clock, outlook, &zones)
            };
            forecasts::of_clocks(&view, index, &wanted, make, &mut |_, forecast| {
                is_heard = visit(forecast);
                is_heard
            })?;
            if !is_heard {
                break;
            }
        }
        Ok(())
    }

    fn each_change(
        &self,
        _: Reading<'_>,
        _: Times,
        _: &mut dyn FnMut(RowChange, ClockForecast) -> bool,
    ) -> Result<(), QueryError> {
        // Refused before: they rest on what was learnt, which is not kept for earlier times.
        Ok(())
    }
}
