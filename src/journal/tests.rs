//! What the journal promises, tried on small journals.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::chain::{Chain, Head, Tree};
use super::faulty::{FaultyDisk, Operation};
use super::frame::{FRAME_HEADER_BYTES, FrameHeader, checksum_seed};
use super::open::open_on;
use super::segment::SegmentHeader;
use super::writer::Syncing;
use super::*;
use crate::domain::time::Instant;
use crate::fuzz::spoilt::spoilt;

const STORE_ID: StoreId = StoreId::new(*b"a store of tests");
/// Of a journal's first segment.
const FIRST_HEADER_BYTES: usize = 78;
const BODIES: [&[u8]; 5] = [b"one", b"", b"three", b"four, the longest", b"five"];

fn options(segment_bytes: u64) -> Options {
    Options { segment_bytes, new_store_id: STORE_ID, durable: None, syncing: Syncing::EachCommit }
}

fn open(directory: &Path) -> Opened {
    Journal::open(directory, options(1024)).unwrap()
}

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos as i64).unwrap()
}

/// Commits `bodies` together, each recorded at the nanosecond of its sequence.
fn commit(writer: &mut Writer, bodies: &[impl AsRef<[u8]>]) -> Result<LogPosition, CommitError> {
    for (sequence, body) in (writer.end().sequence + 1..).zip(bodies) {
        assert_eq!(writer.stage(at(sequence), body.as_ref()), Ok(sequence));
    }
    writer.commit()
}

/// A journal that holds `bodies`, each committed alone.
fn journal_of(bodies: &[&[u8]]) -> TempDir {
    let directory = TempDir::new().unwrap();
    let mut writer = open(directory.path()).writer;
    for body in bodies {
        commit(&mut writer, &[body]).unwrap();
    }
    directory
}

fn bodies(directory: &Path) -> Vec<Vec<u8>> {
    read(directory).unwrap()
}

fn read(directory: &Path) -> Result<Vec<Vec<u8>>, ReadError> {
    Reader::open(directory, 1)?.map(|record| record.map(|record| record.body)).collect()
}

fn segment_path(directory: &Path, first_sequence: u64) -> PathBuf {
    segment::path(directory, first_sequence)
}

fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Where each frame of `BODIES` begins in the first segment, and where the last ends.
fn frame_offsets() -> Vec<usize> {
    let mut offsets = vec![FIRST_HEADER_BYTES];
    for body in BODIES {
        offsets.push(offsets[offsets.len() - 1] + FRAME_HEADER_BYTES + body.len());
    }
    offsets
}

fn damage_of(error: OpenError) -> Damage {
    match error {
        OpenError::Damaged(damage) => damage,
        other => panic!("{other}"),
    }
}

fn read_damage_of(error: ReadError) -> Damage {
    match error {
        ReadError::Damaged(damage) => damage,
        other => panic!("{other}"),
    }
}

#[test]
fn new_journal_is_empty() {
    let directory = TempDir::new().unwrap();
    let nested = directory.path().join("a/b");
    let Opened { mut writer, report } = open(&nested);
    assert_eq!(report.store_id, STORE_ID);
    assert_eq!((report.last_sequence, report.last_record_time), (0, None));
    assert_eq!((report.head, report.cut), (Tree::EMPTY.root(), None));
    let end = writer.commit().unwrap();
    assert_eq!((end.sequence, end.head), (0, report.head));
    assert_eq!(bodies(&nested), Vec::<Vec<u8>>::new());
    assert_eq!(verify(&nested, |_, _| {}).unwrap().records, 0);
}

#[test]
fn records_read_back_over_many_segments() {
    let directory = TempDir::new().unwrap();
    let expected: Vec<Vec<u8>> = (0..50_u8).map(|at| vec![at; usize::from(at)]).collect();
    for batch in expected.chunks(7) {
        let opened = Journal::open(
            directory.path(),
            Options { new_store_id: StoreId::new([1; 16]), ..options(600) },
        );
        commit(&mut opened.unwrap().writer, batch).unwrap();
    }
    assert_eq!(bodies(directory.path()), expected);
    let mut seen = Vec::new();
    let verified = verify(directory.path(), |record, _| seen.push(record.sequence)).unwrap();
    assert_eq!(seen, (1..=50).collect::<Vec<u64>>());
    assert_eq!((verified.records, verified.torn_tail), (50, None));
    assert_eq!((verified.first_time, verified.last_time), (Some(at(1)), Some(at(50))));
    assert!(verified.segments > 5);
    let report = Journal::open(directory.path(), options(600)).unwrap().report;
    assert_eq!(report.store_id, StoreId::new([1; 16]));
    assert_eq!((report.last_sequence, report.last_record_time), (50, Some(at(50))));
    assert_eq!((report.head, report.cut), (verified.head, None));
}

