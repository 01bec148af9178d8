//! Views are disposable: whatever becomes of their files, opening them ends well and soon.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use tempfile::TempDir;

use super::{Changes, Identity, IncidentKey, KeptLearning, Opening, Views, Writing, keys, store};
use crate::codec::store::index_keys::StoredIndexKeys;
use crate::codec::store::names::Names;
use crate::domain::compliance::Tally;
use crate::domain::incident::{Fact, IncidentEvent, RecordedEvent};
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::engine::index::IndexEntry;
use crate::engine::learning::Learning;
use crate::engine::ledger::Ledger;
use crate::engine::tally::{Contribution, Day, Dimension, TargetContribution};

const PATIENCE: Duration = Duration::from_secs(10);
const SERVICES: usize = 300;
/// What sled's data files are made of, roughly.
const PAGE_BYTES: usize = 4096;

fn identity() -> Identity {
    let time_zone_database = "2026f".to_owned();
    Identity { store_id: [7; 16].into(), time_zone_database, last_sequence: 100 }
}

fn open(directory: &Path) -> Views {
    Views::find(directory, Opening::within(PATIENCE)).of(&identity()).unwrap()
}

/// Views with some rows, left as a crash leaves them or closed in good order.
fn filled(is_closed: bool) -> TempDir {
    let directory = TempDir::new().unwrap();
    let views = open(&directory.path().join("views"));
    for some in (0..SERVICES).collect::<Vec<_>>().chunks(30) {
        let mut changes = Changes::new(&Names::default());
        for number in some {
            changes.keep_service(&"tenant".into(), &service(*number), &ledger(*number));
        }
        let mut writing = views.begin().unwrap();
        writing.write(changes).unwrap();
        writing.finish(some[0] as u64 / 30 + 1).unwrap();
    }
    match is_closed {
        true => views.close().unwrap(),
        false => views.store().unwrap().flush().unwrap(),
    }
    directory
}

fn service(number: usize) -> String {
    format!("{number:04}{}", "s".repeat(100))
}

fn ledger(number: usize) -> Ledger<ServiceEvent> {
    use crate::domain::service::ServiceFact;
    let event = |at: u64| crate::domain::recorded::Recorded {
        sequence: at,
        record_time: Instant::MIN,
        value: ServiceEvent {
            recorded_by: None,
            occur_order: 0,
            source: String::new(),
            event_id: format!("{at}"),
            service: service(number),
            occur_time: Instant::MIN,
            fact: ServiceFact::OutageStarted(String::new()),
        },
    };
    (1..5).map(event).collect()
}

/// What is applied by the views of a damaged directory, once every row was read and compared.
fn applied_after(damage: impl FnOnce(&[PathBuf])) -> u64 {
    let directory = filled(false);
    let path = directory.path().join("views");
    damage(&files(&path));
    let began = Clock::now();
    let views = open(&path);
    assert!(began.elapsed() < 3 * PATIENCE, "it took {:?}", began.elapsed());
    let applied = views.applied().unwrap();
    for number in 0..SERVICES {
        let found = views.service_ledger(&"tenant".into(), &service(number)).unwrap();
        // Behind what is applied there may be rows already: the fold passes over them.
        match found.events.is_empty() {
            true => assert!(number as u64 / 30 + 1 > applied, "{number} is missing at {applied}"),
            false => assert_eq!(found, ledger(number)),
        }
    }
    applied
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    found
}

fn largest(files: &[PathBuf]) -> &PathBuf {
    files.iter().max_by_key(|path| fs::metadata(path).unwrap().len()).unwrap()
}

fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// The last byte that is not zero, and one more.
fn written(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) + 1
}

#[test]
fn views_left_alone_are_kept_in_good_order_or_not() {
    assert_eq!(applied_after(|_| {}), 10);
    let directory = filled(true);
    let views = open(&directory.path().join("views"));
    assert_eq!(views.applied().unwrap(), 10);
    // While they are open, they are not in good order.
    assert!(views.store().unwrap().get(keys::CLEAN).unwrap().is_none());
}

