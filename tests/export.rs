//! Exports: every clock as a row, of one piece, as CSV and Parquet.

use std::collections::BTreeMap;
use std::path::Path;

use prost::Message;
use prost_types::{Duration, Timestamp};
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::compliance::{promising, some_fact};
use crate::load::put_terms;
use crate::random::setting;
use crate::testing::{Clients, Server, TENANT, at, event, opened, run, slx, succeed};

const LATER: &str = "2026-12-20T10:00:00Z";
const AWKWARD: [&str; 6] = ["a,b", "said \"so\"", "two\nlines\r\n", "nul\0byte", " =1+1\t", "日本"];

pub fn request() -> v1::ExportClocksRequest {
    v1::ExportClocksRequest { tenant: TENANT.into(), include_open: true, ..Default::default() }
}

/// All rows, and the stamp they rest on, which each message must state.
async fn export(
    clients: &mut Clients,
    request: v1::ExportClocksRequest,
) -> (Vec<v1::ClockRow>, v1::Stamp) {
    let answers = clients.compliance.export_clocks(request).await.expect("exported");
    rest(answers.into_inner(), Vec::new(), None).await
}

async fn rest(
    mut answers: tonic::Streaming<v1::ExportClocksResponse>,
    mut rows: Vec<v1::ClockRow>,
    mut stamp: Option<v1::Stamp>,
) -> (Vec<v1::ClockRow>, v1::Stamp) {
    while let Some(answer) = answers.message().await.expect("more") {
        assert!(answer.encoded_len() < 1024 * 1024, "{} bytes", answer.encoded_len());
        assert!(answer.stamp.is_some() && (stamp.is_none() || stamp == answer.stamp));
        stamp = answer.stamp;
        rows.extend(answer.rows);
    }
    (rows, stamp.expect("a first message"))
}

/// A small store of facts made up at random, and some instants between its records.
pub async fn fill(clients: &mut Clients) -> Vec<Timestamp> {
    let seed = setting("SLX_EXPORT_SEED", u64::from(std::process::id()));
    println!("SLX_EXPORT_SEED={seed}");
    clients.put_office().await;
    clients.put_contract(promising("C")).await;
    clients.put_contract(promising("D")).await;
    let mut known = Vec::new();
    for round in 0..4 {
        let facts = (round * 60..(round + 1) * 60).map(|place| some_fact(seed, place));
        let answer = clients.record(facts.collect()).await;
        known.extend(answer.stamp.and_then(|stamp| stamp.known_time));
    }
    for (number, text) in AWKWARD.into_iter().enumerate() {
        let mut opening = opened(["C", "D"][number % 2], "P1");
        if let Fact::Opened(opened) = &mut opening {
            opened.category = text.into();
            opened.contract_ids = vec!["C".into(), "D".into()];
        }
        let group =
            Fact::Assigned(v1::Assigned { group: Some(text.into()), assignee: Some(text.into()) });
        let id = format!("awkward{number}");
        let events = [("o", opening), ("a", group), ("r", Fact::Resolved(v1::Resolved {}))];
        let time = |hour| format!("2026-11-20T{hour:02}:00:00.00000025Z");
        let events = events.into_iter().enumerate();
        let events = events.map(|(hour, (name, fact))| event(&id, name, &time(9 + hour), fact));
        clients.record(events.collect()).await;
    }
    known
}

fn nanos(duration: &Option<Duration>) -> i64 {
    duration.as_ref().map_or(0, |d| d.seconds * 1_000_000_000 + i64::from(d.nanos))
}

fn moment(time: &Option<Timestamp>) -> Option<(i64, i32)> {
    time.map(|time| (time.seconds, time.nanos))
}

fn span(nanos: i64) -> Option<Duration> {
    Some(Duration { seconds: nanos / 1_000_000_000, nanos: (nanos % 1_000_000_000) as i32 })
}

