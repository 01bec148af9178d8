//! An incident's fields after an update, whatever the shape of the rows that say so.

use super::language::{ReportedFact, UnknownValue, Values};
use super::notes::{Note, Suspicion};
use super::rejects::Reject;
use crate::codec::v1::incident_event::Fact;
use crate::domain::time::Instant;

/// What is known of an incident once an update has occurred.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    /// The rows that describe it.
    pub lines: Vec<u64>,
    pub time: Instant,
    /// Its number, where rows have one.
    pub order: Option<i64>,
    /// When the incident was opened, if a row says so.
    pub opened_time: Option<Instant>,
    pub values: Values,
    /// The facts that its rows report besides.
    pub facts: Vec<TimedFact>,
}

/// The updates of one incident, in the order in which they occurred.
#[derive(Debug, Default)]
pub(super) struct Updates {
    pub updates: Vec<Update>,
    /// The rows that could not be understood.
    pub rejects: Vec<Reject>,
    /// The rows that are odd.
    pub notes: Vec<Note>,
    /// In deliveries: the values that the mapping does not know.
    pub unknown: Vec<UnknownOfRow>,
}

/// A value of a delivery that the mapping does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnknownOfRow {
    pub line: u64,
    /// Whether it is a state, of which nothing is recorded; otherwise a priority, which is recorded
    /// as it is.
    pub is_state: bool,
    pub value: UnknownValue,
}

/// A fact that a row reports.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimedFact {
    /// What it is called in event ids.
    pub name: String,
    /// When it occurred, if not with the update.
    pub at: Option<Instant>,
    pub fact: Fact,
    /// Why the row reports it, in words.
    pub why: String,
}

impl TimedFact {
    /// Says when a reported fact of an incident occurred: of two instants that it may be, the first
    /// that is not before the opening.
    pub fn of(
        reported: ReportedFact,
        opening: Instant,
        line: u64,
        notes: &mut Vec<Note>,
    ) -> TimedFact {
        let ReportedFact { name, at, fact, why } = reported;
        let at = at.map(|at| {
            let suspicion = match at.again {
                _ if at.is_skipped => Some(Suspicion::SkippedTime),
                Some(again) if at.first < opening && opening <= again => return again,
                Some(_) if opening <= at.first => Some(Suspicion::RepeatedHour),
                _ => None,
            };
            notes.extend(suspicion.map(|suspicion| Note { line, suspicion }));
            at.first
        });
        if at.is_some_and(|at| at < opening) {
            notes.push(Note { line, suspicion: Suspicion::BeforeOpening });
        }
        TimedFact { name, at, fact, why }
    }
}
