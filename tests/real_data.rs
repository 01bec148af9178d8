//! A real log, end to end: imported by the real command over real gRPC, judged, compared with what
//! the log itself says.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use slx::wire::v1;

use crate::kit::{Server, at, slx};

/// The log was cut at midnight in its zone.
const LOG_ENDS: &str = "2016-05-02T03:00:00Z";
const CLOSED_INCIDENTS: usize = 14_543;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/servicenow").join(name)
}

#[track_caller]
fn run(server: &Server, arguments: &[&str]) -> String {
    let output = slx()
        .args(arguments)
        .args(["--address", &format!("http://{}", server.address)])
        .output()
        .expect("it runs");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).expect("text")
}

fn path(name: &str) -> String {
    data(name).display().to_string()
}

/// The log's own verdict on each incident that is closed for good in it: the flag of its last row.
fn flags() -> BTreeMap<String, bool> {
    let file = std::fs::File::open(data("incident_events.csv.zst")).expect("the log");
    let mut text = String::new();
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(file).expect("zstd");
    decoder.read_to_string(&mut text).expect("text");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let headings = rows.headers().expect("headings").clone();
    let place = |name: &str| headings.iter().position(|h| h == name).expect("a column");
    let (number, closed_at, flag) = (place("number"), place("closed_at"), place("made_sla"));
    let mut last = BTreeMap::new();
    for row in rows.records() {
        let row = row.expect("a row");
        let told = (row[closed_at].to_owned(), row[flag].to_owned());
        last.insert(row[number].to_owned(), told);
    }
    let closed = last.into_iter().filter(|(_, (closed_at, _))| !closed_at.is_empty());
    closed.map(|(number, (_, flag))| (number, flag == "true")).collect()
}

#[tokio::test]
async fn the_engine_agrees_with_a_real_logs_own_verdicts_but_for_four() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(directory.path(), &[]);
    let mut clients = server.clients().await;
    run(&server, &["apply", "-f", &path("contracts.yaml"), "--tenant", crate::kit::TENANT]);
    let import = |server: &Server| {
        let log = path("incident_events.csv.zst");
        let mapping = path("mapping.yaml");
        run(
            server,
            &["import", "-f", &log, "-m", &mapping, "--tenant", crate::kit::TENANT, "--json"],
        )
    };
    let first: serde_json::Value = serde_json::from_str(&import(&server)).expect("JSON");
    assert_eq!((&first["rows"], &first["rejects"]), (&94_645.into(), &0.into()));
    assert_eq!(first["duplicates"], 0);

    let outcomes = |clocks: Vec<v1::Clock>| -> BTreeMap<String, v1::Outcome> {
        clocks.into_iter().map(|clock| (clock.incident_id.clone(), clock.outcome())).collect()
    };
    let request = |contract: &str| v1::ListClocksRequest {
        contract_id: contract.into(),
        as_of_time: Some(at(LOG_ENDS)),
        page_size: 1000,
        ..Default::default()
    };
    let judged = outcomes(clients.list_clocks(request("flag")).await);
    let flags = flags();
    assert_eq!(flags.len(), CLOSED_INCIDENTS);
    let verdict = |met: &bool| if *met { v1::Outcome::Met } else { v1::Outcome::Breached };
    let differ: Vec<_> =
        flags.iter().filter(|(number, met)| judged[*number] != verdict(met)).collect();
    // In all four the flag says met and the rule says breached.
    assert_eq!(differ.len(), 4, "{differ:?}");
    assert!(differ.iter().all(|(_, met)| **met), "{differ:?}");

    // The other account of the same incidents: many breaches of the first are none in the second.
    let office = outcomes(clients.list_clocks(request("office")).await);
    let breached = |judged: &BTreeMap<String, v1::Outcome>| {
        let breached = |number: &&String| judged.get(*number) == Some(&v1::Outcome::Breached);
        flags.keys().filter(breached).count()
    };
    assert!(breached(&office) < breached(&judged), "{} {}", breached(&office), breached(&judged));

    let again: serde_json::Value = serde_json::from_str(&import(&server)).expect("JSON");
    assert_eq!(again["accepted"], 0);
    assert_eq!(again["duplicates"], first["accepted"]);
}
