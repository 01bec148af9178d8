//! Erasing what names a person: it is gone from the disk and from every answer, and no clock
//! or figure moves.

use std::fs;
use std::path::Path;
use std::time::Duration;

use slx::codec::v1;
use slx::codec::v1::compliance_service_client::ComplianceServiceClient;
use slx::codec::v1::incident_event::Fact;
use slx::codec::v1::incident_service_client::IncidentServiceClient;
use tonic::Code;

use crate::format;
use crate::identity::calling::{Tokens, as_caller, populate};
use crate::random::random;
use crate::testing::{Clients, Server, TENANT, apply, at, event, opened, slx, succeed};

const JANE: &str = "Jane Doe";

const TERMS: &str = "
contracts:
- id: S
  kind: sla
  client: The municipality
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - {id: resolve, metric: resolution, limits: [{priority: P1, limit: 4h, calendar_id: office}]}
    - id: taken
      metric: custom
      start_when: assignee == ''
      stop_when: changed.assignee && assignee != ''
      limits: [{priority: P1, limit: 1h, calendar_id: office}]
    objectives:
    - {id: p1, period: month, attainment: {target_id: resolve, percent: 75}}
";

fn assigned(id: &str, event_id: &str, time: &str, assignee: &str) -> v1::IncidentEvent {
    let assigned = v1::Assigned { group: None, assignee: Some(assignee.into()) };
    event(id, event_id, time, Fact::Assigned(assigned))
}

fn facts() -> Vec<v1::IncidentEvent> {
    let mut facts = Vec::new();
    for (id, assignee) in [("A", JANE), ("B", "Bob"), ("C", JANE)] {
        facts.push(event(id, "o", "2026-10-06T07:00:00Z", opened("S", "P1")));
        facts.push(assigned(id, "a", "2026-10-06T07:30:00Z", assignee));
        facts.push(event(id, "r", "2026-10-06T12:00:00Z", Fact::Resolved(v1::Resolved {})));
    }
    let scope = v1::ScopeJudged { in_scope: Some(false), note: JANE.into() };
    facts.push(event("C", "scope", "2026-10-06T08:00:00Z", Fact::ScopeJudged(scope)));
    let decided = v1::ExclusionDecided {
        contract_id: "S".into(),
        excluded: true,
        decided_by: JANE.into(),
        reason: "agreed".into(),
        ..Default::default()
    };
    facts.push(event("B", "ex", "2026-10-07T08:00:00Z", Fact::ExclusionDecided(decided)));
    facts
}

async fn fill(server: &Server, clients: &mut Clients) {
    clients.put_office().await;
    apply(server, TERMS);
    clients.record(facts()).await;
    let sign = v1::SignServiceReviewRequest {
        tenant: TENANT.into(),
        signature_id: "s".into(),
        contract_id: "S".into(),
        period: "2026-10".into(),
        signed_by: JANE.into(),
        note: "seen".into(),
        ..Default::default()
    };
    clients.compliance.sign_service_review(sign).await.expect("signed");
    let item = v1::SettlementItem {
        item_id: "i".into(),
        contract_id: "S".into(),
        summary: "a printer".into(),
        opened_by: JANE.into(),
        ..Default::default()
    };
    let open = v1::OpenSettlementItemRequest { tenant: TENANT.into(), item: Some(item) };
    clients.settlement.open_settlement_item(open).await.expect("opened");
}

