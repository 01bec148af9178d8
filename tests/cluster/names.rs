//! Names on several nodes: read on each, and erased on all, also on one that was away.

use std::fs;
use std::path::Path;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use super::nodes::Nodes;
use super::servers::Servers;
use crate::testing::{TENANT, contract, event, opened};

const JANE: &str = "Jane Canary Doe";

async fn assignee(nodes: &Nodes, place: usize, incident: &str) -> String {
    let request = v1::GetIncidentRequest {
        tenant: TENANT.into(),
        incident_id: incident.into(),
        ..Default::default()
    };
    let answer = nodes.clients(place).incidents.get_incident(request).await.expect("it is there");
    answer.into_inner().incident.expect("an incident").assignee
}

fn assigned(incident: &str, event_id: &str, name: &str) -> v1::IncidentEvent {
    let assigned = v1::Assigned { group: None, assignee: Some(name.into()) };
    event(incident, event_id, "2026-10-05T10:00:00Z", Fact::Assigned(assigned))
}

/// Whether a text is in any file below a directory.
fn holds(directory: &Path, text: &str) -> bool {
    fs::read_dir(directory).expect("a directory").flatten().any(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => holds(&path, text),
            false => fs::read(&path)
                .is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes())),
        }
    })
}

#[tokio::test]
async fn a_name_is_read_on_every_node_and_erased_from_all_disks() {
    let servers = Servers::start(1).await;
    let mut nodes = Nodes::start(3, &servers).await;
    nodes.clients(0).put_office().await;
    nodes.clients(0).put_contract(contract("C")).await;
    for (place, incident) in ["A", "B", "D"].into_iter().enumerate() {
        let opened = event(incident, "o", "2026-10-05T09:00:00Z", opened("C", "P1"));
        nodes.clients(place).record(vec![opened, assigned(incident, "a", JANE)]).await;
    }
    let bob = vec![assigned("D", "b", "Bob")];
    nodes.clients(1).record(bob).await;
    let head = nodes.agree().await;
    for place in 0..3 {
        for incident in ["A", "B"] {
            assert_eq!(assignee(&nodes, place, incident).await, JANE, "{incident} on {place}");
        }
        assert_eq!(assignee(&nodes, place, "D").await, "Bob");
    }
    assert!(holds(servers.directory(), JANE), "the servers keep names");
    nodes.stop(2).await;
    let erase = v1::ErasePersonalDataRequest {
        tenant: TENANT.into(),
        subject: JANE.into(),
        ..Default::default()
    };
    nodes.clients(0).incidents.erase_personal_data(erase).await.expect("erased");
    nodes.run(2);
    nodes.wait_for(2).await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    for place in 0..3 {
        while !assignee(&nodes, place, "A").await.starts_with("erased-") {
            assert!(tokio::time::Instant::now() < deadline, "node {place} still has it");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(assignee(&nodes, place, "B").await.starts_with("erased-"), "{place}");
        assert_eq!(assignee(&nodes, place, "D").await, "Bob");
    }
    assert_eq!(nodes.agree().await, head, "the log is as it was");
    for place in 0..3 {
        nodes.stop(place).await;
        assert!(!holds(nodes.directory(place), JANE), "node {place} keeps it on its disk");
    }
    assert!(!holds(servers.directory(), JANE), "the servers keep it on their disks");
}
