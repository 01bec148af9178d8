//! Forecasts, as answers show them.

use super::clock;
use super::compliance::encode_objective;
use crate::codec::choices::forecast_state_number;
use crate::codec::scalar::{duration, encode_period, timestamp};
use crate::codec::v1;
use crate::domain::clock::Clock;
use crate::domain::experience::{Avoidable, Urgency};
use crate::domain::forecast::{Bin, Influence, MODEL_VERSION, Reason, STOP_QUANTILES, StopSums};
use crate::engine::answers::compliance::GroupKey;
use crate::engine::answers::objective_outlook::{
    BudgetUse, ForecastResult, GroupOutlook, ObjectiveOutlook,
};
use crate::engine::answers::outlook::Outlook;
use crate::engine::answers::period_outlook::{AttainmentForecast, OpenClockForecast};
use crate::engine::learning::{ForecastScore, Learned};

/// The message of an open clock and what is to be expected of it.
pub fn encode(
    learned: &Learned,
    incident_id: &str,
    clock: &Clock<'_>,
    outlook: Outlook,
    time_zone_database: &str,
) -> v1::ClockForecast {
    let stop = outlook.forecast.expected_stop.map(|stop| stop.time);
    let stop = stop.unwrap_or_default().map(|time| time.map(timestamp));
    let [stop_time_p10, stop_time_p50, stop_time_p90] = stop;
    let urgency = outlook.urgency.as_ref();
    let (decided, _) = learned.forecaster.model.history();
    v1::ClockForecast {
        clock: Some(clock::encode(incident_id, clock, time_zone_database, false)),
        breach_probability: outlook.forecast.breach_probability,
        stop_time_p10,
        stop_time_p50,
        stop_time_p90,
        latest_start_time: urgency.and_then(|u| u.latest_start_time).map(timestamp),
        slack: urgency.map(|urgency| duration(urgency.slack)),
        idle_time: Some(duration(outlook.idle_time)),
        idle_work: urgency.is_some_and(|urgency| urgency.has_idle_work),
        idle_work_reason: urgency.and_then(|urgency| urgency.reason()).unwrap_or_default(),
        reasons: outlook.reasons.into_iter().map(encode_reason).collect(),
        learnt_clocks: decided as i64,
        evidence: f64::from(outlook.forecast.evidence),
        alike_clocks: outlook.alike.clocks as i64,
        alike_breached: outlook.alike.breached as i64,
        summary: outlook.summary,
    }
}

/// The message of what is to be expected of an open clock, beside the clock.
pub fn encode_breach_forecast(learned: &Learned, outlook: &Outlook) -> v1::BreachForecast {
    let stop = outlook.forecast.expected_stop.map(|stop| stop.time);
    let [stop_time_p10, stop_time_p50, stop_time_p90] =
        stop.unwrap_or_default().map(|time| time.map(timestamp));
    let (decided, _) = learned.forecaster.model.history();
    v1::BreachForecast {
        probability: outlook.forecast.breach_probability,
        stop_time_p10,
        stop_time_p50,
        stop_time_p90,
        summary: outlook.summary.clone(),
        reasons: outlook.reasons.iter().map(|reason| reason.text.clone()).collect(),
        alike_clocks: outlook.alike.clocks as i64,
        alike_breached: outlook.alike.breached as i64,
        learnt_clocks: decided as i64,
        model_version: MODEL_VERSION as i32,
    }
}

fn encode_reason(reason: Reason) -> v1::ForecastReason {
    let Reason { text, log_odds, .. } = reason;
    v1::ForecastReason { text, log_odds: f64::from(log_odds) }
}

/// The message of how a period's objectives will end: those that are forecast.
pub fn encode_objective_outlooks(
    result: &ForecastResult<'_, '_>,
) -> v1::ForecastObjectivesResponse {
    let group = |outlook: &GroupOutlook<'_, '_>| encode_group(result.grouped_by, outlook);
    v1::ForecastObjectivesResponse {
        objectives: result.objectives.iter().map(encode_objective_outlook).collect(),
        period: Some(encode_period(result.period)),
        stamp: None,
        learnt: None,
        groups: result.groups.iter().map(group).collect(),
        groups_left_out: result.groups_left_out as i64,
        model_version: MODEL_VERSION as i32,
    }
}

fn encode_group(key: Option<GroupKey>, outlook: &GroupOutlook<'_, '_>) -> v1::ForecastGroup {
    let of = |wanted| match key == Some(wanted) {
        true => outlook.value.to_owned(),
        false => String::new(),
    };
    v1::ForecastGroup {
        service: of(GroupKey::Service),
        category: of(GroupKey::Category),
        group: of(GroupKey::Group),
        objectives: outlook.objectives.iter().map(encode_objective_outlook).collect(),
    }
}