/// The head, and what is answered about every incident and period, in words.
async fn answers(clients: &mut Clients) -> (String, String) {
    let (tenant, as_of_time) = (TENANT.to_owned(), Some(at("2026-12-01T00:00:00Z")));
    let head = clients.status().await.head;
    let mut said = Vec::new();
    for id in ["A", "B", "C"] {
        let request = v1::EvaluateIncidentRequest {
            tenant: tenant.clone(),
            incident_id: id.into(),
            as_of_time,
            ..Default::default()
        };
        let answer = clients.clocks.evaluate_incident(request).await.expect("evaluated");
        let mut answer = answer.into_inner();
        answer.stamp = None;
        said.push(format!("{answer:?}"));
        let request = v1::ListEventsRequest {
            tenant: tenant.clone(),
            incident_id: id.into(),
            as_of_time,
            ..Default::default()
        };
        let answer = clients.incidents.list_events(request).await.expect("listed").into_inner();
        said.push(format!("{:?}", answer.events));
    }
    let request =
        v1::ListIncidentsRequest { tenant: tenant.clone(), as_of_time, ..Default::default() };
    let answer = clients.incidents.list_incidents(request).await.expect("listed").into_inner();
    said.push(format!("{:?}", answer.incidents));
    let request =
        v1::ListSettlementItemsRequest { tenant: tenant.clone(), as_of_time, ..Default::default() };
    let answer = clients.settlement.list_settlement_items(request).await.expect("listed");
    said.push(format!("{:?}", answer.into_inner().items));
    let request = v1::GetServiceReviewRequest {
        tenant,
        contract_id: "S".into(),
        period: "2026-10".into(),
        as_of_time,
        ..Default::default()
    };
    let answer = clients.compliance.get_service_review(request).await.expect("a review");
    let mut answer = answer.into_inner();
    answer.stamp = None;
    said.push(format!("{answer:?}"));
    (head, said.join("\n"))
}

fn request_of(subject: &str, validate_only: bool) -> v1::ErasePersonalDataRequest {
    v1::ErasePersonalDataRequest { tenant: TENANT.into(), subject: subject.into(), validate_only }
}

async fn erase(clients: &mut Clients, validate_only: bool) -> (i64, i64) {
    erase_text(clients, JANE, validate_only).await
}

async fn erase_text(clients: &mut Clients, text: &str, validate_only: bool) -> (i64, i64) {
    let request = request_of(text, validate_only);
    let answer = clients.incidents.erase_personal_data(request).await.expect("erased");
    let answer = answer.into_inner();
    (answer.records, answer.records_in_plain_text)
}

