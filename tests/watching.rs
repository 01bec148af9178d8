//! Notices of clocks: nothing is missing, whatever is taken back is withdrawn, and whoever comes
//! back with a token goes on where they were.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::clock_service_client::ClockServiceClient;
use slx::codec::v1::incident_event::Fact;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::random::{Dice, setting};
use crate::testing::{Clients, Server, TENANT, contract, hours, seconds, slx, waiting};

const SOON: Duration = Duration::from_secs(60);

type ClockKey = (String, String, String, i32);

// docs/watching.md shows this.
/// Follows notices for ever: `take` takes in a message's notices and keeps its token, together.
async fn follow(
    mut clocks: ClockServiceClient<Channel>,
    mut request: v1::WatchClocksRequest,
    mut take: impl FnMut(Vec<v1::Notice>, &str),
) -> Status {
    let mut pause = Duration::from_millis(100);
    loop {
        let ended = match clocks.watch_clocks(request.clone()).await {
            Err(refused) => refused,
            Ok(stream) => {
                let mut stream = stream.into_inner();
                loop {
                    match stream.message().await {
                        Ok(Some(message)) => {
                            take(message.notices, &message.resume_token);
                            request.resume_token = message.resume_token;
                            request.after_stamp = None;
                            pause = Duration::from_millis(100);
                        }
                        Ok(None) => break Status::unavailable("the stream ended"),
                        Err(ended) => break ended,
                    }
                }
            }
        };
        match ended.code() {
            // OUT_OF_RANGE: list the clocks anew, and watch from the list's stamp. The others: what
            // is wrong stays wrong.
            Code::OutOfRange | Code::InvalidArgument | Code::NotFound => return ended,
            Code::PermissionDenied | Code::Unauthenticated | Code::Unimplemented => return ended,
            // The server stops or is too busy, the connection broke, or nothing was read: go on.
            _ => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(10));
            }
        }
    }
}

fn request() -> v1::WatchClocksRequest {
    let heartbeat_interval = Some(seconds(1));
    v1::WatchClocksRequest { tenant: TENANT.into(), heartbeat_interval, ..Default::default() }
}

fn ago(seconds: i64) -> Timestamp {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let nanos = i32::try_from(now.subsec_nanos()).expect("nanoseconds");
    Timestamp { seconds: now.as_secs() as i64 - seconds, nanos }
}

fn event(incident: &str, event_id: &str, before: i64, fact: Fact) -> v1::IncidentEvent {
    v1::IncidentEvent {
        event_id: event_id.into(),
        incident_id: incident.into(),
        occur_time: Some(ago(before)),
        fact: Some(fact),
        ..Default::default()
    }
}

fn opened(priority: &str) -> Fact {
    crate::testing::opened("C", priority)
}

/// A contract with a limit of so many seconds, round the clock.
fn within(limit: i64) -> v1::Contract {
    let limit = |priority: &str, factor: i64| v1::Limit {
        priority: priority.into(),
        limit: Some(seconds(factor * limit)),
        calendar_id: "always".into(),
        ..Default::default()
    };
    let resolve = v1::Target {
        id: "resolve".into(),
        metric: v1::Metric::Resolution as i32,
        limits: vec![limit("P1", 1), limit("P2", 2)],
        pauses: vec![v1::Pause {
            waiting_on: v1::WaitingOn::Client as i32,
            maximum: Some(hours(1)),
            ..Default::default()
        }],
        warn_at_percent: vec![50],
        ..Default::default()
    };
    let respond = v1::Target {
        id: "respond".into(),
        metric: v1::Metric::Response as i32,
        limits: vec![limit("", 1)],
        answered_by: (1..=4).collect(),
        ..Default::default()
    };
    let terms = v1::Terms { targets: vec![resolve, respond], ..Default::default() };
    v1::Contract { terms: Some(terms), ..contract("C") }
}

async fn served(flags: &[&str], limit: i64) -> (tempfile::TempDir, Server, Clients) {
    served_under(flags, within(limit)).await
}

/// The same under other terms.
async fn served_under(
    flags: &[&str],
    contract: v1::Contract,
) -> (tempfile::TempDir, Server, Clients) {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), flags);
    let mut clients = server.clients().await;
    clients.put_always().await;
    clients.put_contract(contract).await;
    (data, server, clients)
}

