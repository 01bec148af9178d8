//! Erasing what names a person: it is gone from the disk and from every answer, and no clock
//! or figure moves.

use std::fs;
use std::path::Path;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::Code;

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

async fn erase(clients: &mut Clients, validate_only: bool) -> (i64, i64) {
    let request =
        v1::ErasePersonalDataRequest { tenant: TENANT.into(), subject: JANE.into(), validate_only };
    let answer = clients.incidents.erase_personal_data(request).await.expect("erased");
    let answer = answer.into_inner();
    (answer.records, answer.records_in_plain_text)
}

/// The files beneath a directory that hold the name.
fn holding(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            if bytes.windows(JANE.len()).any(|part| part == JANE.as_bytes()) {
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
    assert_eq!(holding(&data), [names], "the one place that has it");
    assert_eq!(erase(&mut clients, true).await, (6, 0));
    assert_eq!(answers(&mut clients).await, (head.clone(), before.clone()), "only counted");
    let back_up = ["backup", "--address", &server.address];
    succeed(slx().args(back_up).arg(&copy));
    assert_eq!(holding(&copy).len(), 1);

    assert_eq!(erase(&mut clients, false).await, (6, 0));
    let (head_after, after) = answers(&mut clients).await;
    assert_eq!((&head_after, &after), (&head, &erased_in(&before, &after)));
    assert_eq!(holding(&data), [""; 0]);
    assert_eq!(erase(&mut clients, false).await, (0, 0), "there is nothing left");

    let again = clients.record(vec![assigned("A", "a", "2026-10-06T07:30:00Z", JANE)]).await;
    assert_eq!(again.results[0].outcome(), v1::RecordOutcome::Duplicate);
    assert_eq!(holding(&data), [""; 0], "a duplicate brings it back nowhere");
    succeed(slx().args(back_up).arg(&copy));
    assert_eq!(holding(&copy), [""; 0], "the next backup carries the erasure");

    for also_views in [false, true] {
        server.stop().await;
        if also_views {
            fs::remove_dir_all(data.join("views")).expect("removed");
        }
        succeed(slx().arg("verify").arg(&data));
        server = Server::start(&data, &[]);
        clients = server.clients().await;
        assert_eq!(answers(&mut clients).await, (head.clone(), after.clone()), "{also_views}");
        assert_eq!(holding(&data), [""; 0]);
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
        let (tenant, subject) = (TENANT.into(), JANE.into());
        let request = v1::ErasePersonalDataRequest { tenant, subject, validate_only };
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
        let (tenant, subject) = (TENANT.into(), JANE.into());
        let request = v1::ErasePersonalDataRequest { tenant, subject, validate_only: false };
        clients.incidents.erase_personal_data(request).await.expect_err("it crashed");
        server.ended(std::time::Duration::from_secs(60)).await.expect("it crashed");
        let mut server = Server::start(data.path(), &[]);
        let mut clients = server.clients().await;
        let (_, then) = answers(&mut clients).await;
        let is_erased = step == "names-replaced";
        assert_eq!(then == before, !is_erased, "{step}");
        erase(&mut clients, false).await;
        let after = answers(&mut clients).await;
        assert_eq!(after, (head, erased_in(&before, &after.1)), "{step}");
        assert_eq!(holding(data.path()), [""; 0], "{step}");
    }
}
