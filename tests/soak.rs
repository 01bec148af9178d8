//! At work for long, and killed in the middle: what it holds stays flat, and what it acknowledged
//! is there.
//!
//! `SLX_SOAK_SECONDS` says for how long; 600 are ten minutes.

use std::path::Path;
use std::time::{Duration, Instant};

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tokio::task::{JoinHandle, JoinSet};
use tonic::Status;

use crate::testing::{Clients, Server, TENANT, contract, event, opened, waiting};

const SECONDS_DEFAULT: u64 = 60;
const CALLERS: usize = 4;
/// How long callers work as fast as they can, to see how fast that is.
const MEASURED: Duration = Duration::from_secs(3);
/// How long it goes on after it was measured, to be killed at work.
const MOMENT: Duration = Duration::from_millis(500);
const SAMPLED_EVERY: Duration = Duration::from_millis(250);
/// The least that caches may be, so that they are full soon.
const FLAGS: [&str; 2] = ["--memory-bytes", "134217728"];
/// How much more it may hold late than early: what comes and goes with each call.
const MORE_BYTES_MAX: u64 = 48 << 20;
const MORE_FILES_MAX: usize = 16;

/// What it held at one moment.
#[derive(Clone, Copy, Debug)]
struct Held {
    bytes: u64,
    files: usize,
}

/// A caller that reports one incident after the other, and looks at each.
#[derive(Clone)]
struct Caller {
    clients: Clients,
    name: String,
    incidents: usize,
}

impl Caller {
    /// Reports the next incident from opening to resolving, and evaluates it.
    async fn work(&mut self) -> Result<(), Status> {
        let id = format!("{}-{}", self.name, self.incidents);
        let facts = [
            opened("C", if self.incidents.is_multiple_of(2) { "P1" } else { "P2" }),
            waiting(v1::WaitingOn::Client),
            waiting(v1::WaitingOn::Provider),
            Fact::Resolved(v1::Resolved {}),
        ];
        for (number, fact) in facts.into_iter().enumerate() {
            let time = format!("2026-11-{:02}T{:02}:00:00Z", 2 + self.incidents % 20, 9 + number);
            let events = vec![event(&id, &number.to_string(), &time, fact)];
            let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
            self.clients.incidents.record_events(request).await?;
        }
        assert_eq!(evaluate(&mut self.clients, id).await?, 2);
        self.incidents += 1;
        Ok(())
    }

    /// Works until an instant, or until nobody answers: at most once in so long.
    async fn work_until(mut self, until: Instant, every: Duration) -> Caller {
        let mut next = Instant::now();
        while Instant::now() < until && self.work().await.is_ok() {
            next += every;
            tokio::time::sleep_until(next.into()).await;
        }
        self
    }
}

/// How many clocks an incident has.
async fn evaluate(clients: &mut Clients, id: String) -> Result<usize, Status> {
    let tenant = TENANT.to_owned();
    let request = v1::EvaluateIncidentRequest { tenant, incident_id: id, ..Default::default() };
    Ok(clients.clocks.evaluate_incident(request).await?.into_inner().clocks.len())
}

/// Looks at the month and at a list while the others work.
async fn look(mut clients: Clients, until: Instant) -> Result<(), Status> {
    while Instant::now() < until {
        let (tenant, contract_id) = (TENANT.to_owned(), "C".to_owned());
        let request = v1::GetComplianceRequest {
            tenant,
            contract_id,
            period: "2026-11".into(),
            ..Default::default()
        };
        clients.compliance.get_compliance(request).await?;
        let page = v1::ListClocksRequest { tenant: TENANT.into(), ..Default::default() };
        clients.clocks.list_clocks(page).await?;
        tokio::time::sleep(SAMPLED_EVERY).await;
    }
    Ok(())
}

async fn all(callers: Vec<Caller>, until: Instant, every: Duration) -> Vec<Caller> {
    let working = callers.into_iter().map(|caller| caller.work_until(until, every));
    working.collect::<JoinSet<_>>().join_all().await
}

