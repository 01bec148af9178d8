//! A real log, end to end: imported by the real command over real gRPC, evaluated, compared with
//! what the log itself says.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use prost_types::Duration;
use slx::codec::v1;

use crate::testing::{Clients, Server, TENANT, at, slx};

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
        let reported = (row[closed_at].to_owned(), row[flag].to_owned());
        last.insert(row[number].to_owned(), reported);
    }
    let closed = last.into_iter().filter(|(_, (closed_at, _))| !closed_at.is_empty());
    closed.map(|(number, (_, flag))| (number, flag == "true")).collect()
}

fn nanos(duration: Option<Duration>) -> i128 {
    let duration = duration.unwrap_or_default();
    i128::from(duration.seconds) * 1_000_000_000 + i128::from(duration.nanos)
}

type Holder = (v1::PartyTimeKind, String);

/// Adds up whose turn it was.
fn add(times: &mut BTreeMap<Holder, i128>, parts: &[v1::PartyTime]) {
    for part in parts.iter().filter(|part| part.contract_id == "office") {
        let holder = (part.kind(), part.third_party.clone());
        *times.entry(holder).or_default() += nanos(part.duration);
    }
}

/// The clocks decided between two instants.
fn decided<'c>(clocks: &'c [v1::Clock], from: &str, until: &str) -> Vec<&'c v1::Clock> {
    let between = at(from).seconds..at(until).seconds;
    let is_between = |clock: &&v1::Clock| {
        let time = clock.breach_time.or(clock.stop_time).map(|time| time.seconds);
        clock.outcome() != v1::Outcome::Undecided && time.is_some_and(|t| between.contains(&t))
    };
    clocks.iter().filter(is_between).collect()
}

/// The review of a month counts as many incidents as were decided in it.
async fn review(
    clients: &mut Clients,
    period: &str,
    clocks: &[&v1::Clock],
) -> v1::GetServiceReviewResponse {
    let request = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "office".into(),
        period: period.into(),
        as_of_time: Some(at(LOG_ENDS)),
        ..Default::default()
    };
    let review = clients.compliance.get_service_review(request).await.expect("a review");
    let review = review.into_inner();
    let total = review.total.clone().expect("a total");
    let contractual = total.contractual.expect("counts");
    assert_eq!(contractual.met + contractual.breached, clocks.len() as i64);
    let incidents = total.experience_totals.expect("experience totals").incidents;
    assert_eq!(incidents, clocks.len() as i64);
    let slx = review.slx.clone().expect("a figure");
    assert_eq!(review.trend.last().map(|month| &month.slx_percent), Some(&slx.percent));
    assert_eq!(slx.promises.map(|part| part.percent), Some(String::new()), "the log has none");
    review
}

/// What a review adds up is what each incident shows of itself at the period's end.
async fn check_sums(
    clients: &mut Clients,
    review: v1::GetServiceReviewResponse,
    clocks: &[&v1::Clock],
    end: &str,
) {
    let (mut turns, mut lost) = (BTreeMap::new(), 0);
    for clock in clocks {
        let evaluated = clients.evaluate(&clock.incident_id, end, None).await;
        add(&mut turns, &evaluated.party_time);
        let experience =
            evaluated.experience.iter().find(|experience| experience.contract_id == "office");
        lost += nanos(experience.and_then(|experience| experience.lost_time));
    }
    let mut reported = BTreeMap::new();
    add(&mut reported, &review.party_time);
    assert_eq!(reported, turns);
    let experience_totals =
        review.total.and_then(|total| total.experience_totals).expect("experience totals");
    assert_eq!(nanos(experience_totals.lost_time), lost);
    assert!(lost > 0);
}

#[tokio::test]
async fn the_engine_agrees_with_a_real_logs_own_verdicts_but_for_four() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(directory.path(), &[]);
    // It serves once a client gets through.
    server.clients().await;
    run(&server, &["apply", "-f", &path("contracts.yaml"), "--tenant", TENANT]);
    let import = |server: &Server| {
        let log = path("incident_events.csv.zst");
        let mapping = path("mapping.yaml");
        run(server, &["import", "-f", &log, "-m", &mapping, "--tenant", TENANT, "--json"])
    };
    let first: serde_json::Value = serde_json::from_str(&import(&server)).expect("JSON");
    assert_eq!((&first["rows"], &first["rejects"]), (&94_645.into(), &0.into()));
    assert_eq!(first["duplicates"], 0);
    // Anew: while this waits for the import, nothing here would answer the server's pings.
    let mut clients = server.clients().await;

    let outcomes = |clocks: Vec<v1::Clock>| -> BTreeMap<String, v1::Outcome> {
        clocks.into_iter().map(|clock| (clock.incident_id.clone(), clock.outcome())).collect()
    };
    let request = |contract: &str| v1::ListClocksRequest {
        contract_id: contract.into(),
        as_of_time: Some(at(LOG_ENDS)),
        page_size: 1000,
        ..Default::default()
    };
    let evaluated = outcomes(clients.list_clocks(request("flag")).await);
    let flags = flags();
    assert_eq!(flags.len(), CLOSED_INCIDENTS);
    let verdict = |met: &bool| if *met { v1::Outcome::Met } else { v1::Outcome::Breached };
    let differ: Vec<_> =
        flags.iter().filter(|(number, met)| evaluated[*number] != verdict(met)).collect();
    // In all four the flag says met and the rule says breached.
    assert_eq!(differ.len(), 4, "{differ:?}");
    assert!(differ.iter().all(|(_, met)| **met), "{differ:?}");

    // The other account of the same incidents: many breaches of the first are none in the second.
    let office = clients.list_clocks(request("office")).await;
    let april = decided(&office, "2016-04-01T03:00:00Z", "2016-05-01T03:00:00Z");
    review(&mut clients, "2016-04", &april).await;
    let february = decided(&office, "2016-02-01T02:00:00Z", "2016-03-01T03:00:00Z");
    let reviewed = review(&mut clients, "2016-02", &february).await;
    assert!(february.len() >= 20);
    check_sums(&mut clients, reviewed, &february, "2016-03-01T03:00:00Z").await;
    let office = outcomes(office);
    let breached = |evaluated: &BTreeMap<String, v1::Outcome>| {
        let breached = |number: &&String| evaluated.get(*number) == Some(&v1::Outcome::Breached);
        flags.keys().filter(breached).count()
    };
    assert!(
        breached(&office) < breached(&evaluated),
        "{} {}",
        breached(&office),
        breached(&evaluated)
    );

    let again: serde_json::Value = serde_json::from_str(&import(&server)).expect("JSON");
    assert_eq!(again["accepted"], 0);
    assert_eq!(again["duplicates"], first["accepted"]);
}
