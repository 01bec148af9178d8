//! Objectives that are forecast, each with how it stands and how its period will end.

use super::period_outlook::{AttainmentForecast, BudgetOutlook, PeriodOutlook};
use super::period_result::{ObjectiveResult, objective_results};
use crate::domain::time::{Instant, Span};

/// An objective that is forecast.
#[derive(Debug)]
pub struct ObjectiveOutlook<'o, 'c> {
    /// How it stands.
    pub result: ObjectiveResult<'c>,
    /// How its period will end; `None`: it is not on attainment.
    pub attainment: Option<&'o AttainmentForecast>,
    /// How the downtime it allows is used up; `None`: it is not on availability.
    pub budget: Option<BudgetUse>,
}

/// How the downtime that an availability allows is used up, in agreed service time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetUse {
    /// What is allowed.
    pub allowed: Span,
    /// What is left of it; negative: the objective is missed.
    pub left: Span,
    /// How many times as fast as allowed it was used up in the last day.
    pub burn_rate_short: Option<f64>,
    /// The same in the last seven days.
    pub burn_rate_long: Option<f64>,
    /// After which agreed time nothing is left if it goes on as in the last seven days.
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
