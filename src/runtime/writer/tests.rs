//! How the writer deals with a log whose commits fail, whose records are lost, and whose groups are
//! small: a log in memory does all of it on demand.

use shuttle::scheduler::RandomScheduler;
use tempfile::TempDir;

use super::super::job::{Answer, Body, Receipt, Responder, Results, Sent};
use super::super::memory_budget::MemoryBudget;
use super::super::names_file::NamesFile;
use super::super::projector::IndexPosition;
use super::super::zones::{self, Choice};
use super::*;
use crate::codec;
use crate::codec::store::names::Names;
use crate::domain::incident::{Fact, IncidentEvent};
use crate::domain::time::Instant;
use crate::engine::rejection::Rejection;
use crate::journal::InMemoryLog;
use crate::views::{Identity, Opening};

const TENANT: &str = "t";
const RECORD_BYTES_MAX: usize = 1_000;
const GROUP_BYTES: usize = 10_000;
const STACK_BYTES: usize = 8 << 20;

/// A writer, its log, and what it answers.
struct Rig {
    log: InMemoryLog,
    writer: Writer,
    groups: mpsc::UnboundedReceiver<Group>,
    _directory: TempDir,
}

/// Runs a test in the scheduler that the locks of unit tests belong to.
fn rigged(group_bytes: usize, test: fn(Rig)) {
    let mut config = shuttle::Config::new();
    config.stack_size = STACK_BYTES;
    shuttle::Runner::new(RandomScheduler::new(1), config).run(move || test(Rig::new(group_bytes)));
}

impl Rig {
    fn new(group_bytes: usize) -> Rig {
        let log = InMemoryLog::new(RECORD_BYTES_MAX, group_bytes);
        let source = Arc::new(log.clone());
        let zones = zones::open(&Choice::Bundled).unwrap();
        let identity = Identity {
            store_id: source.store_id().unwrap(),
            time_zone_database: zones.version().to_owned(),
            last_sequence: 0,
        };
        let directory = TempDir::new().unwrap();
        let found = Views::find(
            &directory.path().join("views"),
            Opening::within(std::time::Duration::MAX / 8),
        );
        let views = Arc::new(found.of(&identity).unwrap());
        let (finished, groups) = mpsc::unbounded_channel();
        let (names_file, names) = NamesFile::open(directory.path()).unwrap();
        let writer = Writer {
            log: Box::new(log.clone()),
            cache: Arc::new(
                Cache::restored(&views, zones, names.clone(), &MemoryBudget::default()).unwrap(),
            ),
            projector: Arc::new(Projector::new(
                source.clone(),
                IndexPosition::whole(0, Instant::MIN),
                1 << 26,
            )),
            source,
            views,
            learnings: Arc::default(),
            queue: Arc::new(Queue::new(MemoryBudget::default().waiting)),
            measures: Arc::default(),
            settled: Arc::default(),
            finished,
            is_poisoned: Arc::default(),
            folded: Arc::default(),
            events_an_incident_max: 100,
            outage_log: OutageLog::default(),
            names: NameStore::new(names, names_file, None),
            is_overtaken: false,
        };
        Rig { log, writer, groups, _directory: directory }
    }

    /// Has jobs of these events written, and waits for their answers.
    fn write<const N: usize>(
        &mut self,
        jobs: [Vec<Sent<IncidentEvent>>; N],
    ) -> [Answer<Results>; N] {
        let mut waiting = Vec::new();
        let jobs = jobs.map(|events| {
            let (responder, answer) = Responder::new();
            waiting.push(answer);
            Job::Events(TENANT.into(), events, responder)
        });
        self.writer.write(jobs.into_iter().collect());
        while let Ok(group) = self.groups.try_recv() {
            group.answer();
        }
        let mut answers = waiting.into_iter().map(|mut answer| answer.try_recv().unwrap());
        [(); N].map(|()| answers.next().unwrap())
    }

    /// Has one event written.
    fn write_one(&mut self, id: &str) -> Answer<Results> {
        let [answer] = self.write([vec![event(id)]]);
        answer
    }

    fn folded(&self) -> u64 {
        self.writer.cache.progress().sequence
    }

    fn is_poisoned(&self) -> bool {
        *self.writer.is_poisoned.borrow()
    }

