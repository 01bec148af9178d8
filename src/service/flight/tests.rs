//! What a warehouse has, after what changed is taken in, is what it gets when everything is pulled:
//! over random worlds, as they are recorded and between any two points of them.
//!
//! `SLX_PULL_WORLDS` is the number of worlds, `SLX_PULL_SEED` the first of their seeds.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::clocks::{Clocks, Segments, all};
use super::incidents::Incidents;
use super::periods::{
    ComplianceRows, CoverageRows, CreditRows, ExperienceRows, ObjectiveRows, OfContracts,
};
use super::pull_token::{OpenedToken, PullTokens};
use super::rows::Rows;
use super::settlement::Settlement;
use crate::codec::tables::RowChange;
use crate::domain::incident::{Fact, IncidentEvent, Opened};
use crate::domain::time::{Instant, Span};
use crate::engine::answers::worlds::{CONTRACT, Dice, World};
use crate::engine::evaluate::Times;
use crate::engine::record::Entry;
use crate::fuzz::spoilt::spoilt_text;
use crate::journal::StoreId;
use crate::queries::past_tests::{entries_of, month_of, revise_often, setting, store_of, time};
use crate::queries::{ReadPoint, ReadRequest, Reading};
use crate::runtime::testing::{Store, run};
use proptest::prelude::*;

/// Worlds that are tried unless more are wanted.
const WORLDS: u64 = 16;
/// Pulls of each.
const PULLS: usize = 6;

type Warehouse<R> = BTreeMap<Vec<String>, R>;

/// Everything, as one pull has it.
fn whole<R: 'static, S: Rows<R>>(rows: &S, reading: Reading<'_>) -> Warehouse<R> {
    let mut warehouse = BTreeMap::new();
    let pulled = rows.each(reading, &mut |row| {
        let key = rows.table().key(&row);
        assert!(warehouse.insert(key, row).is_none(), "two rows have one key");
        true
    });
    // Nothing is known of a contract before it was recorded.
    if let Err(error) = pulled {
        assert!(error.to_string().contains("there is no"), "{error}");
    }
    warehouse
}

/// Takes in what changed; returns how many rows that were.
fn take_in<R: Debug + 'static, S: Rows<R>>(
    rows: &S,
    warehouse: &mut Warehouse<R>,
    reading: Reading<'_>,
    since: Times,
) -> usize {
    let mut taken = 0;
    let pulled = rows.each_change(reading, since, &mut |change, row| {
        let key = rows.table().key(&row);
        let was = warehouse.remove(&key);
        assert_eq!(was.is_none(), change == RowChange::Added, "{change:?} {row:?}");
        if change == RowChange::Withdrawn {
            assert!(was.is_some_and(|was| rows.table().is_same(&was, &row)), "{row:?}");
        } else {
            let is_new = was.is_none_or(|was| !rows.table().is_same(&was, &row));
            assert!(is_new, "it is as it was: {row:?}");
            warehouse.insert(key, row);
        }
        taken += 1;
        true
    });
    pulled.unwrap();
    taken
}

/// Rows that were taken in, and that a pull of everything would have had instead.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    changed: usize,
    whole: usize,
}

/// Holds what is taken in against a pull of everything, from one read point of a store to another.
fn check<R: Debug + 'static, S: Rows<R>>(
    rows: &S,
    store: &Store,
    (since, now): (Times, Times),
    context: &str,
) -> Taken {
    let read = |Times { as_of, known }: Times| {
        store.read(ReadRequest { as_of: Some(as_of), known: Some(known), min_sequence: 0 })
    };
    let expected = whole(rows, read(now));
    let mut taken = 0;
    for has_index in [false, true] {
        let mut warehouse = whole(rows, read(since));
        let Reading { view, index } = read(now);
        let reading = Reading { view, index: index.filter(|_| has_index) };
        taken = take_in(rows, &mut warehouse, reading, since);
        let name = rows.table().name;
        let keys = warehouse.keys().eq(expected.keys());
        let mut pairs = warehouse.values().zip(expected.values());
        let is_same = keys && pairs.all(|(one, other)| rows.table().is_same(one, other));
        assert!(is_same, "{name} {context}, index: {has_index}\n{warehouse:#?}\n{expected:#?}");
    }
    Taken { changed: taken, whole: expected.len() }
}

