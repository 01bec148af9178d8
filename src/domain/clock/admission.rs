//! When a target may measure an incident, and how it comes upon one that is open already.

use crate::domain::incident::Place;
use crate::domain::time::Instant;

/// When a target's clock may start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admission<'a> {
    /// The target is in force from here on...
    pub from: Instant,
    /// ... until before here.
    pub until: Option<Instant>,
    /// When the contract ends: from then on no cycle begins.
    pub end: Option<Instant>,
    /// With `starts_after`: when the clock before it stopped, if it has.
    pub after: Option<Option<Instant>>,
    /// How it takes over an incident that is open already; `None`: it does not.
    pub take_over: Option<TakeOver<'a>>,
    /// Where the incident leaves the contract, and by which event.
    pub leaves: Option<(Place, &'a str)>,
}

/// How a target comes upon an incident that was opened before it was in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct TakeOver<'a> {
    /// From here on it is in force for the incident.
    pub at: Place,
    /// Whether its clock counts as though it had always been, unless that had ended before.
    /// Otherwise its clock starts here, or as soon as there is something to measure.
    pub is_from_opening: bool,
    /// What it comes with: the id of an event, or the number of a revision.
    pub with: Came<'a>,
}

/// What a target comes upon an incident with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Came<'a> {
    /// An event moved the incident to the contract.
    Event(&'a str),
    /// A revision took effect.
    Revision(u32),
}

impl Admission<'_> {
    /// Whether the target is in force at an instant.
    pub fn is_in_force(&self, time: Instant) -> bool {
        self.from <= time && self.until.is_none_or(|until| time < until)
    }
}

impl TakeOver<'_> {
    /// What happened, for the notes of a clock that counts from an instant on.
    pub fn in_words(&self, from: Instant) -> String {
        let with = match self.with {
            Came::Event(event_id) => format!("event {event_id:?} moved the incident here"),
            Came::Revision(number) => format!("revision {number} took effect"),
        };
        format!("taken over when {with} at {}, from {from} on", self.at.time)
    }
}
