//! How the objectives of a period will end.

use super::arguments::Forecast;
use super::lag::say_lag;
use crate::cli::connection::refused;
use crate::cli::objectives::{found, promised};
use crate::cli::show::{percent, span, table};
use crate::codec::v1::forecast_service_client::ForecastServiceClient;
use crate::codec::{text, v1};

/// The most influential clocks that are listed.
const MOST_INFLUENTIAL_LISTED: usize = 5;

pub(super) async fn run(arguments: Forecast) -> anyhow::Result<()> {
    let request = v1::ForecastObjectivesRequest {
        tenant: arguments.connection.tenant.clone(),
        contract_id: arguments.contract,
        period: arguments.period.unwrap_or_default(),
        as_of_time: arguments.read_times.as_of_time,
        known_time: arguments.read_times.known_time,
        ..Default::default()
    };
    let mut client = ForecastServiceClient::new(arguments.connection.open().await?);
    let answer = client.forecast_objectives(request).await.map_err(refused)?.into_inner();
    match arguments.json {
        true => say!("{}", text::to_json(&answer, "slx.v1.ForecastObjectivesResponse")?),
        false => {
            say!("{}", show(&answer));
            say_lag(answer.learnt, &arguments.shown.times()?)?;
        }
    }
    Ok(())
}

fn show(answer: &v1::ForecastObjectivesResponse) -> String {
    let is_budget = |objective: &&v1::ObjectiveForecast| objective.error_budget.is_some();
    let attainments = answer.objectives.iter().filter(|objective| !is_budget(objective));
    let budgets = answer.objectives.iter().filter(is_budget);
    let parts = [attained(attainments.collect()), used_up(budgets.collect())];
    match parts.into_iter().flatten().collect::<Vec<_>>() {
        parts if parts.is_empty() => "No objective of the period can be forecast.".to_owned(),
        parts => parts.join("\n\n"),
    }
}

fn attained(objectives: Vec<&v1::ObjectiveForecast>) -> Option<String> {
    let rows = objectives.iter().map(|objective| {
        let (low, high) = (objective.attainment_low, objective.attainment_high);
        let [id, promised, found] = result(objective);
        vec![
            id,
            promised,
            found,
            missed(objective.miss_probability),
            format!("{:.1}%", 100.0 * objective.expected_attainment),
            format!("{:.1}% to {:.1}%", 100.0 * low, 100.0 * high),
            objective.allowance_left.to_string(),
            objective.needs.clone(),
        ]
    });
    let headings =
        ["objective", "promised", "is", "missed", "expected", "nine in ten", "left", "needs"];
    let shown = table(&headings, &[1, 2, 3, 4, 5, 6], rows.collect());
    let most_influential: Vec<_> =
        objectives.iter().filter_map(|objective| most_influential(objective)).collect();
    let parts: Vec<_> = [shown].into_iter().chain(most_influential).collect();
    (!objectives.is_empty()).then(|| parts.join("\n\n"))
}

/// A certain end is no probability.
fn missed(probability: f64) -> String {
    match probability {
        certain if certain > 1.0 - 1e-9 => "yes".to_owned(),
        certain if certain <= 0.0 => "no".to_owned(),
        probability => percent(probability),
    }
}

fn result(objective: &v1::ObjectiveForecast) -> [String; 3] {
    let result = objective.result.clone().unwrap_or_default();
    let worded = result.objective.clone().unwrap_or_default();
    let promised = worded.promise.as_ref().map_or_else(|| "-".to_owned(), promised);
    [worded.id, promised, found(&result)]
}

fn most_influential(objective: &v1::ObjectiveForecast) -> Option<String> {
    let rows = objective.most_influential.iter().take(MOST_INFLUENTIAL_LISTED).map(|clock| {
        let (breach, saved) = (clock.breach_probability, clock.miss_probability_saved);
        let (incident, target) = (clock.incident_id.clone(), clock.target_id.clone());
        vec![incident, target, percent(breach), percent(saved)]
    });
    let rows: Vec<_> = rows.collect();
    let [id, ..] = result(objective);
    let headings = ["incident", "target", "breach", "saves"];
    (!rows.is_empty())
        .then(|| format!("Most influential on {id}:\n{}", table(&headings, &[2, 3], rows)))
}

fn used_up(objectives: Vec<&v1::ObjectiveForecast>) -> Option<String> {
    let rate =
        |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}x"));
    let rows = objectives.iter().map(|objective| {
        let budget = objective.error_budget.unwrap_or_default();
        let [id, promised, found] = result(objective);
        vec![
            id,
            promised,
            found,
            span(budget.allowed),
            span(budget.left),
            rate(budget.burn_rate_short),
            rate(budget.burn_rate_long),
            span(budget.exhausted_after),
        ]
    });
    let headings =
        ["objective", "promised", "is", "allowed", "left", "last day", "last week", "used up in"];
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then(|| table(&headings, &[1, 2, 3, 4, 5, 6, 7], rows))
}