#[test]
fn reading_begins_at_any_sequence() {
    let directory = TempDir::new().unwrap();
    let mut writer = Journal::open(directory.path(), options(400)).unwrap().writer;
    for sequence in 1..=20 {
        commit(&mut writer, &[[sequence]]).unwrap();
    }
    for from in 1..=20 {
        let mut reader = Reader::open(directory.path(), from).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().sequence, from);
        assert_eq!(reader.count() as u64, 20 - from);
    }
    let mut ahead = Reader::open(directory.path(), 22).unwrap().trusting_chain();
    assert!(ahead.next().is_none());
    commit(&mut writer, &[[21], [22]]).unwrap();
    assert_eq!(ahead.next().unwrap().unwrap().sequence, 22);
}

#[test]
fn staged_records_count_only_when_committed() {
    let directory = journal_of(&BODIES);
    let mut writer = open(directory.path()).writer;
    let end = writer.end();
    assert_eq!(writer.stage(at(9), b"dropped"), Ok(6));
    assert_eq!((writer.end(), end.sequence), (end, 5));
    writer.discard_staged();
    assert_eq!(writer.stage(at(8), b"kept"), Ok(6));
    assert_eq!(writer.commit().unwrap().sequence, 6);
    assert_eq!(bodies(directory.path())[5], b"kept");
}

#[test]
fn record_times_do_not_decrease() {
    let directory = journal_of(&BODIES);
    let mut writer = open(directory.path()).writer;
    let refused = StageError::TimeDecreases { record_time: at(4), last_record_time: at(5) };
    assert_eq!(writer.stage(at(4), b""), Err(refused));
    assert_eq!(writer.stage(at(5), b""), Ok(6));
}

#[test]
fn body_has_a_largest_size() {
    let directory = TempDir::new().unwrap();
    let mut writer = open(directory.path()).writer;
    let mut body = vec![7; BODY_BYTES_MAX + 1];
    let refused = StageError::TooLarge { bytes: BODY_BYTES_MAX + 1, bytes_max: BODY_BYTES_MAX };
    assert_eq!(writer.stage(at(1), &body), Err(refused));
    body.pop();
    commit(&mut writer, &[&body[..], b"behind"]).unwrap();
    let mut reader = Reader::open(directory.path(), 1).unwrap().trusting_chain();
    assert!(reader.next().unwrap().unwrap().body == body);
    assert_eq!(reader.next().unwrap().unwrap().body, b"behind");
}

#[test]
fn only_one_writer_has_the_lock() {
    let directory = TempDir::new().unwrap();
    let first = open(directory.path());
    let second = Journal::open(directory.path(), options(1024)).unwrap_err();
    assert!(matches!(second, OpenError::Locked(path) if path == directory.path()));
    drop(first);
    open(directory.path());
}

#[test]
fn path_is_named_when_a_directory_cannot_be_made() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    match Journal::open(&file.join("journal"), options(1024)).unwrap_err() {
        OpenError::Io(error) => assert_eq!(error.path, file.join("journal")),
        other => panic!("{other}"),
    }
    assert!(matches!(Reader::open(directory.path(), 1), Err(ReadError::NoJournal(_))));
}

#[test]
fn truncated_segment_keeps_what_is_whole() {
    let offsets = frame_offsets();
    let whole = journal_of(&BODIES);
    let bytes = fs::read(segment_path(whole.path(), 1)).unwrap();
    for length in 0..=offsets[5] {
        let directory = TempDir::new().unwrap();
        fs::write(segment_path(directory.path(), 1), &bytes[..length]).unwrap();
        let opened = Journal::open(directory.path(), options(1024));
        if length < FIRST_HEADER_BYTES {
            assert_eq!(damage_of(opened.unwrap_err()).flaw, Flaw::Header);
            continue;
        }
        let kept = offsets.iter().filter(|offset| **offset <= length).count() - 1;
        let Opened { mut writer, report } = opened.unwrap();
        assert_eq!(report.last_sequence, kept as u64);
        let rest = &bytes[offsets[kept]..length];
        assert_eq!(report.cut.is_some(), rest.iter().any(|byte| *byte != 0));
        commit(&mut writer, &[b"next"]).unwrap();
        let read = bodies(directory.path());
        assert_eq!(read[..kept], BODIES[..kept]);
        assert_eq!(read[kept..], [b"next"]);
        verify(directory.path(), |_, _| {}).unwrap();
    }
}

#[test]
fn flipped_byte_is_named_or_cut() {
    let offsets = frame_offsets();
    let whole = journal_of(&BODIES);
    let bytes = fs::read(segment_path(whole.path(), 1)).unwrap();
    for flipped in 0..offsets[5] + 10 {
        let directory = TempDir::new().unwrap();
        let path = segment_path(directory.path(), 1);
        fs::write(&path, &bytes).unwrap();
        rewrite(&path, |bytes| bytes[flipped] ^= 0x11);
        let intact = offsets.iter().filter(|offset| **offset <= flipped).count();
        let verified = verify(directory.path(), |_, _| {});
        let opened = Journal::open(directory.path(), options(1024));
        match intact {
            0 => assert_eq!(damage_of(opened.unwrap_err()).flaw, Flaw::Header),
            1..5 => {
                let damage = damage_of(opened.unwrap_err());
                assert_eq!(damage.sequence, intact as u64);
                assert_eq!(damage.offset, offsets[intact - 1] as u64);
                assert_eq!(read_damage_of(verified.unwrap_err()), damage);
            }
            _ => {
                let report = opened.unwrap().report;
                assert_eq!(report.last_sequence, intact as u64 - 1);
                assert_eq!(report.cut, verified.unwrap().torn_tail);
                assert_eq!(report.cut.unwrap().offset, offsets[intact - 1] as u64);
                assert_eq!(bodies(directory.path()), BODIES[..intact - 1]);
            }
        }
    }
}

