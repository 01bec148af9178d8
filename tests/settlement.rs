//! Solve first, settle later: what follows from facts, what people decide, and what moves under it.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tonic::Code;

use crate::errors::check;
use crate::testing::{Clients, Server, TENANT, apply, at, event, opened, seconds, slx, succeed};

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
    exclusions:
    - {id: theirs, title: Their own doing, cause: client}
    objectives:
    - {id: p1, period: month, attainment: {target_id: resolve, percent: 75}}
    credits:
      monthly_fee: 100000
      rules:
      - {objective_id: p1, tiers: [{below_percent: 75, credit_percent: 10}]}
";

fn incident(id: &str, hours: u32) -> Vec<v1::IncidentEvent> {
    let time = |hour| format!("2026-10-06T{hour:02}:00:00Z");
    let resolved = Fact::Resolved(v1::Resolved {});
    vec![event(id, "o", &time(7), opened("S", "P1")), event(id, "r", &time(7 + hours), resolved)]
}

fn caused(id: &str, event_id: &str, party: v1::Party, third_party: &str) -> v1::IncidentEvent {
    let third_party = third_party.into();
    let cause = v1::CauseAttributed { party: party as i32, third_party, ..Default::default() };
    event(id, event_id, "2026-10-30T10:00:00Z", Fact::CauseAttributed(cause))
}

fn sure(mut event: v1::IncidentEvent, confidence_percent: i32) -> v1::IncidentEvent {
    if let Some(Fact::CauseAttributed(cause)) = &mut event.fact {
        cause.confidence_percent = confidence_percent;
    }
    event
}

fn evaluated(id: &str, event_id: &str, time: &str, in_scope: bool) -> v1::IncidentEvent {
    let note = if in_scope { "" } else { "a private printer" };
    event(id, event_id, time, Fact::ScopeJudged(v1::ScopeJudged { in_scope, note: note.into() }))
}

/// October: A met; B late; C late by the client's doing, and so excluded; D late by the supplier's;
/// E in time, but outside the contract's scope, with half an hour of work. 1 of 3 counts as met.
async fn fill(server: &Server, clients: &mut Clients) {
    clients.put_office().await;
    apply(server, TERMS);
    for (id, hours) in [("A", 1), ("B", 5), ("C", 6), ("D", 7), ("E", 1)] {
        clients.record(incident(id, hours)).await;
    }
    let worked = v1::WorkLogged { duration: Some(seconds(1800)), ..Default::default() };
    let worked = event("E", "work", "2026-10-06T08:00:00Z", Fact::WorkLogged(worked));
    let facts = vec![
        caused("C", "cause", v1::Party::Client, ""),
        caused("D", "cause", v1::Party::ThirdParty, "Wires Ltd"),
        worked,
        evaluated("E", "scope", "2026-10-06T08:30:00Z", false),
    ];
    clients.record(facts).await;
}

async fn list(clients: &mut Clients, only_open: bool) -> Vec<v1::SettlementItemStatus> {
    let request = v1::ListSettlementItemsRequest {
        tenant: TENANT.into(),
        contract_id: "S".into(),
        only_open,
        page_size: 2,
        ..Default::default()
    };
    let (mut request, mut items) = (request, Vec::new());
    loop {
        let page = clients.settlement.list_settlement_items(request.clone()).await;
        let page = page.expect("listed").into_inner();
        assert!(page.items.len() <= 2);
        items.extend(page.items);
        if page.next_page_token.is_empty() {
            return items;
        }
        request.page_token = page.next_page_token;
    }
}

fn deciding(item: &str, facet: v1::SettlementFacet, id: &str) -> v1::DecideSettlementItemRequest {
    let decision = v1::SettlementDecision {
        decision_id: id.into(),
        item_id: item.into(),
        facet: facet as i32,
        state: v1::SettlementState::Agreed as i32,
        decided_by: "Anna".into(),
        ..Default::default()
    };
    v1::DecideSettlementItemRequest { tenant: TENANT.into(), decision: Some(decision) }
}

fn reported(items: &[v1::SettlementItemStatus]) -> Vec<(&str, &str, Option<i64>)> {
    let items = items.iter().filter_map(|status| status.item.as_ref());
    items.map(|item| (item.item_id.as_str(), item.summary.as_str(), item.amount)).collect()
}

