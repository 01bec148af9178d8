//! Exports of other tools, imported by the real command: an incident has the same clocks whichever
//! tool describes it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{
    Clients, Server, TENANT, at, contract, event, opened, run, slx, succeed, waiting,
};

/// After everything below.
const AS_OF: &str = "2026-10-07T12:00:00Z";

struct Served {
    _data: tempfile::TempDir,
    server: Server,
    clients: Clients,
}

impl Served {
    /// A server with the contract C: resolution in 8 office hours for P2 and 4 for P1, paused while
    /// the client must act; response in one.
    async fn start() -> Served {
        let data = tempfile::tempdir().expect("a directory");
        let mut server = Server::start(data.path(), &[]);
        let mut clients = server.clients().await;
        clients.put_office().await;
        let request = v1::PutContractRequest {
            tenant: TENANT.into(),
            contract: Some(contract("C")),
            effective_time: Some(at("2026-01-01T00:00:00Z")),
            ..Default::default()
        };
        clients.contracts.put_contract(request).await.expect("put");
        Served { _data: data, server, clients }
    }

    fn import(&self, arguments: &[&str]) -> Command {
        let mut command = slx();
        command.arg("import").args(arguments);
        command.args(["--tenant", TENANT, "--address", &self.server.address]);
        command
    }

    async fn clocks(&mut self, incident: &str, target: &str) -> Vec<String> {
        self.clients.clocks_of(incident, target, AS_OF).await
    }
}

fn export(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports");
    root.join(name).display().to_string()
}

