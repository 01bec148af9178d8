//! What a server does when more is offered than it can take: it takes what it can in good time, and
//! says so of the rest. Calls are sent when their time has come, whether or not others were
//! answered.

use std::path::Path;
use std::time::{Duration, Instant};

use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::compliance_service_client::ComplianceServiceClient;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::facts::{self, TENANT};
use super::pace;
use super::process::Server;

/// So many events a call, so that the clients are not what is measured.
const EVENTS_PER_CALL: u64 = 25;
const ROUND: Duration = Duration::from_secs(5);
/// Callers that call again as soon as they are answered, to see how much can be taken.
const CALLERS: usize = 64;
const INCIDENTS_PER_ROUND: u64 = 100_000_000;
/// Offered for each hundred that can be taken.
const OFFERED_PERCENT: [u64; 4] = [50, 100, 200, 400];
/// Of what was acknowledged, one in so many incidents is looked for after a kill.
const LOOKED_FOR_EACH: usize = 50;
/// Incidents that reviews and exports are about.
const REVIEWED: u64 = 20_000;
const CROWD: usize = 8;

/// How a call ended, and how long it took.
struct Call {
    incident: u64,
    took: Duration,
    ended: Result<(), Code>,
}

fn request(incident: u64) -> v1::RecordEventsRequest {
    let events = (0..EVENTS_PER_CALL).map(|number| facts::event(incident, number, EVENTS_PER_CALL));
    v1::RecordEventsRequest { tenant: TENANT.into(), events: events.collect() }
}

async fn call(channel: Channel, incident: u64) -> Call {
    let request = request(incident);
    let begun = Instant::now();
    let ended = pace::incidents(channel).record_events(request).await;
    Call { incident, took: begun.elapsed(), ended: ended.map(drop).map_err(|status| status.code()) }
}