/// The row of a clock as it is evaluated, and of its incident as it is shown.
fn row(
    clock: &v1::Clock,
    incident: &v1::Incident,
    cause: Option<&v1::CauseAttributed>,
) -> v1::ClockRow {
    use v1::{SegmentKind, WaitingOn};
    let sum = |fits: &dyn Fn(&v1::Segment) -> bool, of: &dyn Fn(&v1::Segment) -> i64| -> i64 {
        clock.segments.iter().filter(|segment| fits(segment)).map(of).sum()
    };
    let paused =
        sum(&|s| s.kind() == SegmentKind::Paused, &|s| nanos(&s.service_time) - nanos(&s.counted));
    let waited = |who: WaitingOn| {
        let dead = [SegmentKind::Pending, SegmentKind::ResolvedGap];
        let waits = move |s: &v1::Segment| s.waiting_on() == who && !dead.contains(&s.kind());
        span(sum(&waits, &|s| nanos(&s.service_time)))
    };
    v1::ClockRow {
        incident_id: clock.incident_id.clone(),
        contract_id: clock.contract_id.clone(),
        contract_revision: clock.contract_revision,
        target_id: clock.target_id.clone(),
        metric: clock.metric,
        cycle: clock.cycle,
        priority: clock.priority.clone(),
        phase: clock.phase,
        outcome: clock.outcome,
        excluded_outcome: clock.excluded_outcome,
        exclusion: clock.exclusion.clone(),
        limit: clock.limit,
        elapsed: clock.elapsed,
        experienced_elapsed: span(nanos(&clock.elapsed) + paused),
        paused: span(paused),
        waited_on_client: waited(WaitingOn::Client),
        waited_on_third_party: waited(WaitingOn::ThirdParty),
        start_time: clock.start_time,
        stop_time: clock.stop_time,
        due_time: clock.due_time,
        original_due_time: clock.original_due_time,
        breach_time: clock.breach_time,
        decide_time: clock.breach_time.or(clock.stop_time),
        calendar_id: clock.calendar_id.clone(),
        calendar_revision: clock.calendar_revision,
        service: incident.service.clone(),
        category: incident.category.clone(),
        group: incident.group.clone(),
        assignee: incident.assignee.clone(),
        party: cause.map_or(0, |cause| cause.party),
        third_party: cause.map(|cause| cause.third_party.clone()).unwrap_or_default(),
        opened_time: incident.open_time,
        resolved_time: incident.resolve_time,
        affected_users: incident.affected_users,
        ..Default::default()
    }
}

/// Rows without what their periods make of them.
fn uncounted(rows: Vec<v1::ClockRow>) -> Vec<v1::ClockRow> {
    let without = |row| v1::ClockRow { counted_as: 0, place_time: None, lateness: None, ..row };
    rows.into_iter().map(without).collect()
}

/// Rows without times: those of a period that is over are counted up to its end.
fn untimed(rows: Vec<v1::ClockRow>) -> Vec<v1::ClockRow> {
    let without = |row| v1::ClockRow {
        elapsed: None,
        experienced_elapsed: None,
        paused: None,
        waited_on_client: None,
        waited_on_third_party: None,
        ..row
    };
    uncounted(rows).into_iter().map(without).collect()
}

/// The last attribution of an incident's cause that was known and had happened.
async fn cause(
    clients: &mut Clients,
    incident: &str,
    stamp: &v1::Stamp,
) -> Option<v1::CauseAttributed> {
    let request = v1::ListEventsRequest {
        tenant: TENANT.into(),
        incident_id: incident.into(),
        as_of_time: stamp.as_of_time,
        known_time: stamp.known_time,
        page_size: 1000,
        ..Default::default()
    };
    let answer = clients.incidents.list_events(request).await.expect("its events").into_inner();
    assert_eq!(answer.next_page_token, "");
    let happened =
        |event: &v1::IncidentEvent| moment(&event.occur_time) <= moment(&stamp.as_of_time);
    let effective = answer.events.into_iter().filter(|e| e.retracted_by.is_empty());
    let attributed = effective.filter_map(|recorded| {
        let event = recorded.event.filter(happened)?;
        let Some(Fact::CauseAttributed(cause)) = event.fact else { return None };
        Some(((moment(&event.occur_time), event.occur_order, recorded.sequence), cause))
    });
    attributed.max_by(|a, b| a.0.cmp(&b.0)).map(|(_, cause)| cause)
}

