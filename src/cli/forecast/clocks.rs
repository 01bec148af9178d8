//! Forecasts of open clocks.

use prost_types::{Duration, Timestamp};

use super::super::connection::Channel;
use super::arguments::Forecast;
use super::lag::say_lag;
use crate::cli::breach_forecast::{NOTHING_LEARNT, minute, why};
use crate::cli::connection::refused;
use crate::cli::json;
use crate::cli::show::{Times, counted, percent, phase, span, table};
use crate::codec::v1::forecast_service_client::ForecastServiceClient;
use crate::codec::{text, v1};

/// Reasons shown with a clock in a list; `slx incident` shows all.
const REASONS_LISTED: usize = 1;

/// The headings of a clock, without the incident and the reasons.
const HEADINGS: [&str; 9] =
    ["target", "priority", "phase", "due", "left", "breach", "stops", "start by", "idle"];

pub(super) async fn run(arguments: Forecast) -> anyhow::Result<()> {
    let mut client = ForecastServiceClient::new(arguments.connection.open().await?);
    match what_if(&arguments)? {
        Some(change) => think(&arguments, change, &mut client).await,
        None => list(&arguments, &mut client).await,
    }
}

/// Lists open clocks: first those within their limits, then those that are late.
async fn list(
    arguments: &Forecast,
    client: &mut ForecastServiceClient<Channel>,
) -> anyhow::Result<()> {
    let request = v1::ForecastClocksRequest {
        incident_ids: arguments.incident.clone(),
        priority: arguments.priority.clone().unwrap_or_default(),
        ..request(arguments)?
    };
    let mut answer = query(request, client).await?;
    answer.forecasts.sort_by_key(|forecast| {
        let breach = forecast.clock.as_ref().and_then(|clock| clock.breach_time);
        breach.map(|time| (-time.seconds, -time.nanos))
    });
    if !arguments.json {
        let times = arguments.shown.times()?;
        say!("{}", show(&answer, arguments, &times));
        return say_lag(answer.learnt, &times);
    }
    answer.forecasts.truncate(arguments.limit);
    let left_out = format!("\"{}\"", answer.long_breached_clocks);
    let parts = [("longBreachedClocks", left_out)];
    say_json(&answer.forecasts, parts, answer.learnt)
}

/// Shows an incident's clocks as they are beside how they would be.
async fn think(
    arguments: &Forecast,
    change: v1::WhatIf,
    client: &mut ForecastServiceClient<Channel>,
) -> anyhow::Result<()> {
    let incident_ids = vec![change.incident_id.clone()];
    let present = v1::ForecastClocksRequest { incident_ids, ..request(arguments)? };
    let present = query(present, client).await?.forecasts;
    let supposed = v1::ForecastClocksRequest { what_if: Some(change), ..request(arguments)? };
    let v1::ForecastClocksResponse { forecasts, learnt, .. } = query(supposed, client).await?;
    if arguments.json {
        let as_it_is = json::list(&present, "slx.v1.ClockForecast")?;
        return say_json(&forecasts, [("asItIs", as_it_is)], learnt);
    }
    let times = arguments.shown.times()?;
    say!("{}", compare(&present, &forecasts, &times));
    say_lag(learnt, &times)
}

/// Prints forecasts as one document, with what goes with them and how far is learnt.
fn say_json<const PARTS: usize>(
    forecasts: &[v1::ClockForecast],
    with: [(&str, String); PARTS],
    learnt: Option<v1::Learnt>,
) -> anyhow::Result<()> {
    let mut parts = vec![("forecasts", json::list(forecasts, "slx.v1.ClockForecast")?)];
    parts.extend(with);
    if let Some(learnt) = &learnt {
        parts.push(("learnt", text::to_json(learnt, "slx.v1.Learnt")?));
    }
    say!("{}", json::object(&parts));
    Ok(())
}

fn request(arguments: &Forecast) -> anyhow::Result<v1::ForecastClocksRequest> {
    let read = arguments.read_times.in_zone(&arguments.shown)?;
    Ok(v1::ForecastClocksRequest {
        tenant: arguments.connection.tenant.clone(),
        contract_id: arguments.contract.clone(),
        target_id: arguments.target.clone(),
        due_before: arguments.shown.instant(arguments.due_before)?,
        minimum_probability: arguments.at_least,
        with_long_breached: arguments.all,
        as_of_time: read.as_of_time,
        known_time: read.known_time,
        ..Default::default()
    })
}

/// The messages of an answer as though they were one.
async fn query(
    request: v1::ForecastClocksRequest,
    client: &mut ForecastServiceClient<Channel>,
) -> anyhow::Result<v1::ForecastClocksResponse> {
    let mut answers = client.forecast_clocks(request).await.map_err(refused)?.into_inner();
    let mut all = v1::ForecastClocksResponse::default();
    while let Some(answer) = answers.message().await.map_err(refused)? {
        all.forecasts.extend(answer.forecasts);
        all.long_breached_clocks = answer.long_breached_clocks;
        all.learnt = answer.learnt;
    }
    Ok(all)
}

fn what_if(arguments: &Forecast) -> anyhow::Result<Option<v1::WhatIf>> {
    let Some(incident_id) = arguments.what_if.clone() else { return Ok(None) };
    Ok(Some(v1::WhatIf {
        incident_id,
        effort_remaining: arguments.effort,
        wait_end_time: arguments.shown.instant(arguments.waits_until)?,
        priority: arguments.priority.clone().unwrap_or_default(),
    }))
}

