//! How soon watchers have what happens, and what watching costs whoever records.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::calendar_service_client::CalendarServiceClient;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use slx::codec::v1::incident_event::Fact;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use super::facts::TENANT;
use super::office::seconds;
use super::pace::{self, TURNS, a_second, percent};
use super::process::Server;

/// Open clocks beside those that anything happens to.
const OPEN: u64 = 100_000;
const EVENTS_PER_CALL: u64 = 500;
/// Clocks that breach while they are watched, and over how long.
const BREACHES: u64 = 2_000;
const BREACH_OVER: Duration = Duration::from_secs(10);
/// The breaches begin so long after they are reported.
const BREACH_AFTER: Duration = Duration::from_secs(5);
/// Calls of which each is awaited by a watcher.
const CALLS: u64 = 500;
/// Watchers beside whom it is recorded. The last of them reads nothing.
const WATCHERS: [usize; 3] = [0, 1, 1_000];
const WATCHERS_PER_CONNECTION: usize = 100;
const IN_FLIGHT: u64 = 64;
const ROUND: Duration = Duration::from_secs(4);

const LIMIT_SECONDS: [(&str, u64); 2] = [("P1", 3_600), ("P2", 360_000)];

pub async fn watching(data: &Path) {
    let flags = ["--watches-max", "2000", "--calls-max", "4096"].map(str::to_owned);
    let server = Server::with(Path::new(env!("CARGO_BIN_EXE_slx")), data, &flags);
    server.first_answer().await;
    put_terms(&server).await;
    let channel = pace::channel(server.address);
    let opened = |number| event(format!("open-{number}"), "o", now(), opened("P2"));
    for first in (0..OPEN).step_by(EVENTS_PER_CALL as usize) {
        record(&channel, (first..first + EVENTS_PER_CALL).map(opened).collect()).await;
    }
    breaches(&server, &channel).await;
    calls(&server, &channel).await;
    beside(&server).await;
}

/// Breaches as time passes, and how long after its instant each is reported.
async fn breaches(server: &Server, channel: &Channel) {
    let mut watch = watch(&pace::channel(server.address), vec![v1::NoticeKind::Breached]).await;
    let step = BREACH_OVER / BREACHES as u32;
    let first = now() + BREACH_AFTER - Duration::from_secs(LIMIT_SECONDS[0].1);
    let events: Vec<_> = (0..BREACHES)
        .map(|number| {
            let time = first + step * number as u32;
            event(format!("late-{number}"), "o", time, self::opened("P1"))
        })
        .collect();
    for events in events.chunks(EVENTS_PER_CALL as usize) {
        record(channel, events.to_vec()).await;
    }
    let mut late = Vec::new();
    while (late.len() as u64) < BREACHES {
        let message = watch.message().await.expect("it goes on").expect("no end");
        let now = now();
        let times = message.notices.iter().filter_map(|notice| notice.time);
        late.extend(times.map(|time| now.saturating_sub(since_1970(time))));
    }
    late.sort_unstable();
    println!("\nBreaches reported, {OPEN} other clocks being open: {BREACHES} in {BREACH_OVER:?}");
    println!("| | ms: half | 99 % | all |");
    println!("| --- | ---: | ---: | ---: |");
    println!("| after its instant {} |", quantiles(&late));
}

/// From before a call until a watcher has what it made happen.
async fn calls(server: &Server, channel: &Channel) {
    let mut watch = watch(&pace::channel(server.address), vec![v1::NoticeKind::Stopped]).await;
    let (mut recorded, mut seen) = (Vec::new(), Vec::new());
    for number in 0..CALLS {
        let incident = format!("open-{number}");
        let begun = Instant::now();
        let resolved = event(incident.clone(), "r", now(), Fact::Resolved(v1::Resolved {}));
        record(channel, vec![resolved]).await;
        recorded.push(begun.elapsed());
        let is_it = |notice: &v1::Notice| notice.incident_id == incident;
        while !watch.message().await.expect("it goes on").expect("no end").notices.iter().any(is_it)
        {
        }
        seen.push(begun.elapsed());
    }
    recorded.sort_unstable();
    seen.sort_unstable();
    println!("\nOne call after the other, from before the call, {OPEN} clocks being open");
    println!("| | ms: half | 99 % | all |");
    println!("| --- | ---: | ---: | ---: |");
    println!("| answered {} |", quantiles(&recorded));
    println!("| in a watcher's hand {} |", quantiles(&seen));
}

