//! Another time zone database than the one that a store has adopted, under the real binary.

use std::fs;
use std::path::{Path, PathBuf};

use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::admin_service_client::AdminServiceClient;
use slx::codec::v1::incident_event::Fact;
use slx::domain::zone::ZoneFiles;
use tempfile::TempDir;

use crate::identity::calling::{Tokens, as_caller, populate};
use crate::learning;
use crate::testing::{
    Clients, Server, TENANT, at, contract, event, office, opened, run, slx, succeed,
};

/// The bundled database as a directory, in which Amsterdam has the rules of another zone.
fn database(place: &TempDir, release: &str, amsterdam: &str) -> PathBuf {
    let directory = place.path().join(release);
    let names: Vec<_> = ZoneFiles::bundled().names().map(str::to_owned).collect();
    write_database(&directory, release, &names, amsterdam);
    directory
}

/// Some zones of the bundled database in a directory, where Amsterdam has the rules of another.
pub fn write_database(directory: &Path, release: &str, names: &[String], amsterdam: &str) {
    let bundled = ZoneFiles::bundled();
    for name in names {
        let rules_of = if name == "Europe/Amsterdam" { amsterdam } else { name.as_str() };
        let path = directory.join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, bundled.file(rules_of).expect("a zone")).expect("written");
    }
    fs::write(directory.join("+VERSION"), release).expect("written");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// P1 opened at 08:00 UTC on a Monday, which is 09:00 in Amsterdam: due at 12:00 UTC.
async fn fill(clients: &mut Clients) {
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let elsewhere = v1::Calendar { id: "tokyo".into(), time_zone: "Asia/Tokyo".into(), ..office() };
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(elsewhere),
        ..Default::default()
    };
    clients.calendars.put_calendar(request).await.expect("put");
    let mut far = contract("FAR");
    far.time_zone = "Asia/Tokyo".into();
    for target in &mut far.terms.as_mut().expect("terms").targets {
        target.limits.iter_mut().for_each(|limit| limit.calendar_id = "tokyo".into());
    }
    clients.put_contract(far).await;
    let resolved = || Fact::Resolved(v1::Resolved {});
    clients
        .record(vec![
            event("MET", "o", "2026-11-02T08:00:00Z", opened("C", "P1")),
            event("MET", "r", "2026-11-02T11:30:00Z", resolved()),
            event("LATE", "o", "2026-11-02T08:00:00Z", opened("C", "P1")),
            event("LATE", "r", "2026-11-02T12:30:00Z", resolved()),
            event("FAR", "o", "2026-11-02T01:00:00Z", opened("FAR", "P1")),
        ])
        .await;
}

/// An incident that is opened now, whose clock is due in the office hours to come.
async fn open_now(clients: &mut Clients, id: &str, contract: &str) {
    let now = clients.status().await.wall_clock.expect("a clock").now_time.expect("now");
    let occur_time = Some(Timestamp { nanos: 0, ..now });
    let opening = event(id, "o", "2026-11-02T08:00:00Z", opened(contract, "P2"));
    clients.record(vec![v1::IncidentEvent { occur_time, ..opening }]).await;
}

/// When the resolution is due, and the outcome.
async fn resolution(clients: &mut Clients, id: &str) -> (Option<Timestamp>, v1::Outcome, String) {
    let request = v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: id.into(),
        ..Default::default()
    };
    let answer = clients.clocks.evaluate_incident(request).await.expect("evaluated").into_inner();
    let clock = answer.clocks.into_iter().find(|clock| clock.target_id == "resolve");
    let clock = clock.expect("a clock");
    (clock.due_time, clock.outcome(), clock.time_zone_database)
}

async fn compared(
    clients: &mut Clients,
    effective_time: Option<Timestamp>,
) -> Vec<v1::CompareTimeZonesResponse> {
    let request = v1::CompareTimeZonesRequest { database: None, effective_time };
    let answer = clients.admin.compare_time_zones(request).await.expect("compared");
    let (mut answer, mut all) = (answer.into_inner(), Vec::new());
    while let Some(one) = answer.message().await.expect("a message") {
        all.push(one);
    }
    all
}