#[test]
fn views_of_another_format_store_or_zone_database_are_put_aside() {
    let others = [
        Identity { store_id: [8; 16].into(), ..identity() },
        Identity { time_zone_database: "2026g".to_owned(), ..identity() },
        Identity { last_sequence: 9, ..identity() },
    ];
    for other in others {
        let directory = filled(true);
        let path = directory.path().join("views");
        assert_eq!(
            Views::find(&path, Opening::within(PATIENCE)).of(&other).unwrap().applied().unwrap(),
            0
        );
    }
    let directory = filled(true);
    let path = directory.path().join("views");
    let views = open(&path);
    views.store().unwrap().insert(keys::FORMAT, b"slx views 999").unwrap();
    views.close().unwrap();
    drop(views);
    let found = Views::find(&path, Opening::within(PATIENCE));
    assert_eq!(found.durable(), None);
    assert_eq!(found.of(&identity()).unwrap().applied().unwrap(), 0);
}

#[test]
fn views_prove_what_had_been_durable() {
    let directory = filled(true);
    let found = Views::find(&directory.path().join("views"), Opening::within(PATIENCE));
    assert_eq!(found.durable(), Some(([7; 16].into(), 10)));
}

#[test]
fn a_truncated_file_costs_a_rebuild_at_worst() {
    for part in 0..40 {
        applied_after(|files| {
            rewrite(largest(files), |bytes| bytes.truncate(written(bytes) * part / 40));
        });
    }
}

#[test]
fn a_page_of_zeros_costs_a_rebuild_at_worst() {
    for part in 0..40 {
        applied_after(|files| {
            rewrite(largest(files), |bytes| {
                let start = written(bytes) * part / 40;
                let end = bytes.len().min(start + PAGE_BYTES);
                bytes[start..end].fill(0);
            });
        });
    }
}

#[test]
fn a_flipped_bit_costs_a_rebuild_at_worst() {
    for part in 0..60 {
        applied_after(|files| {
            rewrite(largest(files), |bytes| {
                let at = written(bytes) * part / 60;
                bytes[at] ^= 1 << (part % 8);
            });
        });
    }
}

#[test]
fn garbage_in_any_file_costs_a_rebuild_at_worst() {
    applied_after(|files| files.iter().for_each(|path| fs::write(path, "garbage").unwrap()));
    applied_after(|files| files.iter().for_each(|path| fs::write(path, "").unwrap()));
    applied_after(|files| files.iter().for_each(|path| fs::remove_file(path).unwrap()));
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("views"), "a file").unwrap();
    assert_eq!(open(&directory.path().join("views")).applied().unwrap(), 0);
}

#[test]
fn views_that_failed_are_opened_again_as_far_as_they_got() {
    let directory = filled(false);
    let views = open(&directory.path().join("views"));
    views.reopen().unwrap();
    assert_eq!(views.applied().unwrap(), 10);
    assert_eq!(views.service_ledger(&"tenant".into(), &service(299)).unwrap(), ledger(299));
}

#[test]
fn views_whose_last_store_still_lets_go_are_waited_for() {
    let directory = filled(true);
    let path = directory.path().join("views");
    // What sled's own threads do now and then: they hold the files longer than the store lives.
    let held = fs::File::open(path.join(store::LOCKED_FILE)).unwrap();
    held.lock().unwrap();
    let opening = std::thread::spawn(move || open(&path));
    std::thread::sleep(Duration::from_millis(200));
    drop(held);
    assert_eq!(opening.join().unwrap().applied().unwrap(), 10);
}

