//! Concurrent clients with late, shuffled, repeated, retracted and conflicting facts, while terms
//! change and the server is killed, against a plain reference: the answers agree at every
//! `as_of_time` and `known_time` requested, and stay the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use slx::codec::v1;
use slx::codec::v1::RecordOutcome::{Accepted, Refused};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::load::FLAGS;
use crate::made_up::{MadeUp, Terms};
use crate::questions::{Question, Reported};
use crate::random::{Dice, random, setting};
use crate::reference::{Nanos, Reference, nanos};
use crate::testing::{Clients, Server, TENANT};

const ROUNDS_DEFAULT: u64 = 4;
const CALLERS: usize = 3;
const STREAMS: usize = 2;
/// So many that query that one's index moves on while another waits for it.
const QUERIERS: usize = 3;
const MESSAGES_PER_STREAM_MAX: usize = 6;
const TERMS: u64 = 24;
const QUESTIONS: usize = 500;
/// So many more while none was about clocks of some kind.
const QUESTIONS_MORE: usize = 5_000;
type Kind = (v1::Phase, v1::Outcome);
/// The kinds of clocks that questions must be about.
const KINDS: [Kind; 5] = [
    (v1::Phase::Running, v1::Outcome::Undecided),
    (v1::Phase::Running, v1::Outcome::Breached),
    (v1::Phase::Paused, v1::Outcome::Undecided),
    (v1::Phase::Stopped, v1::Outcome::Met),
    (v1::Phase::Stopped, v1::Outcome::Breached),
];

type Batch = Vec<v1::IncidentEvent>;
/// An event: its incident's id and its own.
type Name = (String, String);

#[tokio::test]
async fn answers_agree_with_a_plain_reference_at_every_time_requested() {
    let rounds = setting("SLX_MODEL_ROUNDS", ROUNDS_DEFAULT);
    let seed = setting("SLX_MODEL_SEED", u64::from(std::process::id()));
    println!("SLX_MODEL_ROUNDS={rounds} SLX_MODEL_SEED={seed}");
    // One world alone may have no clock of some kind, whatever is queried.
    let mut lacking = BTreeSet::from(KINDS);
    for round in 0..rounds {
        live_through(random(seed, round), &mut lacking).await;
    }
    assert!(lacking.is_empty(), "no question was about clocks of these kinds: {lacking:?}");
}

async fn live_through(seed: u64, lacking: &mut BTreeSet<Kind>) {
    let data = tempfile::tempdir().expect("a directory");
    let mut made_up = MadeUp::new(seed);
    let work = Arc::new(Work::new(made_up.batches()));
    let mut server = Server::start(data.path(), &FLAGS);
    let mut clients = server.clients().await;
    for terms in made_up.first_terms() {
        work.put(&mut clients, terms).await.expect("it is put");
    }
    let at_work = AtWork::start(&work, &clients, &mut made_up);
    work.half_done().await;
    server.kill();
    at_work.ended(&work).await;
    let mut server = Server::start(data.path(), &FLAGS);
    let clients = server.clients().await;
    AtWork::start(&work, &clients, &mut made_up).ended(&work).await;
    assert_eq!(work.progress.borrow().done, work.batches, "{}", server.log());

    let records = back_up(clients.clone()).await;
    let reference = Reference::of(&records);
    work.check_results(&reference);
    work.check_terms(&reference);
    let mut answers = work.answers.lock().expect("answers").clone();
    find_kinds(&answers, lacking);
    answers.extend(query_much(clients.clone(), &mut made_up, &records, lacking).await);
    answers.iter().for_each(|reported| reported.check(&reference, &records));
    check_anew(server, data.path(), &work, &answers).await;
}

