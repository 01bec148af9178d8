//! The command line as a person meets it: what it says, what it refuses, how it ends.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::testing::{Clients, Server, TENANT, apply, at, run, slx, succeed};

/// An hour after incidents are opened below.
const AS_OF: &str = "2026-03-02T10:00:00Z";
const CALENDAR: &str = "calendars: [{id: always, time_zone: UTC, always_open: true}]\n";

/// A server and how its command line is run.
struct Served {
    _data: tempfile::TempDir,
    server: Server,
    clients: Clients,
}

impl Served {
    async fn start() -> Served {
        let data = tempfile::tempdir().expect("a directory");
        let mut server = Server::start(data.path(), &[]);
        let clients = server.clients().await;
        Served { _data: data, server, clients }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = slx();
        command.args(arguments).args(["--tenant", TENANT, "--address", &self.server.address]);
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        succeed(&mut self.command(arguments))
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let (success, output) = run(&mut self.command(arguments));
        assert!(!success, "{arguments:?}: {output}");
        output
    }
}

fn terms(contract: &str) -> String {
    format!(
        "{CALENDAR}contracts:\n- id: C\n  kind: sla\n  time_zone: UTC\n{contract}  terms:\n    \
         targets:\n    - {{id: resolve, metric: resolution, limits: [{{priority: P1, limit: 4h, \
         calendar_id: always}}]}}\n"
    )
}

/// I3: `effective_time` and `end_time` of a contract in a file were ignored in silence.
#[tokio::test]
async fn the_dates_of_a_contract_in_a_file_are_its_dates() {
    let mut served = Served::start().await;
    let dates = "  effective_time: '2026-02-01T00:00:00Z'\n  end_time: '2026-09-01T00:00:00Z'\n";
    let said = apply(&served.server, &terms(dates));
    assert!(said.contains("contract C: created"), "{said}");
    assert!(said.contains("contract C: ends 2026-09-01T00:00:00Z\n"), "{said}");
    let request = slx::codec::v1::GetContractRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        revision: 1,
        ..Default::default()
    };
    let answer = served.clients.contracts.get_contract(request).await.expect("it is there");
    let contract = answer.into_inner().contract.expect("a contract");
    assert_eq!(contract.effective_time, Some(at("2026-02-01T00:00:00Z")));
    assert_eq!(contract.end_time, Some(at("2026-09-01T00:00:00Z")));
    let again = apply(&served.server, &terms(dates));
    assert!(again.contains("contract C: unchanged"), "{again}");
    assert!(again.contains("ends 2026-09-01T00:00:00Z (unchanged)"), "{again}");
}

/// I3: an empty file said nothing.
#[tokio::test]
async fn a_file_of_nothing_is_refused() {
    let served = Served::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("terms.yaml");
    for nothing in ["", "# to be written\n", "tenant: acme\n", "calendars: []\ncontracts: []\n"] {
        std::fs::write(&file, nothing).expect("written");
        let said = served.refused(&["apply", "-f", &file.display().to_string()]);
        assert!(said.contains("neither calendars nor contracts"), "{nothing:?}: {said}");
    }
}

const MAPPING: &str = "incident: number\ntime: at\ntime_format: '%Y-%m-%d %H:%M'\ntime_zone: UTC\n\
    contracts: [C]\nstate:\n  column: state\n  states: {New: {}, Solved: {fact: resolved}}\n";