/// The rows that evaluating every incident by itself comes to.
async fn evaluated(clients: &mut Clients, stamp: &v1::Stamp) -> Vec<v1::ClockRow> {
    let mut ids: Vec<_> = (0..40).map(|number| format!("R{number}")).collect();
    ids.extend((0..AWKWARD.len()).map(|number| format!("awkward{number}")));
    ids.sort();
    let mut rows = Vec::new();
    for id in ids {
        let query = v1::EvaluateIncidentRequest {
            tenant: TENANT.into(),
            incident_id: id.clone(),
            with_segments: true,
            as_of_time: stamp.as_of_time,
            known_time: stamp.known_time,
            ..Default::default()
        };
        let Ok(answer) = clients.clocks.evaluate_incident(query).await else { continue };
        let query = v1::GetIncidentRequest {
            tenant: TENANT.into(),
            incident_id: id.clone(),
            as_of_time: stamp.as_of_time,
            known_time: stamp.known_time,
            ..Default::default()
        };
        let incident = clients.incidents.get_incident(query).await.expect("it is shown");
        let incident = incident.into_inner().incident.expect("an incident");
        let cause = cause(clients, &id, stamp).await;
        let clocks = answer.into_inner().clocks;
        rows.extend(clocks.iter().map(|clock| row(clock, &incident, cause.as_ref())));
    }
    rows
}

fn check_same(exported: &[v1::ClockRow], expected: &[v1::ClockRow]) {
    for (exported, expected) in exported.iter().zip(expected) {
        assert_eq!(exported, expected);
    }
    assert_eq!(exported.len(), expected.len());
}

#[tokio::test]
async fn rows_are_what_evaluating_every_incident_comes_to_at_every_time() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let known = fill(&mut clients).await;
    let as_of = ["2026-09-20T10:30:00Z", "2026-10-31T23:00:00Z", LATER, "2027-01-05T00:00:00Z"];
    for as_of_time in as_of.map(at) {
        for known_time in [None, Some(known[0]), Some(known[2])] {
            let requested =
                v1::ExportClocksRequest { as_of_time: Some(as_of_time), known_time, ..request() };
            let (rows, stamp) = export(&mut clients, requested.clone()).await;
            check_same(&uncounted(rows.clone()), &evaluated(&mut clients, &stamp).await);
            check_listed(&mut clients, &rows, &stamp).await;
            check_parts(&mut clients, &rows, &requested).await;
        }
    }
}

type ClockName = (String, String, String, i32);

/// A list finds the same clocks and says the same of them.
async fn check_listed(clients: &mut Clients, rows: &[v1::ClockRow], stamp: &v1::Stamp) {
    let request = v1::ListClocksRequest {
        as_of_time: stamp.as_of_time,
        known_time: stamp.known_time,
        page_size: 1000,
        ..Default::default()
    };
    let listed = clients.list_clocks(request).await;
    let listed: BTreeMap<ClockName, _> = listed
        .into_iter()
        .map(|c| ((c.incident_id, c.contract_id, c.target_id, c.cycle), (c.outcome, c.due_time)))
        .collect();
    let exported: BTreeMap<ClockName, _> = rows
        .iter()
        .cloned()
        .map(|r| ((r.incident_id, r.contract_id, r.target_id, r.cycle), (r.outcome, r.due_time)))
        .collect();
    assert_eq!(exported, listed);
    assert_eq!(exported.len(), rows.len(), "one row a clock");
}

/// Contracts and periods take their rows, and no others.
async fn check_parts(
    clients: &mut Clients,
    all: &[v1::ClockRow],
    requested: &v1::ExportClocksRequest,
) {
    let (start, end) = ("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z");
    let decided = |row: &v1::ClockRow| moment(&row.decide_time);
    let is_in = |row: &v1::ClockRow| {
        decided(row) >= moment(&Some(at(start))) && decided(row) < moment(&Some(at(end)))
    };
    let wanted = |fits: &dyn Fn(&v1::ClockRow) -> bool| {
        all.iter().filter(|row| fits(row)).cloned().collect::<Vec<_>>()
    };
    let of_d = v1::ExportClocksRequest { contract_id: "D".into(), ..requested.clone() };
    let of_d = uncounted(export(clients, of_d).await.0);
    check_same(&of_d, &uncounted(wanted(&|row| row.contract_id == "D")));
    let between = v1::ExportClocksRequest {
        start_time: Some(at(start)),
        end_time: Some(at(end)),
        ..requested.clone()
    };
    let goes_on = moment(&requested.as_of_time) < moment(&Some(at(end)));
    let started = |row: &v1::ClockRow| match row.start_time {
        Some(_) => moment(&row.start_time) < moment(&Some(at(end))),
        None => goes_on,
    };
    let is_open =
        |row: &v1::ClockRow| row.decide_time.is_none() || decided(row) >= moment(&Some(at(end)));
    let or_open = |row: &v1::ClockRow| is_in(row) || (is_open(row) && started(row));
    let found = untimed(export(clients, between.clone()).await.0);
    check_same(&found, &untimed(wanted(&or_open)));
    let decided_only = v1::ExportClocksRequest { include_open: false, ..between };
    check_same(&untimed(export(clients, decided_only).await.0), &untimed(wanted(&is_in)));
    let october = v1::ExportClocksRequest {
        contract_id: "C".into(),
        period: "2026-10".into(),
        include_open: false,
        ..requested.clone()
    };
    let expected = wanted(&|row| row.contract_id == "C" && is_in(row));
    check_same(&untimed(export(clients, october).await.0), &untimed(expected));
}

