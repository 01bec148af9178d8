//! How the objectives of a contract stand now: by what has been decided, and by forecast.
//!
//! It costs a forecast of the year that goes on, by its open clocks and the days of its tallies;
//! and in the first day after a year that of the one before too.

use std::collections::{BTreeMap, BTreeSet};

use super::{QueryError, Reading, period_forecasts};
use crate::domain::compliance::LocalDays;
use crate::domain::time::Span;
use crate::engine::answers::objective_outlook::{ForecastState, ObjectiveOutlook, forecast_result};
use crate::engine::objective_states::{ObjectiveKey, ObjectiveLook};

/// For so long an ended period is looked at yet.
const LATER: Span = Span::from_hours(24);

/// How the objectives on attainment and availability of a contract stand, in their periods of now
/// and of a day ago; and what `report` makes of each.
///
/// # Errors
/// When the contract is unknown, or the view can't be read.
pub fn look<T>(
    reading: Reading<'_>,
    contract: &str,
    report: impl Fn(&ObjectiveOutlook<'_, '_>) -> T,
) -> Result<BTreeMap<ObjectiveKey, ObjectiveLook<T>>, QueryError> {
    let Reading { view, index } = reading;
    drop(index);
    view.check_contract(contract)?;
    let as_of = view.times().as_of;
    let days = view.known().local_days(contract);
    let later = as_of.checked_add(-LATER).unwrap_or(as_of);
    // A year holds the months and quarters in it.
    let year = |days: &LocalDays, time| days.date(time).format("%Y").to_string();
    let years: BTreeSet<String> =
        days.iter().flat_map(|days| [year(days, later), year(days, as_of)]).collect();
    let mut looks = BTreeMap::new();
    for period in &years {
        let Reading { view, index } = view.reopened()?;
        let outlook = period_forecasts::evaluate(&view, index, (contract, period), None)?;
        for objective in forecast_result(&outlook, as_of).objectives {
            let is_of_now = objective.result.period.end > later;
            let has_begun =
                matches!(objective.state, ForecastState::Decided | ForecastState::GoesOn);
            if is_of_now && has_begun {
                let key = ObjectiveKey {
                    contract_id: contract.into(),
                    objective_id: objective.result.objective.id.to_string(),
                    period_start: objective.result.period.start.nanos(),
                };
                looks.insert(key, look_at(&objective, report(&objective)));
            }
        }
    }
    Ok(looks)
}

fn look_at<T>(objective: &ObjectiveOutlook<'_, '_>, report: T) -> ObjectiveLook<T> {
    ObjectiveLook {
        verdict: objective.result.verdict,
        miss_probability: miss_probability(objective),
        period: objective.result.period.clone(),
        report,
    }
}

/// The probability that an objective's period misses it; of an availability, whether its error
/// budget does not last at the rate of the last seven days.
fn miss_probability(objective: &ObjectiveOutlook<'_, '_>) -> f64 {
    let runs_out = objective.budget.as_ref().is_some_and(|budget| budget.exhausted_after.is_some());
    match objective.attainment {
        Some(forecast) => forecast.period.miss_probability,
        None if runs_out => 1.0,
        None => 0.0,
    }
}