/// I3: an import in which every row was rejected exited with 0.
#[tokio::test]
async fn an_import_of_which_something_could_not_be_taken_fails() {
    let served = Served::start().await;
    apply(&served.server, &terms(""));
    let directory = tempfile::tempdir().expect("a directory");
    let (log, mapping) = (directory.path().join("log.csv"), directory.path().join("m.yaml"));
    std::fs::write(&mapping, MAPPING).expect("written");
    let (file, by) = (log.display().to_string(), mapping.display().to_string());
    let import = ["import", "-f", &file, "-m", &by];
    for nothing in ["number,at,state\n", "number,at,state\nI1,yesterday,New\n"] {
        std::fs::write(&log, nothing).expect("written");
        served.refused(&import);
    }
    std::fs::write(&log, "number,at,state\nI1,yesterday,New\nI2,2026-11-02 09:00,New\n")
        .expect("written");
    let said = served.refused(&import);
    assert!(said.contains("2 rows of 1 incident; 1 could not be taken"), "{said}");
    assert!(said.contains("1 row: at: \"yesterday\" is not an instant"), "{said}");
    assert!(said.contains("1 row could not be taken: see"), "{said}");
    std::fs::write(&log, "number,at,state\nI2,2026-11-02 09:00,New\n").expect("written");
    let said = served.run(&import);
    assert!(said.contains("0 events recorded, 2 known already"), "{said}");
    let usage = slx().args(["import", "-f", &file, "--from", "no-such-tool"]).output();
    assert_eq!(usage.expect("it runs").status.code(), Some(2));
}

/// I4: `https://` and `ftp://` spoke plaintext.
#[tokio::test]
async fn no_other_scheme_is_spoken_in_plaintext() {
    let served = Served::start().await;
    for (scheme, hint) in [("https", "no server answers"), ("ftp", "write https://HOST:PORT")] {
        let address = format!("{scheme}://{}", served.server.address);
        let (success, said) = run(slx().args(["clocks", "--address", &address]));
        assert!(!success && said.contains(hint), "{said}");
    }
}

/// I4: the hints of commands that work on directories.
#[test]
fn directories_that_hold_no_journal_are_reported_as_that() {
    let directory = tempfile::tempdir().expect("a directory");
    let (missing, new) = (directory.path().join("missing"), directory.path().join("new"));
    let (_, said) = run(slx().arg("restore").arg(&missing).arg(&new));
    assert!(said.contains("holds no journal: name a server's data directory"), "{said}");
    assert!(!said.contains("damaged"), "{said}");
    let (success, said) = run(slx().arg("verify").arg(&missing));
    assert!(!success && said.contains("name a server's data directory, or a backup"), "{said}");
}

/// I4: a repair of a sound journal said that something is lost.
#[tokio::test]
async fn a_repair_of_a_sound_journal_says_that_nothing_was_damaged() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    server.clients().await.put_office().await;
    server.stop().await;
    let new = data.path().join("repaired");
    let said = succeed(slx().arg("repair").arg(data.path()).arg(new));
    assert!(said.contains("2 records saved, 0 lost"), "{said}");
    assert!(said.contains("nothing was damaged: every record is as it was"), "{said}");
    assert!(!said.contains("lost too"), "{said}");
}

