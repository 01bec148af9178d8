//! How large a file may be, and which files are tests.

use std::collections::BTreeSet;

/// So many lines a file may have, its tests not counted.
const FILE_LINES_MAX: usize = 400;

#[test]
fn files_are_short() {
    let found: Vec<_> = super::sources()
        .into_iter()
        .filter(|source| source.length > FILE_LINES_MAX)
        .map(|source| format!("{}: {} lines outside its tests", source.path, source.length))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// A file is a test if and only if it is declared as one; its name says nothing.
#[test]
fn every_file_is_production_code_or_declared_as_a_test() {
    let read = super::production();
    let production: BTreeSet<_> = read.sources.iter().map(|source| source.path.clone()).collect();
    for path in super::files().into_keys() {
        let is_test = read.test_files.contains(&path);
        assert_ne!(production.contains(&path), is_test, "{path} is declared nowhere, or twice");
    }
    assert!(production.contains("src/domain/forecast/model.rs"), "it is under no rule");
    for path in ["src/journal/faulty.rs", "src/fuzz/spoilt.rs", "src/mapping/fuzz.rs"] {
        assert!(read.test_files.contains(path), "{path} is a test");
    }
}