#[tokio::test]
async fn items_follow_from_facts_and_are_settled_facet_by_facet() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let items = list(&mut clients, true).await;
    let expected = [
        // 2 of 4 in time: 10 % of 1,000.00.
        ("credit:S:2026-10", "missed objectives of 2026-10 credit the client", Some(10_000)),
        ("decision:S:D", "resolve late by Wires Ltd's doing: decide whether that counts", None),
        (
            "excluded:S:C",
            "resolve excluded by rule theirs (Their own doing), would have been late",
            None,
        ),
        ("scope:S:E", "help outside the contract's scope, 30 min worked: a private printer", None),
    ];
    assert_eq!(reported(&items), expected);
    assert!(items.iter().all(|status| status.facets.len() == 3 && status.open));
    let scope = items[3].item.clone().expect("an item");
    assert_eq!(
        (scope.client.as_str(), scope.event_ids),
        ("The municipality", vec!["scope".into()])
    );

    for (facet, id) in [
        (v1::SettlementFacet::Technical, "d1"),
        (v1::SettlementFacet::Administrative, "d2"),
        (v1::SettlementFacet::Financial, "d3"),
    ] {
        let mut request = deciding("scope:S:E", facet, id);
        if let Some(decision) = &mut request.decision {
            decision.amount = Some(-4_500).filter(|_| id == "d3");
        }
        let answer = clients.settlement.decide_settlement_item(request.clone()).await;
        assert!(!answer.expect("decided").into_inner().duplicate);
        let again = clients.settlement.decide_settlement_item(request).await;
        assert!(again.expect("decided").into_inner().duplicate);
    }
    assert_eq!(reported(&list(&mut clients, true).await), expected[..3]);
    let all = list(&mut clients, false).await;
    assert_eq!((all[3].open, all[3].decisions.len(), all[3].changes.len()), (false, 3, 0));

    // It was in scope after all: what was agreed on no longer rests on anything, and says so.
    clients.record(vec![evaluated("E", "scope2", "2026-10-07T08:30:00Z", true)]).await;
    for is_new_start in [false, true] {
        if is_new_start {
            server.kill();
            server = Server::start(data.path(), &[]);
            clients = server.clients().await;
        }
        let all = list(&mut clients, true).await;
        assert_eq!(reported(&all), expected);
        assert!(all[3].withdrawn);
        assert_eq!(all[3].changes[2], "the financial decision rests on what no longer holds");
        assert_eq!(all[3].facets[2].decision.as_ref().and_then(|d| d.amount), Some(-4_500));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_later_cause_moves_the_money_and_is_reported_where_it_was_agreed_on() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let request = deciding("credit:S:2026-10", v1::SettlementFacet::Financial, "agreed");
    clients.settlement.decide_settlement_item(request).await.expect("decided");
    let credited = october(&mut clients).await;
    // A credit can be decided on and stays however long ago its period ended.
    let long_ago = v1::ListSettlementItemsRequest {
        tenant: TENANT.into(),
        as_of_time: Some(at("2030-01-01T00:00:00Z")),
        ..Default::default()
    };
    let listed = clients.settlement.list_settlement_items(long_ago).await.expect("listed");
    let listed = listed.into_inner().items;
    let credit = listed.first().expect("a credit");
    assert_eq!((credit.withdrawn, credit.decisions.len()), (false, 1));
    // D and B turn out to be the client's own doing: 2 of 2 in time, and nothing is credited.
    clients.record(vec![sure(caused("B", "z1", v1::Party::Client, ""), 60)]).await;
    clients.record(vec![caused("D", "z2", v1::Party::Client, "")]).await;
    let items = list(&mut clients, true).await;
    let ids: Vec<_> = reported(&items).iter().map(|(id, ..)| *id).collect();
    assert_eq!(
        ids,
        ["credit:S:2026-10", "excluded:S:B", "excluded:S:C", "excluded:S:D", "scope:S:E"]
    );
    assert!(items[0].withdrawn && items[0].open);
    assert_eq!(items[0].changes, ["the financial decision rests on what no longer holds"]);
    let cause = |review: &v1::GetServiceReviewResponse, party: &str| {
        let found = review.causes.iter().find(|cause| cause.party == party).cloned();
        found.map(|cause| (cause.incidents, cause.recurring, cause.least_confidence_percent))
    };
    let credit = |review: &v1::GetServiceReviewResponse| {
        review.credits.as_ref().map(|credits| credits.total_amount)
    };
    assert_eq!(
        (credit(&credited), cause(&credited, "client")),
        (Some(10_000), Some((1, false, 0)))
    );
    let review = october(&mut clients).await;
    assert_eq!((credit(&review), cause(&review, "client")), (Some(0), Some((3, true, 60))));
    server.stop().await;
}

async fn october(clients: &mut Clients) -> v1::GetServiceReviewResponse {
    let request = v1::GetServiceReviewRequest {
        tenant: TENANT.into(),
        contract_id: "S".into(),
        period: "2026-10".into(),
        as_of_time: Some(at("2026-11-10T12:00:00Z")),
        ..Default::default()
    };
    clients.compliance.get_service_review(request).await.expect("a review").into_inner()
}