/// The same of every table from which changes are given.
fn check_all(store: &Store, points: (Times, Times), context: &str) -> Taken {
    let mut sum = Taken::default();
    let mut add = |taken: Taken| {
        sum.changed += taken.changed;
        sum.whole += taken.whole;
    };
    let period = month_of(points.1.as_of);
    for contract in ["", CONTRACT] {
        add(check(&Clocks(all(contract.into(), String::new())), store, points, context));
        add(check(&Segments(all(contract.into(), String::new())), store, points, context));
        add(check(&Incidents(contract.into()), store, points, context));
        check(&Settlement(contract.into()), store, points, context);
    }
    check(&Clocks(all(CONTRACT.into(), period.clone())), store, points, context);
    let of = OfContracts { contract_id: CONTRACT.into(), period };
    check(&ComplianceRows(of.clone()), store, points, context);
    check(&ObjectiveRows(of.clone()), store, points, context);
    check(&CreditRows(of.clone()), store, points, context);
    check(&ExperienceRows(of.clone()), store, points, context);
    check(&CoverageRows(of), store, points, context);
    sum
}

/// From when to when, in which much happens, or little, or nothing: what happens hides what of it
/// was not looked for.
fn span(dice: &mut Dice, world: &World) -> (Instant, Instant) {
    let from = time(dice, world);
    match dice.below(3) {
        0 => (from, from),
        1 => (from, from.checked_add(Span::from_seconds(3_600)).unwrap_or(from)),
        _ => {
            let until = time(dice, world);
            (from.min(until), from.max(until))
        }
    }
}

#[test]
fn from_any_point_to_a_later_one_what_changed_makes_of_the_rows_what_a_whole_pull_gives() {
    run(|| {
        let first = setting("SLX_PULL_SEED", 0);
        for seed in first..first + setting("SLX_PULL_WORLDS", WORLDS) {
            let (mut world, dice) = (World::random(seed), &mut Dice::new(seed));
            if dice.one_in(3) {
                revise_often(&mut world, dice);
            }
            let store = store_of(&world);
            for _ in 0..PULLS {
                let (known, as_of) = (span(dice, &world), span(dice, &world));
                // Back in time, too.
                let as_of = if dice.one_in(3) { (as_of.1, as_of.0) } else { as_of };
                let since = Times { as_of: as_of.0, known: known.0 };
                let now = Times { as_of: as_of.1, known: known.1 };
                // What is known is never later than what is recorded.
                let last = store.read(ReadRequest::default()).view.times().known;
                let cut = |times: Times| Times { known: times.known.min(last), ..times };
                let (since, now) = (cut(since), cut(now));
                check_all(&store, (since, now), &format!("world {seed}, {since:?} to {now:?}"));
            }
        }
    });
}

#[test]
fn as_facts_come_late_and_are_taken_back_what_changed_makes_of_the_rows_what_a_whole_pull_gives() {
    run(|| {
        let first = setting("SLX_PULL_SEED", 0);
        let mut sum = Taken::default();
        for seed in first..first + setting("SLX_PULL_WORLDS", WORLDS) {
            let (mut world, dice) = (World::random(seed), &mut Dice::new(seed));
            if dice.one_in(3) {
                revise_often(&mut world, dice);
            }
            let (store, mut rest) = (Store::new(), entries_of(&world));
            let mut since: Option<Times> = None;
            while !rest.is_empty() {
                let many = 1 + dice.below(rest.len() as i64) as usize;
                let later = rest.split_off(many.min(rest.len()));
                store.record_all(std::mem::replace(&mut rest, later));
                store.project();
                // As of now, or as of when something happens.
                let as_of = dice.one_in(2).then(|| time(dice, &world));
                let request = ReadRequest { as_of, ..ReadRequest::default() };
                let now = store.read(request).view.times();
                if let Some(since) = since {
                    let context = format!("world {seed}, {since:?} to {now:?}");
                    let taken = check_all(&store, (since, now), &context);
                    sum.changed += taken.changed;
                    sum.whole += taken.whole;
                }
                since = Some(now);
            }
        }
        println!("{sum:?}");
        assert!(sum.changed > 0, "nothing changed: nothing is tested");
    });
}

