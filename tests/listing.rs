//! Lists of clocks: what the index finds is what evaluating every incident finds.

use std::collections::BTreeMap;

use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, at, contract, event, opened, waiting};

const INCIDENTS: usize = 48;

fn id(number: usize) -> String {
    format!("I{number:02}")
}

/// Incidents of all kinds: resolved in time or late, waiting, cancelled, under two contracts, and
/// one whose facts lie in the future.
async fn fill(clients: &mut Clients) -> Timestamp {
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    clients.put_contract(contract("D")).await;
    let mut middle = None;
    for number in 0..INCIDENTS {
        let id = id(number);
        let time = |day: usize, hour: usize| format!("2026-11-{day:02}T{hour:02}:{number:02}:00Z");
        let day = [2, 3, 4, 5, 6][number % 5];
        let contract = if number % 7 == 0 { "D" } else { "C" };
        let priority = ["P1", "P2"][number % 2];
        let mut events = vec![event(&id, "o", &time(day, 9), opened(contract, priority))];
        match number % 6 {
            0 => events.push(event(&id, "r", &time(day, 10), Fact::Resolved(v1::Resolved {}))),
            1 => events.push(event(&id, "w", &time(day, 11), waiting(v1::WaitingOn::Client))),
            2 => events.push(event(&id, "r", &time(day + 5, 9), Fact::Resolved(v1::Resolved {}))),
            3 => events.push(event(&id, "c", &time(day, 12), Fact::Cancelled(v1::Cancelled {}))),
            4 => {
                let in_future = format!("2039-11-{day:02}T10:00:00Z");
                events.push(event(&id, "r", &in_future, Fact::Resolved(v1::Resolved {})));
            }
            _ => {}
        }
        let answer = clients.record(events).await;
        if number == INCIDENTS / 2 {
            middle = answer.stamp.and_then(|stamp| stamp.known_time);
        }
    }
    middle.expect("a stamp in the middle")
}

/// The wanted clocks, found by evaluating every incident.
async fn evaluated(
    clients: &mut Clients,
    as_of: &Timestamp,
    known: Option<Timestamp>,
    wants: impl Fn(&v1::Clock) -> bool,
) -> BTreeMap<(String, String), v1::Clock> {
    let mut found = BTreeMap::new();
    for number in 0..INCIDENTS {
        let query = v1::EvaluateIncidentRequest {
            tenant: TENANT.into(),
            incident_id: id(number),
            as_of_time: Some(*as_of),
            known_time: known,
            ..Default::default()
        };
        let Ok(answer) = clients.clocks.evaluate_incident(query).await else { continue };
        for clock in answer.into_inner().clocks.into_iter().filter(&wants) {
            found.insert((clock.incident_id.clone(), clock.target_id.clone()), clock);
        }
    }
    found
}

