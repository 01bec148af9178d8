//! A log that moves from a data directory onto servers and back.

use std::path::Path;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use super::nodes::{Nodes, start};
use super::servers::Servers;
use crate::testing::{Clients, Server, TENANT, contract, event, opened, run, slx, succeed};

fn copy(from: &str, to: &str) -> String {
    succeed(slx().args(["log", "copy", from, to, "--log-replicas", "1"]))
}

fn head(printed: &str) -> String {
    let line = printed.lines().find_map(|line| line.strip_prefix("head "));
    line.expect("a head").trim_end_matches(", the same in both").to_owned()
}

async fn record(clients: &mut Clients, incidents: std::ops::Range<usize>) {
    for number in incidents {
        let id = format!("I{number}");
        let opened = event(&id, "o", "2026-10-05T09:00:00Z", opened("C", "P1"));
        let assigned = v1::Assigned { group: None, assignee: Some(format!("Person {number}")) };
        let assigned = event(&id, "a", "2026-10-05T09:10:00Z", Fact::Assigned(assigned));
        clients.record(vec![opened, assigned]).await;
    }
}

async fn assignee(clients: &mut Clients, incident: &str) -> String {
    let (tenant, incident_id) = (TENANT.into(), incident.into());
    let request = v1::GetIncidentRequest { tenant, incident_id, ..Default::default() };
    let answer = clients.incidents.get_incident(request).await.expect("it is there");
    answer.into_inner().incident.expect("an incident").assignee
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test]
async fn a_log_moves_onto_servers_and_back_with_its_head_and_its_names() {
    let servers = Servers::start(1).await;
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    record(&mut clients, 0..50).await;
    let before = clients.status().await;
    // A server that runs keeps its journal to itself.
    let (succeeded, printed) = run(slx().args(["log", "copy", &text(data.path()), &servers.log()]));
    assert!(!succeeded && printed.contains("is locked"), "{printed}");
    assert!(server.stop().await.success());
    assert_eq!(head(&copy(&text(data.path()), &servers.log())), before.head);
    // Once more changes nothing.
    assert_eq!(head(&copy(&text(data.path()), &servers.log())), before.head);
    let nodes = Nodes::start(2, &servers).await;
    assert_eq!(nodes.agree().await, before.head);
    assert_eq!(nodes.status(1).await.store_id, before.store_id);
    assert_eq!(assignee(&mut nodes.clients(1), "I7").await, "Person 7");
    // The directory that it came from is a node's as well.
    let node = start(data.path(), &servers.log(), &[]);
    node.wait_until_healthy().await;
    record(&mut nodes.clients(0), 50..60).await;
    let after = nodes.agree().await;
    assert!(node.stop().await.success());
    let back = tempfile::tempdir().expect("a directory");
    assert_eq!(head(&copy(&servers.log(), &text(back.path()))), after);
    let mut alone = Server::start(back.path(), &[]);
    let mut clients = alone.clients().await;
    assert_eq!(clients.status().await.head, after);
    assert_eq!(assignee(&mut clients, "I55").await, "Person 55");
    // From here on it is another history, which does not go back onto the servers.
    record(&mut clients, 60..61).await;
    record(&mut nodes.clients(0), 61..62).await;
    nodes.agree().await;
    assert!(alone.stop().await.success());
    let (succeeded, printed) =
        run(slx().args(["log", "copy", &text(back.path()), &servers.log(), "--log-replicas", "1"]));
    assert!(!succeeded && printed.contains("not all in the journal"), "{printed}");
}

#[test]
fn what_is_no_pair_of_a_directory_and_servers_is_refused() {
    for pair in [["a", "b"], ["nats://a", "nats://b"]] {
        let (succeeded, printed) = run(slx().args(["log", "copy"]).args(pair));
        assert!(
            !succeeded && printed.contains("one of the two must be a data directory"),
            "{printed}"
        );
    }
    let (succeeded, printed) = run(slx().args(["log", "copy", "a", "http://b"]));
    assert!(!succeeded, "{printed}");
}
