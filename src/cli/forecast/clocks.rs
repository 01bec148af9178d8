//! Forecasts of open clocks.

use prost_types::Timestamp;

use super::super::connection::Channel;
use super::arguments::Forecast;
use crate::cli::connection::refused;
use crate::cli::json;
use crate::cli::show::{Times, percent, phase, span, table};
use crate::codec::v1;
use crate::codec::v1::forecast_service_client::ForecastServiceClient;

/// Reasons shown for a clock.
const REASONS_LISTED: usize = 2;

pub(super) async fn run(arguments: Forecast) -> anyhow::Result<()> {
    let mut client = ForecastServiceClient::new(arguments.connection.open().await?);
    let what_if = what_if(&arguments);
    let as_it_is = match &what_if {
        Some(change) => Some(of_incident(&arguments, &change.incident_id, &mut client).await?),
        None => None,
    };
    let mut forecasts = query(request(&arguments, what_if), &mut client).await?;
    if !arguments.breached && as_it_is.is_none() {
        forecasts.retain(|forecast| !is_breached(forecast));
    }
    if arguments.json {
        forecasts.truncate(arguments.limit);
        let mut parts = vec![("forecasts", json::list(&forecasts, "slx.v1.ClockForecast")?)];
        if let Some(as_it_is) = &as_it_is {
            parts.push(("asItIs", json::list(as_it_is, "slx.v1.ClockForecast")?));
        }
        say!("{}", json::object(&parts));
        return Ok(());
    }
    let times = arguments.shown.times()?;
    if let Some(as_it_is) = &as_it_is {
        say!("As it is:\n\n{}\n", show(as_it_is, &times, arguments.limit));
        say!("As it would be; nothing is recorded.\n");
    }
    say!("{}", show(&forecasts, &times, arguments.limit));
    Ok(())
}

fn request(arguments: &Forecast, what_if: Option<v1::WhatIf>) -> v1::ForecastClocksRequest {
    v1::ForecastClocksRequest {
        tenant: arguments.connection.tenant.clone(),
        contract_id: arguments.contract.clone(),
        due_before: arguments.due_before,
        minimum_probability: arguments.at_least,
        what_if,
        as_of_time: arguments.read_times.as_of_time,
        known_time: arguments.read_times.known_time,
        ..Default::default()
    }
}

async fn query(
    request: v1::ForecastClocksRequest,
    client: &mut ForecastServiceClient<Channel>,
) -> anyhow::Result<Vec<v1::ClockForecast>> {
    let mut answers = client.forecast_clocks(request).await.map_err(refused)?.into_inner();
    let mut forecasts = Vec::new();
    while let Some(answer) = answers.message().await.map_err(refused)? {
        forecasts.extend(answer.forecasts);
    }
    Ok(forecasts)
}

/// The forecasts of an incident's clocks as it is now.
async fn of_incident(
    arguments: &Forecast,
    incident_id: &str,
    client: &mut ForecastServiceClient<Channel>,
) -> anyhow::Result<Vec<v1::ClockForecast>> {
    let mut forecasts = query(request(arguments, None), client).await?;
    let is_of = |clock: &v1::Clock| clock.incident_id == incident_id;
    forecasts.retain(|forecast| forecast.clock.as_ref().is_some_and(is_of));
    Ok(forecasts)
}

fn is_breached(forecast: &v1::ClockForecast) -> bool {
    forecast.clock.as_ref().is_some_and(|clock| clock.outcome() == v1::Outcome::Breached)
}

fn what_if(arguments: &Forecast) -> Option<v1::WhatIf> {
    Some(v1::WhatIf {
        incident_id: arguments.what_if.clone()?,
        effort_remaining: arguments.effort,
        wait_end_time: arguments.waits_until,
        priority: arguments.priority.clone().unwrap_or_default(),
    })
}

fn show(forecasts: &[v1::ClockForecast], times: &Times, most: usize) -> String {
    if forecasts.is_empty() {
        return "No clock is open.".to_owned();
    }
    let rows = forecasts.iter().take(most).map(|forecast| row(forecast, times));
    let headings = [
        "incident", "target", "priority", "phase", "due", "left", "breach", "stops", "start by",
        "idle", "why",
    ];
    let shown = table(&headings, &[5, 6, 9], rows.collect());
    let learnt = forecasts.first().map_or(0, |forecast| forecast.learnt_clocks);
    let more = match forecasts.len().saturating_sub(most) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    format!("{shown}{more}\n\n{learnt} decided clocks of the contract stand behind this.")
}

/// What is only probable is not shown to the second.
fn to_the_minute(time: Timestamp) -> Timestamp {
    Timestamp { seconds: time.seconds - time.seconds.rem_euclid(60), nanos: 0 }
}

fn row(forecast: &v1::ClockForecast, times: &Times) -> Vec<String> {
    let clock = forecast.clock.clone().unwrap_or_default();
    let idle = forecast.idle_work.then(|| format!("IDLE WORK: {}", forecast.idle_work_reason));
    let reasons = forecast
        .reasons
        .iter()
        .take(REASONS_LISTED)
        .map(|reason| format!("{} (odds x{:.1})", reason.text, reason.log_odds.exp()));
    vec![
        clock.incident_id.clone(),
        clock.target_id.clone(),
        clock.priority.clone(),
        phase(&clock),
        times.show(clock.due_time),
        span(clock.remaining),
        percent(forecast.breach_probability),
        times.show(forecast.stop_time_p50.map(to_the_minute)),
        times.show(forecast.latest_start_time),
        span(forecast.idle_time),
        idle.into_iter()
            .chain(Some(forecast.summary.clone()).filter(|_| !forecast.reasons.is_empty()))
            .chain(reasons)
            .collect::<Vec<_>>()
            .join("; "),
    ]
}
