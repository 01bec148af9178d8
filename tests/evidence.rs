//! Evidence: what was noted can be proven later, without trusting whoever keeps the journal.

use std::path::Path;

use serde_json::Value;
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{
    Clients, Server, TENANT, contract, event, hours, office, opened, run, segments, slx, succeed,
};

type Forgery<'a> = &'a dyn Fn(&mut Value);

async fn record_incident(clients: &mut Clients, id: &str, contract: &str) {
    let opening = event(id, "o", "2026-11-02T09:00:00Z", opened(contract, "P1"));
    let solving = event(id, "r", "2026-11-02T17:00:00Z", Fact::Resolved(v1::Resolved {}));
    clients.record(vec![opening, solving]).await;
}

fn evidence(data: &Path, out: &Path) -> String {
    let mut command = slx();
    command.args(["evidence", "I1", "--tenant", TENANT, "--as-of-time", "2026-12-01T00:00:00Z"]);
    succeed(command.arg("--data-dir").arg(data).arg("-o").arg(out))
}

fn check(file: &Path, head: &str) -> (bool, String) {
    run(slx().args(["evidence", "--head", head, "--check"]).arg(file))
}

#[tokio::test]
async fn an_evidence_file_proves_itself_against_a_head_and_no_forged_one_does() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &["--segment-bytes", "65536"]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    clients.put_contract(contract("OTHER")).await;
    record_incident(&mut clients, "I1", "C").await;
    for number in 0..40 {
        record_incident(&mut clients, &format!("X{number}"), "OTHER").await;
    }
    let head = clients.status().await.head;
    let path = data.path().join("I1.json");
    let output = evidence(data.path(), &path);
    assert!(output.contains(&head) && output.contains("2 facts, 2 revisions of terms"), "{output}");
    let (is_proven, output) = check(&path, &head);
    assert!(is_proven && output.contains("the verdict follows"), "{output}");

    let text = std::fs::read_to_string(&path).expect("the file");
    let file: Value = serde_json::from_str(&text).expect("JSON");
    // The files of a time zone database are no text, and may spell anything.
    for (part, held) in file.as_object().expect("an object") {
        let text = held.to_string();
        let names_others = text.contains("OTHER") || text.contains("X1");
        assert!(!names_others || part == "timeZones", "{part} names others");
    }
    let answer = clients.evaluate("I1", "2026-12-01T00:00:00Z", None).await;
    let elapsed = answer.clocks[0].elapsed.expect("a span").seconds;
    let recorded = file["verdict"]["clocks"][0]["elapsed"].as_str().expect("a span").to_owned();
    assert_eq!(recorded, format!("{elapsed}s"));

    let forge = |forge: Forgery| {
        let mut forged = file.clone();
        forge(&mut forged);
        let path = data.path().join("forged.json");
        std::fs::write(&path, forged.to_string()).expect("written");
        check(&path, &head)
    };
    let forgeries: [(&str, Forgery); 7] = [
        ("verdict does not follow", &|file| file["verdict"]["clocks"][0]["outcome"] = "X".into()),
        ("verdict does not follow", &|file| drop(file["facts"].as_array_mut().unwrap().pop())),
        ("chain hash", &|file| file["facts"][0]["recordTime"] = "2026-11-02T09:00:00Z".into()),
        ("chain hash", &|file| file["facts"][0]["sequence"] = 9.into()),
        ("does not lead to the head", &|file| file["facts"][0]["path"][2] = "00".repeat(32).into()),
        ("said to hold", &|file| file["facts"][0]["holds"]["tenant"] = "other".into()),
        ("that was noted", &|file| file["journal"]["head"] = "00".repeat(32).into()),
    ];
    for (why, forgery) in forgeries {
        let (is_proven, output) = forge(forgery);
        assert!(!is_proven && output.contains(why), "{why}: {output}");
    }
    let nobody = run(slx().args(["evidence", "I9", "--data-dir"]).arg(data.path()));
    assert!(!nobody.0 && nobody.1.contains("nothing is recorded of incident"), "{}", nobody.1);
}

