//! Nodes and servers die, are held still and are cut off while clients record: nothing that was
//! acknowledged is lost or doubled, and all nodes end with the same head and the same answers.
//!
//! `SLX_CHAOS_ROUNDS` has more rounds, `SLX_CHAOS_SEED` repeats a run.

use std::time::Duration;

use slx::codec::v1;
use tokio::time::Instant;

use super::nodes::Nodes;
use super::servers::{Proxy, Servers, signal};
use crate::load::{Load, Reported, check_events, put_terms};
use crate::random::{Dice, setting};
use crate::testing::{Clients, TENANT, at, event, opened};

/// How long writes may stall: the servers elect a leader within some seconds, and on a busy machine
/// within some more.
const GOES_ON_WITHIN: Duration = Duration::from_secs(60);
/// So that many rounds of an unoptimised build are no matter of how much it has to evaluate: each
/// revision that there is costs every incident.
const CALLS_AFTER: Duration = Duration::from_millis(30);
/// Longer than any lease of the nodes or the servers.
const HELD_STILL: Duration = Duration::from_secs(12);

/// Nodes, each with a way of its own to every server that can be cut.
struct World {
    servers: Servers,
    proxies: Vec<Vec<Proxy>>,
    nodes: Nodes,
}

impl World {
    async fn start() -> World {
        let servers = Servers::start(3).await;
        let (mut proxies, mut logs) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let mut ways = Vec::new();
            for place in 0..servers.count() {
                ways.push(Proxy::to(servers.address(place)).await);
            }
            let urls = ways.iter().map(|way| format!("nats://127.0.0.1:{}", way.port));
            logs.push(urls.collect::<Vec<_>>().join(","));
            proxies.push(ways);
        }
        let nodes = Nodes::start_on(logs).await;
        World { servers, proxies, nodes }
    }

    /// Does one of the things that happen, and undoes it.
    async fn fault(&mut self, kind: u64, place: usize) -> &'static str {
        match kind {
            0 => {
                self.nodes.kill(place);
                self.nodes.run(place);
                "a node killed"
            }
            1 => {
                (0..3).for_each(|place| self.nodes.kill(place));
                (0..3).for_each(|place| self.nodes.run(place));
                "all nodes killed"
            }
            2 => {
                self.servers.kill(place);
                self.servers.run(place);
                "a server killed"
            }
            3 => {
                (0..3).for_each(|place| self.servers.kill(place));
                (0..3).for_each(|place| self.servers.run(place));
                "all servers killed"
            }
            4 => {
                let process = self.nodes.server(place).process();
                signal(process, "STOP");
                tokio::time::sleep(HELD_STILL).await;
                signal(process, "CONT");
                "a node held still"
            }
            _ => {
                self.proxies[place].iter().for_each(|way| way.cut(true));
                tokio::time::sleep(Duration::from_secs(3)).await;
                self.proxies[place].iter().for_each(|way| way.cut(false));
                "a node cut off"
            }
        }
    }

    /// Waits until every node takes a record again, and returns how long that took.
    async fn goes_on(&self, round: u64) -> Duration {
        let begun = Instant::now();
        for place in 0..3 {
            loop {
                let id = format!("goes-on-{round}-{place}");
                let opened = event(&id, "o", "2026-11-05T09:00:00Z", opened("C", "P1"));
                let request =
                    v1::RecordEventsRequest { tenant: TENANT.into(), events: vec![opened] };
                match self.nodes.clients(place).incidents.record_events(request).await {
                    Ok(_) => break,
                    Err(status) => {
                        let node = self.nodes.server(place);
                        assert!(begun.elapsed() < GOES_ON_WITHIN, "{status}: {}", node.log());
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        }
        begun.elapsed()
    }
}

/// Some answers of a node, as bytes.
async fn sample(clients: &mut Clients) -> Vec<String> {
    let as_of_time = Some(at("2026-12-01T00:00:00Z"));
    let list = v1::ListClocksRequest { page_size: 1_000, as_of_time, ..Default::default() };
    let mut all: Vec<_> =
        clients.list_clocks(list).await.iter().map(|clock| format!("{clock:?}")).collect();
    let compliance = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "C".into(),
        period: "2026-11".into(),
        as_of_time,
        ..Default::default()
    };
    let compliance = clients.compliance.get_compliance(compliance).await.expect("it is counted");
    all.push(format!("{:?}", compliance.into_inner()));
    all
}

#[tokio::test]
async fn whatever_dies_nothing_that_was_acknowledged_is_lost() {
    let (rounds, seed) = (setting("SLX_CHAOS_ROUNDS", 30), setting("SLX_CHAOS_SEED", 1));
    println!("SLX_CHAOS_SEED={seed}");
    let mut dice = Dice::new(seed);
    let mut world = World::start().await;
    put_terms(&mut world.nodes.clients(0)).await;
    let mut reported: Vec<Reported> = vec![Reported::default(); 3];
    for round in 0..rounds {
        let loads: Vec<_> = (0..3)
            .map(|place| {
                let clients = world.nodes.clients(place);
                let reported = reported[place].clone();
                Load::slowly(&clients, &format!("r{round}-{place}"), reported, CALLS_AFTER)
            })
            .collect();
        for load in &loads {
            load.acknowledged(20).await;
        }
        // Each kind comes in turn, and then by the dice.
        let kind = if round < 6 { round } else { dice.below(6) };
        let what = world.fault(kind, dice.below(3) as usize).await;
        let stalled = world.goes_on(round).await;
        println!("round {round}: {what}, all nodes took records again after {stalled:?}");
        for (place, load) in loads.into_iter().enumerate() {
            reported[place] = load.stop().await;
        }
        for place in 0..3 {
            world.nodes.wait_for(place).await;
        }
        world.nodes.fold_alike().await;
    }
    let mut answers = Vec::new();
    for place in 0..3 {
        for other in &reported {
            check_events(&world.nodes.clients(place), other).await;
        }
        answers.push(sample(&mut world.nodes.clients(place)).await);
    }
    assert!(answers[0].len() > 20, "{}", answers[0].len());
    assert!(answers.iter().all(|answer| *answer == answers[0]), "nodes answer otherwise");
}
