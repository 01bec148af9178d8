use super::*;
use crate::domain::incident::{Fact, IncidentEvent};
use crate::domain::time::Instant;

const TENANT: &str = "acme";

fn named(names: &Names, assignee: &str) -> IncidentEvent {
    let mut event = IncidentEvent {
        recorded_by: None,
        event_id: "e".into(),
        incident_id: "I".into(),
        occur_time: Instant::MIN,
        occur_order: 0,
        source: String::new(),
        corrects_event_id: String::new(),
        fact: Fact::Assigned { group: None, assignee: Some(assignee.to_owned()) },
    };
    names.seal(&TENANT.into(), &mut event).unwrap();
    event
}

/// Two groups of names that were made durable: one of two, one of one.
fn kept() -> (tempfile::TempDir, NamesFile, Names) {
    let directory = tempfile::tempdir().unwrap();
    let (mut file, names) = NamesFile::open(directory.path()).unwrap();
    for group in [&["Ann"][..], &["Jane Doe", "Bob"]] {
        group.iter().for_each(|name| drop(named(&names, name)));
        file.keep(&names).unwrap();
        assert_eq!(names.fresh(), []);
    }
    (directory, file, names)
}

fn has(names: &Names) -> [bool; 3] {
    ["Ann", "Jane Doe", "Bob"].map(|text| names.token(&TENANT.into(), text).is_some())
}

fn reopened(directory: &Path) -> [bool; 3] {
    has(&NamesFile::open(directory).unwrap().1)
}

fn assignee(names: &Names, event: &IncidentEvent) -> String {
    let mut event = event.clone();
    names.reveal(&mut event).unwrap();
    match event.fact {
        Fact::Assigned { assignee, .. } => assignee.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_are_there_again_until_they_are_erased_and_then_nowhere_in_the_directory() {
    let (directory, mut file, names) = kept();
    let (jane, bob) = (named(&names, "Jane Doe"), named(&names, "Bob"));
    assert_eq!(reopened(directory.path()), [true; 3]);
    fs::write(directory.path().join("names.new"), "Jane Doe").unwrap();
    let (tenant, before) = (TENANT.into(), names.erasures());
    for _ in 0..2 {
        let erasure = KeptName::erasure(&tenant).unwrap();
        let tokens = file.tokens_of(&tenant, "Jane Doe").unwrap();
        file.erase(&names, &ErasedNames { erasure, tokens }).unwrap();
    }
    assert!(names.erasures() > before && names.erased().len() == 1);
    assert_eq!(has(&names), [true, false, true]);
    assert!(assignee(&names, &jane).starts_with("erased-"));
    assert_eq!(assignee(&names, &bob), "Bob");
    assert_eq!(reopened(directory.path()), [true, false, true]);
    for entry in fs::read_dir(directory.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(8).any(|part| part == b"Jane Doe"));
    }
    named(&names, "Zoe");
    file.keep(&names).unwrap();
    let (_, again) = NamesFile::open(directory.path()).unwrap();
    assert!(again.token(&tenant, "Zoe").is_some() && has(&again) == [true, false, true]);
}

/// A crash, or a power cut that kept some pages and not others, of the last group.
#[test]
fn what_was_not_made_durable_is_cut_and_may_be_gone_on_from() {
    let (directory, _, _) = kept();
    let path = directory.path().join("names");
    let whole = fs::read(&path).unwrap();
    let group = whole.windows(8).position(|part| part == b"Jane Doe").unwrap();
    for cut in 1..60 {
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let [ann, _, bob] = reopened(directory.path());
        assert!(ann && !bob, "{cut}");
    }
    let mut torn = whole;
    torn[group] = 0;
    fs::write(&path, &torn).unwrap();
    let (mut file, names) = NamesFile::open(directory.path()).unwrap();
    assert_eq!(has(&names), [true, false, false]);
    named(&names, "Bob");
    file.keep(&names).unwrap();
    assert_eq!(reopened(directory.path()), [true, false, true]);
}

#[test]
fn damage_before_what_was_made_durable_later_is_said_and_cuts_nothing() {
    let (directory, _, _) = kept();
    let path = directory.path().join("names");
    let whole = fs::read(&path).unwrap();
    let ann = HEADER.len() + crate::runtime::name_rows::HEAD_BYTES;
    // The kind, the length and the name of the first row, and what the file begins with.
    for at in [HEADER.len(), HEADER.len() + 1, HEADER.len() + 4, ann + 3, 0] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x41;
        fs::write(&path, &damaged).unwrap();
        let error = NamesFile::open(directory.path()).unwrap_err().to_string();
        let place = if at == 0 { 0 } else { HEADER.len() };
        assert!(error.contains(&format!("damaged at byte {place}:")), "{at}: {error}");
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
}

#[test]
fn after_a_write_that_failed_the_file_is_written_anew() {
    let (directory, mut file, names) = kept();
    let path = directory.path().join("names");
    let rows = File::open(&path).unwrap();
    file.rows = Some(Arc::new(Rows { file: rows }));
    named(&names, "Zoe");
    assert!(file.keep(&names).is_err(), "it can't be written to");
    assert_eq!(names.fresh().len(), 1);
    file.keep(&names).unwrap();
    let (_, again) = NamesFile::open(directory.path()).unwrap();
    assert!(again.token(&TENANT.into(), "Zoe").is_some() && has(&again) == [true; 3]);
}

#[test]
fn names_are_copied_and_none_leave_none() {
    let (directory, _, _) = kept();
    let copy = tempfile::tempdir().unwrap();
    copy_names(directory.path(), copy.path()).unwrap();
    assert_eq!(reopened(copy.path()), [true; 3]);
    let nothing = tempfile::tempdir().unwrap();
    copy_names(nothing.path(), copy.path()).unwrap();
    assert_eq!(reopened(copy.path()), [false; 3]);
    let mut handed = 0;
    each_name(directory.path(), |_| {
        handed += 1;
        Ok(handed < 2)
    })
    .unwrap();
    assert_eq!(handed, 2);
}