/// The files beneath a directory that hold a text.
fn holding(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else {
            let bytes = fs::read(&path).expect("a file");
            if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// What was said, with what is read in place of the name.
fn erased_in(said: &str, after: &str) -> String {
    let at = after.find("erased-").expect("a pseudonym");
    let pseudonym: String = after[at..].chars().take("erased-".len() + 16).collect();
    said.replace(JANE, &pseudonym)
}

#[tokio::test]
async fn what_is_erased_is_gone_from_disk_and_answers_and_no_clock_or_figure_moves() {
    let place = tempfile::tempdir().expect("a directory");
    let (data, copy) = (place.path().join("data"), place.path().join("copy"));
    let mut server = Server::start(&data, &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let (head, before) = answers(&mut clients).await;
    let names = data.join("names").display().to_string();
    assert_eq!(holding(&data, JANE), [names], "the one place that has it");
    assert_eq!(erase(&mut clients, true).await, (6, 0));
    assert_eq!(answers(&mut clients).await, (head.clone(), before.clone()), "only counted");
    let back_up = ["backup", "--address", &server.address];
    succeed(slx().args(back_up).arg(&copy));
    assert_eq!(holding(&copy, JANE).len(), 1);

    assert_eq!(erase(&mut clients, false).await, (6, 0));
    let (head_after, after) = answers(&mut clients).await;
    assert_eq!((&head_after, &after), (&head, &erased_in(&before, &after)));
    assert_eq!(holding(&data, JANE), [""; 0]);
    assert_eq!(erase(&mut clients, false).await, (0, 0), "there is nothing left");

    let again = clients.record(vec![assigned("A", "a", "2026-10-06T07:30:00Z", JANE)]).await;
    assert_eq!(again.results[0].outcome(), v1::RecordOutcome::Duplicate);
    assert_eq!(holding(&data, JANE), [""; 0], "a duplicate brings it back nowhere");
    succeed(slx().args(back_up).arg(&copy));
    assert_eq!(holding(&copy, JANE), [""; 0], "the next backup carries the erasure");

    for also_views in [false, true] {
        server.stop().await;
        if also_views {
            fs::remove_dir_all(data.join("views")).expect("removed");
        }
        succeed(slx().arg("verify").arg(&data));
        server = Server::start(&data, &[]);
        clients = server.clients().await;
        assert_eq!(answers(&mut clients).await, (head.clone(), after.clone()), "{also_views}");
        assert_eq!(holding(&data, JANE), [""; 0]);
    }

    clients.record(vec![assigned("A", "a2", "2026-10-08T07:30:00Z", JANE)]).await;
    assert_eq!(erase(&mut clients, true).await, (1, 0), "one that comes again is another");
}

#[tokio::test]
async fn a_name_that_a_contract_may_go_by_is_not_erased() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    apply(&server, &TERMS.replace("assignee == ''", "assignee == 'Jane Doe'"));
    let before = answers(&mut clients).await;
    for validate_only in [true, false] {
        let request = request_of(JANE, validate_only);
        let refused = clients.incidents.erase_personal_data(request).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains("contract \"S\" may go by"), "{refused}");
    }
    assert_eq!(answers(&mut clients).await, before);
}

/// A crash at any step of erasing leaves the name or not; after a repeat it is gone.
#[cfg(feature = "failpoints")]
#[tokio::test]
async fn a_crash_while_erasing_leaves_it_erased_or_not_and_a_repeat_completes_it() {
    for step in ["names-written", "names-replaced"] {
        let data = tempfile::tempdir().expect("a directory");
        let mut server = Server::start(data.path(), &[]);
        let mut clients = server.clients().await;
        fill(&server, &mut clients).await;
        let (head, before) = answers(&mut clients).await;
        server.kill();
        let plan = format!("{step}=return");
        let mut server = Server::start_with(data.path(), &[], &[("FAILPOINTS", &plan)]);
        let mut clients = server.clients().await;
        let request = request_of(JANE, false);
        clients.incidents.erase_personal_data(request).await.expect_err("it crashed");
        server.ended(Duration::from_secs(60)).await.expect("it crashed");
        let mut server = Server::start(data.path(), &[]);
        let mut clients = server.clients().await;
        let (_, then) = answers(&mut clients).await;
        let is_erased = step == "names-replaced";
        assert_eq!(then == before, !is_erased, "{step}");
        erase(&mut clients, false).await;
        let after = answers(&mut clients).await;
        assert_eq!(after, (head, erased_in(&before, &after.1)), "{step}");
        assert_eq!(holding(data.path(), JANE), [""; 0], "{step}");
    }
}

/// The assignee of each assignment of an incident, as it is read now.
async fn assignees(clients: &mut Clients, id: &str) -> Vec<String> {
    let request = v1::ListEventsRequest {
        tenant: TENANT.into(),
        incident_id: id.into(),
        as_of_time: Some(at("2026-12-01T00:00:00Z")),
        ..Default::default()
    };
    let answer = clients.incidents.list_events(request).await.expect("listed").into_inner();
    let facts = answer.events.into_iter().filter_map(|recorded| recorded.event?.fact);
    facts
        .filter_map(|fact| if let Fact::Assigned(of) = fact { of.assignee } else { None })
        .collect()
}

#[tokio::test]
async fn what_is_recorded_while_names_are_erased_is_all_there_and_the_name_is_nowhere() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    apply(&server, TERMS);
    let ids: Vec<_> = (0..160).map(|number| format!("W{number}")).collect();
    let mut at_work = tokio::task::JoinSet::new();
    for some in ids.chunks(40).map(<[String]>::to_vec) {
        let mut clients = clients.clone();
        at_work.spawn(async move {
            for id in some {
                let opened = event(&id, "o", "2026-10-06T07:00:00Z", opened("S", "P1"));
                let jane = assigned(&id, "a", "2026-10-06T07:30:00Z", JANE);
                let bob = assigned(&id, "b", "2026-10-06T07:40:00Z", "Bob");
                let answer = clients.record(vec![opened, jane, bob]).await;
                let is_new =
                    |result: &v1::RecordResult| result.outcome() == v1::RecordOutcome::Accepted;
                assert!(answer.results.iter().all(is_new), "{answer:?}");
            }
        });
    }
    let mut named = 0;
    while !at_work.is_empty() {
        named += erase(&mut clients, false).await.0;
        while let Some(done) = at_work.try_join_next() {
            done.expect("all of it was recorded");
        }
    }
    named += erase(&mut clients, false).await.0;
    assert_eq!(named, 160, "each was erased once");
    for round in 0..2 {
        for id in &ids {
            let found = assignees(&mut clients, id).await;
            assert!(found[0].starts_with("erased-") && found[1] == "Bob", "{id}: {found:?}");
        }
        assert_eq!(holding(data.path(), JANE), [""; 0], "{round}");
        assert_eq!(erase(&mut clients, true).await, (0, 0));
        clients.learnt().await;
        assert!(server.stop().await.success());
        succeed(slx().args(["verify", "--tallies"]).arg(data.path()));
        server = Server::start(data.path(), &[]);
        clients = server.clients().await;
    }
}