fn show(answer: &v1::ForecastClocksResponse, arguments: &Forecast, times: &Times) -> String {
    let most = arguments.limit;
    let forecasts = answer.forecasts.as_slice();
    let mut parts = Vec::new();
    if forecasts.is_empty() {
        parts.push(nothing(arguments));
    } else {
        let rows = forecasts.iter().take(most).map(|forecast| {
            let incident = clock(forecast).incident_id;
            [vec![incident], row(forecast, times), vec![reason(forecast)]].concat()
        });
        let headings = [&["incident"], &HEADINGS[..], &["why"]].concat();
        parts.push(table(&headings, &[5, 6, 9], rows.collect()));
    }
    if let Some(more @ 1..) = forecasts.len().checked_sub(most) {
        parts.push(format!("and {more} more: see --limit."));
    }
    parts.extend(left_out(answer.long_breached_clocks));
    parts.extend(learnt(forecasts));
    parts.join("\n\n")
}

fn nothing(arguments: &Forecast) -> String {
    let is_filtered = arguments.due_before.is_some()
        || arguments.at_least > 0.0
        || !arguments.target.is_empty()
        || arguments.priority.is_some();
    match arguments.incident.as_slice() {
        [] if is_filtered => "No such clock is open.".to_owned(),
        [] => "No clock is open.".to_owned(),
        ids => format!("No such clock of {} is open.", ids.join(", ")),
    }
}

fn left_out(clocks: i64) -> Option<String> {
    let have = if clocks == 1 { "has" } else { "have" };
    let counted = counted(clocks, "open clock");
    (clocks > 0).then(|| {
        format!("{counted} {have} been late for more than seven days: --all lists every one.")
    })
}

fn learnt(forecasts: &[v1::ClockForecast]) -> Option<String> {
    forecasts.first().map(|forecast| match forecast.learnt_clocks {
        0 => format!("{}.", capitalized(NOTHING_LEARNT)),
        learnt => format!("Learnt from {} of the contract.", counted(learnt, "decided clock")),
    })
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// The clocks of an incident, each as it is and as it would be, and why it would be so.
fn compare(present: &[v1::ClockForecast], supposed: &[v1::ClockForecast], times: &Times) -> String {
    let cases = [(0, "as it is", present), (1, "what if", supposed)];
    let rows = cases.iter().flat_map(|(order, case, forecasts)| {
        forecasts.iter().map(move |forecast| {
            let clock = clock(forecast);
            let place = (clock.target_id, clock.cycle, *order);
            (place, [vec![(*case).to_owned()], row(forecast, times)].concat())
        })
    });
    let mut rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return "No clock of it is open, and none would be.".to_owned();
    }
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let headings = [&[""], &HEADINGS[..]].concat();
    let shown = table(&headings, &[5, 6, 9], rows.into_iter().map(|(_, row)| row).collect());
    let why = supposed.iter().map(|forecast| {
        let reasons = forecast.reasons.iter().map(|reason| reason.text.as_str());
        format!("{}, what if:\n{}", clock(forecast).target_id, why(&forecast.summary, reasons))
    });
    let parts = [shown].into_iter().chain(why).chain(["Nothing is recorded.".to_owned()]);
    parts.chain(learnt(supposed)).collect::<Vec<_>>().join("\n\n")
}

fn clock(forecast: &v1::ClockForecast) -> v1::Clock {
    forecast.clock.clone().unwrap_or_default()
}

/// A clock under [`HEADINGS`].
fn row(forecast: &v1::ClockForecast, times: &Times) -> Vec<String> {
    let clock = clock(forecast);
    let at = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |t| minute(t, times));
    let idle = forecast.idle_time.filter(|idle| idle.seconds >= 60);
    vec![
        clock.target_id.clone(),
        clock.priority.clone(),
        phase(&clock),
        at(clock.due_time),
        clock.remaining.map_or_else(|| "-".to_owned(), left),
        match clock.outcome() {
            v1::Outcome::Breached => "late".to_owned(),
            _ => percent(forecast.breach_probability),
        },
        at(forecast.stop_time_p50),
        at(forecast.latest_start_time),
        span(idle.map(whole_minutes)),
    ]
}

/// What is left of a limit, to the minute.
fn left(remaining: Duration) -> String {
    match (remaining.seconds / 60, remaining.seconds, remaining.nanos) {
        (0, 0, 0) => "none".to_owned(),
        (0, 0.., 0..) => "<1m".to_owned(),
        (0, _, _) => "-<1m".to_owned(),
        _ => span(Some(whole_minutes(remaining))),
    }
}

/// A duration without its seconds.
fn whole_minutes(duration: Duration) -> Duration {
    Duration { seconds: duration.seconds - duration.seconds % 60, nanos: 0 }
}

/// Why, in a line.
fn reason(forecast: &v1::ClockForecast) -> String {
    let idle = forecast.idle_work.then(|| format!("IDLE WORK: {}", forecast.idle_work_reason));
    let reasons = forecast.reasons.iter().take(REASONS_LISTED).map(|reason| reason.text.clone());
    let parts = idle.into_iter().chain([forecast.summary.clone()]).chain(reasons);
    parts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
