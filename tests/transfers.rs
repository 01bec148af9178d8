//! Incidents that move between contracts, and contracts that take open incidents over.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, at, contract, event, hours, opened};

fn moved(to: &[&str]) -> Fact {
    let contract_ids = to.iter().map(|id| (*id).to_owned()).collect();
    let contracts = Some(v1::ContractIds { contract_ids });
    Fact::DetailsChanged(v1::DetailsChanged { contracts, ..Default::default() })
}

/// The clocks of a contract's resolution target, as incident, outcome and cycle.
async fn listed(
    clients: &mut Clients,
    contract: &str,
    min: i64,
) -> Vec<(String, v1::Outcome, i32)> {
    let request = v1::ListClocksRequest {
        contract_id: contract.into(),
        target_id: "resolve".into(),
        min_sequence: min,
        ..Default::default()
    };
    let clocks = clients.list_clocks(request).await.into_iter();
    clocks.map(|clock| (clock.incident_id.clone(), clock.outcome(), clock.cycle)).collect()
}

/// C7: lists, incidents, figures and late facts follow an incident from one contract to another.
#[tokio::test]
async fn an_incident_moves_from_one_contract_to_another() {
    use v1::Outcome::{Met, Transferred};
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("A")).await;
    clients.put_contract(contract("B")).await;
    let answer = clients
        .record(vec![
            event("I", "o", "2026-11-23T09:00:00Z", opened("A", "P1")),
            event("I", "m", "2026-11-23T11:00:00Z", moved(&["B"])),
            event("I", "r", "2026-11-23T12:00:00Z", Fact::Resolved(v1::Resolved {})),
        ])
        .await;
    let min = answer.stamp.expect("a stamp").sequence;
    assert_eq!(listed(&mut clients, "A", min).await, [("I".to_owned(), Transferred, 1)]);
    assert_eq!(listed(&mut clients, "B", min).await, [("I".to_owned(), Met, 1)]);
    let request = v1::GetIncidentRequest {
        tenant: TENANT.into(),
        incident_id: "I".into(),
        ..Default::default()
    };
    let incident = clients.incidents.get_incident(request).await.expect("it").into_inner();
    assert_eq!(incident.incident.expect("an incident").contract_ids, ["B"]);
    for (id, met) in [("A", 0), ("B", 1)] {
        let request = v1::GetComplianceRequest {
            tenant: TENANT.into(),
            contract_id: id.into(),
            period: "2026-11".into(),
            group_by: vec![v1::GroupKey::Target as i32],
            ..Default::default()
        };
        let answer = clients.compliance.get_compliance(request).await.expect("figures");
        let groups = answer.into_inner().groups;
        let groups = groups.iter().filter(|group| group.target_id == "resolve");
        let resolved: Vec<_> = groups
            .map(|group| {
                let counts = group.contractual.as_ref().expect("counts");
                (counts.met, counts.breached)
            })
            .collect();
        assert!(resolved.iter().all(|group| *group == (met, 0)), "{id}: {resolved:?}");
    }
    let retracted = Fact::Retracted(v1::Retracted { event_id: "m".into() });
    let answer = clients.record(vec![event("I", "x", "2026-11-23T13:00:00Z", retracted)]).await;
    let min = answer.stamp.expect("a stamp").sequence;
    assert_eq!(listed(&mut clients, "A", min).await, [("I".to_owned(), Met, 1)]);
    assert_eq!(listed(&mut clients, "B", min).await, []);
}