fn written(directory: &tempfile::TempDir, name: &str, text: impl AsRef<[u8]>) -> String {
    let path: PathBuf = directory.path().join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn day(time: &str) -> String {
    format!("2026-10-05T{time}:00Z")
}

/// An incident resolved after 2 h 27 min, and one that waited for the client and was raised to P1.
pub fn plain_events() -> Vec<v1::IncidentEvent> {
    let back = Fact::StatusChanged(v1::StatusChanged {
        status: Some("Open".into()),
        waiting_on: v1::WaitingOn::Provider as i32,
        ..Default::default()
    });
    let raised = Fact::PriorityChanged(v1::PriorityChanged { priority: "P1".into() });
    let answer = || Fact::Responded(v1::Responded {});
    let resolved = || Fact::Resolved(v1::Resolved {});
    vec![
        event("plain", "1", &day("07:00"), opened("C", "P2")),
        event("plain", "2", &day("07:20"), answer()),
        event("plain", "3", &day("09:27"), resolved()),
        event("plain", "4", "2026-10-06T07:00:00Z", Fact::Closed(v1::Closed {})),
        event("paused", "1", &day("07:00"), opened("C", "P2")),
        event("paused", "2", &day("07:20"), answer()),
        event("paused", "3", &day("08:00"), waiting(v1::WaitingOn::Client)),
        event("paused", "4", &day("09:30"), back),
        event("paused", "5", &day("10:00"), raised),
        event("paused", "6", &day("11:15"), resolved()),
        event("paused", "7", "2026-10-06T07:00:00Z", Fact::Closed(v1::Closed {})),
    ]
}

/// A tool's export, and the incidents in it that plain events describe above.
struct ToolExport {
    tool: &'static str,
    file: &'static str,
    plain: &'static str,
    paused: Option<&'static str>,
    has_responses: bool,
}

const EXPORTS: [ToolExport; 8] = [
    ToolExport {
        tool: "servicenow",
        file: "servicenow.csv",
        plain: "INC0000001",
        paused: None,
        has_responses: false,
    },
    ToolExport {
        tool: "servicenow-audit",
        file: "servicenow-audit.csv",
        plain: "2d4c0000000000000000000000000001",
        paused: Some("2d4c0000000000000000000000000002"),
        has_responses: false,
    },
    ToolExport {
        tool: "jira",
        file: "jira.json",
        plain: "HELP-1",
        paused: Some("HELP-2"),
        has_responses: false,
    },
    ToolExport {
        tool: "zendesk",
        file: "zendesk.json",
        plain: "1",
        paused: Some("2"),
        has_responses: true,
    },
    ToolExport {
        tool: "zammad",
        file: "zammad.json",
        plain: "1",
        paused: Some("2"),
        has_responses: true,
    },
    ToolExport { tool: "glpi", file: "glpi.csv", plain: "1", paused: None, has_responses: false },
    ToolExport {
        tool: "topdesk",
        file: "topdesk.json",
        plain: "I 2610 0001",
        paused: None,
        has_responses: true,
    },
    ToolExport {
        tool: "freshservice",
        file: "freshservice.json",
        plain: "1",
        paused: None,
        has_responses: true,
    },
];

/// Case I2: exports of other tools went in without a word and came out with wrong verdicts.
#[tokio::test]
async fn an_incident_has_the_same_clocks_whichever_tool_describes_it() {
    let mut served = Served::start().await;
    served.clients.record(plain_events()).await;
    let mut expected = Vec::new();
    for incident in ["plain", "paused"] {
        expected.push(served.clocks(incident, "resolve").await);
        expected.push(served.clocks(incident, "respond").await);
    }
    for ToolExport { tool, file, plain, paused, has_responses } in EXPORTS {
        let mut alone = Served::start().await;
        let zone = ["--time-zone", "Europe/Amsterdam"];
        let zone =
            if file.ends_with(".csv") && tool != "servicenow-audit" { &zone[..] } else { &[] };
        let file = export(file);
        let arguments = ["-f", &file, "--from", tool, "--contract", "C"];
        let said = succeed(&mut alone.import(&[&arguments[..], zone].concat()));
        for (place, incident) in [Some(plain), paused].into_iter().enumerate() {
            let Some(incident) = incident else { continue };
            let clocks = alone.clocks(incident, "resolve").await;
            assert_eq!(clocks, expected[2 * place], "{tool} {incident}: {said}");
            if has_responses {
                let clocks = alone.clocks(incident, "respond").await;
                assert_eq!(clocks, expected[2 * place + 1], "{tool} {incident}: {said}");
            }
        }
        // The same again changes nothing.
        let again = succeed(&mut alone.import(&[&arguments[..], zone].concat()));
        assert!(again.contains("\n0 events recorded"), "{tool}: {again}");
    }
}

/// Case I2: what a table of instants does not hold is said.
#[test]
fn what_an_export_does_not_hold_is_reported() {
    let file = export("servicenow.csv");
    let said = succeed(
        slx()
            .args(["import", "--dry-run", "-f", &file, "--from", "servicenow"])
            .args(["--contract", "C"]),
    );
    for line in [
        "3 rows of 3 incidents; 0 could not be taken",
        "1 row in a state that waits, without an instant since when: no wait is counted (line 3)",
        "1 incident is open after the last row: INC0000003",
    ] {
        assert!(said.lines().any(|shown| shown == line), "{line}: {said}");
    }
    let (success, said) = run(slx().args(["import", "-f", &file, "--from", "servicenow"]));
    assert!(!success && said.contains("name the contract"), "{said}");
}

const HOUR: &str = "incident: number\ntime: at\norder: seq\ntime_format: '%Y-%m-%d %H:%M'\n\
    time_zone: Europe/Amsterdam\ncontracts: [C]\npriority: priority\nstate:\n  column: state\n  \
    states: {New: {}, Hold: {waiting_on: client}, Solved: {fact: resolved}}\n";

/// Case I1: in the repeated hour the order of rows says which of two instants is meant.
#[tokio::test]
async fn the_repeated_hour_is_read_by_the_order_of_rows() {
    let mut served = Served::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let rows = "number,seq,at,state,priority\n\
        A,1,2026-10-25 02:40,New,P1\nA,2,2026-10-25 02:20,Solved,P1\n\
        B,1,2026-10-25 02:00,New,P1\nB,2,2026-10-25 02:50,Hold,P1\n\
        B,3,2026-10-25 02:10,New,P1\nB,4,2026-10-25 03:30,Solved,P1\n";
    let (file, by) = (written(&directory, "log.csv", rows), written(&directory, "m.yaml", HOUR));
    let said = succeed(&mut served.import(&["-f", &file, "-m", &by]));
    assert!(said.contains("6 rows of 2 incidents; 0 could not be taken"), "{said}");
    assert!(!said.contains("showed twice") && !said.contains("contradicts"), "{said}");
    let mut times = Vec::new();
    for incident in ["A", "B"] {
        let request = v1::ListEventsRequest {
            tenant: TENANT.into(),
            incident_id: incident.into(),
            as_of_time: Some(at("2026-10-26T00:00:00Z")),
            ..Default::default()
        };
        let listed = served.clients.incidents.list_events(request).await.expect("listed");
        let events = listed.into_inner().events.into_iter().filter_map(|one| one.event);
        let of_status = events.filter(|event| matches!(event.fact, Some(Fact::StatusChanged(_))));
        times.extend(of_status.filter_map(|event| event.occur_time));
    }
    // 40 minutes; and 2 h 10 min with a pause of 20.
    let expected = ["00:40", "01:20", "00:00", "00:50", "01:10", "02:30"];
    let expected = expected.map(|time| at(&format!("2026-10-25T{time}:00Z")));
    assert_eq!(times, expected);

    let rows = "number,seq,at,state,priority\nC,1,2026-10-25 02:40,New,P1\n\
        D,1,2026-10-25 09:00,New,P1\nD,2,2026-10-25 08:00,Solved,P1\n";
    let file = written(&directory, "odd.csv", rows);
    let said = succeed(&mut served.import(&["-f", &file, "-m", &by, "--dry-run"]));
    assert!(said.contains("1 row in the hour that clocks showed twice"), "{said}");
    assert!(said.contains("1 row where the order contradicts the time"), "{said}");
}

#[test]
fn rows_come_from_standard_input_compressed_and_a_row_is_explained() {
    let directory = tempfile::tempdir().expect("a directory");
    let by = written(&directory, "m.yaml", HOUR);
    let rows =
        "number,seq,at,state,priority\nA,1,2026-10-05 09:00,New,P2\nA,2,2026-10-05 10:00,Hold,P2\n";
    let explain = |input: &[u8]| {
        let mut child = slx()
            .args(["import", "-f", "-", "-m", &by, "--explain", "3"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdin.take().expect("its input").write_all(input).expect("written");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text")
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(rows.as_bytes()).expect("compressed");
    for input in [rows.as_bytes().to_vec(), gzip.finish().expect("compressed")] {
        let said = explain(&input);
        let line = "  2026-10-05T08:00:00Z  status Hold, waiting on client (the state was New)";
        assert!(said.lines().any(|shown| shown == line), "{said}");
    }
}

/// What ships can be printed, changed and used.
#[test]
fn a_mapping_that_ships_can_be_printed_and_used_as_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let shown = succeed(slx().args(["import", "--show-mapping", "jira"]));
    let by = written(&directory, "jira.yaml", format!("{shown}contracts: [C]\n"));
    let file = export("jira.json");
    let said = succeed(slx().args(["import", "--dry-run", "-f", &file, "-m", &by]));
    assert!(said.contains("10 rows of 3 incidents"), "{said}");
}

/// The examples of docs/imports.md: each mapping with the rows that stand before it.
#[test]
fn the_examples_of_the_guide_work() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/imports.md");
    let page = std::fs::read_to_string(page).expect("the guide");
    let blocks =
        page.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').expect("a block"));
    let (mut rows, mut tried) = (None, 0);
    for (language, text) in blocks {
        match (language, rows) {
            ("csv" | "json", _) => rows = Some((language, text)),
            ("yaml", Some((format, before))) => {
                let directory = tempfile::tempdir().expect("a directory");
                let file = written(&directory, &format!("rows.{format}"), before);
                let by = written(&directory, "mapping.yaml", text);
                let (success, said) =
                    run(slx().args(["import", "--dry-run", "-f", &file, "-m", &by]));
                assert!(success, "{said}\n{text}");
                (rows, tried) = (None, tried + 1);
            }
            _ => {}
        }
    }
    assert!(tried >= 3, "{tried} examples");
}
