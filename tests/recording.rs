//! Recording facts: once each, in any order, kept until the opening comes.

use slx::codec::v1;
use slx::codec::v1::RecordOutcome::{Accepted, Duplicate, Refused};
use slx::codec::v1::incident_event::Fact;
use tokio_stream::StreamExt;

use crate::testing::{Server, TENANT, at, contract, event, opened, seconds, waiting};

fn outcomes(answer: &v1::RecordEventsResponse) -> Vec<v1::RecordOutcome> {
    answer.results.iter().map(|result| result.outcome()).collect()
}

#[tokio::test]
async fn an_event_sent_again_is_a_duplicate_also_after_a_restart() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let events = vec![
        event("I1", "a", "2026-11-20T15:30:00Z", opened("C", "P1")),
        event("I1", "a", "2026-11-20T15:30:00Z", opened("C", "P1")),
        event("I1", "b", "2026-11-20T15:40:00Z", Fact::Responded(v1::Responded {})),
        event("I2", "a", "2026-11-20T15:30:00Z", opened("C", "P1")),
    ];
    let answer = clients.record(events.clone()).await;
    assert_eq!(outcomes(&answer), [Accepted, Duplicate, Accepted, Accepted]);
    assert_eq!(answer.results[0].sequence, answer.results[1].sequence);
    server.kill();
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let again = clients.record(events).await;
    assert_eq!(outcomes(&again), [Duplicate; 4]);
    assert_eq!(again.results[2].sequence, answer.results[2].sequence);
}

#[tokio::test]
async fn what_is_refused_does_not_stop_the_rest() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &["--events-an-incident-max", "2"]);
    let mut clients = server.clients().await;
    let answer = clients
        .record(vec![
            event("I1", "a", "2026-11-20T15:30:00Z", opened("C", "P1")),
            event("I1", "a", "2026-11-20T15:30:00Z", opened("C", "P2")),
            event("not\nan id", "b", "2026-11-20T15:30:00Z", Fact::Responded(v1::Responded {})),
            event("I1", "c", "2026-11-20T15:30:00Z", Fact::Responded(v1::Responded {})),
            event("I1", "d", "2026-11-20T15:30:00Z", Fact::Resolved(v1::Resolved {})),
        ])
        .await;
    assert_eq!(outcomes(&answer), [Accepted, Refused, Refused, Accepted, Refused]);
    let reasons: Vec<_> =
        answer.results.iter().filter_map(|r| r.rejection.as_ref()).map(|r| r.reason()).collect();
    use v1::ErrorReason::{EventConflict, InvalidField, LimitExceeded};
    assert_eq!(reasons, [EventConflict, InvalidField, LimitExceeded]);
}

#[tokio::test]
async fn facts_that_arrive_before_the_opening_take_effect_once_it_comes() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    clients
        .record(vec![
            event("I", "r", "2026-11-23T10:00:00Z", Fact::Resolved(v1::Resolved {})),
            event("I", "w", "2026-11-23T09:00:00Z", waiting(v1::WaitingOn::Client)),
        ])
        .await;
    assert!(clients.evaluate("I", "", None).await.clocks.is_empty());
    clients.record(vec![event("I", "o", "2026-11-23T08:30:00Z", opened("C", "P1"))]).await;
    let evaluated = clients.evaluate("I", "", None).await;
    let resolve = &evaluated.clocks[0];
    assert_eq!(resolve.outcome(), v1::Outcome::Met);
    assert_eq!(resolve.elapsed, Some(seconds(30 * 60)));
}

#[tokio::test]
async fn an_answer_is_a_function_of_its_stamp_and_the_request() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    clients.record(vec![event("I", "o", "2026-11-23T08:30:00Z", opened("C", "P1"))]).await;
    let first = clients.evaluate("I", "", None).await;
    // A late fact, and other terms: neither was known then.
    clients
        .record(vec![event("I", "p", "2026-11-23T08:40:00Z", waiting(v1::WaitingOn::Client))])
        .await;
    let mut stricter = contract("C");
    stricter.applies_to_open_clocks = true;
    stricter.terms.as_mut().expect("terms").targets[0].limits[0].limit = Some(seconds(60));
    clients.put_contract(stricter).await;
    let stamp = first.stamp.expect("a stamp");
    let query = v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: "I".into(),
        with_segments: true,
        as_of_time: stamp.as_of_time,
        known_time: stamp.known_time,
        ..Default::default()
    };
    let again = clients.clocks.evaluate_incident(query).await.expect("evaluated").into_inner();
    assert_eq!(again.clocks, first.clocks);
    assert_ne!(clients.evaluate("I", "", None).await.clocks, first.clocks);
}

