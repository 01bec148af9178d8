//! Joining a log, leaving it, and what is refused.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;
use tonic::Code;

use super::nodes::{Nodes, start};
use super::servers::{Servers, program, signal};
use crate::testing::{Server, contract, event, opened, run, slx, succeed};

/// Nodes say each second how far they have come.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// What a node prints that does not start.
fn refused(directory: &Path, log: &str, flags: &[&str]) -> String {
    let mut command = slx();
    command.args(["serve", "--data-dir"]).arg(directory).args(["--log", log]).args(flags);
    command.env("SLX_LISTEN", "127.0.0.1:0").env("SLX_LOG_REPLICAS", "1");
    let (succeeded, printed) = run(&mut command);
    assert!(!succeeded, "{printed}");
    printed
}

async fn record(nodes: &Nodes, place: usize, incidents: std::ops::Range<usize>) {
    let opened = |number: usize| {
        event(&format!("I{number}"), "o", "2026-10-05T09:00:00Z", opened("C", "P1"))
    };
    nodes.clients(place).record(incidents.map(opened).collect()).await;
}

/// A node that was away, and one that is new, have all that the others have.
#[tokio::test]
async fn a_node_that_was_away_and_one_that_is_new_catch_up() {
    let servers = Servers::start(1).await;
    let mut nodes = Nodes::start(2, &servers).await;
    nodes.clients(0).put_office().await;
    nodes.clients(0).put_contract(contract("C")).await;
    record(&nodes, 0, 0..100).await;
    nodes.agree().await;
    nodes.stop(1).await;
    for part in 0..20 {
        record(&nodes, 0, 100 + part * 50..150 + part * 50).await;
    }
    nodes.run(1);
    nodes.wait_for(1).await;
    let head = nodes.agree().await;
    let new = Nodes::start(1, &servers).await;
    assert_eq!(new.agree().await, head);
    // A node whose copy was taken away begins anew.
    nodes.kill(1);
    std::fs::remove_dir_all(nodes.directory(1).join("journal")).expect("removed");
    nodes.run(1);
    nodes.wait_for(1).await;
    assert_eq!(nodes.agree().await, head);
}

