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

use slx::codec::v1;
use tokio::sync::mpsc;
use tonic::Code;
use tonic::codegen::Bytes;
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
/// No incident of a round is one of another, nor of the callers in turn.
const INCIDENTS_PER_ROUND: u64 = 100_000_000;
/// Offered to each server in turn for each hundred that can be taken.
const OFFERED_PERCENT: [&[u64]; 4] = [&[50], &[100], &[200], &[400, 200]];
const SETTLED_WITHIN: Duration = Duration::from_secs(120);
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

pub fn request(incident: u64) -> v1::RecordEventsRequest {
    let events = (0..EVENTS_PER_CALL).map(|number| facts::event(incident, number, EVENTS_PER_CALL));
    v1::RecordEventsRequest { tenant: TENANT.into(), events: events.collect() }
}

/// Offers the messages of incidents over a round, each when its time has come.
async fn offer(channels: &[Channel], messages: Vec<(u64, Bytes)>) -> Vec<Call> {
    let count = messages.len();
    let (ended, mut calls) = mpsc::unbounded_channel();
    let begun = Instant::now();
    for (number, (incident, message)) in messages.into_iter().enumerate() {
        let due = begun + ROUND * number as u32 / count as u32;
        tokio::time::sleep_until(due.into()).await;
        let channel = channels[number % channels.len()].clone();
        let ended = ended.clone();
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

/// Microseconds of the processor for each event that was taken, whatever was refused beside it.
fn micros_an_event(used: Duration, events: u64) -> String {
    format!("{:.1}", used.as_secs_f64() * 1e6 / events.max(1) as f64)
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

/// Half, once, twice and four times what can be taken; each by a server of its own, whose store is
/// as large and whose views lack nothing, so that nothing differs but what is offered. Then each is
/// killed, and what it acknowledged is looked for. At last twice as much goes to the server that
/// had four times, to see what is left of it.
pub async fn overload(data: &Path) {
    println!("RecordEvents of {EVENTS_PER_CALL} events, offered at a pace of its own");
    println!("milliseconds are those of 99 % of the calls");
    println!(
        "| in turn, events/s | offered | events/s offered | taken | refused | others | \
         taken: all | in the client | away (half) | away | by the server at most | refused: all | \
         away | MB before | at most | processors: server | clients | server's µs an event taken |"
    );
    println!("|{}", " ---: |".repeat(18));
    let mut capacity = None;
    let (mut acknowledged, mut looked_for) = (0, 0);
    for (number, offered) in OFFERED_PERCENT.into_iter().enumerate() {
        let data = data.join(number.to_string());
        let server = Server::start(&data);
        server.first_answer().await;
        server.put_terms().await;
        let in_turn = call_in_turn(&server).await;
        // Of the first server, so that all are offered parts and multiples of the same.
        let capacity = *capacity.get_or_insert(in_turn);
        let mut taken = Vec::new();
        for (round, percent) in (1..).zip(offered.iter().copied()) {
            server.settle(SETTLED_WITHIN).await;
            let first = round * INCIDENTS_PER_ROUND;
            let rate = (capacity * percent / 100).max(1);
            print!("| {} | {percent} % ", in_turn * EVENTS_PER_CALL);
            taken.extend(offer_round(&server, rate, first).await);
        }
        drop(server);
        looked_for += look_for(&data, &taken).await;
        acknowledged += taken.len();
    }
    println!(
        "after kills, of {acknowledged} acknowledged calls {looked_for} were looked for: all there\n"
    );
}

/// How many calls a second are answered to callers that call again as soon as they are.
async fn call_in_turn(server: &Server) -> u64 {
    let channels = pace::channels(server.address);
    let calling = |channel, worker, answered| async move {
        let message = sending::encoded(&request(worker * 1_000_000 + answered));
        let ended = sending::send(channel, message).await.1;
        assert!(ended.is_ok(), "{ended:?}");
    };
    let (answered, elapsed) = pace::answers(&channels, CALLERS, ROUND, calling).await;
    pace::a_second(answered, elapsed)
}

/// Offers so many calls a second, and prints what came of it behind what stands in the row. Returns
/// the incidents of which the calls were taken.
async fn offer_round(server: &Server, rate: u64, first: u64) -> Vec<u64> {
    let channels = pace::crowd(server.address, CLIENTS);
    let resident = server.megabytes_from_now_on();
    let before = handled(&server.metrics());
    let used = || [server.processor_time(), processor_time("self")];
    // Made before, so that making them takes no time from whoever sends.
    let incidents = first..first + rate * ROUND.as_secs();
    let messages = incidents.map(|one| (one, sending::encoded(&request(one)))).collect();
    let used_before = used();
    let calls = offer(&channels, messages).await;
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
        micros_an_event(by_server, count(&is_taken) * EVENTS_PER_CALL),
    ];
    println!("| {} |", cells.join(" | "));
    calls.iter().filter(|call| is_taken(call)).map(|call| call.incident).collect()
}

/// Starts again after a kill, and looks for what was acknowledged; returns for how much of it.
async fn look_for(data: &Path, acknowledged: &[u64]) -> usize {
    let server = Server::start(data);
    server.first_answer().await;
    let mut incidents = pace::incidents(pace::channel(server.address));
    let mut found = 0;
    for incident in acknowledged.iter().step_by(LOOKED_FOR_EACH) {
        let request = v1::ListEventsRequest {
            tenant: TENANT.into(),
            incident_id: facts::incident_id(*incident),
            page_size: 1_000,
            ..Default::default()
        };
        let listed = incidents.list_events(request).await.expect("it is there").into_inner();
        assert_eq!(listed.events.len() as u64, EVENTS_PER_CALL);
        found += 1;
    }
    found
}