/// Works for a while, in which the server stays as large as it is, and goes on for a moment.
async fn soak(
    server: &Server,
    callers: Vec<Caller>,
    lasts: Duration,
    every: Duration,
) -> JoinHandle<Vec<Caller>> {
    let until = Instant::now() + lasts;
    let looking = tokio::spawn(look(callers[0].clients.clone(), until));
    let working = tokio::spawn(all(callers, until + MOMENT, every));
    let mut held = Vec::new();
    while Instant::now() < until {
        assert!(!working.is_finished(), "somebody was not answered");
        held.push(Held { bytes: server.memory(), files: server.open_files() });
        tokio::time::sleep(SAMPLED_EVERY).await;
    }
    looking.await.expect("it ends").expect("it is answered");
    check_flat(&held);
    working
}

/// What was held in the last quarter is about what was held in the second.
fn check_flat(held: &[Held]) {
    let quarter = held.len() / 4;
    let [early, late] = [&held[quarter..2 * quarter], &held[held.len() - quarter..]];
    let bytes = |held: &[Held]| held.iter().map(|held| held.bytes).max().expect("samples");
    let files = |held: &[Held]| held.iter().map(|held| held.files).max().expect("samples");
    println!(
        "{} and {} MB, {} and {} files",
        bytes(early) >> 20,
        bytes(late) >> 20,
        files(early),
        files(late)
    );
    assert!(bytes(late) <= bytes(early) + MORE_BYTES_MAX, "{early:?} {late:?}");
    assert!(files(late) <= files(early) + MORE_FILES_MAX, "{early:?} {late:?}");
}

/// Starts a server, and has callers go on that worked before.
async fn go_on(data: &Path, callers: Vec<Caller>) -> (Server, Clients, Vec<Caller>) {
    let mut server = Server::start(data, &FLAGS);
    let clients = server.clients().await;
    let go_on = |caller: Caller| Caller { clients: clients.clone(), ..caller };
    let callers = callers.into_iter().map(go_on).collect();
    (server, clients, callers)
}

#[tokio::test]
async fn at_half_of_what_it_can_do_it_stays_as_large_as_it_is_and_loses_nothing() {
    let seconds = std::env::var("SLX_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let half = Duration::from_secs(seconds.unwrap_or(SECONDS_DEFAULT)) / 2;
    let data = tempfile::tempdir().expect("a directory");
    let (server, mut clients, _) = go_on(data.path(), Vec::new()).await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    let callers = (0..CALLERS).map(|number| {
        let name = format!("INC-{number}");
        Caller { clients: clients.clone(), name, incidents: 0 }
    });
    let callers = all(callers.collect(), Instant::now() + MEASURED, Duration::ZERO).await;
    let done: usize = callers.iter().map(|caller| caller.incidents).sum();
    let every = 2 * MEASURED * CALLERS as u32 / done.max(1) as u32;
    println!("{done} incidents in {MEASURED:?}: each caller works every {every:?}");
    let working = soak(&server, callers, half, every).await;
    server.kill();
    let callers = working.await.expect("they end");
    let (server, mut clients, callers) = go_on(data.path(), callers).await;
    let callers = soak(&server, callers, half, every).await.await.expect("they end");
    for caller in &callers {
        for number in (0..caller.incidents).step_by(caller.incidents / 200 + 1) {
            let id = format!("{}-{number}", caller.name);
            assert_eq!(evaluate(&mut clients, id).await.expect("what was acknowledged"), 2);
        }
    }
    let reported: usize = callers.iter().map(|caller| caller.incidents).sum();
    let sequence = clients.status().await.stamp.expect("a stamp").sequence;
    // The time zone database, the calendar and the contract are records too. What was sent again
    // is recorded once.
    assert_eq!(sequence, 3 + 4 * reported as i64);
    assert!(server.stop().await.success());
}