/// An incident whose clock was met on a day.
fn file(
    writing: &mut Writing,
    incident: &str,
    day: Day,
    index_keys: &StoredIndexKeys,
) -> StoredIndexKeys {
    let mut tally = Tally::default();
    tally.contractual.met = 1;
    let target = TargetContribution {
        contract_id: "C".into(),
        target_id: "resolve".into(),
        priority: "P1".into(),
        day,
        tally,
    };
    let contribution = Contribution { targets: vec![target], ..Contribution::default() };
    let index_entry = IndexEntry { contribution, ..IndexEntry::default() };
    let mut changes = Changes::new(&Names::default());
    let key = IncidentKey::new("tenant", incident);
    let index_keys =
        changes.index_incident(&key, &Ledger::default(), index_entry, index_keys).unwrap();
    writing.write(changes).unwrap();
    index_keys
}

/// How many were met on each day.
fn met(views: &Views) -> Vec<(Day, u64)> {
    let tally_buckets = views.all_tally_buckets().map(Result::unwrap);
    let all = tally_buckets.filter(|(_, place, _)| place.dimension == Dimension::All);
    all.map(|(_, place, tally)| (place.day, tally.contractual.met)).collect()
}

#[test]
fn tally_buckets_that_a_crash_left_behind_are_added_up_from_the_rows() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("views");
    let views = open(&path);
    let mut writing = views.begin().unwrap();
    let index_keys = file(&mut writing, "moves", 1, &StoredIndexKeys::default());
    file(&mut writing, "stays", 1, &StoredIndexKeys::default());
    writing.finish(1).unwrap();
    assert_eq!(met(&views), [(1, 2)]);
    let mut writing = views.begin().unwrap();
    file(&mut writing, "moves", 2, &index_keys);
    file(&mut writing, "new", 2, &StoredIndexKeys::default());
    drop(writing);
    assert_eq!(met(&views), [(1, 2)], "the rows are written, the cells are not");
    views.store().unwrap().flush().unwrap();
    views.reopen().unwrap();
    views.catch_up_tallies().unwrap();
    assert_eq!(met(&views), [(1, 1), (2, 2)]);
    drop(views);
    let views = open(&path);
    assert!(views.store().unwrap().get(keys::TALLYING).unwrap().is_none());
    assert_eq!((met(&views), views.applied().unwrap()), (vec![(1, 1), (2, 2)], 1));
}

/// What can't be gone on from is distinguished from what was never learnt: for that the journal is
/// read again.
#[test]
fn what_is_kept_of_learning_is_read_or_refused() {
    let directory = TempDir::new().unwrap();
    let views = open(&directory.path().join("views"));
    assert!(matches!(views.learning(&"t".into()), Ok(KeptLearning::Nothing)));
    assert_eq!(views.learnt_sequence().unwrap(), None);
    views.begin().unwrap().finish(7).unwrap();
    views.keep_learning(&"t".into(), 7, &Learning::default(), &[]).unwrap();
    views.keep_learnt_sequence(7, ["t".into(), "u".into()].iter()).unwrap();
    assert!(matches!(views.learning(&"t".into()), Ok(KeptLearning::Upto(7, ..))));
    assert_eq!(views.learnt_sequence().unwrap(), Some((7, vec!["t".into(), "u".into()])));
    views.keep_learning(&"t".into(), 8, &Learning::default(), &[]).unwrap();
    views.keep_learnt_sequence(8, [].iter()).unwrap();
    assert!(matches!(views.learning(&"t".into()), Ok(KeptLearning::Unusable)), "ahead");
    assert_eq!(views.learnt_sequence().unwrap(), None, "ahead");
    views.store().unwrap().insert(&keys::learning("t"), b"damaged").unwrap();
    assert!(matches!(views.learning(&"t".into()), Ok(KeptLearning::Unusable)));
}

/// A learning that knows of so many incidents that something was recorded.
fn learning_of(incidents: usize) -> Learning {
    let mut learning = Learning::default();
    for number in 0..incidents {
        Arc::make_mut(&mut learning.settled).note(&number.to_string().into(), Instant::MIN);
    }
    learning
}