#[tokio::test]
async fn what_can_not_be_exported_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    put_terms(&mut clients).await;
    let (rows, _) = export(&mut clients, request()).await;
    assert!(rows.is_empty(), "a stamp comes without rows too");
    type Change = fn(&mut v1::ExportClocksRequest);
    let cases: [(Change, &str); 6] = [
        (|requested| requested.period = "2026-10".into(), "cut in a contract's time zone"),
        (|requested| requested.contract_id = "X".into(), "no contract"),
        (
            |requested| {
                requested.contract_id = "C".into();
                requested.period = "october".into();
            },
            "2026-Q3",
        ),
        (
            |requested| {
                requested.contract_id = "C".into();
                requested.period = "2026-10".into();
                requested.end_time = Some(at(LATER));
            },
            "one or the other",
        ),
        (
            |requested| {
                requested.start_time = Some(at(LATER));
                requested.end_time = Some(at(LATER));
            },
            "is not after start_time",
        ),
        (|requested| requested.min_sequence = 99, "min_sequence"),
    ];
    for (change, violation) in cases {
        let mut requested = request();
        change(&mut requested);
        let status = match clients.compliance.export_clocks(requested).await {
            Err(status) => status,
            Ok(answers) => answers.into_inner().message().await.expect_err("refused"),
        };
        assert!(format!("{status:?}").contains(violation), "{status:?}");
    }
}

fn command(server: &Server) -> std::process::Command {
    let mut command = slx();
    command.args(["export", "--tenant", TENANT, "--address", &server.address]);
    command.args(["--as-of-time", LATER, "--open"]);
    command
}

/// The columns that are documented, as CSV names them.
fn documented() -> Vec<String> {
    let text = include_str!("../docs/export.md");
    let lines = text.lines().filter_map(|line| line.strip_prefix("| `"));
    lines.map(|line| line.split('`').next().expect("a name").to_owned()).collect()
}

fn word(name: &str) -> String {
    let (_, word) = name.split_once('_').expect("a prefix");
    let word = word.to_lowercase().replace('_', " ");
    if word == "unspecified" { String::new() } else { word }
}