    /// Appends an event that nobody folds, as when a fold fails after its group was committed.
    fn append_unfolded(&mut self, id: &str) {
        let Sent { body, .. } = event(id);
        self.log.stage(Instant::MIN, &body.bytes.unwrap()).unwrap();
        self.log.commit().unwrap();
    }
}

fn event(id: &str) -> Sent<IncidentEvent> {
    from_source(id, String::new())
}

fn from_source(id: &str, source: String) -> Sent<IncidentEvent> {
    let event = IncidentEvent {
        recorded_by: None,
        event_id: id.to_owned(),
        incident_id: "I".to_owned(),
        occur_time: Instant::MIN,
        occur_order: 0,
        source,
        corrects_event_id: String::new(),
        fact: Fact::Responded,
    };
    let bytes =
        codec::store::record::encode_incident_event(&TENANT.into(), &event, &Names::default());
    let body = Body { erasures: 0, bytes };
    Sent { event, body }
}

/// Asserts that every event was recorded, or was before, under these sequences.
#[track_caller]
fn assert_recorded(answer: &Answer<Results>, expected: &[(u64, bool)]) {
    let (results, _) = answer.as_ref().unwrap();
    let recorded = |result: &Result<Receipt, Rejection>| {
        let Receipt { sequence, is_duplicate } = *result.as_ref().unwrap();
        (sequence, is_duplicate)
    };
    assert_eq!(results.iter().map(recorded).collect::<Vec<_>>(), expected);
}

#[track_caller]
fn assert_not_written(answer: &Answer<Results>) {
    assert!(matches!(answer, Err(WriteError::Journal(_))), "{answer:?}");
}

#[test]
fn jobs_of_a_group_are_answered_once_all_of_it_is_recorded_and_folded() {
    rigged(GROUP_BYTES, |mut rig| {
        let answers = rig.write([vec![event("a"), event("b")], vec![event("c")]]);
        assert_recorded(&answers[0], &[(1, false), (2, false)]);
        assert_recorded(&answers[1], &[(3, false)]);
        for answer in answers {
            assert_eq!(answer.unwrap().1, rig.writer.log.end());
        }
        assert_eq!((rig.log.len(), rig.folded()), (3, 3));
    });
}

#[test]
fn a_group_that_is_full_is_committed_before_the_next_job_is_decided() {
    rigged(1, |mut rig| {
        let [first, second] = rig.write([vec![event("a")], vec![event("b"), event("a")]]);
        assert_eq!((first.unwrap().1.sequence, second.as_ref().unwrap().1.sequence), (1, 2));
        assert_recorded(&second, &[(2, false), (1, true)]);
    });
}

#[test]
fn what_is_sent_again_is_recorded_once_within_a_group_and_after_it() {
    rigged(GROUP_BYTES, |mut rig| {
        let [first, second] = rig.write([vec![event("a"), event("a")], vec![event("a")]]);
        assert_recorded(&first, &[(1, false), (1, true)]);
        assert_recorded(&second, &[(1, true)]);
        assert_recorded(&rig.write_one("a"), &[(1, true)]);
        assert_eq!(rig.log.len(), 1);
    });
}

#[test]
fn a_commit_that_fails_refuses_its_group_and_the_next_one_goes_on() {
    rigged(GROUP_BYTES, |mut rig| {
        let reason = || "the disk".to_owned();
        for failure in
            [CommitError::Full { reason: reason() }, CommitError::NotWritten { reason: reason() }]
        {
            rig.log.fail(failure);
            rig.write([vec![event("a")], vec![event("b")]]).iter().for_each(assert_not_written);
            assert_eq!((rig.log.len(), rig.folded(), rig.is_poisoned()), (0, 0, false));
        }
        assert_recorded(&rig.write_one("b"), &[(1, false)]);
        assert_eq!((rig.log.len(), rig.folded()), (1, 1));
    });
}