/// The pages of one commit reach the disk in any order: what is behind a hole is of no worth.
#[test]
fn hole_in_the_last_commit_is_a_torn_tail() {
    let offsets = frame_offsets();
    let directory = TempDir::new().unwrap();
    let mut writer = open(directory.path()).writer;
    commit(&mut writer, &BODIES[..2]).unwrap();
    commit(&mut writer, &BODIES[2..]).unwrap();
    drop(writer);
    rewrite(&segment_path(directory.path(), 1), |bytes| bytes[offsets[3]..offsets[4]].fill(0));
    assert_eq!(bodies(directory.path()), BODIES[..3]);
    let report = open(directory.path()).report;
    assert_eq!(report.last_sequence, 3);
    let bytes = (offsets[5] - offsets[3]) as u64;
    let (segment, offset) = (segment_path(directory.path(), 1), offsets[3] as u64);
    assert_eq!(report.cut, Some(TornTail { segment, offset, bytes }));
    assert_eq!(open(directory.path()).report.cut, None);
}

#[test]
fn hole_in_an_earlier_commit_is_damage() {
    let offsets = frame_offsets();
    let directory = TempDir::new().unwrap();
    let mut writer = open(directory.path()).writer;
    commit(&mut writer, &BODIES[..4]).unwrap();
    commit(&mut writer, &BODIES[4..]).unwrap();
    drop(writer);
    rewrite(&segment_path(directory.path(), 1), |bytes| bytes[offsets[2]..offsets[3]].fill(0));
    let damage = damage_of(Journal::open(directory.path(), options(1024)).unwrap_err());
    assert_eq!((damage.sequence, damage.flaw), (3, Flaw::Unreadable));
    assert!(damage.to_string().starts_with("DATA_LOSS: record 3, byte "));
    assert_eq!(read_damage_of(verify(directory.path(), |_, _| {}).unwrap_err()), damage);
}

/// A client may send bytes that look like a frame, but does not know the store's id.
#[test]
fn body_that_looks_like_a_frame_is_none() {
    let mut forged = Vec::new();
    let head = Head { sequence: 9, record_time: at(9), hash: [3; 32].into() };
    frame::encode(&mut forged, checksum_seed(&StoreId::new(*b"a guess, no more")), 9, &head, b"");
    let directory = journal_of(&[b"one", &forged]);
    let torn = FIRST_HEADER_BYTES + FRAME_HEADER_BYTES + 3;
    rewrite(&segment_path(directory.path(), 1), |bytes| bytes[torn] ^= 1);
    assert_eq!(open(directory.path()).report.last_sequence, 1);
}

#[test]
fn damage_further_back_is_found_by_reading() {
    let directory = TempDir::new().unwrap();
    let mut writer = Journal::open(directory.path(), options(300)).unwrap().writer;
    for body in BODIES {
        commit(&mut writer, &[body]).unwrap();
    }
    drop(writer);
    let last_body = FIRST_HEADER_BYTES + 2 * FRAME_HEADER_BYTES + 2;
    rewrite(&segment_path(directory.path(), 1), |bytes| bytes[last_body] = b'E');
    assert_eq!(open(directory.path()).report.last_sequence, 5);
    let mut reader = Reader::open(directory.path(), 1).unwrap();
    let error = reader.find_map(Result::err).unwrap();
    assert_eq!(read_damage_of(error).flaw, Flaw::Unreadable);
    assert!(reader.next().is_none());
    assert_eq!(Reader::open(directory.path(), 4).unwrap().count(), 2);
}

#[test]
fn missing_segment_is_named() {
    let directory = TempDir::new().unwrap();
    let mut writer = Journal::open(directory.path(), options(300)).unwrap().writer;
    for body in BODIES.iter().chain(&BODIES) {
        commit(&mut writer, &[body]).unwrap();
    }
    drop(writer);
    let segments = segment::list(directory.path()).unwrap();
    fs::remove_file(segment_path(directory.path(), segments[2])).unwrap();
    let damage = read_damage_of(verify(directory.path(), |_, _| {}).unwrap_err());
    assert_eq!((damage.sequence, damage.flaw), (segments[2], Flaw::Unreadable));
    fs::remove_file(segment_path(directory.path(), 1)).unwrap();
    let damage = read_damage_of(verify(directory.path(), |_, _| {}).unwrap_err());
    assert_eq!((damage.sequence, damage.flaw), (1, Flaw::Missing));
    let damage = damage_of(Journal::open(directory.path(), options(300)).unwrap_err());
    assert_eq!((damage.sequence, damage.flaw), (1, Flaw::Missing));
}

