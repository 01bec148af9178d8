//! The house rules, held over the source tree: who may know whom, and how code is written.

mod circles;
mod code;
mod modules;
mod shape;
mod threads;
mod uses;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use modules::{Crate, Source};

const COLUMNS_MAX: usize = 100;
const FUNCTION_LINES_MAX: usize = 70;

/// The crate without what is compiled for tests alone.
fn production() -> Crate {
    let files = files();
    Crate::read(&files, "src/lib.rs").with_program(&files, "src/main.rs")
}

/// Every file of production code.
fn sources() -> Vec<Source> {
    production().sources
}

/// The text of every file below `src`.
fn files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    let read = files.into_iter().map(|file| {
        let text = fs::read_to_string(&file).expect("readable");
        (file.strip_prefix(root).expect("below").display().to_string(), text)
    });
    read.collect()
}

/// The sources below a directory.
fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let mut all = Vec::new();
    collect_all(dir, &mut all);
    files.extend(all.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")));
}

/// Every file below a directory.
fn collect_all(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => collect_all(&path, files),
            false => files.push(path),
        }
    }
}

/// Fails with every line that holds one of `words` in files for which `rooms` is true.
#[track_caller]
fn forbid(rooms: impl Fn(&str) -> bool, words: &[&str], why: &str) {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| rooms(&source.path)) {
        for (number, line) in source.lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                found.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

fn below(room: &'static str) -> impl Fn(&str) -> bool {
    move |path| path.starts_with(&format!("src/{room}"))
}

#[test]
fn the_pure_core_knows_no_input_or_output() {
    let outside = [
        "sled::",
        "tonic::",
        "tokio::",
        "std::fs",
        "std::net",
        "std::thread",
        "Utc::now",
        "SystemTime",
        "Instant::now",
    ];
    forbid(below("domain"), &outside, "the domain is pure");
    forbid(below("engine"), &outside, "the engine is pure");
    forbid(below("mapping"), &outside, "a mapping reads what it is given");
}

#[test]
fn rooms_know_only_the_rooms_before_them() {
    let order = [
        "domain", "engine", "journal", "codec", "mapping", "views", "cluster", "runtime",
        "queries", "service", "server", "cli",
    ];
    for (place, room) in order.iter().enumerate() {
        let later: Vec<String> =
            order.iter().skip(place + 1).map(|later| format!("crate::{later}")).collect();
        let later: Vec<&str> = later.iter().map(String::as_str).collect();
        let room: &'static str = room;
        forbid(below(room), &later, &format!("{room} comes before these rooms"));
    }
    forbid(below("domain"), &["crate::codec", "crate::journal"], "the domain owns no format");
    forbid(below("journal"), &["crate::engine"], "the journal does not know what a record means");
}

#[test]
fn the_codec_takes_types_and_constants_from_the_engine_and_calls_nothing() {
    let mut called = Vec::new();
    for source in sources().iter().filter(|source| below("codec")(&source.path)) {
        let code = source.lines.iter().map(|line| line.split("//").next().unwrap_or_default());
        let code = code.collect::<Vec<_>>().join(" ");
        for path in code.split("crate::engine::").skip(1) {
            let path = path.split([';', '(', ')']).next().unwrap_or_default();
            let names = path.split([',', '{', '}']).map(str::trim);
            let names = names.filter(|name| !name.is_empty() && !name.ends_with("::"));
            let names = names.filter_map(|name| name.rsplit("::").next());
            let functions = names.filter(|name| name.starts_with(char::is_lowercase));
            called.extend(functions.map(|name| format!("{}: {name}", source.path)));
        }
    }
    assert!(called.is_empty(), "the codec decides nothing: {called:?}");
}

#[test]
fn one_room_knows_each_library() {
    forbid(|path| !below("views")(path), &["sled::"], "sled is for views alone");
    forbid(|path| !below("cluster")(path), &["async_nats"], "shared logs are for cluster alone");
    let may_know_tonic = |path: &str| {
        ["service", "server", "cli"].iter().any(|room| path.starts_with(&format!("src/{room}")))
    };
    // What is generated, and the codec that it is generated with.
    let generated = |path: &str| {
        ["src/codec/mod.rs", "src/codec/store/mod.rs", "src/codec/bounded.rs"].contains(&path)
    };
    forbid(
        |path| !may_know_tonic(path) && !generated(path),
        &["tonic::"],
        "tonic is for service and server",
    );
    forbid(
        |path| path != "src/runtime/wall_clock.rs" && !path.starts_with("src/cli"),
        &["Utc::now", "SystemTime::now"],
        "there is one wall clock",
    );
}

#[test]
fn nothing_panics_on_what_a_caller_or_a_disk_can_cause() {
    let words = [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!("];
    forbid(|_| true, &words, "errors are returned");
    forbid(|_| true, &["unsafe "], "there is no unsafe code");
}

#[test]
fn an_error_is_of_one_kind() {
    forbid(|_| true, &["Ok(Err("], "two kinds of errors are one enum, not a result in a result");
}

#[test]
fn nothing_is_called_what_says_nothing() {
    let vague = ["manager", "helper", "util", "common"];
    let named: Vec<_> = sources()
        .into_iter()
        .map(|source| source.path)
        .filter(|path| vague.iter().any(|word| path.contains(word)))
        .collect();
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn lines_and_functions_are_short() {
    let mut found = Vec::new();
    for source in sources() {
        for (number, line) in source.lines.iter().enumerate() {
            if line.chars().count() > COLUMNS_MAX {
                found.push(format!("{}:{}: a long line", source.path, number + 1));
            }
        }
        for (start, length) in functions(&source.lines) {
            if length > FUNCTION_LINES_MAX {
                found.push(format!("{}:{start}: a function of {length} lines", source.path));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn lines_of_the_protos_are_short() {
    let mut protos = Vec::new();
    collect_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("proto"), &mut protos);
    protos.retain(|path| path.extension().is_some_and(|end| end == "proto"));
    for path in protos {
        let text = fs::read_to_string(&path).expect("readable");
        let long = text.lines().position(|line| line.chars().count() > COLUMNS_MAX);
        assert_eq!(long, None, "{}: a long line", path.display());
    }
}

/// Where functions begin and how long they are, by their indentation (the code is formatted).
fn functions(lines: &[String]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function =
            ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn ", "async fn ", "pub async fn "]
                .iter()
                .any(|head| code.starts_with(head));
        if !is_function || code.ends_with(';') {
            continue;
        }
        let indentation = &line[..line.len() - code.len()];
        let end = format!("{indentation}}}");
        if let Some(length) = lines[start..].iter().position(|line| *line == end) {
            found.push((start + 1, length + 1));
        }
    }
    found
}

#[test]
fn every_reason_is_documented() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md"));
    let page = page.expect("docs/errors.md");
    for number in 1.. {
        let Ok(reason) = slx::codec::v1::ErrorReason::try_from(number) else { break };
        let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
        assert!(page.contains(&format!("`{name}`")), "docs/errors.md does not explain {name}");
    }
}