/// What the notices that somebody has taken in say.
#[derive(Default)]
struct Follower {
    token: String,
    stamp: v1::Stamp,
    seen: BTreeSet<String>,
    clocks: BTreeMap<ClockKey, (BTreeSet<String>, Option<v1::Clock>)>,
    kinds: Vec<String>,
}

/// What there is to see of a clock beside what time alone moves.
type Shape = (i32, i32, String, [Option<Timestamp>; 4]);

fn shape(clock: &v1::Clock) -> Shape {
    let times = [clock.start_time, clock.stop_time, clock.due_time, clock.breach_time];
    (clock.phase, clock.outcome, clock.priority.clone(), times)
}

impl Follower {
    fn take(&mut self, message: v1::WatchClocksResponse) {
        self.token = message.resume_token;
        self.stamp = message.stamp.expect("a stamp");
        for notice in message.notices {
            if !self.seen.insert(notice.id.clone()) {
                continue;
            }
            let key = (
                notice.incident_id.clone(),
                notice.contract_id.clone(),
                notice.target_id.clone(),
                notice.cycle,
            );
            let kind = notice.kind().as_str_name().trim_start_matches("NOTICE_KIND_");
            let undone = if notice.withdrawn { "not " } else { "" };
            self.kinds.push(format!("{undone}{kind} {}", notice.target_id));
            let (occurrences, clock) = self.clocks.entry(key.clone()).or_default();
            match (notice.withdrawn, notice.kind()) {
                (true, _) => {
                    let was_reported = occurrences.remove(&notice.occurrence_id);
                    assert!(was_reported, "withdrawn and never reported: {notice:?}");
                }
                (false, v1::NoticeKind::Moved) => {}
                (false, _) => drop(occurrences.insert(notice.occurrence_id.clone())),
            }
            *clock = notice.clock;
            if clock.is_none() && occurrences.is_empty() {
                self.clocks.remove(&key);
            }
        }
    }

    /// Watches from where it was until it is seen that everything up to a sequence was reported.
    async fn catch_up(&mut self, clients: &mut Clients, sequence: i64) {
        self.watch_until(clients, |follower| follower.stamp.sequence >= sequence).await;
    }

    async fn watch_until(&mut self, clients: &mut Clients, is_enough: impl Fn(&Follower) -> bool) {
        let request = v1::WatchClocksRequest { resume_token: self.token.clone(), ..request() };
        let stream = clients.clocks.watch_clocks(request).await.expect("it is watched");
        let mut stream = stream.into_inner();
        let watching = async {
            while !is_enough(self) {
                let message = stream.message().await.expect("notices").expect("no end");
                self.take(message);
            }
        };
        let waited = tokio::time::timeout(SOON, watching).await;
        assert!(waited.is_ok(), "{:?}", self.kinds);
    }

    /// Compares what the notices come to with the list of clocks as of where it is.
    async fn check(&self, clients: &mut Clients) {
        let request = v1::ListClocksRequest {
            page_size: 1_000,
            as_of_time: self.stamp.as_of_time,
            known_time: self.stamp.known_time,
            ..Default::default()
        };
        let listed = clients.list_clocks(request).await;
        let started = listed.iter().filter(|clock| clock.phase() != v1::Phase::Pending);
        let expected: BTreeMap<ClockKey, Shape> = started
            .map(|clock| {
                let v1::Clock { incident_id, contract_id, target_id, cycle, .. } = clock.clone();
                ((incident_id, contract_id, target_id, cycle), shape(clock))
            })
            .collect();
        let found: BTreeMap<ClockKey, Shape> = self
            .clocks
            .iter()
            .filter_map(|(key, (_, clock))| Some((key.clone(), shape(clock.as_ref()?))))
            .collect();
        assert_eq!(found, expected);
    }
}

/// Random facts about a few incidents, late ones and retractions among them.
struct Backend {
    dice: Dice,
    number: u64,
    sent: Vec<(String, String)>,
}