#[test]
fn after_a_commit_that_fails_for_good_nothing_is_recorded_and_what_was_is_known() {
    rigged(GROUP_BYTES, |mut rig| {
        assert_recorded(&rig.write_one("before"), &[(1, false)]);
        rig.log.fail(CommitError::Poisoned { reason: "a sync".to_owned() });
        for id in ["a", "a", "b"] {
            assert_not_written(&rig.write_one(id));
            assert!(rig.is_poisoned());
        }
        assert_recorded(&rig.write_one("before"), &[(1, true)]);
        assert_eq!((rig.log.len(), rig.folded()), (1, 1));
    });
}

#[test]
fn a_record_that_the_log_does_not_take_is_refused_alone_and_the_limit_is_named() {
    rigged(GROUP_BYTES, |mut rig| {
        let large = from_source("large", "x".repeat(RECORD_BYTES_MAX));
        let [first, second] = rig.write([vec![event("a"), large, event("b")], vec![event("c")]]);
        let (results, _) = first.unwrap();
        let most = RECORD_BYTES_MAX;
        let rejection = Rejection::LimitExceeded { what: "a record", most, unit: "bytes" };
        assert_eq!(results[1], Err(rejection));
        assert_eq!(
            (results[0].clone().unwrap().sequence, results[2].clone().unwrap().sequence),
            (1, 2)
        );
        assert_recorded(&second, &[(3, false)]);
        assert_eq!(rig.log.len(), 3);
    });
}

#[test]
fn what_counts_but_is_not_folded_is_folded_before_anything_is_decided() {
    rigged(GROUP_BYTES, |mut rig| {
        rig.append_unfolded("a");
        let [answer] = rig.write([vec![event("a"), event("b")]]);
        assert_recorded(&answer, &[(1, true), (2, false)]);
        assert_eq!((rig.log.len(), rig.folded()), (2, 2));
    });
}

#[test]
fn while_what_counts_can_not_be_folded_nothing_is_recorded() {
    rigged(GROUP_BYTES, |mut rig| {
        rig.append_unfolded("a");
        rig.log.lose(Some(1));
        rig.write([vec![event("a")], vec![event("b")]]).iter().for_each(assert_not_written);
        assert_eq!((rig.log.len(), rig.folded(), rig.is_poisoned()), (1, 0, false));
        rig.log.lose(None);
        assert_recorded(&rig.write_one("b"), &[(2, false)]);
    });
}

fn body(sent: &Sent<IncidentEvent>) -> Vec<u8> {
    sent.body.bytes.clone().unwrap()
}

/// Another node has appended first: what came is folded, and the same jobs are decided against it.
#[test]
fn what_was_overtaken_is_decided_anew_and_answered_once() {
    rigged(GROUP_BYTES, |mut rig| {
        rig.log.share();
        let theirs = from_source("b", "other".to_owned());
        rig.log.overtake(&[body(&event("a")), body(&theirs)]);
        let [first, second, third] =
            rig.write([vec![event("a")], vec![event("b")], vec![event("c")]]);
        assert_recorded(&first, &[(1, true)]);
        let (results, _) = second.unwrap();
        assert!(matches!(results[..], [Err(Rejection::EventConflict { .. })]), "{results:?}");
        assert_recorded(&third, &[(3, false)]);
        assert_eq!(rig.folded(), 3);
        // However often.
        rig.log.overtake(&[body(&event("d"))]);
        rig.log.overtake(&[body(&event("e"))]);
        assert_recorded(&rig.write_one("f"), &[(6, false)]);
    });
}

/// What others append is folded also while nothing is handed in.
#[test]
fn what_others_append_is_folded_when_the_writer_is_woken() {
    rigged(GROUP_BYTES, |mut rig| {
        rig.log.share();
        rig.log.append_of_others(&[body(&event("a"))]);
        rig.writer.write(Vec::new());
        assert_eq!(rig.folded(), 1);
        assert_recorded(&rig.write_one("a"), &[(1, true)]);
    });
}

/// A job that nobody waits for any more is not decided anew.
#[test]
fn what_nobody_waits_for_is_not_decided_again() {
    rigged(GROUP_BYTES, |mut rig| {
        rig.log.share();
        rig.log.overtake(&[body(&event("a"))]);
        let (responder, waiting) = Responder::new();
        drop(waiting);
        rig.writer.write(vec![Job::Events(TENANT.into(), vec![event("b")], responder)]);
        assert_eq!(rig.folded(), 1, "only what the other has appended");
    });
}
