//! The time zones that the server would use, compared with those of Python's newest tzdata.

use std::collections::BTreeMap;
use std::env;
use std::process::Command;

use slx::domain::time::{Instant, Span};
use slx::domain::zone::{Zone, ZoneDatabase};
use slx::runtime::zones::{self, Choice};

/// The changes of a zone's offset: from which second on it is how much.
type Changes = Vec<(i64, i32)>;

struct Python {
    version: String,
    zones: BTreeMap<String, Changes>,
}

const BEGIN_SECOND: i64 = 946_684_800;
const END_SECOND: i64 = 4_102_444_800;

#[test]
fn every_zone_changes_as_python_says() {
    let python = query_python();
    let ours = zones::open(&Choice::Automatic).expect("automatic never fails");
    assert!(
        ours.version() >= python.version.as_str(),
        "our database {} is older than Python's {}",
        ours.version(),
        python.version
    );
    assert!(python.zones.len() > 400, "Python knows only {} zones", python.zones.len());
    let differences: Vec<String> =
        python.zones.iter().filter_map(|(name, changes)| compare(&ours, name, changes)).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn query_python() -> Python {
    let python = env::var("SLX_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zones.py");
    let output = Command::new(&python)
        .arg(script)
        .env("PYTHONTZPATH", "")
        .output()
        .unwrap_or_else(|error| panic!("{python} doesn't run: {error}"));
    assert!(
        output.status.success(),
        "{python} {script} failed; has it the newest tzdata package?\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    read(&String::from_utf8(output.stdout).expect("UTF-8"))
}

fn read(output: &str) -> Python {
    let (first, rest) = output.split_once('\n').expect("a line with the version");
    let version = first.strip_prefix("version\t").expect("the version first").to_owned();
    let mut zones: BTreeMap<String, Changes> = BTreeMap::new();
    for line in rest.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, second, offset] = fields[..] else { panic!("not three fields: {line}") };
        let change = (second.parse().expect("a second"), offset.parse().expect("an offset"));
        zones.entry(name.to_owned()).or_default().push(change);
    }
    Python { version, zones }
}

/// What is different in our zone, if anything is.
fn compare(ours: &ZoneDatabase, name: &str, expected: &Changes) -> Option<String> {
    let Some(zone) = ours.zone(name) else {
        return Some(format!("{name} is missing"));
    };
    let changes = changes(&zone);
    if changes != *expected {
        let same = changes.iter().zip(expected).take_while(|(ours, python)| ours == python).count();
        let (ours, python) = (changes.get(same), expected.get(same));
        return Some(format!("{name}: change {same} is {ours:?}, and in Python {python:?}"));
    }
    let wrong = expected.windows(2).find(|pair| !changes_at(&zone, pair[0].1, pair[1]));
    wrong.map(|pair| format!("{name} has another offset next to {}", pair[1].0))
}

fn changes(zone: &Zone) -> Changes {
    let (begin, end) = (instant(BEGIN_SECOND), instant(END_SECOND));
    let later = zone.transitions(begin, end);
    let later = later.map(|change| (change.at.seconds(), change.offset_seconds));
    [(BEGIN_SECOND, zone.offset_seconds(begin))].into_iter().chain(later).collect()
}

/// Whether the offset is the old one a second before the change, and the new one then and after.
fn changes_at(zone: &Zone, before: i32, (second, after): (i64, i32)) -> bool {
    let offset = |seconds: i64| {
        let at = instant(second).checked_add(Span::from_seconds(seconds));
        zone.offset_seconds(at.expect("within the range"))
    };
    [offset(-1), offset(0), offset(1)] == [before, after, after]
}

fn instant(second: i64) -> Instant {
    Instant::from_seconds(second).expect("within the range")
}