#[tokio::test]
async fn a_journal_extends_the_head_that_was_noted_and_no_other_does() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let noted = clients.status().await;
    clients.put_contract(contract("C")).await;
    record_incident(&mut clients, "I1", "C").await;
    let (newest, noted_head) = (clients.status().await.head, noted.head);
    let mut verified = clients.admin.verify_journal(v1::VerifyJournalRequest {}).await;
    let last = verified.as_mut().expect("verified").get_mut().message().await.expect("a message");
    assert_eq!(last.expect("a message"), v1::VerifyJournalResponse { records: 5, head: newest });
    assert!(server.stop().await.success());
    let verify =
        |head: &str| run(slx().arg("verify").arg(data.path()).args(["--until-head", head]));
    let (is_same, said) = verify(&noted_head);
    assert!(is_same && said.contains("record 2, of") && said.contains("and 3 since"), "{said}");
    let (is_same, said) = verify(&"ab".repeat(32));
    assert!(!is_same && said.contains("NOT THE SAME JOURNAL"), "{said}");
    let (is_same, said) = verify("abc");
    assert!(!is_same && said.contains("64 hexadecimal digits"), "{said}");
    let path = &segments(data.path())[0];
    let mut bytes = std::fs::read(path).expect("a segment");
    bytes[78 + 75] ^= 1;
    std::fs::write(path, bytes).expect("written");
    let (is_same, said) = verify(&noted_head);
    assert!(!is_same && said.contains("DATA_LOSS: record 1"), "{said}");
}

#[tokio::test]
async fn a_diff_names_the_verdicts_that_changed_and_the_late_fact_that_changed_each() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    clients.put_contract(contract("D")).await;
    // 8:00 to 16:00 UTC in winter: breached at 12:00.
    let opening = event("I1", "o", "2026-11-02T08:00:00Z", opened("C", "P1"));
    let solving = event("I1", "r", "2026-11-02T13:00:00Z", Fact::Resolved(v1::Resolved {}));
    let answered = event("I1", "a", "2026-11-02T08:30:00Z", Fact::Responded(v1::Responded {}));
    let other = event("I2", "o", "2026-11-02T08:00:00Z", opened("D", "P2"));
    let unchanged = event("I3", "o", "2026-11-02T08:00:00Z", opened("C", "P2"));
    clients.record(vec![opening, solving, answered, other, unchanged]).await;
    let stamp = clients.status().await.stamp.expect("a stamp");
    let known = stamp.known_time.expect("a time");

    let waited = crate::testing::waiting(v1::WaitingOn::Client);
    let waited = event("I1", "w", "2026-11-02T09:00:00Z", waited);
    let back = crate::testing::waiting(v1::WaitingOn::Provider);
    let back = event("I1", "b", "2026-11-02T11:00:00Z", back);
    clients.record(vec![back]).await;
    clients.record(vec![waited]).await;
    let mut wider = office();
    wider.weekly[0].closes = "23:00".into();
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(wider),
        effective_time: Some(crate::testing::at("2026-01-01T00:00:00Z")),
        ..Default::default()
    };
    clients.calendars.put_calendar(request).await.expect("put");
    let mut looser = contract("D");
    looser.terms.as_mut().expect("terms").targets[0].limits[1].limit = Some(hours(9));
    clients.put_contract(looser).await;

    let diff = |as_of: &str, flags: &[&str]| {
        let mut command = slx();
        command.args(["diff", "--tenant", TENANT, "--address", &server.address]);
        command.args(["--known-time", &known.to_string(), "--as-of-time", as_of]);
        succeed(command.args(flags))
    };
    let table = diff("2026-11-02T17:30:00Z", &[]);
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows.len(), 4, "{table}");
    let has = |row: &str, words: &[&str]| words.iter().all(|word| row.contains(word));
    let paused = ["I1", "C/resolve", "breached", "met", "waiting on client", "09:00 (w)"];
    assert!(has(rows[1], &paused), "{table}");
    assert!(
        has(rows[2], &["I2", "D/resolve", "undecided", "breached", "calendar office"]),
        "{table}"
    );
    assert!(
        has(rows[3], &["I3", "C/resolve", "undecided", "breached", "calendar office"]),
        "{table}"
    );
    let only = diff("2026-11-02T17:30:00Z", &["--contract", "D", "--json"]);
    let only: Value = serde_json::from_str(&only).expect("one document");
    let [only] = only["changes"].as_array().expect("a list").as_slice() else {
        panic!("one change, not {only}")
    };
    assert_eq!(only["after"]["incidentId"], "I2");
    assert_eq!(only["steps"][0]["calendarId"], "office");
    let now = known.to_string();
    assert!(diff("2026-11-02T17:30:00Z", &["--known-time", &now]).contains("no verdict differs"));
}