fn encode_objective_outlook(outlook: &ObjectiveOutlook<'_, '_>) -> v1::ObjectiveForecast {
    v1::ObjectiveForecast {
        result: Some(encode_objective(&outlook.result)),
        error_budget: outlook.budget.as_ref().map(encode_budget),
        state: forecast_state_number(outlook.state),
        ..outlook.attainment.map(encode_attainment).unwrap_or_default()
    }
}

fn encode_attainment(forecast: &AttainmentForecast) -> v1::ObjectiveForecast {
    let period = &forecast.period;
    v1::ObjectiveForecast {
        result: None,
        miss_probability: period.miss_probability,
        expected_attainment: period.expected_attainment,
        attainment_low: period.attainment_interval.0,
        attainment_high: period.attainment_interval.1,
        expected_decided: period.expected_decided,
        allowance_left: period.allowance_left,
        most_influential: forecast
            .most_influential
            .iter()
            .map(|(clock, of)| encode_open_clock(clock, *of, period.miss_probability))
            .collect(),
        needs: forecast.needs.clone(),
        error_budget: None,
        state: 0,
    }
}

fn encode_open_clock(
    clock: &OpenClockForecast,
    of: Influence,
    missed: f64,
) -> v1::InfluentialClock {
    v1::InfluentialClock {
        incident_id: clock.clock.incident_id.to_string(),
        target_id: clock.clock.target_id.to_string(),
        breach_probability: clock.breach_probability,
        miss_probability_saved: missed - of.if_met,
        miss_probability_if_breached: of.if_breached,
        miss_probability_if_met: of.if_met,
    }
}

fn encode_budget(budget: &BudgetUse) -> v1::ErrorBudget {
    v1::ErrorBudget {
        allowed: Some(duration(budget.allowed)),
        left: Some(duration(budget.left)),
        burn_rate_short: budget.burn_rate_short,
        burn_rate_long: budget.burn_rate_long,
        exhausted_after: budget.exhausted_after.map(duration),
    }
}

/// The message of how forecasts turned out.
pub fn encode_score(score: &ForecastScore) -> v1::ForecastQuality {
    v1::ForecastQuality {
        forecasts: score.forecasts as i64,
        clocks: score.clocks as i64,
        base_rate: score.base_rate,
        brier_score: score.brier,
        skill: score.skill,
        log_loss: score.log_loss,
        calibration_error: score.calibration_error,
        calibration: score.calibration.iter().map(encode_bin).collect(),
        model_version: MODEL_VERSION as i32,
        stop_coverage: encode_stop_coverage(&score.stops),
    }
}

fn encode_stop_coverage(stops: &StopSums) -> Vec<v1::StopCoverage> {
    if stops.forecasts == 0 {
        return Vec::new();
    }
    let coverage = |(quantile, held): (f64, u64)| v1::StopCoverage {
        percent: (100.0 * quantile).round() as i32,
        forecasts: stops.forecasts as i64,
        held: held as i64,
        share: held as f64 / stops.forecasts as f64,
    };
    STOP_QUANTILES.into_iter().zip(stops.held).map(coverage).collect()
}

fn encode_bin(bin: &Bin) -> v1::CalibrationRow {
    v1::CalibrationRow {
        forecasts: bin.forecasts as i64,
        predicted: bin.predicted,
        observed: bin.observed,
    }
}

/// The message of how a clock stands, or stood, against the work that was estimated.
pub fn encode_work(
    clock: &Clock<'_>,
    urgency: Option<&Urgency>,
    avoidable: Option<&Avoidable>,
) -> Option<v1::ClockWork> {
    let named = v1::ClockWork {
        contract_id: clock.contract_id.to_owned(),
        target_id: clock.target_id.to_owned(),
        cycle: clock.cycle as i32,
        ..Default::default()
    };
    match (urgency, avoidable) {
        (Some(urgency), _) => Some(v1::ClockWork {
            effort: Some(duration(urgency.effort_remaining)),
            latest_start_time: urgency.latest_start_time.map(timestamp),
            slack: Some(duration(urgency.slack)),
            idle_time: Some(duration(urgency.idle_time)),
            idle_work: urgency.has_idle_work,
            reason: urgency.reason().unwrap_or_default(),
            ..named
        }),
        (None, Some(avoidable)) => Some(v1::ClockWork {
            effort: Some(duration(avoidable.effort)),
            ready_time: Some(timestamp(avoidable.ready_time)),
            avoidable_time: Some(duration(avoidable.lost_time)),
            idle_work: avoidable.has_idle_work(),
            reason: avoidable.reason(),
            ..named
        }),
        (None, None) => None,
    }
}