#[tokio::test]
async fn a_name_comes_back_only_from_a_backup_that_was_made_before_it_was_erased() {
    let place = tempfile::tempdir().expect("a directory");
    let at = |name: &str| place.path().join(name);
    let mut server = Server::start(&at("data"), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let before = answers(&mut clients).await;
    let back_up =
        |to: &str| succeed(slx().args(["backup", "--address", &server.address]).arg(at(to)));
    back_up("older");
    erase(&mut clients, false).await;
    let after = answers(&mut clients).await;
    back_up("newer");
    for (backup, then) in [("newer", &after), ("older", &before)] {
        let restored = at(&format!("from-{backup}"));
        succeed(slx().arg("restore").arg(at(backup)).arg(&restored));
        let mut server = Server::start(&restored, &[]);
        let mut clients = server.clients().await;
        assert_eq!(&answers(&mut clients).await, then, "{backup}");
        assert_eq!(holding(&restored, JANE).is_empty(), backup == "newer");
        // Erased there again, it reads as where it was erased first.
        erase(&mut clients, false).await;
        assert_eq!(answers(&mut clients).await, after, "{backup}");
        assert_eq!(holding(&restored, JANE), [""; 0], "{backup}");
    }
}

#[tokio::test]
async fn evidence_proves_the_same_before_and_after_a_name_in_it_was_erased() {
    let place = tempfile::tempdir().expect("a directory");
    let data = place.path().join("data");
    let mut server = Server::start(&data, &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let head = clients.status().await.head;
    let export = || {
        let times = ["--as-of-time", "2026-12-01T00:00:00Z"];
        let mut export = slx();
        export.args(["export", "--tenant", TENANT, "--address", &server.address]).args(times);
        succeed(&mut export)
    };
    let gather = |name: &str| {
        let path = place.path().join(name);
        let mut command = slx();
        command.args(["evidence", "C", "--tenant", TENANT, "--as-of-time", "2026-12-01T00:00:00Z"]);
        succeed(command.arg("--data-dir").arg(&data).arg("-o").arg(&path));
        path
    };
    let exported = export();
    let before = gather("before.json");
    erase(&mut clients, false).await;
    let after = gather("after.json");
    assert_eq!(export(), erased_in(&exported, &export()));
    let read = |path: &Path| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(path).expect("evidence")).expect("JSON")
    };
    let (said, says) = (read(&before), read(&after));
    assert_eq!(said["names"].as_array().map(Vec::len), Some(1), "the one name in its facts");
    assert_eq!(says.get("names"), None);
    assert_eq!((&says["verdict"], &says["facts"]), (&said["verdict"], &said["facts"]));
    for path in [before, after] {
        let check = ["evidence", "--head", &head, "--check"];
        let output = succeed(slx().args(check).arg(path));
        assert!(output.contains("the verdict follows"), "{output}");
    }
}