#[tokio::test]
async fn who_attributes_a_cause_may_say_how_sure_they_are() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    clients.record(vec![sure(caused("D", "z", v1::Party::ThirdParty, "Wires Ltd"), 80)]).await;
    let answer = clients
        .record(vec![
            incident("A", 1)[0].clone(),
            sure(caused("A", "z", v1::Party::Client, ""), 101),
        ])
        .await;
    let rejection = answer.results[1].rejection.clone().expect("refused");
    assert!(
        format!("{rejection:?}").contains("cause_attributed.confidence_percent"),
        "{rejection:?}"
    );
    let request = v1::GetIncidentRequest {
        tenant: TENANT.into(),
        incident_id: "D".into(),
        ..Default::default()
    };
    let incident = clients.incidents.get_incident(request).await.expect("an incident").into_inner();
    let cause = incident.incident.and_then(|incident| incident.cause).expect("a cause");
    assert_eq!((cause.third_party.as_str(), cause.confidence_percent), ("Wires Ltd", 80));
    let mut command = slx();
    command.args(["incident", "D", "--tenant", TENANT, "--address", &server.address]);
    let output = succeed(&mut command);
    assert!(output.contains("cause Wires Ltd, 80% sure"), "{output}");
    server.stop().await;
}

#[tokio::test]
async fn what_somebody_opens_stays_and_nonsense_is_refused() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let item = v1::SettlementItem {
        item_id: "flowers".into(),
        contract_id: "S".into(),
        summary: "Flowers for the town hall".into(),
        opened_by: "Bert".into(),
        amount: Some(2_500),
        ..Default::default()
    };
    let opening = |item: &v1::SettlementItem| v1::OpenSettlementItemRequest {
        tenant: TENANT.into(),
        item: Some(item.clone()),
    };
    let answer = clients.settlement.open_settlement_item(opening(&item)).await.expect("opened");
    assert_eq!(answer.into_inner().item.expect("an item").currency, "EUR");
    let again = clients.settlement.open_settlement_item(opening(&item)).await.expect("opened");
    assert!(again.into_inner().duplicate);
    assert!(reported(&list(&mut clients, true).await).contains(&(
        "flowers",
        "Flowers for the town hall",
        Some(2_500)
    )));

    let taken = v1::SettlementItem { item_id: "credit:S:2026-10".into(), ..item.clone() };
    let status = clients.settlement.open_settlement_item(opening(&taken)).await.expect_err("ours");
    check(status, Code::InvalidArgument, "INVALID_FIELD", &["item.item_id"]);
    let other = v1::SettlementItem { amount: Some(1), ..item.clone() };
    let status = clients.settlement.open_settlement_item(opening(&other)).await.expect_err("taken");
    check(status, Code::AlreadyExists, "EVENT_CONFLICT", &[]);
    let nonsense = v1::SettlementItem {
        opened_by: String::new(),
        summary: " ".into(),
        kind: v1::SettlementKind::Credit as i32,
        ..item
    };
    let status = clients.settlement.open_settlement_item(opening(&nonsense)).await;
    let fields = ["item.kind", "item.opened_by", "item.summary"];
    check(status.expect_err("nonsense"), Code::InvalidArgument, "INVALID_FIELD", &fields);
    let nowhere = deciding("scope:S:A", v1::SettlementFacet::Technical, "d");
    let status = clients.settlement.decide_settlement_item(nowhere).await.expect_err("nowhere");
    check(status, Code::NotFound, "SETTLEMENT_ITEM_NOT_FOUND", &[]);
    server.stop().await;
}

#[tokio::test]
async fn it_is_settled_from_the_command_line() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&server, &mut clients).await;
    let run = |arguments: &[&str]| {
        let mut command = slx();
        command.arg("settle").args(arguments).args(["--tenant", TENANT, "--address"]);
        succeed(command.arg(&server.address))
    };
    let listed = run(&["list", "--contract", "S"]);
    assert!(listed.contains("credit:S:2026-10 Sat 2026-10-31 23:00"), "{listed}");
    assert!(listed.contains("100.00 EUR missed objectives of 2026-10"), "{listed}");
    let opened = ["open", "X1", "S", "--summary", "A favour", "--by", "Bert"];
    assert_eq!(run(&opened), "X1 is opened\n");
    let decide = ["decide", "X1", "financial", "waived", "--by", "Anna", "--decision", "D1"];
    assert_eq!(run(&decide), "X1: financial is waived, decision D1\n");
    assert_eq!(run(&decide), "X1: financial had been waived, decision D1\n");
    let listed = run(&["list"]);
    let line = listed.lines().find(|line| line.starts_with("X1")).expect("a line");
    assert!(line.contains("open      open           waived"), "{line}");
    server.stop().await;
}
