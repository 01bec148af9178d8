//! Whatever the steps in which notices are followed, they are the same, and add up to what holds.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::domain::calendar::{Calendar, Draft};
use crate::domain::clock::Occurrence;
use crate::domain::clock::testing::{MONDAY_SECOND, contract, fact, target};
use crate::domain::contract::{Contract, OpenIncidents};
use crate::domain::incident::{Fact, IncidentEvent};
use crate::domain::time::Span;
use crate::engine::evaluate::clocks_of;
use crate::engine::notices::{ClockOfIncident, News, NoticeId};
use crate::engine::record::{Entry, TermsEntry};
use crate::queries::ReadRequest;
use crate::runtime::testing::{Store, run};

mod revisions;

const HOUR: i64 = 3_600;
const FACTS: [&str; 13] = [
    "priority P1",
    "priority P2",
    "waits client",
    "waits client",
    "waits provider",
    "responded",
    "resolved",
    "resolved",
    "reopened",
    "cancelled",
    "closed",
    "assigned desk",
    "assigned field",
];

/// What is recorded: an hour after what came before, or some.
#[derive(Clone, Debug)]
enum Recorded {
    /// A fact about an incident, that occurred so many seconds before it was recorded, or after.
    Fact { incident: usize, before: i64, words: &'static str },
    /// An earlier fact about it is taken back.
    Retraction { incident: usize, which: Index },
    /// The contract has another revision, from so many seconds after that.
    Terms { limit: i64, after: i64, takes_over: bool },
}

fn a_record() -> impl Strategy<Value = (i64, Recorded)> {
    let before = prop_oneof![4 => Just(0), 3 => 0..6 * HOUR, 1 => -4 * HOUR..0];
    let of_fact = (0..3usize, before, select(&FACTS[..]));
    let of_fact =
        of_fact.prop_map(|(incident, before, words)| Recorded::Fact { incident, before, words });
    let of_retraction = (0..3usize, any::<Index>());
    let of_retraction =
        of_retraction.prop_map(|(incident, which)| Recorded::Retraction { incident, which });
    let of_terms = (1..6i64, -HOUR..3 * HOUR, any::<bool>());
    let of_terms = of_terms.prop_map(|(limit, after, takes_over)| Recorded::Terms {
        limit,
        after,
        takes_over,
    });
    (1..2 * HOUR, prop_oneof![12 => of_fact, 2 => of_retraction, 1 => of_terms])
}

fn at(second: i64) -> Instant {
    Instant::from_seconds(MONDAY_SECOND + second).unwrap()
}

/// A store in which a story is recorded, and the second of its last record.
struct Recording {
    store: Store,
    second: i64,
    facts: [Vec<String>; 3],
}

impl Recording {
    fn begun() -> Recording {
        let store = Store::new();
        let draft = Draft { time_zone: "UTC".into(), always_open: true, ..Draft::default() };
        let calendar = Calendar::parse(&draft, store.zones()).unwrap();
        let (id, effective_time) = ("always".to_owned(), Instant::MIN);
        let terms = Entry::Terms(TermsEntry::Calendar { id, effective_time, calendar });
        store.record(at(-9 * HOUR), terms);
        let mut recording = Recording { store, second: -8 * HOUR, facts: Default::default() };
        recording.put_terms(3, 0, false);
        for incident in 0..3 {
            recording.second += 1;
            recording.fact(incident, 0, "opened P1");
        }
        recording
    }

    fn put_terms(&self, limit: i64, after: i64, takes_over: bool) {
        let targets = [
            target(&format!(
                "resolution P1={limit}:00/always P2=8:00/always pause=client<1:00 \
                             warn=50 new_cycle"
            )),
            target("response *=1:00/always warn=80"),
        ];
        let mut contract = contract(targets.to_vec(), takes_over);
        if takes_over {
            contract.open_incidents = OpenIncidents::FromOpening;
        }
        self.put_contract(after, contract);
    }

    fn put_contract(&self, after: i64, contract: Contract) {
        let effective_time = at(self.second + after);
        let terms =
            Entry::Terms(TermsEntry::Contract { effective_time, contract: Box::new(contract) });
        self.store.record(at(self.second), terms);
    }

    fn fact(&mut self, incident: usize, before: i64, words: &str) {
        let words: Vec<_> = words.split_whitespace().collect();
        let mut fact = fact(&words);
        if let Fact::Opened(opened) = &mut fact {
            opened.contract_ids = vec!["contract".to_owned()];
        }
        self.event(incident, before, fact);
    }

