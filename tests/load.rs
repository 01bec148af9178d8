//! Clients that keep recording, remember what was acknowledged, and check it after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic_types::StatusExt;

use crate::testing::{
    Clients, Server, TENANT, contract, copy, event, opened, slx, succeed, waiting,
};

/// Small segments, so that a new one is begun now and then.
pub const FLAGS: [&str; 2] = ["--segment-bytes", "65536"];
const CALLERS: usize = 4;
const REVISED_EVERY: Duration = Duration::from_millis(20);
const WORKS_WITHIN: Duration = Duration::from_secs(60);
/// How soon a caller who was refused for now tries again.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const EVENTS_PER_INCIDENT: usize = 4;

/// An event: its incident's id and its own.
type Name = (String, String);

/// What was sent, and what of it was acknowledged, with its sequence.
#[derive(Clone, Debug, Default)]
pub struct Reported {
    sent: BTreeMap<Name, v1::IncidentEvent>,
    acknowledged: BTreeMap<Name, i64>,
}

/// Clients at work.
pub struct Load {
    reported: Arc<Mutex<Reported>>,
    callers: JoinSet<()>,
}

/// Puts the terms that the load's incidents are under.
pub async fn put_terms(clients: &mut Clients) {
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
}

impl Load {
    /// Begins to record incidents whose ids begin with `prefix`: single events, batches, a stream,
    /// and now and then a revision of the contract.
    pub fn start(clients: &Clients, prefix: &str) -> Load {
        Load::going_on(clients, prefix, Reported::default())
    }

    /// Begins, and adds to what was reported before.
    pub fn going_on(clients: &Clients, prefix: &str, reported: Reported) -> Load {
        Load::slowly(clients, prefix, reported, Duration::ZERO)
    }

