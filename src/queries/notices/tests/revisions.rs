//! Contracts that are revised often after the last record of an incident.

use super::*;
use crate::domain::clock::testing::condition;
use crate::domain::contract::ExclusionRule;

/// A revision: so many seconds after the one before it takes effect.
#[derive(Clone, Debug)]
struct Revised {
    after: i64,
    limit: i64,
    applies_to_open_clocks: bool,
    open_incidents: OpenIncidents,
    /// Which targets it has beside the resolution, and whether it excludes incidents.
    has: [bool; 4],
}

impl Revised {
    fn contract(&self) -> Contract {
        let [response, reply, custom, excludes] = self.has;
        let limit = self.limit;
        let mut targets =
            vec![target(&format!("resolution P1={limit}:00 P2=8:00 pause=client<1:00 warn=50"))];
        targets.extend(response.then(|| target("response *=1:00 warn=80")));
        // Of this there is a clock that does not start.
        targets.extend(reply.then(|| target("next_reply *=1:00")));
        targets.extend(custom.then(|| {
            let mut of_p1 = target("custom *=1:00 warn=50");
            of_p1.applies_when = condition("priority == 'P1'");
            of_p1
        }));
        let mut contract = contract(targets, self.applies_to_open_clocks);
        contract.open_incidents = self.open_incidents;
        contract.terms.exclusions.extend(excludes.then(excluded_p2));
        contract
    }
}

fn excluded_p2() -> ExclusionRule {
    ExclusionRule {
        id: "p2".into(),
        title: String::new(),
        cause: None,
        third_party: String::new(),
        out_of_scope: false,
        when: condition("priority == 'P2'"),
        target_ids: Vec::new(),
        objective_ids: Vec::new(),
        outage_reasons: Vec::new(),
    }
}

const TAKEN_OVER: [OpenIncidents; 3] =
    [OpenIncidents::NotTakenOver, OpenIncidents::FromOpening, OpenIncidents::FromEffect];

fn a_revision() -> impl Strategy<Value = Revised> {
    let takes_over = (any::<bool>(), select(&TAKEN_OVER[..]));
    (1..HOUR / 2, 1..6i64, takes_over, any::<[bool; 4]>()).prop_map(
        |(after, limit, (applies_to_open_clocks, open_incidents), has)| Revised {
            after,
            limit,
            applies_to_open_clocks,
            open_incidents,
            has,
        },
    )
}

/// Revisions, of which most take nothing over, or all may.
fn revisions() -> impl Strategy<Value = Vec<Revised>> {
    let revisions = prop::collection::vec((a_revision(), 0..8), 33..50);
    (revisions, any::<bool>()).prop_map(|(revisions, is_rare)| {
        let revisions = revisions.into_iter();
        let worded = revisions.map(|(revision, dice)| match is_rare && dice > 0 {
            true => Revised {
                applies_to_open_clocks: false,
                open_incidents: OpenIncidents::NotTakenOver,
                ..revision
            },
            false => revision,
        });
        worded.collect()
    })
}

/// Agrees all revisions at once.
fn revise(recording: &mut Recording, revisions: &[Revised]) {
    let mut after = 0;
    for revised in revisions {
        recording.second += 1;
        after += revised.after;
        recording.put_contract(after, revised.contract());
    }
    recording.store.project();
}

/// The incidents that are looked at whenever time has passed.
fn always(recording: &Recording) -> Vec<IncidentId> {
    let index = recording.reading().index.unwrap();
    let entries = index.scheduled((Instant::MIN, ""), Instant::MIN);
    entries.map(|entry| entry.unwrap().1).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(24)
    })]

    #[test]
    fn notices_are_the_same_however_often_contracts_are_revised_after_the_last_record(
        story in prop::collection::vec(a_record(), 0..6),
        revisions in revisions(),
        waits in prop::collection::vec(1..4 * HOUR, 1..8),
    ) {
        run(move || {
            let mut recording = Recording::begun();
            recording.store.project();
            for record in &story {
                recording.record(record);
            }
            revise(&mut recording, &revisions);
            let begun = recording.point(0);
            let mut each = Follower::new(begun, &recording);
            let mut once = Follower::new(begun, &recording);
            let mut later = 0;
            for wait in &waits {
                later += wait;
                let point = recording.point(later);
                each.follow(&recording, point, ALL);
                assert_eq!(each.state, recording.evaluated(point));
            }
            once.follow(&recording, recording.point(later), ALL);
            assert_eq!(each.ids, once.ids);
        });
    }
}

/// Of the last of them a clock that never started is excluded by some revisions, and by some not.
#[test]
fn closed_incidents_are_not_looked_at_however_often_their_contract_is_revised() {
    run(|| {
        for (applies_to_open_clocks, open_incidents) in
            [false, true].into_iter().flat_map(|open| TAKEN_OVER.map(|taken| (open, taken)))
        {
            let mut recording = Recording::begun();
            for incident in 0..3 {
                for words in ["responded", "resolved", "closed"] {
                    recording.second += 1;
                    recording.fact(incident, 0, words);
                }
            }
            recording.second += 1;
            recording.fact(2, 0, "priority P2");
            let revised = |number: i64| Revised {
                after: HOUR / 2,
                limit: 1 + number % 5,
                applies_to_open_clocks,
                open_incidents,
                has: [true, true, false, number % 2 == 0],
            };
            revise(&mut recording, &(0..50).map(revised).collect::<Vec<_>>());
            assert_eq!(always(&recording), [""; 0], "{open_incidents:?}");
            let index = recording.reading().index.unwrap();
            let scheduled = index.scheduled((at(recording.second), ""), Instant::MAX);
            let scheduled: BTreeSet<_> = scheduled.map(|entry| entry.unwrap().1).collect();
            assert_eq!(scheduled, BTreeSet::from(["I2".into()]), "{open_incidents:?}");
        }
    });
}

/// Revisions that are for later incidents change nothing of those that are open.
#[test]
fn open_incidents_are_looked_at_when_something_is_due_whatever_is_agreed_for_others() {
    run(|| {
        let mut recording = Recording::begun();
        let revised = |number: i64| Revised {
            after: HOUR / 2,
            limit: 1 + number % 5,
            applies_to_open_clocks: false,
            open_incidents: OpenIncidents::NotTakenOver,
            has: [true, true, false, true],
        };
        revise(&mut recording, &(0..50).map(revised).collect::<Vec<_>>());
        assert_eq!(always(&recording), [""; 0]);
    });
}