#[tokio::test]
async fn a_retracted_fact_is_reported_but_has_no_effect() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let retraction = Fact::Retracted(v1::Retracted { event_id: "p".into() });
    clients
        .record(vec![
            event("I", "o", "2026-11-23T08:30:00Z", opened("C", "P1")),
            event(
                "I",
                "p",
                "2026-11-23T08:40:00Z",
                Fact::PriorityChanged(v1::PriorityChanged { priority: "P2".into() }),
            ),
            event("I", "x", "2026-11-23T08:50:00Z", retraction),
        ])
        .await;
    let query = v1::GetIncidentRequest {
        tenant: TENANT.into(),
        incident_id: "I".into(),
        ..Default::default()
    };
    let incident = clients.incidents.get_incident(query).await.expect("known").into_inner();
    assert_eq!(incident.incident.expect("it").priority, "P1");
    let query = v1::ListEventsRequest {
        tenant: TENANT.into(),
        incident_id: "I".into(),
        ..Default::default()
    };
    let events = clients.incidents.list_events(query).await.expect("listed").into_inner().events;
    let retracted: Vec<_> = events.iter().map(|event| event.retracted_by.as_str()).collect();
    assert_eq!(retracted, ["", "x", ""]);
}

#[tokio::test]
async fn a_stream_acknowledges_each_message_in_order_with_the_same_promises() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let messages = (0..200).map(|number| v1::StreamEventsRequest {
        tenant: TENANT.into(),
        events: (0..5)
            .map(|event_number| {
                let incident = format!("I{number}");
                let id = format!("e{event_number}");
                event(&incident, &id, "2026-11-23T08:30:00Z", opened("C", "P1"))
            })
            .collect(),
    });
    let stream = tokio_stream::iter(messages.collect::<Vec<_>>());
    let answers = clients.incidents.stream_events(stream).await.expect("a stream").into_inner();
    let answers: Vec<_> = answers.map(|answer| answer.expect("acknowledged")).collect().await;
    assert_eq!(answers.len(), 200);
    let sequences: Vec<_> =
        answers.iter().flat_map(|answer| &answer.results).map(|result| result.sequence).collect();
    assert_eq!(sequences, (2..=1001).collect::<Vec<_>>());
    server.kill();
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let query = v1::ListIncidentsRequest {
        tenant: TENANT.into(),
        page_size: 1000,
        as_of_time: Some(at("2026-11-24T00:00:00Z")),
        ..Default::default()
    };
    let listed = clients.incidents.list_incidents(query).await.expect("listed").into_inner();
    assert_eq!(listed.incidents.len(), 200);
}

/// I6: whatever key a backend gives comes back as it was sent, in every list and in the right order.
#[tokio::test]
async fn incidents_keep_the_keys_their_backends_gave_them() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let mut ids = ["I 2611 0042", "I", "Ticket#1", "a\"b,c;d", "<b>&", "Störung 7", "I 2611"];
    let opened = ids.map(|id| event(id, "e 1", "2026-11-20T15:30:00Z", opened("C", "P1")));
    let answer = clients.record(opened.into()).await;
    assert_eq!(outcomes(&answer), [Accepted; 7]);
    ids.sort_unstable();
    let (mut incidents, mut clocks) = (Vec::new(), Vec::new());
    let mut request = v1::ListIncidentsRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        page_size: 2,
        min_sequence: answer.stamp.expect("a stamp").sequence,
        ..Default::default()
    };
    loop {
        let page = clients.incidents.list_incidents(request.clone()).await;
        let page = page.expect("a page").into_inner();
        incidents.extend(page.incidents.into_iter().map(|incident| incident.id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let mut request = v1::ListClocksRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        target_id: "resolve".into(),
        page_size: 2,
        min_sequence: request.min_sequence,
        ..Default::default()
    };
    loop {
        let page = clients.clocks.list_clocks(request.clone()).await.expect("a page").into_inner();
        clocks.extend(page.clocks.into_iter().map(|clock| clock.incident_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(
        (incidents, clocks),
        (ids.map(str::to_owned).to_vec(), ids.map(str::to_owned).to_vec())
    );
}
