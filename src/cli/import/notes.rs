//! Odd rows, counted and in words.

use std::collections::BTreeMap;

use itertools::Itertools;

use crate::cli::show::counted;
use crate::mapping::{Note, Suspicion};

/// Lines that are named of each kind.
const LINES_SHOWN: usize = 5;

/// Odd rows, counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    found: BTreeMap<Suspicion, (usize, Vec<u64>)>,
}

impl Notes {
    pub fn add(&mut self, note: Note) {
        let (rows, lines) = self.found.entry(note.suspicion).or_default();
        *rows += 1;
        if lines.len() < LINES_SHOWN && !lines.contains(&note.line) {
            lines.push(note.line);
        }
    }

    /// Each kind, with how many rows there are and the lines of the first.
    pub fn counts(&self) -> impl Iterator<Item = (Suspicion, usize, &[u64])> {
        self.found.iter().map(|(suspicion, (rows, lines))| (*suspicion, *rows, lines.as_slice()))
    }

    /// A sentence for each kind.
    pub fn sentences(&self) -> Vec<String> {
        let sentence = |(suspicion, rows, lines): (Suspicion, usize, &[u64])| {
            let more = if rows > lines.len() { ", ..." } else { "" };
            let (rows, lines) = (counted(rows, "row"), lines.iter().join(", "));
            format!("{rows} {} (line {lines}{more})", suspicion.what_is_odd())
        };
        self.counts().map(sentence).collect()
    }
}