/// Recording beside watchers, a round beside each number of them in turn: what grows meanwhile
/// weighs on all of them alike.
async fn beside(server: &Server) {
    let channels = pace::channels(server.address);
    let mut found = WATCHERS.map(|_| Beside::default());
    for round in 0..TURNS {
        for (watchers, found) in WATCHERS.into_iter().zip(&mut found) {
            let watching = Watching::begin(server, watchers).await;
            let (used, seen) = (server.processor_time(), watching.notices());
            let (answered, elapsed) = pace::answers(
                &channels,
                IN_FLIGHT as usize,
                ROUND,
                move |channel, worker, number| async move {
                    let incident = format!("seen-{watchers}-{round}-{worker}-{}", number / 2);
                    let fact = match number % 2 {
                        0 => self::opened("P2"),
                        _ => Fact::Resolved(v1::Resolved {}),
                    };
                    let id = format!("e{}", number % 2);
                    record(&channel, vec![event(incident, &id, now(), fact)]).await;
                },
            )
            .await;
            let used = (server.processor_time() - used).as_nanos() as f64 / 1000.0;
            found.events.push(a_second(answered, elapsed));
            found.cost.push((used / answered.max(1) as f64) as u64);
            found.notices.push(a_second(watching.notices() - seen, elapsed));
            watching.end().await;
        }
    }
    println!(
        "\nRecordEvents, one event a call, {IN_FLIGHT} in flight, beside watchers of everything: \
         the median of {TURNS} rounds each"
    );
    println!("| watchers | events/s | share | server's µs an event | notices/s in hand |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    let alone = found.first().map_or(0, |found| median(&found.events));
    for (watchers, found) in WATCHERS.into_iter().zip(&found) {
        let [events, cost, notices] =
            [&found.events, &found.cost, &found.notices].map(|all| median(all));
        let share = percent(events, alone);
        println!("| {watchers} | {events} | {share} % | {cost} | {notices} |");
    }
    let (_, megabytes) = server.megabytes();
    println!("\n{megabytes} MB were used at most.");
}

/// What was found beside a number of watchers, a round each.
#[derive(Default)]
struct Beside {
    events: Vec<u64>,
    cost: Vec<u64>,
    notices: Vec<u64>,
}

fn median(all: &[u64]) -> u64 {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Watchers that read all there is; where there are many, the last reads nothing.
struct Watching {
    tasks: JoinSet<()>,
    notices: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Watching {
    async fn begin(server: &Server, watchers: usize) -> Watching {
        let (mut tasks, notices) = (JoinSet::new(), Arc::new(AtomicU64::new(0)));
        let is_over = Arc::new(AtomicBool::new(false));
        let mut channel = pace::channel(server.address);
        for number in 0..watchers {
            if number.is_multiple_of(WATCHERS_PER_CONNECTION) {
                channel = pace::channel(server.address);
            }
            let mut watch = watch(&channel, Vec::new()).await;
            let is_stalled = watchers > 1 && number + 1 == watchers;
            let (notices, is_over) = (Arc::clone(&notices), Arc::clone(&is_over));
            tasks.spawn(async move {
                if is_stalled {
                    return std::future::pending().await;
                }
                while !is_over.load(Ordering::Relaxed) {
                    let message = watch.message().await.expect("it goes on").expect("no end");
                    notices.fetch_add(message.notices.len() as u64, Ordering::Relaxed);
                }
            });
        }
        Watching { tasks, notices, is_over }
    }

    fn notices(&self) -> u64 {
        self.notices.load(Ordering::Relaxed)
    }

    async fn end(mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.tasks.shutdown().await;
    }
}

async fn watch(
    channel: &Channel,
    kinds: Vec<v1::NoticeKind>,
) -> tonic::Streaming<v1::WatchClocksResponse> {
    let request = v1::WatchClocksRequest {
        tenant: TENANT.into(),
        kinds: kinds.into_iter().map(|kind| kind as i32).collect(),
        ..Default::default()
    };
    let stream = pace::clocks(channel.clone()).watch_clocks(request).await;
    let mut stream = stream.expect("it is watched").into_inner();
    // The first message says where it began.
    stream.message().await.expect("it goes on").expect("no end");
    stream
}

async fn record(channel: &Channel, events: Vec<v1::IncidentEvent>) {
    let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
    let answer = pace::incidents(channel.clone()).record_events(request).await;
    for result in answer.expect("an answer").into_inner().results {
        assert_eq!(result.outcome, v1::RecordOutcome::Accepted as i32, "{result:?}");
    }
}

fn event(incident_id: String, id: &str, time: Duration, fact: Fact) -> v1::IncidentEvent {
    let (seconds, nanos) = (time.as_secs() as i64, time.subsec_nanos() as i32);
    v1::IncidentEvent {
        event_id: id.into(),
        incident_id,
        source: "bench".into(),
        occur_time: Some(Timestamp { seconds, nanos }),
        fact: Some(fact),
        ..Default::default()
    }
}

fn opened(priority: &str) -> Fact {
    let contract_ids = vec!["watched".to_owned()];
    Fact::Opened(v1::Opened { contract_ids, priority: priority.into(), ..Default::default() })
}

/// One clock an incident, around the clock.
async fn put_terms(server: &Server) {
    let channel = pace::channel(server.address);
    let calendar = v1::Calendar {
        id: "always".into(),
        time_zone: "UTC".into(),
        weekly: vec![v1::WeeklyWindow {
            days: (1..=7).collect(),
            opens: "00:00".into(),
            closes: "24:00".into(),
        }],
        ..Default::default()
    };
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(calendar),
        ..Default::default()
    };
    let put = CalendarServiceClient::new(channel.clone()).put_calendar(request).await;
    put.expect("the calendar is put");
    let limits = LIMIT_SECONDS.into_iter().map(|(priority, limit)| v1::Limit {
        priority: priority.into(),
        limit: Some(seconds(limit as i64)),
        calendar_id: "always".into(),
        ..Default::default()
    });
    let target = v1::Target {
        id: "resolve".into(),
        metric: v1::Metric::Resolution as i32,
        limits: limits.collect(),
        ..Default::default()
    };
    let contract = v1::Contract {
        id: "watched".into(),
        kind: v1::ContractKind::Sla as i32,
        title: "Watched".into(),
        client: "Client".into(),
        provider: "Provider".into(),
        time_zone: "UTC".into(),
        currency: "EUR".into(),
        terms: Some(v1::Terms { targets: vec![target], ..Default::default() }),
        ..Default::default()
    };
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(contract),
        ..Default::default()
    };
    let put = ContractServiceClient::new(channel).put_contract(request).await;
    put.expect("the contract is put");
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}

fn since_1970(time: Timestamp) -> Duration {
    Duration::new(time.seconds.max(0) as u64, time.nanos.max(0) as u32)
}

/// Half, 99 % and all of sorted times, in cells.
fn quantiles(sorted: &[Duration]) -> String {
    let at = |percent: usize| (sorted.len() * percent / 100).min(sorted.len() - 1);
    let cells = [50, 99, 100].map(|percent| sorted[at(percent)].as_secs_f64() * 1000.0);
    cells.map(|milliseconds| format!("| {milliseconds:.1} ")).concat()
}
