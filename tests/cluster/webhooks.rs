//! Webhooks of several nodes: one of them sends, and if it dies another goes on where it was.

use std::collections::BTreeSet;
use std::time::Duration;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tokio::time::Instant;
use tonic_types::StatusExt as _;

use super::nodes::Nodes;
use super::servers::Servers;
use crate::testing::{Clients, TENANT, contract, event, opened};
use crate::webhooks::receiver::{Receiver, always};

/// The lease ends within 10 s, and a webhook goes on soon after.
const WITHIN: Duration = Duration::from_secs(60);

/// Opens and solves an incident: a clock starts and stops.
async fn solve(clients: &mut Clients, incident: &str) {
    let resolved = Fact::Resolved(v1::Resolved {});
    let events = vec![
        event(incident, "o", "2026-10-05T09:00:00Z", opened("C", "P1")),
        event(incident, "r", "2026-10-05T10:00:00Z", resolved),
    ];
    clients.record(events).await;
}

/// Waits until something of each incident has come.
async fn until_all_came(receiver: &Receiver, incidents: &BTreeSet<String>) {
    let deadline = Instant::now() + WITHIN;
    loop {
        let came: BTreeSet<_> = receiver.received().iter().map(|one| one.incident()).collect();
        if incidents.is_subset(&came) {
            return;
        }
        assert!(Instant::now() < deadline, "{came:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn dead_letters(clients: &mut Clients) -> Result<usize, String> {
    let (tenant, webhook_id) = (TENANT.into(), "w".into());
    let request = v1::ListDeadLettersRequest { tenant, webhook_id, ..Default::default() };
    match clients.webhooks.list_dead_letters(request).await {
        Ok(listed) => Ok(listed.into_inner().dead_letters.len()),
        Err(status) => Err(status.get_details_error_info().expect("a reason").reason),
    }
}

/// The node that sends webhooks, once one does.
async fn sender(nodes: &Nodes) -> usize {
    let deadline = Instant::now() + WITHIN;
    loop {
        for place in (0..nodes.count()).filter(|place| nodes.is_running(*place)) {
            match dead_letters(&mut nodes.clients(place)).await {
                Ok(count) => {
                    assert_eq!(count, 0);
                    return place;
                }
                Err(reason) => assert_eq!(reason, "ANOTHER_NODE"),
            }
        }
        assert!(Instant::now() < deadline, "nobody sends webhooks");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn one_node_sends_webhooks_and_another_goes_on_when_it_dies() {
    let servers = Servers::start(1).await;
    let flags = ["--webhook-private-addresses"];
    let mut nodes = Nodes::start_with(3, &servers, &flags).await;
    let receiver = Receiver::start(always(200)).await;
    let mut clients = nodes.clients(0);
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let url = format!("http://127.0.0.1:{}/hook", receiver.port);
    let webhook = v1::Webhook { id: "w".into(), url, ..Default::default() };
    let request = v1::PutWebhookRequest {
        tenant: TENANT.into(),
        webhook: Some(webhook),
        validate_only: false,
    };
    clients.webhooks.put_webhook(request).await.expect("it is put");
    let mut incidents = BTreeSet::new();
    for number in 0..6 {
        let id = format!("before-{number}");
        solve(&mut nodes.clients(number % 3), &id).await;
        incidents.insert(id);
    }
    until_all_came(&receiver, &incidents).await;
    let first = sender(&nodes).await;
    let repeated = receiver.received().iter().filter(|one| one.before > 0).count();
    assert_eq!(repeated, 0, "each notice came once");
    // It has kept how far it is before it dies.
    tokio::time::sleep(Duration::from_secs(2)).await;
    nodes.kill(first);
    let after: BTreeSet<_> = (0..6).map(|number| format!("after-{number}")).collect();
    for (number, id) in after.iter().enumerate() {
        let left: Vec<_> = (0..3).filter(|place| *place != first).collect();
        solve(&mut nodes.clients(left[number % 2]), id).await;
    }
    until_all_came(&receiver, &after).await;
    assert_ne!(sender(&nodes).await, first);
    let received = receiver.received();
    let again = received.iter().filter(|one| one.before > 0 && incidents.contains(&one.incident()));
    assert_eq!(again.count(), 0, "it goes on where the first was");
}