fn seconds(duration: &Option<Duration>) -> String {
    let nanos = nanos(duration);
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn time(time: &Option<Timestamp>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}

/// A row's tally buckets as CSV must hold them.
fn tally_buckets(row: &v1::ClockRow) -> Vec<String> {
    vec![
        row.incident_id.clone(),
        row.contract_id.clone(),
        row.contract_revision.to_string(),
        row.target_id.clone(),
        word(row.metric().as_str_name()),
        row.cycle.to_string(),
        row.priority.clone(),
        word(row.phase().as_str_name()),
        word(row.outcome().as_str_name()),
        word(row.excluded_outcome().as_str_name()),
        row.exclusion.clone(),
        seconds(&row.limit),
        seconds(&row.elapsed),
        seconds(&row.experienced_elapsed),
        seconds(&row.paused),
        seconds(&row.waited_on_client),
        seconds(&row.waited_on_third_party),
        time(&row.start_time),
        time(&row.stop_time),
        time(&row.due_time),
        time(&row.original_due_time),
        time(&row.breach_time),
        time(&row.decide_time),
        row.calendar_id.clone(),
        row.calendar_revision.to_string(),
        row.service.clone(),
        row.category.clone(),
        row.group.clone(),
        row.assignee.clone(),
        word(row.party().as_str_name()),
        row.third_party.clone(),
        time(&row.opened_time),
        time(&row.resolved_time),
        row.affected_users.to_string(),
        word(row.counted_as().as_str_name().trim_start_matches("COUNTED_")),
        time(&row.place_time),
        seconds(&row.lateness),
    ]
}

#[tokio::test]
async fn a_csv_file_reads_back_as_the_rows_whatever_texts_hold() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let requested = v1::ExportClocksRequest { as_of_time: Some(at(LATER)), ..request() };
    let (rows, _) = export(&mut clients, requested).await;
    for text in AWKWARD {
        assert!(rows.iter().any(|row| row.category == text && row.assignee == text), "{text:?}");
    }
    let file = data.path().join("all.csv");
    let printed = succeed(command(&server).arg("-o").arg(&file));
    assert_eq!(printed, format!("{} clocks in {}\n", rows.len(), file.display()));
    let written = std::fs::read(&file).expect("a file");
    let printed = command(&server).output().expect("it runs").stdout;
    assert!(printed == written, "standard output and the file differ");
    let mut reader = csv::Reader::from_reader(written.as_slice());
    let header: Vec<_> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    assert_eq!(header, documented());
    let read = reader.into_records().map(|record| record.expect("a record"));
    let read: Vec<Vec<String>> = read.map(|r| r.iter().map(str::to_owned).collect()).collect();
    assert_eq!(read, rows.iter().map(tally_buckets).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_file_appears_only_when_it_is_whole() {
    let data = tempfile::tempdir().expect("a directory");
    let out = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    put_terms(&mut server.clients().await).await;
    let file = out.path().join("some.csv");
    std::fs::write(&file, "as it was").expect("written");
    let refused = ["--contract", "X"];
    let (success, output) = run(command(&server).args(refused).arg("-o").arg(&file));
    assert!(!success && output.contains("no contract"), "{output}");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "as it was");
    let files = std::fs::read_dir(out.path()).expect("a directory").count();
    assert_eq!(files, 1, "nothing else is left behind");
}

/// Many clocks of long rows: eight targets an incident.
async fn fill_much(clients: &mut Clients, incidents: usize, text: &str) {
    put_terms(clients).await;
    let mut wide = crate::testing::contract("wide");
    let terms = wide.terms.as_mut().expect("terms");
    let resolve = terms.targets[0].clone();
    terms.targets = (0..8).map(|n| v1::Target { id: format!("t{n}"), ..resolve.clone() }).collect();
    clients.put_contract(wide).await;
    let openings = (0..incidents).map(|number| {
        let mut opening = opened("wide", "P1");
        if let Fact::Opened(opened) = &mut opening {
            opened.category = format!("{text}{number}");
        }
        event(&format!("W{number}"), "o", "2026-11-02T09:00:00Z", opening)
    });
    let openings: Vec<_> = openings.collect();
    for some in openings.chunks(250) {
        clients.record(some.to_vec()).await;
    }
}

/// A reader who waits holds up nobody, and sees nothing of what is recorded meanwhile.
#[tokio::test]
async fn an_export_is_of_one_piece_while_others_record() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill_much(&mut clients, 1_500, &"long ".repeat(200)).await;
    let requested = v1::ExportClocksRequest { as_of_time: Some(at(LATER)), ..request() };
    let answers = clients.compliance.export_clocks(requested.clone()).await.expect("exported");
    let mut answers = answers.into_inner();
    let first = answers.message().await.expect("an answer").expect("a first one");
    let stamp = first.stamp.expect("a stamp");
    let recording = tokio::spawn(resolve_all(clients.clone()));
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(60);
    while clients.status().await.stamp.expect("a stamp").sequence < stamp.sequence + 400 {
        assert!(tokio::time::Instant::now() < deadline, "recording is held up");
        // A question that needs the index is answered too.
        let request = v1::ListClocksRequest { page_size: 1, ..Default::default() };
        let request = v1::ListClocksRequest { tenant: TENANT.into(), ..request };
        clients.clocks.list_clocks(request).await.expect("listed");
    }
    let (rows, stamp) = rest(answers, first.rows, first.stamp).await;
    recording.abort();
    assert_eq!(rows.len(), 12_000);
    let stopped =
        |rows: &[v1::ClockRow]| rows.iter().filter(|row| row.phase() == v1::Phase::Stopped).count();
    assert_eq!(stopped(&rows), 0, "all were resolved after the stamp");
    let requested = v1::ExportClocksRequest { known_time: stamp.known_time, ..requested };
    let (again, _) = export(&mut clients, requested.clone()).await;
    check_same(&rows, &again);
    let requested = v1::ExportClocksRequest { known_time: None, ..requested };
    let (newest, _) = export(&mut clients, requested).await;
    assert!(stopped(&newest) >= 400 * 8, "{} stopped", stopped(&newest));
}