#[test]
fn swapped_records_are_found() {
    let directory = journal_of(&[b"first", b"other"]);
    let path = segment_path(directory.path(), 1);
    rewrite(&path, |bytes| {
        let frame_bytes = FRAME_HEADER_BYTES + 5;
        bytes[FIRST_HEADER_BYTES..][..2 * frame_bytes].rotate_left(frame_bytes);
    });
    let damage = read_damage_of(verify(directory.path(), |_, _| {}).unwrap_err());
    assert_eq!((damage.sequence, damage.flaw), (1, Flaw::OutOfPlace));
    assert_eq!(damage_of(Journal::open(directory.path(), options(1024)).unwrap_err()), damage);
}

/// A forger who mends the checksums, but not every chain hash from there on.
#[test]
fn edited_record_breaks_the_chain() {
    let directory = journal_of(&[b"due", b"next"]);
    rewrite(&segment_path(directory.path(), 1), |bytes| {
        let frame = &mut bytes[FIRST_HEADER_BYTES..][..FRAME_HEADER_BYTES + 3];
        let header = FrameHeader::decode(frame, checksum_seed(&STORE_ID)).unwrap();
        let mut forged = Vec::new();
        frame::encode(&mut forged, checksum_seed(&STORE_ID), 1, &header.head, b"met");
        frame.copy_from_slice(&forged);
    });
    let damage = read_damage_of(verify(directory.path(), |_, _| {}).unwrap_err());
    assert_eq!((damage.sequence, damage.flaw), (1, Flaw::Chain));
    assert_eq!(Reader::open(directory.path(), 1).unwrap().trusting_chain().count(), 2);
}

#[test]
fn segment_of_another_journal_is_found() {
    let journals = [[1; 16], [2; 16]].map(StoreId::new).map(|new_store_id| {
        let directory = TempDir::new().unwrap();
        let options = Options {
            segment_bytes: 150,
            new_store_id,
            durable: None,
            syncing: Syncing::EachCommit,
        };
        let mut writer = Journal::open(directory.path(), options).unwrap().writer;
        for body in BODIES {
            commit(&mut writer, &[body]).unwrap();
        }
        directory
    });
    let [ours, theirs] = journals.each_ref().map(|directory| segment_path(directory.path(), 3));
    fs::copy(theirs, ours).unwrap();
    let damage = read_damage_of(verify(journals[0].path(), |_, _| {}).unwrap_err());
    assert_eq!((damage.sequence, damage.flaw), (3, Flaw::Unlinked));
}

#[test]
fn newer_format_is_refused_and_left_alone() {
    let directory = journal_of(&BODIES);
    let path = segment_path(directory.path(), 1);
    rewrite(&path, |bytes| {
        let mut header = SegmentHeader::decode(bytes).unwrap();
        header.version = 2;
        bytes[..FIRST_HEADER_BYTES].copy_from_slice(&header.encode());
    });
    let before = fs::read(&path).unwrap();
    let error = Journal::open(directory.path(), options(1024)).unwrap_err();
    assert!(matches!(&error, OpenError::NewerFormat(NewerFormat { version: 2, .. })));
    assert!(error.to_string().ends_with("has format version 2: it needs a newer slx"));
    assert!(matches!(
        read(directory.path()),
        Err(ReadError::NewerFormat(NewerFormat { version: 2, .. }))
    ));
    assert_eq!(fs::read(&path).unwrap(), before);
}

/// A journal of two records on a disk that can fail.
fn faulty_journal(segment_bytes: u64) -> (TempDir, Arc<FaultyDisk>, Writer) {
    let directory = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let opened = open_on(disk.clone(), directory.path(), options(segment_bytes)).unwrap();
    let mut writer = opened.writer;
    commit(&mut writer, &BODIES[..2]).unwrap();
    (directory, disk, writer)
}

#[test]
fn full_disk_refuses_and_then_goes_on() {
    for (operation, passing) in [
        (Operation::Create, 0),
        (Operation::Write, 0),
        (Operation::Write, 1),
        (Operation::Sync, 0),
        (Operation::Sync, 1),
        (Operation::Rename, 0),
    ] {
        let (directory, disk, mut writer) = faulty_journal(260);
        let end = writer.end();
        disk.fail(operation, passing, ErrorKind::StorageFull);
        let error = commit(&mut writer, &BODIES[2..]).unwrap_err();
        assert!(matches!(error, CommitError::Full { .. }), "{operation:?}: {error}");
        assert_eq!((writer.end(), end.sequence), (end, 2));
        assert_eq!(segment::list(directory.path()).unwrap(), [1]);
        assert!(!segment::temporary_path(directory.path()).exists());
        assert_eq!(commit(&mut writer, &BODIES[2..]).unwrap().sequence, 5);
        drop(writer);
        assert_eq!(open(directory.path()).report.cut, None);
        assert_eq!(bodies(directory.path()), BODIES);
    }
}

