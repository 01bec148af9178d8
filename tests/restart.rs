//! Nothing acknowledged is lost, and views are rebuilt to the same state.

use std::fs;
use std::path::Path;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, contract, event, opened, slx, waiting};

async fn fill(clients: &mut Clients, incidents: usize) {
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    for number in 0..incidents {
        let id = format!("I{number}");
        let hour = 8 + number % 6;
        let time =
            |minute: usize| format!("2026-11-{:02}T{hour:02}:{minute:02}:00Z", 2 + number % 20);
        let priority = if number % 3 == 0 { "P1" } else { "P2" };
        let mut events = vec![event(&id, "1", &time(0), opened("C", priority))];
        if number % 2 == 0 {
            events.push(event(&id, "2", &time(10), waiting(v1::WaitingOn::Client)));
            events.push(event(&id, "3", &time(50), waiting(v1::WaitingOn::Provider)));
        }
        if number % 4 != 3 {
            events.push(event(&id, "4", &time(59), Fact::Resolved(v1::Resolved {})));
        }
        clients.record(events).await;
    }
}

async fn all_clocks(clients: &mut Clients) -> Vec<v1::Clock> {
    let as_of_time = Some(crate::testing::at("2026-12-01T00:00:00Z"));
    let request = v1::ListClocksRequest { page_size: 1000, as_of_time, ..Default::default() };
    clients.list_clocks(request).await
}

fn remove_views(data: &Path) {
    fs::remove_dir_all(data.join("views")).expect("the views are there");
}

#[tokio::test]
async fn deleting_the_views_and_starting_again_rebuilds_the_same_state() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients, 60).await;
    let before = all_clocks(&mut clients).await;
    assert_eq!(before.len(), 120);
    assert!(server.stop().await.success());
    remove_views(data.path());
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    assert_eq!(all_clocks(&mut clients).await, before);
    server.kill();
    let mut server = Server::start(data.path(), &[]);
    assert_eq!(all_clocks(&mut server.clients().await).await, before);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_views_that_lag_catch_up() {
    let data = tempfile::tempdir().expect("a directory");
    for round in 0..4 {
        let mut server = Server::start(data.path(), &[]);
        let mut clients = server.clients().await;
        for number in 0..=round {
            let id = format!("R{round}-{number}");
            let opening = event(&id, "o", "2026-11-23T08:30:00Z", opened("C", "P1"));
            clients.record(vec![opening]).await;
        }
        server.kill();
    }
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let request = v1::ListIncidentsRequest { tenant: TENANT.into(), ..Default::default() };
    let listed = clients.incidents.list_incidents(request).await.expect("listed").into_inner();
    assert_eq!(listed.incidents.len(), 1 + 2 + 3 + 4);
}

#[tokio::test]
async fn views_of_garbage_cost_a_rebuild_never_a_fact() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    fill(&mut server.clients().await, 8).await;
    let before = all_clocks(&mut server.clients().await).await;
    assert!(server.stop().await.success());
    for entry in fs::read_dir(data.path().join("views")).expect("views").flatten() {
        if entry.path().is_file() {
            fs::write(entry.path(), "garbage").expect("written");
        }
    }
    let mut server = Server::start(data.path(), &[]);
    assert_eq!(all_clocks(&mut server.clients().await).await, before);
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn a_record_that_could_not_be_folded_at_once_is_folded_before_the_next() {
    let data = tempfile::tempdir().expect("a directory");
    let failing = [("FAILPOINTS", "views-get=40*off->20%60*return")];
    let mut server = Server::start_with(data.path(), &[], &failing);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let mut refusals = 0;
    for number in 0..200 {
        let opening = event(&format!("I{number}"), "o", "2026-11-02T08:00:00Z", opened("C", "P1"));
        let request =
            v1::RecordEventsRequest { tenant: TENANT.into(), events: vec![opening.clone()] };
        while let Err(status) = clients.incidents.record_events(request.clone()).await {
            assert_eq!(status.code(), tonic::Code::Unavailable, "{status}");
            refusals += 1;
        }
    }
    assert!(refusals > 0, "the views never failed");
    let reported = clients.status().await.stamp.expect("a stamp").sequence;
    assert_eq!(
        reported, 203,
        "each once, after the time zone database, the calendar and the contract"
    );
    let before = all_clocks(&mut clients).await;
    assert_eq!(before.len(), 400);
    assert!(server.stop().await.success());
    for rebuilt in [false, true] {
        if rebuilt {
            remove_views(data.path());
        }
        let mut server = Server::start(data.path(), &[]);
        assert!(all_clocks(&mut server.clients().await).await == before, "{rebuilt}");
        assert!(server.stop().await.success());
    }
}

#[tokio::test]
async fn verify_walks_the_chain_and_names_the_damage() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    fill(&mut server.clients().await, 5).await;
    assert!(server.stop().await.success());
    let sound = slx().arg("verify").arg(data.path()).output().expect("it runs");
    assert!(sound.status.success(), "{}", String::from_utf8_lossy(&sound.stderr));

    let journal = data.path().join("journal");
    let segment = fs::read_dir(&journal)
        .expect("a journal")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "log"))
        .expect("a segment");
    let mut bytes = fs::read(&segment).expect("read");
    bytes[200] ^= 1;
    fs::write(&segment, bytes).expect("written");
    let damaged = slx().arg("verify").arg(data.path()).output().expect("it runs");
    assert_eq!(damaged.status.code(), Some(1));
    let reported = String::from_utf8_lossy(&damaged.stderr).into_owned();
    assert!(reported.contains("DATA_LOSS") && reported.contains("record 1"), "{reported}");
}
