//! `slx serve --read-only`: questions are answered, nothing is recorded, and the journal stays as it
//! is to the byte.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use slx::codec::v1;
use tonic::Code;
use tonic_types::StatusExt;

use crate::testing::{
    Clients, Server, TENANT, contract, event, opened, run, segments, slx, succeed,
};

/// The journal's files with what is in them.
fn journal(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(data.join("journal")).expect("a journal").flatten();
    files.map(|file| (file.path(), fs::read(file.path()).expect("readable"))).collect()
}

/// A store with an incident, whose server has ended.
async fn store(data: &Path) {
    let mut server = Server::start(data, &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    clients.record(vec![event("I", "o", "2026-11-02T08:00:00Z", opened("C", "P1"))]).await;
    assert!(server.stop().await.success());
}

async fn clocks(clients: &mut Clients) -> usize {
    let as_of_time = Some(crate::testing::at("2026-11-02T09:00:00Z"));
    let request = v1::ListClocksRequest { page_size: 100, as_of_time, ..Default::default() };
    clients.list_clocks(request).await.len()
}

fn is_refused<T>(answer: Result<T, tonic::Status>) {
    let status = answer.map(|_| ()).expect_err("it is read-only");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    let info = status.get_details_error_info().expect("a reason");
    assert_eq!(info.reason, "READ_ONLY");
}

#[tokio::test]
async fn it_answers_refuses_every_write_and_leaves_the_journal_as_it_was() {
    let data = tempfile::tempdir().expect("a directory");
    store(data.path()).await;
    let before = journal(data.path());
    let mut server = Server::start(data.path(), &["--read-only"]);
    let mut clients = server.clients().await;
    assert!(clocks(&mut clients).await > 0);

    let status = clients.status().await;
    assert_eq!(status.journal_state(), v1::JournalState::ReadOnly);
    assert!(server.serves("").await && server.serves("slx.v1.ClockService").await);
    for service in [
        "IncidentService",
        "ContractService",
        "CalendarService",
        "SettlementService",
        "WebhookService",
    ] {
        assert!(!server.serves(&format!("slx.v1.{service}")).await, "{service}");
    }

    let events = vec![event("I2", "o", "2026-11-02T08:00:00Z", opened("C", "P1"))];
    let tenant = || TENANT.to_owned();
    let record = v1::RecordEventsRequest { tenant: tenant(), events };
    is_refused(clients.incidents.record_events(record).await);
    let put = v1::PutContractRequest {
        tenant: tenant(),
        contract: Some(contract("D")),
        ..Default::default()
    };
    is_refused(clients.contracts.put_contract(put).await);
    let end = v1::EndContractRequest {
        tenant: tenant(),
        contract_id: "C".into(),
        end_time: Some(crate::testing::at("2027-01-01T00:00:00Z")),
    };
    is_refused(clients.contracts.end_contract(end).await);

    let second = slx()
        .args(["serve", "--read-only", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains("lock"), "{said}");

    let shown = succeed(slx().args(["status", "--address", &server.address]));
    assert!(shown.contains("journal read only"), "{shown}");
    assert!(server.stop().await.success());
    assert_eq!(journal(data.path()), before);
    let mut server = Server::start(data.path(), &[]);
    assert_eq!(server.clients().await.status().await.journal_state(), v1::JournalState::Writable);
}

/// What a crash left half-written is cut when a journal is opened to be written; here it stays.
#[tokio::test]
async fn a_torn_tail_stays_where_it_is() {
    let data = tempfile::tempdir().expect("a directory");
    store(data.path()).await;
    let last = segments(data.path()).pop().expect("a segment");
    let bytes = fs::read(&last).expect("readable");
    let end = bytes.iter().rposition(|byte| *byte != 0).expect("records") as u64 + 1;
    let mut file = OpenOptions::new().write(true).open(&last).expect("it opens");
    file.seek(SeekFrom::Start(end + 8)).expect("there is room");
    file.write_all(b"half a record").expect("written");
    drop(file);
    let before = journal(data.path());
    let mut server = Server::start(data.path(), &["--read-only"]);
    let mut clients = server.clients().await;
    assert!(clocks(&mut clients).await > 0);
    server.logs("a torn tail stays where it is").await;
    assert!(server.stop().await.success());
    assert_eq!(journal(data.path()), before);
}

/// A backup has no views: they are made, beside a journal that stays as it is. Its last record is a
/// month old, and its clock is nobody's concern.
#[tokio::test]
async fn a_backup_is_read_without_its_views() {
    let place = tempfile::tempdir().expect("a directory");
    let (data, backup) = (place.path().join("data"), place.path().join("backup"));
    let mut server = Server::start(&data, &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    clients.record(vec![event("I", "o", "2026-11-02T08:00:00Z", opened("C", "P1"))]).await;
    let mut command = slx();
    command.args(["backup", "--address", &server.address]).arg(&backup);
    let (done, said) =
        tokio::task::spawn_blocking(move || run(&mut command)).await.expect("it ran");
    assert!(done, "{said}");
    let files = |at: &Path| {
        let mut logs = journal(at);
        logs.retain(|path, _| path.extension().is_some_and(|extension| extension == "log"));
        logs
    };
    let before = files(&backup);
    let mut copy = Server::start_with(&backup, &[], &[("SLX_READ_ONLY", "true")]);
    assert!(clocks(&mut copy.clients().await).await > 0);
    assert!(copy.stop().await.success());
    assert_eq!(files(&backup), before);
}

#[test]
fn what_holds_no_journal_is_not_begun() {
    let data = tempfile::tempdir().expect("a directory");
    let (success, said) = run(slx()
        .args(["serve", "--read-only", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data.path()));
    assert!(!success && said.contains("holds no journal: there is nothing to read"), "{said}");
    assert_eq!(fs::read_dir(data.path()).expect("it is there").count(), 0, "nothing was made");
}