/// The same is answered after a restart, after all was sent again, and without the views; and
/// nothing more is recorded.
async fn check_anew(server: Server, data: &Path, work: &Work, answers: &[Reported]) {
    server.kill();
    let mut server = Server::start(data, &FLAGS);
    let mut clients = server.clients().await;
    let before = clients.status().await.head;
    check_answers(clients.clone(), answers).await;
    work.send_again(&mut clients).await;
    assert_eq!(clients.status().await.head, before, "something more was recorded");
    server.kill();
    std::fs::remove_dir_all(data.join("views")).expect("the views are there");
    let mut server = Server::start(data, &FLAGS);
    check_answers(server.clients().await, answers).await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// What is to be sent, and what came of it.
struct Work {
    /// What was not acknowledged yet.
    waiting: Mutex<Vec<Batch>>,
    results: Mutex<Vec<(v1::IncidentEvent, v1::RecordResult)>>,
    terms: Mutex<Vec<v1::Contract>>,
    /// Known times that answers were stamped with.
    known: Mutex<Vec<Nanos>>,
    answers: Mutex<Vec<Reported>>,
    batches: usize,
    progress: watch::Sender<Progress>,
}

#[derive(Default)]
struct Progress {
    /// Batches acknowledged.
    done: usize,
    /// Nobody records any more.
    is_over: bool,
}

impl Work {
    fn new(batches: Vec<Batch>) -> Work {
        Work {
            batches: batches.len(),
            waiting: Mutex::new(batches),
            results: Mutex::default(),
            terms: Mutex::default(),
            known: Mutex::default(),
            answers: Mutex::default(),
            progress: watch::Sender::default(),
        }
    }

    async fn half_done(&self) {
        let mut progress = self.progress.subscribe();
        let half = |progress: &Progress| progress.done >= self.batches / 2;
        progress.wait_for(half).await.expect("work");
    }

    fn question(&self, made_up: &mut MadeUp) -> Question {
        let known = self.known.lock().expect("known times");
        let known = made_up.dice.one_in(2).then(|| made_up.dice.pick(&known));
        Question::random(made_up, known)
    }

    fn take(&self, most: usize) -> Vec<Batch> {
        let mut waiting = self.waiting.lock().expect("what waits");
        let rest = waiting.len().saturating_sub(most);
        waiting.split_off(rest)
    }

    fn give_back(&self, batches: impl IntoIterator<Item = Batch>) {
        self.waiting.lock().expect("what waits").extend(batches);
    }

    fn acknowledge(&self, batch: Batch, results: Vec<v1::RecordResult>, stamp: Option<v1::Stamp>) {
        assert_eq!(batch.len(), results.len());
        let mut known = self.results.lock().expect("results");
        known.extend(batch.into_iter().zip(results));
        self.notice(stamp);
        self.progress.send_modify(|progress| progress.done += 1);
    }

    fn notice(&self, stamp: Option<v1::Stamp>) {
        let time = stamp.and_then(|stamp| stamp.known_time);
        self.known.lock().expect("known times").extend(time.as_ref().map(nanos));
    }

    async fn put(&self, clients: &mut Clients, terms: Terms) -> Result<(), Status> {
        let stamp = match terms {
            Terms::Contract(request) => {
                let put = clients.contracts.put_contract(*request).await?.into_inner();
                self.terms.lock().expect("terms").extend(put.contract.filter(|_| !put.duplicate));
                put.stamp
            }
            Terms::Calendar(request) => {
                clients.calendars.put_calendar(request).await?.into_inner().stamp
            }
            Terms::End(request) => {
                clients.contracts.end_contract(request).await?.into_inner().stamp
            }
        };
        self.notice(stamp);
        Ok(())
    }

    /// Whatever came first under an event id is recorded, once; all else that was sent under it is
    /// refused, whoever sent it when.
    fn check_results(&self, reference: &Reference) {
        let mut recorded = BTreeMap::new();
        for found in reference.events() {
            let event = found.event.as_ref().expect("an event");
            let twice = recorded.insert(name(event), found);
            assert_eq!(twice, None, "it is there twice");
        }
        let results = self.results.lock().expect("results");
        let mut accepted = BTreeSet::new();
        for (event, result) in results.iter() {
            let found = recorded.get(&name(event)).unwrap_or_else(|| panic!("{event:?} is lost"));
            check_result(event, result, found);
            let is_new = result.outcome() != Accepted || accepted.insert(name(event));
            assert!(is_new, "{event:?} was accepted twice");
        }
        let sent: BTreeSet<_> = results.iter().map(|(event, _)| name(event)).collect();
        assert!(recorded.keys().eq(sent.iter()), "something was recorded that nobody sent");
    }

    fn check_terms(&self, reference: &Reference) {
        for contract in self.terms.lock().expect("terms").iter() {
            let found = reference.contract(&contract.id, contract.revision);
            assert_eq!(
                (&found.terms, found.effective_time),
                (&contract.terms, contract.effective_time)
            );
        }
    }

    /// Sends everything again: nothing is new, and what was refused is refused.
    async fn send_again(&self, clients: &mut Clients) {
        let results = self.results.lock().expect("results").clone();
        for some in results.chunks(400) {
            let events = some.iter().map(|(event, _)| event.clone()).collect();
            let again = clients.record(events).await.results;
            for ((event, before), result) in some.iter().zip(again) {
                assert_ne!(result.outcome(), Accepted, "{event:?}");
                let was_refused = before.outcome() == Refused;
                assert_eq!(result.outcome() == Refused, was_refused, "{event:?}: {result:?}");
                assert_eq!(result.sequence, before.sequence, "{event:?}");
            }
        }
    }
}

fn name(event: &v1::IncidentEvent) -> Name {
    (event.incident_id.clone(), event.event_id.clone())
}

fn check_result(event: &v1::IncidentEvent, result: &v1::RecordResult, found: &v1::RecordedEvent) {
    if found.event.as_ref() == Some(event) {
        assert_ne!(result.outcome(), Refused, "{event:?}: {result:?}");
        assert_eq!(result.sequence, found.sequence, "{event:?}");
    } else {
        assert_eq!(result.outcome(), Refused, "{event:?}, not {found:?}");
        let reason = result.rejection.as_ref().map(v1::Rejection::reason);
        assert_eq!(reason, Some(v1::ErrorReason::EventConflict), "{event:?}");
    }
}

/// Clients at work: those that record end when all is acknowledged or the server is gone, the
/// others with them.
struct AtWork {
    recording: JoinSet<()>,
    beside: JoinSet<()>,
}

impl AtWork {
    fn start(work: &Arc<Work>, clients: &Clients, made_up: &mut MadeUp) -> AtWork {
        let (mut recording, mut beside) = (JoinSet::new(), JoinSet::new());
        work.progress.send_modify(|progress| progress.is_over = false);
        for _ in 0..CALLERS {
            recording.spawn(call(Arc::clone(work), clients.clone()));
        }
        for _ in 0..STREAMS {
            recording.spawn(stream(Arc::clone(work), clients.clone(), made_up.apart().dice));
        }
        beside.spawn(revise(Arc::clone(work), clients.clone(), made_up.apart()));
        for _ in 0..QUERIERS {
            beside.spawn(query_on(Arc::clone(work), clients.clone(), made_up.apart()));
        }
        AtWork { recording, beside }
    }

    async fn ended(self, work: &Work) {
        self.recording.join_all().await;
        work.progress.send_modify(|progress| progress.is_over = true);
        self.beside.join_all().await;
    }
}

async fn call(work: Arc<Work>, mut clients: Clients) {
    while let Some(batch) = work.take(1).pop() {
        match record(&mut clients, &batch).await {
            Ok(answer) => work.acknowledge(batch, answer.results, answer.stamp),
            Err(_) => return work.give_back([batch]),
        }
    }
}

/// Records a batch. A call about one event that is refused fails as the event would.
async fn record(
    clients: &mut Clients,
    batch: &[v1::IncidentEvent],
) -> Result<v1::RecordEventsResponse, Status> {
    let request = v1::RecordEventsRequest { tenant: TENANT.into(), events: batch.to_vec() };
    match clients.incidents.record_events(request).await {
        Err(status) if status.code() == Code::AlreadyExists => {
            let reason = v1::ErrorReason::EventConflict as i32;
            let rejection = Some(v1::Rejection { reason, ..Default::default() });
            let outcome = Refused as i32;
            let result = v1::RecordResult { outcome, rejection, ..Default::default() };
            Ok(v1::RecordEventsResponse { results: vec![result], stamp: None })
        }
        answer => answer.map(tonic::Response::into_inner),
    }
}

/// Sends some messages at once, and now and then hangs up before all are acknowledged: what was
/// not is sent again, by whoever comes.
async fn stream(work: Arc<Work>, mut clients: Clients, mut dice: Dice) {
    loop {
        let mut batches = work.take(MESSAGES_PER_STREAM_MAX).into_iter();
        if batches.len() == 0 {
            return;
        }
        let patience = 1 + dice.below(2 * MESSAGES_PER_STREAM_MAX as u64) as usize;
        let streamed = stream_some(&work, &mut clients, &mut batches, patience).await;
        work.give_back(batches);
        if streamed.is_err() {
            return;
        }
    }
}

async fn stream_some(
    work: &Work,
    clients: &mut Clients,
    batches: &mut std::vec::IntoIter<Batch>,
    patience: usize,
) -> Result<(), Status> {
    let all = batches.as_slice().to_vec().into_iter();
    let message = |events| v1::StreamEventsRequest { tenant: TENANT.into(), events };
    let messages = tokio_stream::iter(all.map(message));
    let mut answers = clients.incidents.stream_events(messages).await?.into_inner();
    for _ in 0..patience {
        let Some(answer) = answers.message().await? else { return Ok(()) };
        let batch = batches.next().expect("a message for each answer");
        work.acknowledge(batch, answer.results, answer.stamp);
    }
    Ok(())
}

/// Revises terms, a while of work apart.
async fn revise(work: Arc<Work>, mut clients: Clients, mut made_up: MadeUp) {
    let mut progress = work.progress.subscribe();
    for number in 1..=TERMS {
        let enough = work.batches * number as usize / TERMS as usize;
        let is_time = |progress: &Progress| progress.is_over || progress.done >= enough;
        if progress.wait_for(is_time).await.expect("work").is_over {
            return;
        }
        let name = made_up.dice.seed();
        match work.put(&mut clients, made_up.terms(name)).await {
            Err(status) if status.code() == Code::FailedPrecondition => {}
            Err(status) if status.code() == Code::InvalidArgument => panic!("{status}"),
            Err(_) => return,
            Ok(()) => {}
        }
    }
}

/// Queries as long as others work.
async fn query_on(work: Arc<Work>, mut clients: Clients, mut made_up: MadeUp) {
    while !work.progress.borrow().is_over {
        let question = work.question(&mut made_up);
        let Ok(answer) = question.query(&mut clients).await else { return };
        work.answers.lock().expect("answers").extend(Reported::of(question, answer));
    }
}

/// All the journal's records: one after the other, each later than the one before.
async fn back_up(mut clients: Clients) -> Vec<v1::JournalRecord> {
    let requested = clients.admin.back_up(v1::BackUpRequest::default()).await;
    let mut answers = requested.expect("a backup").into_inner();
    let mut records = Vec::new();
    while let Some(answer) = answers.message().await.expect("a backup") {
        records.extend(answer.records);
    }
    let time = |record: &v1::JournalRecord| nanos(&record.record_time.expect("its time"));
    assert!(records.iter().map(|record| record.sequence).eq(1..=records.len() as i64));
    assert!(records.is_sorted_by(|a, b| time(a) < time(b)), "two records have one time");
    records
}

/// Queries everything, at times around each kind of change.
async fn query_much(
    mut clients: Clients,
    made_up: &mut MadeUp,
    records: &[v1::JournalRecord],
    lacking: &mut BTreeSet<Kind>,
) -> Vec<Reported> {
    let mut reported: Vec<Reported> = Vec::new();
    for number in 0..QUESTIONS + QUESTIONS_MORE {
        if number >= QUESTIONS && lacking.is_empty() {
            break;
        }
        let record = made_up.dice.pick(records).record_time.expect("its time");
        let known = nanos(&record) - made_up.dice.below(2) as Nanos;
        let known = (!made_up.dice.one_in(4)).then_some(known);
        let question = Question::random(made_up, known);
        let answer = question.query(&mut clients).await.expect("an answer");
        let of = Reported::of(question, answer);
        find_kinds(&of, lacking);
        reported.extend(of);
    }
    reported
}

/// Takes the kinds of clocks that `answers` list out of those that are `lacking`.
fn find_kinds<'a>(answers: impl IntoIterator<Item = &'a Reported>, lacking: &mut BTreeSet<Kind>) {
    for kind in answers.into_iter().flat_map(|reported| reported.answer.kinds()) {
        lacking.remove(&kind);
    }
}

async fn check_answers(mut clients: Clients, answers: &[Reported]) {
    for reported in answers {
        let mut answer = reported.question.query(&mut clients).await.expect("an answer");
        answer.forget_sequence();
        assert!(answer == reported.answer, "{reported:?} once, now {answer:?}");
    }
}
