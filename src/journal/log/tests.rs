//! What every log promises, held over each there is.

use tempfile::TempDir;

use super::super::chain::Tree;
use super::super::in_memory::InMemoryLog;
use super::super::{BODY_BYTES_MAX, Journal, JournalFiles, Options, Syncing};
use super::*;

const GROUP_BYTES: usize = 1_000;

/// Runs a test on an empty log of each kind.
fn on_each(test: impl Fn(&mut dyn Log, &dyn LogSource)) {
    let directory = TempDir::new().unwrap();
    let options = Options {
        segment_bytes: 1024,
        new_store_id: [7; 16].into(),
        durable: None,
        syncing: Syncing::EachCommit,
    };
    let mut writer = Journal::open(directory.path(), options).unwrap().writer;
    test(&mut writer, &JournalFiles::at(directory.path()));
    let mut log = InMemoryLog::new(BODY_BYTES_MAX, GROUP_BYTES);
    let source = log.clone();
    test(&mut log, &source);
}

fn at(nanos: i64) -> Instant {
    Instant::from_nanos(nanos).unwrap()
}

fn bodies(records: impl Iterator<Item = Result<Record, ReadError>>) -> Vec<Vec<u8>> {
    records.map(|record| record.unwrap().body).collect()
}

#[test]
fn an_empty_log_ends_at_its_beginning() {
    on_each(|log, source| {
        let beginning = log.end();
        assert_eq!((beginning.sequence, beginning.record_time), (0, Instant::MIN));
        assert_eq!(beginning.head, Tree::EMPTY.root());
        assert_eq!(log.commit().unwrap(), beginning);
        assert!(source.read(1..=u64::MAX).unwrap().next().is_none());
        assert_eq!(source.store_id().unwrap(), source.store_id().unwrap());
        assert!(log.group_bytes() > 0);
    });
}

#[test]
fn a_group_counts_once_it_is_committed() {
    on_each(|log, source| {
        let beginning = log.end();
        assert_eq!(log.stage(at(5), b"one").unwrap(), 1);
        assert_eq!(log.stage(at(5), b"two").unwrap(), 2);
        assert_eq!(log.end(), beginning);
        assert!(source.read(1..=u64::MAX).unwrap().next().is_none());
        let end = log.commit().unwrap();
        assert_eq!((end.sequence, end.record_time), (2, at(5)));
        assert_eq!(log.end(), end);
        let mut reader = source.read(1..=2).unwrap();
        assert_eq!(bodies(reader.by_ref()), [b"one", b"two"]);
        assert_eq!(reader.head(), end.head);
    });
}

#[test]
fn what_is_discarded_leaves_its_sequences_to_others() {
    on_each(|log, source| {
        log.stage(at(1), b"kept").unwrap();
        log.commit().unwrap();
        assert_eq!(log.stage(at(9), b"dropped").unwrap(), 2);
        log.discard_staged();
        assert_eq!(log.stage(at(2), b"instead").unwrap(), 2);
        log.commit().unwrap();
        assert_eq!(bodies(source.read(1..=u64::MAX).unwrap()), [&b"kept"[..], b"instead"]);
    });
}

#[test]
fn a_record_that_is_too_large_or_too_early_is_refused_and_the_rest_of_its_group_is_not() {
    on_each(|log, source| {
        let bytes_max = BODY_BYTES_MAX;
        assert_eq!(log.stage(at(2), b"one").unwrap(), 1);
        let too_large = log.stage(at(2), &vec![0; bytes_max + 1]);
        assert_eq!(too_large, Err(StageError::TooLarge { bytes: bytes_max + 1, bytes_max }));
        let too_early = log.stage(at(1), b"early");
        let (record_time, last_record_time) = (at(1), at(2));
        assert_eq!(too_early, Err(StageError::TimeDecreases { record_time, last_record_time }));
        assert_eq!(log.stage(at(2), b"two").unwrap(), 2);
        log.commit().unwrap();
        assert_eq!(bodies(source.read(1..=u64::MAX).unwrap()), [b"one", b"two"]);
    });
}

#[test]
fn a_reader_begins_ends_and_goes_on_where_it_is_described_to() {
    on_each(|log, source| {
        let mut reader = source.read(2..=3).unwrap();
        assert!(reader.next().is_none());
        for body in [b"1", b"2", b"3", b"4"] {
            log.stage(at(1), body).unwrap();
        }
        let end = log.commit().unwrap();
        assert_eq!(bodies(reader.by_ref()), [b"2", b"3"]);
        reader.read_on_to(4);
        assert_eq!(bodies(reader.by_ref()), [b"4"]);
        assert_eq!(reader.head(), end.head);
        let mut trusting = source.read_trusting_chain(4..=4).unwrap();
        assert_eq!((bodies(trusting.by_ref()), trusting.head()), (vec![b"4".to_vec()], end.head));
    });
}

#[test]
fn the_last_record_by_an_instant_is_found_in_whichever_segment() {
    on_each(|log, source| {
        assert_eq!(source.sequence_at(at(9), 0).unwrap(), 0);
        for number in 1..=40 {
            log.stage(at(10 * (number / 2)), &[7; 100]).unwrap();
            log.commit().unwrap();
        }
        for (time, last, found) in
            [(0, 40, 1), (9, 40, 1), (10, 40, 3), (19, 40, 3), (200, 40, 40), (999, 40, 40)]
                .into_iter()
                .chain([(999, 17, 17), (150, 40, 31), (149, 40, 29), (10, 2, 2)])
        {
            assert_eq!(source.sequence_at(at(time), last).unwrap(), found, "{time} {last}");
        }
    });
}
