//! How the objectives of a period will end.

use super::arguments::{Forecast, IncidentKey};
use super::lag::say_lag;
use crate::cli::connection::refused;
use crate::cli::figures::dash;
use crate::cli::objectives::{found, promised};
use crate::cli::show::{percent, span, table};
use crate::codec::v1::forecast_service_client::ForecastServiceClient;
use crate::codec::{text, v1};

/// The most influential clocks that are listed.
const MOST_INFLUENTIAL_LISTED: usize = 5;

pub(super) async fn run(arguments: Forecast) -> anyhow::Result<()> {
    let read = arguments.read_times.in_zone(&arguments.shown)?;
    let request = v1::ForecastObjectivesRequest {
        tenant: arguments.connection.tenant.clone(),
        contract_id: arguments.contract,
        period: arguments.period.unwrap_or_default(),
        as_of_time: read.as_of_time,
        known_time: read.known_time,
        group_by: arguments.by.map_or(0, IncidentKey::number),
        ..Default::default()
    };
    let mut client = ForecastServiceClient::new(arguments.connection.open().await?);
    let answer = client.forecast_objectives(request).await.map_err(refused)?.into_inner();
    match arguments.json {
        true => say!("{}", text::to_json(&answer, "slx.v1.ForecastObjectivesResponse")?),
        false => {
            say!("{}", show(&answer, arguments.by));
            say_lag(answer.learnt, &arguments.shown.times()?)?;
        }
    }
    Ok(())
}

fn show(answer: &v1::ForecastObjectivesResponse, by: Option<IncidentKey>) -> String {
    let is_budget = |objective: &&v1::ObjectiveForecast| {
        let worded = objective.result.as_ref().and_then(|result| result.objective.as_ref());
        let promise = worded.and_then(|worded| worded.promise.as_ref());
        matches!(promise, Some(v1::objective::Promise::Availability(_)))
    };
    let attainments = answer.objectives.iter().filter(|objective| !is_budget(objective));
    let budgets = answer.objectives.iter().filter(is_budget);
    let groups = by.and_then(|by| of_groups(answer, by));
    let parts = [attained(attainments.collect()), used_up(budgets.collect()), groups];
    match parts.into_iter().flatten().collect::<Vec<_>>() {
        parts if parts.is_empty() => "No objective of the period can be forecast.".to_owned(),
        parts => parts.join("\n\n"),
    }
}

/// How an objective on attainment stands, and what is forecast of it.
fn attainment_cells(objective: &v1::ObjectiveForecast) -> Vec<String> {
    let (low, high) = (objective.attainment_low, objective.attainment_high);
    let [id, period, promised, found] = result(objective);
    let is_forecast = objective.state() == v1::ForecastState::GoesOn;
    let forecast = |text: String| if is_forecast { text } else { "-".to_owned() };
    vec![
        id,
        period,
        promised,
        found,
        missed(objective),
        forecast(format!("{:.1}%", 100.0 * objective.expected_attainment)),
        forecast(format!("{:.1}% to {:.1}%", 100.0 * low, 100.0 * high)),
        forecast(objective.allowance_left.to_string()),
    ]
}

fn attained(objectives: Vec<&v1::ObjectiveForecast>) -> Option<String> {
    let rows = objectives.iter().map(|objective| {
        let needs = [objective.needs.clone()];
        attainment_cells(objective).into_iter().chain(needs).collect()
    });
    let headings = [
        "objective",
        "period",
        "promised",
        "is",
        "missed",
        "expected",
        "nine in ten",
        "left",
        "needs",
    ];
    let shown = table(&headings, &[2, 3, 4, 5, 6, 7], rows.collect());
    let most_influential: Vec<_> =
        objectives.iter().filter_map(|objective| most_influential(objective)).collect();
    let parts: Vec<_> = [shown].into_iter().chain(most_influential).collect();
    (!objectives.is_empty()).then(|| parts.join("\n\n"))
}

