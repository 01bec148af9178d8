//! What a clock did when, before any duration is measured.

use crate::domain::incident::{State, WaitingOn};
use crate::domain::same_text::is_same_text;
use crate::domain::time::Instant;

/// A stretch in which a clock did one thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch<'a> {
    pub start: Instant,
    pub end: Instant,
    pub activity: Activity,
    pub context: Context<'a>,
    /// The event that began it.
    pub event_id: &'a str,
    /// Whether the elapsed time begins again from zero with it.
    pub from_zero: bool,
}

/// What a clock did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// It had not started.
    Pending,
    /// It ran.
    Running,
    /// It was paused, by the rule at this place or by a condition.
    Paused(Option<usize>),
    /// Between an end and its going on.
    Gap {
        /// How it had ended.
        after: End,
        /// Whether the time counts.
        counts: bool,
    },
}

/// The incident's fields that are kept with a stretch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context<'a> {
    pub waiting_on: WaitingOn,
    pub third_party: &'a str,
    pub reason: &'a str,
    pub priority: &'a str,
}

impl<'a> Context<'a> {
    /// These fields of an incident.
    pub fn of(state: &State<'a>) -> Context<'a> {
        Context {
            waiting_on: state.waiting_on,
            third_party: state.third_party,
            reason: state.reason,
            priority: state.priority,
        }
    }
}

impl PartialEq for Context<'_> {
    /// Each fact of an incident compares them for each clock, and most of these texts are empty.
    fn eq(&self, other: &Self) -> bool {
        self.waiting_on == other.waiting_on
            && is_same_text(self.third_party, other.third_party)
            && is_same_text(self.reason, other.reason)
            && is_same_text(self.priority, other.priority)
    }
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    Cancelled,
    /// The incident left the contract.
    Transferred,
}

/// One cycle of a clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Cycle<'a> {
    pub started: Option<Instant>,
    pub ended: Option<(Instant, End)>,
    /// What it does at the instant evaluated at, unless it has ended.
    pub now: Option<Activity>,
    /// In order, without gaps. Only a stretch that begins from zero and the last one may be empty:
    /// they apply their priority or reset at that instant.
    pub stretches: Vec<Stretch<'a>>,
    /// The incident's priority at the start and at the end.
    pub first_priority: &'a str,
    pub last_priority: &'a str,
    /// The ends from which it went on: how many of its stretches were before each.
    pub halts: Vec<usize>,
}

/// A clock's timeline: its cycles, and conditions that could not be evaluated.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline<'a> {
    pub cycles: Vec<Cycle<'a>>,
    /// When it first was stopped, also if a reopening made it run on.
    pub first_stop: Option<Instant>,
    pub notes: Vec<String>,
    /// How it came upon an incident that was open already, in words.
    pub came: Option<String>,
    /// How the incident left the contract, in words.
    pub left: Option<String>,
}

impl<'a> Timeline<'a> {
    /// Whether any of its cycles has started.
    pub fn has_begun(&self) -> bool {
        self.cycles.iter().any(|cycle| cycle.started.is_some())
    }

    /// Whether its last cycle started at an instant.
    pub fn began_at(&self, time: Instant) -> bool {
        self.cycles.last().is_some_and(|cycle| cycle.started == Some(time))
    }

    /// Whether there are cycles, and every one has ended before an instant: from there on none is
    /// open or begins. Of none it is not known: as of that instant there may have been one.
    pub fn has_ended_before(&self, time: Instant) -> bool {
        let mut cycles = self.cycles.iter();
        !self.cycles.is_empty() && cycles.all(|it| it.ended.is_some_and(|(end, _)| end < time))
    }

    /// When and how its last cycle ended, if it has.
    pub fn ended(&self) -> Option<(Instant, End)> {
        self.cycles.last().and_then(|cycle| cycle.ended)
    }

    /// Adds a stretch to its last cycle.
    pub fn push(&mut self, stretch: Stretch<'a>) {
        if let Some(cycle) = self.cycles.last_mut() {
            cycle.stretches.push(stretch);
        }
    }

    /// Takes the last stretch away.
    pub fn pop(&mut self) -> Option<Stretch<'a>> {
        self.cycles.last_mut()?.stretches.pop()
    }

    /// Leaves one cycle that has not started: all stretches so far were pending.
    pub fn forget(&mut self) {
        let before = std::mem::take(&mut self.cycles).into_iter();
        let lasting = before.flat_map(|cycle| cycle.stretches).filter(|s| s.start < s.end);
        let pending = |s| Stretch { activity: Activity::Pending, from_zero: false, ..s };
        let stretches = lasting.map(pending).collect();
        self.cycles = vec![Cycle { stretches, ..Cycle::default() }];
        self.first_stop = None;
    }

    /// Ends its last cycle.
    pub fn end(&mut self, time: Instant, end: End, priority: &'a str) {
        if let Some(cycle) = self.cycles.last_mut() {
            cycle.ended = Some((time, end));
            cycle.last_priority = priority;
        }
        if end == End::Stopped {
            self.first_stop.get_or_insert(time);
        }
    }

    /// Lets its last cycle go on after an end.
    pub fn resume(&mut self) {
        if let Some(cycle) = self.cycles.last_mut() {
            cycle.ended = None;
            cycle.halts.push(cycle.stretches.len());
        }
    }
}
