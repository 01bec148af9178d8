//! Forecasts of 100,000 open clocks over the wire, after some thousand that were decided.

use std::path::Path;
use std::time::{Duration, Instant as Stopwatch};

use chrono::Utc;
use slx::codec::v1;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use slx::codec::v1::forecast_service_client::ForecastServiceClient;
use tonic::transport::Channel;

use super::facts::TENANT;
use super::pace::{TURNS, a_second, percent};
use super::process::Server;
use super::{backlog, echo, pace};

/// Two clocks each.
const INCIDENTS_OPEN: u64 = 50_000;
const INCIDENTS_ENDED: u64 = 3_000;
const EVENTS_PER_REQUEST: usize = 500;
const FORECASTS_PER_SECOND_TO_REACH: u64 = 100_000;

/// The first answer learns; then, how fast all is forecast, next to an echo of the same messages.
pub async fn forecast(data: &Path) {
    let server = Server::start(data);
    server.first_answer().await;
    server.put_terms().await;
    let channel = pace::channel(server.address);
    put_contract(&channel).await;
    describe(&channel).await;
    await_filing(&channel).await;
    forecast_clocks(&server, &channel).await;
    forecast_objectives(&server, &channel).await;
}

async fn put_contract(channel: &Channel) {
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(backlog::contract()),
        ..Default::default()
    };
    let put = ContractServiceClient::new(channel.clone()).put_contract(request).await;
    put.expect("the contract is put");
}

/// Reports all incidents at once, as an import does. They end now: what is known now, as of now,
/// is what a service desk queries.
async fn describe(channel: &Channel) {
    let now = Utc::now().timestamp();
    let ended = (0..INCIDENTS_ENDED).flat_map(|incident| backlog::ended(incident, now));
    let open = (0..INCIDENTS_OPEN).flat_map(|incident| backlog::open(incident, now));
    let events: Vec<_> = ended.chain(open).collect();
    for events in events.chunks(EVENTS_PER_REQUEST) {
        let request = v1::RecordEventsRequest { tenant: TENANT.into(), events: events.to_vec() };
        let answer = pace::incidents(channel.clone()).record_events(request).await;
        for result in answer.expect("an answer").into_inner().results {
            assert_eq!(result.outcome, v1::RecordOutcome::Accepted as i32, "{result:?}");
        }
    }
}

/// The first answer about clocks comes once all are indexed.
async fn await_filing(channel: &Channel) {
    let request = v1::ListClocksRequest {
        tenant: TENANT.into(),
        contract_id: backlog::CONTRACT.into(),
        page_size: 1,
        ..Default::default()
    };
    pace::clocks(channel.clone()).list_clocks(request).await.expect("a page");
}

async fn forecast_clocks(server: &Server, channel: &Channel) {
    println!("\nForecastClocks of all open clocks, after {} decided ones", INCIDENTS_ENDED * 2);
    println!(
        "| open clocks | first, learning | forecasts/s | to reach | echo/s | share | server's µs | \
         megabytes before | at most |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let resident = server.megabytes_from_now_on();
    let (forecasts, first, message) = forecast_all(channel.clone()).await;
    assert_eq!(forecasts, INCIDENTS_OPEN * 2);
    let echo = pace::channel(echo::start_forecasts(message, forecasts));
    let (mut rate, mut ceiling, mut least) = (0, 0, Duration::MAX);
    for _ in 0..TURNS {
        let (echoed, elapsed, _) = forecast_all(echo.clone()).await;
        ceiling = a_second(echoed, elapsed).max(ceiling);
        let before = server.processor_time();
        let (reported, elapsed, _) = forecast_all(channel.clone()).await;
        rate = a_second(reported, elapsed).max(rate);
        least = least.min(server.processor_time() - before);
    }
    let (_, most) = server.megabytes();
    let (share, cost) = (percent(rate, ceiling), least.as_secs_f64() * 1e6 / forecasts as f64);
    println!(
        "| {forecasts} | {first:.2?} | {rate} | {FORECASTS_PER_SECOND_TO_REACH} | {ceiling} | \
         {share} % | {cost:.1} | {resident} | {most} |"
    );
}

/// Takes in all forecasts: how many, in which time, and the first message.
async fn forecast_all(channel: Channel) -> (u64, Duration, v1::ForecastClocksResponse) {
    let request = v1::ForecastClocksRequest {
        tenant: TENANT.into(),
        contract_id: backlog::CONTRACT.into(),
        ..Default::default()
    };
    let started = Stopwatch::now();
    let mut client = ForecastServiceClient::new(channel);
    let mut answers = client.forecast_clocks(request).await.expect("forecasts").into_inner();
    let first = answers.message().await.expect("forecasts").expect("a message");
    let mut forecasts = first.forecasts.len() as u64;
    while let Some(message) = answers.message().await.expect("forecasts") {
        forecasts += message.forecasts.len() as u64;
    }
    (forecasts, started.elapsed(), first)
}

async fn forecast_objectives(server: &Server, channel: &Channel) {
    println!("\nForecastObjectives of the running month; the objective covers half of the clocks");
    println!("| open clocks | best of {TURNS} | megabytes | at most |");
    println!("| ---: | ---: | ---: | ---: |");
    let mut best = Duration::MAX;
    for _ in 0..TURNS {
        let request = v1::ForecastObjectivesRequest {
            tenant: TENANT.into(),
            contract_id: backlog::CONTRACT.into(),
            period: Utc::now().format("%Y-%m").to_string(),
            ..Default::default()
        };
        let requested = Stopwatch::now();
        let mut client = ForecastServiceClient::new(channel.clone());
        let answer = client.forecast_objectives(request).await.expect("an answer").into_inner();
        best = best.min(requested.elapsed());
        assert_eq!(answer.objectives.len(), 1);
    }
    let (resident, most) = server.megabytes();
    println!("| {} | {best:.2?} | {resident} | {most} |", INCIDENTS_OPEN * 2);
}