impl Backend {
    fn events(&mut self, count: usize) -> Vec<v1::IncidentEvent> {
        let events = (0..count).map(|_| {
            self.number += 1;
            let incident = format!("I{}", self.dice.below(12));
            let event_id = format!("e{}", self.number);
            let known: Vec<_> = self.sent.iter().filter(|(of, _)| *of == incident).collect();
            let fact = match self.dice.below(12) {
                _ if known.is_empty() => opened(["P1", "P2"][self.dice.below(2) as usize]),
                0 | 1 => waiting(v1::WaitingOn::Client),
                2 | 3 => waiting(v1::WaitingOn::Provider),
                4 | 5 => Fact::Resolved(v1::Resolved {}),
                6 => Fact::Reopened(v1::Reopened {}),
                7 => Fact::PriorityChanged(v1::PriorityChanged { priority: "P1".into() }),
                8 => Fact::Responded(v1::Responded {}),
                9 => Fact::Cancelled(v1::Cancelled {}),
                10 => {
                    let (_, retracted) = self.dice.pick(&known).clone();
                    Fact::Retracted(v1::Retracted { event_id: retracted })
                }
                _ => Fact::PriorityChanged(v1::PriorityChanged { priority: "P2".into() }),
            };
            let before = match (&fact, self.dice.below(3)) {
                (Fact::Opened(_), _) => 6 * 3_600 + self.dice.below(3_600) as i64,
                (_, 0) => 0,
                _ => self.dice.below(6 * 3_600) as i64,
            };
            self.sent.push((incident.clone(), event_id.clone()));
            event(&incident, &event_id, before, fact)
        });
        events.collect()
    }
}

/// Over random facts, late ones and crashes, the notices add up to what the list of clocks says,
/// for one who is always there and for one who is away now and then.
#[tokio::test]
async fn notices_add_up_to_the_list_of_clocks_over_crashes() {
    let seed = setting("SLX_WATCH_SEED", 7);
    println!("SLX_WATCH_SEED={seed}");
    let (data, mut server, mut clients) = served(&[], 3_600).await;
    let mut backend = Backend { dice: Dice::new(seed), number: 0, sent: Vec::new() };
    let (mut always, mut sometimes) = (Follower::default(), Follower::default());
    let begun = clients.status().await.stamp.expect("a stamp").sequence;
    always.catch_up(&mut clients, begun).await;
    sometimes.catch_up(&mut clients, begun).await;
    for round in 0..6 {
        let mut last = 0;
        for _ in 0..5 {
            let events = backend.events(6);
            let answer = clients.record(events).await;
            last = answer.stamp.expect("a stamp").sequence;
            always.catch_up(&mut clients, last).await;
        }
        if round % 2 == 0 {
            clients.record(backend.events(4)).await;
            server.kill();
            server = Server::start(data.path(), &[]);
            clients = server.clients().await;
        }
        if round == 3 {
            clients.put_contract(within(5_400)).await;
        }
        if round % 3 == 2 {
            sometimes.catch_up(&mut clients, last).await;
            sometimes.check(&mut clients).await;
        }
        always.catch_up(&mut clients, last).await;
        always.check(&mut clients).await;
    }
    let kinds: BTreeSet<_> = always.kinds.iter().map(|kind| kind.split(' ').next()).collect();
    assert!(kinds.contains(&Some("not")) && kinds.len() > 6, "{kinds:?}");
}

/// What happens to a clock as the wall clock goes on, and a late fact that undoes its breach.
#[tokio::test]
async fn a_breach_is_reported_by_the_wall_clock_and_withdrawn_when_it_was_none() {
    let (_data, _server, mut clients) = served(&[], 2).await;
    let mut follower = Follower::default();
    follower.watch_until(&mut clients, |follower| !follower.token.is_empty()).await;
    clients.record(vec![event("I", "o", 0, opened("P1"))]).await;
    let has = |kind: &'static str| {
        move |follower: &Follower| follower.kinds.iter().any(|one| one == kind)
    };
    follower.watch_until(&mut clients, has("BREACHED resolve")).await;
    let of_resolve = |follower: &Follower| -> Vec<String> {
        let kinds = follower.kinds.iter().filter(|kind| kind.ends_with(" resolve"));
        kinds.cloned().collect()
    };
    assert_eq!(of_resolve(&follower), ["STARTED resolve", "WARNED resolve", "BREACHED resolve"]);
    let opened_at = follower.clocks.values().next().and_then(|(_, clock)| clock.clone());
    let start = opened_at.and_then(|clock| clock.start_time).expect("a start");
    let mut resolved = event("I", "r", 0, Fact::Resolved(v1::Resolved {}));
    resolved.occur_time = Some(Timestamp { seconds: start.seconds + 1, ..start });
    clients.record(vec![resolved]).await;
    follower.watch_until(&mut clients, has("STOPPED resolve")).await;
    let after = of_resolve(&follower);
    assert!(after.contains(&"not BREACHED resolve".to_owned()), "{after:?}");
    follower.check(&mut clients).await;
}