/// The incidents, targets, and outcomes before and after, of the clocks that would move.
fn clocks(all: &[v1::CompareTimeZonesResponse]) -> Vec<(String, String, String)> {
    let clock = |moved: &v1::CompareTimeZonesResponse| {
        let (before, after) = (moved.before.clone()?, moved.after.clone()?);
        assert_eq!(moved.tenant, TENANT);
        let outcomes = format!("{:?} {:?}", before.outcome(), after.outcome());
        Some((before.incident_id, before.target_id, outcomes))
    };
    all.iter().filter_map(clock).collect()
}

async fn adopt(
    clients: &mut Clients,
    effective_time: Option<Timestamp>,
) -> v1::AdoptTimeZoneDatabaseResponse {
    let request = v1::AdoptTimeZoneDatabaseRequest { database: None, effective_time };
    clients.admin.adopt_time_zone_database(request).await.expect("adopted").into_inner()
}

/// Attack A8: the time zone database of the system changed, and with it verdicts that had been
/// given, under the same stamp.
#[tokio::test]
async fn another_database_of_the_system_moves_no_verdict_until_it_is_adopted() {
    let place = tempfile::tempdir().expect("a directory");
    let (first, other) =
        (database(&place, "2026a", "Europe/Amsterdam"), database(&place, "2026b", "Asia/Dubai"));
    let data = place.path().join("data");
    let mut server = Server::start(&data, &["--zoneinfo", path(&first)]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let due = Some(at("2026-11-02T12:00:00Z"));
    let met = (due, v1::Outcome::Met, "2026a".to_owned());
    let late = (due, v1::Outcome::Breached, "2026a".to_owned());
    assert_eq!(resolution(&mut clients, "MET").await, met);
    assert_eq!(resolution(&mut clients, "LATE").await, late);
    let status = clients.status().await;
    let used = status.time_zone_database_in_use.expect("a database");
    assert_eq!((used.release.as_str(), used.digest.len()), ("2026a", 64));
    assert_eq!(status.time_zone_database_available, None);
    assert!(server.stop().await.success());

    let mut server = Server::start(&data, &["--zoneinfo", path(&other)]);
    let mut clients = server.clients().await;
    server.logs("another time zone database was found").await;
    let log = server.log();
    assert!(!log.contains("new ones"), "the views are of another making: {log}");
    assert_eq!(resolution(&mut clients, "MET").await, met);
    assert_eq!(resolution(&mut clients, "LATE").await, late);
    let status = clients.status().await;
    assert_eq!(status.time_zone_database_in_use, Some(used.clone()));
    let found = status.time_zone_database_available.expect("another");
    assert_eq!(found.release, "2026b");
    assert_ne!(found.digest, used.digest);
    let shown = succeed(slx().args(["status", "--address", &format!("http://{}", server.address)]));
    assert!(shown.contains("2026a; 2026b was found and is not used"), "{shown}");
    assert!(server.stop().await.success());

    fs::remove_dir_all(data.join("views")).expect("removed");
    let mut server = Server::start(&data, &["--zoneinfo", path(&other)]);
    let mut clients = server.clients().await;
    assert_eq!(resolution(&mut clients, "MET").await, met);
    assert_eq!(clients.status().await.time_zone_database_in_use, Some(used));
    assert!(server.stop().await.success());
    let (is_sound, said) = run(slx().arg("verify").arg(&data).args(["--tallies"]));
    assert!(is_sound, "{said}");
}

/// Attack A8: what a new database would move is listed before it is used, and only what is not
/// decided moves when it is.
#[tokio::test]
async fn a_database_is_compared_and_adopted_and_moves_what_was_listed_and_nothing_else() {
    let place = tempfile::tempdir().expect("a directory");
    let (first, other) =
        (database(&place, "2026a", "Europe/Amsterdam"), database(&place, "2026b", "Asia/Tokyo"));
    let data = place.path().join("data");
    let mut server = Server::start(&data, &["--zoneinfo", path(&first)]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    open_now(&mut clients, "OPEN", "C").await;
    open_now(&mut clients, "OPEN-FAR", "FAR").await;
    assert!(server.stop().await.success());

    let mut server = Server::start(&data, &["--zoneinfo", path(&other)]);
    let mut clients = server.clients().await;
    let all = compared(&mut clients, None).await;
    let databases = &all[0];
    assert_eq!(databases.in_use.as_ref().expect("one").release, "2026a");
    assert_eq!(databases.other.as_ref().expect("one").release, "2026b");
    assert_eq!(databases.time_zones, ["Europe/Amsterdam"]);
    let would_move = clocks(&all);
    let open = |target: &str| ("OPEN".into(), target.into(), "Undecided Undecided".into());
    // Opened in office hours it must be answered within the same ones: no database moves that.
    let is_resolution = |moved: &&(_, String, _)| moved.1 == "resolve";
    let (resolved, answered): (Vec<_>, Vec<_>) = would_move.iter().partition(is_resolution);
    assert_eq!(resolved, [&open("resolve")]);
    assert!(answered.iter().all(|moved| **moved == open("respond")), "{answered:?}");
    let listed = succeed(slx().args([
        "zones",
        "compare",
        "--address",
        &format!("http://{}", server.address),
    ]));
    assert!(listed.contains("OPEN") && listed.contains("C/resolve"), "{listed}");
    assert!(!listed.contains("MET") && !listed.contains("FAR"), "{listed}");
    let before = clients.status().await;
    assert_eq!(before.time_zone_database, "2026a", "comparing changes nothing");
    let sequence = before.stamp.expect("a stamp").sequence;

    let stood = [resolution(&mut clients, "MET").await, resolution(&mut clients, "LATE").await];
    let adopted = adopt(&mut clients, None).await;
    let stamp = adopted.stamp.expect("a stamp");
    assert_eq!((adopted.duplicate, stamp.sequence), (false, sequence + 1));
    assert!(adopt(&mut clients, None).await.duplicate);
    for (id, before) in ["MET", "LATE"].into_iter().zip(&stood) {
        let (due, outcome, release) = resolution(&mut clients, id).await;
        assert_eq!((due, outcome), (before.0, before.1), "{id} is decided");
        assert_eq!(release, "2026b");
    }
    let would_be = all[1].after.as_ref().expect("a clock").due_time;
    assert_eq!(resolution(&mut clients, "OPEN").await.0, would_be);
    assert!(clocks(&compared(&mut clients, None).await).is_empty());
    assert_eq!(clients.status().await.time_zone_database_available, None);

    // What was known before is still answered by the database known then.
    let request = v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: "OPEN".into(),
        known_time: before.stamp.expect("a stamp").known_time,
        ..Default::default()
    };
    let then = clients.clocks.evaluate_incident(request).await.expect("evaluated").into_inner();
    let then = then.clocks.iter().find(|clock| clock.target_id == "resolve").expect("a clock");
    assert_eq!(then.due_time, all[1].before.as_ref().expect("a clock").due_time);
    assert_eq!(then.time_zone_database, "2026a");

    // The index has the clock where it is due now.
    let due = would_be.expect("due");
    let request = v1::ListClocksRequest {
        tenant: TENANT.into(),
        due_before: Some(Timestamp { seconds: due.seconds + 1, ..due }),
        target_id: "resolve".into(),
        ..Default::default()
    };
    let listed = clients.clocks.list_clocks(request).await.expect("listed").into_inner().clocks;
    assert!(listed.iter().any(|c| c.incident_id == "OPEN" && c.due_time == would_be));

    // All of it after a start by yet another database, and with views folded anew.
    assert!(server.stop().await.success());
    let (is_sound, said) = run(slx().arg("verify").arg(&data).args(["--tallies"]));
    assert!(is_sound, "{said}");
    for is_folded_anew in [false, true] {
        if is_folded_anew {
            fs::remove_dir_all(data.join("views")).expect("removed");
        }
        let mut server = Server::start(&data, &["--zoneinfo", path(&first)]);
        let mut clients = server.clients().await;
        assert_eq!(clients.status().await.time_zone_database, "2026b");
        assert_eq!(resolution(&mut clients, "OPEN").await.0, would_be);
        assert_eq!(resolution(&mut clients, "MET").await.1, v1::Outcome::Met);
        assert!(server.stop().await.success());
    }
}

/// Attack A8: a correction of what was decided is an act of its own, which lists it and is recorded.
#[tokio::test]
async fn a_database_adopted_from_an_earlier_instant_on_corrects_what_was_decided_since() {
    let place = tempfile::tempdir().expect("a directory");
    let (first, other) =
        (database(&place, "2026a", "Europe/Amsterdam"), database(&place, "2026a-2", "UTC"));
    let data = place.path().join("data");
    let mut server = Server::start(&data, &["--zoneinfo", path(&first)]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let noted = clients.status().await.stamp.expect("a stamp").known_time.expect("an instant");
    let server_url = ["--address", &format!("http://{}", server.address)].map(str::to_owned);
    // By UTC the office opens at 09:00, so 4 hours have passed by 13:00.
    let flags = ["--zoneinfo", path(&other), "--effective-time", "2026-11-01T00:00:00Z"];
    let listed = succeed(slx().args(["zones", "compare"]).args(flags).args(&server_url));
    assert!(listed.contains("LATE") && listed.contains("breached"), "{listed}");
    let json = succeed(slx().args(["zones", "compare", "--json"]).args(flags).args(&server_url));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["moved"][0]["timeZones"], serde_json::json!(["Europe/Amsterdam"]));
    assert_eq!(resolution(&mut clients, "LATE").await.1, v1::Outcome::Breached);

    let said = succeed(slx().args(["zones", "adopt"]).args(flags).args(&server_url));
    assert!(said.contains("adopted 2026a, used from Sun 2026-11-01 00:00 on"), "{said}");
    let due = Some(at("2026-11-02T13:00:00Z"));
    let (is_due, outcome, _) = resolution(&mut clients, "LATE").await;
    assert_eq!((is_due, outcome), (due, v1::Outcome::Met));
    // What was said before is said still of what was known then.
    let then = clients.evaluate("LATE", "2026-12-01T00:00:00Z", Some(noted)).await.clocks;
    let then = then.iter().find(|clock| clock.target_id == "resolve").expect("a clock");
    assert_eq!(then.outcome(), v1::Outcome::Breached);
    let noted = format!("{noted}");
    let diff = succeed(
        slx()
            .args(["diff", "--tenant", TENANT, "--known-time", &noted])
            .args(["--known-time", "2199-01-01T00:00:00Z"])
            .args(&server_url),
    );
    assert!(
        diff.contains("LATE") && diff.contains("time zone database 2026a was adopted"),
        "{diff}"
    );
    assert!(!diff.contains("FAR"), "{diff}");

    // Evidence holds the databases that it is evaluated by, and needs no other.
    let head = clients.status().await.head;
    let file = place.path().join("LATE.json");
    let mut evidence = slx();
    evidence.args(["evidence", "LATE", "--tenant", TENANT, "--data-dir"]).arg(&data);
    succeed(evidence.arg("-o").arg(&file));
    succeed(slx().args(["evidence", "--head", &head, "--check"]).arg(&file));
    let text = fs::read_to_string(&file).expect("the file");
    let held: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(held["timeZones"].as_array().expect("two").len(), 2);
    let digest = &held["timeZones"][1]["holds"]["timeZoneDatabaseAdopted"]["database"]["digest"];
    let status = clients.status().await.time_zone_database_in_use.expect("a database");
    assert_eq!(*digest, serde_json::json!(status.digest));

    // A backup holds them too.
    let backup = place.path().join("backup");
    succeed(slx().arg("backup").arg(&backup).args(&server_url));
    assert!(server.stop().await.success());
    let restored = place.path().join("restored");
    succeed(slx().arg("restore").arg(&backup).arg(&restored));
    let mut server = Server::start(&restored, &["--zoneinfo", path(&first)]);
    let mut clients = server.clients().await;
    let (is_due, outcome, _) = resolution(&mut clients, "LATE").await;
    assert_eq!((is_due, outcome), (due, v1::Outcome::Met));
}

/// What had been learnt of a tenant of whom nothing more was recorded was taken to be learnt by the
/// database adopted since.
#[tokio::test]
async fn what_was_learnt_is_learnt_anew_once_an_adoption_corrects_what_was_decided() {
    let place = tempfile::tempdir().expect("a directory");
    let (first, other) =
        (database(&place, "2026a", "Europe/Amsterdam"), database(&place, "2026b", "Asia/Tokyo"));
    let data = place.path().join("data");
    let mut server = Server::start(&data, &["--zoneinfo", path(&first)]);
    let mut clients = server.clients().await;
    learning::import(&mut clients).await;
    clients.learnt().await;
    let before = learning::figures(&mut clients).await;
    assert!(server.stop().await.success());

    let mut server = Server::start(&data, &["--zoneinfo", path(&other)]);
    let mut clients = server.clients().await;
    clients.learnt().await;
    assert_eq!(learning::figures(&mut clients).await, before, "another is only there");
    adopt(&mut clients, Some(at("2026-06-01T00:00:00Z"))).await;
    clients.learnt().await;
    let after = learning::figures(&mut clients).await;
    assert_ne!(after, before);
    server.kill();
    fs::remove_dir_all(data.join("views")).expect("removed");
    let mut server = Server::start(&data, &["--zoneinfo", path(&first)]);
    let mut clients = server.clients().await;
    clients.learnt().await;
    assert_eq!(learning::figures(&mut clients).await, after, "as from the beginning");
    assert!(server.stop().await.success());
}

#[tokio::test]
async fn who_adopts_a_database_is_recorded_and_audited_and_what_is_none_is_refused() {
    let mut tokens = Tokens::new();
    let anna = tokens.add("anna", &["*"], "record,administer,read,settle,sign");
    let operator = tokens.add("olga", &[], "operate");
    let place = tempfile::tempdir().expect("a directory");
    let data = place.path().join("data");
    let (server, audit) = tokens.audited(&data, "audit.jsonl").await;
    populate(&server, &anna, "acme", "confidential").await;
    let mut denied = AdminServiceClient::new(as_caller(&server, Some(&anna)));
    let request = v1::AdoptTimeZoneDatabaseRequest::default;
    let status = denied.adopt_time_zone_database(request()).await.expect_err("denied");
    assert_eq!(status.code(), tonic::Code::PermissionDenied);

    let mut admin = AdminServiceClient::new(as_caller(&server, Some(&operator)));
    let bundled = ZoneFiles::bundled();
    let file = |name: &str, rules_of: &str| v1::TimeZoneFile {
        names: vec![name.into()],
        content: bundled.file(rules_of).expect("a zone").to_vec(),
    };
    let database =
        |files| v1::TimeZoneDatabase { release: "2026z".into(), files, ..Default::default() };
    let of = |database| v1::AdoptTimeZoneDatabaseRequest { database: Some(database), ..request() };
    let amsterdam = || file("Europe/Amsterdam", "Europe/Amsterdam");
    let wrong = [
        database(vec![]),
        database(vec![file("Europe/Paris", "Europe/Paris")]),
        database(vec![amsterdam(), v1::TimeZoneFile { content: b"no".into(), ..file("X", "UTC") }]),
        v1::TimeZoneDatabase { release: String::new(), ..database(vec![amsterdam()]) },
        v1::TimeZoneDatabase { digest: "00".repeat(32), ..database(vec![amsterdam()]) },
    ];
    for wrong in wrong {
        let status = admin.adopt_time_zone_database(of(wrong.clone())).await.expect_err("wrong");
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{wrong:?}");
    }
    let adopted = admin.adopt_time_zone_database(of(database(vec![amsterdam()]))).await;
    let adopted = adopted.expect("adopted").into_inner();
    assert_eq!(adopted.database.expect("a database").release, "2026z");

    let mut backup = admin.back_up(v1::BackUpRequest::default()).await.expect("begun").into_inner();
    let mut by = Vec::new();
    while let Some(part) = backup.message().await.expect("a part") {
        by.extend(part.records.iter().filter_map(|record| recorded_by(&record.body)));
    }
    assert_eq!(by, ["", "olga"], "the first by the server itself");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !fs::read_to_string(&audit).expect("the log").contains("BackUp") {
        assert!(std::time::Instant::now() < deadline, "not audited");
    }
    let audited = fs::read_to_string(&audit).expect("the log");
    let mut adoptions = audited.lines().filter(|line| line.contains("AdoptTimeZoneDatabase"));
    let last = adoptions.rfind(|line| line.contains("\"OK\"")).expect("audited");
    assert!(last.contains("olga"), "{last}");
}

/// Who recorded an adoption; none: it is another record.
fn recorded_by(body: &[u8]) -> Option<String> {
    use prost::Message;
    use slx::codec::store::v1::{Record, record::Entry};
    match Record::decode(body).expect("a record").entry {
        Some(Entry::TimeZoneDatabaseAdopted(adopted)) => Some(adopted.recorded_by),
        _ => None,
    }
}