/// Offers so many calls a second for a round, each when its time has come.
async fn offer(channels: &[Channel], calls_a_second: u64, first: u64) -> (Vec<Call>, Duration) {
    let (ended, mut calls) = mpsc::unbounded_channel();
    let begun = Instant::now();
    let mut sent = 0;
    while begun.elapsed() < ROUND {
        let due = (begun.elapsed().as_secs_f64() * calls_a_second as f64) as u64;
        for number in sent..due {
            let channel = channels[number as usize % channels.len()].clone();
            let ended = ended.clone();
            tokio::spawn(async move {
                // Whoever counts them waits for all.
                let _ = ended.send(call(channel, first + number).await);
            });
        }
        sent = due.max(sent);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let offered = begun.elapsed();
    drop(ended);
    let mut all = Vec::new();
    while let Some(call) = calls.recv().await {
        all.push(call);
    }
    (all, offered)
}

fn percentile(calls: &[Call], is_taken: bool, percent: usize) -> String {
    let mut took: Vec<_> =
        calls.iter().filter(|call| call.ended.is_ok() == is_taken).map(|call| call.took).collect();
    took.sort_unstable();
    let at = (took.len() * percent / 100).min(took.len().saturating_sub(1));
    took.get(at).map_or("-".to_owned(), |took| format!("{:.0}", took.as_secs_f64() * 1e3))
}

/// Half, once, twice and four times what can be taken; then a kill, and whether all is there.
pub async fn overload(data: &Path) {
    let server = Server::start(data);
    server.first_answer().await;
    server.put_terms().await;
    let channels = pace::channels(server.address);
    let calling = |channel, worker, answered| async move {
        let ended = call(channel, worker * 1_000_000 + answered).await.ended;
        assert!(ended.is_ok(), "{ended:?}");
    };
    let (answered, elapsed) = pace::answers(&channels, CALLERS, ROUND, calling).await;
    let capacity = pace::a_second(answered, elapsed);
    println!("RecordEvents of {EVENTS_PER_CALL} events, offered at a pace of its own");
    println!("{CALLERS} callers in turn: {} events/s", capacity * EVENTS_PER_CALL);
    println!(
        "| offered | events/s offered | taken | refused | others | ms, taken: half | 99 % | refused: 99 % | MB |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut acknowledged = Vec::new();
    for (round, offered_percent) in (1..).zip(OFFERED_PERCENT) {
        let first = round * INCIDENTS_PER_ROUND;
        let rate = (capacity * offered_percent / 100).max(1);
        let (calls, elapsed) = offer(&channels, rate, first).await;
        let of = |is_it: fn(&Call) -> bool| {
            let count = calls.iter().filter(|call| is_it(call)).count() as u64;
            pace::a_second(count * EVENTS_PER_CALL, elapsed)
        };
        println!(
            "| {offered_percent} % | {} | {} | {} | {} | {} | {} | {} | {} |",
            of(|_| true),
            of(|call| call.ended.is_ok()),
            of(|call| call.ended == Err(Code::ResourceExhausted)),
            of(|call| call.ended.is_err_and(|code| code != Code::ResourceExhausted)),
            percentile(&calls, true, 50),
            percentile(&calls, true, 99),
            percentile(&calls, false, 99),
            server.megabytes().1,
        );
        acknowledged
            .extend(calls.iter().filter(|call| call.ended.is_ok()).map(|call| call.incident));
    }
    drop(server);
    let server = Server::start(data);
    server.first_answer().await;
    let mut incidents = pace::incidents(pace::channel(server.address));
    let mut found = 0;
    for incident in acknowledged.iter().step_by(LOOKED_FOR_EACH) {
        let request = v1::ListEventsRequest {
            tenant: TENANT.into(),
            incident_id: facts::incident_id(*incident),
            page_size: 1_000,
            as_of_time: Some(Timestamp { seconds: facts::YEAR_ENDS, nanos: 0 }),
            ..Default::default()
        };
        let listed = incidents.list_events(request).await.expect("it is there").into_inner();
        assert_eq!(listed.events.len() as u64, EVENTS_PER_CALL);
        found += 1;
    }
    println!(
        "after a kill, of {} acknowledged calls {found} were looked for: all there\n",
        acknowledged.len()
    );
}

/// Reviews and exports, over and over; how many were answered.
async fn ask_for_much(channel: Channel, until: Instant) -> u64 {
    let mut compliance = ComplianceServiceClient::new(channel);
    let mut answered = 0;
    while Instant::now() < until {
        let review = v1::GetServiceReviewRequest {
            tenant: TENANT.into(),
            contract_id: "workplace".into(),
            period: "2026-06".into(),
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
    let tale = |number| pace::Tale { first: number, step: channels.len() as u64, events: 6 };
    let until = pace::Until::Sent(REVIEWED / channels.len() as u64 * 6);
    pace::stream(&channels, tale, 250, until).await;
    println!("An incident recorded and evaluated, {REVIEWED} others being reviewed and exported");
    println!("| beside | calls | ms: half | 99 % | reviews and exports |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for crowd in [0, CROWD] {
        let until = Instant::now() + ROUND;
        let asking: JoinSet<_> =
            (0..crowd).map(|_| ask_for_much(pace::channel(server.address), until)).collect();
        let mut calls = Vec::new();
        let channel = pace::channel(server.address);
        while Instant::now() < until {
            let incident = (crowd as u64 + 1) * INCIDENTS_PER_ROUND + calls.len() as u64;
            let begun = Instant::now();
            let recorded = call(channel.clone(), incident).await;
            let request = v1::EvaluateIncidentRequest {
                tenant: TENANT.into(),
                incident_id: facts::incident_id(incident),
                ..Default::default()
            };
            let evaluated = pace::clocks(channel.clone()).evaluate_incident(request).await;
            evaluated.expect("it is answered");
            calls.push(Call { took: begun.elapsed(), ..recorded });
        }
        let answered: u64 = asking.join_all().await.into_iter().sum();
        let (half, most) = (percentile(&calls, true, 50), percentile(&calls, true, 99));
        println!("| {crowd} | {} | {half} | {most} | {answered} |", calls.len());
    }
    println!();
}