    fn event(&mut self, incident: usize, before: i64, fact: Fact) {
        let event_id = format!("e{}", self.second);
        self.facts[incident].push(event_id.clone());
        let event = IncidentEvent {
            recorded_by: None,
            event_id,
            incident_id: format!("I{incident}"),
            occur_time: at(self.second - before),
            occur_order: 0,
            source: String::new(),
            corrects_event_id: String::new(),
            fact,
        };
        self.store.record(at(self.second), Entry::IncidentEvent(event));
    }

    fn record(&mut self, (after, recorded): &(i64, Recorded)) {
        self.second += after;
        match recorded {
            Recorded::Fact { incident, before, words } => self.fact(*incident, *before, words),
            Recorded::Retraction { incident, which } => {
                let fact = which.get(&self.facts[*incident]).clone();
                self.event(*incident, 0, Fact::Retracted(fact));
            }
            Recorded::Terms { limit, after, takes_over } => {
                self.put_terms(*limit, *after, *takes_over);
            }
        }
        self.store.project();
    }

    fn reading(&self) -> Reading<'_> {
        let request = ReadRequest { as_of: Some(Instant::MAX), ..ReadRequest::default() };
        self.store.read(request)
    }

    /// Everything recorded so far, so many seconds later.
    fn point(&self, later: i64) -> ReadPoint {
        let view = self.reading().into_view();
        let point = view.point();
        let times = Times { as_of: at(self.second + later), known: point.times.known };
        ReadPoint { times, ..point }
    }

    /// What happened to all clocks by a point.
    fn evaluated(&self, point: ReadPoint) -> State {
        let view = self.reading().into_view();
        let mut state = State::new();
        for incident in 0..3 {
            let id = format!("I{incident}");
            let view = view.at(point.times).unwrap();
            let known = view.known();
            let ledger = view.scanned_ledger(&id).unwrap();
            let Some(history) = view.history(&ledger) else { continue };
            for clock in clocks_of(&history, &known, point.times.as_of) {
                let (contract, target, cycle) = clock.key();
                let key = (contract.into(), target.into(), cycle);
                let shape = (clock.phase, clock.verdict(), clock.due_time, clock.limit);
                let clock = (clock.occurrences(), format!("{shape:?}"));
                if !clock.0.is_empty() {
                    state.insert((id.clone(), key), clock);
                }
            }
        }
        state
    }
}

type State = BTreeMap<(String, ClockOfIncident), (BTreeSet<Occurrence>, String)>;

/// So much that everything is followed in one step of each stage.
const ALL: StepSize = StepSize { incidents: 1_000, notices: usize::MAX };
const ONE_INCIDENT: StepSize = StepSize { incidents: 1, notices: usize::MAX };
const ONE_NOTICE: StepSize = StepSize { incidents: 1_000, notices: 1 };

/// Somebody who follows notices, and what they say holds.
struct Follower {
    progress: NoticeProgress,
    state: State,
    ids: BTreeMap<String, Vec<NoticeId>>,
    seen: BTreeSet<NoticeId>,
}

impl Follower {
    fn new(at: ReadPoint, recording: &Recording) -> Follower {
        let progress = NoticeProgress::after(at);
        let (ids, seen) = Default::default();
        Follower { progress, state: recording.evaluated(at), ids, seen }
    }