/// As `crash.rs` does while events are recorded.
#[tokio::test]
async fn killed_at_any_moment_of_erasing_it_is_erased_or_not_and_a_repeat_completes_it() {
    for round in 0..8 {
        let data = tempfile::tempdir().expect("a directory");
        let mut server = Server::start(data.path(), &[]);
        let mut clients = server.clients().await;
        fill(&server, &mut clients).await;
        let (head, before) = answers(&mut clients).await;
        let mut erasing = clients.clone();
        let call = tokio::spawn(async move {
            erasing.incidents.erase_personal_data(request_of(JANE, false)).await.is_ok()
        });
        tokio::time::sleep(Duration::from_micros(random(7, round) % 12_000)).await;
        server.kill();
        let is_answered = call.await.expect("it ran");
        let mut server = Server::start(data.path(), &[]);
        let mut clients = server.clients().await;
        let (_, then) = answers(&mut clients).await;
        assert!(then == before && !is_answered || then == erased_in(&before, &then), "{round}");
        erase(&mut clients, false).await;
        let after = answers(&mut clients).await;
        assert_eq!(after, (head, erased_in(&before, &after.1)), "{round}");
        assert_eq!(holding(data.path(), JANE), [""; 0], "{round}");
    }
}

/// What versions before 0.2.0 recorded has its names in itself: they stay, and are read the same
/// whether views are folded anew or not.
#[tokio::test]
async fn a_name_in_an_older_record_stays_and_erasing_says_so() {
    let place = tempfile::tempdir().expect("a directory");
    format::unpack_fixture("format-1", place.path());
    let data = place.path().join("data");
    let mut server = Server::start(&data, &format::FLAGS);
    let mut clients = server.clients().await;
    assert_eq!(assignees(&mut clients, "I1").await, ["ann", "ann"]);
    let opened = event("N", "o", "2026-11-02T09:00:00Z", opened("C", "P1"));
    clients.record(vec![opened, assigned("N", "a", "2026-11-02T09:30:00Z", "ann")]).await;
    for also_views in [false, true] {
        let (erased, stay) = erase_text(&mut clients, "ann", false).await;
        assert_eq!((erased, stay), (i64::from(!also_views), 2), "{also_views}");
        assert_eq!(assignees(&mut clients, "I1").await, ["ann", "ann"]);
        let found = assignees(&mut clients, "N").await;
        assert!(found[0].starts_with("erased-"), "{found:?}");
        assert!(server.stop().await.success());
        if !also_views {
            fs::remove_dir_all(data.join("views")).expect("removed");
        }
        server = Server::start(&data, &format::FLAGS);
        clients = server.clients().await;
    }
}

#[tokio::test]
async fn an_identity_that_recorded_signed_or_attributed_is_erased_like_a_name() {
    let mut tokens = Tokens::new();
    let all = tokens.add("anna", &["acme"], "record,administer,read,settle,sign");
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &tokens.flags());
    server.wait_until_healthy().await;
    populate(&server, &all, "acme", "").await;
    let channel = as_caller(&server, Some(&all));
    let cause = v1::CauseAttributed { party: v1::Party::Client as i32, ..Default::default() };
    let cause = event("I", "c", "2026-10-05T12:00:00Z", Fact::CauseAttributed(cause));
    let mut client = IncidentServiceClient::new(channel.clone());
    let request = v1::RecordEventsRequest { tenant: "acme".into(), events: vec![cause] };
    client.record_events(request).await.expect("recorded");
    let sign = v1::SignServiceReviewRequest {
        tenant: "acme".into(),
        signature_id: "s".into(),
        contract_id: "C".into(),
        period: "2026-10".into(),
        signed_by: "The manager".into(),
        ..Default::default()
    };
    let mut signing = ComplianceServiceClient::new(channel);
    signing.sign_service_review(sign.clone()).await.expect("signed");
    let request = v1::ErasePersonalDataRequest {
        tenant: "acme".into(),
        subject: "anna".into(),
        validate_only: false,
    };
    let erased = client.erase_personal_data(request).await.expect("erased").into_inner();
    assert_eq!((erased.records, erased.records_in_plain_text), (2, 0));
    let signed = signing.sign_service_review(sign).await.expect("a duplicate").into_inner();
    let signature = signed.signature.expect("a signature");
    assert!(signed.duplicate && signature.recorded_by.starts_with("erased-"), "{signature:?}");
    assert_eq!(signature.signed_by, "The manager");
    assert_eq!(holding(data.path(), "anna"), [""; 0]);
}