#[test]
fn failed_write_is_undone() {
    let (directory, disk, mut writer) = faulty_journal(1024);
    let before = fs::read(segment_path(directory.path(), 1)).unwrap();
    disk.fail(Operation::Write, 0, ErrorKind::Other);
    let error = commit(&mut writer, &BODIES[2..]).unwrap_err();
    assert!(matches!(error, CommitError::NotWritten { .. }));
    assert_eq!(fs::read(segment_path(directory.path(), 1)).unwrap(), before);
    assert_eq!(commit(&mut writer, &BODIES[2..]).unwrap().sequence, 5);
    assert_eq!(bodies(directory.path()), BODIES);
}

#[test]
fn empty_segment_grows_for_a_large_commit() {
    let directory = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::default());
    let mut writer = open_on(disk.clone(), directory.path(), options(100)).unwrap().writer;
    let mut reader = Reader::open(directory.path(), 1).unwrap();
    disk.fail(Operation::Write, 0, ErrorKind::QuotaExceeded);
    assert!(matches!(commit(&mut writer, &BODIES), Err(CommitError::Full { .. })));
    assert!(reader.next().is_none());
    commit(&mut writer, &BODIES).unwrap();
    assert_eq!(reader.count(), 5);
    assert_eq!(segment::list(directory.path()).unwrap(), [1]);
}

fn assert_poisoned_until_reopened(directory: &Path, mut writer: Writer) {
    for _ in 0..3 {
        let error = commit(&mut writer, &[b"later"]).unwrap_err();
        assert!(matches!(error, CommitError::Poisoned { .. }), "{error}");
    }
    assert!(matches!(writer.commit(), Err(CommitError::Poisoned { .. })));
    assert_eq!(writer.end().sequence, 2);
    drop(writer);
    let Opened { mut writer, report } = open(directory);
    assert!([2, 5].contains(&report.last_sequence));
    commit(&mut writer, &[b"later"]).unwrap();
    verify(directory, |_, _| {}).unwrap();
}

#[test]
fn failed_sync_poisons() {
    let (directory, disk, mut writer) = faulty_journal(1024);
    disk.fail(Operation::Sync, 0, ErrorKind::Other);
    let error = commit(&mut writer, &BODIES[2..]).unwrap_err();
    assert!(matches!(error, CommitError::Poisoned { .. }));
    assert_poisoned_until_reopened(directory.path(), writer);
}

#[test]
fn write_that_cannot_be_undone_poisons() {
    for undoing in [Operation::Write, Operation::Sync] {
        let (directory, disk, mut writer) = faulty_journal(1024);
        disk.fail(Operation::Write, 0, ErrorKind::StorageFull);
        disk.fail(undoing, 0, ErrorKind::StorageFull);
        let error = commit(&mut writer, &BODIES[2..]).unwrap_err();
        assert!(matches!(error, CommitError::Poisoned { .. }));
        assert_poisoned_until_reopened(directory.path(), writer);
    }
}

#[test]
fn new_segment_whose_name_may_not_last_poisons() {
    let (directory, disk, mut writer) = faulty_journal(260);
    disk.fail(Operation::SyncDirectory, 0, ErrorKind::Other);
    let error = commit(&mut writer, &BODIES[2..]).unwrap_err();
    assert!(matches!(error, CommitError::Poisoned { .. }));
    assert_poisoned_until_reopened(directory.path(), writer);
}

#[test]
fn failed_creation_leaves_nothing_behind() {
    for operation in [Operation::Create, Operation::Write, Operation::Sync, Operation::Rename] {
        let directory = TempDir::new().unwrap();
        let disk = Arc::new(FaultyDisk::default());
        disk.fail(operation, 0, ErrorKind::StorageFull);
        let opened = open_on(disk, directory.path(), options(1024));
        assert!(matches!(opened, Err(OpenError::Io(_))));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "only the lock");
        assert_eq!(open(directory.path()).report.last_sequence, 0);
    }
}

#[test]
fn what_a_crash_left_in_memory_is_made_durable_before_it_counts() {
    let faults = [
        (Operation::Write, 0),
        (Operation::Sync, 0),
        (Operation::SyncDirectory, 0),
        (Operation::SyncDirectory, 1),
    ];
    for (operation, passing) in faults {
        let (directory, disk, writer) = faulty_journal(1024);
        drop(writer);
        disk.fail(operation, passing, ErrorKind::Other);
        let opened = open_on(disk, directory.path(), options(1024));
        assert!(matches!(opened, Err(OpenError::Io(_))), "{operation:?}: {opened:?}");
        assert_eq!(open(directory.path()).report.last_sequence, 2);
        assert_eq!(bodies(directory.path()), BODIES[..2]);
    }
}

