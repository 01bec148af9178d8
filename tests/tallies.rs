//! `slx verify --tallies`: the tally buckets kept are those that counting every incident anew
//! gives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::compliance::promising;
use crate::testing::{Clients, Server, TENANT, event, opened, run, slx, succeed};

/// Tally buckets of the views begin with this.
const TALLY_BUCKET: &[u8] = b"y";

fn verify(data: &Path) -> Command {
    let mut command = slx();
    command.args(["verify", "--tallies"]).arg(data);
    command
}

/// An October day at an hour, in UTC.
fn at(day: u32, hour: u32) -> String {
    format!("2026-10-{day:02}T{hour:02}:00:00Z")
}

fn resolved(id: &str, event_id: &str, day: u32, hour: u32) -> v1::IncidentEvent {
    event(id, event_id, &at(day, hour), Fact::Resolved(v1::Resolved {}))
}

/// Twelve incidents, reported over and over: solved, then another priority, an earlier end that
/// comes late, an opening of another service, and ends that are retracted.
async fn fill(clients: &mut Clients) {
    clients.put_office().await;
    clients.put_contract(promising("C")).await;
    for day in 5..17 {
        let id = format!("I-{day}");
        let facts =
            vec![event(&id, "o", &at(day, 7), opened("C", "P1")), resolved(&id, "r", day, 13)];
        clients.record(facts).await;
    }
    // What was tallied has to move.
    tallied(clients).await;
    for day in (5..17).step_by(2) {
        let priority = Fact::PriorityChanged(v1::PriorityChanged { priority: "P2".into() });
        clients.record(vec![event(&format!("I-{day}"), "p", &at(day, 8), priority)]).await;
    }
    for day in (5..17).step_by(3) {
        let group =
            Fact::Assigned(v1::Assigned { group: Some("Desk".into()), ..Default::default() });
        let id = format!("I-{day}");
        let facts = vec![resolved(&id, "late", day, 9), event(&id, "a", &at(day, 10), group)];
        clients.record(facts).await;
    }
    tallied(clients).await;
    for day in (5..17).step_by(4) {
        let retracted = Fact::Retracted(v1::Retracted { event_id: "r".into() });
        clients.record(vec![event(&format!("I-{day}"), "x", &at(day, 15), retracted)]).await;
    }
    // Another revision files them all anew.
    let mut contract = promising("C");
    contract.terms.as_mut().expect("terms").targets[0].limits[0].limit =
        Some(crate::testing::hours(3));
    clients.put_contract(contract).await;
}

/// Waits until all that is recorded is tallied: compliance is not answered before.
async fn tallied(clients: &mut Clients) {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-10".into(),
        ..Default::default()
    };
    clients.compliance.get_compliance(request).await.expect("compliance is answered");
}

fn files(directory: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
        match entry.path().is_dir() {
            true => files(&entry.path(), found),
            false => drop(found.insert(entry.path(), std::fs::read(entry.path()).expect("read"))),
        }
    }
}

#[tokio::test]
async fn kept_tallies_are_those_of_counting_anew_and_spoilt_tally_buckets_are_named() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    fill(&mut server.clients().await).await;
    let (is_sound, output) = run(&mut verify(data.path()));
    assert!(!is_sound && output.contains("a server is at work"), "{output}");
    assert!(server.stop().await.success());

    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    files(data.path(), &mut before);
    let output = succeed(&mut verify(data.path()));
    files(data.path(), &mut after);
    assert!(before == after, "nothing changes");
    assert!(output.contains(" buckets are what counting 12 incidents anew gives\n"), "{output}");
    let output = succeed(verify(data.path()).arg("--json"));
    let output: serde_json::Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!(
        (&output["tallies"]["incidents"], &output["tallies"]["differing"]),
        (&12.into(), &0.into())
    );

    spoil_a_tally_row(data.path());
    let (is_sound, output) = run(&mut verify(data.path()));
    assert!(!is_sound, "{output}");
    for target in ["resolve P2       nothing ", "respond P2       nothing "] {
        let named = format!("acme   C        all       2026-10-05 {target}");
        assert!(output.contains(&named), "{output}");
    }
    assert!(output.contains("TALLIES DIFFER: 2 of "), "{output}");

    std::fs::remove_dir_all(data.path().join("views")).expect("the views go");
    let (is_sound, output) = run(&mut verify(data.path()));
    assert!(!is_sound && output.contains("views"), "{output}");
    let mut server = Server::start(data.path(), &[]);
    server.clients().await;
    assert!(server.stop().await.success());
    succeed(&mut verify(data.path()));
}

/// Removes the first row of tally buckets: those of a day, of both targets.
fn spoil_a_tally_row(data: &Path) {
    let database = sled::open(data.join("views")).expect("views");
    let tree = database.open_tree("views").expect("a tree");
    let (key, _) = tree.scan_prefix(TALLY_BUCKET).next().expect("a cell").expect("a row");
    tree.remove(key).expect("removed");
    database.flush().expect("flushed");
}
