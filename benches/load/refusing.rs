//! What it costs a server to refuse a call by its headers, its body having come with them: under
//! overload that is what it has to do most.
//!
//! `SLX_SERVER_CORES=1 taskset -c 0 cargo bench --bench server -- refuse` keeps the clients apart.

use std::path::Path;
use std::time::{Duration, Instant};

use tonic::Code;

use super::pace;
use super::process::Server;
use super::sending;

const EVENTS_PER_CALL: u64 = 25;
const ROUND: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;
const CLIENTS: usize = 64;
/// Callers that call again as soon as they are refused: so many of each client that several are
/// refused together.
const CALLERS: usize = 16 * CLIENTS;
const HELD_WITHIN: Duration = Duration::from_secs(5);
const LOOKED_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Whether a call to record is under way.
fn is_held(metrics: &str) -> bool {
    let mut lines = metrics.lines().filter(|line| line.starts_with("grpc_server_in_flight"));
    lines.any(|line| line.contains("RecordEvents\"") && line.ends_with(" 1"))
}

pub async fn refuse(data: &Path) {
    println!("RecordEvents of {EVENTS_PER_CALL} events, refused by their headers");
    println!("| refused a second | server's processors | server's µs a call |");
    println!("|{}", " ---: |".repeat(3));
    let binary = Path::new(env!("CARGO_BIN_EXE_slx"));
    let server = Server::with(binary, data, &["--calls-max".into(), "1".into()]);
    server.first_answer().await;
    let held = tokio::spawn(sending::begin(pace::channel(server.address)));
    let message = sending::encoded(&super::overload::request(EVENTS_PER_CALL));
    let channels = pace::crowd(server.address, CLIENTS);
    let begun = Instant::now();
    while !is_held(&server.metrics()) {
        assert!(begun.elapsed() < HELD_WITHIN, "it is not under way");
        tokio::time::sleep(LOOKED_AGAIN_AFTER).await;
    }
    for _ in 0..ROUNDS {
        let used = server.processor_time();
        let message = message.clone();
        let calling = move |channel, _, _| {
            let message = message.clone();
            async move {
                let ended = sending::send(channel, message).await.1;
                assert_eq!(ended, Err(Code::ResourceExhausted));
            }
        };
        let (refused, elapsed) = pace::answers(&channels, CALLERS, ROUND, calling).await;
        let used = server.processor_time() - used;
        println!(
            "| {} | {:.2} | {:.1} |",
            pace::a_second(refused, elapsed),
            used.as_secs_f64() / elapsed.as_secs_f64(),
            used.as_secs_f64() * 1e6 / refused as f64,
        );
    }
    held.abort();
}