#[test]
fn segment_is_prepared_ahead() {
    let directory = TempDir::new().unwrap();
    let mut writer = Journal::open(directory.path(), options(1 << 20)).unwrap().writer;
    for _ in 0..5 {
        commit(&mut writer, &[vec![1; 300_000]]).unwrap();
    }
    drop(writer);
    assert!(!segment::temporary_path(directory.path()).exists());
    assert_eq!(segment::list(directory.path()).unwrap(), [1, 4]);
    let lengths =
        [1, 4].map(|first| segment_path(directory.path(), first).metadata().unwrap().len());
    assert_eq!(lengths, [1 << 20; 2]);
    assert_eq!(verify(directory.path(), |_, _| {}).unwrap().records, 5);
}

#[test]
fn reader_follows_the_writer() {
    let directory = TempDir::new().unwrap();
    let mut writer = Journal::open(directory.path(), options(2000)).unwrap().writer;
    let mut reader = Reader::open(directory.path(), 1).unwrap();
    let path = directory.path().to_owned();
    let verifying = std::thread::spawn(move || {
        for _ in 0..50 {
            verify(&path, |_, _| {}).unwrap();
        }
    });
    let writing = std::thread::spawn(move || {
        for size in 0..500_usize {
            commit(&mut writer, &vec![vec![1; size]; 1 + size % 5]).unwrap();
        }
        writer.end().sequence
    });
    let mut read = 0;
    while read < 1500 {
        for record in reader.by_ref() {
            read += 1;
            assert_eq!(record.unwrap().sequence, read);
        }
    }
    assert_eq!(writing.join().unwrap(), 1500);
    verifying.join().unwrap();
}

#[test]
fn reader_stops_before_what_is_not_durable() {
    let directory = journal_of(&BODIES);
    let mut reader = Reader::open(directory.path(), 1).unwrap().until(3);
    assert_eq!(reader.by_ref().count(), 3);
    assert_eq!(reader.until(5).count(), 2);
}