/// The objectives on attainment of each group.
fn of_groups(answer: &v1::ForecastObjectivesResponse, by: IncidentKey) -> Option<String> {
    let cells = |group: &v1::ForecastGroup| {
        let value = [&group.service, &group.category, &group.group].map(String::as_str).concat();
        let rows = group.objectives.iter().map(move |objective| {
            [dash(&value)].into_iter().chain(attainment_cells(objective)).collect()
        });
        rows.collect::<Vec<Vec<String>>>()
    };
    let rows: Vec<_> = answer.groups.iter().flat_map(cells).collect();
    let key = by.heading();
    let headings =
        [key, "objective", "period", "promised", "is", "missed", "expected", "nine in ten", "left"];
    let is_any = !rows.is_empty();
    let shown = table(&headings, &[3, 4, 5, 6, 7, 8], rows);
    let left_out = match answer.groups_left_out {
        0 => String::new(),
        count => format!("\n{count} more with fewer clocks are left out."),
    };
    is_any.then(|| format!("If each {key} were promised the same alone:\n{shown}{left_out}"))
}

/// What is over is no probability, and what has not begun has none.
fn missed(objective: &v1::ObjectiveForecast) -> String {
    let result = objective.result.clone().unwrap_or_default();
    match (objective.state(), result.verdict()) {
        (v1::ForecastState::Decided, v1::ObjectiveVerdict::Missed) => "missed".to_owned(),
        (v1::ForecastState::Decided, v1::ObjectiveVerdict::Met) => "met".to_owned(),
        (v1::ForecastState::Decided, _) => "no data".to_owned(),
        (v1::ForecastState::ToCome, _) => "not begun".to_owned(),
        (v1::ForecastState::Beyond, _) => "goes on".to_owned(),
        _ => match objective.miss_probability {
            certain if certain > 1.0 - 1e-9 => "certainly".to_owned(),
            certain if certain <= 0.0 => "no".to_owned(),
            probability => percent(probability),
        },
    }
}

fn result(objective: &v1::ObjectiveForecast) -> [String; 4] {
    let result = objective.result.clone().unwrap_or_default();
    let worded = result.objective.clone().unwrap_or_default();
    let promised = worded.promise.as_ref().map_or_else(|| "-".to_owned(), promised);
    let period = result.period.as_ref().map_or("", |period| &period.name);
    let period = if period.is_empty() { "rolling days" } else { period };
    [worded.id, period.to_owned(), promised, found(&result)]
}

fn most_influential(objective: &v1::ObjectiveForecast) -> Option<String> {
    let rows = objective.most_influential.iter().take(MOST_INFLUENTIAL_LISTED).map(|clock| {
        let (late, met) = (clock.miss_probability_if_breached, clock.miss_probability_if_met);
        let (incident, target) = (clock.incident_id.clone(), clock.target_id.clone());
        let moves = format!("{:.0} points", 100.0 * (late - met));
        vec![incident, target, percent(clock.breach_probability), moves]
    });
    let rows: Vec<_> = rows.collect();
    let [id, period, ..] = result(objective);
    let headings = ["incident", "target", "breach", "moves it by"];
    let shown = table(&headings, &[2, 3], rows.clone());
    (!rows.is_empty())
        .then(|| format!("Most influential on whether {id} of {period} is missed:\n{shown}"))
}

fn used_up(objectives: Vec<&v1::ObjectiveForecast>) -> Option<String> {
    let rate =
        |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}x"));
    let rows = objectives.iter().map(|objective| {
        let budget = objective.error_budget.unwrap_or_default();
        let [id, period, promised, found] = result(objective);
        let is_known = objective.error_budget.is_some();
        let known = |text: String| if is_known { text } else { "-".to_owned() };
        vec![
            id,
            period,
            promised,
            found,
            missed_uptime(objective),
            known(span(budget.allowed)),
            known(span(budget.left)),
            rate(budget.burn_rate_short),
            rate(budget.burn_rate_long),
            span(budget.exhausted_after),
        ]
    });
    let headings = [
        "objective",
        "period",
        "promised",
        "is",
        "missed",
        "allowed",
        "left",
        "last day",
        "last week",
        "used up in",
    ];
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then(|| table(&headings, &[2, 3, 4, 5, 6, 7, 8, 9], rows))
}

/// Of an availability no probability is given: only whether it is missed already.
fn missed_uptime(objective: &v1::ObjectiveForecast) -> String {
    match objective.state() {
        v1::ForecastState::GoesOn => "-".to_owned(),
        _ => missed(objective),
    }
}