#[test]
fn what_is_kept_of_learning_is_what_was_kept_before_until_all_of_it_is() {
    let directory = TempDir::new().unwrap();
    let views = open(&directory.path().join("views"));
    views.begin().unwrap().finish(9).unwrap();
    let tenant = "t".into();
    let kept = || match views.learning(&tenant).unwrap() {
        KeptLearning::Upto(sequence, learning, _) => (sequence, *learning),
        other => panic!("{other:?}"),
    };
    let part = |place, part| keys::learning_part(&tenant, place, part);
    for (sequence, incidents) in [(1, 5_000), (2, 300), (3, 0), (4, 7_000)] {
        let learning = learning_of(incidents);
        let bytes = views.keep_learning(&tenant, sequence, &learning, &[]).unwrap();
        assert_eq!(kept(), (sequence, learning));
        let kept_rows = views.store().unwrap().range(keys::learning(&tenant)..part(1, u32::MAX));
        let kept_bytes = kept_rows.map(|row| row.unwrap().1.len()).sum::<usize>();
        assert_eq!(kept_bytes, bytes, "nothing else stays");
        // Somebody begins to keep more, and is interrupted.
        let other_place = (sequence % 2) as u32;
        views.store().unwrap().insert(&part(other_place, 0), b"begun").unwrap();
        assert_eq!(kept().0, sequence);
    }
    let rows = views.store().unwrap().range(part(1, 0)..part(1, u32::MAX));
    assert!(rows.map(|row| row.unwrap().1.len()).max().unwrap() < 8 << 10);
    views.store().unwrap().remove(&part(1, 7)).unwrap();
    assert!(matches!(views.learning(&tenant), Ok(KeptLearning::Unusable)), "a part is missing");
}

/// An incident's row with so many events.
fn incident_row(id: &str, events: u64) -> (IncidentKey, Ledger) {
    let event = |number| RecordedEvent {
        value: IncidentEvent { incident_id: id.to_owned(), ..opening(number).value },
        ..opening(number)
    };
    (IncidentKey::new("tenant", id), (1..=events).map(event).collect())
}

fn opening(number: u64) -> RecordedEvent {
    crate::domain::clock::testing::event(number, Instant::MIN, Fact::Responded)
}

/// Whatever lies between those that are wanted, and in whichever order these are wanted.
#[test]
fn rows_of_many_incidents_are_those_that_are_looked_up_one_by_one() {
    let directory = TempDir::new().unwrap();
    let views = open(&directory.path().join("views"));
    let tenant = "tenant".into();
    let ids: Vec<_> = (0..400_u64).map(|number| format!("{:x}", number * number)).collect();
    let mut changes = Changes::new(&Names::default());
    // Every third has no row, and another tenant has all.
    for (number, id) in (0_u64..).zip(&ids).filter(|(number, _)| number % 3 > 0) {
        let (key, ledger) = incident_row(id, number % 4 + 1);
        for key in [key, IncidentKey::new("tenant2", id)] {
            let (entry, indexed) = (IndexEntry::default(), StoredIndexKeys::default());
            changes.index_incident(&key, &ledger, entry, &indexed).unwrap();
        }
    }
    let mut writing = views.begin().unwrap();
    writing.write(changes).unwrap();
    writing.finish(1).unwrap();
    let mut sorted = ids.clone();
    sorted.sort();
    let every = |step: usize| sorted.iter().step_by(step).collect::<Vec<_>>();
    for wanted in [every(1), every(2), every(7), every(50), ids.iter().collect(), Vec::new()] {
        let mut rows = views.incident_rows(&tenant);
        for id in wanted {
            let key = IncidentKey::new(&tenant, id);
            let found = rows.events(id, key.clone()).unwrap();
            assert_eq!(found, views.events(&key).unwrap(), "{id}");
            assert_eq!(found, views.ledger(&key).unwrap().0, "{id}");
        }
    }
}