/// Resolves every incident, the last by its id first, so that an export has yet to reach it.
async fn resolve_all(mut clients: Clients) {
    let mut ids: Vec<_> = (0..1_500).map(|number| format!("W{number}")).collect();
    ids.sort();
    for some in ids.rchunks(10) {
        let resolved = Fact::Resolved(v1::Resolved {});
        let events = some.iter();
        let events = events.map(|id| event(id, "r", "2026-11-02T10:00:00Z", resolved.clone()));
        clients.record(events.collect()).await;
    }
}

/// Of one process, also where other tests have several nodes: it is its memory that counts.
#[tokio::test]
async fn memory_does_not_grow_with_the_rows() {
    const GROWTH_MAX: u64 = 64 * 1024 * 1024;
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start_one(&mut slx(), data.path(), &[], &[]);
    let mut clients = server.clients().await;
    fill_much(&mut clients, 2_500, &"long ".repeat(1_000)).await;
    // What recording and learning took would hide what the export takes.
    clients.learnt().await;
    assert!(server.stop().await.success());
    let mut server = Server::start_one(&mut slx(), data.path(), &[], &[]);
    let mut clients = server.clients().await;
    clients.learnt().await;
    // So would what the views keep of what was read: read everything once, for nothing. Terms were
    // recorded since, so every incident is compared, but there was no clock at that time.
    let long_ago = || Some(at("1990-01-01T00:00:00Z"));
    let compared = v1::CompareClocksRequest {
        tenant: TENANT.into(),
        earlier_known_time: long_ago(),
        as_of_time: long_ago(),
        ..Default::default()
    };
    let compared = clients.clocks.compare_clocks(compared).await.expect("compared");
    assert!(compared.into_inner().message().await.expect("an end").is_none());
    let before = server.memory_peak();
    let answers = clients.compliance.export_clocks(request()).await.expect("exported");
    let mut answers = answers.into_inner();
    let (mut rows, mut bytes) = (0, 0);
    while let Some(answer) = answers.message().await.expect("more") {
        rows += answer.rows.len();
        bytes += answer.encoded_len() as u64;
    }
    let growth = server.memory_peak() - before;
    println!("{rows} rows of {bytes} bytes: from {before} bytes by {growth}");
    assert_eq!(rows, 20_000);
    assert!(bytes > GROWTH_MAX + GROWTH_MAX / 4, "{bytes} bytes would fit: nothing is tested");
    assert!(growth < GROWTH_MAX, "{growth} bytes");
    let before = server.memory_peak();
    assert_eq!(crate::flight::count(&server, "clocks").await, 20_000);
    let growth = server.memory_peak() - before;
    assert!(growth < GROWTH_MAX, "{growth} bytes for record batches");
}

/// Writes all rows as Parquet into a file.
fn write_parquet(server: &Server, file: &Path) -> (bool, String) {
    run(command(server).args(["--format", "parquet", "-o"]).arg(file))
}

#[tokio::test]
async fn a_parquet_file_reads_back_as_the_rows() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let requested = v1::ExportClocksRequest { as_of_time: Some(at(LATER)), ..request() };
    let (rows, stamp) = export(&mut clients, requested).await;
    let file = data.path().join("all.parquet");
    let (success, output) = write_parquet(&server, &file);
    assert!(success, "{output}");
    let file = std::fs::File::open(&file).expect("a file");
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let metadata = reader.metadata().file_metadata();
    let notes = metadata.key_value_metadata().expect("what it rests on");
    let sequence = notes.iter().find(|note| note.key == "slx.sequence").expect("a sequence");
    assert_eq!(sequence.value, Some(stamp.sequence.to_string()));
    let names = metadata.schema_descr().columns().iter().map(|column| column.name().to_owned());
    let names: Vec<_> = names.map(|name| name.replace("_nanos", "_seconds")).collect();
    assert_eq!(names, documented());
    let read = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row"));
    let read: Vec<Vec<String>> = read.map(|row| columns(&row)).collect();
    assert_eq!(read, rows.iter().map(cut_tally_buckets).collect::<Vec<_>>());
}

