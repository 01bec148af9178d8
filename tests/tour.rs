//! What the README shows works when it is pasted.

use std::path::Path;
use std::process::{Command, Output};

use crate::testing::Server;

/// The first block of the README in a language.
fn block(language: &str) -> String {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once(&format!("```{language}\n")).expect("the block");
    rest.split("```").next().expect("its end").to_owned()
}

fn reported(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}", text(&output.stdout), text(&output.stderr))
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

#[test]
fn the_tour_can_be_pasted() {
    let directory = tempfile::tempdir().expect("a directory");
    let binary = Path::new(env!("CARGO_BIN_EXE_slx")).parent().expect("a directory");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").expect("a path"));
    let address = free_address();
    let output = Command::new("bash")
        // Job control, as in the shell a person pastes into.
        .args(["-m", "-e", "-c", &block("bash")])
        .current_dir(directory.path())
        .env("PATH", path)
        .env("SLX_LISTEN", &address)
        .env("SLX_ADDRESS", format!("http://{address}"))
        .output()
        .expect("bash runs");
    let reported = reported(&output);
    assert!(output.status.success(), "{reported}");
    for line in [
        "calendar office: created",
        "contract workplace: created",
        "5 rows of 2 incidents; 0 could not be taken",
        "breached Mon 2026-11-23 13:45",
        "due Mon 2026-11-23 13:45 (first Mon 2026-11-23 12:30)",
        "2026-11 from Sun 2026-11-01 00:00 to Tue 2026-12-01 00:00",
        "INC1.json: 6 facts, 2 revisions of terms",
        "records in 1 segment, all sound",
    ] {
        assert!(reported.contains(line), "no {line:?} in:\n{reported}");
    }
}

#[tokio::test]
async fn a_python_client_needs_nothing_but_reflection() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(directory.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let request = slx::codec::v1::PutContractRequest {
        tenant: "default".into(),
        contract: Some(crate::testing::contract("workplace")),
        ..Default::default()
    };
    let calendar = slx::codec::v1::PutCalendarRequest {
        tenant: "default".into(),
        calendar: Some(crate::testing::office()),
        ..Default::default()
    };
    clients.calendars.put_calendar(calendar).await.expect("put");
    clients.contracts.put_contract(request).await.expect("put");
    let python = std::env::var("SLX_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(python)
        .args(["-c", &block("python")])
        .env("SLX_LISTEN", &server.address)
        .output()
        .expect("python runs");
    assert!(output.status.success(), "{}", reported(&output));
    assert!(reported(&output).contains("OUTCOME_MET 7200s"), "{}", reported(&output));
}