/// I4: a demo that was terminated left its data behind.
#[tokio::test]
async fn a_demo_that_is_terminated_leaves_nothing_behind() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut child = slx()
        .args(["demo", "--listen", "127.0.0.1:0"])
        .env("TMPDIR", directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("it says where it answers");
    assert!(line.starts_with("A server answers at"), "{line}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    output.read_to_string(&mut line).expect("it ends");
    assert!(child.wait().expect("it ends").success());
    let left: Vec<_> = std::fs::read_dir(directory.path()).expect("a directory").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// I4: errors of choices named Rust words, and signing again spoke of an event's id.
#[tokio::test]
async fn errors_name_what_can_be_sent() {
    let mut served = Served::start().await;
    apply(&served.server, &terms("  effective_time: '2026-01-01T00:00:00Z'\n"));
    let request = slx::codec::v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(slx::codec::v1::Contract { kind: 99, ..crate::testing::contract("D") }),
        ..Default::default()
    };
    let refused = served.clients.contracts.put_contract(request).await.expect_err("refused");
    let kinds = "99 is unknown: choose one of CONTRACT_KIND_SLA, CONTRACT_KIND_OLA, \
                 CONTRACT_KIND_UC";
    assert!(refused.message().contains(kinds), "{refused}");
    let sign = ["sign", "C", "2026-02", "--by", "Anna", "--note"];
    served.run(&[&sign[..], &["agreed"]].concat());
    let said = served.refused(&[&sign[..], &["not agreed"]].concat());
    assert!(said.contains("signature \"review:C:2026-02:Anna\" is already recorded"), "{said}");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("terms.yaml");
    std::fs::write(&file, "contracts: [{terms: {experience: {calender: x}}}]").expect("written");
    let said = served.refused(&["apply", "-f", &file.display().to_string()]);
    assert!(said.contains("ExperienceTerms has no such field"), "{said}");
}

/// I5: everything that a server holds can be listed, and facts recorded, without a client of one's
/// own.
#[tokio::test]
async fn everything_is_listed_and_recorded_from_the_command_line() {
    let served = Served::start().await;
    apply(&served.server, &terms("  effective_time: '2026-01-01T00:00:00Z'\n"));
    let contracts = served.run(&["contracts"]);
    assert!(contracts.contains("C        sla"), "{contracts}");
    assert!(served.run(&["contracts", "C"]).contains("Thu 2026-01-01 00:00"));
    assert!(served.refused(&["contracts", "X"]).contains("there is no contract \"X\""));
    assert!(served.run(&["calendars"]).contains("round the clock"));
    assert!(served.run(&["tenants"]).contains(TENANT));
    let status = served.run(&["status"]);
    assert!(status.contains("journal writable: 3 records"), "{status}");
    let lanes: Vec<_> = status.lines().filter(|line| line.starts_with("lane ")).collect();
    let bounds = [
        ("light", " of "),
        ("heavy", " of 32 wait, "),
        ("streams", " of 32 places "),
        ("watches", " of 512 places "),
    ];
    assert_eq!(lanes.len(), bounds.len(), "{status}");
    for (lane, bound) in bounds {
        let shown = lanes.iter().find(|shown| shown.starts_with(&format!("lane {lane}: 0 of ")));
        assert!(shown.is_some_and(|shown| shown.contains(bound)), "{status}");
    }

    let opened = "{opened: {contract_ids: [C], priority: P1}}";
    let open = ["record", "I1", opened, "--at", "2026-11-02T09:00:00Z", "--event", "1"];
    assert_eq!(served.run(&open), "I1: event 1 is recorded\n");
    assert_eq!(served.run(&open), "I1: event 1 had been recorded\n");
    let resolved = ["record", "I1", "resolved", "--at", "2026-11-02T14:00:00Z", "--event", "2"];
    served.run(&resolved);
    let exclude = ["exclude", "I1", "C", "--by", "Anna", "--reason", "their power failed"];
    served.run(&[&exclude[..], &["--at", "2026-11-03T09:00:00Z"]].concat());
    served.run(&["cause", "I1", "client", "--at", "2026-11-03T09:00:00Z"]);
    let incident = served.run(&["incident", "I1"]);
    assert!(incident.contains("excluded") && incident.contains("cause client"), "{incident}");
    assert!(served.run(&["incidents", "--contract", "C"]).contains("I1       resolved"));
    assert!(served.refused(&["record", "I1", "solved"]).contains("did you mean resolved?"));
    let elsewhere = ["record", "I3", "{opened: {contract_ids: [D]}}", "--event", "1"];
    let said = served.run(&elsewhere);
    assert_eq!(said, "I3: event 1 is recorded, but: contract D does not exist\n");

    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("events.yaml");
    let events = "event_id: a\nincident_id: I2\noccur_time: '2026-11-02T09:00:00Z'\n\
                  opened: {contract_ids: [C], priority: P1}\n---\nevent_id: b\nincident_id: I2\n\
                  occur_time: '2026-11-02T10:00:00Z'\nresolved: {}\n";
    std::fs::write(&file, events).expect("written");
    let said = served.run(&["record", "-f", &file.display().to_string()]);
    assert_eq!(said, "I2: event a is recorded\nI2: event b is recorded\n");
    let dated = ["record", "-f", &file.display().to_string(), "--at", "2026-11-02T09:00:00Z"];
    assert!(served.refused(&dated).contains("cannot be used with"));

    let holidays = directory.path().join("holidays.ics");
    let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                DTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:20261225\r\nSUMMARY:Christmas\r\n\
                END:VEVENT\r\nEND:VCALENDAR\r\n";
    std::fs::write(&holidays, text).expect("written");
    let file = holidays.display().to_string();
    let imported = served.run(&["holidays", "always", "-f", &file, "--from-year", "2026"]);
    assert!(imported.contains("2026-12-25  Christmas"), "{imported}");
    assert!(imported.contains("calendar always: 1 holiday added, revision 2"), "{imported}");
}

/// I5: the most urgent clocks come first, without those decided long ago.
#[tokio::test]
async fn lists_of_open_clocks_leave_out_what_was_decided() {
    let served = Served::start().await;
    apply(&served.server, &terms("  effective_time: '2026-01-01T00:00:00Z'\n"));
    for (incident, opened) in
        [("LATE", "2026-03-02"), ("MET", "2026-03-02"), ("OPEN", "2026-03-03")]
    {
        let fact = "{opened: {contract_ids: [C], priority: P1}}";
        served.run(&["record", incident, fact, "--at", &format!("{opened}T09:00:00Z")]);
    }
    served.run(&["record", "MET", "resolved", "--at", "2026-03-02T10:00:00Z"]);
    let as_of = ["--as-of-time", "2026-03-03T10:00:00Z"];
    let listed = |arguments: &[&str]| served.run(&[arguments, &as_of[..]].concat());
    let clocks = listed(&["clocks"]);
    assert!(clocks.contains("OPEN") && !clocks.contains("LATE") && !clocks.contains("MET "));
    let all = listed(&["clocks", "--all"]);
    assert!(["OPEN", "LATE", "MET "].iter().all(|incident| all.contains(incident)), "{all}");
    let forecast = listed(&["forecast", "C"]);
    assert!(forecast.contains("OPEN"), "{forecast}");
    assert!(listed(&["forecast", "C"]).contains("LATE"), "late since yesterday");
    let as_of = ["--as-of-time", "2026-03-09T13:00:00.000000001Z"];
    let later = |arguments: &[&str]| served.run(&[arguments, &as_of[..]].concat());
    let forecast = later(&["forecast", "C"]);
    assert!(!forecast.contains("LATE"), "{forecast}");
    let left_out = "1 open clock has been late for more than seven days: --all lists every one.";
    assert!(forecast.contains(left_out), "{forecast}");
    assert!(later(&["forecast", "C", "--all"]).contains("LATE"));
    assert!(later(&["forecast", "C", "--incident", "LATE"]).contains("LATE"));
}

/// A time without an offset is what clocks show in the zone, and a date is its beginning.
#[tokio::test]
async fn times_are_given_in_the_zone_they_are_shown_in() {
    let served = Served::start().await;
    apply(&served.server, &terms("  effective_time: '2026-01-01T00:00:00Z'\n"));
    let fact = "{opened: {contract_ids: [C], priority: P1}}";
    let amsterdam = ["--zone", "Europe/Amsterdam"];
    let open = ["record", "I1", fact, "--at", "2026-03-02 09:00"];
    served.run(&[&open[..], &amsterdam].concat());
    let shown = |times: &[&str]| {
        served.run(&[&["incident", "I1", "--no-forecast"], times, &amsterdam].concat())
    };
    assert!(shown(&["--as-of-time", "2026-03-02T10:00"]).contains("Mon 2026-03-02 09:00"));
    let before = [&["incident", "I1", "--as-of-time", "2026-03-02"], &amsterdam[..]].concat();
    assert!(served.run(&before).contains("awaiting opening"));
    assert!(shown(&["--as-of-time", "2026-03-03"]).contains("breached"));
    for twice_or_never in ["2026-10-25T02:30", "2026-03-29 02:30"] {
        let question = ["clocks", "--as-of-time", twice_or_never];
        let said = served.refused(&[&question[..], &amsterdam].concat());
        assert!(said.contains("write it with its offset"), "{said}");
    }
    let said = served.refused(&["review", "C", "2026-03", "--as-of-time", "2026-04-01"]);
    assert!(said.contains("name it with --zone"), "{said}");
    let said = succeed(
        served.command(&["export", "--from", "2026-03-02", "--to", "2026-03-03"]).args(amsterdam),
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

/// I5: every `--json` is one document, an object.
#[tokio::test]
async fn json_is_always_one_object() {
    let served = Served::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("terms.yaml");
    std::fs::write(&file, terms("  effective_time: '2026-01-01T00:00:00Z'\n")).expect("written");
    let file = file.display().to_string();
    let fact = "{opened: {contract_ids: [C], priority: P1}}";
    let of = |arguments: &[&str]| -> Value {
        let said = served.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
    };
    assert_eq!(of(&["apply", "-f", &file])["contracts"][0]["contract"]["id"], "C");
    for incident in ["I1", "I2"] {
        served.run(&["record", incident, fact, "--at", "2026-03-02T09:00:00Z"]);
    }
    for (arguments, part) in [
        (&["clocks", "--as-of-time", AS_OF][..], "clocks"),
        (&["clocks", "--all"], "clocks"),
        (&["record", "I1", "responded", "--at", "2026-03-02T09:30:00Z"], "results"),
        (&["exclude", "I2", "C", "--by", "A. Vos", "--reason", "a test"], "results"),
        (&["cause", "I2", "client"], "results"),
        (&["incident", "I1"], "evaluation"),
        (&["incidents"], "incidents"),
        (&["contracts"], "contracts"),
        (&["calendars"], "calendars"),
        (&["tenants"], "tenants"),
        (&["status"], "storeId"),
        (&["compliance", "C", "2026-03"], "groups"),
        (&["review", "C", "2026-03"], "causes"),
        (&["settle", "list"], "items"),
        (&["forecast", "C", "--as-of-time", AS_OF], "forecasts"),
        (&["forecast", "C", "--quality"], "stamp"),
        (&["forecast", "C", "--period", "2026-03"], "period"),
        (&["simulate", &file, "2026-03"], "caveat"),
        (&["diff", "--known-time", "2026-01-01T00:00:00Z"], "changes"),
    ] {
        let document = of(arguments);
        assert!(document.get(part).is_some(), "{arguments:?} without {part:?}: {document:#}");
    }
}

/// P4: an objective whose period goes on is met so far in the terminal too, never met.
#[tokio::test]
async fn compliance_and_simulations_say_met_so_far() {
    let served = Served::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let objectives = "    objectives:\n    - {id: p1, period: month, attainment: {target_id: \
                      resolve, percent: 90}}\n";
    let agreed = terms("  effective_time: '2026-01-01T00:00:00Z'\n") + objectives;
    apply(&served.server, &agreed);
    let fact = "{opened: {contract_ids: [C], priority: P1}}";
    served.run(&["record", "I1", fact, "--at", "2026-03-02T09:00:00Z"]);
    served.run(&["record", "I1", "resolved", "--at", "2026-03-02T10:00:00Z"]);
    let compliance =
        |as_of: &str| served.run(&["compliance", "C", "2026-03", "--as-of-time", as_of]);
    let runs = compliance("2026-03-05T00:00:00Z");
    assert!(runs.contains("100% met so far"), "{runs}");
    let over = compliance("2026-04-05T00:00:00Z");
    assert!(over.contains("100% met ") && !over.contains("met so far"), "{over}");
    let file = directory.path().join("terms.yaml");
    std::fs::write(&file, agreed.replace("limit: 4h", "limit: 5h")).expect("written");
    let file = file.display().to_string();
    let simulated =
        served.run(&["simulate", &file, "2026-03", "--as-of-time", "2026-03-05T00:00:00Z"]);
    assert!(simulated.contains("met so far"), "{simulated}");
}

/// I5: an empty list says what could be listed instead, and every outcome can be requested.
#[tokio::test]
async fn an_empty_list_of_clocks_says_so() {
    let served = Served::start().await;
    apply(&served.server, &terms("  effective_time: '2026-01-01T00:00:00Z'\n"));
    let none = served.run(&["clocks"]);
    assert!(none.starts_with("No clock is open and within its limit; --all lists"), "{none}");
    assert_eq!(served.run(&["clocks", "--missing"]), "No incident lacks a clock.\n");
    let fact = "{opened: {contract_ids: [C], priority: P1}}";
    served.run(&["record", "I1", fact, "--at", "2026-03-02T09:00:00Z"]);
    let moved = "{details_changed: {contracts: {contract_ids: []}}}";
    served.run(&["record", "I1", moved, "--at", "2026-03-02T10:00:00Z"]);
    let transferred = served.run(&["clocks", "--outcome", "transferred"]);
    assert!(transferred.contains("I1") && transferred.contains("transferred"), "{transferred}");
    let none = served.run(&["clocks", "--outcome", "breached"]);
    assert!(none.starts_with("There is no such clock; --all lists every clock"), "{none}");
}

/// I5: facts about services are recorded as those about incidents are.
#[tokio::test]
async fn facts_about_services_are_recorded_from_the_command_line() {
    let served = Served::start().await;
    let objectives = "    objectives:\n    - {id: up, period: month, availability: {service: mail, \
                      percent: 99, calendar_id: always}}\n";
    apply(&served.server, &(terms("  effective_time: '2026-01-01T00:00:00Z'\n") + objectives));
    let at = ["--at", "2026-03-02T09:00:00Z", "--event", "1"];
    let start = [&["record", "--service", "mail", "outage_started"][..], &at].concat();
    assert_eq!(served.run(&start), "mail: event 1 is recorded\n");
    assert_eq!(served.run(&start), "mail: event 1 had been recorded\n");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("events.yaml");
    let events = "event_id: '2'\nservice: mail\noccur_time: '2026-03-02T10:00:00Z'\n\
                  source: slx record\noutage_ended: {}\n";
    std::fs::write(&file, events).expect("written");
    let file = file.display().to_string();
    assert_eq!(served.run(&["record", "--service", "-f", &file]), "mail: event 2 is recorded\n");
    let compliance = served.run(&["compliance", "C", "2026-03"]);
    assert!(compliance.contains("99.8655%"), "{compliance}");
    let said = served.refused(&["record", "--service", "mail", "resolved"]);
    assert!(said.contains("resolved is a fact about an incident: leave --service out"), "{said}");
    assert!(said.contains("outage_started, outage_ended, maintenance_scheduled"), "{said}");
    let said = served.refused(&["record", "I1", "nofact"]);
    assert!(said.contains("facts are opened, responded, status_changed"), "{said}");
    for help in ["-h", "--help"] {
        let help = succeed(slx().args(["record", help]));
        assert!(help.contains("opened, responded, status_changed, priority_changed"), "{help}");
    }
}

/// I4: a directory that was never served has no tallies to compare.
#[tokio::test]
async fn a_directory_that_was_never_served_has_no_tallies() {
    let served = Served::start().await;
    apply(&served.server, &terms(""));
    let directory = tempfile::tempdir().expect("a directory");
    let copy = directory.path().join("copy");
    let backup = ["backup", &copy.display().to_string(), "--address", &served.server.address];
    succeed(slx().args(backup));
    let (success, said) = run(slx().arg("verify").arg("--tallies").arg(&copy));
    assert!(!success && said.contains("there are no views in"), "{said}");
    assert!(said.contains("slx serve makes them"), "{said}");
}