/// Each node shows where the others are, and for how long one that is down was not heard of.
#[tokio::test]
async fn every_node_shows_how_far_the_others_have_come() {
    let servers = Servers::start(1).await;
    let mut nodes = Nodes::start(3, &servers).await;
    nodes.clients(0).put_office().await;
    nodes.fold_alike().await;
    let deadline = Instant::now() + SHOWN_WITHIN;
    loop {
        let log = nodes.status(0).await.shared_log.expect("its log");
        let others = log.other_nodes;
        if others.len() == 2 && others.iter().all(|other| other.messages == log.messages) {
            assert!(log.messages > 1, "{}", log.messages);
            for (other, place) in others.iter().zip(by_name(&nodes, [1, 2])) {
                let directory = nodes.directory(place).display().to_string();
                assert!(other.name.contains(&directory), "{other:?}");
                assert_eq!(other.version, env!("CARGO_PKG_VERSION"));
            }
            break;
        }
        assert!(Instant::now() < deadline, "{others:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    nodes.kill(2);
    loop {
        let mut shown = slx();
        let address = format!("http://{}", nodes.server(0).address);
        let shown = succeed(shown.args(["status", "--address", &address]));
        let directory = nodes.directory(2).display().to_string();
        let line =
            shown.lines().find(|line| line.starts_with("node ") && line.contains(&directory));
        let line = line.expect("a node that is down is shown");
        let (_, ago) = line.split_once("heard of ").expect("when it was heard of");
        if ago.split_once(' ').expect("seconds").0.parse::<f64>().expect("seconds") > 2.0 {
            return;
        }
        assert!(Instant::now() < deadline, "{shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Places of nodes, by the names of their directories.
fn by_name(nodes: &Nodes, mut places: [usize; 2]) -> [usize; 2] {
    places.sort_by_key(|place| nodes.directory(*place).to_owned());
    places
}

#[tokio::test]
async fn a_log_that_does_not_go_on_from_what_a_node_holds_is_refused_and_nothing_is_changed() {
    let servers = Servers::start(1).await;
    let mut nodes = Nodes::start(1, &servers).await;
    nodes.clients(0).put_office().await;
    let head = nodes.agree().await;
    nodes.stop(0).await;
    let directory = nodes.directory(0).to_owned();
    // Another store's log.
    let other = Servers::start(1).await;
    let theirs = Nodes::start(1, &other).await;
    theirs.clients(0).put_office().await;
    let printed = refused(&directory, &other.log(), &[]);
    assert!(printed.contains("is the log of another store"), "{printed}");
    // A log that was lost: the stream is empty.
    let empty = Servers::start(1).await;
    let printed = refused(&directory, &empty.log(), &[]);
    assert!(printed.contains("ends with record 0, but this node has folded record"), "{printed}");
    // Nobody has begun a log there, or changed theirs, and the node goes on with its own.
    let printed = refused(&directory, &empty.log(), &["--log-stream", "another"]);
    assert!(printed.contains("stream another ends with record 0"), "{printed}");
    nodes.run(0);
    nodes.wait_for(0).await;
    assert_eq!(nodes.agree().await, head);
    // Servers that are not there.
    let gone = { Servers::start(1).await.log() };
    let printed = refused(&directory, &gone, &["--data-dir", "elsewhere"]);
    assert!(printed.contains("data-dir"), "a flag that is given twice: {printed}");
    let nowhere = tempfile::tempdir().expect("a directory");
    let printed = refused(nowhere.path(), &gone, &[]);
    assert!(printed.contains("the log's servers can't be reached"), "{printed}");
}

/// While the servers of the log say nothing, a node reads what it has, records nothing, and says
/// that it is not to be called; once they are back it goes on.
#[tokio::test]
async fn a_node_without_its_log_answers_from_what_it_has_and_says_so() {
    let servers = Servers::start(1).await;
    let nodes = Nodes::start(2, &servers).await;
    nodes.clients(0).put_office().await;
    nodes.clients(0).put_contract(contract("C")).await;
    record(&nodes, 0, 0..10).await;
    let head = nodes.agree().await;
    servers.signal("STOP");
    for place in 0..2 {
        nodes.server(place).wait_until_health("", false).await;
    }
    let status = nodes.status(0).await;
    assert_eq!(status.head, head);
    assert!(status.journal_fault.contains("have not answered for"), "{status:?}");
    let opened = vec![event("late", "o", "2026-10-05T09:00:00Z", opened("C", "P1"))];
    let request = slx::codec::v1::RecordEventsRequest {
        tenant: crate::testing::TENANT.into(),
        events: opened.clone(),
    };
    let unwritten = nodes.clients(0).incidents.record_events(request).await;
    assert_eq!(unwritten.expect_err("nobody keeps it").code(), Code::Unavailable);
    nodes.clients(1).evaluate("I1", "2026-10-05T10:00:00Z", None).await;
    servers.signal("CONT");
    for place in 0..2 {
        nodes.server(place).wait_until_healthy().await;
    }
    nodes.clients(1).record(opened).await;
    nodes.agree().await;
}

/// A copy of which a cut of the power has left holes is mended from the log.
#[tokio::test]
async fn a_copy_with_holes_is_mended_from_the_log() {
    let servers = Servers::start(1).await;
    let mut nodes = Nodes::start(2, &servers).await;
    nodes.clients(0).put_office().await;
    nodes.clients(0).put_contract(contract("C")).await;
    for part in 0..20 {
        record(&nodes, 0, part * 10..part * 10 + 10).await;
    }
    let head = nodes.agree().await;
    nodes.kill(1);
    let segment = nodes.directory(1).join("journal/00000000000000000001.log");
    let mut bytes = std::fs::read(&segment).expect("the copy");
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("something");
    bytes[end / 2..end / 2 + 4_096].fill(0);
    std::fs::write(&segment, bytes).expect("a hole");
    nodes.run(1);
    nodes.wait_for(1).await;
    assert_eq!(nodes.agree().await, head);
}

/// Nodes start while the servers of the log do not yet, and share one log then.
#[tokio::test]
async fn nodes_and_servers_start_in_any_order() {
    let servers = Servers::start(3).await;
    let directories: [_; 3] = std::array::from_fn(|_| tempfile::tempdir().expect("a directory"));
    let nodes: Vec<Server> =
        directories.iter().map(|directory| start(directory.path(), &servers.log(), &[])).collect();
    let mut stores = Vec::new();
    for node in &nodes {
        node.wait_until_healthy().await;
        stores.push(crate::testing::Clients::of(node.channel()).status().await.store_id);
    }
    stores.dedup();
    assert_eq!(stores.len(), 1, "{stores:?}");
}

/// What the page shows: three servers and three nodes by one script, and commands against them.
#[tokio::test]
async fn the_example_brings_up_three_nodes_that_share_a_log() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut script = Command::new("bash");
    script.arg(root.join("examples/cluster/up.sh"));
    script.env("SLX", env!("CARGO_BIN_EXE_slx")).env("NATS_SERVER", program());
    let mut running = Script(script.stdout(Stdio::piped()).spawn().expect("bash runs"));
    let lines = BufReader::new(running.0.stdout.take().expect("its output")).lines();
    let up = lines.map_while(Result::ok).take_while(|line| !line.contains("Ctrl-C")).count();
    assert_eq!(up, 3, "three nodes serve");
    let address = |node: usize| format!("http://127.0.0.1:747{node}");
    let terms = root.join("examples/contracts/service-desk.yaml").display().to_string();
    succeed(slx().args(["apply", "-f", &terms, "--address", &address(1)]));
    let deadline = Instant::now() + Duration::from_secs(20);
    while !succeed(slx().args(["contracts", "--address", &address(2)])).contains("service-desk") {
        assert!(Instant::now() < deadline, "the contract does not come");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let status = succeed(slx().args(["status", "--address", &address(3)]));
    assert!(status.contains("log slx on nats://127.0.0.1:4241"), "{status}");
    signal(running.0.id(), "TERM");
    assert!(running.0.wait().expect("it ends").success());
}

/// A script that ends what it began when it is signalled to end, as it is when this is dropped.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            signal(self.0.id(), "TERM");
            let _ = self.0.wait();
        }
    }
}
