//! A full file system: writes are refused and say why, reads go on, and room brings all back.

use std::io::ErrorKind;
use std::time::Duration;

use slx::codec::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::load::{FLAGS, Load, Reported, check, check_events, put_terms};
use crate::mount::{Mount, left_out};
use crate::testing::{Clients, Server, TENANT, event, opened};

const SMALL: &str = "32m";
const LARGE: &str = "96m";
/// What is left for slx once others have filled the rest.
const ROOM_BYTES: u64 = 512 * 1024;
const EVENTS_BEFORE: usize = 500;
const COMES_BACK_WITHIN: Duration = Duration::from_secs(30);
const AS_OF: &str = "2026-12-01T00:00:00Z";

pub async fn write(clients: &Clients, id: &str) -> Result<(), Status> {
    let events = vec![event(id, "o", "2026-11-02T09:00:00Z", opened("C", "P1"))];
    let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
    clients.incidents.clone().record_events(request).await.map(drop)
}

pub async fn write_one(clients: &Clients, number: usize) -> Result<(), Status> {
    write(clients, &format!("X{number}")).await
}

pub async fn list(clients: &Clients) -> Result<(), Status> {
    let request = v1::ListClocksRequest { tenant: TENANT.into(), ..Default::default() };
    clients.clocks.clone().list_clocks(request).await.map(drop)
}

/// Asserts that a call was refused for now, for that reason.
pub fn assert_unavailable(status: &Status, reason: &str) {
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let found = status.get_details_error_info().map(|info| info.reason);
    assert_eq!(found.as_deref(), Some(reason), "{status}");
    let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(retry.is_some_and(|delay| !delay.is_zero()), "{status}");
}

/// Calls until that is no more refused for that reason.
pub async fn comes_back<F: Future<Output = Result<(), Status>>>(
    server: &Server,
    reason: &str,
    call: impl Fn() -> F,
) {
    let deadline = tokio::time::Instant::now() + COMES_BACK_WITHIN;
    while let Err(status) = call().await {
        assert_unavailable(&status, reason);
        assert!(tokio::time::Instant::now() < deadline, "{status}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Fills what is free, as another program might, but for a little.
fn fill(mount: &Mount) {
    let file = mount.path().join("of-others");
    loop {
        let room = rustix::fs::statvfs(mount.path()).expect("its room");
        let free = room.f_bavail * room.f_frsize;
        match std::fs::write(&file, vec![1; free.saturating_sub(ROOM_BYTES) as usize]) {
            // The server wrote meanwhile and took what was measured: measure again.
            Err(error) if error.kind() == ErrorKind::StorageFull => {
                std::fs::remove_file(&file).expect("removed");
            }
            filled => return filled.expect("filled"),
        }
    }
}

async fn clocks_of(clients: &mut Clients, incident: &str) -> Vec<v1::Clock> {
    clients.evaluate(incident, AS_OF, None).await.clocks
}

#[tokio::test]
async fn a_full_disk_refuses_writes_answers_reads_and_goes_on_once_there_is_room() {
    if left_out("a full disk") {
        return;
    }
    let mount = Mount::in_memory(SMALL);
    let mut server = Server::start(mount.path(), &FLAGS);
    let mut clients = server.clients().await;
    put_terms(&mut clients).await;
    write(&clients, "before").await.expect("recorded");
    let before = clocks_of(&mut clients, "before").await;
    let load = Load::start(&clients, "F");
    load.acknowledged(EVENTS_BEFORE).await;
    let reported = load.stop().await;
    fill(&mount);
    let reported = Load::going_on(&clients, "H", reported).ended().await;

    let status = refused(|number| write_one(&clients, number)).await;
    assert_unavailable(&status, "JOURNAL_UNAVAILABLE");
    assert_eq!(clocks_of(&mut clients, "before").await, before);
    check_events(&clients, &reported).await;
    assert_reported_as_it_changes(&server, true).await;
    assert_unavailable(&refused(|_| list(&clients)).await, "VIEWS_UNAVAILABLE");
    mount.resize(LARGE);
    comes_back(&server, "JOURNAL_UNAVAILABLE", || write(&clients, "Y")).await;
    comes_back(&server, "VIEWS_UNAVAILABLE", || list(&clients)).await;
    assert_reported_as_it_changes(&server, false).await;
    assert_eq!(clocks_of(&mut clients, "before").await, before);
    let reported = go_on(&clients, reported).await;
    assert!(server.stop().await.success());
    check(mount.path(), &reported).await;
}

#[tokio::test]
async fn a_start_over_a_full_disk_loses_nothing_and_recovers() {
    if left_out("a start over a full disk") {
        return;
    }
    let mount = Mount::in_memory(SMALL);
    let mut server = Server::start(mount.path(), &FLAGS);
    let mut clients = server.clients().await;
    put_terms(&mut clients).await;
    let load = Load::start(&clients, "F");
    load.acknowledged(EVENTS_BEFORE).await;
    let reported = load.stop().await;
    fill(&mount);
    let reported = Load::going_on(&clients, "H", reported).ended().await;
    server.kill();

    let mut server = Server::start(mount.path(), &FLAGS);
    match server.clients_or_end().await {
        Some(clients) => {
            check_events(&clients, &reported).await;
            mount.resize(LARGE);
            comes_back(&server, "VIEWS_UNAVAILABLE", || list(&clients)).await;
            comes_back(&server, "JOURNAL_UNAVAILABLE", || write(&clients, "Y")).await;
        }
        None => {
            let log = server.log();
            assert!(log.contains("No space left on device") && !log.contains("panicked"), "{log}");
            mount.resize(LARGE);
        }
    }
    server.kill();
    check(mount.path(), &reported).await;
}

/// Asserts that the log reports each time that recording ended and began again, not of each call.
pub async fn assert_reported_as_it_changes(server: &Server, is_refusing: bool) {
    let deadline = tokio::time::Instant::now() + COMES_BACK_WITHIN;
    loop {
        let log = server.log();
        let count = |words: &str| log.matches(words).count();
        let (ends, begins) = (count("nothing is recorded"), count("recording again"));
        if ends > 0 && ends == begins + usize::from(is_refusing) {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{log}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Calls until that is refused, and says how: a little may still fit into what is there.
pub async fn refused<F: Future<Output = Result<(), Status>>>(call: impl Fn(usize) -> F) -> Status {
    let deadline = tokio::time::Instant::now() + COMES_BACK_WITHIN;
    for number in 0.. {
        if let Err(status) = call(number).await {
            return status;
        }
        assert!(tokio::time::Instant::now() < deadline, "nothing is refused");
    }
    unreachable!("it is refused or the deadline passes")
}

async fn go_on(clients: &Clients, reported: Reported) -> Reported {
    let load = Load::going_on(clients, "G", reported);
    load.acknowledged(EVENTS_BEFORE).await;
    load.stop().await
}
