//! Several nodes that share a log on three NATS servers, all on one machine: what is recorded
//! through one node and through three at once beside the bare publishing of messages as large, how
//! long a durable write takes, how far the other nodes lag, and what nodes answer together.
//!
//! `SLX_BENCH_NATS` names nats-server; without it the one on the path.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use slx::codec::v1;
use slx::codec::v1::admin_service_client::AdminServiceClient;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use super::facts::{self, TENANT};
use super::pace;
use super::process::{Server, processor_time};

const ROUND: Duration = Duration::from_secs(5);
/// Callers of each round, with so many events a call.
const LOADS: [(usize, u64); 3] = [(1, 1), (64, 1), (64, 25)];
const INCIDENTS_PER_ROUND: u64 = 100_000_000;
const NODES: usize = 3;
/// The bytes that an event takes in a message.
const EVENT_BYTES: usize = facts::EVENT_BYTES + 69;

/// NATS servers, killed when dropped.
struct Servers {
    children: Vec<Child>,
    ports: [u16; NODES],
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn free_ports() -> [u16; NODES] {
    let listeners: [_; NODES] =
        std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}

impl Servers {
    fn start(directory: &Path) -> Servers {
        let program =
            std::env::var_os("SLX_BENCH_NATS").map_or("nats-server".into(), PathBuf::from);
        let (ports, routes) = (free_ports(), free_ports());
        let all = routes.map(|port| format!("nats://127.0.0.1:{port}")).join(", ");
        let start = |place: usize| {
            let store = directory.join(format!("nats{place}"));
            let settings = format!(
                "server_name: n{place}\nlisten: \"127.0.0.1:{}\"\n\
                 jetstream {{ store_dir: \"{}\", sync_interval: always }}\n\
                 cluster {{ name: c, listen: \"127.0.0.1:{}\", routes: [{all}] }}\n",
                ports[place],
                store.display(),
                routes[place]
            );
            let file = store.with_extension("conf");
            fs::write(&file, settings).expect("its settings");
            let mut command = Command::new(&program);
            command.arg("--config").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().expect("nats-server runs: SLX_BENCH_NATS names it")
        };
        Servers { children: (0..NODES).map(start).collect(), ports }
    }

    fn log(&self) -> String {
        self.ports.map(|port| format!("nats://127.0.0.1:{port}")).join(",")
    }

    fn processor_time(&self) -> Duration {
        self.children.iter().map(|child| processor_time(&child.id().to_string())).sum()
    }
}

/// How many processors were busy with the nodes, with the servers, and with the callers.
struct Busy<'b> {
    begun: Instant,
    nodes: &'b [Server],
    servers: &'b Servers,
    before: [Duration; 3],
}

impl<'b> Busy<'b> {
    /// From now on.
    fn since_now(nodes: &'b [Server], servers: &'b Servers) -> Busy<'b> {
        let before = Busy::used(nodes, servers);
        Busy { begun: Instant::now(), nodes, servers, before }
    }

    fn used(nodes: &[Server], servers: &Servers) -> [Duration; 3] {
        let by_nodes = nodes.iter().map(Server::processor_time).sum();
        [by_nodes, servers.processor_time(), processor_time("self")]
    }

    /// Until now.
    fn so_far(&self) -> String {
        let (lasted, now) = (self.begun.elapsed(), Busy::used(self.nodes, self.servers));
        let busy = std::array::from_fn::<_, 3, _>(|one| {
            (now[one] - self.before[one]).as_secs_f64() / lasted.as_secs_f64()
        });
        busy.map(|busy| format!("{busy:.2}")).join(", ")
    }
}

/// The events that callers record through some nodes in a second, and how long their calls took.
async fn record(
    nodes: &[Channel],
    (callers, events): (usize, u64),
    round: u64,
) -> (u64, [u128; 2]) {
    let begun = Instant::now();
    let mut calling = JoinSet::new();
    for caller in 0..callers {
        let channel = nodes[caller % nodes.len()].clone();
        calling.spawn(async move {
            let mut took = Vec::new();
            while begun.elapsed() < ROUND {
                let incident =
                    round * INCIDENTS_PER_ROUND + caller as u64 * 1_000_000 + took.len() as u64;
                let events = (0..events).map(|number| facts::event(incident, number, events));
                let request =
                    v1::RecordEventsRequest { tenant: TENANT.into(), events: events.collect() };
                let sent = Instant::now();
                let recorded = pace::incidents(channel.clone()).record_events(request).await;
                recorded.expect("it is recorded");
                took.push(sent.elapsed());
            }
            took
        });
    }
    let mut took: Vec<_> = calling.join_all().await.into_iter().flatten().collect();
    let elapsed = begun.elapsed();
    took.sort_unstable();
    let [half, most] = [50, 99].map(|percent| took[took.len() * percent / 100].as_micros());
    (pace::a_second(took.len() as u64 * events, elapsed), [half, most])
}