/// C5: an amendment that is agreed ahead rules open clocks from its effect on, though nothing is
/// written then, and gives open incidents the clocks of what it adds.
#[tokio::test]
async fn an_amendment_agreed_ahead_takes_open_incidents_over_when_it_takes_effect() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut first = contract("C");
    let mut restore = first.terms.as_ref().expect("terms").targets[0].clone();
    first.terms.as_mut().expect("terms").targets.truncate(1);
    first.terms.as_mut().expect("terms").targets[0].limits[0].limit = Some(hours(8_000));
    clients.put_contract(first.clone()).await;
    clients.record(vec![event("I", "o", "2026-11-23T09:00:00Z", opened("C", "P1"))]).await;
    let mut second = first;
    second.applies_to_open_clocks = true;
    second.open_incidents = v1::OpenIncidents::FromEffect as i32;
    restore.id = "restore".into();
    restore.metric = v1::Metric::Restoration as i32;
    let terms = second.terms.as_mut().expect("terms");
    terms.targets[0].limits[0].limit = Some(hours(9_000));
    terms.targets.push(restore);
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(second),
        effective_time: Some(at("2096-01-02T09:00:00Z")),
        ..Default::default()
    };
    let answer = clients.contracts.put_contract(request).await.expect("put").into_inner();
    let min_sequence = answer.stamp.expect("a stamp").sequence;
    let request = v1::ListClocksRequest { min_sequence, ..Default::default() };
    let now = clients.list_clocks(request.clone()).await;
    let shown: Vec<_> = now.iter().map(|clock| (&clock.target_id[..], clock.limit)).collect();
    assert_eq!(shown, [("resolve", Some(hours(8_000)))]);
    let due = now[0].due_time.expect("due");
    let due_before = Some(prost_types::Timestamp { seconds: due.seconds + 1, ..due });
    let found = clients.list_clocks(v1::ListClocksRequest { due_before, ..request }).await;
    assert_eq!(found.len(), 1, "it is due by the words in force now");
    let then = clients.evaluate("I", "2096-01-02T10:00:00Z", None).await.clocks;
    let shown: Vec<_> = then.iter().map(|clock| (&clock.target_id[..], clock.outcome())).collect();
    assert_eq!(shown, [("resolve", v1::Outcome::Breached), ("restore", v1::Outcome::Undecided),]);
    assert_eq!(then[1].start_time, Some(at("2096-01-02T09:00:00Z")));
}

/// C5: an amendment agreed ahead by whose words an open clock had stopped long ago: until its effect
/// lists and figures show the clock as it is.
#[tokio::test]
async fn a_clock_that_an_amendment_ahead_stops_is_open_until_then() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let mut first = contract("C");
    let target = &mut first.terms.as_mut().expect("terms").targets[0];
    target.metric = v1::Metric::Response as i32;
    target.limits[0].limit = Some(hours(200_000));
    first.terms.as_mut().expect("terms").targets.truncate(1);
    clients.put_contract(first.clone()).await;
    let events = vec![
        event("I", "o", "2026-11-23T09:00:00Z", opened("C", "P1")),
        event("I", "r", "2026-11-23T10:00:00Z", Fact::Restored(v1::Restored {})),
    ];
    clients.record(events).await;
    let mut second = first;
    second.applies_to_open_clocks = true;
    let target = &mut second.terms.as_mut().expect("terms").targets[0];
    target.answered_by = vec![v1::Answer::Restored as i32];
    let request = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(second),
        effective_time: Some(at("2096-01-02T09:00:00Z")),
        ..Default::default()
    };
    let answer = clients.contracts.put_contract(request).await.expect("put").into_inner();
    let min_sequence = answer.stamp.expect("a stamp").sequence;
    for (phases, found) in [(vec![v1::Phase::Running], 1), (vec![v1::Phase::Stopped], 0)] {
        let phases = phases.into_iter().map(|phase| phase as i32).collect();
        let request = v1::ListClocksRequest { phases, min_sequence, ..Default::default() };
        assert_eq!(clients.list_clocks(request).await.len(), found);
    }
    let then = clients.evaluate("I", "2096-01-02T09:00:00Z", None).await.clocks;
    assert_eq!(then[0].outcome(), v1::Outcome::Met);
    assert_eq!(then[0].stop_time, Some(at("2026-11-23T10:00:00Z")));
}