#[tokio::test]
async fn a_list_and_the_notices_after_its_stamp_leave_no_gap() {
    let (_data, _server, mut clients) = served(&[], 3_600).await;
    clients.record(vec![event("I", "o", 60, opened("P1"))]).await;
    let request = v1::ListClocksRequest { tenant: TENANT.into(), ..Default::default() };
    let listed = clients.clocks.list_clocks(request).await.expect("a list").into_inner();
    clients.record(vec![event("I", "r", 0, Fact::Resolved(v1::Resolved {}))]).await;
    let request = v1::WatchClocksRequest { after_stamp: listed.stamp, ..self::request() };
    let follower = first_notices(&mut clients, request, 2).await;
    assert_eq!(follower.kinds, ["STOPPED resolve", "STOPPED respond"]);
}

/// What was recorded after the instant of the list is in it: what happened by time alone before
/// that was recorded is not.
#[tokio::test]
async fn a_list_of_the_past_and_the_notices_after_its_stamp_leave_no_gap() {
    let (_data, _server, mut clients) = served(&[], 3_600).await;
    clients.record(vec![event("I", "o", 7_200, opened("P1"))]).await;
    let as_of_time = Some(ago(6_000));
    let request = v1::ListClocksRequest { tenant: TENANT.into(), as_of_time, ..Default::default() };
    let listed = clients.clocks.list_clocks(request).await.expect("a list").into_inner();
    assert!(listed.clocks.iter().all(|clock| clock.outcome() == v1::Outcome::Undecided));
    let request = v1::WatchClocksRequest { after_stamp: listed.stamp, ..self::request() };
    let follower = first_notices(&mut clients, request, 3).await;
    assert_eq!(follower.kinds, ["WARNED resolve", "BREACHED resolve", "BREACHED respond"]);
}

/// Somebody who follows notices until so many came.
async fn first_notices(
    clients: &mut Clients,
    request: v1::WatchClocksRequest,
    count: usize,
) -> Follower {
    let stream = clients.clocks.watch_clocks(request).await.expect("it is watched");
    let mut stream = stream.into_inner();
    let mut follower = Follower::default();
    let watching = async {
        while follower.kinds.len() < count {
            follower.take(stream.message().await.expect("notices").expect("no end"));
        }
    };
    tokio::time::timeout(SOON, watching).await.expect("notices");
    follower
}

/// The incidents and kinds of the first notices that pass a filter.
async fn filtered(
    clients: &mut Clients,
    request: v1::WatchClocksRequest,
    count: usize,
) -> Vec<String> {
    let follower = first_notices(clients, request, count).await;
    let incidents = follower.clocks.keys().map(|(incident, ..)| incident.clone());
    incidents.collect::<BTreeSet<_>>().into_iter().chain(follower.kinds.clone()).collect()
}

#[tokio::test]
async fn filters_leave_out_the_rest() {
    let (_data, _server, mut clients) = served(&[], 3_600).await;
    let mut follower = Follower::default();
    follower.watch_until(&mut clients, |follower| !follower.token.is_empty()).await;
    let assigned =
        Fact::Assigned(v1::Assigned { group: Some("desk".into()), ..Default::default() });
    clients
        .record(vec![
            event("I1", "o", 7_000, opened("P1")),
            event("I2", "o", 60, opened("P2")),
            event("I2", "a", 50, assigned),
            event("I2", "r", 40, Fact::Resolved(v1::Resolved {})),
        ])
        .await;
    let from = || v1::WatchClocksRequest { resume_token: follower.token.clone(), ..request() };
    let breached = vec![v1::NoticeKind::Breached as i32];
    let wanted = v1::WatchClocksRequest { kinds: breached, ..from() };
    let found = filtered(&mut clients, wanted, 2).await;
    assert_eq!(found, ["I1", "BREACHED resolve", "BREACHED respond"]);
    let wanted = v1::WatchClocksRequest {
        priorities: vec!["P2".into()],
        target_ids: vec!["resolve".into()],
        contract_ids: vec!["C".into()],
        ..from()
    };
    let found = filtered(&mut clients, wanted, 2).await;
    assert_eq!(found, ["I2", "STARTED resolve", "STOPPED resolve"]);
    let wanted = v1::WatchClocksRequest { groups: vec!["desk".into()], ..from() };
    let found = filtered(&mut clients, wanted, 2).await;
    assert_eq!(found[0], "I2");
    let wrong = v1::WatchClocksRequest {
        kinds: vec![99],
        heartbeat_interval: Some(hours(1)),
        contract_ids: vec!["C".into(); 101],
        ..request()
    };
    let refused = clients.clocks.watch_clocks(wrong).await.expect_err("refused");
    let violations = refused.get_details_bad_request().expect("violations").field_violations;
    let fields: Vec<_> = violations.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["contract_ids", "kinds[0]", "heartbeat_interval"]);
    let unknown = v1::WatchClocksRequest { contract_ids: vec!["D".into()], ..request() };
    let refused = clients.clocks.watch_clocks(unknown).await.expect_err("refused");
    assert_eq!(reason(&refused), "CONTRACT_NOT_FOUND");
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

