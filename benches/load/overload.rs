//! What a server does when more is offered than it can take: it takes what it can in good time, and
//! says so of the rest. Calls are sent when their time has come, whether or not others were
//! answered.
//!
//! A call's time has parts, each printed by itself: it waits in the client until its transport
//! takes the first of its body, and from there it is with the server and the sockets between them.
//! How much of that the server saw, from a call's headers to its answer, is read from its metrics.
//! `SLX_SERVER_CORES=1 taskset -c 0 cargo bench --bench server -- overload` keeps the two apart.

use std::path::Path;
use std::time::{Duration, Instant};

use prost_types::Timestamp;
use slx::codec::v1;
use tokio::sync::mpsc;
use tonic::Code;
use tonic::transport::Channel;

use super::facts::{self, TENANT};
use super::pace;
use super::process::{Server, processor_time};
use super::sending::{self, CallTimes};

/// So many events a call, so that the clients are not what is measured.
const EVENTS_PER_CALL: u64 = 25;
const ROUND: Duration = Duration::from_secs(5);
/// Callers that call again as soon as they are answered, to see how much can be taken.
const CALLERS: usize = 64;
/// Clients that offer more, each on a connection of its own: one alone would wait for its streams.
const CLIENTS: usize = 64;
const INCIDENTS_PER_ROUND: u64 = 100_000_000;
/// Offered for each hundred that can be taken.
const OFFERED_PERCENT: [u64; 4] = [50, 100, 200, 400];
/// Of what was acknowledged, one in so many incidents is looked for after a kill.
const LOOKED_FOR_EACH: usize = 50;

/// How a call ended, and when what happened.
struct Call {
    incident: u64,
    due: Instant,
    times: CallTimes,
    ended: Result<(), Code>,
}

impl Call {
    /// How long it waited in the client.
    fn before(&self) -> Duration {
        self.times.handed_over.unwrap_or(self.times.answered).saturating_duration_since(self.due)
    }

    /// How long it was on its way, and with the server.
    fn away(&self) -> Duration {
        let from = self.times.handed_over.unwrap_or(self.times.answered);
        self.times.answered.saturating_duration_since(from)
    }
}

fn request(incident: u64) -> v1::RecordEventsRequest {
    let events = (0..EVENTS_PER_CALL).map(|number| facts::event(incident, number, EVENTS_PER_CALL));
    v1::RecordEventsRequest { tenant: TENANT.into(), events: events.collect() }
}

/// Offers so many calls a second for a round, each when its time has come.
async fn offer(channels: &[Channel], calls_a_second: u64, first: u64) -> Vec<Call> {
    let count = calls_a_second * ROUND.as_secs();
    // Made before, so that making them takes no time from whoever sends.
    let messages: Vec<_> =
        (first..first + count).map(|incident| sending::encoded(&request(incident))).collect();
    let (ended, mut calls) = mpsc::unbounded_channel();
    let begun = Instant::now();
    for (number, message) in messages.into_iter().enumerate() {
        let due = begun + ROUND * number as u32 / count as u32;
        tokio::time::sleep_until(due.into()).await;
        let channel = channels[number % channels.len()].clone();
        let (ended, incident) = (ended.clone(), first + number as u64);
        tokio::spawn(async move {
            let (times, result) = sending::send(channel, message).await;
            // Whoever counts them waits for all.
            let _ = ended.send(Call { incident, due, times, ended: result });
        });
    }
    drop(ended);
    let mut all = Vec::new();
    while let Some(call) = calls.recv().await {
        all.push(call);
    }
    all
}

/// The percentile of what is measured of some calls, in milliseconds.
fn percentile(
    calls: &[Call],
    is_it: impl Fn(&Call) -> bool,
    measured: impl Fn(&Call) -> Duration,
    percent: usize,
) -> String {
    let mut took: Vec<_> = calls.iter().filter(|call| is_it(call)).map(measured).collect();
    took.sort_unstable();
    let at = (took.len() * percent / 100).min(took.len().saturating_sub(1));
    took.get(at).map_or("-".to_owned(), |took| format!("{:.0}", took.as_secs_f64() * 1e3))
}

/// How many processors were busy with something, on average.
fn processors(used: Duration, lasted: Duration) -> String {
    format!("{:.2}", used.as_secs_f64() / lasted.as_secs_f64())
}

/// How many calls took no longer than each bound, as the server counted them until now.
fn handled(metrics: &str) -> Vec<(f64, u64)> {
    let lines = metrics.lines().filter(|line| {
        line.starts_with("grpc_server_handling_seconds_bucket") && line.contains("RecordEvents\"")
    });
    let bucket = |line: &str| {
        let (_, bound) = line.split_once("le=\"")?;
        let bound = bound.split('"').next()?;
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
        Some((bound, line.rsplit(' ').next()?.parse().ok()?))
    };
    lines.filter_map(bucket).collect()
}

