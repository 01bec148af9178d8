//! What a client waits that records and evaluates while others ask for much.

use std::path::Path;
use std::time::{Duration, Instant};

use slx::codec::v1;
use slx::codec::v1::compliance_service_client::ComplianceServiceClient;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tonic::Status;
use tonic::transport::Channel;

use super::facts::{self, TENANT};
use super::pace;
use super::process::Server;

/// So many events an incident.
const EVENTS: u64 = 25;
const ROUND: Duration = Duration::from_secs(5);
const INCIDENTS_PER_ROUND: u64 = 100_000_000;
/// Incidents that reviews and exports are about.
const REVIEWED: u64 = 20_000;
const CROWD: usize = 8;

/// Reviews and exports, over and over; how many were answered.
async fn ask_for_much(channel: Channel, until: Instant) -> u64 {
    let mut compliance = ComplianceServiceClient::new(channel);
    let mut answered = 0;
    while Instant::now() < until {
        let review = v1::GetServiceReviewRequest {
            tenant: TENANT.into(),
            contract_id: "workplace".into(),
            period: "2025-06".into(),
            ..Default::default()
        };
        let reviewed = compliance.get_service_review(review).await.map(drop);
        let export = v1::ExportClocksRequest { tenant: TENANT.into(), ..Default::default() };
        let exported: Result<(), Status> = match compliance.export_clocks(export).await {
            Ok(rows) => rows.into_inner().map(|row| row.map(drop)).collect().await,
            Err(status) => Err(status),
        };
        answered += [reviewed, exported].iter().filter(|done| done.is_ok()).count() as u64;
    }
    answered
}

/// What a client waits that records and evaluates, alone and beside reviews and exports.
pub async fn beside(data: &Path) {
    let server = Server::start(data);
    server.first_answer().await;
    server.put_terms().await;
    let channels = pace::channels(server.address);
    let step = channels.len() as u64;
    let tale = |number| pace::Tale {
        first: number,
        step,
        events: 6,
        open_every: None,
        order: pace::Order::Scattered,
    };
    let until = pace::Until::Sent(REVIEWED / channels.len() as u64 * 6);
    pace::stream(&channels, tale, 250, until).await;
    println!("An incident recorded and evaluated, {REVIEWED} others being reviewed and exported");
    println!("| beside | calls | ms: half | 99 % | reviews and exports |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    // With one of them a core is left, which may help it; of eight, most wait.
    for crowd in [0, 1, CROWD] {
        let until = Instant::now() + ROUND;
        let asking: JoinSet<_> =
            (0..crowd).map(|_| ask_for_much(pace::channel(server.address), until)).collect();
        let mut calls = Vec::new();
        let channel = pace::channel(server.address);
        while Instant::now() < until {
            let incident = (crowd as u64 + 1) * INCIDENTS_PER_ROUND + calls.len() as u64;
            let begun = Instant::now();
            let events = (0..EVENTS).map(|number| facts::event(incident, number, EVENTS));
            let request =
                v1::RecordEventsRequest { tenant: TENANT.into(), events: events.collect() };
            let recorded = pace::incidents(channel.clone()).record_events(request).await;
            recorded.expect("it is recorded");
            let request = v1::EvaluateIncidentRequest {
                tenant: TENANT.into(),
                incident_id: facts::incident_id(incident),
                ..Default::default()
            };
            let evaluated = pace::clocks(channel.clone()).evaluate_incident(request).await;
            evaluated.expect("it is answered");
            calls.push(begun.elapsed());
        }
        let answered: u64 = asking.join_all().await.into_iter().sum();
        calls.sort_unstable();
        let [half, most] = [50, 99].map(|percent| calls[calls.len() * percent / 100].as_millis());
        println!("| {crowd} | {} | {half} | {most} | {answered} |", calls.len());
    }
    println!();
}