    /// Follows up to a goal, by so much at a time.
    fn follow(&mut self, recording: &Recording, goal: ReadPoint, size: StepSize) {
        let may_repeat = size.incidents == 1 || size.notices == 1;
        while self.progress != NoticeProgress::after(goal) {
            let Follower { progress, state, ids, seen } = self;
            let (mut given, mut last) = (0, String::new());
            let take = &mut |incident: &str, notice: &Notice<'_>| {
                // Only the notices of one incident go beyond the size of a step.
                assert!(given < size.notices || last == incident, "{given} {notice:?}");
                given += 1;
                incident.clone_into(&mut last);
                let id = notice.id(notice.occurrence_id(incident));
                // In small steps some come again.
                if !seen.insert(id) {
                    assert!(may_repeat, "{notice:?}");
                    return;
                }
                ids.entry(incident.to_owned()).or_default().push(id);
                let key = (incident.to_owned(), notice.clock_key.clone());
                let clock = state.entry(key.clone()).or_default();
                match notice.news {
                    News::Happened(one) => assert!(clock.0.insert(one.clone()), "{notice:?}"),
                    News::Withdrawn(one) => assert!(clock.0.remove(one), "{notice:?}"),
                    News::Moved => {}
                }
                match notice.clock {
                    Some(now) => {
                        let shape = (now.phase, now.verdict(), now.due_time, now.limit);
                        clock.1 = format!("{shape:?}");
                    }
                    None if clock.0.is_empty() => drop(state.remove(&key)),
                    None => {}
                }
            };
            progress.advance(recording.reading(), goal, size, take).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(48)
    })]

    #[test]
    fn notices_are_the_same_in_whatever_steps_they_are_followed(
        story in prop::collection::vec((a_record(), 0..2 * HOUR), 1..12),
        cuts in prop::collection::vec(any::<bool>(), 12),
        later in 0..30 * HOUR,
    ) {
        run(move || {
            let mut recording = Recording::begun();
            recording.store.project();
            let begun = recording.point(0);
            let mut each = Follower::new(begun, &recording);
            let mut some = Follower::new(begun, &recording);
            let mut late = Follower::new(begun, &recording);
            let mut full = Follower::new(begun, &recording);
            let mut points = Vec::new();
            for ((record, wait), cut) in story.iter().zip(&cuts) {
                recording.record(record);
                // What is settled is never later than the next record.
                let point = recording.point(*wait);
                recording.second += wait;
                each.follow(&recording, point, ALL);
                assert_eq!(each.state, recording.evaluated(point));
                if *cut {
                    some.follow(&recording, point, ALL);
                    points.push(point);
                }
            }
            let last = recording.point(later);
            // One who comes late finds a schedule that has long moved on.
            for point in points {
                late.follow(&recording, point, ONE_INCIDENT);
                full.follow(&recording, point, ONE_NOTICE);
            }
            for follower in [&mut each, &mut some, &mut late, &mut full] {
                follower.follow(&recording, last, ALL);
                assert_eq!(follower.state, recording.evaluated(last));
            }
            assert_eq!(each.ids, some.ids);
            assert_eq!(each.ids, late.ids);
            assert_eq!(each.ids, full.ids);
        });
    }
}

/// An incident of which nothing was recorded is not evaluated when another changes.
#[test]
fn the_instant_of_a_breach_comes_from_the_schedule() {
    run(|| {
        let recording = Recording::begun();
        recording.store.project();
        let begun = recording.point(0);
        let reading = recording.reading();
        let index = reading.index.unwrap();
        let until = at(begun.times.as_of.seconds() - MONDAY_SECOND + 2 * HOUR);
        let after = at(begun.times.as_of.seconds() - MONDAY_SECOND + 1);
        let scheduled: Vec<_> = index.scheduled((after, ""), until).map(Result::unwrap).collect();
        // Of three incidents a warning and a breach of the response, and one of the resolution.
        assert_eq!(scheduled.len(), 9);
        let minute = Span::from_seconds(60);
        assert!(scheduled[0].0 >= begun.times.as_of.checked_add(minute).unwrap());
    });
}

/// Whoever plans that much ahead is looked at whenever time has passed.
#[test]
fn many_facts_recorded_ahead_are_reported_as_they_come() {
    run(|| {
        let mut recording = Recording::begun();
        for hour in 1..50 {
            recording.second += 1;
            let words = if hour % 2 == 0 { "waits provider" } else { "waits client" };
            recording.fact(0, -hour * HOUR, words);
        }
        recording.store.project();
        let mut follower = Follower::new(recording.point(0), &recording);
        for hours in [1, 2, 3, 30, 60] {
            let point = recording.point(hours * HOUR + HOUR / 2);
            follower.follow(&recording, point, ALL);
            assert_eq!(follower.state, recording.evaluated(point));
        }
        assert!(follower.ids["I0"].len() > 49);
    });
}

/// They are so many that nobody holds them all, and none comes twice.
#[test]
fn the_notices_of_one_incident_come_in_steps() {
    run(|| {
        let mut recording = Recording::begun();
        recording.store.project();
        let begun = recording.point(0);
        for number in 0..100 {
            recording.second += 1;
            let words = if number % 2 == 0 { "waits client" } else { "waits provider" };
            recording.fact(0, 0, words);
        }
        recording.store.project();
        let goal = recording.point(HOUR);
        let mut all = Follower::new(begun, &recording);
        all.follow(&recording, goal, ALL);
        assert!(all.ids["I0"].len() > 100);
        let mut progress = NoticeProgress::after(begun);
        let (mut ids, mut most) = (Vec::new(), 0);
        while progress != NoticeProgress::after(goal) {
            let before = ids.len();
            let size = StepSize { notices: 10, ..ALL };
            let take = &mut |incident: &str, notice: &Notice<'_>| {
                if incident == "I0" {
                    ids.push(notice.id(notice.occurrence_id(incident)));
                }
            };
            progress.advance(recording.reading(), goal, size, take).unwrap();
            most = most.max(ids.len() - before);
        }
        assert_eq!(ids, all.ids["I0"]);
        assert!(most < 15, "{most}");
    });
}