/// A bound that the server's own time kept for all calls of a round but one in a hundred of those
/// that it took: if whatever took longest was taken, that is their percentile.
fn kept_bound(before: &[(f64, u64)], after: &[(f64, u64)], taken: u64) -> String {
    let earlier = |bound: f64| {
        before.iter().find(|(one, _)| one.total_cmp(&bound).is_eq()).map_or(0, |(_, n)| *n)
    };
    let counts: Vec<_> = after.iter().map(|(bound, n)| (*bound, n - earlier(*bound))).collect();
    let all = counts.last().map_or(0, |(_, n)| *n);
    let kept = counts.iter().find(|(_, n)| all - n <= taken / 100);
    kept.map_or("-".to_owned(), |(bound, _)| format!("{:.1}", bound * 1e3))
}

/// Half, once, twice and four times what can be taken; then a kill, and whether all is there.
pub async fn overload(data: &Path) {
    let server = Server::start(data);
    server.first_answer().await;
    server.put_terms().await;
    let channels = pace::channels(server.address);
    let idle = server.megabytes().0;
    let calling = |channel, worker, answered| async move {
        let message = sending::encoded(&request(worker * 1_000_000 + answered));
        let ended = sending::send(channel, message).await.1;
        assert!(ended.is_ok(), "{ended:?}");
    };
    let (answered, elapsed) = pace::answers(&channels, CALLERS, ROUND, calling).await;
    let capacity = pace::a_second(answered, elapsed);
    println!("RecordEvents of {EVENTS_PER_CALL} events, offered at a pace of its own");
    println!("{CALLERS} callers in turn: {} events/s", capacity * EVENTS_PER_CALL);
    println!("idle: {idle} MB; milliseconds are those of 99 % of the calls");
    println!(
        "| offered | events/s offered | taken | refused | others | taken: all | in the client | \
         away (half) | away | by the server at most | refused: all | away | MB before | at most | \
         processors: server | clients |"
    );
    println!("|{}", " ---: |".repeat(16));
    let mut acknowledged = Vec::new();
    let channels = pace::crowd(server.address, CLIENTS);
    for (round, offered_percent) in (1..).zip(OFFERED_PERCENT) {
        let first = round * INCIDENTS_PER_ROUND;
        let rate = (capacity * offered_percent / 100).max(1);
        let resident = server.megabytes_from_now_on();
        let before = handled(&server.metrics());
        let used = || [server.processor_time(), processor_time("self")];
        let used_before = used();
        let calls = offer(&channels, rate, first).await;
        let [by_server, by_clients] = [0, 1].map(|one| used()[one] - used_before[one]);
        let after = handled(&server.metrics());
        let is_taken = |call: &Call| call.ended.is_ok();
        let is_refused = |call: &Call| call.ended == Err(Code::ResourceExhausted);
        let last = calls.iter().map(|call| call.times.answered).max().expect("calls");
        let lasted = last.saturating_duration_since(calls[0].due).max(ROUND);
        let count =
            |is_it: &dyn Fn(&Call) -> bool| calls.iter().filter(|call| is_it(call)).count() as u64;
        let a_second =
            |is_it: &dyn Fn(&Call) -> bool| pace::a_second(count(is_it) * EVENTS_PER_CALL, lasted);
        let all = |call: &Call| call.before() + call.away();
        let cells = [
            format!("{offered_percent} %"),
            pace::a_second(calls.len() as u64 * EVENTS_PER_CALL, ROUND).to_string(),
            a_second(&is_taken).to_string(),
            a_second(&is_refused).to_string(),
            a_second(&|call| !is_taken(call) && !is_refused(call)).to_string(),
            percentile(&calls, is_taken, all, 99),
            percentile(&calls, is_taken, Call::before, 99),
            percentile(&calls, is_taken, Call::away, 50),
            percentile(&calls, is_taken, Call::away, 99),
            kept_bound(&before, &after, count(&is_taken)),
            percentile(&calls, is_refused, all, 99),
            percentile(&calls, is_refused, Call::away, 99),
            resident.to_string(),
            server.megabytes().1.to_string(),
            processors(by_server, lasted),
            processors(by_clients, lasted),
        ];
        println!("| {} |", cells.join(" | "));
        acknowledged.extend(calls.iter().filter(|call| is_taken(call)).map(|call| call.incident));
    }
    drop(server);
    look_for(data, &acknowledged).await;
}

/// Starts again after a kill, and looks for what was acknowledged.
async fn look_for(data: &Path, acknowledged: &[u64]) {
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
