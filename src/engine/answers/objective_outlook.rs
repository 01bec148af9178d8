//! The forecasts of a period's objectives, each with its present result.

use std::collections::{BTreeMap, BTreeSet};

use itertools::Itertools;

use super::compliance::{Attainment, GroupKey};
use super::period_outlook::{AttainmentForecast, BudgetOutlook, PeriodOutlook};
use super::period_result::{ObjectiveResult, joined, objective_results, of_group, to_come};
use crate::domain::compliance::Period;
use crate::domain::contract::Promise;
use crate::domain::time::{Instant, Span};

/// How many groups are forecast: those with the most clocks.
const GROUPS_MOST: usize = 200;

/// How far the period of an objective has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForecastState {
    /// It is over.
    Decided,
    /// It goes on.
    GoesOn,
    /// It has not begun.
    ToCome,
    /// It goes on beyond the requested period, which is over.
    Beyond,
}

/// An objective that is forecast.
#[derive(Debug)]
pub struct ObjectiveOutlook<'o, 'c> {
    /// Its present result.
    pub result: ObjectiveResult<'c>,
    /// How far its own period has come.
    pub state: ForecastState,
    /// The forecast of its period's end; `None`: it is not on attainment, or not forecast.
    pub attainment: Option<&'o AttainmentForecast>,
    /// The use of its error budget; `None`: it is not on availability, or its period has not begun.
    pub budget: Option<BudgetUse>,
}

/// The objectives of a period for a group of incidents.
#[derive(Debug)]
pub struct GroupOutlook<'o, 'c> {
    /// The group's value.
    pub value: &'o str,
    /// Those on attainment whose periods have begun, in the order of the contract.
    pub objectives: Vec<ObjectiveOutlook<'o, 'c>>,
}

/// The forecasts of a period: of the whole contract and of its groups.
#[derive(Debug)]
pub struct ForecastResult<'o, 'c> {
    /// The period.
    pub period: &'o Period,
    /// The objectives that are forecast, in the order of the contract and of time.
    pub objectives: Vec<ObjectiveOutlook<'o, 'c>>,
    /// What the groups have in common; `None`: there are none.
    pub grouped_by: Option<GroupKey>,
    /// The groups, by their values.
    pub groups: Vec<GroupOutlook<'o, 'c>>,
    /// How many groups are left out.
    pub groups_left_out: usize,
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

/// The objectives of a period that are forecast, and those of its groups.
pub fn forecast_result<'o, 'c>(
    outlook: &'o PeriodOutlook<'c>,
    as_of: Instant,
) -> ForecastResult<'o, 'c> {
    let groups = largest_groups(outlook);
    let of = |value: &'o str| GroupOutlook { value, objectives: of_one(outlook, value, as_of) };
    ForecastResult {
        period: &outlook.compliance.period,
        objectives: objective_outlooks(outlook, as_of),
        grouped_by: outlook.grouped_by,
        groups_left_out: outlook.groups.len() - groups.len(),
        groups: groups.into_iter().map(of).collect(),
    }
}

/// The groups with the most clocks, by their values.
fn largest_groups<'o>(outlook: &'o PeriodOutlook<'_>) -> BTreeSet<&'o str> {
    let size = |forecasts: &BTreeMap<usize, AttainmentForecast>| {
        let sizes = forecasts.values().map(|of| of.period.expected_decided);
        sizes.fold(0.0, f64::max)
    };
    let mut groups: Vec<_> =
        outlook.groups.iter().map(|(value, of)| (value.as_str(), size(of))).collect();
    groups.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    groups.into_iter().take(GROUPS_MOST).map(|(value, _)| value).collect()
}

fn objective_outlooks<'o, 'c>(
    outlook: &'o PeriodOutlook<'c>,
    as_of: Instant,
) -> Vec<ObjectiveOutlook<'o, 'c>> {
    let compliance = &outlook.compliance;
    let begun = objective_results(compliance, as_of).into_iter().map(|result| {
        let state = state(&result.period, &compliance.period, as_of);
        let is_shown = matches!(state, ForecastState::Decided | ForecastState::GoesOn);
        let budget = outlook.budgets.get(&result.place);
        ObjectiveOutlook {
            attainment: outlook.attainments.get(&result.place).filter(|_| is_shown),
            budget: budget.filter(|_| state != ForecastState::ToCome).map(BudgetUse::of),
            state,
            result,
        }
    });
    let later = compliance.to_come();
    let later = later.iter().map(|ruling| ObjectiveOutlook {
        result: to_come(ruling),
        state: ForecastState::ToCome,
        attainment: None,
        budget: None,
    });
    let mut all: Vec<_> = begun.chain(later).filter(is_forecast).collect();
    let mut ids: Vec<&str> = Vec::new();
    for outlook in &all {
        let id = outlook.result.objective.id.as_str();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let rank = |id: &str| ids.iter().position(|other| *other == id);
    all.sort_by_key(|of| (rank(&of.result.objective.id), of.result.period.start));
    all
}

/// Whether an objective is of a kind that is forecast.
fn is_forecast(outlook: &ObjectiveOutlook<'_, '_>) -> bool {
    let promise = &outlook.result.objective.promise;
    matches!(promise, Promise::Attainment(_) | Promise::Availability(_))
}

/// How far an objective's own period has come.
fn state(own: &Period, requested: &Period, as_of: Instant) -> ForecastState {
    if own.end <= as_of {
        ForecastState::Decided
    } else if as_of < own.start {
        ForecastState::ToCome
    } else if requested.end <= as_of {
        ForecastState::Beyond
    } else {
        ForecastState::GoesOn
    }
}

/// The objectives on attainment of one group.
fn of_one<'o, 'c>(
    outlook: &'o PeriodOutlook<'c>,
    value: &str,
    as_of: Instant,
) -> Vec<ObjectiveOutlook<'o, 'c>> {
    let forecasts = outlook.groups.get(value);
    let all = outlook.compliance.attainments.iter();
    let meant = all.filter(|on| on.promise().attainment().is_some());
    let by_place = meant.chunk_by(|on: &&Attainment<'c>| on.place);
    let results = by_place
        .into_iter()
        .filter_map(|(_, parts)| joined(parts.map(|on| of_group(on, value, as_of)).collect()));
    let outlooks = results.map(|result| {
        let state = state(&result.period, &outlook.compliance.period, as_of);
        let is_shown = matches!(state, ForecastState::Decided | ForecastState::GoesOn);
        let attainment = forecasts.and_then(|of| of.get(&result.place)).filter(|_| is_shown);
        ObjectiveOutlook { attainment, budget: None, state, result }
    });
    outlooks.filter(|of| of.state != ForecastState::ToCome).collect()
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
