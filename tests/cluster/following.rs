//! Following the log: whatever server it is that goes.

use std::time::Duration;

use async_nats::jetstream;
use slx::codec::v1;
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use tonic::Code;

use super::nodes::Nodes;
use super::servers::Servers;
use crate::testing::{Clients, TENANT, office};

/// Much longer than it takes to miss a server; what is missed is looked for anew meanwhile.
const FOLDED_WITHIN: Duration = Duration::from_secs(20);
/// Much longer than servers take to agree on who leads them.
const WRITTEN_WITHIN: Duration = Duration::from_secs(20);

/// The places of the servers, but for the first, on which is kept how far nodes have followed.
async fn followed_on(servers: &Servers) -> Vec<usize> {
    let client = async_nats::connect(servers.address(0).to_string()).await.expect("connected");
    let stream = jetstream::new(client).get_stream("slx").await.expect("the stream");
    let mut consumers = stream.consumers();
    let mut places = Vec::new();
    while let Some(consumer) = consumers.next().await {
        let cluster = consumer.expect("a consumer").cluster.expect("its cluster");
        let leader = cluster.leader.expect("its server");
        places.push(leader.trim_start_matches('n').parse().expect("a place"));
    }
    places.retain(|place| *place != 0);
    places
}

/// Its connection stands, so nothing but silence says that the server has gone which handed it what
/// others record.
#[tokio::test]
async fn a_node_goes_on_soon_when_another_server_than_its_own_has_gone() {
    let mut servers = Servers::start(3).await;
    // As often as there are servers, since that is on how many the log is to be kept.
    let first = vec![format!("nats://{}", servers.address(0)); servers.count()].join(",");
    let mut nodes = Nodes::start_on(vec![first.clone(), first]).await;
    // Where it is kept is up to the servers: anew with each start.
    let place = loop {
        if let Some(place) = followed_on(&servers).await.first() {
            break *place;
        }
        for node in 0..nodes.count() {
            nodes.stop(node).await;
            nodes.run(node);
            nodes.wait_for(node).await;
        }
    };
    servers.kill(place);
    for (writing, reading) in [(0, 1), (1, 0)] {
        put_calendar(nodes.clients(writing), &format!("of-node-{writing}")).await;
        let last = sequence(&nodes, writing).await;
        let deadline = Instant::now() + FOLDED_WITHIN;
        while sequence(&nodes, reading).await < last {
            assert!(Instant::now() < deadline, "{}", nodes.server(reading).log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Puts a calendar, again as long as it is refused for the moment: the server that has gone may have
/// been the one that led those that keep the log, and until they have another nothing is written.
async fn put_calendar(mut clients: Clients, id: &str) {
    let calendar = v1::Calendar { id: id.to_owned(), ..office() };
    let request = v1::PutCalendarRequest {
        tenant: TENANT.into(),
        calendar: Some(calendar),
        ..Default::default()
    };
    let deadline = Instant::now() + WRITTEN_WITHIN;
    while let Err(status) = clients.calendars.put_calendar(request.clone()).await {
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(Instant::now() < deadline, "{status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn sequence(nodes: &Nodes, place: usize) -> i64 {
    nodes.status(place).await.stamp.expect("its stamp").sequence
}