#[test]
fn half_written_frame_reads_as_the_end() {
    let offsets = frame_offsets();
    let directory = journal_of(&BODIES);
    let path = segment_path(directory.path(), 1);
    let bytes = fs::read(&path).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    for length in offsets[4]..offsets[5] {
        file.write_all_at(&vec![0; offsets[5] - length], length as u64).unwrap();
        let mut reader = Reader::open(directory.path(), 1).unwrap();
        assert_eq!(reader.by_ref().map(Result::unwrap).count(), 4);
        file.write_all_at(&bytes[length..offsets[5]], length as u64).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().body, BODIES[4]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_commits_read_back(
        commits in vec((vec(vec(any::<u8>(), 0..300), 0..6), any::<bool>()), 0..20),
        segment_bytes in 0_u64..3000,
    ) {
        let directory = TempDir::new().unwrap();
        let mut expected: Vec<Vec<u8>> = Vec::new();
        let mut writer = Journal::open(directory.path(), options(segment_bytes)).unwrap().writer;
        for (batch, reopens) in commits {
            commit(&mut writer, &batch).unwrap();
            expected.extend(batch);
            if reopens {
                drop(writer);
                writer = Journal::open(directory.path(), options(segment_bytes)).unwrap().writer;
            }
            prop_assert_eq!(writer.end().sequence, expected.len() as u64);
        }
        prop_assert_eq!(bodies(directory.path()), expected);
        prop_assert_eq!(verify(directory.path(), |_, _| {}).unwrap().head, writer.end().head);
    }

    /// Whatever happens to the bytes of a segment, no record is ever read that was not written.
    #[test]
    fn no_damage_makes_a_wrong_record(
        start in 0_usize..700,
        garbage in vec(any::<u8>(), 1..200),
    ) {
        let directory = journal_of(&BODIES);
        rewrite(&segment_path(directory.path(), 1), |bytes| {
            bytes[start..][..garbage.len()].copy_from_slice(&garbage);
        });
        if let Ok(reader) = Reader::open(directory.path(), 1) {
            for (record, written) in reader.map_while(Result::ok).zip(BODIES) {
                prop_assert_eq!(record.body, written);
            }
        }
        if let Ok(opened) = Journal::open(directory.path(), options(1024)) {
            let kept = opened.report.last_sequence as usize;
            prop_assert_eq!(bodies(directory.path()), &BODIES[..kept]);
        }
    }
}

#[test]
fn a_journal_that_ends_before_what_was_durable_is_damaged_and_left_alone() {
    let directory = journal_of(&BODIES);
    let path = segment_path(directory.path(), 1);
    // The last record's body: by itself this looks like a torn tail.
    rewrite(&path, |bytes| bytes[frame_offsets()[5] - 1] ^= 1);
    let before = fs::read(&path).unwrap();
    let durable = |sequence| Some(Durable { store_id: STORE_ID, sequence });
    let open = |durable| Journal::open(directory.path(), Options { durable, ..options(1024) });
    let damage = damage_of(open(durable(5)).unwrap_err());
    assert_eq!((damage.sequence, damage.flaw), (5, Flaw::EndsBefore { sequence: 5 }));
    assert_eq!(fs::read(&path).unwrap(), before);
    let other = Durable { store_id: StoreId::new([0; 16]), sequence: 9 };
    assert!(open(Some(other)).unwrap().report.cut.is_some());
    assert_eq!(open(durable(4)).unwrap().report.last_sequence, 4);
}

#[test]
fn a_journal_that_is_gone_is_not_begun_anew_over_what_was_durable() {
    let directory = TempDir::new().unwrap();
    let durable = Some(Durable { store_id: STORE_ID, sequence: 1 });
    let opened = Journal::open(directory.path(), Options { durable, ..options(1024) });
    assert_eq!(damage_of(opened.unwrap_err()).flaw, Flaw::Missing);
}

/// What is salvaged of a journal of `BODIES` in segments of 400 bytes, after `damage`.
fn salvaged(damage: impl FnOnce(&Path)) -> (Salvaged, Vec<Vec<u8>>) {
    let directory = TempDir::new().unwrap();
    let (from, to) = (directory.path().join("from"), directory.path().join("to"));
    let mut writer = Journal::open(&from, options(400)).unwrap().writer;
    for body in BODIES {
        commit(&mut writer, &[body]).unwrap();
    }
    damage(&from);
    let salvaged = salvage(&from, &to, 1024, b"lost").unwrap();
    assert_eq!(verify(&to, |_, _| {}).unwrap().head, salvaged.head);
    (salvaged, bodies(&to))
}

#[test]
fn salvage_keeps_everything_but_what_is_lost() {
    let (all, kept) = salvaged(|_| {});
    assert_eq!((all.last_sequence, all.lost.as_slice()), (5, [].as_slice()));
    assert_eq!(kept, BODIES);

    let at = frame_offsets();
    let (one, kept) = salvaged(|from| {
        rewrite(&segment_path(from, 1), |bytes| bytes[at[1] - 1] ^= 1);
    });
    assert_eq!(one.lost, [(1..=1, Flaw::Unreadable)]);
    assert_eq!((kept[0].as_slice(), &kept[1..]), (b"lost".as_slice(), &BODIES.map(Vec::from)[1..]));

    let (header, kept) = salvaged(|from| {
        rewrite(&segment_path(from, 1), |bytes| bytes[20] ^= 1);
    });
    assert_eq!((header.lost.as_slice(), kept), ([].as_slice(), BODIES.map(Vec::from).to_vec()));

    let (segment, kept) = salvaged(|from| fs::remove_file(segment_path(from, 1)).unwrap());
    let lost = segment.lost_records();
    assert_eq!(segment.lost, [(1..=lost, Flaw::Unreadable)]);
    assert!(lost < 5 && kept[lost as usize..] == BODIES.map(Vec::from)[lost as usize..]);
}

#[test]
fn salvage_leaves_a_torn_tail_and_names_a_forged_record() {
    let at = frame_offsets();
    let (torn, kept) = salvaged(|from| {
        let last = *segment::list(from).unwrap().last().unwrap();
        rewrite(&segment_path(from, last), |bytes| {
            let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
            bytes[end] ^= 1;
        });
    });
    assert_eq!((torn.last_sequence, torn.lost_records(), kept.len()), (4, 0, 4));

    let (forged, kept) = salvaged(|from| {
        rewrite(&segment_path(from, 1), |bytes| {
            let frame = &mut bytes[at[0]..at[1]];
            let header = FrameHeader::decode(frame, checksum_seed(&STORE_ID)).unwrap();
            let mut other = Vec::new();
            frame::encode(&mut other, checksum_seed(&STORE_ID), 1, &header.head, b"won");
            frame.copy_from_slice(&other);
        });
    });
    assert_eq!(forged.lost, [(1..=1, Flaw::Chain)]);
    assert_eq!((kept[0].as_slice(), kept.len()), (b"lost".as_slice(), 5));
}

#[test]
fn salvage_writes_into_no_journal_that_holds_something() {
    let (from, to) = (journal_of(&BODIES), journal_of(&BODIES[..1]));
    let error = salvage(from.path(), to.path(), 1024, b"lost").unwrap_err();
    assert!(matches!(error, SalvageError::NotEmpty(_)));
}

/// The segments of a journal of small segments, as bytes: three, of two records each but the last.
fn small_segments() -> Vec<(u64, Vec<u8>)> {
    let directory = TempDir::new().unwrap();
    let mut writer = Journal::open(directory.path(), options(300)).unwrap().writer;
    for body in BODIES {
        commit(&mut writer, &[body]).unwrap();
    }
    let firsts = segment::list(directory.path()).unwrap();
    let bytes = |first| fs::read(segment_path(directory.path(), first)).unwrap();
    firsts.into_iter().map(|first| (first, bytes(first))).collect()
}

/// Whatever is read is what was written, in its order; what is saved is that or a lost record.
fn check_reads_only_what_was_written(directory: &Path) -> Result<(), TestCaseError> {
    if let Ok(reader) = Reader::open(directory, 1) {
        for (record, written) in reader.map_while(Result::ok).zip(BODIES) {
            prop_assert_eq!(record.body, written);
        }
    }
    if let Ok(verified) = verify(directory, |_, _| {}) {
        prop_assert!(verified.records <= 5);
    }
    let to = TempDir::new().unwrap();
    if salvage(directory, to.path(), 1024, b"LOST").is_ok() {
        for (saved, written) in bodies(to.path()).iter().zip(BODIES) {
            prop_assert!(saved == written || saved == b"LOST");
        }
    }
    if let Ok(opened) = Journal::open(directory, options(300)) {
        prop_assert!(opened.report.last_sequence <= 5);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 2))]

    #[test]
    fn a_spoilt_segment_gives_only_what_was_written(
        at in 0..3_usize,
        spoilt in (0..3_usize).prop_flat_map(|of| {
            spoilt(Just(small_segments()[of].1.clone()))
        }),
    ) {
        let directory = TempDir::new().unwrap();
        for (number, (first, bytes)) in small_segments().into_iter().enumerate() {
            let bytes = if number == at { &spoilt } else { &bytes };
            fs::write(segment_path(directory.path(), first), bytes).unwrap();
        }
        check_reads_only_what_was_written(directory.path())?;
    }

    /// A forger knows every checksum.
    #[test]
    fn any_frame_that_is_valid_reads_back_and_is_followed_only_in_its_place(
        (commit, sequence, nanos) in (any::<u64>(), any::<u64>(), any::<u64>()),
        body in vec(any::<u8>(), 0..50),
        other in vec(any::<u8>(), 0..200),
    ) {
        let record_time = at(nanos % Instant::MAX.nanos() as u64);
        let head = Head { sequence, record_time, hash: [3; 32].into() };
        let mut frames = Vec::new();
        frame::encode(&mut frames, checksum_seed(&STORE_ID), commit, &head, &body);
        let header = FrameHeader::decode(&frames, checksum_seed(&STORE_ID));
        prop_assert_eq!(header.map(|header| (header.commit, header.head)), Some((commit, head)));
        prop_assert_eq!(FrameHeader::decode(&other, 0), None);
        prop_assert_eq!(SegmentHeader::decode(&other), None);
        let directory = journal_of(&BODIES);
        let end = frame_offsets()[5];
        rewrite(&segment_path(directory.path(), 1), |bytes| {
            bytes.splice(end..end, frames);
        });
        prop_assert_eq!(Reader::open(directory.path(), 1).unwrap().flatten().count(), 5);
        prop_assert!(Journal::open(directory.path(), options(1024)).is_err());
    }

    #[test]
    fn any_segment_header_that_is_valid_reads_back(
        records in 0..u64::MAX,
        version in any::<u16>(),
        store_id in any::<[u8; 16]>().prop_map(StoreId::new),
    ) {
        let head = Head { sequence: records, record_time: at(1), hash: [5; 32].into() };
        let peaks = vec![[6; 32].into(); records.count_ones() as usize];
        let before = Chain { head, tree: Tree::from_peaks(records, peaks).unwrap() };
        let header = SegmentHeader { version, store_id, before };
        prop_assert_eq!(SegmentHeader::decode(&header.encode()), Some(header));
    }
}

