//! What work costs, counted and not timed, held against the counts that were kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

/// Where counts are kept, a line each: what is counted, a colon and the count.
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/counts.txt");
/// When this is set, what was counted is kept in place of what was.
const RESTATE: &str = "SLX_RESTATE_COUNTS";
/// By more than one in so many no count may grow.
const GROWS_BY_ONE_IN: u64 = 10;

/// What was counted, by what it is of.
pub type Counts = BTreeMap<String, u64>;

/// Holds counts against those that are kept of the same, or keeps them.
///
/// # Errors
/// What has grown, and how to keep it if that is meant.
pub fn hold(counted: &Counts) -> Result<(), String> {
    let text = fs::read_to_string(KEPT).map_err(|error| format!("{KEPT}: {error}"))?;
    let (heading, kept) = read(&text);
    if std::env::var_os(RESTATE).is_some() {
        let all = kept.into_iter().chain(counted.clone()).collect();
        return fs::write(KEPT, shown(&heading, &all)).map_err(|error| format!("{KEPT}: {error}"));
    }
    let grown = grown(&kept, counted);
    match grown.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{grown}If that is meant, run the same with {RESTATE}=1, which writes \
             benches/counts.txt anew, and say in the commit what it is for."
        )),
    }
}

/// What is more than was kept by more than a tenth, or not kept, a line each.
pub(super) fn grown(kept: &Counts, counted: &Counts) -> String {
    let mut grown = String::new();
    for (what, count) in counted {
        match kept.get(what) {
            Some(before) if *count > before + before / GROWS_BY_ONE_IN => {
                let _ = writeln!(grown, "{what}: {count}, and before it was {before}");
            }
            Some(_) => {}
            None => {
                let _ = writeln!(grown, "{what}: {count}, and nothing is kept of it");
            }
        }
    }
    grown
}

/// The lines before the first count, and the counts.
pub(super) fn read(text: &str) -> (String, Counts) {
    let is_heading = |line: &&str| line.starts_with('#') || line.is_empty();
    let heading: Vec<_> = text.lines().take_while(is_heading).collect();
    let counts = text.lines().skip(heading.len()).filter_map(|line| line.rsplit_once(": "));
    let counts = counts.filter_map(|(what, count)| Some((what.to_owned(), count.parse().ok()?)));
    (heading.join("\n"), counts.collect())
}

/// The text that keeps counts.
pub(super) fn shown(heading: &str, counts: &Counts) -> String {
    let mut text = format!("{heading}\n");
    for (what, count) in counts {
        let _ = writeln!(text, "{what}: {count}");
    }
    text
}
