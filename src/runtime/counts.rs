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
            "{grown}If that is meant, run the same with {RESTATE}=1, which writes benches/counts.txt \
             anew, and say in the commit what it is for."
        )),
    }
}

/// What is more than was kept by more than a tenth, or not kept, a line each.
fn grown(kept: &Counts, counted: &Counts) -> String {
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
fn read(text: &str) -> (String, Counts) {
    let is_heading = |line: &&str| line.starts_with('#') || line.is_empty();
    let heading: Vec<_> = text.lines().take_while(is_heading).collect();
    let counts = text.lines().skip(heading.len()).filter_map(|line| line.rsplit_once(": "));
    let counts = counts.filter_map(|(what, count)| Some((what.to_owned(), count.parse().ok()?)));
    (heading.join("\n"), counts.collect())
}

fn shown(heading: &str, counts: &Counts) -> String {
    let mut text = format!("{heading}\n");
    for (what, count) in counts {
        let _ = writeln!(text, "{what}: {count}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_by_more_than_a_tenth_is_reported_and_so_is_what_is_new() {
        let counts = |all: &[(&str, u64)]| -> Counts {
            all.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect()
        };
        let (heading, kept) = read(&shown("# Counts\n", &counts(&[("rows: of a", 20), ("b", 7)])));
        assert_eq!((heading.as_str(), kept.len()), ("# Counts\n", 2));
        assert_eq!(grown(&kept, &counts(&[("rows: of a", 22), ("b", 3)])), "");
        let grown = grown(&kept, &counts(&[("rows: of a", 23), ("b", 8), ("c", 1)]));
        assert_eq!(
            grown,
            "b: 8, and before it was 7\nc: 1, and nothing is kept of it\n\
             rows: of a: 23, and before it was 20\n"
        );
    }
}