/// A row's tally buckets as CSV would hold them.
fn columns(row: &parquet::record::Row) -> Vec<String> {
    use parquet::record::Field;
    let columns = row.get_column_iter().map(|(_, field)| match field {
        Field::Str(text) => text.clone(),
        Field::Int(number) => number.to_string(),
        Field::Long(nanos) => seconds(&span(*nanos)),
        Field::TimestampMicros(micros) => time(&Some(Timestamp {
            seconds: micros / 1_000_000,
            nanos: (micros % 1_000_000) as i32 * 1_000,
        })),
        Field::Null => String::new(),
        other => panic!("{other:?}"),
    });
    columns.collect()
}

/// The tally buckets of a row whose instants are cut to microseconds.
fn cut_tally_buckets(row: &v1::ClockRow) -> Vec<String> {
    let mut row = row.clone();
    for time in [
        &mut row.start_time,
        &mut row.stop_time,
        &mut row.due_time,
        &mut row.original_due_time,
        &mut row.breach_time,
        &mut row.decide_time,
        &mut row.place_time,
        &mut row.opened_time,
        &mut row.resolved_time,
    ]
    .into_iter()
    .flatten()
    {
        time.nanos -= time.nanos % 1_000;
    }
    tally_buckets(&row)
}

/// Below a directory each clock is in the file of its contract and month, and what was there of
/// months in which nothing was decided after all is gone.
#[tokio::test]
async fn below_a_directory_each_clock_is_in_the_file_of_its_contract_and_month() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    // Opened a minute before, so that its clocks are not decided.
    clients.record(vec![event("stays", "o", "2026-12-20T09:59:00Z", opened("C", "P1"))]).await;
    let root = data.path().join("warehouse");
    let old = root.join("clocks/contract=C/month=1999-01/clocks.parquet");
    std::fs::create_dir_all(old.parent().expect("a directory")).expect("made");
    std::fs::write(&old, "older").expect("written");
    let mut command = slx();
    command.args(["export", "--tenant", TENANT, "--address", &server.address]);
    let (success, output) = run(command.args(["--as-of-time", LATER, "--into"]).arg(&root));
    assert!(success, "{output}");
    assert!(!old.exists(), "what is not there any more was left");
    let mut found: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for contract in ["C", "D"] {
        let months = root.join(format!("clocks/contract={contract}"));
        for month in std::fs::read_dir(months).expect("months").map(|one| one.expect("a month")) {
            let files: Vec<_> = std::fs::read_dir(month.path()).expect("files").collect();
            let Some(file) = files.first() else { continue };
            assert_eq!(files.len(), 1, "{files:?}");
            let file = std::fs::File::open(file.as_ref().expect("a file").path()).expect("opened");
            let reader = SerializedFileReader::new(file).expect("a Parquet file");
            let read = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row"));
            let name = month.file_name().into_string().expect("a name");
            let rows = found.entry(format!("contract={contract}/{name}")).or_default();
            rows.extend(read.map(|row| columns(&row)));
        }
    }
    let requested = v1::ExportClocksRequest { as_of_time: Some(at(LATER)), ..request() };
    let (rows, _) = export(&mut clients, requested).await;
    let mut expected: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in &rows {
        let month = time(&row.decide_time);
        let month = month.get(..7).unwrap_or("open");
        let place = format!("contract={}/month={month}", row.contract_id);
        expected.entry(place).or_default().push(cut_tally_buckets(row));
    }
    assert!(expected.len() > 3 && expected.keys().any(|place| place.ends_with("open")));
    assert_eq!(found, expected);
}

/// Whoever reads the rows sees no header before there is an answer.
#[tokio::test]
async fn a_refused_export_prints_nothing_where_rows_would_be() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    for arguments in [&[][..], &["--table", "clocks"], &["--table", "compliance"]] {
        let mut command = slx();
        command.args(["export", "--tenant", TENANT, "--address", &server.address]);
        let output = command.args(arguments).args(["--contract", "nonsense"]).output();
        let output = output.expect("it runs");
        let (rows, error) = (String::from_utf8_lossy(&output.stdout), output.stderr);
        assert!(!output.status.success() && rows.is_empty(), "{arguments:?}: {rows}");
        assert!(!error.is_empty(), "{arguments:?}");
    }
}
