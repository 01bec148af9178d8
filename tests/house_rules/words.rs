//! One vocabulary: the words of docs/glossary.md, and none of those they have replaced.

use std::collections::BTreeSet;
use std::path::Path;

/// Words that have given way to the field's own, wherever they stand: in code, in comments, in
/// texts that users read, and as parts of names.
const RETIRED_WORDS: &str = "told tell tells telling asked asker askers toll lived deed deeds keeper \
    errand errands sight reckon reckoned reckons reckoning judge judged judges judging judgement \
    surroundings overruled lying relieved shelf shelves unsettled heaviest halfway landmark \
    landmarks turnout kinship straighten refusal";

/// Names of types that have; as words of a sentence they may stand.
const RETIRED_TYPES: &str = "Life Watch Course Trait Story Talk Filed Counted Weighing Standing Book \
    Carried Grounds Fault Faults Said Lived Flip Memory Inbox Trouble Sight Pieces";

/// Names of files that have.
const RETIRED_FILES: &str = "complying reviewing settling forecasting listing exporting comparing \
    simulating aside pieces trouble keeper errands kit traps laws life judge lived toll deed";

/// Names that other programs already call.
const FIXED_NAMES: [&str; 2] = ["scope_judged", "ScopeJudged"];

/// What is not written by hand, lists the words themselves, or fails a disk on purpose.
const LEFT_OUT: [&str; 5] = [
    "tests/fixtures/",
    "tests/house_rules/words.rs",
    "src/journal/faulty.rs",
    "tests/zones.py",
    "clients/python/src/slx/v1/",
];

fn set(words: &'static str) -> BTreeSet<&'static str> {
    words.split_whitespace().collect()
}

/// Every text that people write here, by its path.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    let mut files: Vec<_> = pages.map(|page| root.join(page)).into();
    for room in ["src", "tests", "benches", "clients", "examples", "proto", "docs"] {
        super::collect_all(&root.join(room), &mut files);
    }
    let named = files.into_iter().filter_map(|file| {
        let path = file.strip_prefix(root).expect("below").display().to_string();
        let is_text = ["rs", "proto", "md", "html", "ftl", "yaml", "py", "sql"]
            .iter()
            .any(|end| path.ends_with(end));
        // What tools keep beside is hidden.
        let is_text = is_text && !path.contains("/.");
        let is_held = is_text && !LEFT_OUT.iter().any(|left_out| path.starts_with(left_out));
        is_held.then(|| (path, std::fs::read_to_string(file).expect("readable")))
    });
    named.collect()
}

/// The words of a line, lower case, names parted at their underscores and capitals.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in line.chars() {
        let begins = !letter.is_ascii_alphabetic() || (letter.is_ascii_uppercase() && was_lower);
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_ascii_alphabetic()) {
            word.push(letter.to_ascii_lowercase());
        }
        was_lower = letter.is_ascii_lowercase();
    }
    words
}

#[test]
fn retired_words_are_gone() {
    let retired = set(RETIRED_WORDS);
    let mut found = Vec::new();
    for (path, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            let held =
                FIXED_NAMES.iter().fold(line.to_owned(), |line, name| line.replace(name, ""));
            let mut old = words(&held);
            old.retain(|word| retired.contains(word.as_str()));
            if !old.is_empty() {
                found.push(format!("{path}:{}: {}: {}", number + 1, old.join(", "), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "docs/glossary.md has better words:\n{}", found.join("\n"));
}

#[test]
fn retired_names_of_types_and_files_are_gone() {
    let (types, names) = (set(RETIRED_TYPES), set(RETIRED_FILES));
    let mut found = Vec::new();
    for (path, text) in texts() {
        let name = Path::new(&path).file_stem().and_then(|name| name.to_str());
        if path.starts_with("src/") && name.is_some_and(|name| names.contains(name)) {
            found.push(path.clone());
        }
        for declared in ["struct ", "enum ", "trait ", "type ", "message "] {
            let declared = text
                .split(declared)
                .skip(1)
                .filter_map(|rest| rest.split(|letter: char| !letter.is_alphanumeric()).next());
            let old = declared.filter(|name| types.contains(name));
            found.extend(old.map(|name| format!("{path}: {name}")));
        }
    }
    assert!(found.is_empty(), "docs/glossary.md has better names:\n{}", found.join("\n"));
}

/// A name that three types have says too little. What traits demand (`Error`, `Output` ...) is theirs.
#[test]
fn no_three_types_have_one_name() {
    let demanded =
        ["Error", "Future", "Output", "Item", "Field", "Response", "Service", "Target", "Value"];
    let mut declared = std::collections::BTreeMap::<String, Vec<String>>::new();
    for source in super::sources() {
        for line in &source.lines {
            let line = line.trim_start().trim_start_matches("pub ");
            let line = line
                .split_once(") ")
                .filter(|_| line.starts_with("pub("))
                .map_or(line, |cut| cut.1);
            let kinds = ["struct ", "enum ", "trait ", "type "];
            let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) else {
                continue;
            };
            let name =
                rest.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
            declared.entry(name.to_owned()).or_default().push(source.path.clone());
        }
    }
    declared.retain(|name, paths| paths.len() > 2 && !demanded.contains(&name.as_str()));
    assert!(declared.is_empty(), "{declared:#?}");
}

#[test]
fn a_retired_word_is_found_in_names_too() {
    let parted = |line: &str| words(line).into_iter().filter(|word| !word.is_empty()).collect();
    let found: Vec<String> = parted("fn told_time(asked: LeftLying) // a Toll");
    assert_eq!(found, ["fn", "told", "time", "asked", "left", "lying", "a", "toll"]);
}