/// Messages of so many bytes that are published durably in a second, one after the other.
async fn publish(log: &str, bytes: usize) -> u64 {
    let servers: Vec<_> = log.split(',').map(str::to_owned).collect();
    let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(servers);
    let stream = jetstream::new(client.await.expect("a client"));
    let config = jetstream::stream::Config {
        name: format!("bare{bytes}"),
        subjects: vec![format!("bare{bytes}")],
        num_replicas: NODES,
        ..Default::default()
    };
    // The servers elect a leader first.
    while stream.create_stream(config.clone()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let payload = vec![7; bytes];
    let publish = async || {
        let sent = stream.publish(format!("bare{bytes}"), payload.clone().into()).await;
        sent.expect("sent").await
    };
    // And one of the stream.
    while publish().await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (begun, mut published) = (Instant::now(), 0);
    while begun.elapsed() < ROUND {
        publish().await.expect("acknowledged");
        published += 1;
    }
    pace::a_second(published, begun.elapsed())
}

/// How far the other nodes are behind as writing ends, and how long until they are not.
async fn lag(nodes: &[Channel]) -> (i64, Duration) {
    let sequence = async |channel: &Channel| {
        let mut client = AdminServiceClient::new(channel.clone());
        let status = client.get_status(v1::GetStatusRequest {}).await.expect("its status");
        status.into_inner().stamp.expect("its stamp").sequence
    };
    let (begun, end) = (Instant::now(), sequence(&nodes[0]).await);
    let mut first = None;
    loop {
        let mut behind = 0;
        for node in &nodes[1..] {
            behind = behind.max(end - sequence(node).await);
        }
        first.get_or_insert(behind.max(0));
        if behind <= 0 {
            return (first.unwrap_or(0), begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn evaluations(nodes: &[Channel]) -> u64 {
    let query = |channel: Channel, worker: u64, _| async move {
        let incident_id = facts::incident_id(INCIDENTS_PER_ROUND + worker * 1_000_000);
        let request = v1::EvaluateIncidentRequest {
            tenant: TENANT.into(),
            incident_id,
            ..Default::default()
        };
        pace::clocks(channel).evaluate_incident(request).await.expect("it is answered");
    };
    let (count, elapsed) = pace::answers(nodes, 60, ROUND, query).await;
    pace::a_second(count, elapsed)
}

/// Records each of the loads through some nodes, one after the other, and prints what came of it.
async fn record_all(
    through: &str,
    channels: &[Channel],
    (nodes, servers): (&[Server], &Servers),
    first_round: u64,
) {
    for (round, load) in (first_round..).zip(LOADS) {
        let busy = Busy::since_now(nodes, servers);
        let (recorded, [half, most]) = record(channels, load, round).await;
        let busy = busy.so_far();
        let (callers, events) = load;
        println!(
            "| {through} | {callers} | {events} | {recorded} | {:.1}, {:.1} | {busy} |",
            half as f64 / 1_000.0,
            most as f64 / 1_000.0
        );
    }
}

/// A server that has the terms, and the way to it.
async fn with_terms(server: Server) -> (Server, Channel) {
    server.first_answer().await;
    server.put_terms().await;
    let channel = pace::channel(server.address);
    (server, channel)
}

pub async fn cluster(directory: &Path) {
    fs::create_dir_all(directory).expect("a directory");
    let servers = Servers::start(directory);
    println!("\n## Several nodes on three NATS servers, everything on the same cores\n");
    println!(
        "| bytes a message | messages/s, one after the other | bytes/s |\n| ---: | ---: | ---: |"
    );
    for events in [1, 64, 800] {
        let bytes = events * EVENT_BYTES;
        let published = publish(&servers.log(), bytes).await;
        println!("| {bytes} | {published} | {} |", published * bytes as u64);
    }
    println!(
        "\n| through | callers | events a call | events/s | p50, p99 ms | processors: nodes, servers, \
         callers |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    );
    let (embedded, channel) = with_terms(Server::start(&directory.join("embedded"))).await;
    record_all("an embedded log", &[channel], (&[embedded], &servers), 10).await;
    let flags = ["--log".to_owned(), servers.log()];
    let binary = Path::new(env!("CARGO_BIN_EXE_slx"));
    let start =
        |place: usize| Server::with(binary, &directory.join(format!("node{place}")), &flags);
    let (first, channel) = with_terms(start(0)).await;
    let (mut nodes, mut channels) = (vec![first], vec![channel]);
    record_all("a node by itself", &channels, (&nodes, &servers), 20).await;
    nodes.extend((1..NODES).map(start));
    for node in &nodes[1..] {
        node.first_answer().await;
        channels.push(pace::channel(node.address));
    }
    record_all("one of three", &channels[..1], (&nodes, &servers), 30).await;
    let (behind, caught_up) = lag(&channels).await;
    record_all("all three", &channels, (&nodes, &servers), 40).await;
    println!("\nthe others were behind by {behind} records, and by none after {caught_up:?}");
    record(&channels[..1], (60, 1), 1).await;
    lag(&channels).await;
    let (one, three) = (evaluations(&channels[..1]).await, evaluations(&channels).await);
    println!("\nEvaluateIncident: {one} a second of one node, {three} of three\n");
}
