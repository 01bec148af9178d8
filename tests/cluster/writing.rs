//! Writing on any node.

use std::time::Duration;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tokio::task::JoinSet;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use super::nodes::Nodes;
use super::servers::Servers;
use crate::testing::{TENANT, at, contract, event, opened, waiting};

fn evaluation(incident: &str, min_sequence: i64) -> v1::EvaluateIncidentRequest {
    let (tenant, incident_id) = (TENANT.into(), incident.into());
    let as_of_time = Some(at("2026-10-05T10:00:00Z"));
    v1::EvaluateIncidentRequest {
        tenant,
        incident_id,
        min_sequence,
        as_of_time,
        ..Default::default()
    }
}

/// What is written on one node is read on any other that is called with its sequence; on the
/// node itself at once.
#[tokio::test]
async fn what_one_node_acknowledges_is_read_on_every_other_at_once() {
    let servers = Servers::start(1).await;
    let nodes = Nodes::start(3, &servers).await;
    nodes.clients(0).put_office().await;
    nodes.clients(1).put_contract(contract("C")).await;
    for number in 0..30 {
        let (writer, reader) = (number % 3, (number + 1) % 3);
        let id = format!("I{number}");
        let events = vec![event(&id, "o", "2026-10-05T09:00:00Z", opened("C", "P1"))];
        let answer = nodes.clients(writer).record(events).await;
        let sequence = answer.results[0].sequence;
        let mut there = nodes.clients(reader);
        let read = there.clocks.evaluate_incident(evaluation(&id, sequence)).await;
        let read = read.expect("it is waited for").into_inner();
        assert!(read.stamp.expect("its stamp").sequence >= sequence);
        let own = nodes.clients(writer).clocks.evaluate_incident(evaluation(&id, 0)).await;
        assert_eq!(own.expect("its own").into_inner().clocks, read.clocks);
    }
    nodes.agree().await;
}