async fn resumed(clients: &mut Clients, token: &str) -> Result<(), Status> {
    let request = v1::WatchClocksRequest { resume_token: token.into(), ..request() };
    let mut stream = clients.clocks.watch_clocks(request).await?.into_inner();
    stream.message().await.map(drop)
}

#[tokio::test]
async fn a_token_is_of_its_store_and_tenant_and_of_the_last_days() {
    let (_data, _server, mut clients) = served(&["--watch-resume-seconds", "1"], 3_600).await;
    let (_other_data, _other, mut others) = served(&[], 3_600).await;
    let mut follower = Follower::default();
    follower.watch_until(&mut others, |follower| !follower.token.is_empty()).await;
    let token = follower.token.clone();
    assert!(resumed(&mut others, &token).await.is_ok());
    let refused = resumed(&mut clients, &token).await.expect_err("of another store");
    assert_eq!(reason(&refused), "RESUME_POINT_EXPIRED");
    assert_eq!(refused.code(), Code::OutOfRange);
    let mut garbled = token.clone();
    garbled.replace_range(20..21, if &token[20..21] == "A" { "B" } else { "A" });
    for wrong in [garbled.as_str(), "x", "????"] {
        let refused = resumed(&mut others, wrong).await.expect_err("garbled");
        assert_eq!(reason(&refused), "INVALID_FIELD", "{wrong}");
    }
    let request =
        v1::WatchClocksRequest { tenant: "other".into(), resume_token: token, ..request() };
    let refused = others.clocks.watch_clocks(request).await.expect_err("of another tenant");
    assert_eq!(reason(&refused), "INVALID_FIELD");
    let mut follower = Follower::default();
    follower.watch_until(&mut clients, |follower| !follower.token.is_empty()).await;
    let expired = async {
        loop {
            match resumed(&mut clients, &follower.token).await {
                Ok(()) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(refused) => return refused,
            }
        }
    };
    let refused = tokio::time::timeout(SOON, expired).await.expect("it expires");
    assert_eq!(reason(&refused), "RESUME_POINT_EXPIRED");
}