#[tokio::test]
async fn every_filter_at_every_time_finds_what_evaluating_each_incident_finds() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let middle = fill(&mut clients).await;
    use v1::{Outcome, Phase};
    type Filter = (Vec<Phase>, Vec<Outcome>, Option<&'static str>, &'static str);
    let filters: Vec<Filter> = vec![
        (vec![], vec![], None, ""),
        (vec![Phase::Running], vec![], None, ""),
        (vec![Phase::Paused], vec![Outcome::Undecided], None, ""),
        (vec![], vec![Outcome::Breached], None, "C"),
        (vec![Phase::Stopped], vec![Outcome::Met, Outcome::Breached], None, "D"),
        (vec![Phase::Running], vec![Outcome::Undecided], Some("2026-11-05T12:00:00Z"), ""),
        (vec![Phase::Cancelled, Phase::Pending], vec![], None, ""),
    ];
    let times = [
        "2026-11-03T09:30:00Z",
        "2026-11-05T10:10:00Z",
        "2038-01-01T00:00:00Z",
        "2041-01-01T00:00:00Z",
    ];
    for as_of in times.map(at) {
        for known in [None, Some(middle)] {
            for (phases, outcomes, due_before, contract) in &filters {
                let wants = |clock: &v1::Clock| {
                    let due = clock.due_time.map(|due| (due.seconds, due.nanos));
                    let before = due_before.map(at).map(|before| (before.seconds, before.nanos));
                    (phases.is_empty() || phases.contains(&clock.phase()))
                        && (outcomes.is_empty() || outcomes.contains(&clock.outcome()))
                        && (contract.is_empty() || clock.contract_id == *contract)
                        && before.is_none_or(|before| due.is_some_and(|due| due < before))
                };
                let expected = evaluated(&mut clients, &as_of, known, wants).await;
                for page_size in [7, 1000] {
                    let request = v1::ListClocksRequest {
                        contract_id: (*contract).into(),
                        phases: phases.iter().map(|phase| *phase as i32).collect(),
                        outcomes: outcomes.iter().map(|outcome| *outcome as i32).collect(),
                        due_before: due_before.map(at),
                        as_of_time: Some(as_of),
                        known_time: known,
                        page_size,
                        ..Default::default()
                    };
                    let listed = clients.list_clocks(request).await;
                    assert_eq!(listed.len(), expected.len(), "{phases:?} {outcomes:?} {as_of}");
                    for clock in listed {
                        let key = (clock.incident_id.clone(), clock.target_id.clone());
                        assert_eq!(expected.get(&key), Some(&clock));
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn clocks_are_listed_by_what_decides_them_and_follow_a_change_of_terms() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    for (id, time) in [("late", "2026-11-23T10:00:00Z"), ("early", "2026-11-23T08:00:00Z")] {
        clients.record(vec![event(id, "o", time, opened("C", "P1"))]).await;
    }
    let request = v1::ListClocksRequest { target_id: "resolve".into(), ..Default::default() };
    let due = |clocks: &[v1::Clock]| {
        let reported = clocks.iter().map(|c| {
            format!("{} {}", c.incident_id, c.due_time.map(|d| d.to_string()).unwrap_or_default())
        });
        reported.collect::<Vec<_>>()
    };
    let listed = clients.list_clocks(request.clone()).await;
    assert_eq!(due(&listed), ["early 2026-11-23T12:00:00Z", "late 2026-11-23T14:00:00Z"]);
    let mut stricter = contract("C");
    stricter.terms.as_mut().expect("terms").targets[0].limits[0].limit =
        Some(crate::testing::hours(1));
    let request_put = v1::PutContractRequest {
        tenant: TENANT.into(),
        contract: Some(stricter),
        effective_time: Some(at("2026-11-23T09:00:00Z")),
        ..Default::default()
    };
    clients.contracts.put_contract(request_put).await.expect("put");
    let listed = clients.list_clocks(request).await;
    assert_eq!(due(&listed), ["late 2026-11-23T11:00:00Z", "early 2026-11-23T12:00:00Z"]);
}

/// T2: the pages after the first were evaluated each at its own now.
#[tokio::test]
async fn the_later_pages_of_a_list_have_the_stamp_of_the_first() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    fill(&mut clients).await;
    let query = v1::ListClocksRequest { tenant: TENANT.into(), page_size: 7, ..Default::default() };
    let first = clients.clocks.list_clocks(query.clone()).await.expect("a page").into_inner();
    // In office hours clocks have moved on by the next question.
    let as_of_time = first.stamp.and_then(|stamp| stamp.as_of_time);
    let whole = v1::ListClocksRequest { page_size: 1_000, as_of_time, ..query.clone() };
    let whole = clients.clocks.list_clocks(whole).await.expect("a page").into_inner().clocks;
    let (mut found, stamp) = (first.clocks, first.stamp);
    let mut token = first.next_page_token;
    let mut number = 0;
    while !token.is_empty() {
        // Everything moves meanwhile: facts, and once the terms, after which no index helps.
        number += 1;
        let resolved = Fact::Resolved(v1::Resolved {});
        let facts = [number, 2 * number, 40 - number].map(|incident| {
            event(&id(incident), &format!("r{number}"), "2026-11-03T10:00:00Z", resolved.clone())
        });
        clients.record(facts.into()).await;
        clients.record(vec![event("Z", "o", "2026-11-02T09:00:00Z", opened("C", "P1"))]).await;
        if number == 5 {
            let mut other = contract("C");
            other.terms.as_mut().expect("terms").targets[0].limits[0].priority = "P3".into();
            other.applies_to_open_clocks = true;
            clients.put_contract(other).await;
        }
        let next = v1::ListClocksRequest { page_token: token, ..query.clone() };
        let next = clients.clocks.list_clocks(next).await.expect("a page").into_inner();
        assert_eq!(next.stamp, stamp);
        found.extend(next.clocks);
        token = next.next_page_token;
    }
    assert!(number > 6);
    assert_eq!(found, whole);
}

/// T2, of every other list; P16: the same times have the same stamp, whatever was recorded since.
#[tokio::test]
async fn every_list_keeps_its_stamp_and_a_stamp_names_what_could_be_seen() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let middle = fill(&mut clients).await;
    let tenant = || TENANT.to_owned();
    let query = v1::ListIncidentsRequest { tenant: tenant(), page_size: 1, ..Default::default() };
    let incidents = clients.incidents.list_incidents(query.clone()).await.expect("a page");
    let incidents = incidents.into_inner();
    let terms = v1::ListContractsRequest { tenant: tenant(), page_size: 1, ..Default::default() };
    let contracts = clients.contracts.list_contracts(terms.clone()).await.expect("a page");
    let contracts = contracts.into_inner();
    let events = v1::ListEventsRequest {
        tenant: tenant(),
        incident_id: id(0),
        page_size: 1,
        ..Default::default()
    };
    let listed = clients.incidents.list_events(events.clone()).await.expect("a page").into_inner();
    let early = v1::ListClocksRequest {
        tenant: tenant(),
        as_of_time: Some(at("2026-11-04T12:00:00Z")),
        known_time: Some(middle),
        page_size: 1_000,
        ..Default::default()
    };
    let before = clients.clocks.list_clocks(early.clone()).await.expect("a page").into_inner();
    clients.put_contract(contract("B")).await;
    clients.record(vec![event("A", "o", "2026-11-02T09:00:00Z", opened("C", "P1"))]).await;
    let token = incidents.next_page_token;
    let next = v1::ListIncidentsRequest { page_token: token, ..query };
    let next = clients.incidents.list_incidents(next).await.expect("a page").into_inner();
    assert_eq!((next.stamp, next.incidents[0].id.as_str()), (incidents.stamp, "I01"));
    let next = v1::ListContractsRequest { page_token: contracts.next_page_token, ..terms };
    let next = clients.contracts.list_contracts(next).await.expect("a page").into_inner();
    assert_eq!((next.stamp, next.contracts[0].id.as_str()), (contracts.stamp, "D"));
    let next = v1::ListEventsRequest { page_token: listed.next_page_token, ..events };
    let next = clients.incidents.list_events(next).await.expect("a page").into_inner();
    assert_eq!(next.stamp, listed.stamp);
    // As it was: by the same answer, stamp included, also after a restart.
    let again = clients.clocks.list_clocks(early.clone()).await.expect("a page").into_inner();
    assert_eq!(again, before);
    let sequence = before.stamp.map(|stamp| stamp.sequence).expect("a stamp");
    assert!(sequence > 3 && sequence < clients.status().await.stamp.expect("a stamp").sequence);
    server.stop().await;
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let again = clients.clocks.list_clocks(early).await.expect("a page").into_inner();
    assert_eq!(again, before);
}