/// Nobody waits for what is not there longer than the caller does, and learns so in the end.
#[tokio::test]
async fn a_sequence_that_nobody_has_recorded_is_waited_for_until_the_deadline() {
    let servers = Servers::start(1).await;
    let nodes = Nodes::start(1, &servers).await;
    let mut clients = nodes.clients(0);
    let mut request = Request::new(evaluation("I", 1_000_000));
    request.set_timeout(Duration::from_millis(300));
    let begun = tokio::time::Instant::now();
    let late = clients.clocks.evaluate_incident(request).await.expect_err("it is not there");
    assert!([Code::DeadlineExceeded, Code::Cancelled].contains(&late.code()), "{late}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let refused = clients.clocks.evaluate_incident(evaluation("I", 1_000_000)).await;
    let reason = refused.expect_err("refused").get_details_error_info().expect("a reason").reason;
    assert_eq!(reason, "SEQUENCE_NOT_REACHED");
}

/// All nodes are given the same at once, in other orders, and some of it contradicts itself: one of
/// two wins, and the other gets the error that it gets on one node.
#[tokio::test]
async fn of_two_nodes_that_are_given_otherwise_at_once_one_wins() {
    let servers = Servers::start(1).await;
    let nodes = Nodes::start(3, &servers).await;
    nodes.clients(0).put_office().await;
    let first = nodes.clients(0).put_contract(contract("C")).await.contract.expect("it is put");
    nodes.agree().await;
    for round in 0..10 {
        let id = format!("I{round}");
        let mut calls = JoinSet::new();
        for place in 0..3 {
            let (mut clients, id) = (nodes.clients(place), id.clone());
            let priority = ["P1", "P2", "P3"][place];
            let events = vec![event(&id, "o", "2026-10-05T09:00:00Z", opened("C", priority))];
            let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
            calls.spawn(async move { clients.incidents.record_events(request).await });
        }
        let results = calls.join_all().await;
        let (recorded, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!((recorded.len(), refused.len()), (1, 2), "{refused:?}");
        for status in refused.into_iter().filter_map(Result::err) {
            assert_eq!(status.code(), Code::AlreadyExists, "{status}");
            let reason = status.get_details_error_info().expect("a reason").reason;
            assert_eq!(reason, "EVENT_CONFLICT");
        }
    }
    let mut revision = first.revision;
    for round in 0..10 {
        let mut calls = JoinSet::new();
        for place in 0..3 {
            let mut clients = nodes.clients(place);
            let mut revised = contract("C");
            revised.title = format!("Workplace {round} {place}");
            let request = v1::PutContractRequest {
                tenant: TENANT.into(),
                contract: Some(revised),
                expected_revision: Some(revision),
                ..Default::default()
            };
            calls.spawn(async move { clients.contracts.put_contract(request).await });
        }
        let results = calls.join_all().await;
        let mut put = 0;
        for result in results {
            match result {
                Ok(answer) => {
                    put += 1;
                    revision = answer.into_inner().contract.expect("it is put").revision;
                }
                Err(status) => {
                    assert_eq!(status.code(), Code::Aborted, "{status}");
                    let reason = status.get_details_error_info().expect("a reason").reason;
                    assert_eq!(reason, "REVISION_CONFLICT");
                }
            }
        }
        assert_eq!(put, 1, "round {round}");
    }
    nodes.agree().await;
}

/// A request that has more than a message of the servers may hold takes several.
#[tokio::test]
async fn what_is_larger_than_a_message_is_recorded_all_the_same() {
    let servers = Servers::start(1).await;
    let nodes = Nodes::start(2, &servers).await;
    nodes.clients(0).put_office().await;
    nodes.clients(0).put_contract(contract("C")).await;
    let mut events = vec![event("I", "o", "2026-10-05T09:00:00Z", opened("C", "P1"))];
    for number in 0..60 {
        let mut status = waiting(v1::WaitingOn::Client);
        if let Fact::StatusChanged(changed) = &mut status {
            changed.reason = Some(char::from(b'a' + number as u8 % 26).to_string().repeat(60_000));
        }
        events.push(event("I", &format!("s{number}"), "2026-10-05T10:00:00Z", status));
    }
    let answer = nodes.clients(0).record(events).await;
    let is_recorded = |one: &v1::RecordResult| one.outcome() == v1::RecordOutcome::Accepted;
    assert!(answer.results.iter().all(is_recorded), "{:?}", answer.results.last());
    nodes.agree().await;
    let request = v1::ListEventsRequest {
        tenant: TENANT.into(),
        incident_id: "I".into(),
        page_size: 1_000,
        ..Default::default()
    };
    let mut found = 0;
    let mut request = request;
    loop {
        let page = nodes.clients(1).incidents.list_events(request.clone()).await;
        let page = page.expect("listed").into_inner();
        found += page.events.len();
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(found, 61);
}

/// A list that is begun on one node is gone on with on the next, and so is a watch.
#[tokio::test]
async fn tokens_of_one_node_are_good_on_every_other() {
    let servers = Servers::start(1).await;
    let nodes = Nodes::start(3, &servers).await;
    nodes.clients(0).put_office().await;
    nodes.clients(0).put_contract(contract("C")).await;
    let ids: Vec<_> = (0..9).map(|number| format!("I{number}")).collect();
    let open = |id: &String| event(id, "o", "2026-10-05T09:00:00Z", opened("C", "P1"));
    nodes.clients(1).record(ids.iter().map(open).collect()).await;
    nodes.agree().await;
    let mut request =
        v1::ListIncidentsRequest { tenant: TENANT.into(), page_size: 2, ..Default::default() };
    let mut listed = Vec::new();
    for place in (0..3).cycle() {
        let page = nodes.clients(place).incidents.list_incidents(request.clone()).await;
        let page = page.expect("listed").into_inner();
        listed.extend(page.incidents.into_iter().map(|incident| incident.id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, ids);
    // The notices of one incident, read on one node up to a place, and from there on another.
    let watch = |resume_token: String| v1::WatchClocksRequest {
        tenant: TENANT.into(),
        resume_token,
        ..Default::default()
    };
    let mut watched = nodes.clients(0).clocks.watch_clocks(watch(String::new())).await;
    let first = watched.as_mut().expect("watched").get_mut().message().await.expect("a message");
    drop(watched);
    let events = vec![event("late", "o", "2026-10-05T09:00:00Z", opened("C", "P1"))];
    nodes.clients(1).record(events).await;
    let token = first.expect("a message").resume_token;
    let mut resumed =
        nodes.clients(2).clocks.watch_clocks(watch(token)).await.expect("resumed").into_inner();
    let found = async {
        loop {
            let message = resumed.message().await.expect("it goes on").expect("it does not end");
            if message.notices.iter().any(|notice| notice.incident_id == "late") {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.expect("the notice comes");
}