/// What is recorded far ahead is left out of the index until it has occurred, and longer if nobody
/// asks about now.
#[test]
fn an_incident_that_was_to_be_reopened_goes_on_though_the_index_says_it_is_resolved() {
    run(|| {
        let mut changed = 0;
        for seed in 0..40 {
            let world = World::random(seed);
            let mut entries = entries_of(&world);
            entries.retain(|(_, entry)| matches!(entry, Entry::Terms(_)));
            let last = entries.last().map_or(Instant::MIN, |(time, _)| *time).max(world.start);
            let at = |hours: i64| last.checked_add(Span::from_seconds(hours * 3_600)).unwrap();
            let opened = || {
                let (contract_ids, priority) = (vec![CONTRACT.into()], "P1".into());
                Fact::Opened(Opened { contract_ids, priority, ..Opened::default() })
            };
            let facts = [
                ("I", 0, 0, opened()),
                ("I", 1, 1, Fact::Resolved),
                ("I", 2, 3, Fact::Reopened),
                // Whatever is recorded last may have changed since.
                ("J", 50, 50, opened()),
            ];
            for (incident, recorded, hour, fact) in facts {
                let event = IncidentEvent {
                    recorded_by: None,
                    event_id: format!("e{hour}"),
                    incident_id: incident.into(),
                    occur_time: at(hour),
                    occur_order: 0,
                    source: String::new(),
                    corrects_event_id: String::new(),
                    fact,
                };
                entries.push((at(recorded), Entry::IncidentEvent(event)));
            }
            let last = entries.split_off(entries.len() - 1);
            let store = Store::new();
            for recorded in [entries, last] {
                store.record_all(recorded);
                store.project();
            }
            let known = store.read(ReadRequest::default()).view.times().known;
            let point = |hours| Times { as_of: at(hours), known };
            // Long after there was activity about it, and nothing else in between: only time moves it.
            let points = (point(500), point(600));
            changed += check_all(&store, points, &format!("world {seed}")).changed;
        }
        assert!(changed > 0, "nothing changed: nothing is tested");
    });
}

fn tokens(store: u8, table: u8, erasures: &[u8]) -> PullTokens {
    PullTokens::new(&StoreId::new([store; 16]), [table; 32], erasures)
}

fn point() -> ReadPoint {
    let instant = |seconds| Instant::from_seconds(seconds).unwrap();
    ReadPoint { sequence: 7, times: Times { as_of: instant(9), known: instant(8) } }
}

#[test]
fn a_token_is_of_one_store_and_request_and_ends_with_an_erasure() {
    let sealed = tokens(1, 1, b"").seal(point());
    assert_eq!(tokens(1, 1, b"").open(&sealed), Some(OpenedToken::Since(point())));
    assert_eq!(tokens(1, 2, b"").open(&sealed), None);
    let expired = |opened| matches!(opened, Some(OpenedToken::Expired(_)));
    assert!(expired(tokens(2, 1, b"").open(&sealed)));
    assert!(expired(tokens(1, 1, b"salt").open(&sealed)));
}

proptest! {
    #[test]
    fn no_token_that_was_spoilt_is_taken(
        spoilt in spoilt_text(&tokens(1, 1, b"").seal(point())),
    ) {
        let whole = tokens(1, 1, b"").seal(point());
        prop_assert_eq!(tokens(1, 1, b"").open(&spoilt).is_some(), spoilt == whole);
    }
}