/// One who reads nothing is given up, with words and a token that resumes; the others go on.
#[tokio::test]
async fn a_stalled_watcher_is_ended_and_others_are_not() {
    let (_data, server, mut clients) = served(&["--unread-seconds-max", "1"], 3_600).await;
    // Its client takes in no more than it reads.
    let narrow = Channel::from_shared(format!("http://{}", server.address)).expect("an address");
    let narrow = narrow.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
    let mut narrow = ClockServiceClient::new(narrow.connect_lazy());
    let stalled = narrow.watch_clocks(request()).await.expect("it is watched");
    let mut stalled = stalled.into_inner();
    let mut late = Follower::default();
    late.take(stalled.message().await.expect("a message").expect("no end"));
    let mut follower = Follower::default();
    follower.watch_until(&mut clients, |follower| !follower.token.is_empty()).await;
    let mut last = 0;
    for batch in 0..20 {
        let events =
            (0..100).map(|number| event(&format!("I{batch}-{number}"), "o", 60, opened("P1")));
        let answer = clients.record(events.collect()).await;
        last = answer.stamp.expect("a stamp").sequence;
    }
    follower.catch_up(&mut clients, last).await;
    assert_eq!(follower.kinds.len(), 4_000);
    // Nothing of it is read until it has been given up.
    let given_up = async {
        loop {
            let status = clients.status().await;
            let lane = status.lanes.iter().find(|lane| lane.name == "watches").expect("a lane");
            if lane.working == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let ended = async {
        loop {
            match stalled.message().await {
                Ok(message) => late.take(message.expect("no end without words")),
                Err(ended) => return ended,
            }
        }
    };
    tokio::time::timeout(SOON, given_up).await.expect("it is given up");
    let ended = tokio::time::timeout(SOON, ended).await.expect("it ends");
    assert_eq!(reason(&ended), "ANSWER_UNREAD", "{ended}");
    assert!(late.kinds.len() < 4_000);
    late.catch_up(&mut clients, last).await;
    assert_eq!(late.kinds.len(), 4_000);
    late.check(&mut clients).await;
}

#[tokio::test]
async fn too_many_watchers_are_refused_and_come_later() {
    let (_data, _server, mut clients) = served(&["--watches-max", "4"], 3_600).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = clients.clocks.watch_clocks(request()).await.expect("room").into_inner();
        stream.message().await.expect("a message");
        streams.push(stream);
    }
    let refused = clients.clocks.watch_clocks(request()).await.expect_err("no room");
    assert_eq!(reason(&refused), "OVERLOADED");
    assert!(refused.get_details_retry_info().is_some());
    drop(streams);
    let again = async {
        while clients.clocks.watch_clocks(request()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("there is room again");
}

#[tokio::test]
async fn a_server_that_stops_ends_its_watchers_and_their_tokens_resume() {
    let (data, server, mut clients) = served(&[], 3_600).await;
    let mut stream = clients.clocks.watch_clocks(request()).await.expect("watched").into_inner();
    let mut follower = Follower::default();
    follower.take(stream.message().await.expect("a message").expect("no end"));
    let stopping = tokio::spawn(server.stop());
    let ended = loop {
        match stream.message().await {
            Ok(message) => follower.take(message.expect("no end without words")),
            Err(ended) => break ended,
        }
    };
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
    assert!(stopping.await.expect("stopped").success());
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    clients.record(vec![event("I", "o", 60, opened("P1"))]).await;
    follower.watch_until(&mut clients, |follower| follower.kinds.len() == 2).await;
    follower.check(&mut clients).await;
}

/// The page's way to resume is what this test does.
#[tokio::test]
async fn the_documented_way_to_follow_goes_on_over_a_restart() {
    let page = include_str!("../docs/watching.md");
    let here = include_str!("watching.rs");
    let snippet = page.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    assert!(here.contains(snippet.expect("a snippet")), "the page shows what is here");
    let (data, server, mut clients) = served(&[], 3_600).await;
    clients.record(vec![event("I0", "o", 60, opened("P1"))]).await;
    let address = server.address.clone();
    let (sender, mut taken) = tokio::sync::mpsc::unbounded_channel();
    let following = tokio::spawn(follow(clients.clocks.clone(), request(), move |notices, _| {
        let _ = sender.send(notices);
    }));
    let first = tokio::time::timeout(SOON, taken.recv()).await.expect("a message");
    assert_eq!(first, Some(Vec::new()), "it begins with a token");
    clients.record(vec![event("I1", "o", 60, opened("P1"))]).await;
    server.kill();
    let mut server = Server::start_by(&mut slx(), data.path(), &["--listen", &address], &[]);
    let mut clients = server.clients().await;
    clients.record(vec![event("I2", "o", 60, opened("P1"))]).await;
    let mut incidents = BTreeSet::new();
    let watching = async {
        while !incidents.contains("I2") {
            let notices: Vec<v1::Notice> = taken.recv().await.expect("it goes on");
            incidents.extend(notices.into_iter().map(|notice| notice.incident_id));
        }
    };
    tokio::time::timeout(SOON, watching).await.expect("notices after the restart");
    assert_eq!(incidents.into_iter().collect::<Vec<_>>(), ["I1", "I2"]);
    following.abort();
}

#[tokio::test]
async fn the_command_line_prints_a_line_a_notice_and_goes_on_from_a_token() {
    let (_data, server, mut clients) = served(&[], 3_600).await;
    let mut follower = Follower::default();
    follower.watch_until(&mut clients, |follower| !follower.token.is_empty()).await;
    clients.record(vec![event("I", "o", 5_400, opened("P1"))]).await;
    let lines = |arguments: &[&str], count: usize| -> Vec<String> {
        let mut command = slx();
        command.args([
            "watch",
            "--tenant",
            TENANT,
            "--address",
            &server.address,
            "--heartbeat",
            "1",
        ]);
        command.args(["--from", &follower.token]).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let lines = output.lines().take(count).map(|line| line.expect("a line")).collect();
        child.kill().expect("killed");
        child.wait().expect("ended");
        lines
    };
    let found = lines(&["--kind", "breached", "--zone", "UTC"], 2);
    assert!(found[0].contains("I  C/resolve  breached  (P1: running, breached"), "{found:?}");
    let found = lines(&["--json"], 3);
    let messages = found.iter().map(|line| serde_json::from_str(line).expect("JSON"));
    let messages: Vec<serde_json::Value> = messages.collect();
    let notices = messages.iter().filter_map(|message| message["notices"].as_array());
    let kinds: Vec<_> = notices.flatten().map(|notice| notice["kind"].clone()).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    assert!(messages.iter().all(|message| message["resumeToken"].is_string()), "{messages:?}");
}

/// Whoever watches says nothing for hours, and is not taken for idle.
#[tokio::test]
async fn a_connection_with_a_watch_is_not_idle() {
    let flags = ["--idle-seconds-max", "1", "--call-seconds-max", "1"];
    let (_data, _server, mut clients) = served(&flags, 3_600).await;
    let mut stream = clients.clocks.watch_clocks(request()).await.expect("watched").into_inner();
    // A heartbeat a second, for longer than a peer may be silent.
    for _ in 0..5 {
        let message = tokio::time::timeout(SOON, stream.message()).await.expect("a heartbeat");
        assert!(message.expect("it goes on").expect("no end").notices.is_empty());
    }
}

/// What a stream says of objectives, until one is missed or is not.
async fn said_until(
    stream: &mut tonic::Streaming<v1::WatchClocksResponse>,
    missed: bool,
) -> Vec<v1::ObjectiveNotice> {
    let mut said: Vec<v1::ObjectiveNotice> = Vec::new();
    let is_missed = |last: &v1::ObjectiveNotice| last.state() == v1::ObjectiveState::Missed;
    let reading = async {
        while said.last().is_none_or(|last| is_missed(last) != missed) {
            let message = stream.message().await.expect("it goes on").expect("no end");
            said.extend(message.objectives);
        }
    };
    tokio::time::timeout(SOON, reading).await.expect("the state in time");
    said
}

#[tokio::test]
async fn an_objective_is_missed_and_safe_again_after_a_late_fact() {
    let mut promising = within(60);
    promising.terms.as_mut().expect("terms").objectives = vec![v1::Objective {
        id: "half".into(),
        period: v1::ObjectivePeriod::Year as i32,
        promise: Some(v1::objective::Promise::Attainment(v1::AttainmentObjective {
            target_id: "resolve".into(),
            percent: "50".into(),
            minimum_count: 1,
            ..Default::default()
        })),
        ..Default::default()
    }];
    let (_data, _server, mut clients) = served_under(&[], promising).await;
    let wanted = v1::WatchClocksRequest {
        objectives: true,
        outlook_interval: Some(seconds(1)),
        contract_ids: vec!["C".into()],
        ..request()
    };
    let stream = clients.clocks.watch_clocks(wanted.clone()).await.expect("watched");
    let mut stream = stream.into_inner();
    let said = said_until(&mut stream, false).await;
    assert_eq!(said[0].before(), v1::ObjectiveState::Unspecified);
    clients.record(vec![event("I", "o", 100, opened("P1"))]).await;
    let resolved = event("I", "r", 10, Fact::Resolved(v1::Resolved {}));
    clients.record(vec![resolved]).await;
    let said = said_until(&mut stream, true).await;
    let missed = said.last().expect("a notice");
    let result = missed.result.clone().expect("a result");
    assert_eq!((missed.objective_id.as_str(), result.percent.as_str()), ("half", "0"));
    assert_eq!(result.verdict(), v1::ObjectiveVerdict::AtRisk, "so far, and the year goes on");
    // Another stream begins with how it stands.
    let another = clients.clocks.watch_clocks(wanted).await.expect("watched");
    let said = said_until(&mut another.into_inner(), true).await;
    assert_eq!((said.len(), said[0].before()), (1, v1::ObjectiveState::Unspecified));
    let waited = waiting(v1::WaitingOn::Client);
    clients.record(vec![event("I", "w", 90, waited)]).await;
    let said = said_until(&mut stream, false).await;
    assert_eq!(said.last().map(v1::ObjectiveNotice::before), Some(v1::ObjectiveState::Missed));
}

/// The next that a stream says of clocks that probably breach.
async fn next_likely(
    stream: &mut tonic::Streaming<v1::WatchClocksResponse>,
) -> Vec<v1::LikelyBreach> {
    let reading = async {
        loop {
            let message = stream.message().await.expect("it goes on").expect("no end");
            if !message.likely_breaches.is_empty() {
                return message.likely_breaches;
            }
        }
    };
    tokio::time::timeout(SOON, reading).await.expect("a likely breach in time")
}

#[tokio::test]
async fn a_breach_that_is_likely_is_said_before_it_happens_and_taken_back_once_it_is_not() {
    let (_data, _server, mut clients) = served(&[], 3_600).await;
    let effort = |seconds| {
        Fact::EffortEstimated(v1::EffortEstimated { remaining: Some(self::seconds(seconds)) })
    };
    // Of both the work does not fit into the hour that is allowed, so a breach is certain.
    let facts = ["I", "other"].map(|incident| {
        let priority = if incident == "I" { "P1" } else { "P2" };
        [
            event(incident, &format!("{incident}-o"), 60, opened(priority)),
            event(incident, &format!("{incident}-e"), 50, effort(8_000)),
        ]
    });
    clients.record(facts.concat()).await;
    let wanted = v1::WatchClocksRequest {
        breach_probability: 0.9,
        outlook_interval: Some(seconds(1)),
        contract_ids: vec!["C".into()],
        target_ids: vec!["resolve".into()],
        priorities: vec!["P1".into()],
        ..request()
    };
    let stream = clients.clocks.watch_clocks(wanted.clone()).await.expect("watched");
    let mut stream = stream.into_inner();
    let said = next_likely(&mut stream).await;
    let summary = |breach: &v1::LikelyBreach| (breach.incident_id.clone(), breach.likely);
    assert_eq!(said.iter().map(summary).collect::<Vec<_>>(), [("I".to_owned(), true)]);
    let clock = said[0].clock.as_ref().expect("a clock");
    assert_eq!((clock.outcome(), clock.target_id.as_str()), (v1::Outcome::Undecided, "resolve"));
    assert!(said[0].forecast.as_ref().is_some_and(|forecast| forecast.probability >= 0.9));
    // Another stream begins with what is likely.
    let another = clients.clocks.watch_clocks(wanted).await.expect("watched");
    let begun = next_likely(&mut another.into_inner()).await;
    assert_eq!(begun.iter().map(summary).collect::<Vec<_>>(), [("I".to_owned(), true)]);
    clients.record(vec![event("I", "less", 1, effort(60))]).await;
    let said = next_likely(&mut stream).await;
    assert_eq!(said.iter().map(summary).collect::<Vec<_>>(), [("I".to_owned(), false)]);
    assert!(said[0].clock.is_none() && said[0].forecast.is_none());
}

#[tokio::test]
async fn outlooks_are_watched_of_named_contracts() {
    let (_data, _server, mut clients) = served(&[], 60).await;
    let objectives = v1::WatchClocksRequest { objectives: true, ..request() };
    let likely = v1::WatchClocksRequest { breach_probability: 1.5, ..request() };
    let often = v1::WatchClocksRequest {
        outlook_interval: Some(prost_types::Duration { seconds: 0, nanos: 1 }),
        ..request()
    };
    for (wanted, fields) in [
        (objectives, vec!["contract_ids"]),
        (likely, vec!["breach_probability", "contract_ids"]),
        (often, vec!["outlook_interval"]),
    ] {
        let refused = clients.clocks.watch_clocks(wanted).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument);
        let details = refused.get_error_details();
        let violations = details.bad_request().map(|bad| &bad.field_violations);
        let named = violations.into_iter().flatten().map(|one| one.field.as_str());
        assert_eq!(named.collect::<Vec<_>>(), fields);
    }
}
