//! The forecasts of a period's objectives, each with its present result.

use super::period_outlook::{AttainmentForecast, BudgetOutlook, PeriodOutlook};
use super::period_result::{ObjectiveResult, objective_results};
use crate::domain::time::{Instant, Span};

/// An objective that is forecast.
#[derive(Debug)]
pub struct ObjectiveOutlook<'o, 'c> {
    /// Its present result.
    pub result: ObjectiveResult<'c>,
    /// The forecast of its period's end; `None`: it is not on attainment.
    pub attainment: Option<&'o AttainmentForecast>,
    /// The use of its error budget; `None`: it is not on availability.
    pub budget: Option<BudgetUse>,
}

/// The use of an availability objective's error budget, in agreed service time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetUse {
    /// The downtime allowed in the whole period.
    pub allowed: Span,
    /// The allowed downtime less that so far; negative when the objective is missed.
    pub left: Span,
    /// The burn rate of the last day: at 1 the budget lasts exactly the period.
    pub burn_rate_short: Option<f64>,
    /// The burn rate of the last seven days.
    pub burn_rate_long: Option<f64>,
    /// The agreed service time after which the budget is used up if it goes on as in the last seven
    /// days.
    pub exhausted_after: Option<Span>,
}

/// The objectives of a period that are forecast, in the order of the contract.
pub fn objective_outlooks<'o, 'c>(
    outlook: &'o PeriodOutlook<'c>,
    as_of: Instant,
) -> Vec<ObjectiveOutlook<'o, 'c>> {
    let results = objective_results(&outlook.compliance, as_of).into_iter();
    let outlooks = results.map(|result| ObjectiveOutlook {
        attainment: outlook.attainments.get(&result.place),
        budget: outlook.budgets.get(&result.place).map(BudgetUse::of),
        result,
    });
    outlooks.filter(|outlook| outlook.attainment.is_some() || outlook.budget.is_some()).collect()
}

impl BudgetUse {
    fn of(outlook: &BudgetOutlook) -> BudgetUse {
        let BudgetOutlook { budget, short, long } = *outlook;
        BudgetUse {
            allowed: budget.whole(),
            left: budget.left(),
            burn_rate_short: short.and_then(|window| budget.burn_rate(window)),
            burn_rate_long: long.and_then(|window| budget.burn_rate(window)),
            exhausted_after: long.and_then(|window| budget.exhausted_after(window)),
        }
    }
}
