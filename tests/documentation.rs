//! The documentation: every relative link in it leads to a file, and to a heading where it names
//! one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every page: those at the root, those below `docs`, and those of Python.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["", "docs", "docs/adr", "clients/python", "examples/python"];
    let folders = folders.map(|folder| root.join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder").flatten());
    let pages = files.map(|file| file.path());
    pages.filter(|path| path.extension().is_some_and(|ext| ext == "md")).collect()
}

/// The text of a page without its blocks of code.
fn prose(page: &Path) -> String {
    let text = fs::read_to_string(page).expect("readable");
    text.split("```").step_by(2).collect()
}

/// The targets of a page's links, but for those on the web.
fn links(page: &Path) -> Vec<String> {
    let text = prose(page);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.starts_with("http")).map(str::to_owned).collect()
}

/// The anchors that GitHub gives a page's headings.
fn anchors(page: &Path) -> BTreeSet<String> {
    let anchor = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    prose(page).lines().filter(|line| line.starts_with('#')).map(anchor).collect()
}

/// What is wrong with a link of a page, if anything is.
fn flaw(page: &Path, link: &str) -> Option<String> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => page.to_owned(),
        file => page.parent()?.join(file),
    };
    let is_dead = !target.exists() || (!anchor.is_empty() && !anchors(&target).contains(anchor));
    is_dead.then(|| format!("{}: {link}", page.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    assert!(pages.len() > 20, "{pages:?}");
    let flaws = pages.iter().flat_map(|page| {
        links(page).into_iter().filter_map(|link| flaw(page, &link)).collect::<Vec<_>>()
    });
    let flaws: Vec<_> = flaws.collect();
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
}