    /// The same, with a pause before each call and message; before revisions it is longer.
    pub fn slowly(clients: &Clients, prefix: &str, reported: Reported, pause: Duration) -> Load {
        let reported = Arc::new(Mutex::new(reported));
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let facts = Facts::new(format!("{prefix}-{caller}"), 1 + caller % 3);
            callers.spawn(call(clients.clone(), facts, Arc::clone(&reported), pause));
        }
        let facts = Facts::new(format!("{prefix}-stream"), 3);
        callers.spawn(stream(clients.clone(), facts, Arc::clone(&reported), pause));
        callers.spawn(revise(clients.clone(), REVISED_EVERY + pause * 20));
        Load { reported, callers }
    }

    /// What has been reported so far.
    pub fn reported(&self) -> Reported {
        self.reported.lock().expect("what was reported").clone()
    }

    /// Waits until so many more events are acknowledged.
    pub async fn acknowledged(&self, more: usize) {
        let deadline = tokio::time::Instant::now() + WORKS_WITHIN;
        let count = || self.reported.lock().expect("what was reported").acknowledged.len();
        let enough = count() + more;
        while count() < enough {
            assert!(tokio::time::Instant::now() < deadline, "{} of {enough} events", count());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until every caller was refused for good or cut off.
    pub async fn ended(mut self) -> Reported {
        let all = async { while self.callers.join_next().await.is_some() {} };
        tokio::time::timeout(WORKS_WITHIN, all).await.expect("callers are refused or cut off");
        self.reported()
    }

    /// Makes every caller stop, whatever it waits for.
    pub async fn stop(mut self) -> Reported {
        self.callers.shutdown().await;
        self.reported()
    }
}

/// Makes up one event after the other.
struct Facts {
    prefix: String,
    batch: usize,
    count: usize,
}

impl Facts {
    fn new(prefix: String, batch: usize) -> Facts {
        Facts { prefix, batch, count: 0 }
    }

    fn next(&mut self) -> v1::IncidentEvent {
        let (number, step) = (self.count / EVENTS_PER_INCIDENT, self.count % EVENTS_PER_INCIDENT);
        self.count += 1;
        let fact = match step {
            0 => opened("C", if number % 2 == 0 { "P1" } else { "P2" }),
            1 => waiting(v1::WaitingOn::Client),
            2 => waiting(v1::WaitingOn::Provider),
            _ => Fact::Resolved(v1::Resolved {}),
        };
        let time = format!("2026-11-{:02}T{:02}:00:00Z", 2 + number % 20, 8 + 2 * step);
        event(&format!("{}-{number}", self.prefix), &step.to_string(), &time, fact)
    }

    fn batch(&mut self) -> Vec<v1::IncidentEvent> {
        (0..self.batch).map(|_| self.next()).collect()
    }
}

fn name(event: &v1::IncidentEvent) -> Name {
    (event.incident_id.clone(), event.event_id.clone())
}

impl Reported {
    /// What was sent by now, with only that acknowledged which had been `before`.
    pub fn with_acknowledged(self, before: Reported) -> Reported {
        Reported { sent: self.sent, acknowledged: before.acknowledged }
    }

    /// The highest sequence that was acknowledged; 0: none.
    pub fn last_acknowledged(&self) -> i64 {
        self.acknowledged.values().copied().max().unwrap_or_default()
    }

    fn send(&mut self, events: &[v1::IncidentEvent]) {
        self.sent.extend(events.iter().map(|event| (name(event), event.clone())));
    }

    fn acknowledge(&mut self, names: &[Name], results: &[v1::RecordResult]) {
        for (name, result) in names.iter().zip(results) {
            assert_ne!(result.outcome(), v1::RecordOutcome::Refused, "{name:?}: {result:?}");
            self.acknowledged.insert(name.clone(), result.sequence);
        }
    }
}

async fn call(
    mut clients: Clients,
    mut facts: Facts,
    reported: Arc<Mutex<Reported>>,
    pause: Duration,
) {
    loop {
        tokio::time::sleep(pause).await;
        let events = facts.batch();
        let names: Vec<_> = events.iter().map(name).collect();
        reported.lock().expect("what was reported").send(&events);
        let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
        match clients.incidents.record_events(request).await {
            Err(status) if is_for_now(&status) => tokio::time::sleep(AGAIN_AFTER).await,
            Err(_) => return,
            Ok(answer) => {
                let results = answer.into_inner().results;
                reported.lock().expect("what was reported").acknowledge(&names, &results);
            }
        }
    }
}

/// Whether it may be tried again: the views failed and are opened again.
fn is_for_now(status: &Status) -> bool {
    let reason = status.get_details_error_info().map(|info| info.reason);
    reason.as_deref() == Some("VIEWS_UNAVAILABLE")
}

async fn stream(
    mut clients: Clients,
    mut facts: Facts,
    reported: Arc<Mutex<Reported>>,
    pause: Duration,
) {
    while is_for_now(&stream_once(&mut clients, &mut facts, &reported, pause).await) {
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// Streams until that is refused or cut off, and returns how.
async fn stream_once(
    clients: &mut Clients,
    facts: &mut Facts,
    reported: &Mutex<Reported>,
    pause: Duration,
) -> Status {
    let (sender, receiver) = mpsc::channel(4);
    let answers = clients.incidents.stream_events(ReceiverStream::new(receiver));
    let (names, mut waiting) = mpsc::unbounded_channel();
    let send = async {
        loop {
            tokio::time::sleep(pause).await;
            let events = facts.batch();
            let sent: Vec<_> = events.iter().map(name).collect();
            reported.lock().expect("what was reported").send(&events);
            let message = v1::StreamEventsRequest { tenant: TENANT.into(), events };
            if sender.send(message).await.is_err() || names.send(sent).is_err() {
                return;
            }
        }
    };
    let mut receive = std::pin::pin!(async {
        let mut answers = answers.await?.into_inner();
        while let Some(answer) = answers.message().await? {
            let names = waiting.recv().await.expect("its names");
            reported.lock().expect("what was reported").acknowledge(&names, &answer.results);
        }
        Err(Status::cancelled("the stream ended"))
    });
    let ended: Result<(), Status> = tokio::select! {
        () = send => receive.await,
        ended = &mut receive => ended,
    };
    ended.expect_err("it ends in a status")
}

/// Revises the contract again and again, which files its incidents anew.
async fn revise(mut clients: Clients, every: Duration) {
    for number in 0.. {
        let mut revised = contract("C");
        revised.title = format!("Workplace {number}");
        let request = v1::PutContractRequest {
            tenant: TENANT.into(),
            contract: Some(revised),
            ..Default::default()
        };
        match clients.contracts.put_contract(request).await {
            Err(status) if !is_for_now(&status) => return,
            _ => {}
        }
        tokio::time::sleep(every).await;
    }
}

/// Starts a server on what a crash left, and checks that nothing acknowledged is lost or doubled,
/// that nothing came up that nobody sent, that all can be sent again, that the state equals one
/// folded anew, and that the chain verifies.
pub async fn check(data: &Path, reported: &Reported) {
    let mut server = Server::start(data, &FLAGS);
    let mut clients = server.clients().await;
    check_events(&clients, reported).await;
    send_again(&mut clients, reported).await;
    let clocks = all_clocks(&mut clients).await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert!(server.stop().await.success());
    succeed(slx().args(["verify", "--tallies"]).arg(data));
    let anew = tempfile::tempdir().expect("a directory");
    copy(&data.join("journal"), &anew.path().join("journal"));
    let mut server = Server::start(anew.path(), &FLAGS);
    let rebuilt = all_clocks(&mut server.clients().await).await;
    assert!(rebuilt == clocks, "the state is not the one folded anew");
}

/// Checks that everything acknowledged is there, and nothing that nobody sent.
pub async fn check_events(clients: &Clients, reported: &Reported) {
    let found = found(clients, reported).await;
    for (name, sequence) in &reported.acknowledged {
        assert_eq!(found.get(name), Some(sequence), "{name:?} was acknowledged");
    }
}

/// What is there of what was sent, with its sequence.
async fn found(clients: &Clients, reported: &Reported) -> BTreeMap<Name, i64> {
    let incidents: BTreeSet<_> =
        reported.sent.keys().map(|(incident, _)| incident.clone()).collect();
    let incidents: Vec<_> = incidents.into_iter().collect();
    let mut asking = JoinSet::new();
    for part in incidents.chunks(incidents.len().div_ceil(CALLERS).max(1)) {
        asking.spawn(list(clients.clone(), part.to_vec()));
    }
    let mut found = BTreeMap::new();
    while let Some(listed) = asking.join_next().await {
        for recorded in listed.expect("listed") {
            let event = recorded.event.expect("an event");
            let twice = found.insert(name(&event), recorded.sequence);
            assert_eq!(twice, None, "{event:?} is there twice");
            assert_eq!(reported.sent.get(&name(&event)), Some(&event), "nobody sent it");
        }
    }
    found
}

#[cfg(feature = "failpoints")]
/// Sends again all that is there, which acknowledges what a crash had left unanswered.
pub async fn send_again_what_is_there(clients: &mut Clients, reported: &mut Reported) {
    let found: Vec<_> = found(clients, reported).await.into_iter().collect();
    for some in found.chunks(400) {
        let events = some.iter().map(|(name, _)| reported.sent[name].clone()).collect();
        let answer = clients.record(events).await;
        for ((name, sequence), result) in some.iter().zip(answer.results) {
            assert_eq!(result.outcome(), v1::RecordOutcome::Duplicate, "{name:?}");
            assert_eq!(result.sequence, *sequence);
        }
    }
    reported.acknowledged.extend(found);
}

async fn list(mut clients: Clients, incidents: Vec<String>) -> Vec<v1::RecordedEvent> {
    let mut events = Vec::new();
    for incident_id in incidents {
        let tenant = TENANT.into();
        let request = v1::ListEventsRequest { tenant, incident_id, ..Default::default() };
        match clients.incidents.list_events(request).await {
            Ok(listed) => events.extend(listed.into_inner().events),
            Err(status) if status.code() == tonic::Code::NotFound => {}
            Err(status) => panic!("{status}"),
        }
    }
    events
}

async fn send_again(clients: &mut Clients, reported: &Reported) {
    let events: Vec<_> = reported.sent.values().cloned().collect();
    for events in events.chunks(400) {
        let answer = clients.record(events.to_vec()).await;
        for (event, result) in events.iter().zip(answer.results) {
            match reported.acknowledged.get(&name(event)) {
                Some(sequence) => {
                    assert_eq!(result.outcome(), v1::RecordOutcome::Duplicate, "{event:?}");
                    assert_eq!(result.sequence, *sequence);
                }
                None => assert_ne!(result.outcome(), v1::RecordOutcome::Refused, "{result:?}"),
            }
        }
    }
}

async fn all_clocks(clients: &mut Clients) -> Vec<v1::Clock> {
    let as_of_time = Some(crate::testing::at("2026-12-01T00:00:00Z"));
    let request = v1::ListClocksRequest { page_size: 1000, as_of_time, ..Default::default() };
    clients.list_clocks(request).await
}
