//! Backup and restore, while the server goes on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use slx::codec::v1;

use crate::testing::{
    Clients, Server, TENANT, contract, event, opened, run, segments, slx, succeed,
};

/// Backs up while this thread's other tasks go on.
async fn backup(server: &Server, to: &Path) -> (bool, String) {
    let mut command = slx();
    command.args(["backup", "--address", &server.address]).arg(to);
    tokio::task::spawn_blocking(move || run(&mut command)).await.expect("it ran")
}

fn head_of(output: &str) -> String {
    let line = output.lines().find_map(|line| line.strip_prefix("head "));
    line.unwrap_or_else(|| panic!("no head in {output}")).to_owned()
}

async fn all_clocks(clients: &mut Clients) -> Vec<v1::Clock> {
    let as_of_time = Some(crate::testing::at("2026-12-01T00:00:00Z"));
    let request = v1::ListClocksRequest { page_size: 1000, as_of_time, ..Default::default() };
    clients.list_clocks(request).await
}

/// Records incidents one after the other until stopped; returns how many.
fn keep_recording(mut clients: Clients, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<usize> {
    tokio::spawn(async move {
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            let opening =
                event(&format!("L{count}"), "o", "2026-11-02T09:00:00Z", opened("C", "P1"));
            clients.record(vec![opening]).await;
            count += 1;
        }
        count
    })
}

#[tokio::test]
async fn backups_under_load_hold_what_was_acknowledged_before_and_grow() {
    let place = tempfile::tempdir().expect("a directory");
    let (data, copy) = (place.path().join("data"), place.path().join("copy"));
    let mut server = Server::start(&data, &["--segment-bytes", "65536"]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let stop = Arc::new(AtomicBool::new(false));
    let recording = keep_recording(clients.clone(), Arc::clone(&stop));
    let mut heads = Vec::new();
    for round in 0..10 {
        let before = clients.status().await.stamp.expect("a stamp").sequence;
        let (done, output) = backup(&server, &copy).await;
        assert!(done, "round {round}: {output}");
        let verified = succeed(slx().arg("verify").arg(&copy).arg("--json"));
        let verified: serde_json::Value = serde_json::from_str(&verified).expect("JSON");
        assert!(verified["records"].as_i64().expect("a count") >= before, "{verified}");
        assert_eq!(verified["head"].as_str(), Some(head_of(&output).as_str()));
        heads.push(head_of(&output));
    }
    stop.store(true, Ordering::Relaxed);
    assert!(recording.await.expect("recorded") > 0);
    let (done, output) = backup(&server, &copy).await;
    assert!(done && head_of(&output) == clients.status().await.head, "{output}");
    for head in &heads {
        succeed(slx().arg("verify").arg(&copy).args(["--until-head", head]));
    }

    let expected = all_clocks(&mut clients).await;
    let restored = place.path().join("restored");
    let output = succeed(slx().arg("restore").arg(&copy).arg(&restored));
    assert_eq!(head_of(&output), clients.status().await.head);
    let mut again = Server::start(&restored, &[]);
    let mut again = again.clients().await;
    assert_eq!(all_clocks(&mut again).await, expected);
    assert_eq!(again.status().await.store_id, clients.status().await.store_id);
}

#[tokio::test]
async fn a_backup_takes_in_nothing_of_another_journal() {
    let place = tempfile::tempdir().expect("a directory");
    let copy = place.path().join("copy");
    let mut one = Server::start(&place.path().join("one"), &[]);
    let mut clients = one.clients().await;
    clients.put_office().await;
    assert!(backup(&one, &copy).await.0);
    let mut two = Server::start(&place.path().join("two"), &[]);
    let mut others = two.clients().await;
    others.put_office().await;
    others.put_contract(contract("C")).await;
    let (done, output) = backup(&two, &copy).await;
    assert!(!done && output.contains("not this journal's"), "{output}");
    let request = v1::BackUpRequest { after_sequence: 9, after_head: "00".repeat(32) };
    let status = others.admin.back_up(request).await.expect_err("it is not there");
    assert_eq!(status.code(), tonic::Code::OutOfRange);
    let request = v1::BackUpRequest { after_sequence: 1, after_head: "xy".into() };
    let status = others.admin.back_up(request).await.expect_err("no hash");
    assert!(status.message().contains("after_head"), "{status}");
    clients.put_contract(contract("C")).await;
    assert!(backup(&one, &copy).await.0, "the backup is as it was");
}

#[tokio::test]
async fn a_restore_may_end_at_a_sequence_or_an_instant() {
    let place = tempfile::tempdir().expect("a directory");
    let data = place.path().join("data");
    let mut server = Server::start(&data, &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let mut stamps = Vec::new();
    for id in ["I1", "I2", "I3"] {
        let opening = event(id, "o", "2026-11-02T09:00:00Z", opened("C", "P1"));
        stamps.extend(clients.record(vec![opening]).await.stamp);
    }
    assert!(server.stop().await.success());
    let time = stamps[1].known_time.expect("a time").to_string();
    let flags: [[&str; 2]; 2] = [["--until-sequence", "5"], ["--until-time", &time]];
    for (at, flag) in flags.into_iter().enumerate() {
        let to = place.path().join(at.to_string());
        let output = succeed(slx().arg("restore").arg(&data).arg(&to).args(flag));
        assert!(output.contains("5 records restored"), "{output}");
        let mut server = Server::start(&to, &[]);
        let request = v1::ListIncidentsRequest { tenant: TENANT.into(), ..Default::default() };
        let listed = server.clients().await.incidents.list_incidents(request).await;
        assert_eq!(listed.expect("listed").into_inner().incidents.len(), 2);
    }
    let (done, output) = run(slx().arg("restore").arg(&data).arg(place.path().join("0")));
    assert!(!done && output.contains("holds records already"), "{output}");
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored_and_a_damaged_journal_not_backed_up() {
    let place = tempfile::tempdir().expect("a directory");
    let (data, copy) = (place.path().join("data"), place.path().join("copy"));
    let mut server = Server::start(&data, &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    assert!(backup(&server, &copy).await.0);
    let spoil = |data: &Path| {
        let path = &segments(data)[0];
        let mut bytes = std::fs::read(path).expect("a segment");
        // The second record, behind the time zone database.
        let size = u32::from_be_bytes(bytes[78..82].try_into().expect("four bytes"));
        bytes[78 + size as usize + 80] ^= 1;
        std::fs::write(path, bytes).expect("written");
    };
    spoil(&copy);
    let (done, output) = run(slx().arg("restore").arg(&copy).arg(place.path().join("new")));
    assert!(!done && output.contains("damaged behind record 1"), "{output}");
    let (is_sound, output) = run(slx().arg("verify").arg(&copy));
    assert!(!is_sound && output.contains("DATA_LOSS: record 2: the backup held 3"), "{output}");
    spoil(&data);
    let (done, output) = backup(&server, &place.path().join("other")).await;
    assert!(!done && output.contains("DATA_LOSS: record 2"), "{output}");
}