#[test]
fn newer_frame_is_refused_and_left_alone() {
    let directory = journal_of(&BODIES);
    let path = segment_path(directory.path(), 1);
    rewrite(&path, |bytes| {
        let frame = &mut bytes[frame_offsets()[4]..frame_offsets()[5]];
        frame[4] = 2;
        let checksum = crc32c::crc32c_append(checksum_seed(&STORE_ID), &frame[..65]);
        frame[65..69].copy_from_slice(&checksum.to_be_bytes());
    });
    let before = fs::read(&path).unwrap();
    let to = TempDir::new().unwrap();
    for described in [
        Journal::open(directory.path(), options(1024)).unwrap_err().to_string(),
        read(directory.path()).unwrap_err().to_string(),
        verify(directory.path(), |_, _| {}).unwrap_err().to_string(),
        salvage(directory.path(), to.path(), 1024, b"").unwrap_err().to_string(),
    ] {
        assert!(described.ends_with("has format version 2: it needs a newer slx"), "{described}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn salvage_leaves_a_newer_segment_alone_wherever_it_is() {
    for newer in 0..3 {
        let directory = TempDir::new().unwrap();
        for (number, (first, mut bytes)) in small_segments().into_iter().enumerate() {
            if number == newer {
                let mut header = SegmentHeader::decode(&bytes).unwrap();
                header.version = 2;
                let encoded = header.encode();
                bytes[..encoded.len()].copy_from_slice(&encoded);
            }
            fs::write(segment_path(directory.path(), first), bytes).unwrap();
        }
        let to = TempDir::new().unwrap();
        let error = salvage(directory.path(), to.path(), 1024, b"").unwrap_err();
        assert!(error.to_string().ends_with("it needs a newer slx"), "{error}");
    }
}
